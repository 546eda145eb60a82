"""Points and the surface that tells ground from what stands on it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.bins import floor_div
from pointcloud.kernels.jit import Int, kernel
from pointcloud.kernels.morphology import NOTHING
from pointcloud.lattice import QUANTA_PER_METRE

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]

_NEAR = 3  # cells around a place without a surface in which one is looked for: the rim of a survey


@kernel
def lowest(
    xy: Ints, z: Ints, west: Int, north: Int, cell: Int, floor: Ints, low: Ints, low_x: Ints, low_y: Ints
) -> None:
    """Keep the lowest point of each cell that is not below the cell's floor.

    Of points of one height, the lexicographically smallest (E, N): so the order of the points does not matter.

    Parameters
    ----------
    xy : int32 array (n, 2)
        Quanta; points outside the cells are passed over.
    z : int32 array (n,)
    west, north : int
        Corner of the cells, in the frame of ``xy``.
    cell : int
        Quanta.
    floor : int32 array (rows, cols), or (0, 0) for none
        Lower points are noise.
    low, low_x, low_y : int32 arrays (rows, cols)
        Height, and place within the cell from its west and north edges; ``low`` is NOTHING where there is no point.
    """
    rows, cols = low.shape
    per_cell = 1.0 / cell
    has_floor = floor.shape[0] > 0
    for i in range(xy.shape[0]):
        down, right = north - np.int64(xy[i, 1]), np.int64(xy[i, 0]) - west
        row, col = floor_div(down, cell, per_cell), floor_div(right, cell, per_cell)
        if row < 0 or row >= rows or col < 0 or col >= cols or (has_floor and z[i] < floor[row, col]):
            continue
        x, y = right - col * cell, down - row * cell
        if z[i] < low[row, col] or (
            z[i] == low[row, col] and (x < low_x[row, col] or (x == low_x[row, col] and y > low_y[row, col]))
        ):
            low[row, col], low_x[row, col], low_y[row, col] = z[i], x, y


@kernel
def floors(low: Ints, reach: Int, drop: Int, out: Ints) -> None:
    """Write how low a point of each cell may be: ``drop`` below the second lowest of the cells around it.

    Parameters
    ----------
    low : int32 array (rows, cols)
        From :func:`lowest`.
    reach : int
        Cells in each direction; the cell itself does not count. A few points below all others, by a fault of the
        scanner, are rarely more than one in so small a place.
    drop : int
        Quanta.
    out : int32 array (rows, cols)
        The least int32 where fewer than three cells around hold a point.
    """
    rows, cols = low.shape
    for i in range(rows):
        for j in range(cols):
            first, second, count = NOTHING, NOTHING, 0
            for r in range(max(i - reach, 0), min(i + reach + 1, rows)):
                for c in range(max(j - reach, 0), min(j + reach + 1, cols)):
                    here = low[r, c]
                    if here == NOTHING or (r == i and c == j):
                        continue
                    count += 1
                    if here < first:
                        first, second = here, first
                    elif here < second:
                        second = here
            out[i, j] = -(2**31)
            if count >= 3 and np.int64(second) - drop > -(2**31):
                out[i, j] = second - drop


@kernel
def steepness(means: Floats, step: Int, run: float, out: Floats) -> None:
    """Write the slope of a surface of means by differences over ``step`` cells to either side.

    Where a side has no mean the cell itself stands for it; with nothing on both sides the land counts as level.

    Parameters
    ----------
    means : float32 array (rows, cols)
        Metres, NaN where there is none.
    step : int
    run : float
        Length of ``step`` in metres.
    out : float32 array (rows, cols)
        Rise over run.
    """
    rows, cols = means.shape
    for i in range(rows):
        for j in range(cols):
            total = 0.0
            for axis in range(2):
                rise, length = 0.0, 0.0
                here = means[i, j]
                for side in (-1, 1):
                    r, c = i + side * step * axis, j + side * step * (1 - axis)
                    if (
                        0 <= r < rows
                        and 0 <= c < cols
                        and not math.isnan(means[r, c])
                        and not math.isnan(here)
                    ):
                        rise += side * (float(means[r, c]) - float(here))
                        length += run
                if length > 0.0:
                    total += (rise / length) ** 2
            out[i, j] = math.sqrt(total)


@kernel
def tolerance(surface: Floats, cell: float, least: float, scale: float, most: float, out: Floats) -> None:
    """Write how far a ground point may lie from the surface: ``least`` + ``scale`` · slope, the slope at most ``most``.

    The slope is that of central differences, or of one side where the other has no surface.

    Parameters
    ----------
    surface : float32 array (rows, cols)
        Metres, NaN where there is none.
    cell : float
        Metres.
    out : float32 array (rows, cols)
        Metres, NaN where there is no surface.
    """
    rows, cols = surface.shape
    for i in range(rows):
        for j in range(cols):
            here = surface[i, j]
            if math.isnan(here):
                out[i, j] = np.nan
                continue
            total = 0.0
            for axis in range(2):
                rise, length = 0.0, 0.0
                for side in (-1, 1):
                    r, c = i + side * axis, j + side * (1 - axis)
                    if 0 <= r < rows and 0 <= c < cols and not math.isnan(surface[r, c]):
                        rise += side * (float(surface[r, c]) - float(here))
                        length += cell
                if length > 0.0:
                    total += (rise / length) ** 2
            out[i, j] = least + scale * min(math.sqrt(total), most)


@kernel
def _nearest(surface: Floats, row: Int, col: Int) -> tuple[Int, Int]:
    """Return the nearest cell with a surface within a few cells, or (-1, -1)."""
    rows, cols = surface.shape
    best: Int = (_NEAR + 1) ** 2
    best_row, best_col = -1, -1
    for r in range(max(row - _NEAR, 0), min(row + _NEAR + 1, rows)):
        for c in range(max(col - _NEAR, 0), min(col + _NEAR + 1, cols)):
            apart = (r - row) ** 2 + (c - col) ** 2
            if apart < best and not math.isnan(surface[r, c]):
                best, best_row, best_col = apart, r, c
    return best_row, best_col


@kernel
def above(
    xy: Ints,
    z: Ints,
    west: Int,
    north: Int,
    cell: Int,
    surface: Floats,
    tolerances: Floats,
    heights: Floats,
    ground: npt.NDArray[np.bool_],
) -> None:
    """Write the height of each point above the surface, and whether it is close enough to be ground.

    Surface and tolerance are bilinear between cell centres, over those of the four that there are; where none is,
    those of the nearest cell within three; where there is none either, the height is NaN and the point no ground.

    Parameters
    ----------
    xy, z : int32 arrays (n, 2), (n,)
        Quanta.
    west, north : int
        Corner of the cells, in the frame of ``xy``.
    cell : int
        Quanta.
    surface, tolerances : float32 arrays (rows, cols)
        Metres, NaN where there is none.
    heights : float32 array (n,)
    ground : bool array (n,)
    """
    rows, cols = surface.shape
    per_cell = 1.0 / cell
    for i in range(xy.shape[0]):
        right = np.int64(xy[i, 0]) - west - cell // 2
        down = north - np.int64(xy[i, 1]) - cell // 2
        col, row = floor_div(right, cell, per_cell), floor_div(down, cell, per_cell)
        u, v = float(right - col * cell) * per_cell, float(down - row * cell) * per_cell
        weights, height, limit = 0.0, 0.0, 0.0
        for k in range(4):
            r, c = row + k // 2, col + k % 2
            if 0 <= r < rows and 0 <= c < cols and not math.isnan(surface[r, c]):
                weight = (v if k // 2 else 1.0 - v) * (u if k % 2 else 1.0 - u)
                weights += weight
                height += weight * float(surface[r, c])
                limit += weight * float(tolerances[r, c])
        if weights > 0.0:
            height, limit = height / weights, limit / weights
        else:
            r, c = _nearest(surface, row, col)
            if r < 0:
                heights[i], ground[i] = np.nan, False
                continue
            height, limit = float(surface[r, c]), float(tolerances[r, c])
        height = float(z[i]) / QUANTA_PER_METRE - height
        heights[i] = height
        ground[i] = abs(height) <= limit
