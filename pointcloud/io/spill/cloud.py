"""Several spills as one cloud: what a window of the lattice is made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.geo.lattice import Box, Grid
from pointcloud.io.spill.spill import Spill
from pointcloud.kernels.points import bins

Array = npt.NDArray[Any]


class Cloud:
    """The points of several files, whatever their order.

    Parameters
    ----------
    spills : sequence of Spill
        All reduced to cells of one size.
    """

    def __init__(self, spills: Sequence[Spill]) -> None:
        self.spills = tuple(spill for spill in spills if spill.info.points)

    @property
    def cell(self) -> int:
        """Side in quanta of the cells that the points were reduced to."""
        return self.spills[0].highest.cell

    @property
    def extent(self) -> Box:
        """What the points cover, of whatever class."""
        boxes = [spill.info.box for spill in self.spills]
        return Box(
            min((box.west for box in boxes), default=0),
            min((box.south for box in boxes), default=0),
            max((box.east for box in boxes), default=0),
            max((box.north for box in boxes), default=0),
        )

    def highest(self, grid: Grid) -> Array:
        """Return the highest return a cell: int32 (rows, cols) quanta, ``bins.EMPTY`` where there is none."""
        out = np.full(grid.shape, bins.EMPTY, np.int32)
        for spill in self.spills:
            spill.raise_highest(grid, out)
        return out

    def returns(self, grid: Grid) -> Array:
        """Return how many returns each cell holds: int32 (rows, cols).

        Files given as ground alone are not counted: their points are mostly those of the others once more.
        """
        out = np.zeros(grid.shape, np.int32)
        for spill in self.spills:
            spill.add_returns(grid, out)
        return out

    def surveyed(self, grid: Grid) -> npt.NDArray[np.bool_]:
        """Return the cells whose centre lies in the box of a file that holds more than ground: bool (rows, cols)."""
        out = np.zeros(grid.shape, np.bool_)
        half = grid.cell // 2
        for spill in self.spills:
            if not spill.info.ground_only:
                box = spill.info.box
                left = max(-((grid.box.west + half - box.west) // grid.cell), 0)
                right = max(-((grid.box.west + half - box.east) // grid.cell), 0)
                top = max(-((box.north - grid.box.north + half) // grid.cell), 0)
                bottom = max(-((box.south - grid.box.north + half) // grid.cell), 0)
                out[top:bottom, left:right] = True
        return out

    def dry(self, grid: Grid) -> Array:
        """Return where a hole is none, or says nothing: uint8 (rows, cols).

        1 where there is a return other than water, and where only files of ground points lie: there the lack of
        other returns means nothing.
        """
        out = np.zeros(grid.shape, np.uint8)
        for spill in self.spills:
            if spill.info.ground_only:
                self._cover(grid, spill.info.box, out)
        for spill in self.spills:
            if not spill.info.ground_only:
                self._cover(grid, spill.info.box, out, value=0)
        for spill in self.spills:
            spill.mark_dry(grid, out)
        return out

    @staticmethod
    def _cover(grid: Grid, box: Box, out: Array, value: int = 1) -> None:
        part = box.snap(grid.cell).intersect(grid.box)
        if not part.empty:
            out[grid.slices(part)] = value

    def count(self, box: Box) -> int:
        """Return the number of ground points in the buckets that touch ``box``: at least those in it."""
        return sum(spill.count_ground(box) for spill in self.spills)

    def clip(self, box: Box) -> tuple[Array, Array]:
        """Return the ground points in ``box``: xy (n, 2) int32 quanta from its centre, z (n,) int32 quanta."""
        reach_x, reach_y = (box.east - box.west) // 2, (box.north - box.south) // 2
        east, north = box.west + reach_x, box.south + reach_y
        most = self.count(box)
        xy, z = np.empty((most, 2), np.int32), np.empty(most, np.int32)
        end = 0
        for spill in self.spills:
            for points, e0, n0 in spill.ground(box):
                end = int(bins.clip(points, east - e0, north - n0, reach_x, reach_y, xy, z, end))
        return xy[:end], z[:end]
