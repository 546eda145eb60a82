"""The point records of an open LAS, LAZ or COPC file, as bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np

from pointcloud.errors import FileError
from pointcloud.io.las import decode
from pointcloud.io.las.decode import Records
from pointcloud.io.las.header import LasHeader


def read(
    file: io.BufferedReader, header: LasHeader, chunk: int, *, parallel: bool, whole: bool
) -> Iterator[Records]:
    """Yield the records of a file, in its order, as ``(points, record length)`` bytes.

    Parameters
    ----------
    file : binary file
    header : LasHeader
    chunk : int
        How many to yield at a time, at most.
    parallel : bool
        Whether to decode LAZ on all cores.
    whole : bool
        Whether every field is wanted, or only those that rasters are made of.

    Raises
    ------
    FileError
        If they contradict the header, or are not as many as it says. The decoder itself raises whatever it likes:
        see :func:`pointcloud.io.guard.decoded`.

    Notes
    -----
    What is yielded is overwritten by what is yielded next.
    """
    seen = 0
    for records in _read(file, header, chunk, parallel=parallel, whole=whole):
        seen += len(records)
        yield records
    if seen != header.count:
        raise FileError("file.points_missing", path=header.path, read=seen, count=header.count)


def _read(
    file: io.BufferedReader, header: LasHeader, chunk: int, *, parallel: bool, whole: bool
) -> Iterator[Records]:
    if header.laszip is not None:
        yield from decode.decode(file, header, header.laszip, chunk, parallel=parallel, whole=whole)
        return
    file.seek(header.points_at)
    buffer = np.empty((min(chunk, header.count), header.record_length), np.uint8)
    for start in range(0, header.count, chunk):
        records = buffer[: min(chunk, header.count - start)]
        held = file.readinto(records.data)
        if held != records.size:
            read = start + held // header.record_length
            raise FileError("file.points_missing", path=header.path, read=read, count=header.count)
        yield records
