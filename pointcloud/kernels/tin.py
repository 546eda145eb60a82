"""Heights at cell centres from a triangulation: which triangle holds a centre, and its plane there.

Rows of centres are walked to and fro, from each triangle through the edge that the next centre lies beyond (Lawson
1977; on Delaunay triangulations such a walk ends, Edelsbrunner 1990).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.delaunay import NONE, Frame, beside, first_triangle
from pointcloud.kernels.jit import Int, inlined, inner, kernel
from pointcloud.kernels.predicates import orient, precedes

Ints = npt.NDArray[np.signedinteger[Any]]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# What a cell of the work array holds besides a height: one array, so that a hit touches one cache line.
UNSEEN = np.nan  # no triangle holds its centre
TOO_WIDE = np.inf  # lies in a final triangle whose disc is wider than the largest gap
OPEN = -np.inf  # lies in a triangle that points beyond the window might break

_LARGE = 2 * 6  # twice the area, in cells, of a triangle from which on it pays to fill it at once
_SPAN_FROM = 12  # cells of a triangle's box from which on it pays to find each row's span first
_EXACT = 2.0**62

_MARGIN = 10.0  # quanta

_SLACK = 1e-12  # relative, on the squared width: cocircular triangles share one disc but round it differently


@inner
def _first(xy: Ints, a: Int, b: Int) -> bool:
    """Whether point a comes before point b in lexicographic order of (E, N)."""
    return precedes(xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1])


@inner
def _along(xy: Ints, z: Ints, a: Int, b: Int, x: Int, y: Int) -> float:
    """Return the height (quanta) at x, y on the edge between the points a and b.

    It comes from the edge's two points alone, the smaller first, so that both triangles beside it give the same bits.
    """
    if _first(xy, b, a):
        a, b = b, a
    run = np.int64(xy[b, 0]) - xy[a, 0]
    if run != 0:
        share = float(x - xy[a, 0]) / float(run)
    else:
        share = float(y - xy[a, 1]) / float(np.int64(xy[b, 1]) - xy[a, 1])
    return float(z[a]) + share * float(np.int64(z[b]) - z[a])


@inner
def _height(xy: Ints, z: Ints, a: Int, b: Int, c: Int, wa: Int, wb: Int, wc: Int, x: Int, y: Int) -> float:
    """Return the height (quanta) at x, y inside or on the edge of the triangle a, b, c.

    wa, wb, wc are twice the areas opposite to each corner. Weighted with the heights above the lowest corner they
    sum exactly in 64 bits, so the order of the corners does not matter; a triangle too large for that is taken
    relative to its smallest point.
    """
    if wa == 0:
        return _along(xy, z, b, c, x, y)
    if wb == 0:
        return _along(xy, z, a, c, x, y)
    if wc == 0:
        return _along(xy, z, a, b, x, y)
    area = wa + wb + wc
    base = np.int64(min(z[a], z[b], z[c]))
    ra, rb, rc = z[a] - base, z[b] - base, z[c] - base
    if float(area) * float(max(ra, rb, rc)) < _EXACT:
        return float(base) + float(wa * ra + wb * rb + wc * rc) / float(area)
    if _first(xy, b, a) and _first(xy, b, c):
        a, b, c = b, c, a
        wb, wc = wc, wa
        ra, rb, rc = rb, rc, ra
    elif _first(xy, c, a) and _first(xy, c, b):
        a, b, c = c, a, b
        wb, wc = wa, wb
        ra, rb, rc = rc, ra, rb
    if _first(xy, c, b):
        wb, wc = wc, wb
        rb, rc = rc, rb
    rise = float(wb) * float(rb - ra) + float(wc) * float(rc - ra)
    return float(base + ra) + rise / float(area)


@inner
def _squared_width(area: float, a2: float, b2: float, c2: float) -> float:
    """Return the squared width of a triangle's disc from twice its area and its squared sides, in any order."""
    short, long = min(a2, b2, c2), max(a2, b2, c2)
    middle = max(min(a2, b2), min(max(a2, b2), c2))
    return short * middle * long / (area * area)


@inlined
def _corners(xy: Ints, a: Int, b: Int, c: Int) -> tuple[Int, Int, Int, Int, Int, Int]:
    """Return x and y of three points."""
    ax, ay = np.int64(xy[a, 0]), np.int64(xy[a, 1])
    bx, by = np.int64(xy[b, 0]), np.int64(xy[b, 1])
    cx, cy = np.int64(xy[c, 0]), np.int64(xy[c, 1])
    return ax, ay, bx, by, cx, cy


@inner
def _width(xy: Ints, a: Int, b: Int, c: Int) -> float:
    """Return the width of a triangle's disc, the same from whichever corner it is looked at."""
    ax, ay = np.int64(xy[a, 0]), np.int64(xy[a, 1])
    bx, by = xy[b, 0] - ax, xy[b, 1] - ay
    cx, cy = xy[c, 0] - ax, xy[c, 1] - ay
    a2 = float((cx - bx) * (cx - bx) + (cy - by) * (cy - by))
    area = float(bx * cy - by * cx)
    return math.sqrt(_squared_width(area, a2, float(bx * bx + by * by), float(cx * cx + cy * cy)))


@inner
def _mark(
    ax: Int, ay: Int, bx: Int, by: Int, cx: Int, cy: Int, gap2: float, near: float, unread: Ints
) -> float:
    """Return what the triangle says of the cells in it: OPEN, TOO_WIDE or, if it is accepted, 0.

    It is final if its disc stays clear of what was not read, by a margin (1 mm, and more for discs of kilometres)
    far above rounding; ``near`` is at most how far the corner a is from there. The squared width is computed in an
    order of the sides that does not depend on which corner comes first.
    """
    bx, by = bx - ax, by - ay
    cx, cy = cx - ax, cy - ay
    area = float(bx * cy - by * cx)
    b2, c2 = float(bx * bx + by * by), float(cx * cx + cy * cy)
    a2 = float((cx - bx) * (cx - bx) + (cy - by) * (cy - by))
    width2 = _squared_width(area, a2, b2, c2)
    near -= _MARGIN
    if near < 0.0 or width2 >= near * near:  # else the disc, which holds a, is clear of it
        radius = 0.5 * math.sqrt(width2)
        radius += _MARGIN + 1e-8 * radius
        x = float(ax) + (float(cy) * b2 - float(by) * c2) * 0.5 / area
        y = float(ay) + (float(bx) * c2 - float(cx) * b2) * 0.5 / area
        for k in range(unread.shape[0]):
            over_x = max(float(unread[k, 0]) - x, x - float(unread[k, 2]), 0.0)
            over_y = max(float(unread[k, 1]) - y, y - float(unread[k, 3]), 0.0)
            if over_x * over_x + over_y * over_y <= radius * radius:
                return OPEN
    return 0.0 if width2 <= gap2 else TOO_WIDE


@inner
def _walk(
    xy: Ints,
    z: Ints,
    start: Ints,
    frame: Frame,
    cols: Int,
    known: Ints,
    a: Int,
    b: Int,
    c: Int,
    x: Int,
    y: Int,
) -> tuple[Int, Int, Int, Int, Int, Int]:
    """Go from the triangle a, b, c to the one that holds x, y.

    Return its corners, counter-clockwise, and twice the areas opposite to each. If one of these is negative there is
    no such triangle, and an edge of this one is what lies between.
    """
    ax, ay, bx, by, cx, cy = _corners(xy, a, b, c)
    wa, wb, wc = orient(bx, by, cx, cy, x, y), orient(cx, cy, ax, ay, x, y), orient(ax, ay, bx, by, x, y)
    while (wa | wb | wc) < 0:  # one is negative
        if wa < 0:  # turned so that it is that of the edge a-b
            a, b, c, ax, ay, bx, by, cx, cy = b, c, a, bx, by, cx, cy, ax, ay
            wa, wb, wc = wb, wc, wa
        elif wb < 0:
            a, b, c, ax, ay, bx, by, cx, cy = c, a, b, cx, cy, ax, ay, bx, by
            wa, wb, wc = wc, wa, wb
        p = beside(xy, z, start, frame, cols, known, b, a)
        if p == NONE:
            break
        a, b, c, ax, ay, bx, by = b, a, p, bx, by, ax, ay
        cx, cy = np.int64(xy[c, 0]), np.int64(xy[c, 1])
        wa, wb, wc = orient(bx, by, cx, cy, x, y), orient(cx, cy, ax, ay, x, y), -wc
    return a, b, c, wa, wb, wc


@inner
def _judge(xy: Ints, a: Int, b: Int, c: Int, gap2: float, reach: tuple[Int, Int], unread: Ints) -> float:
    """Return :func:`_mark` of the triangle a, b, c."""
    ax, ay, bx, by, cx, cy = _corners(xy, a, b, c)
    near = min(reach[0] - abs(int(ax)), reach[1] - abs(int(ay)))
    return _mark(ax, ay, bx, by, cx, cy, gap2, float(near), unread)


@inner
def _cross(ax: Int, ay: Int, bx: Int, by: Int, y: Int, span: npt.NDArray[np.float64]) -> None:
    """Widen ``span`` (lowest and highest x) by where the edge a-b meets the row y."""
    if min(ay, by) > y or max(ay, by) < y:
        return
    low = high = float(ax)
    if ay == by:
        low, high = min(low, float(bx)), max(high, float(bx))
    else:
        low = high = low + float(y - ay) / float(by - ay) * float(bx - ax)
    span[0] = min(span[0], low)
    span[1] = max(span[1], high)


@inner
def _fill(
    xy: Ints,
    z: Ints,
    a: Int,
    b: Int,
    c: Int,
    mark: float,
    origins: Ints,
    skips: tuple[Flags, ...],
    outs: tuple[Floats, ...],
    widths: tuple[Floats, ...] | None,
    span: Floats,
) -> None:
    """Do for all cells inside the triangle a, b, c what is done for the one that led to it.

    Those on its edges are left if another triangle may have a say.
    """
    ax, ay, bx, by, cx, cy = _corners(xy, a, b, c)
    north, south, west, east = max(ay, by, cy), min(ay, by, cy), min(ax, bx, cx), max(ax, bx, cx)
    area = orient(ax, ay, bx, by, cx, cy)
    sure = mark == 0.0 and widths is None
    for g in range(len(outs)):
        out, skip = outs[g], skips[g]
        x0, y0, cell = origins[g, 0], origins[g, 1], origins[g, 2]
        per_cell = 1.0 / cell
        top = max(0, math.ceil((y0 - north) * per_cell - 1e-6))
        bottom = min(out.shape[0] - 1, math.floor((y0 - south) * per_cell + 1e-6))
        left = max(0, math.ceil((west - x0) * per_cell - 1e-6))
        right = min(out.shape[1] - 1, math.floor((east - x0) * per_cell + 1e-6))
        large = (bottom - top) * (right - left) >= _SPAN_FROM
        for row in range(top, bottom + 1):
            y = y0 - row * cell
            first, last = left, right
            if large:
                span[0], span[1] = np.inf, -np.inf
                _cross(ax, ay, bx, by, y, span)
                _cross(bx, by, cx, cy, y, span)
                _cross(ax, ay, cx, cy, y, span)
                first = max(left, math.ceil((span[0] - x0) * per_cell - 1e-3))
                last = min(right, math.floor((span[1] - x0) * per_cell + 1e-3))
            x = x0 + first * cell
            wb, wc = orient(cx, cy, ax, ay, x, y), orient(ax, ay, bx, by, x, y)
            wa = area - wb - wc
            for col in range(first, last + 1):
                least = min(wa, wb, wc)
                if (least > 0 or (least == 0 and sure)) and not skip[row, col]:
                    if widths is not None:
                        width = _width(xy, a, b, c) if mark == 0.0 else np.inf
                        widths[g][row, col] = -width if mark == OPEN else width
                    x = x0 + col * cell
                    out[row, col] = _height(xy, z, a, b, c, wa, wb, wc, x, y) if mark == 0.0 else mark
                wb -= (ay - cy) * cell
                wc -= (by - ay) * cell
                wa -= (cy - by) * cell


@inner
def _meet(
    xy: Ints, a: Int, b: Int, c: Int, gap2: float, reach: tuple[Int, Int], unread: Ints, met: Floats
) -> None:
    """Add a triangle that holds a centre to ``met``: how many are accepted, are open; the narrowest disc."""
    mark = _judge(xy, a, b, c, gap2, reach, unread)
    met[0] += mark == 0.0
    met[1] += mark == OPEN
    if mark == 0.0:
        met[2] = min(met[2], _width(xy, a, b, c))


@inner
def _meet_others(
    xy: Ints,
    z: Ints,
    start: Ints,
    frame: Frame,
    cols: Int,
    known: Ints,
    a: Int,
    b: Int,
    c: Int,
    wa: Int,
    wb: Int,
    wc: Int,
    gap2: float,
    reach: tuple[Int, Int],
    unread: Ints,
    met: Floats,
) -> None:
    """Add to ``met`` the other triangles that hold a centre on an edge or a corner of a, b, c.

    Where there is none, points beyond the window might make one: that counts as one that is open.
    """
    while wc != 0 or (wa != 0 and wb == 0):  # turned so that the centre lies on a-b, and if on a corner on b
        a, b, c, wa, wb, wc = b, c, a, wb, wc, wa
    if wa != 0:  # between a and b
        p = beside(xy, z, start, frame, cols, known, b, a)
        if p == NONE:
            met[1] += 1
        else:
            _meet(xy, b, a, p, gap2, reach, unread, met)
        return
    end = c
    while True:  # around b, against the clock from the edge b-a on
        p = beside(xy, z, start, frame, cols, known, b, a)
        if p == NONE:
            break
        _meet(xy, b, a, p, gap2, reach, unread, met)
        a = p
        if a == end:
            return
    met[1] += 1
    while True:  # and with the clock from b-c
        p = beside(xy, z, start, frame, cols, known, c, b)
        if p == NONE:
            return
        _meet(xy, c, b, p, gap2, reach, unread, met)
        c = p


@kernel
def interpolate(
    xy: Ints,
    z: Ints,
    start: Ints,
    frame: Frame,
    cols: Int,
    known: Ints,
    gap: float,
    reach: tuple[Int, Int],
    unread: Ints,
    origins: Ints,
    skips: tuple[Flags, ...],
    outs: tuple[Floats, ...],
    widths: tuple[Floats, ...] | None,
) -> None:
    """Interpolate the cells whose triangle is final and at most ``gap`` wide.

    Parameters
    ----------
    xy, z, start, frame, cols
        Points by buckets, from :func:`pointcloud.kernels.delaunay.sort`, in quanta from the window's centre.
    known : int32 array (a power of two, 3)
        Work space of :func:`pointcloud.kernels.delaunay.beside`; triangles of two rows should find room.
    gap : float
        Widest disc in quanta; a disc through the corners of a triangle counts as this wide to 1 part in 10^12.
    reach : (int, int)
        Half the sides of the window that was read, in quanta.
    unread : int64 array (boxes, 4)
        West, south, east and north of boxes beside the window that hold every point which was not read, in quanta
        from its centre.
    origins : int64 array (grids, 3)
        Centre x, y of the north-west cell of each grid, and the side of its cells, in quanta.
    skips : tuple of bool arrays (rows, cols)
        True for cells that nobody wants.
    outs : tuple of float64 arrays (rows, cols)
        UNSEEN on entry; receive heights in quanta, OPEN or TOO_WIDE. Of several triangles that hold a centre on
        their edge, an accepted one decides, then an open one.
    widths : tuple of float64 arrays (rows, cols), optional
        Infinite on entry; receive the width in quanta of the narrowest accepted disc of a triangle that holds the
        centre, negative while a triangle across an edge through the centre is not known to be final. Without them
        their code is not compiled in.
    """
    gap2 = gap * gap * (1.0 + _SLACK)
    known[:] = NONE
    met, span = np.empty(3), np.empty(2)
    a, b, c = first_triangle(xy, z, start, frame, cols)
    if a == NONE:
        return
    mark = _judge(xy, a, b, c, gap2, reach, unread)
    judged = a, b, c
    forth = False
    bands = outs[0].shape[0]
    for out in outs:
        bands = min(bands, out.shape[0])
    for band in range(bands):  # rows of all grids beside each other, which cross the same triangles
        for g in range(len(outs)):
            out, skip = outs[g], skips[g]
            x0, y0, cell = origins[g, 0], origins[g, 1], origins[g, 2]
            share = out.shape[0] // bands
            for row in range(band * share, (band + 1) * share):
                y = y0 - row * cell
                forth = not forth
                for k in range(out.shape[1]):
                    col = k if forth else out.shape[1] - 1 - k
                    if skip[row, col] or out[row, col] == out[row, col]:  # nobody wants it, or it is known
                        continue
                    x = x0 + col * cell
                    a, b, c, wa, wb, wc = _walk(xy, z, start, frame, cols, known, a, b, c, x, y)
                    if (wa | wb | wc) < 0:
                        continue
                    if judged != (a, b, c):
                        mark = _judge(xy, a, b, c, gap2, reach, unread)
                        judged = a, b, c
                    here = mark
                    on_edge = wa == 0 or wb == 0 or wc == 0
                    if widths is not None or (on_edge and mark != 0.0):
                        met[0], met[1], met[2] = mark == 0.0, mark == OPEN, np.inf
                        if mark == 0.0:
                            met[2] = _width(xy, a, b, c)
                        if on_edge:
                            _meet_others(
                                *(xy, z, start, frame, cols, known, a, b, c, wa, wb, wc),
                                *(gap2, reach, unread, met),
                            )
                        here = 0.0 if met[0] > 0 else OPEN if met[1] > 0 else TOO_WIDE
                        if widths is not None:
                            widths[g][row, col] = -met[2] if met[1] > 0 else met[2]
                    if here == 0.0:
                        here = _height(xy, z, a, b, c, wa, wb, wc, x, y)
                    out[row, col] = here
                    if wa + wb + wc > _LARGE * cell * cell:
                        _fill(xy, z, a, b, c, mark, origins, skips, outs, widths, span)
