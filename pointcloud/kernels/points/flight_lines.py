"""Flight lines against each other: mean and spread of heights by cell, differences of means; fingerprints of cells."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, kernel
from pointcloud.kernels.points.bins import place

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]

COUNT, MEAN, SQUARES = range(3)
"""What a cell of moments holds: points, their mean, and the sum of the squares of their distances from it."""

PAIRS, SUM, SUM_SQUARES, WORST, BEYOND = range(5)
"""What :func:`differences` adds up."""


@kernel
def moments(
    e: Ints,
    n: Ints,
    z: Ints,
    use: Ints,
    bit: Int,
    cell: Int,
    first_row: Int,
    first_col: Int,
    table: Ints,
    pool: Floats,
) -> None:
    """Take the heights of points into the moments of their cells, by the updating formula of Welford (1962).

    Parameters
    ----------
    e, n : int64 arrays (n,)
        Quanta.
    z : int32 array (n,)
        Quanta.
    use : uint8 array (n,)
        Points without ``bit`` are passed over.
    cell : int
        Quanta.
    first_row, first_col : int
        Block row and column of ``table[0, 0]`` on the lattice of blocks.
    table : int32 array
        Slot of each block in ``pool``.
    pool : float64 array (slots, BLOCK, BLOCK, 3)
    """
    per_cell = 1.0 / cell
    for i in range(e.shape[0]):
        if use[i] & bit:
            slot, r, c = place(e[i], n[i], cell, per_cell, first_row, first_col, table)
            apart = z[i] - pool[slot, r, c, MEAN]
            pool[slot, r, c, COUNT] += 1.0
            pool[slot, r, c, MEAN] += apart / pool[slot, r, c, COUNT]
            pool[slot, r, c, SQUARES] += apart * (z[i] - pool[slot, r, c, MEAN])


@kernel
def merge(into: Floats, other: Floats) -> None:
    """Add the moments (rows, cols, 3) of other points (Chan, Golub & LeVeque 1983)."""
    rows, cols, _ = into.shape
    for r in range(rows):
        for c in range(cols):
            more = other[r, c, COUNT]
            if more > 0.0:
                held = into[r, c, COUNT]
                apart = other[r, c, MEAN] - into[r, c, MEAN]
                both = held + more
                into[r, c, COUNT] = both
                into[r, c, MEAN] += apart * more / both
                into[r, c, SQUARES] += other[r, c, SQUARES] + apart * apart * held * more / both


@kernel
def level(line: Floats, least: Int, spread: float, step: float, out: npt.NDArray[np.bool_]) -> None:
    """Mark the cells in which a line says well how high level ground is.

    A cell is left out if the line is higher or lower beside it: a wall runs there, of which one line may see the top
    and another the foot.

    Parameters
    ----------
    line : float64 array (rows, cols, 3)
        Moments.
    least : int
        Points that a cell must have.
    spread : float
        Largest standard deviation of its heights.
    step : float
        Largest difference to the means of the four cells beside it that hold a point.
    out : bool array (rows, cols)
    """
    rows, cols, _ = line.shape
    for r in range(rows):
        for c in range(cols):
            count = line[r, c, COUNT]
            good = count >= least and line[r, c, SQUARES] <= spread * spread * count
            for k in range(4):
                i, j = r + (k == 0) - (k == 1), c + (k == 2) - (k == 3)
                if good and 0 <= i < rows and 0 <= j < cols and line[i, j, COUNT] > 0.0:
                    good = abs(line[i, j, MEAN] - line[r, c, MEAN]) <= step
            out[r, c] = good


@kernel
def differences(a: Floats, b: Floats, use: npt.NDArray[np.bool_], limit: float, out: Floats) -> None:
    """Add up the differences ``b - a`` of the means of cells.

    Parameters
    ----------
    a, b : float64 arrays (rows, cols, 3)
        Moments of two lines.
    use : bool array (rows, cols)
        Cells that count.
    limit : float
        From which size on a difference counts as ``BEYOND``.
    out : float64 array (5,)
        Pairs of cells, sum and sum of squares of their differences, the largest size, how many are beyond.
    """
    rows, cols = use.shape
    for r in range(rows):
        for c in range(cols):
            if use[r, c]:
                apart = b[r, c, MEAN] - a[r, c, MEAN]
                out[PAIRS] += 1.0
                out[SUM] += apart
                out[SUM_SQUARES] += apart * apart
                out[WORST] = max(out[WORST], abs(apart))
                if abs(apart) > limit:
                    out[BEYOND] += 1.0


@kernel
def fingerprints(
    e: Ints,
    n: Ints,
    keys: Ints,
    cell: Int,
    first_row: Int,
    first_col: Int,
    table: Ints,
    pool: Ints,
) -> None:
    """Combine the keys (int64) of the points of each cell by exclusive or, which no order changes.

    The parameters are those of :func:`moments`; every point counts.
    """
    per_cell = 1.0 / cell
    for i in range(e.shape[0]):
        slot, r, c = place(e[i], n[i], cell, per_cell, first_row, first_col, table)
        pool[slot, r, c] ^= keys[i]
