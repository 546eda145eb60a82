"""Layers to colours: piecewise linear ramps, weighted and summed."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import kernel
from pointcloud.kernels.relief.arctangent import degrees

STRIP: Final = 512
"""Columns blended at a time: four float64 lines of 512 cells are 16 kB and stay in the first-level cache."""


@kernel
def blend(
    pad: NDArray[np.float64],
    steepness: NDArray[np.float64],
    curvature: NDArray[np.float64],
    base: NDArray[np.float64],
    elevation_steps: NDArray[np.float64],
    slope_steps: NDArray[np.float64],
    curvature_steps: NDArray[np.float64],
    work: NDArray[np.float64],
    out: NDArray[np.uint32],
) -> None:
    """Write the blended colour of each cell as R + 2⁸ G + 2¹⁶ B + 2²⁴ A; 0 at nodata.

    Parameters
    ----------
    pad : (rows + 2 m, cols + 2 m)
        Elevation in metres, NaN at nodata.
    steepness : (rows, cols)
        Squared tangent of the slope.
    curvature : (rows, cols)
        1/m.
    base : (3,)
        The colour below all steps, 0-255.
    elevation_steps, slope_steps, curvature_steps : (n, 5)
        Start, 1 / width (of metres, degrees, 1/m), and what the step adds to red, green and blue over it.
    work : (4, STRIP)
        Room for one strip.
    out : (rows, cols)
        The colours.
    """
    rows, cols = out.shape
    margin = (pad.shape[0] - rows) // 2
    for i in range(rows):
        for left in range(0, cols, STRIP):
            right = min(left + STRIP, cols)
            n = right - left
            heights = pad[i + margin, margin + left : margin + right]
            red, green, blue, angle = work[0, :n], work[1, :n], work[2, :n], work[3, :n]
            red[:], green[:], blue[:] = base[0], base[1], base[2]
            _climb(heights, elevation_steps, red, green, blue)
            if slope_steps.shape[0]:
                _degrees(steepness[i, left:right], angle)
                _climb(angle, slope_steps, red, green, blue)
            _climb(curvature[i, left:right], curvature_steps, red, green, blue)
            _pack(heights, red, green, blue, out[i, left:right])


@kernel
def _climb(
    values: NDArray[np.float64],
    steps: NDArray[np.float64],
    red: NDArray[np.float64],
    green: NDArray[np.float64],
    blue: NDArray[np.float64],
) -> None:
    """Add to the colours what the steps below each value contribute; NaN contributes nothing.

    Two steps a sweep: the loads and stores of the colours cost as much as the arithmetic.
    """
    count = steps.shape[0]
    for k in range(0, count, 2):
        last = min(k + 1, count - 1)
        start, scale, r, g, b = steps[k, 0], steps[k, 1], steps[k, 2], steps[k, 3], steps[k, 4]
        start2, scale2 = steps[last, 0], steps[last, 1]
        r2, g2, b2 = steps[last, 2], steps[last, 3], steps[last, 4]
        if last == k:
            r2 = g2 = b2 = 0.0
        for x in range(values.size):
            share = (values[x] - start) * scale
            share = share if share > 0.0 else 0.0
            share = share if share < 1.0 else 1.0
            share2 = (values[x] - start2) * scale2
            share2 = share2 if share2 > 0.0 else 0.0
            share2 = share2 if share2 < 1.0 else 1.0
            red[x] += share * r + share2 * r2
            green[x] += share * g + share2 * g2
            blue[x] += share * b + share2 * b2


@kernel
def _degrees(squared: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Write the angle in degrees whose squared tangent is given; a grey level of a ramp to 60 is 0.24."""
    for x in range(squared.size):
        out[x] = degrees(math.sqrt(squared[x]))


@kernel
def _pack(
    heights: NDArray[np.float64],
    red: NDArray[np.float64],
    green: NDArray[np.float64],
    blue: NDArray[np.float64],
    out: NDArray[np.uint32],
) -> None:
    for x in range(out.size):
        r, g, b = np.uint32(red[x] + 0.5), np.uint32(green[x] + 0.5), np.uint32(blue[x] + 0.5)
        colour = r | (g << np.uint32(8)) | (b << np.uint32(16)) | np.uint32(0xFF000000)
        out[x] = np.uint32(0) if math.isnan(heights[x]) else colour
