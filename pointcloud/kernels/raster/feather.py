"""Resampling of one raster onto another's cells, and its shift towards the better one along their joint."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import Int, kernel

_SIDE = 64
"""Side of the tiles that are passed over where no joint is near: most of a lesser source is far from one."""

HALF = 4 * math.pi / 3 - 4 * math.asinh(math.sqrt(3)) + math.sqrt(3)
"""Sum of the weights ``(1 / r - 1 / D)^2`` of a long straight joint at half the radius ``D``, times ``D`` in cells: the
integral of ``(1 / r - 1)^2`` along a line at 1/2, to where ``r`` is 1."""

Heights = NDArray[np.float64]


@kernel
def bilinear(source: Heights, x: Heights, y: Heights, wanted: NDArray[np.bool_], out: Heights) -> None:
    """Interpolate ``source`` at places in its cells: whole numbers are cell centres, ``y`` grows southwards.

    ``x``, ``y``, ``wanted`` and ``out`` have one shape. A place gets a height if all cells with a weight have one, else
    NaN; so does one that is not wanted.
    """
    rows, cols = source.shape
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = math.nan
            px, py = x[i, j], y[i, j]
            if not wanted[i, j] or not (0.0 <= px <= cols - 1 and 0.0 <= py <= rows - 1):
                continue
            left, top = int(px), int(py)
            right, below = px - left, py - top
            upper = source[top, left]
            if right > 0.0:
                upper = upper * (1.0 - right) + source[top, left + 1] * right
            if below > 0.0:
                lower = source[top + 1, left]
                if right > 0.0:
                    lower = lower * (1.0 - right) + source[top + 1, left + 1] * right
                upper = upper * (1.0 - below) + lower * below
            out[i, j] = upper


@kernel
def joint(
    better: Heights, lesser: Heights, starts: NDArray[np.int64], cols: NDArray[np.int64], offsets: Heights
) -> int:
    """List the cells of the joint: both have a height, and one of the eight around only the lesser has.

    Row ``i`` has those from ``starts[i]`` to before ``starts[i + 1]``, from west to east: in ``cols`` their columns, in
    ``offsets`` how much higher the better source is. Returns their number; what does not fit is only counted.
    """
    count = 0
    rows, width = better.shape
    for i in range(rows):
        starts[i] = count
        for j in range(width):
            if math.isnan(better[i, j]) or math.isnan(lesser[i, j]):
                continue
            beside = False
            for k in range(max(i - 1, 0), min(i + 2, rows)):
                for m in range(max(j - 1, 0), min(j + 2, width)):
                    beside = beside or (math.isnan(better[k, m]) and not math.isnan(lesser[k, m]))
            if beside:
                if count < cols.size:
                    cols[count] = j
                    offsets[count] = better[i, j] - lesser[i, j]
                count += 1
    starts[rows] = count
    return count


@kernel
def shift(
    better: Heights,
    lesser: Heights,
    starts: NDArray[np.int64],
    cols: NDArray[np.int64],
    offsets: Heights,
    radius: float,
    out: Heights,
) -> None:
    """Fill ``out`` with what is to be added to the lesser source where the better one has no height; else 0.

    ``radius`` is how far a cell of the joint reaches, in cells. Cells of the joint are summed row by row, so the bits
    of a cell depend on those in reach alone.
    """
    rows, width = better.shape
    reach = math.ceil(radius)
    for top in range(0, rows, _SIDE):
        first, last = max(top - reach, 0), min(top + _SIDE + reach, rows)
        for left in range(0, width, _SIDE):
            near = _any(starts, cols, first, last, left - reach, left + _SIDE + reach)
            for i in range(top, min(top + _SIDE, rows)):
                for j in range(left, min(left + _SIDE, width)):
                    out[i, j] = 0.0
                    if near and math.isnan(better[i, j]) and not math.isnan(lesser[i, j]):
                        out[i, j] = _shift_at(i, j, rows, reach, starts, cols, offsets, radius)


@kernel
def _any(
    starts: NDArray[np.int64], cols: NDArray[np.int64], first: int, last: int, west: int, east: int
) -> bool:
    """Return whether a cell of the joint lies in these rows and columns."""
    for i in range(first, last):
        at = _find(cols, starts[i], starts[i + 1], west)
        if at < starts[i + 1] and cols[at] < east:
            return True
    return False


@kernel
def _find(cols: NDArray[np.int64], low: Int, high: Int, wanted: int) -> Int:
    """Return the first place from ``low`` to ``high`` whose column is not less than the wanted one."""
    while low < high:
        middle = (low + high) // 2
        if cols[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _shift_at(
    i: int,
    j: int,
    rows: int,
    reach: int,
    starts: NDArray[np.int64],
    cols: NDArray[np.int64],
    offsets: Heights,
    radius: float,
) -> float:
    """Return the mean of the offsets in reach and of none at all, which weighs as much as a joint half as far."""
    weights = HALF / radius
    total = 0.0
    for k in range(max(i - reach, 0), min(i + reach + 1, rows)):
        down = float(k - i)
        chord = math.sqrt(max(radius * radius - down * down, 0.0))
        for at in range(_find(cols, starts[k], starts[k + 1], j - int(chord)), starts[k + 1]):
            across = float(cols[at] - j)
            if across > chord:
                break
            weight = 1.0 / math.sqrt(down * down + across * across) - 1.0 / radius
            if weight > 0.0:
                weights += weight * weight
                total += weight * weight * offsets[at]
    return total / weights
