"""Points sorted by square buckets, and crowded buckets divided once more.

Buckets of equal size suit points of equal density. A scanner on a tripod leaves ten thousand times as many near its feet
as at the end of its reach: there a few buckets hold most points. Each of these is divided by a grid of its own.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, inlined, inner, kernel

Ints = npt.NDArray[np.signedinteger[Any]]

Frame = tuple[float, float, float, float, float, float]
"""What the buckets cover: west, south, east and north in quanta; buckets a quantum; mean area of a point."""

Crowds = tuple[Ints, Ints, Ints, Ints, Ints]
"""The crowded buckets: how many there are before each bucket; which they are; how many parts lie along a side of each;
where in the last array these begin; where the points of each part begin, and those of the last of a bucket end."""

CROWDED = 40
"""Points from which on a bucket is divided: of scattered ones none in 10^30 holds so many."""

_FEW = 1.5  # points a bucket, on average: more take longer to look at, fewer are more buckets to visit


def bucket_frame(reach_x: int, reach_y: int, points: int) -> tuple[Frame, int, int]:
    """Return the frame of a window from its half sides in quanta, and how many rows and columns of buckets it has."""
    room = 4.0 * reach_x * reach_y / max(points, 1)
    per_quantum = 1.0 / math.sqrt(_FEW * room)
    frame = (-float(reach_x), -float(reach_y), float(reach_x), float(reach_y), per_quantum, room)
    return frame, int(2 * reach_y * per_quantum) + 1, int(2 * reach_x * per_quantum) + 1


@inlined
def bucket(frame: Frame, cols: Int, x: Int, y: Int) -> Int:
    """Return the bucket of a place."""
    return int((y - frame[1]) * frame[4]) * cols + int((x - frame[0]) * frame[4])


@kernel
def sort(xy: Ints, z: Ints, frame: Frame, cols: Int, start: Ints, out_xy: Ints, out_z: Ints) -> Int:
    """Sort points by bucket.

    Parameters
    ----------
    xy : int32 array (n, 2)
        Coordinates in quanta within the frame.
    z : int32 array (n,)
        Heights in quanta.
    frame, cols
        From :func:`bucket_frame`.
    start : int32 array (buckets + 2,)
        Receives where the points of each bucket begin, row by row from the south, and where those of the last end.
    out_xy, out_z : int32 arrays (n, 2), (n,)
        Receive the points.

    Returns
    -------
    int
        How many buckets are crowded.
    """
    start[:] = 0
    for i in range(xy.shape[0]):
        start[bucket(frame, cols, xy[i, 0], xy[i, 1]) + 2] += 1
    crowded = 0
    for k in range(2, start.shape[0]):
        crowded += start[k] > CROWDED
        start[k] += start[k - 1]
    for i in range(xy.shape[0]):  # start[bucket + 1] runs from where the bucket begins to where it ends
        here = bucket(frame, cols, xy[i, 0], xy[i, 1])
        at = start[here + 1]
        start[here + 1] = at + 1
        out_xy[at, 0], out_xy[at, 1], out_z[at] = xy[i, 0], xy[i, 1], z[i]
    return np.int64(crowded)


@inlined
def part(place: float, low: float, per_quantum: float, at: Int, parts: Int) -> Int:
    """Return which part of the bucket number ``at`` along an axis a place is in, or the nearest to it.

    It never falls where the place grows, so all places between two lie in the parts between theirs.
    """
    return min(max(int((place - low) * (per_quantum * parts)) - at * parts, 0), parts - 1)


def divide(xy: Ints, z: Ints, frame: Frame, cols: int, start: Ints, crowded: int) -> Crowds:
    """Sort the points of each of the ``crowded`` buckets by part, in place."""
    which, sides = np.empty(crowded, np.int32), np.empty(crowded, np.int32)
    first = np.empty(crowded + 1, np.int64)
    before = np.zeros(start.shape[0] if crowded else 1, np.int32)
    most = _find(start, 1.0 / frame[4], before, which, sides, first) if crowded else 0
    fine = np.empty(first[crowded] if crowded else 0, np.int32)
    room = np.empty((most, 2), np.int32), np.empty(most, np.int32)
    _divide(xy, z, frame, cols, start, which, sides, first, fine, *room)
    return before, which, sides, first, fine


@kernel
def _find(start: Ints, quanta: float, before: Ints, which: Ints, sides: Ints, first: Ints) -> Int:
    """Find the crowded buckets, ``quanta`` wide; return how many points the fullest holds."""
    count, most = 0, 0
    first[0] = 0
    for k in range(start.shape[0] - 1):
        before[k] = count
        here = start[k + 1] - start[k]
        if here > CROWDED:
            which[count] = k
            sides[count] = max(min(int(math.sqrt(here / _FEW)), int(quanta)), 1)
            first[count + 1] = first[count] + sides[count] * sides[count] + 1
            count += 1
            most = max(most, here)
    before[start.shape[0] - 1] = count
    return np.int64(most)


@kernel
def _divide(
    xy: Ints,
    z: Ints,
    frame: Frame,
    cols: Int,
    start: Ints,
    which: Ints,
    sides: Ints,
    first: Ints,
    fine: Ints,
    room_xy: Ints,
    room_z: Ints,
) -> None:
    """Sort the points of the crowded buckets by part."""
    for h in range(which.shape[0]):
        row, col, side = which[h] // cols, which[h] % cols, sides[h]
        begin, end = start[which[h]], start[which[h] + 1]
        ends = fine[first[h] : first[h + 1]]
        ends[:] = 0
        for i in range(begin, end):
            room_xy[i - begin, 0], room_xy[i - begin, 1], room_z[i - begin] = xy[i, 0], xy[i, 1], z[i]
            ends[_part_of(frame, row, col, side, xy[i, 0], xy[i, 1])] += 1
        total = begin
        for k in range(side * side):  # where a part begins, for now
            ends[k], total = total, total + ends[k]
        for i in range(end - begin):
            k = _part_of(frame, row, col, side, room_xy[i, 0], room_xy[i, 1])
            at = ends[k]
            ends[k] = at + 1
            xy[at, 0], xy[at, 1], z[at] = room_xy[i, 0], room_xy[i, 1], room_z[i]
        for k in range(side * side, 0, -1):  # each part ends where the next one begins
            ends[k] = ends[k - 1]
        ends[0] = begin


@inner
def _part_of(frame: Frame, row: Int, col: Int, side: Int, x: Int, y: Int) -> Int:
    """Return the part of a bucket that a place lies in, row by row from the south."""
    return part(y, frame[1], frame[4], row, side) * side + part(x, frame[0], frame[4], col, side)
