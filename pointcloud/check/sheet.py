"""A sheet of a delivery: points by cell, cells without any, flight lines and files against each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.check.layers import COURSE, HALF, METRE, Layers
from pointcloud.check.request import Limits
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, Grid
from pointcloud.kernels.points import flight_lines
from pointcloud.surface import water

Array = npt.NDArray[Any]

LEAST = 3
"""Points that a cell must have of either flight line."""


@dataclass(frozen=True)
class SheetFile:
    """A file that was read: its rasters, whether it is all ground, whether its lines are numbered, where it lies."""

    key: str
    scratch: Path
    all_ground: bool
    numbered: bool
    box: Box


@dataclass(frozen=True)
class SheetJob:
    """A sheet and the files near it."""

    code: str
    box: Box
    files: tuple[SheetFile, ...]
    limits: Limits


@dataclass(frozen=True)
class Cells:
    """Cells of one size on a sheet, within the files' extents.

    Parameters
    ----------
    cells : int
    empty : int
        Those without a point.
    land : int
        Those that are neither water nor a hole as wide as water.
    land_empty : int
    """

    cells: int
    empty: int
    land: int
    land_empty: int

    @property
    def void(self) -> float | None:
        """Share of cells without a point (欠測率), water included; ``None`` if there is no cell."""
        return self.empty / self.cells if self.cells else None

    @property
    def land_void(self) -> float | None:
        """Share of cells without a point (欠測率), water left aside."""
        return self.land_empty / self.land if self.land else None


@dataclass
class Differences:
    """Height differences between two flight lines: sums over pairs of level cells, in metres."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    worst: float = 0.0
    beyond: int = 0

    def add(self, other: Differences) -> None:
        """Take those of another place."""
        self.count += other.count
        self.total += other.total
        self.squares += other.squares
        self.worst = max(self.worst, other.worst)
        self.beyond += other.beyond

    @property
    def mean(self) -> float:
        """Mean of the differences, the second line less the first."""
        return self.total / self.count if self.count else 0.0

    @property
    def deviation(self) -> float:
        """Standard deviation about the mean (n − 1)."""
        if self.count < 2:
            return 0.0
        return float(np.sqrt(max(self.squares - self.total**2 / self.count, 0.0) / (self.count - 1)))


@dataclass
class SheetFacts:
    """What there is on a sheet.

    Parameters
    ----------
    code : str
    box : Box
    covered : float
        Share of the sheet within the files' extents.
    points : int
        Points that count (no noise, none withheld); of a separate ground delivery only those beyond the others.
    metre, half : Cells
        Of 1 m and of 50 cm.
    ground : int
        Ground points.
    ground_cells : int
        Cells of 1 m that hold one.
    pairs : dict of (int, int) to Differences
        By point source ids.
    shared : dict of (str, str) to (int, int)
        Cells of 1 m in which two files hold the very same points, and in which both hold any.
    """

    code: str
    box: Box
    covered: float
    points: int
    metre: Cells
    half: Cells
    ground: int
    ground_cells: int
    pairs: dict[tuple[int, int], Differences] = field(default_factory=dict)
    shared: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    @property
    def density(self) -> float | None:
        """Points a square metre of land."""
        return self.points / self.metre.land if self.metre.land else None


def reach(limits: Limits) -> int:
    """Return how far around a sheet files count, in quanta: as far as a hole must be seen to be known as water."""
    return water.margin(limits.water) * QUANTA_PER_METRE


def weigh(job: SheetJob, pool: Executor | None = None, threads: int = 1) -> SheetFacts | None:
    """Add up what files hold on a sheet; ``None`` if there is no point on it, though an extent may reach it.

    ``pool`` and ``threads`` are what pools give to every task.
    """
    opened = [(file, Layers.load(file.scratch)) for file in job.files]
    metre, half = Grid(job.box, METRE), Grid(job.box, HALF)
    counts = _points(opened, "counts", half)
    if not counts.any():
        return None
    ground = _points(opened, "ground", metre)
    inside = _covered(job.files, metre)
    by_metre = counts.reshape(metre.rows, 2, metre.cols, 2).sum(axis=(1, 3))
    land = inside & ~_water(opened, job, by_metre > 0)
    return SheetFacts(
        job.code,
        job.box,
        float(inside.mean()),
        int(counts.sum()),
        _cells(by_metre == 0, inside, land),
        _cells(counts == 0, _halved(inside), _halved(land)),
        int(ground.sum()),
        int(np.count_nonzero(ground)),
        dict(_pairs(opened, job)),
        dict(_shared(opened, job.box)),
    )


def _cells(empty: Array, inside: Array, land: Array) -> Cells:
    count = np.count_nonzero
    return Cells(int(count(inside)), int(count(empty & inside)), int(count(land)), int(count(empty & land)))


def _halved(mask: Array) -> Array:
    return mask.repeat(2, axis=0).repeat(2, axis=1)


def _points(opened: Sequence[tuple[SheetFile, Layers]], name: str, grid: Grid) -> Array:
    """Return points by cell; those of ground deliveries repeat others, and count where there are more of them."""
    sums = {kind: np.zeros(grid.shape, np.int32) for kind in sorted({file.all_ground for file, _ in opened})}
    for file, layers in opened:
        for here, block in layers.blocks(name, grid):
            sums[file.all_ground][here] += block
    arrays = list(sums.values()) or [np.zeros(grid.shape, np.int32)]
    return arrays[0] if len(arrays) == 1 else np.maximum(*arrays)


def _covered(files: Iterable[SheetFile], grid: Grid) -> npt.NDArray[np.bool_]:
    """Return the cells whose centre lies in the extent of a file."""
    out = np.zeros(grid.shape, np.bool_)
    half = grid.cell // 2
    for file in files:
        part = file.box.intersect(grid.box)
        if not part.empty:
            top, bottom = (
                max(-((edge + half - grid.box.north) // grid.cell), 0) for edge in (part.north, part.south)
            )
            left, right = (
                max(-((grid.box.west + half - edge) // grid.cell), 0) for edge in (part.west, part.east)
            )
            out[top:bottom, left:right] = True
    return out


def _water(
    opened: Sequence[tuple[SheetFile, Layers]], job: SheetJob, held: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return the cells of 1 m that are water: returns of it alone, or part of a hole in all returns as wide.

    ``held`` are the cells with points. Beyond all files nothing is known, and no disc reaches there.
    """
    grid = Grid(job.box.grow(reach(job.limits)), METRE)
    dry = np.zeros(grid.shape, np.uint8)
    for _, layers in opened:
        for here, block in layers.blocks("dry", grid):
            dry[here] |= block
    inner = grid.slices(job.box)
    wet: npt.NDArray[np.bool_] = dry[inner] == 0
    if all(file.all_ground for file, _ in opened):  # holes in the ground alone say nothing about water
        return np.zeros(wet.shape, np.bool_)
    dry[~_covered(job.files, grid)] = 1
    wet &= held
    wet |= water.voids(dry, job.limits.water)[inner]
    return wet


def _pairs(
    opened: Sequence[tuple[SheetFile, Layers]], job: SheetJob
) -> Iterator[tuple[tuple[int, int], Differences]]:
    """Yield the differences of each pair of flight lines that overlap on the sheet."""
    places: dict[tuple[int, int], dict[int, list[tuple[Layers, int]]]] = {}
    for file, layers in opened:
        for line in layers.lines if file.numbered else []:
            for slot, place in enumerate(layers.line_places(line)):
                places.setdefault(place, {}).setdefault(line, []).append((layers, slot))
    sums: dict[tuple[int, int], Array] = {}
    for place, held in sorted(places.items()):
        if len(held) < 2:
            continue
        moments = {line: _moments(line, parts) for line, parts in sorted(held.items())}
        good = {line: _good(found, place, job) for line, found in moments.items()}
        for a, b in combinations(moments, 2):
            out = sums.setdefault((a, b), np.zeros(5))
            limit = job.limits.lines * QUANTA_PER_METRE
            flight_lines.differences(moments[a], moments[b], good[a] & good[b], limit, out)
    for pair, out in sorted(sums.items()):
        if out[flight_lines.PAIRS]:
            count, total, squares, worst, beyond = out.tolist()
            unit = QUANTA_PER_METRE
            yield pair, Differences(int(count), total / unit, squares / unit**2, worst / unit, int(beyond))


def _moments(line: int, parts: Sequence[tuple[Layers, int]]) -> Array:
    """Return what all files say of a line on one block."""
    first, *others = (layers.line_block(line, slot) for layers, slot in parts)
    for other in others:
        flight_lines.merge(first, other)
    return first


def _good(moments: Array, place: tuple[int, int], job: SheetJob) -> npt.NDArray[np.bool_]:
    """Return the cells of a block, none beyond the sheet, in which a line can be compared with others."""
    good = np.empty(moments.shape[:2], np.bool_)
    spread, step = job.limits.spread * QUANTA_PER_METRE, job.limits.step * QUANTA_PER_METRE
    flight_lines.level(moments, LEAST, spread, step, good)
    rows, cols = ((np.arange(len(good)) + first * len(good)) * COURSE for first in place)
    good[(rows < -job.box.north) | (rows >= -job.box.south)] = False
    good[:, (cols < job.box.west) | (cols >= job.box.east)] = False
    return good


def _shared(
    opened: Sequence[tuple[SheetFile, Layers]], box: Box
) -> Iterator[tuple[tuple[str, str], tuple[int, int]]]:
    """Yield how many cells two files of a kind hold the same points in, and how many both hold points in."""
    for (a, of_a), (b, of_b) in combinations(opened, 2):
        common = a.box.intersect(b.box).intersect(box)
        if a.all_ground != b.all_ground or common.empty:
            continue
        grid = Grid(common.snap(METRE), METRE)
        prints = np.zeros((2, *grid.shape), np.int64)
        for array, layers in zip(prints, (of_a, of_b), strict=True):
            for here, block in layers.blocks("prints", grid):
                array[here] = block
        both = (prints != 0).all(axis=0)
        same = int(np.count_nonzero(both & (prints[0] == prints[1])))
        if same:
            yield (a.key, b.key), (same, int(np.count_nonzero(both)))
