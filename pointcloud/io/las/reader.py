"""Guarded reading of LAS, LAZ and COPC files: their points in canonical quanta, chunk by chunk."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pointcloud.doubt import integers
from pointcloud.errors import FileError
from pointcloud.geo.lattice import QUANTA_PER_METRE, metres
from pointcloud.geo.transform import PointTransform
from pointcloud.io import moving
from pointcloud.io.cloudheader import (
    CloudHeader,
    Marks,
    PointChunk,
    Quanta,
    Triple,
    box_remarks,
    point_limits,
    require_inside,
    require_inside_unmoved,
)
from pointcloud.io.guard import check_unchanged, decoded, open_input
from pointcloud.io.las import ahead, records
from pointcloud.io.las.decode import Records
from pointcloud.io.las.header import LasHeader, read_header
from pointcloud.kernels.points import canonical

__all__ = [
    "CloudHeader",
    "PointChunk",
    "box_remarks",
    "file_sha256",
    "iter_points",
    "iter_records",
    "read_header",
]


_OVERLAP_CLASS = 12


def iter_points(
    header: LasHeader, *, chunk: int = 1_000_000, parallel: bool = True, check_box: bool = True
) -> Iterator[PointChunk]:
    """Yield all points of a file, and none that is not the file's.

    Each point is brought to quanta by itself. Where scale and offset are whole quanta that is exact;
    otherwise ``(X * scale + offset) * 10000`` is rounded half to even, in float64. Points that the header's transform
    moves are moved before they are rounded.

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
    """
    for _, points in iter_records(header, chunk=chunk, parallel=parallel, check_box=check_box, whole=False):
        yield points


def iter_records(
    header: LasHeader,
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
    with open_input(header.path) as (file, _):
        check_unchanged(header.path, file, header.size, header.modified_ns)
        for part in _records(file, header, chunk, parallel=parallel, whole=whole):
            yield part, converter.convert(part)


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
    file: io.BufferedReader, header: LasHeader, chunk: int, *, parallel: bool, whole: bool
) -> Iterator[Records]:
    """Yield the raw records: decoded ahead if that was begun, or else here.

    If the process that decodes ahead is lost, this one goes on where that one ended.
    """
    begun = ahead.decode(header) if parallel and not whole and chunk >= ahead.CHUNK else None
    seen = 0
    with suppress(ahead.LostError):
        for part in begun or ():
            yield part
            seen += len(part)
        if begun is not None:
            return
    for part in decoded(header.path, records.read(file, header, chunk, parallel=parallel, whole=whole)):
        if seen < len(part):
            yield part[seen:]
        seen = max(seen - len(part), 0)


class _Converter:
    """Turns raw records into quanta, and refuses what lies outside the box."""

    def __init__(self, header: LasHeader, *, check_box: bool) -> None:
        self.header, self.check_box = header, check_box and header.count > 0
        self.limits = point_limits(header) if self.check_box else None
        late = header.point_format >= 6
        self.layout = (16, 0xFF, 0x04) if late else (15, 0x1F, 0x80)
        self.whole = _whole_quanta(header.scales, header.offsets)
        self.metric = np.array(header.scales), np.array(header.offsets)
        ends = [limit * self.metric[0] + self.metric[1] for limit in (integers.LOWEST, integers.HIGHEST)]
        self.ends = [(end * QUANTA_PER_METRE).tolist() for end in ends]

    def convert(self, records: NDArray[np.uint8]) -> PointChunk:
        if self.header.transform is not None:
            return self._moved(records, self.header.transform)
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
        self._require_free(records, lows, highs)
        self._require_heights(lows[2], highs[2])
        marks = self._marks(records, classification, withheld)
        points = PointChunk(e, n, z, classification, withheld, lows, highs, marks)
        if self.limits is not None:
            require_inside(self.header, points, *self.limits)
        return points

    def _moved(self, records: NDArray[np.uint8], transform: PointTransform) -> PointChunk:
        """Do the same, and move the points in between.

        Those of a plane come from exact quanta where scale and offset are such, so that it does not matter in which of
        two files with different offsets a point lies.
        """
        count = len(records)
        x, y, z = np.empty(count), np.empty(count), np.empty(count, np.int32)
        classification, withheld = np.empty(count, np.uint8), np.empty(count, np.bool_)
        extremes = np.empty((2, 3))
        units = np.full(3, float(QUANTA_PER_METRE))
        numbers = self.metric
        if transform.origin is None:
            units[:2] = 1.0
        elif self.whole is not None:
            units[:] = 1.0
            numbers = self.whole[0].astype(np.float64), self.whole[1].astype(np.float64)
        layout = records, *self.layout
        canonical.unrounded(*layout, *numbers, units, x, y, z, classification, withheld, extremes)
        self._require_free(records)
        self._require_heights(int(extremes[0, 2]), int(extremes[1, 2]))
        if self.check_box:
            ends = (_triple(extremes[0]), _triple(extremes[1]))
            require_inside_unmoved(self.header, (x, y, z), ends)
        e, n = moving.moved(transform, x, y, self.header.path)
        lows = int(e.min()), int(n.min()), int(extremes[0, 2])
        highs = int(e.max()), int(n.max()), int(extremes[1, 2])
        marks = self._marks(records, classification, withheld)
        return PointChunk(e, n, z, classification, withheld, lows, highs, marks)

    def _marks(
        self, records: NDArray[np.uint8], classification: NDArray[np.uint8], withheld: NDArray[np.bool_]
    ) -> Marks:
        """Count the marks, and mark overlap as withheld too if it is to be left out.

        Formats 0-5 have no flag for overlap but class 12 (LAS 1.4, tables 9 and 17).
        """
        flags = records[:, 15]
        if self.header.point_format >= 6:
            synthetic, key, overlap = 0x01, 0x02, (flags & 0x08) != 0
        else:
            synthetic, key, overlap = 0x20, 0x40, classification == _OVERLAP_CLASS
        if self.header.exclude_overlap:
            withheld |= overlap
        made_up, kept = (int(np.count_nonzero(flags & bit)) for bit in (synthetic, key))
        return Marks(made_up, kept, int(np.count_nonzero(overlap)))

    def _require_heights(self, low: int, high: int) -> None:
        if low < -(2**31) or high >= 2**31:
            words = {"low": f"{metres(low):.0f}", "high": f"{metres(high):.0f}"}
            raise FileError("file.height", path=self.header.path, **words)

    def _require_free(
        self, records: NDArray[np.uint8], lows: Quanta | None = None, highs: Quanta | None = None
    ) -> None:
        """Refuse points at the limits of their integers; the extremes tell at no cost that there are none."""
        for axis, name in enumerate("XYZ"):
            floor, ceiling = self.ends[0][axis] + 1, self.ends[1][axis] - 1  # a quantum for the rounding
            if lows and highs and floor < lows[axis] and highs[axis] < ceiling:
                continue
            raw = np.ascontiguousarray(records[:, 4 * axis : 4 * axis + 4]).view("<i4").ravel()
            for limit, end in zip((integers.LOWEST, integers.HIGHEST), self.ends, strict=True):
                count = int(np.count_nonzero(raw == limit))
                if count:
                    value = end[axis] / QUANTA_PER_METRE
                    raise integers.clamped(name, count, value).error(self.header.path)


def _triple(values: NDArray[np.float64]) -> Triple:
    x, y, z = values.tolist()
    return x, y, z


def _quanta(values: NDArray[np.int64]) -> Quanta:
    e, n, z = values.tolist()
    return e, n, z


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
