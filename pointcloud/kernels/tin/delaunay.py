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

from pointcloud.kernels.jit import Int, inlined, inner
from pointcloud.kernels.tin.buckets import CROWDED, Crowds, Frame, bucket, part
from pointcloud.kernels.tin.predicates import compare_ratios, orient, precedes

Ints = npt.NDArray[np.signedinteger[Any]]

Search = tuple[Ints, Frame, Int, Ints, Ints]
"""What finds triangles among points sorted by :func:`~pointcloud.kernels.tin.buckets.sort`.

``start``, ``frame`` and ``cols`` of that. ``known``, an int32 array (a power of two, 3), remembers triangles; those that
two rows of cells cross should find room. ``spent``, an int64 array (2,), counts points that were looked at and triangles
that were looked for.
"""

NONE = -1
"""No point: the edge lies on the hull."""

# Cotangent of the angle under which an edge is seen from the first disc over it, and what is added to it for as many
# square lengths of the edge as a point has room: more than half of these discs hold the point that is looked for.
_WIDE = 0.5
_SHORT = 0.35
_BEHIND = 1e200  # makes the cotangent larger than any, without a branch
_NO_ANGLE = 1e180  # larger than any cotangent of whole numbers below 2^51
_LIKE = 1e-15  # relative: cotangents that close may be equal
_WIDE_BOX = 12  # rows of buckets from which on it pays to look only at those parts that lie to the left
_A_ROW = 6  # points that could be looked at in the time that a row of buckets takes
# When to give up.
_USUAL, _SPARE, _OFTEN = 100, 25, 8


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


@inlined
def _left_in_row(
    low: float, high: float, ax: float, ay: float, ux: float, uy: float, west: float, east: float
) -> tuple[float, float]:
    """Return from where to where a row between two northings has places to the left of a to a + u, cut to a range.

    The second lies before the first where it has none.
    """
    if uy == 0.0:
        if (ux > 0.0 and high < ay) or (ux < 0.0 and low > ay):
            return east, west
        return west, east
    slope = ux / uy
    at_low, at_high = ax + slope * (low - ay), ax + slope * (high - ay)
    slack = 1.0 + 1e-12 * (abs(at_low) + abs(at_high))
    if uy > 0.0:
        return west, min(max(at_low, at_high) + slack, east)
    return max(min(at_low, at_high) - slack, west), east


@inner
def _room_in_crowd(search: Search, x: Int, y: Int) -> float:
    """Return the mean area of a point about a place."""
    start, frame, cols, _, _ = search
    at = bucket(frame, cols, x, y)
    here = start[at + 1] - start[at]
    return 1.0 / (frame[4] * frame[4] * here) if here > CROWDED else frame[5]


@inner
def _among_crowds(
    xy: Ints,
    z: Ints,
    search: Search,
    crowds: Crowds,
    a: Int,
    b: Int,
    box: tuple[float, float, float, float],
    seen: tuple[float, float, float, float],
    ties: bool,
    best: Int,
    least: float,
    next_least: float,
) -> tuple[Int, float, float, Int]:
    """Do what :func:`_look`, or with ``ties`` :func:`_break_tie`, does with the points of a box except one in it.

    ``seen`` is that, west, south, east and north; its west lies beyond its east if it is none. Parts of crowded buckets
    that touch it are passed over, as are other buckets that do. Also return how many points were looked at.
    """
    start, frame, cols, _, _ = search
    before, which, sides, first, fine = crowds
    west, south, _, _, per_quantum, _ = frame
    ax, ay = float(xy[a, 0]), float(xy[a, 1])
    ux, uy = float(xy[b, 0]) - ax, float(xy[b, 1]) - ay
    low, high = int((box[1] - south) * per_quantum), int((box[3] - south) * per_quantum)
    seen_left, seen_right, seen_low, seen_high = 0, -1, 0, -1
    if seen[0] <= seen[2]:
        seen_left, seen_right = int((seen[0] - west) * per_quantum), int((seen[2] - west) * per_quantum)
        seen_low, seen_high = int((seen[1] - south) * per_quantum), int((seen[3] - south) * per_quantum)
    looked: Int = np.int64(0)
    for row in range(low, high + 1):
        again = seen_low <= row <= seen_high
        from_x, to_x = _left_in_row(
            *(south + row / per_quantum, south + (row + 1) / per_quantum, ax, ay, ux, uy, box[0], box[2])
        )
        looked += _A_ROW
        if from_x > to_x:
            continue
        col, right = int((from_x - west) * per_quantum), int((to_x - west) * per_quantum)
        h = before[row * cols + col]
        while col <= right:
            stop = right + 1  # before the next crowded bucket
            if h < before[row * cols + right + 1]:
                stop = which[h] - row * cols
            for turn in range(2):  # what lies to the west and to the east of what was seen
                begin, end = col, stop
                if again and turn == 0:
                    end = min(stop, seen_left)
                elif again:
                    begin = max(col, seen_right + 1)
                elif turn == 1:
                    break
                if begin < end:
                    i, j = start[row * cols + begin], start[row * cols + end]
                    looked += j - i
                    if ties:
                        best = _break_tie(xy, z, i, j, a, b, best, least)
                    else:
                        best, least, next_least = _look(xy, i, j, ax, ay, ux, uy, best, least, next_least)
            if stop <= right:
                side, ends = sides[h], first[h]
                y0, y1 = part(box[1], south, per_quantum, row, side), part(box[3], south, per_quantum, row, side)
                s0, s1, t0, t1 = 0, -1, 0, -1
                if again and seen_left <= stop <= seen_right:
                    s0, s1 = part(seen[0], west, per_quantum, stop, side), part(seen[2], west, per_quantum, stop, side)
                    t0, t1 = part(seen[1], south, per_quantum, row, side), part(seen[3], south, per_quantum, row, side)
                for y in range(y0, y1 + 1):
                    line, finer = ends + y * side, per_quantum * side
                    from_x, to_x = _left_in_row(
                        south + (row * side + y) / finer,
                        south + (row * side + y + 1) / finer,
                        *(ax, ay, ux, uy, box[0], box[2]),
                    )
                    looked += _A_ROW
                    if from_x > to_x:
                        continue
                    x0, x1 = part(from_x, west, per_quantum, stop, side), part(to_x, west, per_quantum, stop, side)
                    for turn in range(2):
                        begin, end = x0, x1 + 1
                        if t0 <= y <= t1 and turn == 0:
                            end = min(end, s0)
                        elif t0 <= y <= t1:
                            begin = max(begin, s1 + 1)
                        elif turn == 1:
                            break
                        if begin < end:
                            i, j = fine[line + begin], fine[line + end]
                            looked += j - i
                            if ties:
                                best = _break_tie(xy, z, i, j, a, b, best, least)
                            else:
                                best, least, next_least = _look(xy, i, j, ax, ay, ux, uy, best, least, next_least)
                h += 1
            col = stop + 1
    return best, least, next_least, looked


@inner
def _look_left(
    xy: Ints,
    search: Search,
    a: Int,
    b: Int,
    low_x: float,
    high_x: float,
    rect: tuple[Int, Int, Int, Int],
    seen: tuple[Int, Int, Int, Int],
    best: Int,
    least: float,
    next_least: float,
) -> tuple[Int, float, float, Int]:
    """Do what :func:`_look` does with the points of a rectangle of buckets, except those of one in it.

    Of each row only the buckets to the left of a-b, between two eastings: half of a large disc's box lies to the right,
    and beside an edge of the hull nearly all. Also return how many points were looked at.
    """
    start, frame, cols, _, _ = search
    west, south, _, _, per_quantum, _ = frame
    ax, ay = float(xy[a, 0]), float(xy[a, 1])
    ux, uy = float(xy[b, 0]) - ax, float(xy[b, 1]) - ay
    looked: Int = np.int64(0)
    for row in range(rect[2], rect[3] + 1):
        looked += _A_ROW
        from_x, to_x = _left_in_row(
            *(south + row / per_quantum, south + (row + 1) / per_quantum, ax, ay, ux, uy, low_x, high_x)
        )
        if from_x > to_x:
            continue
        begin = row * cols + int((from_x - west) * per_quantum)
        end = row * cols + int((to_x - west) * per_quantum) + 1
        i, j = start[begin], start[end]
        if seen[2] <= row <= seen[3]:
            before = start[min(row * cols + seen[0], end)]
            best, least, next_least = _look(xy, i, before, ax, ay, ux, uy, best, least, next_least)
            looked += max(before - i, 0)
            i = start[max(row * cols + seen[1] + 1, begin)]
        best, least, next_least = _look(xy, i, j, ax, ay, ux, uy, best, least, next_least)
        looked += max(j - i, 0)
    return best, least, next_least, looked


@inner
def apex(xy: Ints, z: Ints, search: Search, crowds: Crowds | None, a: Int, b: Int) -> Int:
    """Return the point that makes a Delaunay triangle with the edge a-b, on its left.

    Parameters
    ----------
    xy, z
        Points by buckets, from :func:`~pointcloud.kernels.tin.buckets.sort`; their coordinates at most
        :data:`~pointcloud.kernels.tin.predicates.REACH` in absolute value.
    search : Search
    a, b : int
        An edge of the triangulation, its ends the lowest points in their places.

    Returns
    -------
    int
        :data:`NONE` if no point lies to the left.
    """
    start, frame, cols, _, spent = search
    ax, ay = float(xy[a, 0]), float(xy[a, 1])
    ux, uy = float(xy[b, 0]) - ax, float(xy[b, 1]) - ay
    west, south, east, north, per_quantum, room = frame
    if crowds is not None:
        room = _room_in_crowd(search, xy[a, 0], xy[a, 1])
    length2 = ux * ux + uy * uy
    all2 = (east - west) ** 2 + (north - south) ** 2
    cotangent = _WIDE + _SHORT * room / length2
    best: Int = np.int64(NONE)
    least = next_least = _NO_ANGLE
    left, right, bottom, top = 0, -1, 0, -1  # columns and rows of buckets that were looked at
    looked: Int = np.int64(0)
    seen_box = 0.0, 0.0, -1.0, -1.0
    while True:
        whole = length2 * cotangent * cotangent > 16.0 * all2  # the disc is as good as a half plane
        low_x, low_y, high_x, high_y = west, south, east, north
        if not whole:
            low_x, low_y, high_x, high_y = _left_part(ax, ay, ux, uy, cotangent)
            low_x, low_y, high_x, high_y = (
                max(low_x, west),
                max(low_y, south),
                min(high_x, east),
                min(high_y, north),
            )
        if crowds is not None:
            box = low_x, low_y, high_x, high_y
            best, least, next_least, more = _among_crowds(
                xy, z, search, crowds, a, b, box, seen_box, False, best, least, next_least
            )
            seen_box = box
            looked += more
            if whole or least <= cotangent:
                break
            cotangent = min(1.0 + 2.0 * cotangent, least * (1.0 + _LIKE))
            continue
        first = int((low_x - west) * per_quantum)
        last = int((high_x - west) * per_quantum)
        low = int((low_y - south) * per_quantum)
        high = int((high_y - south) * per_quantum)
        if high - low >= _WIDE_BOX:
            rect, seen_rect = (first, last, low, high), (left, right, bottom, top)
            best, least, next_least, more = _look_left(
                xy, search, a, b, low_x, high_x, rect, seen_rect, best, least, next_least
            )
            looked += more
        else:
            for row in range(low, high + 1):
                begin, end = start[row * cols + first], start[row * cols + last + 1]
                if bottom <= row <= top:
                    seen = start[row * cols + left]
                    best, least, next_least = _look(xy, begin, seen, ax, ay, ux, uy, best, least, next_least)
                    begin = start[row * cols + right + 1]
                best, least, next_least = _look(xy, begin, end, ax, ay, ux, uy, best, least, next_least)
            looked += 3 * (high - low + 1) * (last - first + 1)  # near enough, and no work for each row
        left, right, bottom, top = first, last, low, high
        if whole or least <= cotangent:
            break
        cotangent = min(1.0 + 2.0 * cotangent, least * (1.0 + _LIKE))
    if best != NONE and next_least <= least + _LIKE * abs(least):
        if crowds is not None:
            nothing = 0.0, 0.0, -1.0, -1.0
            best, _, _, more = _among_crowds(
                xy, z, search, crowds, a, b, seen_box, nothing, True, best, least, next_least
            )
            looked += more
        for row in range(bottom, top + 1):
            begin, end = start[row * cols + left], start[row * cols + right + 1]
            best = _break_tie(xy, z, begin, end, a, b, best, least)
            looked += end - begin
    spent[0] += looked
    spent[1] += 1
    return best


@inlined
def too_long(xy: Ints, search: Search) -> bool:
    """Whether so many points were looked at that all triangles at once would have been found sooner."""
    spent = search[4]
    return bool(spent[0] > _USUAL * spent[1] + _SPARE * xy.shape[0] or spent[1] > _OFTEN * xy.shape[0])


@inner
def beside(xy: Ints, z: Ints, search: Search, crowds: Crowds | None, a: Int, b: Int) -> Int:
    """Return what :func:`apex` does, or NONE if that is :func:`too_long`; what was found is remembered."""
    known = search[3]
    at = _slot(known, a, b)
    if known[at, 0] == a and known[at, 1] == b:
        return np.int64(known[at, 2])
    if too_long(xy, search):
        return np.int64(NONE)
    p = apex(xy, z, search, crowds, a, b)
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
def first_triangle(xy: Ints, z: Ints, search: Search, crowds: Crowds | None) -> tuple[Int, Int, Int]:
    """Return a Delaunay triangle, counter-clockwise; three times :data:`NONE` if all points lie on one line.

    It is the first of this search.

    A point and the nearest to it make an edge: the disc over it holds no other point.
    """
    start, frame, cols, known, spent = search
    known[:], spent[:] = NONE, 0
    none = np.int64(NONE)
    if xy.shape[0] < 3:
        return none, none, none
    a: Int = _lowest_in_place(xy, z, start, frame, cols, np.int64(xy.shape[0] // 2))
    b = _nearest(xy, start, frame, cols, a)
    if b == NONE:
        return none, none, none
    b = _lowest_in_place(xy, z, start, frame, cols, b)
    c = apex(xy, z, search, crowds, a, b)
    if c == NONE:
        a, b = b, a
        c = apex(xy, z, search, crowds, a, b)
    if c == NONE:
        return none, none, none
    return a, b, c


@inner
def _lowest_in_place(xy: Ints, z: Ints, start: Ints, frame: Frame, cols: Int, a: Int) -> Int:
    """Return the lowest of the points that share the coordinates of a."""
    k = bucket(frame, cols, xy[a, 0], xy[a, 1])
    for i in range(start[k], start[k + 1]):
        if xy[i, 0] == xy[a, 0] and xy[i, 1] == xy[a, 1] and _below(z, i, a):
            a = np.int64(i)
    return a


@inner
def _nearest(xy: Ints, start: Ints, frame: Frame, cols: Int, a: Int) -> Int:
    """Return the point nearest to a in another place, or :data:`NONE`."""
    x, y = np.int64(xy[a, 0]), np.int64(xy[a, 1])
    at = bucket(frame, cols, x, y)
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
