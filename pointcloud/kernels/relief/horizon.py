"""What a cell sees around it: the highest angle in each direction, and how high it stands above its surroundings.

What is looked at is given by how far the cells lie to the south and east of the one that looks. Nodata hides nothing.
In a direction in which no height is known, and for the cells that local dominance lacks, the smoothed slope of the cell
goes on as a plane, so that neither an edge nor a void brightens or darkens a hillside.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import inlined, kernel
from pointcloud.kernels.relief.arctangent import degrees

STRIP: Final = 512
"""Columns looked from at a time: centre, best and sum are 12 kB and stay in the first-level cache."""

SKY: Final = 0
"""Sum the sine of the horizon's elevation, no less than 0."""
ANGLE: Final = 1
"""Sum the horizon's elevation in degrees."""


@kernel
def look(
    pad: NDArray[np.float64],
    south: NDArray[np.int64],
    east: NDArray[np.int64],
    scale: NDArray[np.float64],
    counts: NDArray[np.int64],
    rises: NDArray[np.float64],
    resolution: float,
    measure: int,
    work: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write the mean over all directions of the horizon's measure; NaN at nodata.

    The height of a point is a weighted mean of cells; a point that lacks one of them hides nothing.

    Parameters
    ----------
    pad : (rows + 2 m, cols + 2 m)
        Heights with a margin that holds all offsets, NaN at nodata.
    south, east : (directions, n, 4)
        Offsets in cells of the cells of a point.
    scale : (directions, n, 4)
        Their weights over the point's distance in metres; negative to look down instead of up.
    counts : (directions, 3)
        How many points of a direction have one cell; one or two; up to four. They stand in this order.
    rises : (2, rows, cols)
        Rise over run to the east and south of the plane that stands for what is missing.
    resolution : float
        Side of a cell in metres.
    measure : int
        :data:`SKY` or :data:`ANGLE`.
    work : (2, STRIP)
        Room for one strip.
    out : (rows, cols)
    """
    rows, cols = out.shape
    margin = (pad.shape[0] - rows) // 2
    width = pad.shape[1]
    flat = pad.reshape(pad.size)
    share = 1.0 / counts.shape[0]
    # Strip by strip, and row by row within: what lies around a strip stays in the cache (a twelfth faster).
    for left in range(0, cols, STRIP):
        n = min(STRIP, cols - left)
        for i in range(rows):
            at = (i + margin) * width + margin + left
            centre = flat[at : at + n]
            total, best = out[i, left : left + n], work[0, :n]
            total[:] = 0.0
            for d in range(counts.shape[0]):
                best[:] = -math.inf
                _raise(flat, at, width, south[d], east[d], scale[d], counts[d], centre, best)
                blind = 0
                for x in range(n):
                    blind += 1 if best[x] == -math.inf else 0
                if blind:
                    for x in range(n):
                        if best[x] == -math.inf and not math.isnan(centre[x]):
                            u, v = rises[0, i, left + x] * resolution, rises[1, i, left + x] * resolution
                            best[x] = _plane(south[d], east[d], scale[d], counts[d, 2], u, v)
                if measure == SKY:
                    for x in range(n):
                        t = best[x] if best[x] > 0.0 else 0.0
                        total[x] += t / math.sqrt(1.0 + t * t)
                else:
                    for x in range(n):
                        total[x] += degrees(best[x])
            for x in range(n):
                total[x] = math.nan if math.isnan(centre[x]) else total[x] * share


@inlined
def _raise(
    flat: NDArray[np.float64],
    at: int,
    width: int,
    south: NDArray[np.int64],
    east: NDArray[np.int64],
    scale: NDArray[np.float64],
    counts: NDArray[np.int64],
    centre: NDArray[np.float64],
    best: NDArray[np.float64],
) -> None:
    """Raise ``best`` to the tangents at all points of a direction.

    Four a sweep keep the best in a register; those beyond the last are the last once more, which changes nothing.
    """
    k = 0
    while k < counts[0]:
        _raise_centres(flat, at, width, south, east, scale, k, counts[0] - 1, centre, best)
        k += 4
    k = counts[0]
    while k < counts[1]:
        _raise_crossings(flat, at, width, south, east, scale, k, counts[1] - 1, centre, best)
        k += 4
    for k in range(counts[1], counts[2]):
        _raise_any(flat, at, width, south[k], east[k], scale[k], centre, best)


@inlined
def _raise_centres(
    flat: NDArray[np.float64],
    at: int,
    width: int,
    south: NDArray[np.int64],
    east: NDArray[np.int64],
    scale: NDArray[np.float64],
    first: int,
    last: int,
    centre: NDArray[np.float64],
    best: NDArray[np.float64],
) -> None:
    """Raise ``best`` to the tangents at up to four points of one cell, from ``first`` on."""
    n = best.size
    k1, k2, k3 = min(first + 1, last), min(first + 2, last), min(first + 3, last)
    a0 = at + south[first, 0] * width + east[first, 0]
    a1 = at + south[k1, 0] * width + east[k1, 0]
    a2 = at + south[k2, 0] * width + east[k2, 0]
    a3 = at + south[k3, 0] * width + east[k3, 0]
    z0, z1, z2, z3 = flat[a0 : a0 + n], flat[a1 : a1 + n], flat[a2 : a2 + n], flat[a3 : a3 + n]
    s0, s1, s2, s3 = scale[first, 0], scale[k1, 0], scale[k2, 0], scale[k3, 0]
    for x in range(n):
        here = centre[x]
        t0, t1, t2, t3 = (z0[x] - here) * s0, (z1[x] - here) * s1, (z2[x] - here) * s2, (z3[x] - here) * s3
        top = best[x]
        top = t0 if t0 > top else top
        top = t1 if t1 > top else top
        top = t2 if t2 > top else top
        top = t3 if t3 > top else top
        best[x] = top


@inlined
def _raise_crossings(
    flat: NDArray[np.float64],
    at: int,
    width: int,
    south: NDArray[np.int64],
    east: NDArray[np.int64],
    scale: NDArray[np.float64],
    first: int,
    last: int,
    centre: NDArray[np.float64],
    best: NDArray[np.float64],
) -> None:
    """Raise ``best`` to the tangents at up to four points of two cells, from ``first`` on."""
    n = best.size
    k1, k2, k3 = min(first + 1, last), min(first + 2, last), min(first + 3, last)
    a0, b0 = at + south[first, 0] * width + east[first, 0], at + south[first, 1] * width + east[first, 1]
    a1, b1 = at + south[k1, 0] * width + east[k1, 0], at + south[k1, 1] * width + east[k1, 1]
    a2, b2 = at + south[k2, 0] * width + east[k2, 0], at + south[k2, 1] * width + east[k2, 1]
    a3, b3 = at + south[k3, 0] * width + east[k3, 0], at + south[k3, 1] * width + east[k3, 1]
    y0, y1, y2, y3 = flat[a0 : a0 + n], flat[a1 : a1 + n], flat[a2 : a2 + n], flat[a3 : a3 + n]
    z0, z1, z2, z3 = flat[b0 : b0 + n], flat[b1 : b1 + n], flat[b2 : b2 + n], flat[b3 : b3 + n]
    r0, r1, r2, r3 = scale[first, 0], scale[k1, 0], scale[k2, 0], scale[k3, 0]
    s0, s1, s2, s3 = scale[first, 1], scale[k1, 1], scale[k2, 1], scale[k3, 1]
    for x in range(n):
        here = centre[x]
        t0 = (y0[x] - here) * r0 + (z0[x] - here) * s0
        t1 = (y1[x] - here) * r1 + (z1[x] - here) * s1
        t2 = (y2[x] - here) * r2 + (z2[x] - here) * s2
        t3 = (y3[x] - here) * r3 + (z3[x] - here) * s3
        top = best[x]
        top = t0 if t0 > top else top
        top = t1 if t1 > top else top
        top = t2 if t2 > top else top
        top = t3 if t3 > top else top
        best[x] = top


@inlined
def _raise_any(
    flat: NDArray[np.float64],
    at: int,
    width: int,
    south: NDArray[np.int64],
    east: NDArray[np.int64],
    scale: NDArray[np.float64],
    centre: NDArray[np.float64],
    best: NDArray[np.float64],
) -> None:
    """Raise ``best`` to the tangent at one point of up to four cells."""
    n = best.size
    a0, a1 = at + south[0] * width + east[0], at + south[1] * width + east[1]
    a2, a3 = at + south[2] * width + east[2], at + south[3] * width + east[3]
    z0, z1, z2, z3 = flat[a0 : a0 + n], flat[a1 : a1 + n], flat[a2 : a2 + n], flat[a3 : a3 + n]
    s0, s1, s2, s3 = scale[0], scale[1], scale[2], scale[3]
    for x in range(n):
        here = centre[x]
        t = (z0[x] - here) * s0 + (z1[x] - here) * s1 + ((z2[x] - here) * s2 + (z3[x] - here) * s3)
        best[x] = t if t > best[x] else best[x]


@kernel
def _plane(
    south: NDArray[np.int64],
    east: NDArray[np.int64],
    scale: NDArray[np.float64],
    count: int,
    u: float,
    v: float,
) -> float:
    """Return the highest tangent of a plane at the points; ``u`` and ``v`` are metres a cell."""
    top = -math.inf
    for k in range(count):
        rise = 0.0
        for j in range(south.shape[1]):
            rise += (u * east[k, j] + v * south[k, j]) * scale[k, j]
        top = max(top, rise)
    return top


@kernel
def stand(
    pad: NDArray[np.float64],
    south: NDArray[np.int64],
    east: NDArray[np.int64],
    resolution: float,
    observer: float,
    rises: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Write the mean of max(0, 1 + (z - zᵢ) / observer) over the offsets i; NaN at nodata.

    Parameters
    ----------
    pad : (rows + 2 m, cols + 2 m)
    south, east : (n,)
        Offsets in cells.
    resolution, observer : float
        Metres.
    rises : (2, rows, cols)
        As for :func:`look`.
    out : (rows, cols)
    """
    rows, cols = out.shape
    margin = (pad.shape[0] - rows) // 2
    width = pad.shape[1]
    flat = pad.reshape(pad.size)
    scale, share = 1.0 / observer, 1.0 / south.size
    for i in range(rows):
        for left in range(0, cols, STRIP):
            n = min(STRIP, cols - left)
            at = (i + margin) * width + margin + left
            centre, total = flat[at : at + n], out[i, left : left + n]
            total[:] = 0.0
            for k in range(south.size):
                start = at + south[k] * width + east[k]
                other = flat[start : start + n]
                for x in range(n):
                    above = 1.0 + (centre[x] - other[x]) * scale
                    total[x] += 0.0 if above < 0.0 else above
            for x in range(n):
                if math.isnan(centre[x]):
                    total[x] = math.nan
                elif math.isnan(total[x]):
                    u, v = rises[0, i, left + x] * resolution, rises[1, i, left + x] * resolution
                    total[x] = _on_plane(flat, at + x, width, south, east, scale, u, v) * share
                else:
                    total[x] *= share


@kernel
def _on_plane(
    flat: NDArray[np.float64],
    at: int,
    width: int,
    south: NDArray[np.int64],
    east: NDArray[np.int64],
    scale: float,
    u: float,
    v: float,
) -> float:
    """Return the sum of :func:`stand` at a cell that lacks some; ``u`` and ``v`` are metres a cell."""
    total = 0.0
    for k in range(south.size):
        drop = flat[at] - flat[at + south[k] * width + east[k]]
        if math.isnan(drop):
            drop = -(u * east[k] + v * south[k])
        total += max(1.0 + drop * scale, 0.0)
    return total
