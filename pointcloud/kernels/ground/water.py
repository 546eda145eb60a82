"""Holes in all returns: which cells a disc can cover without touching a cell that holds a return."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, kernel

Ints = npt.NDArray[np.integer[Any]]


@kernel
def runs(dry: Ints, left: Ints, right: Ints) -> None:
    """Count, for each cell, the empty cells from it to the west (``left``) and east, itself included."""
    rows, cols = dry.shape
    for i in range(rows):
        count = 0
        for j in range(cols):
            count = 0 if dry[i, j] else count + 1
            left[i, j] = count
        count = 0
        for j in range(cols - 1, -1, -1):
            count = 0 if dry[i, j] else count + 1
            right[i, j] = count


@kernel
def cover(left: Ints, right: Ints, corner: Int, touched: Ints, held: Ints, change: Ints) -> None:
    """Mark what the discs around one kind of centre cover.

    Parameters
    ----------
    left, right : int32 arrays (rows, cols)
        From :func:`runs`.
    corner : int
        0 for discs around cell centres, 1 for discs around the north-west corners of cells.
    touched, held : int64 arrays (k,)
        Half-widths in cells of the disc's rows, from the northernmost: the cells it touches, and those whose centre
        it holds (-1 for none). A row of half-width w spans the columns -w … w around a cell centre, and
        -w … w - 1 around a corner.
    change : int32 array (rows, cols + 1)
        +1 where a covered stretch begins, -1 behind its end.
    """
    rows, cols = left.shape
    height = touched.shape[0]
    up = height // 2
    for i in range(up, rows - height + up + 1):
        for j in range(cols):
            fits = True
            for k in range(
                height
            ):  # the widest rows fail first, but the order does not matter for the result
                w = touched[k]
                row = i - up + k
                if corner:
                    fits = j > 0 and left[row, j - 1] >= w and right[row, j] >= w
                else:
                    fits = left[row, j] > w and right[row, j] > w
                if not fits:
                    break
            if fits:
                for k in range(height):
                    w = held[k]
                    if w > 0 or (w == 0 and not corner):
                        change[i - up + k, j - w] += 1
                        change[i - up + k, j + w + (0 if corner else 1)] -= 1


@kernel
def accumulate(change: Ints, out: npt.NDArray[np.bool_]) -> None:
    """Set ``out`` where the running sum of ``change`` along a row is positive."""
    rows, cols = out.shape
    for i in range(rows):
        total = 0
        for j in range(cols):
            total += change[i, j]
            out[i, j] = out[i, j] or total > 0
