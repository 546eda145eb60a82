"""PyVista and VTK: imported when a view is made, missed in one line, and quiet."""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from typing import Any

from pointcloud.errors import ParameterError


def need(module: str, extra: str = "view") -> Any:
    """Return a module of an extra.

    Raises
    ------
    ParameterError
        If it is not installed, or a library of the system that it needs is missing.
    """
    name = module.partition(".")[0]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module(module)
    except ModuleNotFoundError as error:
        raise ParameterError(
            "view.missing", package=name, command=f'pip install "hyogo-pc[{extra}]"'
        ) from error
    except ImportError as error:
        raise ParameterError("view.unloadable", package=name, cause=error) from error


def pyvista() -> Any:
    """Return PyVista, with VTK's own warnings (of machines without a screen) kept off stderr."""
    module = need("pyvista")
    core = need("vtkmodules.vtkCommonCore")
    core.vtkLogger.SetStderrVerbosity(core.vtkLogger.VERBOSITY_OFF)
    core.vtkObject.GlobalWarningDisplayOff()
    return module


def has_screen() -> bool:
    """Return whether there is a screen to open a window on."""
    import os

    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
