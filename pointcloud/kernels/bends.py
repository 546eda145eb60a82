"""Profile and plan curvature of a padded band of heights: how it bends along the slope, and across it.

Arrays of the band are those of :mod:`pointcloud.kernels.terrain`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import kernel
from pointcloud.kernels.planes import FIRM, NONE, PLANE, WHOLE
from pointcloud.kernels.terrain import near_plane


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
