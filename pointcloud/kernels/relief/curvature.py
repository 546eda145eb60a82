"""Curvature of a padded band of heights: general, and along and across the slope (profile, plan).

Arrays of the band are those of :mod:`pointcloud.kernels.relief.slope`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import kernel
from pointcloud.kernels.relief.local_planes import FIRM, NONE, PLANE, WHOLE
from pointcloud.kernels.relief.slope import STRIP, near_plane


@kernel
def directional(
    pad: NDArray[np.float64],
    smooth: NDArray[np.float64],
    rank: NDArray[np.uint8],
    gradient: NDArray[np.float64],
    resolution: float,
    profile: NDArray[np.float64],
    plan: NDArray[np.float64],
) -> None:
    """Write profile and plan curvature of the smoothed heights in 1/m, both positive where convex.

    Zevenbergen & Thorne (1987), "Quantitative analysis of land surface topography", equations 11 and 12, with
    the derivatives of their equations 4 to 8: with p, q the rises to the east and south and r, t, s the second
    derivatives, profile = -(r p² + 2 s p q + t q²) / (p² + q²) and plan = -(r q² - 2 s p q + t p²) / (p² + q²).
    Their sum is the general curvature. Where the ground is level no direction is the slope's: both are half of
    that sum, the mean over all directions.

    Parameters
    ----------
    profile, plan : (rows, cols)
        NaN at nodata.
    """
    margin = (pad.shape[0] - profile.shape[0]) // 2
    scale = 1.0 / (resolution * resolution)
    around = np.empty(9)
    for i in range(profile.shape[0]):
        for j in range(profile.shape[1]):
            if math.isnan(pad[i + margin, j + margin]):
                profile[i, j] = plan[i, j] = math.nan
                continue
            _relative(pad, smooth, rank, gradient, i, j, margin, around)
            p, q = 0.5 * (around[5] - around[3]), 0.5 * (around[7] - around[1])
            r, t = around[5] + around[3], around[7] + around[1]
            s = 0.25 * ((around[8] + around[0]) - (around[2] + around[6]))
            pp, qq, spq = p * p, q * q, 2.0 * s * p * q
            squared = pp + qq
            if squared > 0.0:
                profile[i, j] = -(r * pp + spq + t * qq) / squared * scale
                plan[i, j] = -(r * qq - spq + t * pp) / squared * scale
            else:
                profile[i, j] = plan[i, j] = -0.5 * (r + t) * scale


@kernel
def _relative(
    pad: NDArray[np.float64],
    smooth: NDArray[np.float64],
    rank: NDArray[np.uint8],
    gradient: NDArray[np.float64],
    i: int,
    j: int,
    margin: int,
    out: NDArray[np.float64],
) -> None:
    """Write how much higher each of the 3 × 3 smoothed cells is than the one in the middle, row by row.

    For a nodata cell without a firm plane the cell's own plane goes on, as in the general curvature.
    """
    y, x = i + 1, j + 1
    own = rank[y, x]
    count = 0
    for v in range(-1, 2):
        for u in range(-1, 2):
            rise = smooth[y + v, x + u] - smooth[y, x]
            if math.isnan(rise) or own < PLANE:
                count += 1
            out[3 * v + u + 4] = rise
    if count == 0:
        return
    dx, dy = gradient[0, y, x], gradient[1, y, x]
    if own in (WHOLE, NONE):
        dx, dy, _ = near_plane(pad, i + margin, j + margin)
    for v in range(-1, 2):
        for u in range(-1, 2):
            void = math.isnan(pad[i + margin + v, j + margin + u])
            unfit = own < PLANE or rank[y + v, x + u] != FIRM or math.isnan(smooth[y + v, x + u])
            if void and unfit:
                out[3 * v + u + 4] = u * dx + v * dy


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
