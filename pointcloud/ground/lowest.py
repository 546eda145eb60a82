"""The lowest point of each cell: what a surface is made of that tells ground from what stands on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, Grid
from pointcloud.kernels.ground import lowest as kernels
from pointcloud.kernels.ground.morphology import NOTHING
from pointcloud.surface.dem import GroundSource

Array = npt.NDArray[Any]

NOISE_REACH = 3
"""Cells around one that say how low its points may be."""

BAND = 128
"""Rows a task."""

_STRIP = 100 * QUANTA_PER_METRE  # points are taken in strips this high


@dataclass(frozen=True)
class Lowest:
    """At most one point a cell; a source of points.

    Parameters
    ----------
    grid : Grid
    heights : int32 array (rows, cols)
        Quanta, :data:`~pointcloud.kernels.ground.morphology.NOTHING` where there is no point.
    x, y : uint16 or int32 arrays (rows, cols)
        Place within the cell from its west and north edges, in quanta.
    """

    grid: Grid
    heights: Array
    x: Array
    y: Array

    @classmethod
    def none(cls, grid: Grid) -> Lowest:
        """Return cells without points."""
        place = np.uint16 if grid.cell <= np.iinfo(np.uint16).max else np.int32
        x, y = np.zeros(grid.shape, place), np.zeros(grid.shape, place)
        return cls(grid, np.full(grid.shape, NOTHING, np.int32), x, y)

    @property
    def extent(self) -> Box:
        """What the cells cover."""
        return self.grid.box

    def part(self, grid: Grid) -> Lowest:
        """Return those in the cells of ``grid``, a part of these."""
        here = self.grid.slices(grid.box)
        return Lowest(grid, self.heights[here], self.x[here], self.y[here])

    def of_squares(self, grid: Grid, flags: npt.NDArray[np.bool_]) -> Lowest:
        """Return the lowest of each square of two by two cells, those with a flag apart.

        ``flags`` (rows, cols) are those of the cells of ``grid``, a part of these.
        """
        fine = self.part(grid)
        squares = Lowest.none(Grid(grid.box, 2 * grid.cell))
        out = squares.heights, squares.x, squares.y
        kernels.lowest_of_four(fine.heights, fine.x, fine.y, flags, grid.cell, *out)
        return squares

    def _part(self, box: Box) -> Lowest:
        part = box.snap(self.grid.cell).intersect(self.grid.box)
        return self.part(Grid(Box(0, 0, 0, 0) if part.empty else part, self.grid.cell))

    def count(self, box: Box) -> int:
        """Return at least the number of points in ``box``."""
        return int(np.count_nonzero(self._part(box).heights != NOTHING))

    def clip(self, box: Box) -> tuple[Array, Array]:
        """Return the points in ``box``: xy (n, 2) int32 quanta from its centre, z (n,) int32 quanta."""
        near = self._part(box)
        most = int(np.count_nonzero(near.heights != NOTHING))
        xy, z = np.empty((most, 2), np.int32), np.empty(most, np.int32)
        reach_x, reach_y = (box.east - box.west) // 2, (box.north - box.south) // 2
        west, north = near.grid.box.west - box.west - reach_x, near.grid.box.north - box.south - reach_y
        count = kernels.points_of(
            *(near.heights, near.x, near.y, west, north, near.grid.cell, reach_x, reach_y, xy, z)
        )
        return xy[:count], z[:count]


def gather(source: GroundSource, grid: Grid, drop: int, pool: Executor | None = None) -> tuple[Lowest, Array]:
    """Return the lowest point of each cell, low noise apart, and how low a point may be.

    Parameters
    ----------
    source : GroundSource
    grid : Grid
    drop : int
        A point so many quanta below the second lowest of the cells within three is noise.
    pool : Executor, optional
        Threads to work on; the result does not depend on it.

    Returns
    -------
    Lowest
    int32 array (rows, cols)
        Quanta; lower points are noise.
    """
    found, floor = Lowest.none(grid), np.empty(grid.shape, np.int32)
    rows = max(_STRIP // grid.cell, 1)
    strips = range(0, grid.rows, rows)

    def take(first: int, floor: Array) -> None:
        last, box = min(first + rows, grid.rows), grid.box
        part = Box(box.west, box.north - last * grid.cell, box.east, box.north - first * grid.cell)
        if source.count(part):
            xy, z = source.clip(part)
            west = part.west - (part.west + part.east) // 2
            north = part.north - (part.south + part.north) // 2
            lows = (a[first:last] for a in (found.heights, found.x, found.y))
            kernels.lowest(xy, z, west, north, grid.cell, floor, *lows)

    def limit(first: int) -> None:
        last = min(first + BAND, grid.rows)
        kernels.floors(found.heights, NOISE_REACH, drop, first, last, floor)

    def take_again(first: int) -> None:
        here = slice(first, min(first + rows, grid.rows))
        if (found.heights[here] < floor[here]).any():
            found.heights[here] = NOTHING
            take(first, floor[here])

    each(lambda first: take(first, np.empty((0, 0), np.int32)), strips, pool)
    each(limit, range(0, grid.rows, BAND), pool)
    each(take_again, strips, pool)
    return found, floor


def each(work: Callable[[int], None], items: Iterable[int], pool: Executor | None) -> None:
    """Do the work for each item, on the threads of ``pool`` if there is one."""
    for _ in pool.map(work, items) if pool else map(work, items):
        pass
