"""The LASzip record of a LAZ file and its chunk table, checked before the decoder sees them.

The decoder trusts both. One flipped bit there makes it allocate gigabytes and end the process, or read chunks
from the wrong place, so everything that can be compared is compared first.

Source: Isenburg, LASzip: lossless compression of LiDAR data (PE&RS 79(2), 2013); LAZ Specification 1.4 – R1
(2019).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pointcloud.errors import FileError

RECORD = ("laszip encoded", 22204)

POINTWISE, CHUNKED, LAYERED = 1, 2, 3
"""Compressors: one chunk without a table (LASzip 1, rare) · chunks · chunks in layers (formats 6–10)."""

_VARIABLE = 0xFFFF_FFFF  # chunk size that means: each chunk has its own
_CHUNK_SIZE_AT = 12
_FIXED = struct.Struct("<HHBBHIIqqH")
_ITEM = struct.Struct("<HHH")

_ITEM_LENGTHS = {6: 20, 7: 8, 8: 6, 9: 29, 10: 30, 11: 6, 12: 8, 13: 29}
_EXTRA_BYTES = (0, 14)
_ITEMS = (
    *((6,), (6, 7), (6, 8), (6, 7, 8), (6, 7, 9), (6, 7, 8, 9)),
    *((10,), (10, 11), (10, 12), (10, 13), (10, 12, 13)),
)  # by point format
_LAYERS = {10: 9, 11: 1, 12: 2, 13: 1}


@dataclass(frozen=True, slots=True)
class LaszipRecord:
    """How the points of a LAZ file are compressed.

    Parameters
    ----------
    data : bytes
        The record itself, for the decoder.
    compressor : int
        ``POINTWISE``, ``CHUNKED`` or ``LAYERED``.
    chunk_size : int
        Points in a chunk (the last may have fewer); 0 if that varies or there are no chunks.
    layers : int
        Layers in a chunk; 0 if it has none.
    table_at : int
        Where the chunk table begins; 0 if there is none.
    chunks : int
        Entries of the chunk table.
    """

    data: bytes
    compressor: int
    chunk_size: int
    layers: int
    table_at: int
    chunks: int


def read(
    path: Path,
    file: BinaryIO,
    data: bytes,
    *,
    point_format: int,
    record_length: int,
    points_at: int,
    size: int,
    count: int,
) -> LaszipRecord:
    """Check the LASzip record ``data`` and the head of the chunk table against the header.

    Parameters
    ----------
    path, file
        What is read, and its name for messages.
    data : bytes
        Data of the record.
    point_format, record_length, points_at, count : int
        From the header.
    size : int
        Of the file, in bytes.

    Raises
    ------
    FileError
        If they contradict each other or the file's size.
    """
    compressor, chunk_size, items = _parse(path, data)
    _check_items(path, items, point_format, record_length)
    if compressor == POINTWISE:
        return LaszipRecord(data, compressor, 0, 0, 0, 0)
    if chunk_size == 0:  # some writers' way to say so, which decoders of this record do not know
        chunk_size = _VARIABLE
        size_bytes = _VARIABLE.to_bytes(4, "little")
        data = data[:_CHUNK_SIZE_AT] + size_bytes + data[_CHUNK_SIZE_AT + len(size_bytes) :]
    table_at, chunks = _table(path, file, points_at, size, count)
    if chunk_size == _VARIABLE:
        # Each chunk begins with a whole record, but for an empty last one: a lying number cannot exceed that.
        possible = (table_at - points_at - 8) // record_length + 1
        if chunks > possible or (count and not chunks):
            raise FileError("file.chunk_count", path=path, chunks=chunks, expected=possible, count=count)
    elif chunks != (expected := -(-count // chunk_size)):
        raise FileError("file.chunk_count", path=path, chunks=chunks, expected=expected, count=count)
    layers = sum(_LAYERS.get(kind, length) for kind, length in items) if compressor == LAYERED else 0
    return LaszipRecord(
        data, compressor, 0 if chunk_size == _VARIABLE else chunk_size, layers, table_at, chunks
    )


def _parse(path: Path, data: bytes) -> tuple[int, int, list[tuple[int, int]]]:
    """Return compressor, chunk size, and the kind and length of each item."""
    if len(data) < _FIXED.size:
        raise FileError("file.laszip_record", path=path)
    compressor, coder, _, _, _, _, chunk_size, _, _, count = _FIXED.unpack_from(data)
    if compressor not in (POINTWISE, CHUNKED, LAYERED) or coder != 0:
        raise FileError("file.laszip_record", path=path)
    if len(data) < _FIXED.size + count * _ITEM.size:
        raise FileError("file.laszip_record", path=path)
    items = [_ITEM.unpack_from(data, _FIXED.size + i * _ITEM.size) for i in range(count)]
    return compressor, chunk_size, [(kind, length) for kind, length, _ in items]


def _check_items(path: Path, items: list[tuple[int, int]], point_format: int, record_length: int) -> None:
    """Check that the items are those of the point format, and fill the record."""
    standard = _ITEMS[point_format]
    kinds = tuple(kind for kind, _ in items)
    if (
        kinds[: len(standard)] != standard
        or any(kind not in _EXTRA_BYTES for kind in kinds[len(standard) :])
        or any(length != _ITEM_LENGTHS.get(kind, length) for kind, length in items)
        or sum(length for _, length in items) != record_length
    ):
        raise FileError("file.laszip_items", path=path, format=point_format, length=record_length)


def _table(path: Path, file: BinaryIO, points_at: int, size: int, count: int) -> tuple[int, int]:
    """Return where the chunk table begins, and its number of entries."""
    if count == 0 and size < points_at + 16:
        return 0, 0  # some writers leave out the table of no points
    file.seek(points_at)
    at = _int64(file.read(8))
    if at <= points_at and size >= points_at + 16:
        # Written to a pipe: the place of the table then stands at the very end.
        file.seek(size - 8)
        at = _int64(file.read(8))
    if not points_at + 8 <= at <= size - 8:
        raise FileError("file.chunk_table", path=path, at=at, size=size)
    file.seek(at)
    version, chunks = struct.unpack("<II", file.read(8))
    if version != 0:
        raise FileError("file.chunk_table", path=path, at=at, size=size)
    return at, chunks


def _int64(raw: bytes) -> int:
    return int.from_bytes(raw.ljust(8, b"\0"), "little", signed=True)
