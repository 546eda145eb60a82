"""Heights at cell centres from a triangulation: which triangle holds a centre, and its plane there.

Rows of centres are walked to and fro, from each triangle through the edge that the next centre lies beyond (Lawson
1977; on Delaunay triangulations such a walk ends, Edelsbrunner 1990).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, inner, kernel
from pointcloud.kernels.tin.buckets import Crowds
from pointcloud.kernels.tin.delaunay import NONE, Search, beside, first_triangle, too_long
from pointcloud.kernels.tin.predicates import orient
from pointcloud.kernels.tin.triangle import OPEN, TOO_WIDE, corners, disc_width, height_in, judge

Ints = npt.NDArray[np.signedinteger[Any]]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

UNSEEN = np.nan
"""What the work array holds where no triangle holds the centre; elsewhere a height, or OPEN or TOO_WIDE."""

_LARGE = 2 * 6  # twice the area, in cells, of a triangle from which on it pays to fill it at once
_SPAN_FROM = 12  # cells of a triangle's box from which on it pays to find each row's span first

SLACK = 1e-12  # relative, on the squared width: cocircular triangles share one disc but round it differently


@inner
def _walk(
    xy: Ints,
    z: Ints,
    search: Search,
    crowds: Crowds | None,
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
    ax, ay, bx, by, cx, cy = corners(xy, a, b, c)
    wa, wb, wc = orient(bx, by, cx, cy, x, y), orient(cx, cy, ax, ay, x, y), orient(ax, ay, bx, by, x, y)
    while (wa | wb | wc) < 0:  # one is negative
        if wa < 0:  # turned so that it is that of the edge a-b
            a, b, c, ax, ay, bx, by, cx, cy = b, c, a, bx, by, cx, cy, ax, ay
            wa, wb, wc = wb, wc, wa
        elif wb < 0:
            a, b, c, ax, ay, bx, by, cx, cy = c, a, b, cx, cy, ax, ay, bx, by
            wa, wb, wc = wc, wa, wb
        p = beside(xy, z, search, crowds, b, a)
        if p == NONE:
            break
        a, b, c, ax, ay, bx, by = b, a, p, bx, by, ax, ay
        cx, cy = np.int64(xy[c, 0]), np.int64(xy[c, 1])
        wa, wb, wc = orient(bx, by, cx, cy, x, y), orient(cx, cy, ax, ay, x, y), -wc
    return a, b, c, wa, wb, wc


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
    ax, ay, bx, by, cx, cy = corners(xy, a, b, c)
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
                        width = disc_width(xy, a, b, c) if mark == 0.0 else np.inf
                        widths[g][row, col] = -width if mark == OPEN else width
                    x = x0 + col * cell
                    out[row, col] = height_in(xy, z, a, b, c, wa, wb, wc, x, y) if mark == 0.0 else mark
                wb -= (ay - cy) * cell
                wc -= (by - ay) * cell
                wa -= (cy - by) * cell


@inner
def meet(
    xy: Ints, a: Int, b: Int, c: Int, gap2: float, reach: tuple[Int, Int], unread: Ints, met: Floats
) -> None:
    """Add a triangle that holds a centre to ``met``: how many are accepted, are open; the narrowest disc."""
    mark = judge(xy, a, b, c, gap2, reach, unread)
    met[0] += mark == 0.0
    met[1] += mark == OPEN
    if mark == 0.0:
        met[2] = min(met[2], disc_width(xy, a, b, c))


@inner
def _meet_others(
    xy: Ints,
    z: Ints,
    search: Search,
    crowds: Crowds | None,
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
        p = beside(xy, z, search, crowds, b, a)
        if p == NONE:
            met[1] += 1
        else:
            meet(xy, b, a, p, gap2, reach, unread, met)
        return
    end = c
    while True:  # around b, against the clock from the edge b-a on
        p = beside(xy, z, search, crowds, b, a)
        if p == NONE:
            break
        meet(xy, b, a, p, gap2, reach, unread, met)
        a = p
        if a == end:
            return
    met[1] += 1
    while True:  # and with the clock from b-c
        p = beside(xy, z, search, crowds, c, b)
        if p == NONE:
            return
        meet(xy, c, b, p, gap2, reach, unread, met)
        c = p


@kernel
def interpolate(
    xy: Ints,
    z: Ints,
    search: Search,
    crowds: Crowds | None,
    gap: float,
    reach: tuple[Int, Int],
    unread: Ints,
    origins: Ints,
    skips: tuple[Flags, ...],
    outs: tuple[Floats, ...],
    widths: tuple[Floats, ...] | None,
) -> bool:
    """Interpolate the cells whose triangle is final and at most ``gap`` wide.

    Parameters
    ----------
    xy, z
        Points by buckets, from :func:`pointcloud.kernels.tin.delaunay.sort`, in quanta from the window's centre.
    search : Search
    crowds : Crowds, optional
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

    Returns
    -------
    bool
        False if the search became :func:`~pointcloud.kernels.tin.delaunay.too_long` for these points. What is in
        ``outs`` and ``widths`` by then is right, and lacks some cells.
    """
    gap2 = gap * gap * (1.0 + SLACK)
    met, span = np.empty(3), np.empty(2)
    a, b, c = first_triangle(xy, z, search, crowds)
    if a == NONE:
        return True
    mark = judge(xy, a, b, c, gap2, reach, unread)
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
                    a, b, c, wa, wb, wc = _walk(xy, z, search, crowds, a, b, c, x, y)
                    if (wa | wb | wc) < 0:
                        if too_long(xy, search):
                            return False
                        continue
                    if judged != (a, b, c):
                        mark = judge(xy, a, b, c, gap2, reach, unread)
                        judged = a, b, c
                    here = mark
                    on_edge = wa == 0 or wb == 0 or wc == 0
                    if widths is not None or (on_edge and mark != 0.0):
                        met[0], met[1], met[2] = mark == 0.0, mark == OPEN, np.inf
                        if mark == 0.0:
                            met[2] = disc_width(xy, a, b, c)
                        if on_edge:
                            _meet_others(xy, z, search, crowds, a, b, c, wa, wb, wc, gap2, reach, unread, met)
                            if too_long(xy, search):
                                return False
                        here = 0.0 if met[0] > 0 else OPEN if met[1] > 0 else TOO_WIDE
                        if widths is not None:
                            widths[g][row, col] = -met[2] if met[1] > 0 else met[2]
                    if here == 0.0:
                        here = height_in(xy, z, a, b, c, wa, wb, wc, x, y)
                    out[row, col] = here
                    if wa + wb + wc > _LARGE * cell * cell:
                        _fill(xy, z, a, b, c, mark, origins, skips, outs, widths, span)
    return True


@kernel
def settle(work: Floats, widths: Floats | None, skip: Flags, pending: Flags) -> None:
    """Mark the cells that a wider window may change, and leave lengths and NaN alone in the arrays.

    Parameters
    ----------
    work, widths
        Of one grid, from :func:`interpolate`. Cells without terrain become NaN, widths positive.
    skip : bool array (rows, cols)
        True for cells that nobody wants.
    pending : bool array (coarse rows, coarse cols)
        Cells of the coarsest grid that hold such a cell are set.
    """
    rows, cols = work.shape
    factor = rows // pending.shape[0]
    for row in range(rows):
        for col in range(cols):
            settled = math.isfinite(work[row, col])
            waits = not (settled or work[row, col] == TOO_WIDE or skip[row, col])
            if widths is not None:
                waits |= settled and widths[row, col] < 0.0
                widths[row, col] = abs(widths[row, col]) if settled else np.nan
            if not settled:
                work[row, col] = np.nan
            if waits:
                pending[row // factor, col // factor] = True
