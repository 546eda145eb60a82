"""The whole chain written plainly, cell by cell, for comparison: NumPy only, no bands, no moments."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pointcloud.params.csmap import CsParams, Ramp

Floats = NDArray[np.float64]


def kernel(sigma: float, truncation: float, resolution: float) -> Floats:
    """The square Gaussian window, summing to 1."""
    reach = int(truncation / resolution + 1e-9)
    k = np.arange(-reach, reach + 1) * resolution
    line = np.exp(-0.5 * (k / sigma) ** 2)
    return np.outer(line, line) / line.sum() ** 2


def plane(dem: Floats, y: int, x: int, weights: Floats) -> tuple[float, float, float]:
    """Height and rise a cell to the east and to the south of the weighted least-norm plane around a cell."""
    reach = weights.shape[0] // 2
    window = np.full(weights.shape, np.nan)
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            if 0 <= y + i < dem.shape[0] and 0 <= x + j < dem.shape[1]:
                window[reach + i, reach + j] = dem[y + i, x + j]
    rows, cols = np.nonzero(np.isfinite(window))
    if rows.size == 0:
        return math.nan, 0.0, 0.0
    root = np.sqrt(weights[rows, cols])
    design = np.column_stack([np.ones(rows.size), cols - reach, rows - reach]) * root[:, None]
    # About the mean height, so that the least norm falls on the gradient alone.
    mean = window[rows, cols].mean()
    found = np.linalg.lstsq(design, (window[rows, cols] - mean) * root, rcond=1e-13)[0]
    return float(found[0]) + mean, float(found[1]), float(found[2])


def smoothed(dem: Floats, weights: Floats) -> Floats:
    """Planes at every cell and one cell beyond the edges; where the window is whole, that is the average."""
    rows, cols = dem.shape
    return np.array(
        [[plane(dem, y, x, weights)[0] for x in range(-1, cols + 1)] for y in range(-1, rows + 1)]
    )


def curvature(smooth: Floats, resolution: float) -> Floats:
    """-(z_xx + z_yy) by central differences; ``smooth`` has one cell more on each side."""
    z = smooth[1:-1, 1:-1]
    z_xx = (smooth[1:-1, 2:] - 2 * z + smooth[1:-1, :-2]) / resolution**2
    z_yy = (smooth[2:, 1:-1] - 2 * z + smooth[:-2, 1:-1]) / resolution**2
    return np.asarray(-(z_xx + z_yy))


def gdaldem_slope(dem: Floats, resolution: float) -> Floats:
    """Slope in degrees of the inner cells, in the words of gdaldem: windows a b c / d e f / g h i."""
    rows, cols = dem.shape
    out = np.full((rows, cols), np.nan)
    for y in range(1, rows - 1):
        for x in range(1, cols - 1):
            a, b, c = dem[y - 1, x - 1 : x + 2]
            d, _, f = dem[y, x - 1 : x + 2]
            g, h, i = dem[y + 1, x - 1 : x + 2]
            dx = ((a + d + d + g) - (c + f + f + i)) / resolution
            dy = ((g + h + h + i) - (a + b + b + c)) / resolution
            out[y, x] = math.degrees(math.atan(math.sqrt(dx * dx + dy * dy) / 8))
    return out


def horn_slope(dem: Floats, resolution: float) -> Floats:
    """Slope in degrees of Horn's weighted plane over the valid cells of each 3 × 3."""
    weights = np.outer([1.0, 2.0, 1.0], [1.0, 2.0, 1.0])
    rises = np.array(
        [[plane(dem, y, x, weights)[1:] for x in range(dem.shape[1])] for y in range(dem.shape[0])]
    )
    return np.asarray(np.degrees(np.arctan(np.hypot(rises[..., 0], rises[..., 1]) / resolution)))


def shade(ramp: Ramp, values: Floats) -> Floats:
    """Weighted colour of every value on one ramp."""
    stops = np.linspace(ramp.low, ramp.high, len(ramp.colours))
    channels = [np.interp(values, stops, [c[k] for c in ramp.colours]) for k in range(3)]
    return np.stack(channels, axis=-1) * ramp.weight


def cs(dem: Floats, resolution: float, params: CsParams) -> Floats:
    """Blended colours, not rounded."""
    bend = curvature(smoothed(dem, kernel(params.sigma, params.truncation, resolution)), resolution)
    slope = horn_slope(dem, resolution)
    layers = [(params.elevation, dem), (params.slope, slope), (params.curvature, bend)]
    return np.asarray(sum(shade(ramp, values) for ramps, values in layers for ramp in ramps))
