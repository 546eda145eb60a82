"""Layers to pictures: one layer through a colour ramp, heights in shaded colours, and the grey of VAT.

Colours are packed as R + 2⁸ G + 2¹⁶ B + 2²⁴ A; 0 at nodata.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import kernel


@kernel
def tint(values: NDArray[np.float64], stops: NDArray[np.float64], out: NDArray[np.uint32]) -> None:
    """Write the colour of each value, linear between stops, clamped outside.

    Parameters
    ----------
    values : (rows, cols)
    stops : (n, 4)
        Value, red, green, blue; values rise.
    out : (rows, cols)
    """
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            out[i, j] = _colour(values[i, j], stops, 1.0)


@kernel
def shaded(
    heights: NDArray[np.float64],
    light: NDArray[np.float64],
    stops: NDArray[np.float64],
    level: float,
    depth: float,
    out: NDArray[np.uint32],
) -> None:
    """Write the colour of each height, darkened by ``depth`` of what its light lacks to that of level ground.

    What is lighter than level ground is lightened by as much, up to white.
    """
    for i in range(heights.shape[0]):
        for j in range(heights.shape[1]):
            out[i, j] = _colour(heights[i, j], stops, 1.0 + depth * (light[i, j] / level - 1.0))


@kernel
def _colour(value: float, stops: NDArray[np.float64], light: float) -> np.uint32:
    if math.isnan(value):
        return np.uint32(0)
    k = 0
    while k < stops.shape[0] - 2 and value > stops[k + 1, 0]:
        k += 1
    share = (value - stops[k, 0]) / (stops[k + 1, 0] - stops[k, 0])
    share = min(max(share, 0.0), 1.0)
    packed = np.uint32(0xFF000000)
    for band in range(3):
        level = (stops[k, band + 1] + share * (stops[k + 1, band + 1] - stops[k, band + 1])) * light
        packed |= np.uint32(min(max(level, 0.0), 255.0) + 0.5) << np.uint32(8 * band)
    return packed


@kernel
def vat(
    shade: NDArray[np.float64],
    slope: NDArray[np.float64],
    openness: NDArray[np.float64],
    sky: NDArray[np.float64],
    ranges: NDArray[np.float64],
    share: float,
    out: NDArray[np.float64],
) -> None:
    """Add ``share`` of the grey of VAT, 0-1, to ``out``.

    From below: hillshade; slope, steep dark, by luminosity at 50 % (of two greys, their mean); positive openness
    by overlay at 50 %; sky-view factor by multiplication at 25 %.

    Parameters
    ----------
    shade, slope, openness, sky, out : (rows, cols)
    ranges : (3, 2)
        Values of slope, openness and sky that become 0 and 1.
    """
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            if math.isnan(shade[i, j]):
                out[i, j] = math.nan
                continue
            steep = _share(slope[i, j], ranges[0, 0], ranges[0, 1])
            opened = _share(openness[i, j], ranges[1, 0], ranges[1, 1])
            light = _share(sky[i, j], ranges[2, 0], ranges[2, 1])
            base = 0.5 * min(shade[i, j], 1.0) + 0.5 * (1.0 - steep)
            low, high = 2.0 * base * opened, 1.0 - 2.0 * (1.0 - base) * (1.0 - opened)
            base = 0.5 * base + 0.5 * (low if base <= 0.5 else high)
            out[i, j] += share * (0.75 * base + 0.25 * base * light)


@kernel
def _share(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)
