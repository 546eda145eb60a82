"""The lowest points of cells, and how low a point may be before it is taken for noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.ground.morphology import NOTHING
from pointcloud.kernels.jit import Int, inner, kernel
from pointcloud.kernels.points.bins import floor_div

Ints = npt.NDArray[np.integer[Any]]


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
    low, low_x, low_y : integer arrays (rows, cols)
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
def lowest_of_four(
    low: Ints, x: Ints, y: Ints, out: npt.NDArray[np.bool_], cell: Int, of: Ints, of_x: Ints, of_y: Ints
) -> None:
    """Keep the lowest point of each square of two by two cells; of those of one height the north-western one's.

    Parameters
    ----------
    low, x, y : integer arrays (2 rows, 2 cols)
        From :func:`lowest`.
    out : bool array (2 rows, 2 cols)
        Cells whose point is passed over.
    cell : int
        Quanta.
    of, of_x, of_y : integer arrays (rows, cols)
        Receive the same of the squares; NOTHING where there is no point.
    """
    for i in range(of.shape[0]):
        for j in range(of.shape[1]):
            of[i, j], of_x[i, j], of_y[i, j] = NOTHING, 0, 0
            for k in range(4):
                r, c = 2 * i + k // 2, 2 * j + k % 2
                if not out[r, c] and low[r, c] < of[i, j]:
                    of[i, j] = low[r, c]
                    of_x[i, j], of_y[i, j] = x[r, c] + (k % 2) * cell, y[r, c] + (k // 2) * cell


@kernel
def points_of(
    low: Ints,
    x: Ints,
    y: Ints,
    west: Int,
    north: Int,
    cell: Int,
    reach_x: Int,
    reach_y: Int,
    xy: Ints,
    z: Ints,
) -> Int:
    """Write the points of cells that lie in a window; return how many.

    Parameters
    ----------
    low, x, y : integer arrays (rows, cols)
        From :func:`lowest`.
    west, north : int
        Corner of the cells in quanta from the centre of the window.
    cell : int
        Quanta.
    reach_x, reach_y : int
        Half its sides; it is half-open: its west and north edges (-reach_x, +reach_y) are inside.
    xy, z : int32 arrays (n, 2), (n,)
        ``xy`` from the centre of the window; ``n`` at least the number of points in the cells.
    """
    count = 0
    for i in range(low.shape[0]):
        for j in range(low.shape[1]):
            if low[i, j] != NOTHING:
                e, n = west + j * cell + x[i, j], north - i * cell - y[i, j]
                if -reach_x <= e < reach_x and -reach_y < n <= reach_y:
                    xy[count, 0], xy[count, 1], z[count] = e, n, low[i, j]
                    count += 1
    return count


@inner
def _sink(lows: Ints, row: Ints, offset: Int) -> None:
    """Take the heights ``offset`` columns further on in ``row`` into the three lowest (3, cols) of each column.

    By slices, and a column at a time in three places: so the loop is vectorised.
    """
    count = row.shape[0] - abs(offset)
    if count <= 0:
        return
    at, of = max(-offset, 0), max(offset, 0)
    first, second, third = lows[0, at : at + count], lows[1, at : at + count], lows[2, at : at + count]
    heights = row[of : of + count]
    for j in range(count):
        height = heights[j]
        higher = height if height > first[j] else first[j]
        first[j] = height if height < first[j] else first[j]
        highest = higher if higher > second[j] else second[j]
        second[j] = higher if higher < second[j] else second[j]
        third[j] = highest if highest < third[j] else third[j]


@kernel
def floors(low: Ints, reach: Int, drop: Int, first: Int, last: Int, out: Ints) -> None:
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
    first, last : int
    out : int32 array (rows, cols)
        Its rows ``first`` … ``last`` - 1 are written: the least int32 where fewer than three cells around hold a point.
    """
    rows, cols = low.shape
    lows = np.empty((3, cols), np.int32)
    for i in range(first, last):
        lows[:] = NOTHING
        for r in range(max(i - reach, 0), min(i + reach + 1, rows)):
            for offset in range(-reach, reach + 1):
                if r != i or offset != 0:
                    _sink(lows, low[r], offset)
        for j in range(cols):
            floor = np.int64(lows[1, j]) - drop
            out[i, j] = floor if lows[2, j] != NOTHING and floor > -(2**31) else -(2**31)
