"""Texts that users give and that are read whole: up to a limit, and nested no deeper than what reads them bears."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pointcloud.errors import ParameterError
from pointcloud.machine.limits import limit

T = TypeVar("T")


def read_text(path: Path) -> str:
    """Return a text in UTF-8, with or without a mark at its beginning.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is longer than the limit (:class:`~pointcloud.errors.ParameterError`), or no UTF-8.
    """
    with path.open("rb") as file:
        data = file.read(limit("text") + 1)
    if len(data) > limit("text"):
        raise ParameterError("textfile.long", limit=limit("text"))
    return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def read_json(path: Path) -> Any:
    """Return what a JSON file holds.

    Raises
    ------
    OSError, ValueError
        As `read_text` does, or if it is no JSON or nested too deeply.
    """
    return parsed(json.loads, read_text(path))


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds.

    Raises
    ------
    OSError, ValueError
        As `read_text` does, or if it is no TOML or nested too deeply.
    """
    return parsed(tomllib.loads, read_text(path))


def parsed(parse: Callable[[str], T], text: str) -> T:
    """Return what a parser makes of a text.

    Raises
    ------
    ValueError
        As the parser does, or if the text is nested too deeply for it.
    """
    try:
        return parse(text)
    except RecursionError:
        raise ParameterError("textfile.deep") from None
