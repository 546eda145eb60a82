"""Grey-scale morphology with discs on heights in quanta, and exact means of boxes.

Everything is in integers, so a window with its halo gives the same bits as the whole, whatever its origin.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.geo.lattice import QUANTA_PER_METRE
from pointcloud.kernels.jit import Int, inner, kernel

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float32]

NOTHING = np.int32(2**31 - 1)
"""A cell that takes no part: more than any height."""


def disc(radius: int) -> tuple[Ints, Ints]:
    """Return what the kernels ask for of a disc.

    Parameters
    ----------
    radius : int
        Cells; the disc holds the cells whose centres are at most so far from the middle one's.

    Returns
    -------
    int64 array (radius + 1,)
        Half-widths of its rows, from the middle one outwards, for :func:`dilate`.
    int64 array (n, 2)
        Its cells beyond the disc one cell smaller, moved by up to one cell, for :func:`erode`: rows and columns from
        the middle, to the east; the west is alike.
    """
    half = np.array([math.isqrt(radius * radius - k * k) for k in range(radius + 1)], np.int64)
    y, x = np.mgrid[-radius : radius + 1, 1 : radius + 1]
    far, near = np.maximum(abs(y), x), np.minimum(abs(y), x)
    beyond = (far**2 + near**2 <= radius**2) & ((far - 1) ** 2 + near**2 > (radius - 1) ** 2)
    return half, np.column_stack((y[beyond], x[beyond]))


@inner
def _lower(low: Ints, by: Ints) -> None:
    """Lower each item to that of ``by``."""
    for j in range(low.shape[0]):
        low[j] = low[j] if low[j] < by[j] else by[j]


@inner
def _widen(low: Ints, row: Ints, width: Int) -> None:
    """Lower each item to those of ``row`` that lie ``width`` before and behind it.

    By slices: an index that might be negative keeps a loop from being vectorised.
    """
    count = low.shape[0]
    if width < count:
        _lower(low[width:], row[: count - width])
        _lower(low[: count - width], row[width:])


@kernel
def erode(before: Ints, heights: Ints, beyond: Ints, first: Int, last: Int, out: Ints) -> None:
    """Write the minimum over a disc around each cell, from those over the disc that is one cell smaller.

    What lies in a disc lies in the smaller one around the cell or around one of the four beside it, but for a few
    cells: 7 on average for radii up to 22, and 24 of the 1517 of that one.

    Parameters
    ----------
    before : int32 array (rows, cols)
        Minima over the smaller disc in quanta; for the first disc the heights.
    heights : int32 array (rows, cols)
        Quanta, :data:`NOTHING` where there is none. What lies beyond the array takes no part either.
    beyond : int64 array (n, 2)
        The few cells, from :func:`disc`.
    first, last : int
    out : int32 array (rows, cols)
        Its rows ``first`` … ``last`` - 1 are written.
    """
    rows = heights.shape[0]
    for y in range(first, last):
        out[y, :] = before[y, :]
        if y > 0:
            _lower(out[y], before[y - 1])
        if y < rows - 1:
            _lower(out[y], before[y + 1])
        _widen(out[y], before[y], 1)
        for k in range(beyond.shape[0]):
            if 0 <= y + beyond[k, 0] < rows:
                _widen(out[y], heights[y + beyond[k, 0]], beyond[k, 1])


@kernel
def dilate(
    heights: Ints, discs: npt.NDArray[np.bool_], half: Ints, first: Int, last: Int, out: Ints, work: Ints
) -> None:
    """Write the maximum over a disc around each cell of the rows ``first`` … ``last`` - 1, of cells with a disc.

    A row is read once: maxima over its widening stretches are made one from the other, and each is handed to the
    rows above and below that need it (some 4 r steps a cell, which vectorise).

    Parameters
    ----------
    heights : int32 array (rows, cols)
        Quanta, :data:`NOTHING` where there is none.
    discs : bool array (rows, cols)
        Cells that take part.
    half : int64 array (r + 1,)
        From :func:`disc`.
    first, last : int
    out : int32 array (last - first, cols)
        :data:`NOTHING` where no cell of the disc takes part.
    work : int32 array (2, cols)
    """
    rows, reach = heights.shape[0], half.shape[0] - 1
    row, low = work[0], work[1]  # upside down, so that what takes no part is the highest here too
    out[:] = NOTHING
    for y in range(max(first - reach, 0), min(last + reach, rows)):
        for j in range(row.shape[0]):
            row[j] = -heights[y, j] if discs[y, j] and heights[y, j] != NOTHING else NOTHING
        low[:] = row
        width = 0
        for k in range(reach, -1, -1):
            while width < half[k]:
                width += 1
                _widen(low, row, width)
            if first <= y - k < last:
                _lower(out[y - k - first], low)
            if k > 0 and first <= y + k < last:
                _lower(out[y + k - first], low)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = NOTHING if out[i, j] == NOTHING else -out[i, j]


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
def steps(measured: Ints, surface: Floats, empty: Int, first: Int, last: Int, out: Ints) -> None:
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
def box_means(heights: Ints, half: Int, first: Int, last: Int, out: Floats) -> None:
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
def lower_by_step(
    opened: Ints, by: Ints, base: float, slope: float, radius: float, first: Int, steepest: Floats
) -> None:
    """Lower a surface to its opening with the next disc, and note how steep the land would have to be to explain that.

    Parameters
    ----------
    opened : int32 array (rows, cols)
        The surface opened with the disc before, in quanta, :data:`NOTHING` where there is none; is lowered.
    by : int32 array (n, cols)
        The rows from ``first`` on, opened with this disc.
    base, slope : float
        A step of ``base`` + ``slope`` · ``radius``, in metres, needs no explanation.
    radius : float
        Of this disc, in metres.
    first : int
    steepest : float32 array (rows, cols)
        Is raised to what is left of the step over the radius.
    """
    per_radius = 1.0 / (QUANTA_PER_METRE * radius)
    explained = base / radius + slope
    for i in range(by.shape[0]):
        before, after, most = opened[first + i], by[i], steepest[first + i]
        for j in range(after.shape[0]):
            here = before[j]
            lowered = here if here == NOTHING else after[j]
            left = float(here - lowered) * per_radius - explained
            most[j] = left if left > most[j] else most[j]
            before[j] = lowered
