"""One triangle of a TIN: its plane, its disc, and whether points that were not read could break it.

Heights and widths are the same to the bit from whichever corner the triangle is looked at.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, inlined, inner
from pointcloud.kernels.tin.predicates import precedes

Ints = npt.NDArray[np.signedinteger[Any]]

# What a triangle says of the cells in it, besides a height.
TOO_WIDE = np.inf  # it is final, and its disc wider than the largest gap
OPEN = -np.inf  # points beyond the window might break it

_EXACT = 2.0**62

_MARGIN = 10.0  # quanta


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
def height_in(xy: Ints, z: Ints, a: Int, b: Int, c: Int, wa: Int, wb: Int, wc: Int, x: Int, y: Int) -> float:
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
def corners(xy: Ints, a: Int, b: Int, c: Int) -> tuple[Int, Int, Int, Int, Int, Int]:
    """Return x and y of three points."""
    ax, ay = np.int64(xy[a, 0]), np.int64(xy[a, 1])
    bx, by = np.int64(xy[b, 0]), np.int64(xy[b, 1])
    cx, cy = np.int64(xy[c, 0]), np.int64(xy[c, 1])
    return ax, ay, bx, by, cx, cy


@inner
def disc_width(xy: Ints, a: Int, b: Int, c: Int) -> float:
    """Return the width of a triangle's disc, the same from whichever corner it is looked at."""
    ax, ay = np.int64(xy[a, 0]), np.int64(xy[a, 1])
    bx, by = xy[b, 0] - ax, xy[b, 1] - ay
    cx, cy = xy[c, 0] - ax, xy[c, 1] - ay
    a2 = float((cx - bx) * (cx - bx) + (cy - by) * (cy - by))
    area = float(bx * cy - by * cx)
    return math.sqrt(_squared_width(area, a2, float(bx * bx + by * by), float(cx * cx + cy * cy)))


@inner
def judge(xy: Ints, a: Int, b: Int, c: Int, gap2: float, reach: tuple[Int, Int], unread: Ints) -> float:
    """Return what the triangle says of the cells in it: OPEN, TOO_WIDE or, if it is accepted, 0.

    It is final if its disc stays clear of what was not read, by a margin (1 mm, and more for discs of kilometres)
    far above rounding; nothing that was not read lies nearer to a corner than the window's edge. The squared width is
    computed in an order of the sides that does not depend on which corner comes first.
    """
    ax, ay, bx, by, cx, cy = corners(xy, a, b, c)
    near = float(min(reach[0] - abs(int(ax)), reach[1] - abs(int(ay)))) - _MARGIN
    bx, by = bx - ax, by - ay
    cx, cy = cx - ax, cy - ay
    area = float(bx * cy - by * cx)
    b2, c2 = float(bx * bx + by * by), float(cx * cx + cy * cy)
    a2 = float((cx - bx) * (cx - bx) + (cy - by) * (cy - by))
    width2 = _squared_width(area, a2, b2, c2)
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
