"""Overviews: a raster halved, each cell made of the four of the level below that it covers.

Each level is made from the one before. A mean is then a mean of means, in which a cell that had only one valid cell
below it counts as much as one that had four: the weights would have to be kept beside each level, and beside nodata a
picture seen from afar does not need them. Where all is valid it is the mean over the whole square.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import Int, kernel

_LANES = 0x00FF00FF
"""Two colours of a cell, each with room for the sum of four."""


@kernel
def mean_heights(source: NDArray[np.float32], nodata: float, out: NDArray[np.float32]) -> None:
    """Write the mean of the heights that are known, summed in float64; where none is, nodata.

    Parameters
    ----------
    source : (rows, cols)
        Metres, or another unit that has a mean; ``nodata`` or NaN where there is nothing.
    nodata : float
    out : (⌈rows / 2⌉, ⌈cols / 2⌉)
        The last cell of an odd row or column covers what there is.
    """
    rows, cols = source.shape
    for i in range(out.shape[0]):
        top, bottom = source[2 * i], source[min(2 * i + 1, rows - 1)]
        below = 2 * i + 1 < rows
        for j in range(cols // 2):
            a, b = np.float64(top[2 * j]), np.float64(top[2 * j + 1])
            if below:
                c, d = np.float64(bottom[2 * j]), np.float64(bottom[2 * j + 1])
                out[i, j] = _mean_height(a, b, c, d, nodata)
            else:
                out[i, j] = _mean_height(a, b, nodata, nodata, nodata)
        if cols % 2:
            a, c = np.float64(top[cols - 1]), np.float64(bottom[cols - 1])
            out[i, cols // 2] = _mean_height(a, nodata, c if below else nodata, nodata, nodata)


@kernel
def _mean_height(a: float, b: float, c: float, d: float, nodata: float) -> float:
    total, count = 0.0, 0
    for height in (a, b, c, d):
        if height == height and height != nodata:
            total += height
            count += 1
    if count == 4:
        return total * 0.25
    return total / count if count else nodata


@kernel
def mean_colours(source: NDArray[np.uint32], out: NDArray[np.uint32]) -> None:
    """Write the mean of the colours that are not transparent, rounded half up; where all are, 0.

    Alpha is averaged like a colour, over the same cells: 255 wherever one of them is opaque and none half transparent.

    Parameters
    ----------
    source : (rows, cols)
        Red + 2⁸ green + 2¹⁶ blue + 2²⁴ alpha. The colour of transparent cells does not matter.
    out : (⌈rows / 2⌉, ⌈cols / 2⌉)
        The last cell of an odd row or column covers what there is.
    """
    rows, cols = source.shape
    for i in range(out.shape[0]):
        top, bottom = source[2 * i], source[min(2 * i + 1, rows - 1)]
        below = 2 * i + 1 < rows
        for j in range(cols // 2):
            a, b = np.int64(top[2 * j]), np.int64(top[2 * j + 1])
            c, d = np.int64(bottom[2 * j]), np.int64(bottom[2 * j + 1])
            if below:
                out[i, j] = _mean_colour(a, b, c, d)
            else:
                out[i, j] = _mean_colour(a, b, 0, 0)
        if cols % 2:
            c = np.int64(bottom[cols - 1]) if below else np.int64(0)
            out[i, cols // 2] = _mean_colour(np.int64(top[cols - 1]), 0, c, 0)


@kernel
def _mean_colour(a: Int, b: Int, c: Int, d: Int) -> np.uint32:
    even, odd = np.int64(0), np.int64(0)
    count = 0
    for colour in (a, b, c, d):
        if colour >> 24:
            count += 1
            even += colour & _LANES
            odd += (colour >> 8) & _LANES
    if count == 4:
        even = ((even + 0x00020002) >> 2) & _LANES
        odd = ((odd + 0x00020002) >> 2) & _LANES
        return np.uint32(even | odd << 8)
    if count == 0:
        return np.uint32(0)
    red, blue = (2 * (even & 0xFFFF) + count) // (2 * count), (2 * (even >> 16) + count) // (2 * count)
    green, alpha = (2 * (odd & 0xFFFF) + count) // (2 * count), (2 * (odd >> 16) + count) // (2 * count)
    return np.uint32(red | green << 8 | blue << 16 | alpha << 24)
