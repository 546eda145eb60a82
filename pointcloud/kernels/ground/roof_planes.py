"""Planar patches among the highest returns: roofs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.ground.morphology import NOTHING
from pointcloud.kernels.jit import Int, kernel
from pointcloud.kernels.points.bins import EMPTY, floor_div

Ints = npt.NDArray[np.integer[Any]]
Bools = npt.NDArray[np.bool_]

_FEWEST = 6  # of nine cells: fewer fit a plane by chance


@kernel
def raise_tops(xy: Ints, z: Ints, use: Bools, west: Int, north: Int, cell: Int, tops: Ints) -> None:
    """Raise each cell to the highest of the points in ``use`` that it holds; others are passed over.

    ``xy`` (n, 2) and ``z`` (n,) are int32 quanta; ``tops`` int32 (rows, cols), ``EMPTY`` where there is none.
    """
    rows, cols = tops.shape
    per_cell = 1.0 / cell
    for i in range(xy.shape[0]):
        if use[i]:
            row = floor_div(north - np.int64(xy[i, 1]), cell, per_cell)
            col = floor_div(np.int64(xy[i, 0]) - west, cell, per_cell)
            if 0 <= row < rows and 0 <= col < cols and z[i] > tops[row, col]:
                tops[row, col] = z[i]


@kernel
def planar(tops: Ints, roughest: float, out: Bools) -> None:
    """Mark the cells around which the tops lie in a plane.

    The plane of least squares through the tops of the cell and those of its eight neighbours that have one, at least
    six; the root of their mean squared distance (upwards) from it is at most ``roughest`` quanta.

    ``tops`` is int32 (rows, cols), ``EMPTY`` where there is none; ``out`` bool (rows, cols).
    """
    rows, cols = tops.shape
    for i in range(rows):
        for j in range(cols):
            out[i, j] = False
            if tops[i, j] == EMPTY:
                continue
            n = sx = sy = sxx = sxy = syy = 0
            sz = sxz = syz = szz = 0.0
            for r in range(max(i - 1, 0), min(i + 2, rows)):
                for c in range(max(j - 1, 0), min(j + 2, cols)):
                    if tops[r, c] != EMPTY:
                        x, y, z = c - j, r - i, float(np.int64(tops[r, c]) - tops[i, j])
                        n, sx, sy = n + 1, sx + x, sy + y
                        sxx, sxy, syy = sxx + x * x, sxy + x * y, syy + y * y
                        sz, sxz, syz, szz = sz + z, sxz + x * z, syz + y * z, szz + z * z
            if n < _FEWEST:
                continue
            a, b, d = float(n * sxx - sx * sx), float(n * sxy - sx * sy), float(n * syy - sy * sy)
            determinant = a * d - b * b
            if determinant <= 0.0:
                continue
            p, q = n * sxz - sx * sz, n * syz - sy * sz
            u, v = (d * p - b * q) / determinant, (a * q - b * p) / determinant
            rest = szz - sz * sz / n - (u * p + v * q) / n
            out[i, j] = rest <= n * roughest * roughest


@kernel
def drop_small(marked: Bools, least: Int, queue: Ints) -> None:
    """Clear the marked cells that hang together (by their edges) in groups of fewer than ``least``.

    ``marked`` is bool (rows, cols), ``queue`` int64 (rows · cols,) work space.
    """
    rows, cols = marked.shape
    seen = np.zeros((rows, cols), np.bool_)
    for start in range(rows * cols):
        if not marked[start // cols, start % cols] or seen[start // cols, start % cols]:
            continue
        queue[0] = start
        seen[start // cols, start % cols] = True
        taken, held = 0, 1
        while taken < held:
            i, j = queue[taken] // cols, queue[taken] % cols
            taken += 1
            for side in range(4):
                r, c = i + (side == 0) - (side == 1), j + (side == 2) - (side == 3)
                if 0 <= r < rows and 0 <= c < cols and marked[r, c] and not seen[r, c]:
                    seen[r, c] = True
                    queue[held] = r * cols + c
                    held += 1
        if held < least:
            for k in range(held):
                marked[queue[k] // cols, queue[k] % cols] = False


@kernel
def eaves(tops: Ints, roof: Bools, out: Ints) -> None:
    """Write the lowest top of the roof cells among each cell and its eight neighbours, ``EMPTY`` without one."""
    rows, cols = tops.shape
    for i in range(rows):
        for j in range(cols):
            lowest = NOTHING
            for r in range(max(i - 1, 0), min(i + 2, rows)):
                for c in range(max(j - 1, 0), min(j + 2, cols)):
                    if roof[r, c]:
                        lowest = min(lowest, tops[r, c])
            out[i, j] = EMPTY if lowest == NOTHING else lowest
