"""One pass over one point cloud: what its points say, and rasters of them in scratch."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.check.control import NEAR
from pointcloud.check.duplicate_points import Repeats, mixed, point_keys
from pointcloud.check.layers import DRY, GROUND, LEVEL, MOST_LINES, USED, Rasters
from pointcloud.check.request import Limits
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box
from pointcloud.io.cloudheader import NO_MARKS, CloudHeader, Marks, PointChunk, Quanta
from pointcloud.io.clouds import readers
from pointcloud.io.las import reader
from pointcloud.io.las.header import LasHeader
from pointcloud.kernels.points import bins
from pointcloud.params.grid import WATER_CLASS

Array = npt.NDArray[Any]

NOISE = (7, 18)
"""Classes of points that are no measurement of anything that stays."""

_ID_AT = (18, 20)  # byte of the point source id in formats 0-5 and 6-10
_TIME_AT = {1: 20, 3: 20, 4: 20, 5: 20, 6: 22, 7: 22, 8: 22, 9: 22, 10: 22}
_FLOOR, _BINS = -1000, 10_000  # metres: heights are counted by whole metres from here
_APART = 50  # metres without a point that part strays from all others
_FEW = 0.001  # share of all points that strays are at most


@dataclass(frozen=True)
class CloudJob:
    """What the pass over a file needs to know.

    Parameters
    ----------
    header : CloudHeader
        With a box that holds the points.
    all_ground : bool
        Its points are all ground, whatever their class.
    ground_classes : tuple of int
    control : float array (k, 2)
        E, N of the control points of the whole check, in metres.
    limits : Limits
    scratch : Path
    cells : bool
        Whether its coordinates are metres, so that there are cells to count in.
    """

    header: CloudHeader
    all_ground: bool
    ground_classes: tuple[int, ...]
    control: npt.NDArray[np.float64]
    limits: Limits
    scratch: Path
    cells: bool


@dataclass
class CloudFacts:
    """What the points of a file say.

    Parameters
    ----------
    lows, highs : (e, n, z)
        Extremes in quanta.
    classes : dict of int to int
        Points of each class.
    withheld : int
    marks : Marks
        Points marked otherwise.
    ids : dict of int to int
        Points of each point source id.
    ground : int
        Points taken as ground.
    on_ground : bool
        Whether flight lines are compared by ground points, not by all.
    repeated : int
        Points that another has the place and time of.
    low, high : int
        Points, neither noise nor withheld, below or above all land of Japan.
    strays : tuple of (int, int, int)
        Points far from all others in height: how many, and between which heights in metres none lies.
    near : dict of int to float array (m, 3)
        Ground points around each control point, E and N relative to it, in metres.
    """

    lows: Quanta
    highs: Quanta
    classes: dict[int, int] = field(default_factory=dict)
    withheld: int = 0
    marks: Marks = NO_MARKS
    ids: dict[int, int] = field(default_factory=dict)
    ground: int = 0
    on_ground: bool = True
    repeated: int = 0
    low: int = 0
    high: int = 0
    strays: tuple[tuple[int, int, int], ...] = ()
    near: dict[int, Array] = field(default_factory=dict)

    @property
    def box(self) -> Box:
        """Where the points lie: half-open, so that each is inside."""
        (west, south, _), (east, north, _) = self.lows, self.highs
        return Box(west, south - 1, east + 1, north)

    @property
    def numbered(self) -> bool:
        """Whether point source ids tell flight lines apart."""
        return any(self.ids) and len(self.ids) <= MOST_LINES


def examine(job: CloudJob, pool: Executor | None = None, threads: int = 1) -> CloudFacts:
    """Read a file once.

    Parameters
    ----------
    job : CloudJob
    pool : Executor, optional
        As pools give it; decoding threads are the decoder's own.
    threads : int
        More than one: decode on all cores.

    Raises
    ------
    FileError
        If the file is damaged, or not what its header says. Nothing is left on disk then.
    OutputError
        If there is no room for scratch.
    """
    taker = _Taker(job)
    try:
        for chunk, ids, times in _read(job.header, parallel=threads > 1):
            taker.take(chunk, ids, times)
        return taker.facts()
    finally:
        taker.repeats.close()


def _read(header: CloudHeader, *, parallel: bool) -> Iterator[tuple[PointChunk, Array, Array]]:
    """Yield points with their point source ids and the bits of their times; zeros where a format has none."""
    if not isinstance(header, LasHeader):
        for chunk in readers.iter_points(header, parallel=parallel):
            yield chunk, np.zeros(chunk.count, np.uint16), np.zeros(1, np.uint64)
        return
    time_at = _TIME_AT.get(header.point_format)
    for records, chunk in reader.iter_records(header, parallel=parallel):
        ids = _field(records, _ID_AT[header.point_format >= 6], 2).view("<u2").ravel()
        times = _field(records, time_at, 8).view("<u8").ravel() if time_at else np.zeros(1, np.uint64)
        yield chunk, ids, times


class _Taker:
    """Adds up what chunks of points say."""

    def __init__(self, job: CloudJob) -> None:
        self.job, header = job, job.header
        self.rasters = Rasters(header.limits) if job.cells else None
        self.repeats = Repeats(header.count, job.scratch)
        self.flags = np.full(256, USED | DRY, np.uint8)
        self.flags[WATER_CLASS] = USED
        self.flags[list(job.ground_classes)] |= GROUND
        if job.all_ground:
            self.flags |= GROUND
        self.flags[list(NOISE)] = 0
        self.histogram = np.zeros(256, np.int64)
        self.ids = np.zeros(1 << 16, np.int64)
        self.heights = np.zeros(_BINS, np.int64)
        self.counts = dict.fromkeys(("withheld", "ground", "low", "high"), 0)
        self.marks = Marks()
        self.on_ground: bool | None = None
        self.extremes: list[tuple[Quanta, Quanta]] = []
        self.near: dict[int, list[Array]] = {}
        box = header.limits.grow(round(NEAR * QUANTA_PER_METRE))
        self.control = [k for k, (e, n) in enumerate(job.control * QUANTA_PER_METRE)
                        if box.west <= e <= box.east and box.south <= n <= box.north]  # fmt: skip

    def take(self, points: PointChunk, ids: Array, times: Array) -> None:
        """Take a chunk."""
        use = np.empty(points.count, np.uint8)
        bins.flag_points(
            points.classification, points.withheld.view(np.uint8), self.flags, use, self.histogram
        )
        if self.on_ground is None:  # the first points tell whether the file has a ground class
            self.on_ground = bool((use & GROUND).any())
        use[(use & (GROUND if self.on_ground else DRY)) != 0] |= LEVEL
        keys = point_keys(points.e, points.n, points.z)
        self.repeats.add(mixed(keys ^ times))
        if self.rasters:
            self.rasters.add(points.e, points.n, points.z, use, keys.view(np.int64), ids)
        self.ids += np.bincount(ids, minlength=1 << 16)
        self.extremes.append((points.lows, points.highs))
        self._heights(points.z[(use & USED) != 0])
        self.marks = self.marks.plus(points.marks)
        self.counts["withheld"] += int(np.count_nonzero(points.withheld))
        self.counts["ground"] += int(np.count_nonzero(use & GROUND))
        for k in self.control:
            self._around(k, points, use)

    def _heights(self, z: Array) -> None:
        limits = self.job.limits
        self.counts["low"] += int(np.count_nonzero(z < limits.lowest * QUANTA_PER_METRE))
        self.counts["high"] += int(np.count_nonzero(z > limits.highest * QUANTA_PER_METRE))
        metres = np.clip(z // QUANTA_PER_METRE - _FLOOR, 0, _BINS - 1)
        self.heights += np.bincount(metres, minlength=_BINS)

    def _around(self, k: int, points: PointChunk, use: Array) -> None:
        """Keep the points that a control point is compared with."""
        e, n = self.job.control[k] * QUANTA_PER_METRE
        reach = NEAR * QUANTA_PER_METRE
        close = (np.abs(points.e - e) <= reach) & ((use & LEVEL) != 0)
        found = np.flatnonzero(close & (np.abs(points.n - n) <= reach))
        east, north = points.e[found] - e, points.n[found] - n
        inside = east * east + north * north <= reach * reach
        picked = np.column_stack((east, north, points.z[found]))[inside] / QUANTA_PER_METRE
        if len(picked):
            self.near.setdefault(k, []).append(picked)

    def facts(self) -> CloudFacts:
        """Return what all points say, with the rasters saved."""
        lows, highs = (
            np.array([low for low, _ in self.extremes]),
            np.array([high for _, high in self.extremes]),
        )
        low_e, low_n, low_z = lows.min(axis=0).tolist()
        high_e, high_n, high_z = highs.max(axis=0).tolist()
        if self.rasters:
            self.rasters.save(self.job.scratch)
        return CloudFacts(
            (low_e, low_n, low_z),
            (high_e, high_n, high_z),
            _counted(self.histogram),
            marks=self.marks,
            ids=_counted(self.ids),
            on_ground=bool(self.on_ground),
            repeated=self.repeats.count(),
            strays=tuple(_strays(self.heights)),
            near={k: np.concatenate(parts) for k, parts in self.near.items()},
            **self.counts,
        )


def _field(records: Array, at: int, size: int) -> Array:
    return np.ascontiguousarray(records[:, at : at + size])


def _counted(histogram: Array) -> dict[int, int]:
    return {int(k): int(histogram[k]) for k in np.flatnonzero(histogram)}


def _strays(heights: Array) -> list[tuple[int, int, int]]:
    """Return points far below and far above all others: how many, and the heights between which none lies."""
    total = int(heights.sum())
    found: list[tuple[int, int, int]] = []
    held = np.flatnonzero(heights)
    if not total:
        return found
    gaps = np.flatnonzero(np.diff(held) > _APART)
    below = [gap for gap in gaps if heights[: held[gap] + 1].sum() <= _FEW * total]
    above = [gap for gap in gaps if heights[held[gap + 1] :].sum() <= _FEW * total]
    if below:
        gap = below[-1]
        few = int(heights[: held[gap] + 1].sum())
        found.append((few, int(held[gap]) + 1 + _FLOOR, int(held[gap + 1]) + _FLOOR))
    if above:
        gap = above[0]
        few = int(heights[held[gap + 1] :].sum())
        found.append((few, int(held[gap]) + 1 + _FLOOR, int(held[gap + 1]) + _FLOOR))
    return found
