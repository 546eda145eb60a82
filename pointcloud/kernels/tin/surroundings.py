"""How wide a disc must at least be that reaches points on all sides of a cell: bounds from squares that hold points.

A triangle that holds a cell's centre has, for each direction, a corner that does not lie behind the centre, and no
corner is further away than the width of its disc. So where all squares with points within some distance lie behind the
centre, seen in any one direction, no triangle with a disc so wide holds it. That rules out what lies beyond the points,
and beside lines of them, without a triangle.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, inner, kernel

Ints = npt.NDArray[np.signedinteger[Any]]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

DIRECTIONS = 16

_NONE = -(1 << 30)
_NO, _SOME, _ALL = 0, 1, 2  # which cells of a square have all points within a distance behind them
_SLACK = 1e-6  # sides of a square, far above rounding


@kernel
def mark(xy: Ints, west: Int, north: Int, side: Int, held: Flags) -> None:
    """Set the squares (rows, cols), ``side`` quanta wide, that hold a point; their corner is ``west``, ``north``."""
    per_side = 1.0 / side
    for i in range(xy.shape[0]):  # a point on the edge of two squares lies on that of either
        held[int((north - xy[i, 1]) * per_side), int((xy[i, 0] - west) * per_side)] = True


@kernel
def neighbours(held: Flags, to_west: Ints, to_east: Ints) -> None:
    """Write for each square the nearest column to the west and east, its own included, that holds a point."""
    for row in range(held.shape[0]):
        last = _NONE
        for col in range(held.shape[1]):
            if held[row, col]:
                last = col
            to_west[row, col] = last
        last = -_NONE
        for col in range(held.shape[1] - 1, -1, -1):
            if held[row, col]:
                last = col
            to_east[row, col] = last


@inner
def _furthest(to_west: Ints, to_east: Ints, row: Int, col: Int, within: Int, dx: float, dy: float) -> float:
    """Return how far squares with points within so many rows and columns reach in a direction.

    In sides of a square, from the north-west corner of all.
    """
    rows, cols = to_west.shape
    first, last = max(col - within, 0), min(col + within, cols - 1)
    furthest = -np.inf
    for r in range(max(row - within, 0), min(row + within, rows - 1) + 1):
        at = to_west[r, last] if dx > 0.0 else to_east[r, first]
        if first <= at <= last:
            x = at + 1.0 if dx > 0.0 else float(at)
            y = -float(r) if dy > 0.0 else -r - 1.0
            furthest = max(furthest, x * dx + y * dy)
    return furthest


@inner
def _behind(
    reaches: Floats, directions: Floats, west: float, north: float, side: float, furthest: bool
) -> bool:
    """Whether in any direction all squares with points lie behind a square, or behind its furthest corner."""
    for k in range(directions.shape[0]):
        dx, dy = directions[k, 0], directions[k, 1]
        x = west if (dx > 0.0) != furthest else west + side
        y = north - side if (dy > 0.0) != furthest else north
        if reaches[k] < x * dx + y * dy - _SLACK:
            return True
    return False


@kernel
def least_distance(
    rows: Ints,
    cols: Ints,
    share: Int,
    margin: Int,
    to_west: Ints,
    to_east: Ints,
    within: Ints,
    numbers: Ints,
) -> None:
    """Find for cells the first of some distances within which points may lie on all sides of them.

    Parameters
    ----------
    rows, cols : int64 arrays (cells,)
        Cells, ``share`` of them along a side of a square; the first lies ``margin`` squares from the first square, to
        the south and east. Sorted by row at least in parts: then little is done twice.
    to_west, to_east : int32 arrays (rows, cols)
        From :func:`neighbours`.
    within : int64 array (distances,)
        Squares that may lie between that of a cell and those looked at, ascending.
    numbers : int8 array (cells,)
        The number of a distance for each cell. Is raised to that of the first at least so wide; to that of all
        distances if there is none.
    """
    directions = np.empty((DIRECTIONS, 2))
    for k in range(DIRECTIONS):
        directions[k, 0] = math.cos(2.0 * math.pi * k / DIRECTIONS)
        directions[k, 1] = math.sin(2.0 * math.pi * k / DIRECTIONS)
    shape = within.shape[0], to_west.shape[1]  # of a row of squares, for each distance
    stamps, states = np.full(shape, -1, np.int64), np.zeros(shape, np.int8)
    reaches = np.empty((shape[0], shape[1], DIRECTIONS))
    for i in range(rows.shape[0]):
        row, col = margin + rows[i] // share, margin + cols[i] // share
        west, north = margin + cols[i] / share, -(margin + rows[i] / share)
        number = numbers[i]
        while number < shape[0]:
            here = reaches[number, col]
            if stamps[number, col] != row:
                stamps[number, col] = row
                for k in range(DIRECTIONS):
                    dx, dy = directions[k, 0], directions[k, 1]
                    here[k] = _furthest(to_west, to_east, row, col, within[number], dx, dy)
                states[number, col] = _SOME
                if _behind(here, directions, float(col), -float(row), 1.0, False):
                    states[number, col] = _ALL
                elif not _behind(here, directions, float(col), -float(row), 1.0, True):
                    states[number, col] = _NO
            if states[number, col] == _NO:
                break
            if states[number, col] == _SOME and not _behind(here, directions, west, north, 1.0 / share, False):
                break
            number += 1
        numbers[i] = number
