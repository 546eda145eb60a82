"""Where the points of a file that cannot be used would have been, as far as it can be told."""

from __future__ import annotations

import struct
from pathlib import Path

from pointcloud.geo import sheets
from pointcloud.geo.lattice import Box

_BOX = struct.Struct("<6d")
_BOX_AT = 179
_WIDEST = 10_000.0
"""Metres: a header that claims more lies, or is of a file whose sheets are too many to be given up for it."""


def claimed_boxes(path: Path) -> tuple[Box, ...]:
    """Return the box in a damaged file's header, or else those of the sheet codes in its name; none if neither.

    The box of a header is believed if it is one, and at most 10 km wide.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_BOX_AT + _BOX.size)
    except OSError:
        head = b""
    if head[:4] == b"LASF" and len(head) == _BOX_AT + _BOX.size:
        east, west, north, south, _, _ = _BOX.unpack_from(head, _BOX_AT)
        if 0 < east - west <= _WIDEST and 0 < north - south <= _WIDEST and _near(west, south, east, north):
            return (Box.from_metres(west, south, east, north),)
    return tuple(sheet.box for sheet in sheets.find_code(path.name))


def _near(*values: float) -> bool:
    return all(abs(value) < 1e8 for value in values)
