"""Points by bucket under a pyramid, and from it the exact distance from cell centres to the nearest point."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, kernel
from pointcloud.kernels.points.bins import floor_div

Ints = npt.NDArray[np.integer[Any]]

_STACK = 160
"""Nodes that wait while a pyramid of at most 40 levels is searched: three brothers a level, and some."""

_FEW = 20  # buckets that are looked into one by one: where points lie close, as nearly everywhere


@kernel
def bucket(xy: Ints, side: Int, reach_x: Int, reach_y: Int, cols: Int, starts: Ints, out: Ints) -> None:
    """Sort points by bucket.

    Parameters
    ----------
    xy : int32 array (n, 2)
        Points within ``reach_x``, ``reach_y`` of the origin (both ends included), in quanta.
    side : int
        Of a bucket, in quanta.
    cols : int
        Buckets in a row; rows run from the south.
    starts : int64 array (buckets + 1,)
        Zeros on entry; receives where in ``out`` each bucket begins.
    out : int32 array (n, 2)
        Receives the points.
    """
    per_side = 1.0 / side
    for i in range(xy.shape[0]):
        at = floor_div(xy[i, 1] + reach_y, side, per_side) * cols + floor_div(
            xy[i, 0] + reach_x, side, per_side
        )
        starts[at + 1] += 1
    for b in range(starts.shape[0] - 1):
        starts[b + 1] += starts[b]
    for i in range(xy.shape[0] - 1, -1, -1):  # from the end: each bucket's end moves down to its beginning
        at = floor_div(xy[i, 1] + reach_y, side, per_side) * cols + floor_div(
            xy[i, 0] + reach_x, side, per_side
        )
        starts[at + 1] -= 1
        place = starts[at + 1]
        out[place, 0], out[place, 1] = xy[i, 0], xy[i, 1]
    for b in range(starts.shape[0] - 1):
        starts[b] = starts[b + 1]
    starts[starts.shape[0] - 1] = xy.shape[0]


@kernel
def pyramid(starts: Ints, levels: Ints, held: Ints) -> None:
    """Mark which nodes of a pyramid over the buckets hold a point.

    Parameters
    ----------
    starts : int64 array
        From :func:`bucket`.
    levels : int64 array (levels, 3)
        Rows, columns and offset in ``held`` of each level; the first is that of the buckets, each other has half as
        many rows and columns (rounded up) as the one before, the last has one node.
    held : uint8 array
        Zeros on entry.
    """
    for b in range(starts.shape[0] - 1):
        held[b] = 1 if starts[b + 1] > starts[b] else 0
    for level in range(1, levels.shape[0]):
        rows, cols, first = levels[level - 1, 0], levels[level - 1, 1], levels[level - 1, 2]
        for row in range(rows):
            for col in range(cols):
                if held[first + row * cols + col]:
                    held[levels[level, 2] + row // 2 * levels[level, 1] + col // 2] = 1


@kernel
def _beyond(x: Int, low: Int, high: Int) -> Int:
    """Return how far x lies outside of low … high."""
    return max(low - x, x - high, 0)


@kernel
def _best_in(xy: Ints, start: Int, stop: Int, x: Int, y: Int, best: Int, found: Int) -> tuple[Int, Int]:
    """Return the squared distance to the nearest of some points and which it is, unless ``best`` is as near."""
    for p in range(start, stop):
        dx, dy = np.int64(xy[p, 0]) - x, np.int64(xy[p, 1]) - y
        if dx * dx + dy * dy < best:
            best, found = dx * dx + dy * dy, np.int64(p)
    return best, found


@kernel
def _search(
    xy: Ints,
    starts: Ints,
    levels: Ints,
    held: Ints,
    side: Int,
    reach_x: Int,
    reach_y: Int,
    x: Int,
    y: Int,
    best: Int,
    found: Int,
    stack: Ints,
) -> tuple[Int, Int]:
    """Look for the nearest point from the top of the pyramid; parameters and result as elsewhere here."""
    stack[0, 0], stack[0, 1], stack[0, 2] = levels.shape[0] - 1, 0, 0
    depth = 1
    while depth > 0:
        depth -= 1
        level, i, j = stack[depth, 0], stack[depth, 1], stack[depth, 2]
        if not held[levels[level, 2] + i * levels[level, 1] + j]:
            continue
        span = side << level
        dx = _beyond(x, j * span - reach_x, (j + 1) * span - reach_x)
        dy = _beyond(y, i * span - reach_y, (i + 1) * span - reach_y)
        if dx * dx + dy * dy >= best:
            continue
        if level == 0:
            at = i * levels[0, 1] + j
            best, found = _best_in(xy, starts[at], starts[at + 1], x, y, best, found)
            continue
        for k in range(4):
            below_i, below_j = 2 * i + k // 2, 2 * j + k % 2
            if below_i < levels[level - 1, 0] and below_j < levels[level - 1, 1]:
                stack[depth, 0], stack[depth, 1], stack[depth, 2] = level - 1, below_i, below_j
                depth += 1
    return best, found


@kernel
def distances(
    xy: Ints,
    starts: Ints,
    levels: Ints,
    held: Ints,
    side: Int,
    reach_x: Int,
    reach_y: Int,
    origin_x: Int,
    origin_y: Int,
    cell: Int,
    cap: Int,
    out: npt.NDArray[np.float64],
) -> float:
    """Write the distance in quanta from each cell centre to the nearest point, at most ``cap``; return the largest.

    A cell begins with the point found for the one before it. That leaves a few buckets to look into, or, far from
    all points, the pyramid to search: nodes further away than the best so far are passed over with all that is in
    them.

    Parameters
    ----------
    xy : int32 array (n, 2)
        Points in quanta, sorted by :func:`bucket`.
    starts, levels, held
        From :func:`bucket` and :func:`pyramid`.
    side, reach_x, reach_y : int
        As for :func:`bucket`.
    origin_x, origin_y : int
        Centre of the north-west cell.
    cell, cap : int
        Quanta.
    out : float64 array (rows, cols)
    """
    rows, cols = out.shape
    stack = np.empty((_STACK, 3), np.int64)
    per_side = 1.0 / side
    largest = 0.0
    first: Int = np.int64(-1)  # the point found for the first cell of the row before
    for row in range(rows):
        y = origin_y - row * cell
        found: Int = first
        for col in range(cols):
            x = origin_x + col * cell
            best: Int = np.int64(cap) * np.int64(cap)
            if found >= 0:
                dx, dy = np.int64(xy[found, 0]) - x, np.int64(xy[found, 1]) - y
                best = min(best, dx * dx + dy * dy)
            reach = np.int64(np.sqrt(float(best))) + 1
            low_i = max(floor_div(y - reach + reach_y, side, per_side), 0)
            low_j = max(floor_div(x - reach + reach_x, side, per_side), 0)
            high_i = min(floor_div(y + reach + reach_y, side, per_side), levels[0, 0] - 1)
            high_j = min(floor_div(x + reach + reach_x, side, per_side), levels[0, 1] - 1)
            if (high_i - low_i + 1) * (high_j - low_j + 1) <= _FEW:
                for i in range(low_i, high_i + 1):
                    for at in range(i * levels[0, 1] + low_j, i * levels[0, 1] + high_j + 1):
                        best, found = _best_in(xy, starts[at], starts[at + 1], x, y, best, found)
            else:
                best, found = _search(
                    xy, starts, levels, held, side, reach_x, reach_y, x, y, best, found, stack
                )
            out[row, col] = np.sqrt(float(best))
            largest = max(largest, out[row, col])
            if col == 0:
                first = found
    return largest


@kernel
def count(xy: Ints, west: Int, north: Int, cell: Int, out: Ints) -> None:
    """Count points by cell: ``out`` (rows, cols) begins at ``west``, ``north``; points outside are passed over."""
    rows, cols = out.shape
    per_cell = 1.0 / cell
    for i in range(xy.shape[0]):
        row = floor_div(north - xy[i, 1], cell, per_cell)
        col = floor_div(xy[i, 0] - west, cell, per_cell)
        if 0 <= row < rows and 0 <= col < cols:
            out[row, col] += 1
