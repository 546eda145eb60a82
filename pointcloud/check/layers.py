"""What the check of one point cloud leaves for the sheets: sparse rasters in a scratch file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, Grid
from pointcloud.io.spill.blocks import Blocks
from pointcloud.io.spill.spill import Layer, SpillFile, Store, blocks_on, open_file
from pointcloud.kernels.points import bins, flight_lines

Array = npt.NDArray[Any]

METRE, HALF = QUANTA_PER_METRE, QUANTA_PER_METRE // 2
COURSE = 2 * QUANTA_PER_METRE
"""Cells that flight lines are compared in: of 2 m, since one line alone has few points a square metre."""

USED, GROUND, DRY, LEVEL = 1, 2, 4, 8
"""Bits of a point: it counts; it is ground; it is no water; it is one of those that flight lines are compared by."""

MOST_LINES = 64
"""A file with more point source ids than this does not number its flight lines by them."""

_LINE = "line."


class Rasters:
    """Takes chunks of points in any order: how many there are by cell, which are ground, what lines say."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.counts = Blocks(HALF, box, 0, np.uint16)
        self.ground = Blocks(METRE, box, 0, np.uint16)
        self.dry = Blocks(METRE, box, 0, np.uint8)
        self.prints = Blocks(METRE, box, 0, np.int64)
        self.lines: dict[int, Blocks] = {}

    def add(self, e: Array, n: Array, z: Array, use: Array, keys: Array, ids: Array) -> None:
        """Take a chunk.

        Parameters
        ----------
        e, n : int64 arrays (n,)
        z : int32 array (n,)
        use : uint8 array (n,)
            Bits of each point.
        keys : int64 array (n,)
            A hash of each point.
        ids : uint16 array (n,)
            Point source ids.
        """
        for blocks, bit, kernel in (
            (self.counts, USED, bins.counted),
            (self.ground, GROUND, bins.counted),
            (self.dry, DRY, bins.occupied),
        ):
            blocks.make_room(e, n, use, bit)
            kernel(e, n, use, *blocks.arguments(bit))
        self.prints.make_room(e, n, np.ones_like(use), 1)
        flight_lines.fingerprints(e, n, keys, *self.prints.arguments(1)[1:])
        for line in np.unique(ids[(use & LEVEL) != 0]).tolist():
            if line and (line in self.lines or len(self.lines) <= MOST_LINES):
                self._add_line(line, e, n, z, np.where(ids == line, use & LEVEL, 0).astype(np.uint8))

    def _add_line(self, line: int, e: Array, n: Array, z: Array, use: Array) -> None:
        blocks = self.lines.setdefault(line, Blocks(COURSE, self.box, (0, 0, 0), np.float64))
        blocks.make_room(e, n, use, LEVEL)
        flight_lines.moments(e, n, z, use, *blocks.arguments(LEVEL))

    def save(self, path: Path) -> None:
        """Write them to a scratch file.

        Raises
        ------
        OutputError
            If the disk is full or refuses.
        """
        layers = {"counts": self.counts, "ground": self.ground, "dry": self.dry, "prints": self.prints}
        if len(self.lines) <= MOST_LINES:
            layers |= {f"{_LINE}{line}": blocks for line, blocks in self.lines.items()}
        file = SpillFile(path)
        try:
            for name, blocks in layers.items():
                file.add(name, blocks.filled)
                file.add(f"{name}.places", blocks.layer(name).places)
            file.finish({name: [blocks.cell, blocks.pool.shape[1]] for name, blocks in layers.items()})
        except BaseException:
            file.abandon()
            raise


@dataclass(frozen=True)
class Layers:
    """The rasters of one file, read block by block."""

    layers: dict[str, Layer]
    store: Store

    @classmethod
    def load(cls, path: Path) -> Layers:
        """Open a scratch file."""
        store, meta, lengths = open_file(path)
        places = {name: store.read(f"{name}.places", 0, lengths[f"{name}.places"]) for name in meta}
        return cls({n: Layer(cell, size, places[n], n) for n, (cell, size) in meta.items()}, store)

    @property
    def lines(self) -> list[int]:
        """The flight lines that there are moments of."""
        return sorted(int(name.removeprefix(_LINE)) for name in self.layers if name.startswith(_LINE))

    def blocks(self, name: str, grid: Grid) -> Iterator[tuple[tuple[slice, slice], Array]]:
        """Yield what the blocks of a layer hold of ``grid``, and where on it that lies."""
        return blocks_on(self.layers[name], grid, self.store)

    def line_places(self, line: int) -> list[tuple[int, int]]:
        """Return block row and column of each block of a flight line, in the order of their slots."""
        return [(row, col) for row, col in self.layers[f"{_LINE}{line}"].places.tolist()]

    def line_block(self, line: int, slot: int) -> Array:
        """Return the moments (rows, cols, 3) of a flight line in one block."""
        block: Array = self.store.read(f"{_LINE}{line}", slot, slot + 1)[0]
        return block
