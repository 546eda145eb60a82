"""The libraries that only drawings need: imported when one is made, and missed in one line."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from pointcloud.errors import ParameterError

INSTALL = 'pip install "hyogo-pc[print]"'
"""The command that brings them."""


def need(module: str) -> Any:
    """Return a module of the extra ``print``.

    Raises
    ------
    ParameterError
        If it is not installed; the message holds the command that installs it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ParameterError("print.missing", package=module.partition(".")[0], command=INSTALL) from error
