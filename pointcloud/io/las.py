"""Guarded reading of LAS, LAZ and COPC files: their points in canonical quanta, chunk by chunk."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import FileError
from pointcloud.io import lazdecode
from pointcloud.io.guard import check_unchanged, open_input
from pointcloud.io.lasheader import CloudHeader, Triple, read_header
from pointcloud.io.remark import Remark
from pointcloud.kernels import canonical
from pointcloud.lattice import QUANTA_PER_METRE, metres

__all__ = [
    "CloudHeader",
    "PointChunk",
    "box_remarks",
    "file_sha256",
    "iter_points",
    "iter_records",
    "read_header",
]

Quanta = tuple[int, int, int]

_AXES = ("X", "Y", "Z")


@dataclass(frozen=True, slots=True)
class PointChunk:
    """Points in canonical quanta (0.1 mm), in the order of the file.

    Parameters
    ----------
    e, n : (points,) int64
        Easting (X) and northing (Y).
    z : (points,) int32
        Height.
    classification : (points,) uint8
        For point formats 0–5 the five bits that hold the class.
    withheld : (points,) bool
        Points that the supplier marked as not to be used.
    lows, highs : (e, n, z)
        Extremes of the chunk.
    """

    e: NDArray[np.int64]
    n: NDArray[np.int64]
    z: NDArray[np.int32]
    classification: NDArray[np.uint8]
    withheld: NDArray[np.bool_]
    lows: Quanta
    highs: Quanta

    @property
    def count(self) -> int:
        """Number of points, at least 1."""
        return self.e.size


def iter_points(
    header: CloudHeader, *, chunk: int = 1_000_000, parallel: bool = True, check_box: bool = True
) -> Iterator[PointChunk]:
    """Yield all points of a file, and none that is not the file's.

    Each point is brought to quanta by itself. Where scale and offset are whole quanta that is exact;
    otherwise ``(X * scale + offset) * 10000`` is rounded half to even, in float64.

    Parameters
    ----------
    header : CloudHeader
        From :func:`read_header`.
    chunk : int
        How many points to yield at a time, at most.
    parallel : bool
        Whether to decode LAZ on all cores. The points are the same.
    check_box : bool
        Whether a point outside the header's box, by more than a step of the scale and a centimetre, is
        damage. It is the only sign of most flipped bits in LAZ. Without it, files can be read whose header
        lies.

    Raises
    ------
    FileError
        If the points cannot be decoded, are fewer than the header says, or lie outside its box; if the file
        changes while it is read. What was yielded before is then not to be trusted either.

    Notes
    -----
    The decoder holds Python's global lock while it decodes (lazrs 0.8), so chunks are not decoded ahead: with
    ``parallel`` it has all cores to itself already.
    """
    for _, points in iter_records(header, chunk=chunk, parallel=parallel, check_box=check_box, whole=False):
        yield points


def iter_records(
    header: CloudHeader,
    *,
    chunk: int = 1_000_000,
    parallel: bool = True,
    check_box: bool = True,
    whole: bool = True,
) -> Iterator[tuple[NDArray[np.uint8], PointChunk]]:
    """Yield the raw records of a file, (points, record length) bytes, and the points in them.

    Parameters and errors are those of :func:`iter_points`; the records are overwritten by the next.

    Parameters
    ----------
    whole : bool
        Whether every field of the records is wanted, or only those of the points.
    """
    if chunk < 1:
        raise ValueError(f"chunk must be positive, not {chunk}")
    converter = _Converter(header, check_box=check_box)
    seen = 0
    with open_input(header.path) as (file, _):
        check_unchanged(header.path, file, header.size, header.modified_ns)
        for records in _records(file, header, chunk, parallel=parallel, whole=whole):
            points = converter.convert(records)
            seen += points.count
            yield records, points
    if seen != header.count:
        raise FileError("file.points_missing", path=header.path, read=seen, count=header.count)


def box_remarks(header: CloudHeader, lows: Quanta, highs: Quanta) -> tuple[Remark, ...]:
    """Return what is wrong with the header's box, given the extremes of all points.

    A box more than a metre too large on any side is worth a remark: whoever plans by it waits for points that
    do not exist. (A box that is too small makes :func:`iter_points` fail.)
    """
    if not header.has_box:
        return ()
    excess = 0.0
    worst = _AXES[0]
    for axis, low, high, box_low, box_high in zip(_AXES, lows, highs, header.mins, header.maxs, strict=True):
        over = max(metres(low) - box_low, box_high - metres(high))
        if over > excess:
            excess, worst = over, axis
    if excess <= 1.0:
        return ()
    return (Remark.of("file.box_large", path=header.path, axis=worst, excess=f"{excess:.2f}"),)


def file_sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, in lower-case hexadecimal.

    Raises
    ------
    FileError
        If the file cannot be read, or changes while it is read.
    """
    with open_input(Path(path)) as (file, _):
        return hashlib.file_digest(file, "sha256").hexdigest()


def _records(
    file: io.BufferedReader, header: CloudHeader, chunk: int, *, parallel: bool, whole: bool
) -> Iterator[NDArray[np.uint8]]:
    """Yield the raw records, as ``(points, record length)`` bytes; each array is overwritten by the next."""
    if header.laszip is not None:
        yield from lazdecode.decode(file, header, header.laszip, chunk, parallel=parallel, whole=whole)
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


class _Converter:
    """Turns raw records into quanta, and refuses what lies outside the box."""

    def __init__(self, header: CloudHeader, *, check_box: bool) -> None:
        self.header = header
        self.limits = _limits(header) if check_box and header.count else None
        late = header.point_format >= 6
        self.layout = (16, 0xFF, 0x04) if late else (15, 0x1F, 0x80)
        self.whole = _whole_quanta(header.scales, header.offsets)
        self.metric = np.array(header.scales), np.array(header.offsets)

    def convert(self, records: NDArray[np.uint8]) -> PointChunk:
        count = len(records)
        e, n, z = np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int32)
        classification, withheld = np.empty(count, np.uint8), np.empty(count, np.bool_)
        extremes = np.empty((2, 3), np.int64)
        layout = records, *self.layout
        if self.whole is not None:
            canonical.canonical_exact(*layout, *self.whole, e, n, z, classification, withheld, extremes)
        else:
            canonical.canonical_rounded(*layout, *self.metric, e, n, z, classification, withheld, extremes)
        lows, highs = _quanta(extremes[0]), _quanta(extremes[1])
        if lows[2] < -(2**31) or highs[2] >= 2**31:
            low, high = (f"{metres(value):.0f}" for value in (lows[2], highs[2]))
            raise FileError("file.height", path=self.header.path, low=low, high=high)
        if self.limits is not None:
            self._check_box((e, n, z), lows, highs, *self.limits)
        return PointChunk(e, n, z, classification, withheld, lows, highs)

    def _check_box(
        self,
        points: tuple[NDArray[np.signedinteger], ...],
        lows: Quanta,
        highs: Quanta,
        floor: Quanta,
        ceiling: Quanta,
    ) -> None:
        """Refuse a chunk that has points below ``floor`` or above ``ceiling``: how many, and the worst."""
        over = [max(floor[i] - lows[i], highs[i] - ceiling[i]) for i in range(3)]
        if max(over) <= 0:
            return
        axis = over.index(max(over))
        value = lows[axis] if floor[axis] - lows[axis] == over[axis] else highs[axis]
        outside = np.zeros(points[0].size, np.bool_)
        for values, low, high in zip(points, floor, ceiling, strict=True):
            outside |= (values < low) | (values > high)
        raise FileError(
            "file.outside_box",
            path=self.header.path,
            count=int(outside.sum()),
            axis=_AXES[axis],
            value=f"{metres(value):.3f}",
            low=f"{self.header.mins[axis]:.3f}",
            high=f"{self.header.maxs[axis]:.3f}",
        )


def _quanta(values: NDArray[np.int64]) -> Quanta:
    e, n, z = values.tolist()
    return e, n, z


def _limits(header: CloudHeader) -> tuple[Quanta, Quanta]:
    """Return the lowest and highest quanta that the header's box allows, with its rounding."""
    if not header.has_box:
        raise FileError("file.box_invalid", path=header.path)
    lows = [math.floor(v * QUANTA_PER_METRE) - s for v, s in zip(header.mins, header.slack, strict=True)]
    highs = [math.ceil(v * QUANTA_PER_METRE) + s for v, s in zip(header.maxs, header.slack, strict=True)]
    return (lows[0], lows[1], lows[2]), (highs[0], highs[1], highs[2])


def _whole_quanta(scales: Triple, offsets: Triple) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Return scales and offsets in quanta if all are whole numbers, as they mostly are; else ``None``.

    How far from whole is still whole? A scale is multiplied by up to 2**31, and must not move a point by a
    hundredth of a quantum; an offset is only added, and may be 1e-4 quanta off (float64 at 10 000 km).
    """
    steps = np.rint(np.array(scales) * QUANTA_PER_METRE)
    shifts = np.rint(np.array(offsets) * QUANTA_PER_METRE)
    scale_error = np.abs(np.array(scales) * QUANTA_PER_METRE - steps) * 2**31
    offset_error = np.abs(np.array(offsets) * QUANTA_PER_METRE - shifts)
    if steps.min() < 1 or scale_error.max() > 1e-2 or offset_error.max() > 1e-4:
        return None
    return steps.astype(np.int64), shifts.astype(np.int64)
