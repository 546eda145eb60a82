"""Heights at cell centres from all triangles of a window: each looks for the centres that lie in it.

A triangle takes a few operations for each row that it crosses, and no step of a walk: where points lie on lines, slivers
as long as the widest gap hold a centre only now and then.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, inlined, inner, kernel
from pointcloud.kernels.tin.delaunay import NONE
from pointcloud.kernels.tin.interpolation import SLACK, meet
from pointcloud.kernels.tin.mesh import NEXT, ORIGIN, across, follow, turn
from pointcloud.kernels.tin.predicates import orient
from pointcloud.kernels.tin.triangle import OPEN, TOO_WIDE, corners, height_in, judge

Ints = npt.NDArray[np.signedinteger[Any]]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_AT_ONCE = 256  # edges whose triangles are looked up one after the other: memory answers many questions together
_POSITIVE = 1 << 26  # cells: more than there are between any two places
_NEAR = 1e-6  # cells: a centre that close to a span is tested exactly


@inner
def _meet_others(
    xy: Ints,
    edges: Ints,
    e: Int,
    wa: Int,
    wb: Int,
    wc: Int,
    gap2: float,
    reach: tuple[Int, Int],
    unread: Ints,
    met: Floats,
) -> None:
    """Add to ``met`` the other triangles that hold a centre on an edge or a corner of that to the left of e.

    wa, wb, wc are twice the areas opposite to e's origin, its end, and the third corner. Beyond the hull points that
    were not read might make a triangle: that counts as one that is open.
    """
    while wc != 0 or (wa != 0 and wb == 0):  # turned so that the centre lies on e, and if on a corner on its end
        e = follow(edges, e)
        wa, wb, wc = wb, wc, wa
    a, b = np.int64(edges[e, ORIGIN]), np.int64(edges[e ^ 1, ORIGIN])
    if wa != 0:
        p = across(xy, edges, e)
        if p == NONE:
            met[1] += 1
        else:
            meet(xy, b, a, p, gap2, reach, unread, met)
        return
    start = follow(edges, e)
    f: Int = np.int64(edges[start, NEXT])
    while f != start:  # around b
        p, q = np.int64(edges[f ^ 1, ORIGIN]), across(xy, edges, f ^ 1)
        if q == NONE:
            met[1] += 1
        else:
            meet(xy, b, p, q, gap2, reach, unread, met)
        f = np.int64(edges[f, NEXT])


@inlined
def _at_or_after(x: float) -> Int:
    """Return the first whole number that is not less than x by more than a rounding: a conversion, no call."""
    return int(x - _NEAR + _POSITIVE) - _POSITIVE + 1


@inlined
def _at_or_before(x: float) -> Int:
    """Return the last whole number that is not more than x by more than a rounding."""
    return int(x + _NEAR + _POSITIVE) - _POSITIVE


@inlined
def _may_hold(xy: Ints, a: Int, b: Int, c: Int, origins: Ints, scales: Floats) -> bool:
    """Whether the box around a triangle holds a cell's centre. Half of those of a dense cloud end here."""
    ax, ay, bx, by, cx, cy = corners(xy, a, b, c)
    north, south, west, east = max(ay, by, cy), min(ay, by, cy), min(ax, bx, cx), max(ax, bx, cx)
    found = False
    for k in range(scales.shape[0]):
        x0, y0, scale = origins[k, 0], origins[k, 1], scales[k]
        found |= _at_or_after((west - x0) * scale) <= _at_or_before((east - x0) * scale) and _at_or_after(
            (y0 - north) * scale
        ) <= _at_or_before((y0 - south) * scale)
    return found


@inlined
def _from_north(ax: Int, ay: Int, bx: Int, by: Int, cx: Int, cy: Int) -> tuple[Int, Int, Int, Int, Int, Int]:
    """Return three points from north to south."""
    if ay < by:
        ax, ay, bx, by = bx, by, ax, ay
    if by < cy:
        bx, by, cx, cy = cx, cy, bx, by
    if ay < by:
        ax, ay, bx, by = bx, by, ax, ay
    return ax, ay, bx, by, cx, cy


@inlined
def _slope(ax: Int, ay: Int, bx: Int, by: Int) -> float:
    """Return dx/dy of an edge; 0 if it runs from west to east."""
    return 0.0 if ay == by else float(bx - ax) / float(by - ay)


@inner
def _rasterise(
    xy: Ints,
    z: Ints,
    edges: Ints,
    e: Int,
    a: Int,
    b: Int,
    c: Int,
    gap2: float,
    reach: tuple[Int, Int],
    unread: Ints,
    origins: Ints,
    scales: Floats,
    skips: tuple[Flags, ...],
    outs: tuple[Floats, ...],
    widths: tuple[Floats, ...] | None,
    met: Floats,
) -> Int:
    """Interpolate the cells whose centre lies in the triangle to the left of e: a, b, c.

    Return how many rows were looked at.
    """
    ax, ay, bx, by, cx, cy = corners(xy, a, b, c)
    north, south, west, east = max(ay, by, cy), min(ay, by, cy), min(ax, bx, cx), max(ax, bx, cx)
    mark = np.nan
    rows: Int = np.int64(0)
    for k in range(len(outs)):
        out, skip = outs[k], skips[k]
        x0, y0, cell = origins[k, 0], origins[k, 1], origins[k, 2]
        scale = scales[k]
        top = max(0, _at_or_after((y0 - north) * scale))
        bottom = min(out.shape[0] - 1, _at_or_before((y0 - south) * scale))
        left = max(0, _at_or_after((west - x0) * scale))
        right = min(out.shape[1] - 1, _at_or_before((east - x0) * scale))
        if top > bottom or left > right:
            continue
        # From north to south: the long side on the one hand, two short ones on the other. Where one of these runs from
        # west to east, its end and the long side bound the only row that may lie on it.
        ux, uy, vx, vy, wx, wy = _from_north(ax, ay, bx, by, cx, cy)
        long, upper, lower = _slope(ux, uy, wx, wy), _slope(ux, uy, vx, vy), _slope(vx, vy, wx, wy)
        rows += bottom - top + 1
        for row in range(top, bottom + 1):
            y = y0 - row * cell
            on_long = float(ux) + float(y - uy) * long
            on_short = float(vx) + float(y - vy) * (upper if y >= vy else lower)
            first = max(left, _at_or_after((min(on_long, on_short) - x0) * scale))
            last = min(right, _at_or_before((max(on_long, on_short) - x0) * scale))
            for col in range(first, last + 1):
                if skip[row, col] or out[row, col] == out[row, col]:  # nobody wants it, or it is known
                    continue
                x = x0 + col * cell
                wa, wb, wc = orient(bx, by, cx, cy, x, y), orient(cx, cy, ax, ay, x, y), orient(ax, ay, bx, by, x, y)
                least = min(wa, wb, wc)
                if least < 0:
                    continue
                if mark != mark:
                    mark = judge(xy, a, b, c, gap2, reach, unread)
                here = mark
                if widths is not None or (least == 0 and mark != 0.0):
                    met[0], met[1], met[2] = 0.0, 0.0, np.inf
                    meet(xy, a, b, c, gap2, reach, unread, met)
                    if least == 0:
                        _meet_others(xy, edges, e, wa, wb, wc, gap2, reach, unread, met)
                    here = 0.0 if met[0] > 0 else OPEN if met[1] > 0 else TOO_WIDE
                    if widths is not None:
                        widths[k][row, col] = -met[2] if met[1] > 0 else met[2]
                if here == 0.0:
                    here = height_in(xy, z, a, b, c, wa, wb, wc, x, y)
                out[row, col] = here
    return rows


@kernel
def interpolate(
    xy: Ints,
    z: Ints,
    edges: Ints,
    gap: float,
    reach: tuple[Int, Int],
    unread: Ints,
    origins: Ints,
    skips: tuple[Flags, ...],
    outs: tuple[Floats, ...],
    widths: tuple[Floats, ...] | None,
) -> Int:
    """Interpolate the cells whose triangle is final and at most ``gap`` wide.

    Parameters
    ----------
    xy, z, edges
        Points and what :func:`pointcloud.kernels.tin.mesh.triangulate` makes of them.
    gap, reach, unread, origins, skips, outs, widths
        As in :func:`pointcloud.kernels.tin.interpolation.interpolate`. Cells that are known already are left alone.

    Returns
    -------
    int
        How many rows the triangles crossed.
    """
    gap2 = gap * gap * (1.0 + SLACK)
    met, scales = np.empty(3), 1.0 / origins[:, 2]
    some, thirds = np.empty(_AT_ONCE, np.int64), np.empty(_AT_ONCE, np.int64)
    rows = 0
    for start in range(0, edges.shape[0], _AT_ONCE):
        count = 0
        for e in range(start, min(start + _AT_ONCE, edges.shape[0])):
            if edges[e, ORIGIN] < edges[e ^ 1, ORIGIN]:  # both are NONE if this is no edge
                some[count], thirds[count] = e, edges[follow(edges, e) ^ 1, ORIGIN]
                count += 1
        for k in range(count):
            e = some[k]
            a, b, c = np.int64(edges[e, ORIGIN]), np.int64(edges[e ^ 1, ORIGIN]), thirds[k]
            if a < c and _may_hold(xy, a, b, c, origins, scales) and turn(xy, a, b, c) > 0:
                # each triangle once, from its smallest corner
                rows += _rasterise(
                    *(xy, z, edges, e, a, b, c, gap2, reach, unread),
                    *(origins, scales, skips, outs, widths, met),
                )
    return np.int64(rows)
