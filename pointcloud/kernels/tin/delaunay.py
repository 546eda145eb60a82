"""Delaunay triangles of integer points, found one by one when they are asked for.

The triangle beside an edge has for its apex the point that sees the edge under the largest angle: no other point lies
in their disc (Delaunay 1934). It is looked for in the buckets that a narrow disc over the edge touches, then in those
of the disc through what was found; all other buckets lie beyond that disc and cannot hold a better one. So the work
goes with the triangles that somebody wants, not with all points: a raster wants those that its rows of cell centres
cross.

Four cocircular points keep the diagonal that holds the lexicographically smallest (E, N): that is the Delaunay
triangulation of a lifting map in which smaller points are pulled down by infinitely larger amounts, so it exists, is
unique, and depends on the coordinates alone, not on the order of points or on the window they were cut from. Of points
in one place the lowest counts.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, inlined, inner, kernel
from pointcloud.kernels.tin.predicates import compare_ratios, orient, precedes

Ints = npt.NDArray[np.signedinteger[Any]]

Frame = tuple[float, float, float, float, float, float]
"""What the buckets cover: west, south, east and north in quanta; buckets a quantum; mean area of a point."""

NONE = -1
"""No point: the edge lies on the hull."""

_FEW = 1.5  # points a bucket, on average: more take longer to look at, fewer are more buckets to visit
# Cotangent of the angle under which an edge is seen from the first disc over it, and what is added to it for as many
# square lengths of the edge as a point has room: more than half of these discs hold the point that is looked for.
_WIDE = 0.5
_SHORT = 0.35
_BEHIND = 1e200  # makes the cotangent larger than any, without a branch
_NO_ANGLE = 1e180  # larger than any cotangent of whole numbers below 2^51
_LIKE = 1e-15  # relative: cotangents that close may be equal


def bucket_frame(reach_x: int, reach_y: int, points: int) -> tuple[Frame, int, int]:
    """Return the frame of a window from its half sides in quanta, and how many rows and columns of buckets it has."""
    room = 4.0 * reach_x * reach_y / max(points, 1)
    per_quantum = 1.0 / math.sqrt(_FEW * room)
    frame = (-float(reach_x), -float(reach_y), float(reach_x), float(reach_y), per_quantum, room)
    return frame, int(2 * reach_y * per_quantum) + 1, int(2 * reach_x * per_quantum) + 1


@inner
def _bucket(frame: Frame, cols: Int, x: Int, y: Int) -> Int:
    return int((y - frame[1]) * frame[4]) * cols + int((x - frame[0]) * frame[4])


@kernel
def sort(xy: Ints, z: Ints, frame: Frame, cols: Int, start: Ints, out_xy: Ints, out_z: Ints) -> None:
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
    """
    start[:] = 0
    for i in range(xy.shape[0]):
        start[_bucket(frame, cols, xy[i, 0], xy[i, 1]) + 2] += 1
    for k in range(2, start.shape[0]):
        start[k] += start[k - 1]
    for i in range(xy.shape[0]):  # start[bucket + 1] runs from where the bucket begins to where it ends
        bucket = _bucket(frame, cols, xy[i, 0], xy[i, 1])
        at = start[bucket + 1]
        start[bucket + 1] = at + 1
        out_xy[at, 0], out_xy[at, 1], out_z[at] = xy[i, 0], xy[i, 1], z[i]


@inner
def _below(z: Ints, a: Int, b: Int) -> bool:
    """Whether of two points in one place the first counts: the lowest, and always the same of equal ones."""
    return bool(z[a] < z[b] or (z[a] == z[b] and a < b))


@inner
def _wins_tie(xy: Ints, z: Ints, a: Int, b: Int, old: Int, new: Int) -> bool:
    """Whether of two points on the left of a-b, on one circle with them, the new one makes the triangle."""
    ax, ay, bx, by = np.int64(xy[a, 0]), np.int64(xy[a, 1]), np.int64(xy[b, 0]), np.int64(xy[b, 1])
    px, py = np.int64(xy[old, 0]), np.int64(xy[old, 1])
    qx, qy = np.int64(xy[new, 0]), np.int64(xy[new, 1])
    if px == qx and py == qy:
        return _below(z, new, old)
    next_to_b = orient(bx, by, px, py, qx, qy) < 0  # counter-clockwise a, b, new, old; else a, b, old, new
    first_is_a, first_new = precedes(ax, ay, bx, by), precedes(qx, qy, px, py)
    first_x, first_y = (ax, ay) if first_is_a else (bx, by)
    mine_x, mine_y = (qx, qy) if first_new else (px, py)
    if precedes(mine_x, mine_y, first_x, first_y):
        return first_new  # all triangles meet there
    # triangles from a reach the point after b first, those from b the one before a
    return first_is_a == next_to_b


@inlined
def _look(
    xy: Ints,
    begin: Int,
    end: Int,
    ax: float,
    ay: float,
    ux: float,
    uy: float,
    best: Int,
    least: float,
    next_least: float,
) -> tuple[Int, float, float]:
    """Return which of some points and the best so far sees the edge a to a + u, to whose left it lies, best.

    With it come the least and the second least cotangent of the angles. They are quotients of exact numbers, so they
    err by one rounding; points that they do not tell apart are left to :func:`_break_tie`. There is no branch here:
    half of the points lie to the right, and no processor can guess which.
    """
    for i in range(begin, end):
        px, py = float(xy[i, 0]) - ax, float(xy[i, 1]) - ay
        cross = ux * py - uy * px
        dot = px * (px - ux) + py * (py - uy) + (_BEHIND - math.copysign(_BEHIND, cross - 0.5))
        cotangent = dot / max(abs(cross), 1.0)
        best = i if cotangent < least else best
        next_least = min(next_least, max(least, cotangent))
        least = min(least, cotangent)
    return best, least, next_least


@inner
def _break_tie(xy: Ints, z: Ints, begin: Int, end: Int, a: Int, b: Int, best: Int, least: float) -> Int:
    """Return the better of the best so far and those points that see a-b under an angle like ``least``, exactly."""
    ax, ay = np.int64(xy[a, 0]), np.int64(xy[a, 1])
    ux, uy = xy[b, 0] - ax, xy[b, 1] - ay
    for i in range(begin, end):
        px, py = xy[i, 0] - ax, xy[i, 1] - ay
        cross, dot = ux * py - uy * px, px * (px - ux) + py * (py - uy)
        if cross <= 0 or float(dot) / float(cross) > least + _LIKE * abs(least):
            continue
        qx, qy = xy[best, 0] - ax, xy[best, 1] - ay
        order = compare_ratios(dot, cross, qx * (qx - ux) + qy * (qy - uy), ux * qy - uy * qx)
        if order < 0 or (order == 0 and i != best and _wins_tie(xy, z, a, b, best, i)):
            best = np.int64(i)
    return best


@inner
def _left_part(
    ax: float, ay: float, ux: float, uy: float, cotangent: float
) -> tuple[float, float, float, float]:
    """Return west, south, east and north of that part of a disc which lies to the left of its chord a to a + u.

    From its arc the chord is seen under the angle of that cotangent.
    """
    x, y = ax + 0.5 * (ux - cotangent * uy), ay + 0.5 * (uy + cotangent * ux)
    radius = 0.5 * math.sqrt((ux * ux + uy * uy) * (1.0 + cotangent * cotangent))
    west, east = min(ax, ax + ux), max(ax, ax + ux)
    south, north = min(ay, ay + uy), max(ay, ay + uy)
    turn = ux * (y - ay) - uy * (x - ax)  # of the centre; those of the outermost points follow from it
    if turn + uy * radius > 0.0:
        west = x - radius
    if turn - uy * radius > 0.0:
        east = x + radius
    if turn - ux * radius > 0.0:
        south = y - radius
    if turn + ux * radius > 0.0:
        north = y + radius
    slack = 1.0 + 1e-12 * radius  # far above rounding
    return west - slack, south - slack, east + slack, north + slack


@inner
def apex(xy: Ints, z: Ints, start: Ints, frame: Frame, cols: Int, a: Int, b: Int) -> Int:
    """Return the point that makes a Delaunay triangle with the edge a-b, on its left.

    Parameters
    ----------
    xy, z, start, frame, cols
        Points by buckets, from :func:`sort`; their coordinates at most
        :data:`~pointcloud.kernels.tin.predicates.REACH` in absolute value.
    a, b : int
        An edge of the triangulation, its ends the lowest points in their places.

    Returns
    -------
    int
        :data:`NONE` if no point lies to the left.
    """
    ax, ay = float(xy[a, 0]), float(xy[a, 1])
    ux, uy = float(xy[b, 0]) - ax, float(xy[b, 1]) - ay
    west, south, east, north, per_quantum, room = frame
    length2 = ux * ux + uy * uy
    all2 = (east - west) ** 2 + (north - south) ** 2
    cotangent = _WIDE + _SHORT * room / length2
    best: Int = np.int64(NONE)
    least = next_least = _NO_ANGLE
    left, right, bottom, top = 0, -1, 0, -1  # columns and rows of buckets that were looked at
    while True:
        whole = length2 * cotangent * cotangent > 16.0 * all2  # the disc is as good as a half plane
        low_x, low_y, high_x, high_y = west, south, east, north
        if not whole:
            low_x, low_y, high_x, high_y = _left_part(ax, ay, ux, uy, cotangent)
        first = int((max(low_x, west) - west) * per_quantum)
        last = int((min(high_x, east) - west) * per_quantum)
        low = int((max(low_y, south) - south) * per_quantum)
        high = int((min(high_y, north) - south) * per_quantum)
        for row in range(low, high + 1):
            begin, end = start[row * cols + first], start[row * cols + last + 1]
            if bottom <= row <= top:
                seen = start[row * cols + left]
                best, least, next_least = _look(xy, begin, seen, ax, ay, ux, uy, best, least, next_least)
                begin = start[row * cols + right + 1]
            best, least, next_least = _look(xy, begin, end, ax, ay, ux, uy, best, least, next_least)
        left, right, bottom, top = first, last, low, high
        if whole or least <= cotangent:
            break
        cotangent = min(1.0 + 2.0 * cotangent, least * (1.0 + _LIKE))
    if best != NONE and next_least <= least + _LIKE * abs(least):
        for row in range(bottom, top + 1):
            begin, end = start[row * cols + left], start[row * cols + right + 1]
            best = _break_tie(xy, z, begin, end, a, b, best, least)
    return best


@inner
def beside(xy: Ints, z: Ints, start: Ints, frame: Frame, cols: Int, known: Ints, a: Int, b: Int) -> Int:
    """Return what :func:`apex` does, remembered in ``known``, an int32 array (a power of two, 3), -1 on entry."""
    at = _slot(known, a, b)
    if known[at, 0] == a and known[at, 1] == b:
        return np.int64(known[at, 2])
    p = apex(xy, z, start, frame, cols, a, b)
    known[at, 0], known[at, 1], known[at, 2] = a, b, p
    if p != NONE:
        at = _slot(known, b, p)
        known[at, 0], known[at, 1], known[at, 2] = b, p, a
        at = _slot(known, p, a)
        known[at, 0], known[at, 1], known[at, 2] = p, a, b
    return p


@inner
def _slot(known: Ints, a: Int, b: Int) -> Int:
    mixed = np.int64(a) * 0x9E3779B1 + np.int64(b) * 0x85EBCA6B
    slot: Int = (mixed >> 16) & (known.shape[0] - 1)  # the middle bits depend on all of both numbers
    return slot


@inner
def first_triangle(xy: Ints, z: Ints, start: Ints, frame: Frame, cols: Int) -> tuple[Int, Int, Int]:
    """Return a Delaunay triangle, counter-clockwise; three times :data:`NONE` if all points lie on one line.

    A point and the nearest to it make an edge: the disc over it holds no other point.
    """
    none = np.int64(NONE)
    if xy.shape[0] < 3:
        return none, none, none
    a: Int = _lowest_in_place(xy, z, start, frame, cols, np.int64(xy.shape[0] // 2))
    b = _nearest(xy, start, frame, cols, a)
    if b == NONE:
        return none, none, none
    b = _lowest_in_place(xy, z, start, frame, cols, b)
    c = apex(xy, z, start, frame, cols, a, b)
    if c == NONE:
        a, b = b, a
        c = apex(xy, z, start, frame, cols, a, b)
    if c == NONE:
        return none, none, none
    return a, b, c


@inner
def _lowest_in_place(xy: Ints, z: Ints, start: Ints, frame: Frame, cols: Int, a: Int) -> Int:
    """Return the lowest of the points that share the coordinates of a."""
    k = _bucket(frame, cols, xy[a, 0], xy[a, 1])
    for i in range(start[k], start[k + 1]):
        if xy[i, 0] == xy[a, 0] and xy[i, 1] == xy[a, 1] and _below(z, i, a):
            a = np.int64(i)
    return a


@inner
def _nearest(xy: Ints, start: Ints, frame: Frame, cols: Int, a: Int) -> Int:
    """Return the point nearest to a in another place, or :data:`NONE`."""
    x, y = np.int64(xy[a, 0]), np.int64(xy[a, 1])
    at = _bucket(frame, cols, x, y)
    row, col, rows = at // cols, at % cols, (start.shape[0] - 2) // cols
    best, least2 = np.int64(NONE), np.inf
    for ring in range(max(rows, cols)):
        for r in range(max(row - ring, 0), min(row + ring, rows - 1) + 1):
            step = 1 if abs(r - row) == ring else max(2 * ring, 1)
            for c in range(col - ring, col + ring + 1, step):
                if not 0 <= c < cols:
                    continue
                for i in range(start[r * cols + c], start[r * cols + c + 1]):
                    dx, dy = float(xy[i, 0] - x), float(xy[i, 1] - y)
                    if 0.0 < dx * dx + dy * dy < least2:
                        best, least2 = np.int64(i), dx * dx + dy * dy
        clear = (ring - 1) / frame[4]  # at least so far away is all that was not looked at
        if ring > 0 and least2 <= clear * clear:
            break
    return best
