"""Decoding of LAZ points, chunk by chunk, from memory.

The decoder is handed whole chunks whose sizes have been checked, never the file: what it can reach is
bounded, and it decodes exactly as many points as the header promises. Only what is used is decoded:
coordinates, class and flags (that holds for point formats 6–10, which are stored in layers; formats 0–5 can
only be decoded whole).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

import lazrs
import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import FileError
from pointcloud.io.las.laszip import POINTWISE, LaszipRecord

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

    from pointcloud.io.las.header import LasHeader

Records = NDArray[np.uint8]
Entry = tuple[int, int]  # points and bytes of a chunk

_SELECTION = lazrs.DecompressionSelection(
    lazrs.SELECTIVE_DECOMPRESS_XY_RETURNS_CHANNEL
    | lazrs.SELECTIVE_DECOMPRESS_Z
    | lazrs.SELECTIVE_DECOMPRESS_CLASSIFICATION
    | lazrs.SELECTIVE_DECOMPRESS_FLAGS
)

_EVERYTHING = lazrs.DecompressionSelection(lazrs.SELECTIVE_DECOMPRESS_ALL)

_WHOLE = 4
"""A chunk of more than this many times the wanted number of points is decoded as a stream, to bound
memory."""


def decode(
    file: io.BufferedReader,
    header: LasHeader,
    record: LaszipRecord,
    points: int,
    *,
    parallel: bool,
    whole: bool = False,
) -> Iterator[Records]:
    """Yield the point records of a LAZ file, in its order, as ``(points, record length)`` bytes.

    Parameters
    ----------
    file : binary file
    header : LasHeader
    record : LaszipRecord
        The header's.
    points : int
        How many to yield at a time, at most.
    parallel : bool
        Whether to decode several chunks at once, on all cores.
    whole : bool
        Whether to decode every field, not only those that rasters are made of.

    Raises
    ------
    FileError
        If the chunk table or a chunk contradicts the header. The decoder itself raises whatever it likes.

    Notes
    -----
    What is yielded is overwritten by what is yielded next.
    """
    selection = _EVERYTHING if whole else _SELECTION
    if record.compressor == POINTWISE:
        file.seek(header.points_at)
        yield from _stream(file, header, record, points, header.size, selection)
        return
    table = read_table(file, header, record)
    if table and max(count for count, _ in table) > _WHOLE * points:
        _check_heads(file, header, record, table)
        file.seek(header.points_at)
        yield from _stream(file, header, record, points, record.table_at, selection)
        return
    file.seek(header.points_at + 8)
    for records in _chunks(file, header, record, table, points, selection, parallel=parallel):
        for start in range(0, len(records), points):
            yield records[start : start + points]


def read_table(file: io.BufferedReader, header: LasHeader, record: LaszipRecord) -> list[Entry]:
    """Return points and bytes of every chunk.

    Raises
    ------
    FileError
        If they do not add up to the points of the header and the bytes of the file.
    """
    if record.chunks == 0:
        return []
    file.seek(record.table_at)
    # An entry takes at most two integers of less than 10 bytes each.
    coded = io.BytesIO(file.read(64 + 32 * record.chunks))
    table: list[Entry] = lazrs.read_chunk_table_only(coded, lazrs.LazVlr(record.data))
    if record.chunk_size:
        last = header.count - (record.chunks - 1) * record.chunk_size
        points = [record.chunk_size] * (record.chunks - 1) + [last]
        table = [(count, size) for count, (_, size) in zip(points, table, strict=True)]
    elif table[-1] == (0, 0):
        table.pop()  # lazrs closes a table of variable chunks with an empty one
    total_points, total_bytes = sum(count for count, _ in table), sum(size for _, size in table)
    held = record.table_at - header.points_at - 8
    if total_bytes != held or total_points != header.count:
        raise FileError(
            "file.chunk_sizes",
            path=header.path,
            points=total_points,
            count=header.count,
            bytes=total_bytes,
            held=held,
        )
    return table


def _chunks(
    file: io.BufferedReader,
    header: LasHeader,
    record: LaszipRecord,
    table: list[Entry],
    points: int,
    selection: lazrs.DecompressionSelection,
    *,
    parallel: bool,
) -> Iterator[Records]:
    """Yield the records of as many whole chunks as ``points`` holds, or of one."""
    coded = np.empty(0, np.uint8)
    plain = np.empty(0, np.uint8)
    number = 0
    for group in _groups(table, points):
        count, size = sum(points for points, _ in group), sum(size for _, size in group)
        if size > coded.size:
            coded = np.empty(size + size // 4, np.uint8)  # a quarter more, so that the next is likely to fit
        if count * header.record_length > plain.size:
            plain = np.empty(count * header.record_length, np.uint8)
        part, records = coded[:size], plain[: count * header.record_length]
        if file.readinto(part.data) != size:
            raise FileError("file.chunk_table", path=header.path, at=record.table_at, size=header.size)
        _check_layers(header, record, part, group, number)
        # What is handed over together is decoded on all cores.
        for job in [group] if parallel else [[entry] for entry in group]:
            taken = sum(size for _, size in job)
            given = sum(points for points, _ in job) * header.record_length
            source, target = part[:taken], records[:given]
            lazrs.decompress_points_with_chunk_table(source, record.data, target, job, selection)
            part, records = part[taken:], records[given:]
        number += len(group)
        yield plain[: count * header.record_length].reshape(count, header.record_length)


def _groups(table: list[Entry], points: int) -> Iterator[list[Entry]]:
    """Yield runs of entries of at most ``points`` points together, or of one entry."""
    group: list[Entry] = []
    held = 0
    for entry in table:
        if group and held + entry[0] > points:
            yield group
            group, held = [], 0
        group.append(entry)
        held += entry[0]
    if group:
        yield group


def _check_layers(
    header: LasHeader, record: LaszipRecord, coded: Records, group: list[Entry], number: int
) -> None:
    """Check every layered chunk of a group that begins at ``number``; see :func:`_check_head`."""
    if not record.layers:
        return
    starts = accumulate((size for _, size in group), initial=0)
    for index, (start, entry) in enumerate(zip(starts, group, strict=False), number):
        head = coded[start : start + _head_length(header, record)].tobytes()
        _check_head(header, record, head, entry, index)


def _head_length(header: LasHeader, record: LaszipRecord) -> int:
    """Return the bytes of a layered chunk before its layers: a record, the points, the bytes of each
    layer."""
    return header.record_length + 4 + 4 * record.layers


def _check_head(header: LasHeader, record: LaszipRecord, head: bytes, entry: Entry, index: int) -> None:
    """Check what a layered chunk states of itself: its points, and the bytes of each layer.

    The decoder allocates a layer at the size that is stated, up to 4 GiB.
    """
    count, size = entry
    if len(head) == _head_length(header, record):
        stated, *layers = struct.unpack_from(f"<{1 + record.layers}I", head, header.record_length)
        if stated == count and len(head) + sum(layers) == size:
            return
    raise FileError("file.chunk", path=header.path, number=index + 1, chunks=record.chunks)


def _check_heads(
    file: io.BufferedReader, header: LasHeader, record: LaszipRecord, table: list[Entry]
) -> None:
    """Check every layered chunk in the file; see :func:`_check_head`."""
    if not record.layers:
        return
    start = header.points_at + 8
    for index, entry in enumerate(table):
        file.seek(start)
        _check_head(header, record, file.read(_head_length(header, record)), entry, index)
        start += entry[1]


class _Window(io.RawIOBase):
    """A file that ends at ``end``: the decoder of streams would read on into whatever follows the points."""

    def __init__(self, file: io.BufferedReader, end: int) -> None:
        self._file, self.end = file, end

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        return self._file.readinto(view[: max(self.end - self._file.tell(), 0)])


def _stream(
    file: io.BufferedReader,
    header: LasHeader,
    record: LaszipRecord,
    points: int,
    end: int,
    selection: lazrs.DecompressionSelection,
) -> Iterator[Records]:
    """Yield the records of a file of one chunk, or of chunks too large to decode whole. Always one core."""
    window = _Window(file, header.size)
    decoder = lazrs.LasZipDecompressor(window, record.data, selection)
    window.end = end  # only now: the decoder has read the chunk table
    plain = np.empty(min(points, header.count) * header.record_length, np.uint8)
    for start in range(0, header.count, points):
        count = min(points, header.count - start)
        records = plain[: count * header.record_length]
        decoder.decompress_many(records)
        yield records.reshape(count, header.record_length)
