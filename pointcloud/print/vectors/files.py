"""Vector files as GDAL reads them; the texts of Shapefiles that do not say how they are encoded, in Japanese."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pointcloud.print.paper.libraries import need

_OPEN = (0x00, 0x57, 0x13, 0x7B)
"""Language drivers of dBASE files: none, that of the machine that wrote it, and the two of Japanese (Shift_JIS)."""

_TRIED = ("utf-8", "cp932")
_MOST = 20_000
"""Rows that are looked at: enough to meet a letter that is no ASCII."""


def read(path: Path, layer: str | None = None) -> tuple[dict[str, Any], Any, list[Any]]:
    """Return what pyogrio tells of a layer (the first without a name), its geometries as WKB, and its columns."""
    raw = need("pyogrio.raw")
    meta, _, geometry, columns = raw.read(str(path), layer=layer, encoding=encoding(path), force_2d=True)
    return meta, geometry, columns


def encoding(path: Path) -> str | None:
    """Return how the texts of a Shapefile are encoded, ``None`` where it is for GDAL to know.

    A ``.cpg`` file says it, or the language driver of the ``.dbf`` file does. Where there is no ``.cpg`` and the
    language driver is none, that of some machine, or Japanese, all texts are taken as UTF-8 if they are that without
    a flaw (hardly any other text is), else as cp932 if they are that, as Japanese programs write them.
    """
    beside = {file.suffix.lower(): file for file in path.parent.glob("*") if file.stem == path.stem}
    if path.suffix.lower() != ".shp" or ".cpg" in beside or ".dbf" not in beside:
        return None
    with beside[".dbf"].open("rb") as file:
        head = file.read(32)
        if len(head) < 32 or head[29] not in _OPEN:
            return None
        start, length = (int.from_bytes(head[at : at + 2], "little") for at in (8, 10))
        data = head + file.read(start + _MOST * length - 32)
    texts = list(_texts(data, start, length))
    return next((name for name in _TRIED if all(_is_in(name, text) for text in texts)), None)


def _texts(data: bytes, start: int, length: int) -> Iterator[bytes]:
    """Yield the names of the fields of a dBASE file, and the texts in its rows."""
    spans, left = [], 1  # a row begins with the mark of deleted ones
    for at in range(32, start - 32, 32):
        field = data[at : at + 32]
        if len(field) < 32 or field[0] == 0x0D:
            break
        yield field[:11].partition(b"\0")[0]
        if field[11:12] == b"C":
            spans.append((left, left + field[16]))
        left += field[16]
    for row in range(start, len(data) - length + 1, max(length, 1)):
        yield from (data[row + first : row + last].rstrip(b" \0") for first, last in spans)


def _is_in(name: str, text: bytes) -> bool:
    try:
        text.decode(name)
    except UnicodeDecodeError:
        return False
    return True
