"""Grey-scale morphology with discs on heights in quanta, and exact means of boxes.

Everything is in integers, so a window with its halo gives the same bits as the whole, whatever its origin.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, kernel
from pointcloud.lattice import QUANTA_PER_METRE

Ints = npt.NDArray[np.integer[Any]]

NOTHING = np.int32(2**31 - 1)
"""A cell that takes no part: more than any height."""


@kernel
def _lower(low: Ints, by: Ints) -> None:
    """Lower each item to that of ``by``."""
    for j in range(low.shape[0]):
        low[j] = low[j] if low[j] < by[j] else by[j]


@kernel
def _widen(low: Ints, row: Ints, width: Int) -> None:
    """Lower each item to those of ``row`` that lie ``width`` before and behind it.

    By slices: an index that might be negative keeps a loop from being vectorised.
    """
    count = low.shape[0]
    if width < count:
        _lower(low[width:], row[: count - width])
        _lower(low[: count - width], row[width:])


@kernel
def minima(heights: Ints, half: Ints, first: Int, last: Int, out: Ints, low: Ints) -> None:
    """Write the minimum over a disc around each cell of the rows ``first`` … ``last`` - 1.

    A row is read once: minima over its widening stretches are made one from the other, and each is handed to the
    rows above and below that need it (some 8 r steps a cell for an opening, which vectorise: 0.9 CPU-s for all radii to
    22 on 3 M cells).

    Parameters
    ----------
    heights : int32 array (rows, cols)
        Quanta, :data:`NOTHING` where there is none. What lies beyond the array takes no part either.
    half : int64 array (r + 1,)
        Half-widths of the disc's rows, from the middle one outwards.
    first, last : int
    out : int32 array (rows, cols)
        Its rows ``first`` … ``last`` - 1 are written.
    low : int32 array (cols,)
        Work space.
    """
    rows, reach = heights.shape[0], half.shape[0] - 1
    for y in range(first, last):
        out[y, :] = NOTHING
    for y in range(max(first - reach, 0), min(last + reach, rows)):
        low[:] = heights[y, :]
        width = 0
        for k in range(reach, -1, -1):
            while width < half[k]:
                width += 1
                _widen(low, heights[y], width)
            if first <= y - k < last:
                _lower(out[y - k], low)
            if k > 0 and first <= y + k < last:
                _lower(out[y + k], low)


@kernel
def beside(heights: Ints, reach: Int, first: Int, last: Int, out: npt.NDArray[np.bool_]) -> None:
    """Write which cells have a height or lie within ``reach`` cells, in either direction, of one that has.

    Parameters
    ----------
    heights : int32 array (rows, cols)
        Quanta, :data:`NOTHING` where there is none.
    reach, first, last : int
    out : bool array (rows, cols)
        Its rows ``first`` … ``last`` - 1 are written.
    """
    rows, cols = heights.shape
    for i in range(first, last):
        for j in range(cols):
            found = heights[i, j] != NOTHING
            for r in range(max(i - reach, 0), min(i + reach + 1, rows)):
                if found:
                    break
                for c in range(max(j - reach, 0), min(j + reach + 1, cols)):
                    found |= heights[r, c] != NOTHING
            out[i, j] = found


@kernel
def turn_over(heights: Ints, wanted: npt.NDArray[np.bool_], first: Int, last: Int) -> None:
    """Turn heights upside down in place, and take out those of cells that are not wanted."""
    for y in range(first, last):
        for j in range(heights.shape[1]):
            nothing = heights[y, j] == NOTHING or not wanted[y, j]
            heights[y, j] = NOTHING if nothing else -heights[y, j]


@kernel
def steps(
    measured: Ints, surface: npt.NDArray[np.float32], empty: Int, first: Int, last: Int, out: Ints
) -> None:
    """Write a surface in quanta: measured heights as they are, others rounded.

    Parameters
    ----------
    measured : int32 array (rows, cols)
        Quanta, ``empty`` where nothing was measured.
    surface : float32 array (rows, cols)
        Metres, NaN where there is none.
    empty, first, last : int
    out : int32 array (rows, cols)
        Its rows ``first`` … ``last`` - 1 are written; :data:`NOTHING` where there is no surface.
    """
    for i in range(first, last):
        for j in range(measured.shape[1]):
            if measured[i, j] != empty:
                out[i, j] = measured[i, j]
            elif surface[i, j] == surface[i, j]:
                out[i, j] = int(np.rint(float(surface[i, j]) * QUANTA_PER_METRE))
            else:
                out[i, j] = NOTHING


@kernel
def box_means(heights: Ints, half: Int, first: Int, last: Int, out: npt.NDArray[np.float32]) -> None:
    """Write the mean of the heights in a square of 2 ``half`` + 1 cells around each cell, in metres.

    Sums are exact: int64 holds those of 2^31 cells. NaN where the cell itself has no height.

    Parameters
    ----------
    heights : int32 array (rows, cols)
        Quanta, :data:`NOTHING` where there is none.
    half, first, last : int
    out : float32 array (rows, cols)
        Its rows ``first`` … ``last`` - 1 are written.
    """
    rows, cols = heights.shape
    sums, counts = np.zeros(cols + 1, np.int64), np.zeros(cols + 1, np.int64)
    column_sums, column_counts = np.zeros(cols, np.int64), np.zeros(cols, np.int64)
    coming = going = max(first - half, 0)
    for row in range(first, last):
        while coming < min(row + half + 1, rows):
            for j in range(cols):
                if heights[coming, j] != NOTHING:
                    column_sums[j] += heights[coming, j]
                    column_counts[j] += 1
            coming += 1
        while going < row - half:
            for j in range(cols):
                if heights[going, j] != NOTHING:
                    column_sums[j] -= heights[going, j]
                    column_counts[j] -= 1
            going += 1
        for j in range(cols):
            sums[j + 1] = sums[j] + column_sums[j]
            counts[j + 1] = counts[j] + column_counts[j]
        for j in range(cols):
            low, high = max(j - half, 0), min(j + half + 1, cols)
            count = counts[high] - counts[low]
            if heights[row, j] != NOTHING:
                out[row, j] = float(sums[high] - sums[low]) / (QUANTA_PER_METRE * float(count))
            else:
                out[row, j] = np.nan


@kernel
def flag_steps(
    before: Ints,
    after: Ints,
    steepness: npt.NDArray[np.float32],
    base: float,
    slope: float,
    share: float,
    radius: float,
    first: Int,
    last: Int,
    out: npt.NDArray[np.bool_],
) -> None:
    """Flag the cells that an opening lowers by more than the terrain explains.

    Parameters
    ----------
    before, after : int32 arrays (rows, cols)
        Surfaces opened with the disc before and with this one, in quanta.
    steepness : float32 array (rows, cols)
        Slope of the land at large, rise over run.
    base, slope, share : float
        The limit is base + (slope + share · steepness) · radius, in metres.
    radius : float
        Of this disc, in metres.
    first, last : int
        Rows to look at.
    out : bool array (rows, cols)
        Cells are only ever set.
    """
    for i in range(first, last):
        for j in range(before.shape[1]):
            if before[i, j] != NOTHING:
                limit = base + (slope + share * float(steepness[i, j])) * radius
                if float(before[i, j] - after[i, j]) > QUANTA_PER_METRE * limit:
                    out[i, j] = True
