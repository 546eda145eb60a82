"""Points of one file to its spill, chunk by chunk: memory follows the raster, not the points."""

from __future__ import annotations

from concurrent.futures import Executor, Future, wait
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.errors import FileError
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, metres
from pointcloud.io.cloudheader import Marks
from pointcloud.io.spill.blocks import Blocks
from pointcloud.io.spill.spill import (
    BUCKET,
    WIDEST,
    Run,
    Spill,
    SpillFile,
    SpillInfo,
    Store,
    load,
    write_index,
)
from pointcloud.kernels.points import bins
from pointcloud.kernels.points.bins import BLOCK
from pointcloud.params.grid import WATER_CLASS, ReduceParams

Array = npt.NDArray[Any]

_RUN = 2_000_000  # ground points sorted at one time: 24 MB and as much again while sorting
_GROUND_BYTES = 12  # three int32 a point
_RETURN, _GROUND, _DRY = 1, 2, 4


def most_bytes(box: Box, ground: float, params: ReduceParams) -> int:
    """Return the most that a spill can take of a file whose points lie in ``box``, so many of them ground."""

    def blocks(cell: int) -> int:
        side = cell * BLOCK
        return (-(-(box.east - box.west) // side) + 1) * (-(-(box.north - box.south) // side) + 1)

    a_cell = (
        8 if params.returns else 4
    )  # the highest point and the count, int32; one byte a metre that is dry
    cells = a_cell * blocks(params.cell) + blocks(QUANTA_PER_METRE)
    return round(_GROUND_BYTES * ground) + cells * BLOCK * BLOCK


class Reducer:
    """Takes chunks of points in any order, and gives the spill.

    Parameters
    ----------
    box : Box
        Holds every point that will come; only its blocks with points take memory.
    params : ReduceParams
    name : str
        What errors call the points.
    all_ground : bool
        Every point is ground, whatever its class (a separate ground delivery).
    scratch : Path, optional
        File that the spill is written to. Without it the spill stays in memory.
    executor : Executor, optional
        Thread in which a chunk is taken while the caller decodes the next.
    """

    def __init__(
        self,
        box: Box,
        params: ReduceParams,
        *,
        name: str = "",
        all_ground: bool = False,
        scratch: Path | None = None,
        executor: Executor | None = None,
    ) -> None:
        width, height = box.east - box.west, box.north - box.south
        if max(width, height) > WIDEST:
            raise FileError(
                "reduce.extent", path=name, width=metres(width) / 1000, height=metres(height) / 1000
            )
        self.flags = np.full(256, _RETURN | _DRY | (_GROUND if all_ground else 0), np.uint8)
        self.candidates = params.candidates and not all_ground
        if self.candidates:
            self.flags |= _GROUND
            self.flags[WATER_CLASS] &= 255 - _GROUND
        elif not all_ground:
            self.flags[list(params.ground_classes)] |= _GROUND
        self.flags[WATER_CLASS] &= 255 - _DRY
        self.flags[list(params.excluded_classes)] = 0
        self.highest = Blocks(params.cell, box, int(bins.EMPTY), np.int32)
        self.dry = Blocks(QUANTA_PER_METRE, box, 0, np.uint8)
        counts = params.returns and not all_ground
        self.returns = Blocks(params.cell, box, 0, np.int32) if counts else None
        self.east, self.north = box.west // BUCKET * BUCKET, box.south // BUCKET * BUCKET
        self.file = SpillFile(scratch) if scratch else None
        self.executor = executor
        self.taking: Future[None] | None = None
        self.arrays: dict[str, Array] = {}
        self.runs: list[Run] = []
        self.gathered: list[Array] = []
        self.histogram = np.zeros(256, np.int64)
        self.marks = Marks()
        self.counts = dict.fromkeys(("points", "used", "withheld", "ground"), 0)
        far = np.iinfo(np.int64).max
        self.extremes = np.array([[far, far], [-far, -far]])

    def add(self, e: Array, n: Array, z: Array, classes: Array, withheld: Array) -> None:
        """Take a chunk: E and N (int64 quanta), heights (int32 quanta), classes (uint8), withheld (bool or uint8).

        The arrays are the reducer's from then on.
        """
        if not len(e):
            return
        self._settle()
        if self.executor:
            self.taking = self.executor.submit(self._take, e, n, z, classes, withheld)
        else:
            self._take(e, n, z, classes, withheld)

    def _take(self, e: Array, n: Array, z: Array, classes: Array, withheld: Array) -> None:
        use, tally = np.empty(len(e), np.uint8), np.zeros(257, np.int64)
        layers = [(self.highest, _RETURN), (self.dry, _DRY)]
        if self.returns:
            layers.append((self.returns, _RETURN))
        touched = tuple(blocks.wanted(bit) for blocks, bit in layers)
        bins.survey(e, n, classes, withheld, self.flags, use, self.histogram, self.extremes, tally, touched)
        for blocks, _ in layers:
            blocks.give_slots()
        held = {flags: count for flags, count in enumerate(tally[:256].tolist()) if count}
        self.counts["points"] += len(e)
        self.counts["withheld"] += int(tally[256])
        self.counts["used"] += len(e) - held.get(0, 0)
        ground = np.empty((sum(count for flags, count in held.items() if flags & _GROUND), 3), np.int32)
        bins.scatter(
            e,
            n,
            z,
            use,
            self.highest.arguments(_RETURN),
            self.dry.arguments(_DRY),
            (_GROUND, self.east, self.north, ground),
            self.returns.arguments(_RETURN) if self.returns else None,
        )
        self._gather(ground)

    def _settle(self) -> None:
        """Wait until the last chunk has been taken."""
        if self.taking:
            self.taking.result()
            self.taking = None

    def _gather(self, ground: Array) -> None:
        """Keep the ground points of a chunk, and end a run that has got long."""
        if len(ground):
            self.gathered.append(ground)
            self.counts["ground"] += len(ground)
        if sum(map(len, self.gathered)) >= _RUN:
            self._end_run()

    def _end_run(self) -> None:
        """Sort what has been gathered by bucket, and put it away."""
        parts, self.gathered = self.gathered, []
        west, south = (min(int(part[:, axis].min()) for part in parts) // BUCKET * BUCKET for axis in (0, 1))
        east, north = (max(int(part[:, axis].max()) for part in parts) for axis in (0, 1))
        cols, rows = (east - west) // BUCKET + 1, (north - south) // BUCKET + 1
        counts = np.zeros(rows * cols + 1, np.int64)
        for part in parts:
            bins.bucket_counts(part, BUCKET, west, south, cols, counts[1:])
        starts = np.cumsum(counts)
        out, cursor = np.empty((int(starts[-1]), 3), np.int32), starts[:-1].copy()
        while parts:
            bins.bucket_sort(parts.pop(0), BUCKET, west, south, cols, cursor, out)
        name = f"ground.{len(self.runs)}"
        self._keep(name, out)
        self.runs.append(Run(west, south, cols, starts, name))

    def _keep(self, name: str, array: Array) -> None:
        if self.file:
            self.file.add(name, array)
        else:
            self.arrays[name] = array

    def finish(
        self, name: str, size: int, sha256: str, *, synthetic: bool, reader: str = "", moved_from: str = ""
    ) -> Spill:
        """Return the spill of all that was added; the arguments describe the file it came from."""
        self._settle()
        if self.gathered:
            self._end_run()
        self._keep("highest", self.highest.filled)
        self._keep("dry", self.dry.filled)
        if self.returns:
            self._keep("returns", self.returns.filled)
        spill = Spill(
            self._info(name, size, sha256, synthetic, reader, moved_from),
            self.highest.layer("highest"),
            self.dry.layer("dry"),
            self.east,
            self.north,
            tuple(self.runs),
            Store(self.arrays),
            returns=self.returns.layer("returns") if self.returns else None,
        )
        if self.file is None:
            return spill
        write_index(spill, self.file)
        return load(self.file.path)

    def _info(
        self, name: str, size: int, sha256: str, synthetic: bool, reader: str, moved_from: str
    ) -> SpillInfo:
        counts = self.counts
        box = Box(0, 0, 0, 0)
        if counts[
            "points"
        ]:  # the west and north edges are inside, so the others lie one quantum beyond the points
            (west, south), (east, north) = self.extremes.tolist()
            box = Box(west, south - 1, east + 1, north)
        return SpillInfo(
            name=name,
            size=size,
            sha256=sha256,
            box=box,
            classes={int(c): int(self.histogram[c]) for c in np.flatnonzero(self.histogram)},
            points=counts["points"],
            used=counts["used"],
            withheld=counts["withheld"],
            excluded=counts["points"] - counts["used"] - counts["withheld"],
            ground=counts["ground"],
            ground_only=0 < counts["used"] == counts["ground"] and not self.candidates,
            synthetic=synthetic,
            reader=reader,
            moved_from=moved_from,
            marks=self.marks,
        )

    def abandon(self) -> None:
        """Leave nothing on disk: the file turned out bad."""
        if self.taking:
            wait([self.taking])
        if self.file:
            self.file.abandon()
