"""Points to cells and buckets: the only kernels that turn a coordinate into a place on the lattice."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, kernel

Ints = npt.NDArray[np.integer[Any]]

EMPTY = np.int32(-(2**31))  # a cell without a return


@kernel
def floor_div(value: Int, cell: Int, per_cell: float) -> Int:
    """Return floor(value / cell) exactly; ``per_cell`` is 1 / cell.

    A product and a correction: an integer division takes several times as long.
    """
    guess = np.int64(value * per_cell)
    rest = value - guess * cell
    if rest < 0:
        return guess - 1
    if rest >= cell:
        return guess + 1
    return guess


@kernel
def touched_blocks(
    e: Ints, n: Ints, use: Ints, bit: Int, side: Int, first_row: Int, first_col: Int, table: Ints
) -> None:
    """Mark with -2 the blocks, ``side`` quanta wide, that hold a point with ``bit`` set and have no slot yet (-1)."""
    per_side = 1.0 / side
    for i in range(e.shape[0]):
        if use[i] & bit:
            row = floor_div(-n[i], side, per_side) - first_row
            col = floor_div(e[i], side, per_side) - first_col
            if table[row, col] == -1:
                table[row, col] = -2


@kernel
def place(
    e: Int,
    n: Int,
    cell: Int,
    per_cell: float,
    size: Int,
    per_side: float,
    first_row: Int,
    first_col: Int,
    table: Ints,
) -> tuple[Int, Int, Int]:
    """Return the slot of the block that a point falls in, and the row and column of its cell there."""
    row, col = floor_div(-n, cell, per_cell), floor_div(e, cell, per_cell)
    block_row, block_col = floor_div(row, size, per_side), floor_div(col, size, per_side)
    slot = table[block_row - first_row, block_col - first_col]
    return slot, row - block_row * size, col - block_col * size


@kernel
def highest(
    e: Ints,
    n: Ints,
    z: Ints,
    use: Ints,
    bit: Int,
    cell: Int,
    first_row: Int,
    first_col: Int,
    table: Ints,
    pool: Ints,
) -> None:
    """Raise each cell to its highest point.

    Parameters
    ----------
    e, n : int64 arrays (n,)
        Quanta.
    z : int32 array (n,)
    use : uint8 array (n,)
        Points without ``bit`` are passed over.
    cell : int
        Quanta.
    first_row, first_col : int
        Block row and column of ``table[0, 0]`` on the lattice of blocks.
    table : int32 array
        Slot of each block in ``pool``.
    pool : int32 array (slots, cells, cells)
    """
    size = pool.shape[1]
    per_cell, per_side = 1.0 / cell, 1.0 / size
    for i in range(e.shape[0]):
        if use[i] & bit:
            slot, r, c = place(e[i], n[i], cell, per_cell, size, per_side, first_row, first_col, table)
            if z[i] > pool[slot, r, c]:
                pool[slot, r, c] = z[i]


@kernel
def occupied(
    e: Ints, n: Ints, use: Ints, bit: Int, cell: Int, first_row: Int, first_col: Int, table: Ints, pool: Ints
) -> None:
    """Set each cell that holds a point with ``bit`` to 1; the parameters are those of :func:`highest`."""
    size = pool.shape[1]
    per_cell, per_side = 1.0 / cell, 1.0 / size
    for i in range(e.shape[0]):
        if use[i] & bit:
            slot, r, c = place(e[i], n[i], cell, per_cell, size, per_side, first_row, first_col, table)
            pool[slot, r, c] = 1


@kernel
def counted(
    e: Ints, n: Ints, use: Ints, bit: Int, cell: Int, first_row: Int, first_col: Int, table: Ints, pool: Ints
) -> None:
    """Add one to a cell for each point with ``bit``; the parameters are those of :func:`highest`."""
    size = pool.shape[1]
    per_cell, per_side = 1.0 / cell, 1.0 / size
    for i in range(e.shape[0]):
        if use[i] & bit:
            slot, r, c = place(e[i], n[i], cell, per_cell, size, per_side, first_row, first_col, table)
            pool[slot, r, c] += 1


@kernel
def flag_points(classes: Ints, withheld: Ints, flags: Ints, use: Ints, histogram: Ints) -> None:
    """Give each point the flags of its class, none if it is withheld, and count the classes."""
    for i in range(classes.shape[0]):
        histogram[classes[i]] += 1
        use[i] = 0 if withheld[i] else flags[classes[i]]


@kernel
def survey(
    e: Ints,
    n: Ints,
    classes: Ints,
    withheld: Ints,
    flags: Ints,
    use: Ints,
    histogram: Ints,
    extremes: Ints,
    tally: Ints,
    of_touched: tuple[tuple[Any, ...], ...],
) -> None:
    """Run :func:`flag_points`, and :func:`touched_blocks` with each of some further arguments.

    Parameters
    ----------
    extremes : int64 array (2, 2)
        Lowest and highest E and N; are widened.
    tally : int64 array (257,)
        Is raised by the number of points for each value of ``use``, and at the end by that of points withheld.
    """
    flag_points(classes, withheld, flags, use, histogram)
    for i in range(e.shape[0]):
        tally[use[i]] += 1
        tally[256] += withheld[i] != 0
        extremes[0, 0], extremes[1, 0] = min(extremes[0, 0], e[i]), max(extremes[1, 0], e[i])
        extremes[0, 1], extremes[1, 1] = min(extremes[0, 1], n[i]), max(extremes[1, 1], n[i])
    for touched in of_touched:
        touched_blocks(e, n, use, *touched)


@kernel
def take(e: Ints, n: Ints, z: Ints, use: Ints, bit: Int, east: Int, north: Int, out: Ints) -> None:
    """Write the points with ``bit`` to ``out`` (m, 3), m the number of them, relative to an origin."""
    end = 0
    for i in range(e.shape[0]):
        if use[i] & bit:
            out[end, 0] = e[i] - east
            out[end, 1] = n[i] - north
            out[end, 2] = z[i]
            end += 1


@kernel
def scatter(
    e: Ints,
    n: Ints,
    z: Ints,
    use: Ints,
    of_highest: tuple[Any, ...],
    of_dry: tuple[Any, ...],
    of_take: tuple[Any, ...],
    of_counted: tuple[Any, ...] | None,
) -> None:
    """Run :func:`highest`, :func:`occupied`, :func:`take` and, if asked for, :func:`counted` on the same points.

    Each has its further arguments. Like :func:`survey` it is one call for the sake of Python's lock: beside a decoder
    that holds it, each return from a kernel takes as long as a few chunks.
    """
    highest(e, n, z, use, *of_highest)
    occupied(e, n, use, *of_dry)
    if of_counted is not None:
        counted(e, n, use, *of_counted)
    take(e, n, z, use, *of_take)


@kernel
def bucket_counts(points: Ints, side: Int, west: Int, south: Int, cols: Int, counts: Ints) -> None:
    """Add points (n, 3) to the ``counts`` (buckets,) of their buckets.

    Buckets are ``side`` quanta wide and run from the west, then from the south.
    """
    per_side = 1.0 / side
    for i in range(points.shape[0]):
        bucket = floor_div(points[i, 1] - south, side, per_side) * cols + floor_div(
            points[i, 0] - west, side, per_side
        )
        counts[bucket] += 1


@kernel
def bucket_sort(points: Ints, side: Int, west: Int, south: Int, cols: Int, cursor: Ints, out: Ints) -> None:
    """Move points (n, 3) to their buckets; ``cursor`` holds where each bucket begins and is advanced."""
    per_side = 1.0 / side
    for i in range(points.shape[0]):
        bucket = floor_div(points[i, 1] - south, side, per_side) * cols + floor_div(
            points[i, 0] - west, side, per_side
        )
        at = cursor[bucket]
        cursor[bucket] = at + 1
        out[at, 0], out[at, 1], out[at, 2] = points[i, 0], points[i, 1], points[i, 2]


@kernel
def clip(
    points: Ints, east: Int, north: Int, reach_x: Int, reach_y: Int, xy: Ints, z: Ints, start: Int
) -> Int:
    """Append the points of (m, 3) within a window to ``xy`` and ``z``, relative to its centre; return the new end.

    ``east``, ``north`` is the centre relative to the points' origin; the window is half-open: its west and north
    edges (-reach_x, +reach_y) are inside.
    """
    end = start
    for i in range(points.shape[0]):
        x, y = points[i, 0] - east, points[i, 1] - north
        if -reach_x <= x < reach_x and -reach_y < y <= reach_y:
            xy[end, 0], xy[end, 1], z[end] = x, y, points[i, 2]
            end += 1
    return end
