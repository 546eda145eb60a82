"""Heights at cell centres from a triangulation: which triangle holds a centre, and its plane there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, kernel
from pointcloud.kernels.predicates import orient

Ints = npt.NDArray[np.signedinteger[Any]]

# What a cell of the work array holds besides a height: one array, so that a hit touches one cache line.
UNSEEN = np.nan  # no triangle holds its centre
TOO_WIDE = np.inf  # lies in a final triangle whose disc is wider than the largest gap
OPEN = -np.inf  # lies in a triangle that points beyond the window might break

_SPAN_FROM = 12  # cells of a triangle's box from which on it pays to find each row's span first
_EXACT = 2.0**62

_MARGIN = 10.0  # quanta

_SLACK = 1e-12  # relative, on the squared width: cocircular triangles share one disc but round it differently


@kernel
def _along(xy: Ints, z: Ints, a: Int, b: Int, x: Int, y: Int) -> float:
    """Return the height (quanta) at x, y on the edge between the points a and b.

    It comes from the edge's two points alone, the smaller first, so that both triangles beside it give the same bits.
    """
    if xy[b, 0] < xy[a, 0] or (xy[b, 0] == xy[a, 0] and xy[b, 1] < xy[a, 1]):
        a, b = b, a
    run = np.int64(xy[b, 0]) - xy[a, 0]
    if run != 0:
        share = float(x - xy[a, 0]) / float(run)
    else:
        share = float(y - xy[a, 1]) / float(np.int64(xy[b, 1]) - xy[a, 1])
    return float(z[a]) + share * float(np.int64(z[b]) - z[a])


@kernel
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


@kernel
def _first(xy: Ints, a: Int, b: Int) -> bool:
    """Whether point a comes before point b in lexicographic order of (E, N)."""
    return bool(xy[a, 0] < xy[b, 0] or (xy[a, 0] == xy[b, 0] and xy[a, 1] < xy[b, 1]))


@kernel
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


@kernel
def _squared_width(area: float, a2: float, b2: float, c2: float) -> float:
    """Return the squared width of a triangle's disc from twice its area and its squared sides, in any order."""
    short, long = min(a2, b2, c2), max(a2, b2, c2)
    middle = max(min(a2, b2), min(max(a2, b2), c2))
    return short * middle * long / (area * area)


@kernel
def _width(ax: Int, ay: Int, bx: Int, by: Int, cx: Int, cy: Int) -> float:
    """Return the width of a triangle's disc, the same from whichever corner it is looked at."""
    bx, by = bx - ax, by - ay
    cx, cy = cx - ax, cy - ay
    a2 = float((cx - bx) * (cx - bx) + (cy - by) * (cy - by))
    area = float(bx * cy - by * cx)
    return math.sqrt(_squared_width(area, a2, float(bx * bx + by * by), float(cx * cx + cy * cy)))


@kernel
def _note(widths: npt.NDArray[np.float64], row: Int, col: Int, width: float, undecided: bool) -> None:
    """Lower a cell's width to ``width``; a minus sign says that another triangle may still lower it."""
    least = min(abs(widths[row, col]), width)
    widths[row, col] = -least if undecided or widths[row, col] < 0.0 else least


@kernel
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


@kernel
def _on_hull(mesh: Ints, t: Int, wa: Int, wb: Int, wc: Int) -> bool:
    """Whether a centre in triangle t lies on an edge beyond which the window holds no other triangle.

    Points beyond the window might make one there, and either side of an edge will do.
    """
    return bool(
        (wa == 0 and mesh[3 * t + 1, 1] < 0)
        or (wb == 0 and mesh[3 * t + 2, 1] < 0)
        or (wc == 0 and mesh[3 * t, 1] < 0)
    )


@kernel
def rasterise(
    xy: Ints,
    z: Ints,
    mesh: Ints,
    triangles: Int,
    gap: float,
    reach_x: Int,
    reach_y: Int,
    unread: Ints,
    origins: Ints,
    outs: tuple[npt.NDArray[np.float64], ...],
    widths: tuple[npt.NDArray[np.float64], ...] | None,
) -> None:
    """Interpolate the cells whose triangle is final and at most ``gap`` wide.

    Parameters
    ----------
    xy : int32 array (n, 2)
        Points in quanta from the window's centre.
    z : int32 array (n,)
        Heights in quanta.
    mesh : int32 array
        From :func:`pointcloud.kernels.delaunay.triangulate`.
    triangles : int
    gap : float
        Widest disc in quanta; a disc through the corners of a triangle counts as this wide to 1 part in 10^12.
    reach_x, reach_y : int
        Half the sides of the window that was read, in quanta.
    unread : int64 array (boxes, 4)
        West, south, east and north of boxes beside the window that hold every point which was not read, in quanta
        from its centre.
    origins : int64 array (grids, 3)
        Centre x, y of the north-west cell of each grid, and the side of its cells, in quanta.
    outs : tuple of float64 arrays (rows, cols)
        UNSEEN on entry; receive heights in quanta, OPEN or TOO_WIDE. Of several triangles that hold a centre on
        their edge, an accepted one decides, then an open one.
    widths : tuple of float64 arrays (rows, cols), optional
        Infinite on entry; receive the width in quanta of the narrowest accepted disc of a triangle that holds the
        centre, negative while a triangle across an edge through the centre is not known to be final. Without them
        their code is not compiled in.
    """
    gap2 = gap * gap * (1.0 + _SLACK)
    span = np.empty(2)
    for t in range(triangles):
        a, b, c = mesh[3 * t, 0], mesh[3 * t + 1, 0], mesh[3 * t + 2, 0]
        ax, ay = np.int64(xy[a, 0]), np.int64(xy[a, 1])
        bx, by = np.int64(xy[b, 0]), np.int64(xy[b, 1])
        cx, cy = np.int64(xy[c, 0]), np.int64(xy[c, 1])
        north, south = max(ay, by, cy), min(ay, by, cy)
        west, east = min(ax, bx, cx), max(ax, bx, cx)
        mark = UNSEEN
        for g in range(len(outs)):
            out = outs[g]
            x0, y0, cell = origins[g, 0], origins[g, 1], origins[g, 2]
            per_cell = 1.0 / cell
            top = max(0, math.ceil((y0 - north) * per_cell - 1e-6))
            bottom = min(out.shape[0] - 1, math.floor((y0 - south) * per_cell + 1e-6))
            left = max(0, math.ceil((west - x0) * per_cell - 1e-6))
            right = min(out.shape[1] - 1, math.floor((east - x0) * per_cell + 1e-6))
            if top > bottom or left > right:
                continue
            area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
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
                wb = orient(cx, cy, ax, ay, x, y)
                wc = orient(ax, ay, bx, by, x, y)
                wa = area - wb - wc
                for col in range(first, last + 1):
                    if (wa | wb | wc) >= 0:  # none negative: inside or on an edge
                        if mark != mark:
                            near = min(reach_x - abs(ax), reach_y - abs(ay))
                            mark = _mark(ax, ay, bx, by, cx, cy, gap2, float(near), unread)
                        if widths is not None:
                            width = _width(ax, ay, bx, by, cx, cy) if mark == 0.0 else np.inf
                            undecided = mark == OPEN or _on_hull(mesh, t, wa, wb, wc)
                            _note(widths[g], row, col, width, undecided)
                        if mark == 0.0:
                            out[row, col] = _height(xy, z, a, b, c, wa, wb, wc, x0 + col * cell, y)
                        elif not math.isfinite(out[row, col]) and out[row, col] != OPEN:
                            out[row, col] = OPEN if _on_hull(mesh, t, wa, wb, wc) else mark
                    wb -= (ay - cy) * cell
                    wc -= (by - ay) * cell
                    wa -= (cy - by) * cell
