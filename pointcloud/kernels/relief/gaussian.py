"""Weighted sums over a square window, one axis after the other.

Every sum runs over its taps in the same order in every cell, so a cell's bits depend on its window alone: not
on the array it is cut from, the band it is computed in, or the vector width.
"""

from __future__ import annotations

import math
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import kernel

FIRST: Final = cast("int", np.int64(0))
ALONG: Final = cast("int", np.int64(1))
"""Start and step of a sum along a row; typed, as Numba compiles a function anew for each literal number."""


@kernel
def gather(
    dem: NDArray[np.float32] | NDArray[np.float64], top: int, left: int, out: NDArray[np.float64]
) -> None:
    """Copy the window of ``dem`` at row ``top`` and column ``left`` into ``out``.

    What lies outside ``dem`` and what is not finite becomes NaN.
    """
    rows, cols = dem.shape
    first = min(max(-left, 0), out.shape[1])
    last = max(min(cols - left, out.shape[1]), first)
    for i in range(out.shape[0]):
        line = out[i]
        if top + i < 0 or top + i >= rows:
            line[:] = math.nan
            continue
        line[:first] = math.nan
        line[last:] = math.nan
        source = dem[top + i, left + first : left + last]
        target = line[first:last]
        for j in range(target.size):
            value = np.float64(source[j])
            target[j] = value if math.fabs(value) < math.inf else math.nan


@kernel
def taps(
    source: NDArray[np.float64], start: int, step: int, weights: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    """Sum ``weights[t] * source[start + t * step + x]`` over the taps t into ``out[x]``.

    ``source`` is flat, so that one function sums along a row (``step`` 1) and down a column (``step`` the
    length of a row). Eight taps a sweep keep the sum in a register: 2 ns a cell for 25 taps.
    """
    n = out.size
    count = weights.size
    w0 = weights[0]
    a = source[start : start + n]
    for x in range(n):
        out[x] = w0 * a[x]
    t = 1
    while t + 7 < count:
        at = start + t * step
        a = source[at : at + n]
        b = source[at + step : at + step + n]
        c = source[at + 2 * step : at + 2 * step + n]
        d = source[at + 3 * step : at + 3 * step + n]
        e = source[at + 4 * step : at + 4 * step + n]
        f = source[at + 5 * step : at + 5 * step + n]
        g = source[at + 6 * step : at + 6 * step + n]
        h = source[at + 7 * step : at + 7 * step + n]
        w0, w1, w2, w3 = weights[t], weights[t + 1], weights[t + 2], weights[t + 3]
        w4, w5, w6, w7 = weights[t + 4], weights[t + 5], weights[t + 6], weights[t + 7]
        for x in range(n):
            first = out[x] + w0 * a[x] + w1 * b[x] + w2 * c[x] + w3 * d[x]
            out[x] = first + w4 * e[x] + w5 * f[x] + w6 * g[x] + w7 * h[x]
        t += 8
    while t < count:
        at = start + t * step
        w0 = weights[t]
        a = source[at : at + n]
        for x in range(n):
            out[x] += w0 * a[x]
        t += 1


@kernel
def convolve(
    pad: NDArray[np.float64],
    weights: NDArray[np.float64],
    columns: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Smooth ``pad`` with the same symmetric weights along both axes.

    A cell whose window holds a NaN becomes NaN: that is how windows with nodata are found.

    Parameters
    ----------
    pad : (rows + 2 r, cols + 2 r)
        Heights, NaN where there are none.
    weights : (2 r + 1,)
        They sum to 1.
    columns : (rows, cols + 2 r)
        Room for the sums down the columns.
    out : (rows, cols)
        The smoothed heights.
    """
    width = pad.shape[1]
    flat = pad.reshape(pad.size)
    for y in range(out.shape[0]):
        taps(flat, y * width, width, weights, columns[y])
    flat = columns.reshape(columns.size)
    for y in range(out.shape[0]):
        taps(flat, y * width, ALONG, weights, out[y])
