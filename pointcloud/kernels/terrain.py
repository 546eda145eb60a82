"""Slope and curvature of a padded band of heights.

Arrays of the band: ``pad`` has ``m`` cells more on each side than the band, ``smooth``, ``rank`` and
``gradient`` (see :mod:`pointcloud.kernels.planes`) one. Rows grow to the south.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import kernel
from pointcloud.kernels.planes import FIRM, LINE, NONE, PLANE, WHOLE

STRIP: Final = 256
"""Columns computed at a time: only strips with nodata in reach are looked through cell by cell (1 ns a cell),
and the edge of the array, which is nodata, lies in every row."""

HORN: Final = 1.0
CENTRAL: Final = 0.0
"""Weights of the corners of the 3 × 3 cells in the slope."""


@kernel
def steepness(
    pad: NDArray[np.float64],
    rank: NDArray[np.uint8],
    gradient: NDArray[np.float64],
    resolution: float,
    side: float,
    out: NDArray[np.float64],
) -> None:
    """Write the squared tangent of the slope, by Horn (1981), "Hill shading and the reflectance map".

    Horn's eight-cell formula is the slope of the least-squares plane over the 3 × 3 cells with the weights
    1 2 1, 2 4 2, 1 2 1; where some of them are nodata, that plane over the others takes its place.

    Parameters
    ----------
    side : float
        Weight of the corner cells beside that of the four nearest, 2: Horn's :data:`HORN`, or :data:`CENTRAL`
        for the differences across the cell alone (Zevenbergen & Thorne 1987).
    out : (rows, cols)
        Squared rise over run; NaN at nodata.
    """
    margin = (pad.shape[0] - out.shape[0]) // 2
    cols = out.shape[1]
    scale = 1.0 / ((4.0 + 4.0 * side) * resolution)
    for i in range(out.shape[0]):
        for left in range(0, cols, STRIP):
            line = out[i, left : left + STRIP]
            if _horn(pad, i + margin, left + margin, scale, side, line) == 0:
                continue
            for j in range(left, left + line.size):
                if math.isnan(pad[i + margin, j + margin]):
                    out[i, j] = math.nan
                elif math.isnan(out[i, j]):
                    dx, dy = _mended(pad, rank, gradient, i, j, margin)
                    out[i, j] = (dx * dx + dy * dy) / (resolution * resolution)


@kernel
def _horn(
    pad: NDArray[np.float64], y: int, x: int, scale: float, side: float, out: NDArray[np.float64]
) -> int:
    """Write Horn's squared tangent from row ``y``, column ``x`` on; return how many want a second look."""
    n = out.size
    nw, nn, ne = pad[y - 1, x - 1 : x - 1 + n], pad[y - 1, x : x + n], pad[y - 1, x + 1 : x + 1 + n]
    ww, here, ee = pad[y, x - 1 : x - 1 + n], pad[y, x : x + n], pad[y, x + 1 : x + 1 + n]
    sw, ss, se = pad[y + 1, x - 1 : x - 1 + n], pad[y + 1, x : x + n], pad[y + 1, x + 1 : x + 1 + n]
    count = 0
    for j in range(n):
        dx = (side * (ne[j] + se[j]) + 2.0 * ee[j] - (side * (nw[j] + sw[j]) + 2.0 * ww[j])) * scale
        dy = (side * (sw[j] + se[j]) + 2.0 * ss[j] - (side * (nw[j] + ne[j]) + 2.0 * nn[j])) * scale
        squared = dx * dx + dy * dy
        out[j] = squared
        count += 1 if math.isnan(squared) or math.isnan(here[j]) else 0
    return count


@kernel
def _mended(
    pad: NDArray[np.float64],
    rank: NDArray[np.uint8],
    gradient: NDArray[np.float64],
    i: int,
    j: int,
    margin: int,
) -> tuple[float, float]:
    """Return the rise a cell at a cell with nodata beside it: the best of what is known of both planes."""
    dx, dy, known = near_plane(pad, i + margin, j + margin)
    fitted = rank[i + 1, j + 1]
    if fitted != WHOLE and known != PLANE and (fitted >= PLANE or known == NONE):
        return gradient[0, i + 1, j + 1], gradient[1, i + 1, j + 1]
    return dx, dy


@kernel
def near_plane(pad: NDArray[np.float64], y: int, x: int) -> tuple[float, float, int]:
    """Return gradient and rank of Horn's plane over the valid cells of the 3 × 3 around a valid cell.

    Weights and offsets are small integers, so their sums are exact, and so is the rank.
    """
    mass = mx = my = mxx = mxy = myy = 0
    mz = mxz = myz = 0.0
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            rise = pad[y + dy, x + dx] - pad[y, x]
            if not math.isnan(rise):
                w = (2 - dx * dx) * (2 - dy * dy)
                mass += w
                mx += w * dx
                my += w * dy
                mxx += w * dx * dx
                mxy += w * dx * dy
                myy += w * dy * dy
                mz += w * rise
                mxz += w * dx * rise
                myz += w * dy * rise
    xx, xy, yy = mass * mxx - mx * mx, mass * mxy - mx * my, mass * myy - my * my
    xz, yz = mass * mxz - mx * mz, mass * myz - my * mz
    determinant, trace = xx * yy - xy * xy, xx + yy
    if determinant > 0:
        return (xz * yy - yz * xy) / determinant, (yz * xx - xz * xy) / determinant, PLANE
    if trace > 0:
        return xz / trace, yz / trace, LINE
    return 0.0, 0.0, NONE


@kernel
def rises(
    pad: NDArray[np.float64],
    rank: NDArray[np.uint8],
    gradient: NDArray[np.float64],
    resolution: float,
    east: NDArray[np.float64],
    south: NDArray[np.float64],
) -> None:
    """Write the rise over run to the east and to the south, by Horn (1981), as :func:`steepness` has it.

    Parameters
    ----------
    east, south : (rows, cols)
        NaN at nodata.
    """
    margin = (pad.shape[0] - east.shape[0]) // 2
    scale = 1.0 / (8.0 * resolution)
    for i in range(east.shape[0]):
        y = i + margin
        for j in range(east.shape[1]):
            x = j + margin
            nw, ne, sw, se = pad[y - 1, x - 1], pad[y - 1, x + 1], pad[y + 1, x - 1], pad[y + 1, x + 1]
            east[i, j] = ((ne + se) + 2.0 * pad[y, x + 1] - ((nw + sw) + 2.0 * pad[y, x - 1])) * scale
            south[i, j] = ((sw + se) + 2.0 * pad[y + 1, x] - ((nw + ne) + 2.0 * pad[y - 1, x])) * scale
        for j in range(east.shape[1]):
            if math.isnan(pad[y, j + margin]):
                east[i, j] = south[i, j] = math.nan
            elif math.isnan(east[i, j] + south[i, j]):
                dx, dy = _mended(pad, rank, gradient, i, j, margin)
                east[i, j], south[i, j] = dx / resolution, dy / resolution


@kernel
def trends(
    pad: NDArray[np.float64],
    smooth: NDArray[np.float64],
    rank: NDArray[np.uint8],
    gradient: NDArray[np.float64],
    resolution: float,
    east: NDArray[np.float64],
    south: NDArray[np.float64],
) -> None:
    """Write the rise over run of the smoothed heights, to the east and to the south: what may go on into a void.

    Central differences where the window of the smoothing is whole, else the fitted plane.

    Parameters
    ----------
    east, south : (rows, cols)
        NaN at nodata.
    """
    margin = (pad.shape[0] - east.shape[0]) // 2
    for i in range(east.shape[0]):
        above, here, below = smooth[i], smooth[i + 1], smooth[i + 2]
        for j in range(east.shape[1]):
            x = j + 1
            u, v = 0.5 * (here[x + 1] - here[x - 1]), 0.5 * (below[x] - above[x])
            if math.isnan(pad[i + margin, j + margin]):
                u = v = math.nan
            elif rank[i + 1, x] != WHOLE:
                u, v = gradient[0, i + 1, x], gradient[1, i + 1, x]
            elif math.isnan(u + v):  # cells so wide that the window is one of them
                u, v, _ = near_plane(pad, i + margin, j + margin)
            east[i, j], south[i, j] = u / resolution, v / resolution


@kernel
def curvature(
    pad: NDArray[np.float64],
    smooth: NDArray[np.float64],
    rank: NDArray[np.uint8],
    gradient: NDArray[np.float64],
    resolution: float,
    out: NDArray[np.float64],
) -> None:
    """Write the general curvature -(z_xx + z_yy) of the smoothed heights in 1/m, positive where convex.

    Five-point Laplacian: Zevenbergen & Thorne (1987), "Quantitative analysis of land surface topography",
    with the sign of ArcGIS's *Curvature* and without its factor 100.

    Parameters
    ----------
    out : (rows, cols)
        Curvature in 1/m; NaN at nodata.
    """
    margin = (pad.shape[0] - out.shape[0]) // 2
    cols = out.shape[1]
    scale = 1.0 / (resolution * resolution)
    for i in range(out.shape[0]):
        for left in range(0, cols, STRIP):
            line = out[i, left : left + STRIP]
            heights = pad[i + margin, left + margin : left + margin + line.size]
            if _laplacian(heights, smooth, rank, i + 1, left + 1, scale, line) == 0:
                continue
            for j in range(left, left + line.size):
                if math.isnan(pad[i + margin, j + margin]):
                    out[i, j] = math.nan
                elif math.isnan(out[i, j]) or rank[i + 1, j + 1] < PLANE:
                    out[i, j] = _bend(pad, smooth, rank, gradient, i, j, margin) * scale


@kernel
def _laplacian(
    heights: NDArray[np.float64],
    smooth: NDArray[np.float64],
    rank: NDArray[np.uint8],
    y: int,
    x: int,
    scale: float,
    out: NDArray[np.float64],
) -> int:
    """Write the curvature from row ``y``, column ``x`` on; return how many want a second look."""
    n = out.size
    north, south = smooth[y - 1, x : x + n], smooth[y + 1, x : x + n]
    west, here, east = smooth[y, x - 1 : x - 1 + n], smooth[y, x : x + n], smooth[y, x + 1 : x + 1 + n]
    planes = rank[y, x : x + n]
    count = 0
    for j in range(n):
        bend = (4.0 * here[j] - ((west[j] + east[j]) + (north[j] + south[j]))) * scale
        out[j] = bend
        count += 1 if math.isnan(bend) or math.isnan(heights[j]) or planes[j] < PLANE else 0
    return count


@kernel
def _bend(
    pad: NDArray[np.float64],
    smooth: NDArray[np.float64],
    rank: NDArray[np.uint8],
    gradient: NDArray[np.float64],
    i: int,
    j: int,
    margin: int,
) -> float:
    """Return four times the centre less its neighbours, where a neighbour is nodata without a firm plane.

    There the cell's own plane goes on. A neighbour's plane counts only beside a full plane of the cell's own:
    otherwise two opposite neighbours could follow different gradients, and bend a plane.
    """
    y, x = i + 1, j + 1
    dx, dy = gradient[0, y, x], gradient[1, y, x]
    if rank[y, x] == WHOLE or rank[y, x] == NONE:
        dx, dy, _ = near_plane(pad, i + margin, j + margin)
    total = 0.0
    for v, u in ((-1, 0), (0, -1), (0, 1), (1, 0)):
        void = math.isnan(pad[i + margin + v, j + margin + u])
        if void and (rank[y, x] < PLANE or rank[y + v, x + u] != FIRM):
            total -= u * dx + v * dy
        else:
            total += smooth[y, x] - smooth[y + v, x + u]
    return total
