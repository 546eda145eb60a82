"""Holes of a height model as pits with a flat floor."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import kernel

OPEN, HOLE, FULL = 0, 1, 2
"""What a square between four cell centres is: without ground, that in a hole already seen, with ground."""


@kernel
def floors(
    heights: NDArray[np.float64],
    state: NDArray[np.uint8],
    depth: float,
    stack: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """Write the floor of each square without ground: just below the lowest height on the rim of its hole.

    Parameters
    ----------
    heights : (rows, cols)
        At the corners of the squares, metres; NaN where there is none.
    state : (rows - 1, cols - 1)
        `OPEN` or `FULL`; open squares become `HOLE`. Squares that touch at a side are of one hole.
    depth : float
        How far below its rim a floor lies, in metres.
    stack : (at least the number of squares,)
        Room to work in.
    out : (rows - 1, cols - 1)
        NaN where there is ground, and where there is none at all.
    """
    rows, cols = state.shape
    for i in range(rows):
        for j in range(cols):
            if state[i, j] == FULL:
                out[i, j] = np.nan
            elif state[i, j] == OPEN:
                stack[0] = i * cols + j
                state[i, j] = HOLE
                count, seen, lowest = 1, 0, math.inf
                while seen < count:
                    r, c = stack[seen] // cols, stack[seen] % cols
                    seen += 1
                    for a in range(2):
                        for b in range(2):
                            z = heights[r + a, c + b]
                            lowest = z if z < lowest else lowest
                    for k in range(4):
                        y, x = r + (k == 0) - (k == 1), c + (k == 2) - (k == 3)
                        if 0 <= y < rows and 0 <= x < cols and state[y, x] == OPEN:
                            state[y, x] = HOLE
                            stack[count] = y * cols + x
                            count += 1
                floor = lowest - depth if lowest < math.inf else math.nan
                for k in range(count):
                    out[stack[k] // cols, stack[k] % cols] = floor
