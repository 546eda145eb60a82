"""A LAS or LAZ file again, with other classes: every other byte of a point, header and record is kept.

Source: ASPRS, LAS Specification 1.4 – R15 (2019); COPC Specification 1.0.
"""

from __future__ import annotations

import io
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import lazrs
import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import FileError
from pointcloud.io import put
from pointcloud.io.guard import open_input
from pointcloud.io.las.header import LasHeader
from pointcloud.io.las.laszip import RECORD
from pointcloud.io.las.reader import PointChunk, iter_records

Classes = NDArray[np.uint8]

_CLASS_LATE, _CLASS_EARLY = (16, 0xFF), (15, 0x1F)  # byte of the class in formats 6–10 and 0–5, and its bits
_WAVEFORMS_AT, _EXTENDED_AT = 227, 235  # where the header says where what follows the points begins
_COPC = b"copc".ljust(16, b"\0")
_PLAIN = b"was-copc".ljust(16, b"\0")
_VLR, _EVLR = struct.Struct("<H16sHH32s"), struct.Struct("<H16sHQ32s")  # heads of records and extended ones
_WAVEFORMS = (
    9,
    10,
)  # the decoder's waveforms in LAZ of these formats are not those that were encoded (lazrs 0.8)


def output_name(header: LasHeader) -> str:
    """Return the name of the new file: that of the old, but a COPC file becomes a plain LAZ file.

    Its octree would be another one, for the sizes of all chunks change.
    """
    name = header.path.name
    return f"{name[: -len('.copc.laz')]}.laz" if name.lower().endswith(".copc.laz") else name


def stage_classes(
    header: LasHeader,
    folder: Path,
    classes: Callable[[PointChunk], Classes],
    *,
    chunk: int = 1_000_000,
    parallel: bool = True,
) -> tuple[Path, int]:
    """Write a file with other classes under a private name.

    Parameters
    ----------
    header : LasHeader
    folder : Path
    classes : callable
        Returns the class of each point of a chunk.
    chunk : int
        Points at a time.
    parallel : bool
        Whether to decode and compress on all cores.

    Returns
    -------
    (Path, int)
        For :func:`pointcloud.io.put.publish`.

    Raises
    ------
    FileError
        If the input is damaged, or holds waveforms in LAZ.
    OutputError
        If the disk is full, say.
    """
    if header.laszip is not None and header.point_format in _WAVEFORMS:
        raise FileError("classify.waveforms", path=header.path, format=header.point_format)
    byte, bits = _CLASS_LATE if header.point_format >= 6 else _CLASS_EARLY

    def write(file: BinaryIO) -> None:
        head = _head(header)
        file.write(head)
        compressor = None
        if header.laszip is not None:
            kind = lazrs.ParLasZipCompressor if parallel else lazrs.LasZipCompressor
            compressor = kind(file, _laszip_vlr(header))
        for records, points in iter_records(header, chunk=chunk, parallel=parallel):
            records[:, byte] = (records[:, byte] & (0xFF ^ bits)) | (classes(points) & bits)
            if compressor is not None:
                compressor.compress_many(records.reshape(-1))
            else:
                file.write(records.data)
        if compressor is not None:
            compressor.done()
        _write_rest(header, head, file)

    return put.stage_by(folder, output_name(header), write)


def _laszip_vlr(header: LasHeader) -> lazrs.LazVlr:
    """Return how to compress: chunks of fixed size, of the same items."""
    extra = header.record_length - _base_length(header)
    return lazrs.LazVlr.new_for_compression(header.point_format, extra, use_variable_size_chunks=False)


def _base_length(header: LasHeader) -> int:
    from pointcloud.io.las.header import RECORD_LENGTHS

    return RECORD_LENGTHS[header.point_format]


def _head(header: LasHeader) -> bytes:
    """Return all before the points, with the new record of how they are compressed."""
    with open_input(header.path) as (file, _):
        head = bytearray(file.read(header.points_at))
    size, count = struct.unpack_from("<H", head, 94)[0], struct.unpack_from("<I", head, 100)[0]
    for record in _records(io.BytesIO(head), size, count, _VLR):
        if record.user == _COPC:
            head[record.user_at : record.user_at + 16] = _PLAIN
        if (
            header.laszip is not None
            and (record.user.rstrip(b"\0").decode("latin-1"), record.number) == RECORD
        ):
            data = bytes(_laszip_vlr(header).record_data())
            head[record.data_at : record.data_at + len(data)] = data
    return bytes(head)


@dataclass(frozen=True)
class _Record:
    """A record of variable length: whose it is, its number, and where its parts begin."""

    user: bytes
    number: int
    user_at: int
    data_at: int


def _records(file: BinaryIO, at: int, count: int, head: struct.Struct) -> Iterator[_Record]:
    """Yield the records that begin at ``at``, as far as they go."""
    for _ in range(count):
        file.seek(at)
        fixed = file.read(head.size)
        if len(fixed) < head.size:
            return
        _, user, number, length, _ = head.unpack(fixed)
        yield _Record(user, number, at + 2, at + head.size)
        at += head.size + length


def _write_rest(header: LasHeader, head: bytes, file: BinaryIO) -> None:
    """Copy what follows the points, and tell the header where it begins now."""
    at = _rest_at(header, head)
    if at is None:
        return
    start = file.seek(0, 2)
    with open_input(header.path) as (source, _):
        source.seek(at)
        shutil.copyfileobj(source, file)
        if header.version >= (1, 4):
            first, count = struct.unpack_from("<QI", head, _EXTENDED_AT)
            for record in _records(source, first, count if first >= at else 0, _EVLR):
                if record.user == _COPC:
                    file.seek(record.user_at - at + start)
                    file.write(_PLAIN)
    for place in (_WAVEFORMS_AT, _EXTENDED_AT):
        if len(head) >= place + 8 and header.version >= ((1, 3) if place == _WAVEFORMS_AT else (1, 4)):
            old = struct.unpack_from("<Q", head, place)[0]
            if old >= at:
                file.seek(place)
                file.write(struct.pack("<Q", old - at + start))


def _rest_at(header: LasHeader, head: bytes) -> int | None:
    """Return where in the old file begins what follows the points, or ``None`` if nothing does."""
    places = [_WAVEFORMS_AT] if header.version >= (1, 3) else []
    places += [_EXTENDED_AT] if header.version >= (1, 4) else []
    starts = [struct.unpack_from("<Q", head, place)[0] for place in places]
    behind = [start for start in starts if header.points_at < start < header.size]
    return min(behind, default=None)
