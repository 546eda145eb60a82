"""Sparse rasters over what a file covers: square blocks of cells, of which only those that hold a point take memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.geo.lattice import Box
from pointcloud.io.spill.spill import Layer
from pointcloud.kernels.points import bins
from pointcloud.kernels.points.bins import BLOCK

Array = npt.NDArray[Any]

_FEW = 512  # blocks to begin with: those of a usual tile at 50 cm; memory is taken as they are used


class Blocks:
    """Sparse square blocks of one kind of cell over the box that a file's points lie in.

    Parameters
    ----------
    cell : int
        Side of a cell in quanta.
    box : Box
        Holds every point that will come.
    empty : number or sequence of numbers
        What a cell holds before any point has come; of several numbers, each is held by a last axis.
    dtype : type
    """

    def __init__(self, cell: int, box: Box, empty: int | tuple[int, ...], dtype: type) -> None:
        self.cell = cell
        self.empty: Array = np.array(empty, dtype)
        self.side = cell * BLOCK
        self.first_row, self.first_col = -box.north // self.side, box.west // self.side
        rows = -box.south // self.side - self.first_row + 1
        cols = box.east // self.side - self.first_col + 1
        self.table = np.full((rows, cols), -1, np.int32)
        self.pool: Array = self._room(min(rows * cols, _FEW))
        self.used = 0

    def _room(self, blocks: int) -> Array:
        return np.empty((blocks, BLOCK, BLOCK, *self.empty.shape), self.empty.dtype)

    def make_room(self, e: Array, n: Array, use: Array, bit: int) -> None:
        """Give a slot to every block that a point with ``bit`` falls in."""
        bins.touched_blocks(e, n, use, *self.wanted(bit))
        self.give_slots()

    def wanted(self, bit: int) -> tuple[Any, ...]:
        """Return what the kernel that marks blocks without a slot asks for, besides the points."""
        return bit, self.side, self.first_row, self.first_col, self.table

    def give_slots(self) -> None:
        """Give a slot to every block that has been marked."""
        new = self.table == -2
        count = int(np.count_nonzero(new))
        if self.used + count > len(self.pool):
            grown = self._room(max(self.used + count, len(self.pool) * 3 // 2))
            grown[: self.used] = self.pool[: self.used]
            self.pool = grown
        self.pool[self.used : self.used + count] = self.empty
        self.table[new] = np.arange(self.used, self.used + count)
        self.used += count

    def arguments(self, bit: int) -> tuple[Any, ...]:
        """Return what the kernels that fill the blocks ask for, besides the points."""
        return bit, self.cell, self.first_row, self.first_col, self.table, self.pool

    @property
    def filled(self) -> Array:
        """The blocks that have a slot, in the order of their slots: (blocks, rows, cols)."""
        return self.pool[: self.used]

    def layer(self, name: str) -> Layer:
        """Return where each block lies, in the order of their slots."""
        rows, cols = np.nonzero(self.table >= 0)
        order = np.argsort(self.table[rows, cols])
        places = np.column_stack((rows[order] + self.first_row, cols[order] + self.first_col))
        return Layer(self.cell, BLOCK, places.astype(np.int64), name)
