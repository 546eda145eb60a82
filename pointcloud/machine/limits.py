"""Limits that no honest file meets: they keep a wrong or hostile one from filling the memory or the disk.

Each can be raised for a run, ``hyogo-pc --limit cells=2e12``, or for all, by an environment variable such as
``HYOGO_PC_LIMIT_CELLS``.
"""

from __future__ import annotations

import os

LIMITS = {
    "cells": 10**11,
    "text": 64 * 10**6,
    "sources": 100_000,
    "unpacked": 2 * 10**11,
    "ratio": 500,
    "members": 100_000,
    "gap": 10,
}
"""What holds if nothing else is said.

``cells``
    Of a raster. All of Hyogo has 2 · 10¹⁰ at 1 m, in a rectangle around it.
``text``
    Bytes of a text that is read as a whole: areas, lines, GeoJSON, parameters.
``sources``
    Of a mosaic (VRT).
``unpacked``
    Bytes of all files in a ZIP.
``ratio``
    Of a file in a ZIP, unpacked to packed. A text grid of nothing but sentinels packs to a 300th; DEFLATE's most is a
    1032nd.
``members``
    Files in a ZIP.
``gap``
    Rows or columns without a height, beyond the first thousand, for each that holds one, in a text grid.
"""

_UNITS = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def limit(name: str) -> int:
    """Return a limit; an environment variable that is no number counts for nothing."""
    try:
        return number(os.environ.get(_variable(name), ""))
    except ValueError:
        return LIMITS[name]


def number(text: str) -> int:
    """Return a whole number from 1 on as users write it: ``2000000``, ``2e6``, ``2M``.

    Raises
    ------
    ValueError
        If it is none.
    """
    plain = text.strip().lower()
    unit = _UNITS.get(plain[-1:], 1)
    try:
        value = int(float(plain[:-1] if unit > 1 else plain) * unit)
    except OverflowError as error:
        raise ValueError(text) from error
    if value < 1:
        raise ValueError(text)
    return value


def set_limit(text: str) -> None:
    """Set a limit, ``NAME=VALUE``, for this process and those that it starts.

    Raises
    ------
    ValueError
        If there is no such limit, or it is no number.
    """
    name, _, value = text.partition("=")
    if name.strip() not in LIMITS:
        raise ValueError(text)
    os.environ[_variable(name.strip())] = str(number(value))


def _variable(name: str) -> str:
    return f"HYOGO_PC_LIMIT_{name.upper()}"
