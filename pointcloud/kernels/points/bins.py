"""Points to cells and buckets: the only kernels that turn a coordinate into a place on the lattice."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, inner, kernel

Ints = npt.NDArray[np.integer[Any]]

EMPTY = np.int32(-(2**31))  # a cell without a return

_STRIP = 4096  # points that several kernels take in turn, while the cache holds them

_SHIFT = 8
BLOCK = 1 << _SHIFT
"""Cells along a side of a block: a power of two, so that the block of a cell is found without a division."""


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


@inner
def place(
    e: Int, n: Int, cell: Int, per_cell: float, first_row: Int, first_col: Int, table: Ints
) -> tuple[Int, Int, Int]:
    """Return the slot of the block that a point falls in, and the row and column of its cell there."""
    row, col = floor_div(-n, cell, per_cell), floor_div(e, cell, per_cell)
    slot = table[(row >> _SHIFT) - first_row, (col >> _SHIFT) - first_col]
    return slot, row & (BLOCK - 1), col & (BLOCK - 1)


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
    pool : int32 array (slots, BLOCK, BLOCK)
    """
    per_cell = 1.0 / cell
    for i in range(e.shape[0]):
        if use[i] & bit:
            slot, r, c = place(e[i], n[i], cell, per_cell, first_row, first_col, table)
            if z[i] > pool[slot, r, c]:
                pool[slot, r, c] = z[i]


@kernel
def occupied(
    e: Ints, n: Ints, use: Ints, bit: Int, cell: Int, first_row: Int, first_col: Int, table: Ints, pool: Ints
) -> None:
    """Set each cell that holds a point with ``bit`` to 1; the parameters are those of :func:`highest`."""
    per_cell = 1.0 / cell
    for i in range(e.shape[0]):
        if use[i] & bit:
            slot, r, c = place(e[i], n[i], cell, per_cell, first_row, first_col, table)
            pool[slot, r, c] = 1


@kernel
def counted(
    e: Ints, n: Ints, use: Ints, bit: Int, cell: Int, first_row: Int, first_col: Int, table: Ints, pool: Ints
) -> None:
    """Add one to a cell for each point with ``bit``; the parameters are those of :func:`highest`."""
    per_cell = 1.0 / cell
    for i in range(e.shape[0]):
        if use[i] & bit:
            slot, r, c = place(e[i], n[i], cell, per_cell, first_row, first_col, table)
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
    west, south, east, north = extremes[0, 0], extremes[0, 1], extremes[1, 0], extremes[1, 1]
    for first in range(0, e.shape[0], _STRIP):
        last = min(first + _STRIP, e.shape[0])
        x, y, held, used = e[first:last], n[first:last], withheld[first:last], use[first:last]
        flag_points(classes[first:last], held, flags, used, histogram)
        for i in range(last - first):
            tally[used[i]] += 1
            tally[256] += held[i] != 0
            west, east = min(west, x[i]), max(east, x[i])
            south, north = min(south, y[i]), max(north, y[i])
        for touched in of_touched:
            touched_blocks(x, y, used, *touched)
    extremes[0, 0], extremes[0, 1], extremes[1, 0], extremes[1, 1] = west, south, east, north


@kernel
def take(e: Ints, n: Ints, z: Ints, use: Ints, end: Int, bit: Int, east: Int, north: Int, out: Ints) -> Int:
    """Write the points with ``bit`` to ``out`` (m, 3) from ``end`` on, relative to an origin; return the new end."""
    for i in range(e.shape[0]):
        if use[i] & bit:
            out[end, 0] = e[i] - east
            out[end, 1] = n[i] - north
            out[end, 2] = z[i]
            end += 1
    return end


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

    Each has its further arguments. Like :func:`survey` it is one call for the sake of Python's lock (beside a decoder
    that holds it, each return from a kernel takes as long as a few chunks), and goes by strips for that of the cache.
    """
    end: Int = 0
    for first in range(0, e.shape[0], _STRIP):
        last = min(first + _STRIP, e.shape[0])
        here = e[first:last], n[first:last], z[first:last], use[first:last]
        highest(*here, *of_highest)
        occupied(here[0], here[1], here[3], *of_dry)
        if of_counted is not None:
            counted(here[0], here[1], here[3], *of_counted)
        end = take(*here, end, *of_take)


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
