"""Heights at cell centres from a triangulation: which triangle holds a centre, and its plane there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import kernel
from pointcloud.kernels.predicates import orient

Ints = npt.NDArray[np.signedinteger[Any]]

# What a cell of the work array holds besides a height: one array, so that a hit touches one cache line.
UNSEEN = np.nan  # no triangle holds its centre
TOO_WIDE = np.inf  # lies in a final triangle whose disc is wider than the largest gap
OPEN = -np.inf  # lies in a triangle that points beyond the window might break

_SPAN_FROM = 12  # cells of a triangle's box from which on it pays to find each row's span first

_SLACK = 1e-12  # relative, on the squared width: cocircular triangles share one disc but round it differently


@kernel
def _along(xy: Ints, z: Ints, a: int, b: int, x: int, y: int) -> float:
    """Return the height (quanta) at x, y on the edge between the points a and b, a the smaller one."""
    run = np.int64(xy[b, 0]) - xy[a, 0]
    if run != 0:
        share = float(x - xy[a, 0]) / float(run)
    else:
        share = float(y - xy[a, 1]) / float(np.int64(xy[b, 1]) - xy[a, 1])
    return float(z[a]) + share * float(np.int64(z[b]) - z[a])


@kernel
def _height(xy: Ints, z: Ints, a: int, b: int, c: int, area: int, x: int, y: int) -> float:
    """Return the height (quanta) at x, y, inside or on the edge of the triangle a < b < c.

    ``area`` is twice its signed area. On an edge the height comes from the edge's two points alone, so that both
    of its triangles give the same bits.
    """
    dx, dy = x - np.int64(xy[a, 0]), y - np.int64(xy[a, 1])
    bx, by = np.int64(xy[b, 0]) - xy[a, 0], np.int64(xy[b, 1]) - xy[a, 1]
    cx, cy = np.int64(xy[c, 0]) - xy[a, 0], np.int64(xy[c, 1]) - xy[a, 1]
    wb = dx * cy - dy * cx
    wc = bx * dy - by * dx
    if wb == 0:
        return _along(xy, z, a, c, x, y)
    if wc == 0:
        return _along(xy, z, a, b, x, y)
    if wb + wc == area:
        return _along(xy, z, b, c, x, y)
    rise_b, rise_c = float(np.int64(z[b]) - z[a]), float(np.int64(z[c]) - z[a])
    return float(z[a]) + (float(wb) * rise_b + float(wc) * rise_c) / float(area)


@kernel
def _sorted3(xy: Ints, a: int, b: int, c: int) -> tuple[int, int, int]:
    """Return the three points in lexicographic order of (E, N)."""
    if xy[b, 0] < xy[a, 0] or (xy[b, 0] == xy[a, 0] and xy[b, 1] < xy[a, 1]):
        a, b = b, a
    if xy[c, 0] < xy[a, 0] or (xy[c, 0] == xy[a, 0] and xy[c, 1] < xy[a, 1]):
        a, c = c, a
    if xy[c, 0] < xy[b, 0] or (xy[c, 0] == xy[b, 0] and xy[c, 1] < xy[b, 1]):
        b, c = c, b
    return a, b, c


@kernel
def _turns_left(xy: Ints, a: int, b: int, c: int) -> bool:
    """Whether a, b, c run counter-clockwise."""
    ax, ay = np.int64(xy[a, 0]), np.int64(xy[a, 1])
    return orient(ax, ay, np.int64(xy[b, 0]), np.int64(xy[b, 1]), np.int64(xy[c, 0]), np.int64(xy[c, 1])) > 0


@kernel
def _cross(xy: Ints, a: int, b: int, y: int, span: npt.NDArray[np.float64]) -> None:
    """Widen ``span`` (lowest and highest x) by where the edge a-b meets the row y."""
    ya, yb = np.int64(xy[a, 1]), np.int64(xy[b, 1])
    if min(ya, yb) > y or max(ya, yb) < y:
        return
    xa, xb = float(xy[a, 0]), float(xy[b, 0])
    if ya == yb:
        span[0] = min(span[0], min(xa, xb))
        span[1] = max(span[1], max(xa, xb))
        return
    x = xa + float(y - ya) / float(yb - ya) * (xb - xa)
    span[0] = min(span[0], x)
    span[1] = max(span[1], x)


@kernel
def _mark(xy: Ints, a: int, b: int, c: int, area: int, gap2: float, reach_x: int, reach_y: int) -> float:
    """Return what the triangle a < b < c says of the cells in it: OPEN, TOO_WIDE or, if it is accepted, 0.

    It is final if its disc lies inside the window, by a margin (1 mm) far above rounding.
    """
    bx, by = float(np.int64(xy[b, 0]) - xy[a, 0]), float(np.int64(xy[b, 1]) - xy[a, 1])
    cx, cy = float(np.int64(xy[c, 0]) - xy[a, 0]), float(np.int64(xy[c, 1]) - xy[a, 1])
    b2, c2 = bx * bx + by * by, cx * cx + cy * cy
    width2 = b2 * c2 * ((cx - bx) * (cx - bx) + (cy - by) * (cy - by)) / (float(area) * float(area))
    scale = 0.5 / float(area)
    x = float(xy[a, 0]) + (cy * b2 - by * c2) * scale
    y = float(xy[a, 1]) + (bx * c2 - cx * b2) * scale
    radius = 0.5 * math.sqrt(width2) + 10.0
    if not (abs(x) + radius < reach_x and abs(y) + radius < reach_y):
        return OPEN
    return 0.0 if width2 <= gap2 else TOO_WIDE


@kernel
def rasterise(
    xy: Ints,
    z: Ints,
    corner: Ints,
    triangles: int,
    gap: float,
    reach_x: int,
    reach_y: int,
    x0: int,
    y0: int,
    cell: int,
    out: npt.NDArray[np.float64],
) -> None:
    """Interpolate the cells whose triangle is final and at most ``gap`` wide.

    Parameters
    ----------
    xy : int32 array (n, 2)
        Points in quanta from the window's centre.
    z : int32 array (n,)
        Heights in quanta.
    corner : int32 array
        Three point indices a triangle, counter-clockwise.
    triangles : int
    gap : float
        Widest disc in quanta; a disc through the corners of a triangle counts as this wide to 1 part in 10^12.
    reach_x, reach_y : int
        Half the sides of the window that was read, in quanta.
    x0, y0 : int
        Centre of the north-west cell.
    cell : int
        Side of a cell in quanta.
    out : float64 array (rows, cols)
        UNSEEN on entry; receives heights in quanta, OPEN or TOO_WIDE. Of several triangles that hold a centre on
        their edge, an accepted one decides, then an open one.
    """
    rows, cols = out.shape
    per_cell = 1.0 / cell
    span = np.empty(2)
    gap2 = gap * gap * (1.0 + _SLACK)
    for t in range(triangles):
        a, b, c = corner[3 * t], corner[3 * t + 1], corner[3 * t + 2]
        ax, ay = np.int64(xy[a, 0]), np.int64(xy[a, 1])
        bx, by = np.int64(xy[b, 0]), np.int64(xy[b, 1])
        cx, cy = np.int64(xy[c, 0]), np.int64(xy[c, 1])
        top = max(0, math.ceil((y0 - max(ay, by, cy)) * per_cell - 1e-6))
        bottom = min(rows - 1, math.floor((y0 - min(ay, by, cy)) * per_cell + 1e-6))
        if top > bottom:
            continue
        left = max(0, math.ceil((min(ax, bx, cx) - x0) * per_cell - 1e-6))
        right = min(cols - 1, math.floor((max(ax, bx, cx) - x0) * per_cell + 1e-6))
        if left > right:
            continue
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        small = (bottom - top) * (right - left) < _SPAN_FROM
        mark = UNSEEN
        for row in range(top, bottom + 1):
            y = y0 - row * cell
            first, last = left, right
            if not small:
                span[0], span[1] = np.inf, -np.inf
                _cross(xy, a, b, y, span)
                _cross(xy, b, c, y, span)
                _cross(xy, a, c, y, span)
                first = max(left, math.ceil((span[0] - x0) * per_cell - 1e-3))
                last = min(right, math.floor((span[1] - x0) * per_cell + 1e-3))
            x = x0 + first * cell
            wb = orient(cx, cy, ax, ay, x, y)
            wc = orient(ax, ay, bx, by, x, y)
            wa = area - wb - wc
            for col in range(first, last + 1):
                if (wa | wb | wc) >= 0:  # none negative: inside or on an edge
                    if mark != mark:
                        u, v, w = _sorted3(xy, a, b, c)
                        signed = area if _turns_left(xy, u, v, w) else -area
                        mark = _mark(xy, u, v, w, signed, gap2, reach_x, reach_y)
                    if mark == 0.0:
                        out[row, col] = _height(xy, z, u, v, w, signed, x0 + col * cell, y)
                    elif not math.isfinite(out[row, col]) and out[row, col] != OPEN:
                        out[row, col] = mark
                wb += (ay - cy) * -cell
                wc += (by - ay) * -cell
                wa += (cy - by) * -cell
