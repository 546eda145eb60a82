"""Slope and curvature of a padded band of heights.

Arrays of the band: ``pad`` has ``m`` cells more on each side than the band, ``smooth``, ``rank`` and ``gradient``
(see :mod:`pointcloud.kernels.planes`) one. Rows grow to the south.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import kernel
from pointcloud.kernels.planes import FIRM, LINE, NONE, PLANE, WHOLE


@kernel
def steepness(
    pad: NDArray[np.float64],
    rank: NDArray[np.uint8],
    gradient: NDArray[np.float64],
    resolution: float,
    out: NDArray[np.float64],
) -> None:
    """Write the squared tangent of the slope, by Horn (1981), "Hill shading and the reflectance map".

    Horn's eight-cell formula is the slope of the least-squares plane over the 3 × 3 cells with the weights
    1 2 1, 2 4 2, 1 2 1; where some of them are nodata, that plane over the others takes its place.

    Parameters
    ----------
    out : (rows, cols)
        Squared rise over run; NaN at nodata.
    """
    margin = (pad.shape[0] - out.shape[0]) // 2
    cols = out.shape[1]
    scale = 1.0 / (8.0 * resolution)
    for i in range(out.shape[0]):
        line = out[i]
        north, here = pad[i + margin - 1], pad[i + margin, margin : margin + cols]
        west, east = pad[i + margin, margin - 1 :], pad[i + margin, margin + 1 :]
        south = pad[i + margin + 1]
        nw, n, ne = north[margin - 1 :], north[margin:], north[margin + 1 :]
        sw, s, se = south[margin - 1 :], south[margin:], south[margin + 1 :]
        lost = 0
        for j in range(cols):
            dx = ((ne[j] + 2.0 * east[j] + se[j]) - (nw[j] + 2.0 * west[j] + sw[j])) * scale
            dy = ((sw[j] + 2.0 * s[j] + se[j]) - (nw[j] + 2.0 * n[j] + ne[j])) * scale
            squared = dx * dx + dy * dy
            line[j] = squared
            lost += 1 if math.isnan(squared) or math.isnan(here[j]) else 0
        if lost == 0:
            continue
        for j in range(cols):
            if math.isnan(here[j]):
                line[j] = math.nan
            elif math.isnan(line[j]):
                dx, dy = _mended(pad, rank, gradient, i, j, margin)
                line[j] = (dx * dx + dy * dy) / (resolution * resolution)


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
    dx, dy, known = _near_plane(pad, i + margin, j + margin)
    fitted = rank[i + 1, j + 1]
    if fitted != WHOLE and known != PLANE and (fitted >= PLANE or known == NONE):
        return gradient[0, i + 1, j + 1], gradient[1, i + 1, j + 1]
    return dx, dy


@kernel
def _near_plane(pad: NDArray[np.float64], y: int, x: int) -> tuple[float, float, int]:
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
def curvature(
    pad: NDArray[np.float64],
    smooth: NDArray[np.float64],
    rank: NDArray[np.uint8],
    gradient: NDArray[np.float64],
    resolution: float,
    out: NDArray[np.float64],
) -> None:
    """Write the general curvature -(z_xx + z_yy) of the smoothed heights in 1/m, positive where convex.

    Five-point Laplacian: Zevenbergen & Thorne (1987), "Quantitative analysis of land surface topography", with the
    sign of ArcGIS's *Curvature* and without its factor 100.

    Parameters
    ----------
    out : (rows, cols)
        Curvature in 1/m; NaN at nodata.
    """
    margin = (pad.shape[0] - out.shape[0]) // 2
    cols = out.shape[1]
    scale = 1.0 / (resolution * resolution)
    for i in range(out.shape[0]):
        line, here = out[i], pad[i + margin, margin : margin + cols]
        north, south = smooth[i, 1:], smooth[i + 2, 1:]
        west, centre, east = smooth[i + 1], smooth[i + 1, 1:], smooth[i + 1, 2:]
        planes = rank[i + 1, 1:]
        doubtful = 0
        for j in range(cols):
            bend = (4.0 * centre[j] - ((west[j] + east[j]) + (north[j] + south[j]))) * scale
            line[j] = bend
            doubtful += 1 if math.isnan(bend) or math.isnan(here[j]) or planes[j] < PLANE else 0
        if doubtful == 0:
            continue
        for j in range(cols):
            if math.isnan(here[j]):
                line[j] = math.nan
            elif math.isnan(line[j]) or planes[j] < PLANE:
                line[j] = _bend(pad, smooth, rank, gradient, i, j, margin) * scale


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

    There the cell's own plane goes on. A neighbour's plane counts only beside a full plane of the cell itself:
    otherwise the two opposite neighbours could follow different gradients, and bend a plane.
    """
    y, x = i + 1, j + 1
    dx, dy = gradient[0, y, x], gradient[1, y, x]
    if rank[y, x] == WHOLE or rank[y, x] == NONE:
        dx, dy, _ = _near_plane(pad, i + margin, j + margin)
    total = 0.0
    for v, u in ((-1, 0), (0, -1), (0, 1), (1, 0)):
        void = math.isnan(pad[i + margin + v, j + margin + u])
        if void and (rank[y, x] < PLANE or rank[y + v, x + u] != FIRM):
            total -= u * dx + v * dy
        else:
            total += smooth[y, x] - smooth[y + v, x + u]
    return total
