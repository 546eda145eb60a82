"""Smoothing where the window holds nodata: a Gaussian-weighted plane, evaluated at the window's centre.

First-order normalised convolution: Knutsson & Westin (1993), "Normalized and differential convolution", CVPR,
515-523; the same estimate is local linear regression (Fan & Gijbels 1996, "Local Polynomial Modelling", 3.1).
The nine moments of the valid cells are separable sums; offsets count from the centre of each cell, so neither
the window nor the origin of the coordinates enters the bits.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import kernel
from pointcloud.kernels.relief.gaussian import ALONG, FIRST, taps

NONE: Final = 0
"""No neighbour in the window: the height is known, its gradient is not."""
LINE: Final = 1
"""All valid cells of the window lie on one line: the gradient along it is known."""
PLANE: Final = 2
"""A plane, but a badly determined one: it may serve its own cell and no other."""
FIRM: Final = 3
"""A well determined plane."""
WHOLE: Final = 4
"""The window holds no nodata: the plain convolution."""
WANTED: Final = 5
"""To be fitted."""

STRIP: Final = 64
"""Columns searched at a time: strips without nodata are passed over whole."""

FIRM_SPREAD: Final = 0.01
"""Least variance of the valid cells, in any direction and as a share of the whole window's, for :data:`FIRM`.
The straight edge of a half plane leaves 0.36, a strip of three cells 0.07 at 1 m. At 0.01 the rounding of the
moments reaches 1e-11 of the height, and thinner sets are summed again about their own centroid."""

DOWN: Final = (0, 1, 2, 0, 1)
"""Power of y in the sums down the columns: three of the valid cells, two of their heights."""
COLUMN: Final = (0, 0, 1, 0, 1, 2, 3, 3, 4)
"""Which of those sums each moment goes on from: 1, x, y, xx, xy, yy, z, xz, yz."""
ACROSS: Final = (0, 1, 0, 2, 1, 0, 0, 1, 0)
"""Power of x in each moment."""

DEGENERATE: Final = 1e-11
"""Least variance in any direction, in square cells, for a plane at all. Three cells in general position leave
1e-8 or more within four sigma, three on a line less than 1e-13."""


@kernel
def mark(pad: NDArray[np.float64], smooth: NDArray[np.float64], rank: NDArray[np.uint8]) -> int:
    """Mark the cells that need a fitted plane, and count them.

    These are the valid cells whose plain convolution met nodata, and what lies beside a valid one, corners included.

    Parameters
    ----------
    pad : (rows + 2 m, cols + 2 m)
        Heights, NaN where there are none.
    smooth : (rows + 2, cols + 2)
        Their plain convolution.
    rank : (rows + 2, cols + 2)
        Becomes :data:`WANTED` at those cells and :data:`WHOLE` elsewhere.
    """
    margin = (pad.shape[0] - smooth.shape[0]) // 2 + 1
    rows, cols = smooth.shape[0] - 2, smooth.shape[1] - 2
    count = 0
    for y in range(rows + 2):
        rank[y, :] = WHOLE
    for i in range(rows):
        for left in range(0, cols, STRIP):
            right = min(left + STRIP, cols)
            above, here = smooth[i, left : right + 2], smooth[i + 1, left : right + 2]
            if _holes(above) + _holes(here) + _holes(smooth[i + 2, left : right + 2]) == 0:
                continue
            for j in range(left, right):
                if math.isnan(pad[i + margin, j + margin]):
                    continue
                for y in range(i, i + 3):
                    for x in range(j, j + 3):
                        count += _want(smooth, rank, y, x)
    return count


@kernel
def _want(smooth: NDArray[np.float64], rank: NDArray[np.uint8], y: int, x: int) -> int:
    if not math.isnan(smooth[y, x]) or rank[y, x] == WANTED:
        return 0
    rank[y, x] = WANTED
    return 1


@kernel
def _holes(line: NDArray[np.float64]) -> int:
    count = 0
    for x in range(line.size):
        count += 1 if math.isnan(line[x]) else 0
    return count


@kernel
def split(pad: NDArray[np.float64], mask: NDArray[np.float64], heights: NDArray[np.float64]) -> None:
    """Write 1 and the height where ``pad`` is valid, 0 and 0 elsewhere."""
    for i in range(pad.shape[0]):
        source, ones, values = pad[i], mask[i], heights[i]
        for j in range(source.size):
            value = source[j]
            ones[j] = 0.0 if math.isnan(value) else 1.0
            values[j] = 0.0 if math.isnan(value) else value


@kernel
def fit(
    pad: NDArray[np.float64],
    mask: NDArray[np.float64],
    heights: NDArray[np.float64],
    weights: NDArray[np.float64],
    work: NDArray[np.float64],
    smooth: NDArray[np.float64],
    rank: NDArray[np.uint8],
    gradient: NDArray[np.float64],
) -> None:
    """Fit a plane at every cell marked :data:`WANTED`.

    Parameters
    ----------
    pad, mask, heights : (rows + 2 + 2 r, cols + 2 + 2 r)
        Heights with NaN, and :func:`split` of them.
    weights : (3, 2 r + 1)
        The Gaussian g at the offsets k = -r … r, k g and k² g.
    work : (14, cols + 2 + 2 r)
        Room for the moments of one run.
    smooth : (rows + 2, cols + 2)
        Receives the plane's height at the cell; stays NaN at a nodata cell without a firm plane.
    rank : (rows + 2, cols + 2)
        Receives how well the plane is determined.
    gradient : (2, rows + 2, cols + 2)
        Receives its rise in metres a cell, to the east and to the south.
    """
    reach = weights.shape[1] // 2
    firm = 0.0
    for k in range(weights.shape[1]):
        firm += FIRM_SPREAD * weights[2, k]
    cols = smooth.shape[1]
    for y in range(smooth.shape[0]):
        start = FIRST
        while start < cols:
            if rank[y, start] != WANTED:
                start += 1
                continue
            stop = start + 1
            for x in range(stop, cols):
                if x - stop > reach:
                    break
                if rank[y, x] == WANTED:
                    stop = x + 1
            _moments(mask, heights, y, start, stop, weights, work)
            for x in range(start, stop):
                if rank[y, x] == WANTED:
                    found = _from_moments(work[5:, x - start], firm)
                    if found[3] != FIRM and not math.isnan(pad[y + reach, x + reach]):
                        found = _about_centroid(pad, y, x, weights[0])
                    smooth[y, x], gradient[0, y, x], gradient[1, y, x], rank[y, x] = found
            start = stop


@kernel
def _moments(
    mask: NDArray[np.float64],
    heights: NDArray[np.float64],
    y: int,
    start: int,
    stop: int,
    weights: NDArray[np.float64],
    work: NDArray[np.float64],
) -> None:
    """Sum 1, x, y, xx, xy, yy, z, xz, yz over the windows of the cells ``start`` to ``stop`` of row ``y``."""
    width = mask.shape[1]
    at = y * width + start
    n = stop - start
    long = n + weights.shape[1] - 1
    valid, z = mask.reshape(mask.size), heights.reshape(heights.size)
    for k in range(5):
        taps(valid if k < 3 else z, at, width, weights[DOWN[k]], work[k, :long])
    for k in range(9):
        taps(work[COLUMN[k]], FIRST, ALONG, weights[ACROSS[k]], work[5 + k, :n])


@kernel
def _from_moments(sums: NDArray[np.float64], firm: float) -> tuple[float, float, float, int]:
    """Return height, gradient and rank of the plane with these moments; no plane unless it is firm."""
    mass = sums[0]
    if mass <= 0.0:
        return math.nan, 0.0, 0.0, NONE
    x, y, z = sums[1] / mass, sums[2] / mass, sums[6] / mass
    xx, xy, yy = sums[3] / mass - x * x, sums[4] / mass - x * y, sums[5] / mass - y * y
    # The determinant over the trace is the smaller eigenvalue, or at worst half of it.
    determinant = xx * yy - xy * xy
    if determinant <= firm * (xx + yy):
        return math.nan, 0.0, 0.0, NONE
    xz, yz = sums[7] / mass - x * z, sums[8] / mass - y * z
    east = (xz * yy - yz * xy) / determinant
    south = (yz * xx - xz * xy) / determinant
    return z - east * x - south * y, east, south, FIRM


@kernel
def _about_centroid(
    pad: NDArray[np.float64], top: int, left: int, weights: NDArray[np.float64]
) -> tuple[float, float, float, int]:
    """Return height, gradient and rank of the plane over one window, summed about the valid cells' centroid.

    Two sweeps over the window, for the few valid cells whose plane hangs on far or nearly collinear
    neighbours; in directions that no neighbour tells of the gradient is 0 (the least-norm solution).
    """
    size = weights.size
    reach = size // 2
    mass = x = y = z = 0.0
    for i in range(size):
        for j in range(size):
            value = pad[top + i, left + j]
            if not math.isnan(value):
                w = weights[i] * weights[j]
                mass += w
                x += w * (j - reach)
                y += w * (i - reach)
                z += w * value
    x, y, z = x / mass, y / mass, z / mass
    xx = xy = yy = xz = yz = 0.0
    for i in range(size):
        for j in range(size):
            value = pad[top + i, left + j]
            if not math.isnan(value):
                w = weights[i] * weights[j] / mass
                dx, dy, dz = (j - reach) - x, (i - reach) - y, value - z
                xx += w * dx * dx
                xy += w * dx * dy
                yy += w * dy * dy
                xz += w * dx * dz
                yz += w * dy * dz
    determinant, trace = xx * yy - xy * xy, xx + yy
    if trace < DEGENERATE:
        return z, 0.0, 0.0, NONE
    if determinant < DEGENERATE * trace:
        east, south = xz / trace, yz / trace
        return z - east * x - south * y, east, south, LINE
    east = (xz * yy - yz * xy) / determinant
    south = (yz * xx - xz * xy) / determinant
    return z - east * x - south * y, east, south, PLANE
