"""From how far around points are read for the cells of a terrain model that are not settled yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, Grid
from pointcloud.kernels.tin import surroundings
from pointcloud.kernels.tin.predicates import REACH

Array = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]
Count = Callable[[Box], int]

NARROWEST = 4 * QUANTA_PER_METRE
"""The least halo."""

SMALL = 32 * QUANTA_PER_METRE
"""Boxes are not split below this side."""

_MOST_POINTS = 400_000  # where cells are few and far apart, one large window replaces many
_FEW = 10_000  # it pays no longer to split boxes of fewer points
_BOX = 1_000  # points that could be read in the time that a box takes by itself
_SQUARES = 16  # along the widest gap
_LITTLE = 1.5  # a wider halo that costs no more than this is taken at once: what costs more and more adds up to little


def ladder(gap: int) -> list[int]:
    """Return the halos that there are, in quanta: each twice the one before, the last ``gap``."""
    steps = [NARROWEST]
    while steps[-1] < gap:
        steps.append(2 * steps[-1])
    return [*steps[:-1], gap]


def halves(box: Box, cell: int) -> tuple[Box, Box]:
    """Cut ``box`` across its longer side."""
    if box.east - box.west >= box.north - box.south:
        middle = box.west + (box.east - box.west) // cell // 2 * cell
        return Box(box.west, box.south, middle, box.north), Box(middle, box.south, box.east, box.north)
    middle = box.north - (box.north - box.south) // cell // 2 * cell
    return Box(box.west, middle, box.east, box.north), Box(box.west, box.south, box.east, middle)


@dataclass(frozen=True)
class Task:
    """A box whose cells are to be made from the points within ``halo`` of it.

    Of the coarsest grid's, those of ``waiting`` (rows, cols), if it is given.
    """

    box: Box
    halo: int
    waiting: Flags | None = None
    hard: bool = False


class Surroundings:
    """Squares that may hold points in and around a window.

    A square that was not read through may hold some, unless it lies beyond ``extent``, which holds all points.

    Parameters
    ----------
    grid : Grid
        The coarsest cells of the window.
    extent : Box
    gap : int
        Widest disc in quanta.
    """

    def __init__(self, grid: Grid, extent: Box, gap: int) -> None:
        self.share = max(-(-gap // (_SQUARES * grid.cell)), 1)
        self.side = self.share * grid.cell
        self.margin = gap // self.side + 2
        self.west = grid.box.west - self.margin * self.side
        self.north = grid.box.north + self.margin * self.side
        rows, cols = (-(-count // self.share) + 2 * self.margin for count in grid.shape)
        self.held, self.read = np.zeros((rows, cols), np.bool_), np.ones((rows, cols), np.bool_)
        top, bottom = (self.north - extent.north) // self.side, -((extent.south - self.north) // self.side)
        left, right = (extent.west - self.west) // self.side, -((self.west - extent.east) // self.side)
        self.read[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = False

    def add(self, xy: Array, window: Box, east: int, north: int) -> None:
        """Take in that there are no other points in ``window`` than ``xy``, quanta from ``east``, ``north``."""
        top, bottom = -((window.north - self.north) // self.side), (self.north - window.south) // self.side
        left, right = -((self.west - window.west) // self.side), (window.east - self.west) // self.side
        self.read[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
        surroundings.mark(xy, self.west - east, self.north - north, self.side, self.held)

    def raise_to_least(self, rows: Array, cols: Array, steps: list[int], numbers: Array) -> None:
        """Raise the halos that cells ask for, as numbers of ``steps``, to the least that may be of use.

        A disc is at least as wide as the distance within which points lie on all sides of a cell in it. Cells for which
        there is none get the number of all ``steps``: they stay empty.
        """
        may = self.held | ~self.read
        to_west, to_east = np.empty(may.shape, np.int32), np.empty(may.shape, np.int32)
        surroundings.neighbours(may, to_west, to_east)
        within = np.array([step // self.side + 1 for step in steps], np.int64)
        surroundings.least_distance(
            rows, cols, self.share, self.margin, to_west, to_east, within, numbers
        )


@dataclass(frozen=True)
class Waiting:
    """Cells that are not settled.

    Parameters
    ----------
    places : int64 array (cells,)
        On the coarsest grid, row by row.
    numbers : int8 array (cells,)
        Of the halo that each asks for.
    hard : bool array (cells,)
        Whether its triangle is better found with all others at once.
    """

    places: Array
    numbers: Array
    hard: Flags

    def __getitem__(self, which: Flags) -> Waiting:
        return Waiting(self.places[which], self.numbers[which], self.hard[which])


def tasks(count: Count, grid: Grid, cells: Waiting, steps: list[int]) -> list[Task]:
    """Return boxes with halos for cells.

    Parameters
    ----------
    count : callable
        At least how many points there are in a box.
    grid : Grid
        The coarsest cells of the window.
    cells : Waiting
    steps : list of int
        Halos in quanta.
    """
    found, numbers = [], cells.numbers.copy()
    for number, halo in enumerate(steps):
        mine = cells[numbers == number]
        boxes, cost = _cover(count, mine, grid, halo)
        if number + 1 < len(steps) and _cover(count, mine, grid, steps[number + 1])[1] <= _LITTLE * cost:
            numbers[numbers == number] = number + 1
            continue
        for box, held in boxes:
            here = grid.slices(box)
            waiting = np.zeros(Grid(box, grid.cell).shape, np.bool_)
            rows, cols = np.divmod(held.places, grid.cols)
            waiting[rows - here[0].start, cols - here[1].start] = True
            found.append(Task(box, halo, waiting, bool(held.hard.mean() > 0.5)))
    return found


def _cover(count: Count, cells: Waiting, grid: Grid, halo: int) -> tuple[list[tuple[Box, Waiting]], int]:
    """Return boxes with the cells in each, around which lie as few points as halving finds; and how many these are.

    With these points goes something for each box. Boxes of many points are split all the same, unless their parts hold
    as many: a window takes some 35 bytes a point.
    """
    if not len(cells.places):
        return [], 0
    rows, cols = np.divmod(cells.places, grid.cols)
    top, bottom, left, right = int(rows.min()), int(rows.max()) + 1, int(cols.min()), int(cols.max()) + 1
    west, north = grid.box.west + left * grid.cell, grid.box.north - top * grid.cell
    box = Box(west, north - (bottom - top) * grid.cell, west + (right - left) * grid.cell, north)
    side = max(box.east - box.west, box.north - box.south)
    cost = count(box.grow(halo)) + _BOX
    if cost <= _FEW or side <= max(SMALL, 2 * grid.cell):
        return [(box, cells)], cost
    end_row, end_col = (cut.stop for cut in Grid(box, grid.cell).slices(halves(box, grid.cell)[0]))
    first = (rows < top + end_row) & (cols < left + end_col)
    parts, others = _cover(count, cells[first], grid, halo)
    more, another = _cover(count, cells[~first], grid, halo)
    fits = side + 2 * halo <= 2 * REACH and cost <= max(_MOST_POINTS, _LITTLE * max(others, another))
    return ([(box, cells)], cost) if fits and cost <= others + another else (parts + more, others + another)
