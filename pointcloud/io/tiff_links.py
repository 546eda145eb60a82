"""What leads out of a TIFF: GDAL's own tag may name other files for its overviews and for its place.

Read here and not by opening the file, which takes a millisecond each: a mosaic may have thousands of them.

Source: TIFF 6.0, section 2; BigTIFF; GDAL_METADATA (tag 42112) as GDAL's GeoTIFF driver documents it.
"""

from __future__ import annotations

import html
import re
import struct
from typing import BinaryIO

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""First bytes of a TIFF and a BigTIFF, of either byte order."""

_METADATA = 42112
_MOST_DIRECTORIES = 4096
_MOST_TEXT = 64 * 2**20
_SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
"""Bytes of a value, by type."""

_LINK = re.compile("OVERVIEW_FILE|[XY]_DATASET", re.IGNORECASE)
_LONG_NUMBER = re.compile("&#x?[0-9a-f]{8}", re.IGNORECASE)
"""A character that no number of so many digits stands for: parsers differ in what they make of it."""


def has_links(file: BinaryIO) -> bool:
    """Whether a TIFF names other files, or cannot be walked through to its end.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    order = "<" if file.read(2) == b"II" else ">"
    big = struct.unpack(f"{order}H", file.read(2))[0] == 43
    if big:
        file.seek(8)
    offset, seen = _number(file, f"{order}{'Q' if big else 'I'}"), set[int]()
    while offset:
        if offset in seen or len(seen) >= _MOST_DIRECTORIES:
            return True
        seen.add(offset)
        file.seek(offset)
        count = _number(file, f"{order}{'Q' if big else 'H'}") or 0
        size = 20 if big else 12
        if count > 65_535:
            return True
        entries = file.read(count * size)
        offset = _number(file, f"{order}{'Q' if big else 'I'}")
        for at in range(0, len(entries) - size + 1, size):
            entry = entries[at : at + size]
            if struct.unpack_from(f"{order}H", entry)[0] == _METADATA and _names_files(
                file, entry, order, big
            ):
                return True
    return False


def _number(file: BinaryIO, form: str) -> int | None:
    """Return the next number, ``None`` at the end of the file."""
    data = file.read(struct.calcsize(form))
    return int(struct.unpack(form, data)[0]) if len(data) == struct.calcsize(form) else None


def _names_files(file: BinaryIO, entry: bytes, order: str, big: bool) -> bool:
    kind, count = struct.unpack_from(f"{order}H{'Q' if big else 'I'}", entry, 2)
    value = entry[12:] if big else entry[8:]
    size = count * _SIZES.get(kind, 8)
    if size > _MOST_TEXT:
        return True
    if size > len(value):
        file.seek(struct.unpack(f"{order}{'Q' if big else 'I'}", value)[0])
        value = file.read(size)
    text = value.decode("latin-1")
    return bool(_LONG_NUMBER.search(text) or _LINK.search(html.unescape(text)) or _LINK.search(text))
