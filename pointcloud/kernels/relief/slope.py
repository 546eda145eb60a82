"""Slope of a padded band of heights.

Arrays of the band: ``pad`` has ``m`` cells more on each side than the band, ``smooth``, ``rank`` and
``gradient`` (see :mod:`pointcloud.kernels.relief.local_planes`) one. Rows grow to the south.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import kernel
from pointcloud.kernels.relief.local_planes import LINE, NONE, PLANE, WHOLE

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
