"""What a run will take: time, memory, scratch and space, sheet by sheet, before a point is read."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from pointcloud import pipeline
from pointcloud.geo.boxindex import BoxIndex
from pointcloud.geo.lattice import Box
from pointcloud.geo.sheets import Sheet
from pointcloud.gridding.calibrate import Rates
from pointcloud.io.spill.reduce import most_bytes
from pointcloud.params.grid import GridParams

_PARALLEL = 0.9  # of a process is what each further one adds: two did 1.8 times the work of one
_START = 3.0  # seconds for a process to begin
_MEMORY, _MEMORY_A_CELL = 400 << 20, 18  # bytes; covers what was measured from 0.3 M to 12.6 M cells
_QUALITY_A_CELL = 110  # bytes more with quality rasters: 100 were measured with 3 M cells
_STRIPS = 2.5
"""Boxes of files that together cover their union so many times are those of flight lines, not of tiles."""


@dataclass(frozen=True)
class Shape:
    """What is known of a file without reading it: where its points lie, and how many."""

    box: Box
    count: int


@dataclass(frozen=True)
class SheetEstimate:
    """What one sheet will take: points on it, the share that files cover, CPU-seconds, files it needs."""

    points: int
    covered: float
    seconds: float
    files: int


@dataclass(frozen=True)
class Estimate:
    """What a run will take.

    Parameters
    ----------
    sheets : dict of str to SheetEstimate
    points : int
        That will be read.
    cpu, wall : float
        Seconds: of all processes, and until the run has ended.
    memory : int
        Bytes that a process needs at most.
    scratch : int
        Bytes of spills that are on disk at one time, at most.
    space : dict of str to int
        Bytes of the rasters of each folder (``DEM_1g``).
    free : int
        Bytes that are free where the output will be.
    strips : bool
        Whether the files are flight lines that overlap, so that most spills are kept at one time.
    """

    sheets: dict[str, SheetEstimate]
    points: int
    cpu: float
    wall: float
    memory: int
    scratch: int
    space: dict[str, int]
    free: int
    strips: bool

    @property
    def enough(self) -> bool:
        """Whether rasters and spills fit on the disk."""
        return self.scratch + sum(self.space.values()) <= self.free


def estimate(
    files: Sequence[Shape],
    sheets: Mapping[str, Sheet],
    needs: Mapping[str, Sequence[int]],
    params: GridParams,
    rates: Rates,
    jobs: int,
    out: Path,
    *,
    strips: bool,
) -> Estimate:
    """Return what the making of some sheets will take.

    Parameters
    ----------
    files : sequence of Shape
    sheets : mapping of str to Sheet
        In the order in which they will be made.
    needs : mapping of str to sequence of int
        Which of ``files`` each of them needs.
    params : GridParams
    rates : Rates
    jobs : int
        Processes.
    out : Path
    strips : bool
        Whether the files are flight lines; see :func:`overlapping`.
    """
    index = BoxIndex(shape.box for shape in files)
    found = {
        code: _sheet(
            sheet.box, [files[k] for k in index.touching(sheet.box)], len(needs[code]), params, rates
        )
        for code, sheet in sheets.items()
    }
    read = {k for code in sheets for k in needs[code]}
    points = sum(files[k].count for k in read)
    cpu = rates.decode * points + sum(each.seconds for each in found.values())
    busy = max(1, min(jobs, len(sheets)))
    wall = _START + cpu / (1 + _PARALLEL * (busy - 1))
    area = sum(sheet.box.area * found[code].covered for code, sheet in sheets.items())
    cells = max((sheet.box.area for sheet in sheets.values()), default=0.0) / params.resolutions[-1] ** 2
    a_cell = _MEMORY_A_CELL + (_QUALITY_A_CELL if "quality" in params.products else 0)
    return Estimate(
        found,
        points,
        cpu,
        wall,
        round(_MEMORY + a_cell * cells),
        _scratch(files, needs, params, rates, busy),
        {folder: round(each * area) for folder, each in rates.bytes.items()},
        _free(out),
        strips,
    )


def _sheet(box: Box, files: Sequence[Shape], needed: int, params: GridParams, rates: Rates) -> SheetEstimate:
    """Return what a sheet will take, the points of each file spread evenly over its box."""
    shared = [shape.box.intersect(box).area for shape in files]
    points = sum(
        shape.count * part / max(shape.box.area, 1.0) for shape, part in zip(files, shared, strict=True)
    )
    covered = min(1.0, sum(shared) / box.area)
    worked = pipeline.terrain_window(box, params).area / box.area
    seconds = worked * (rates.area * box.area * covered + rates.point * rates.ground * points)
    return SheetEstimate(round(points), covered, seconds, needed)


def _scratch(
    files: Sequence[Shape],
    needs: Mapping[str, Sequence[int]],
    params: GridParams,
    rates: Rates,
    jobs: int,
) -> int:
    """Return the most bytes of spills at one time, by going through the sheets as the run will.

    While a sheet is made the others in flight may hold what the sheets before them needed, and files are reduced for
    as many sheets after it.
    """
    sizes = [most_bytes(shape.box, rates.ground * shape.count, params.reduce) for shape in files]
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for number, needed in enumerate(needs.values()):
        for k in needed:
            first.setdefault(k, number)
            last[k] = number
    change = [0] * (len(needs) + 1)
    for k in first:
        change[max(first[k] - jobs, 0)] += sizes[k]
        change[min(last[k] + jobs, len(needs))] -= sizes[k]
    return max(accumulate(change))


def overlapping(files: Sequence[Shape]) -> bool:
    """Return whether the files are flight lines: their boxes cover the land that they cover several times."""
    import shapely

    if not files:
        return False
    boxes = shapely.box(*zip(*(shape.box.bounds for shape in files), strict=True))
    union = float(shapely.area(shapely.union_all(boxes)))
    return float(shapely.area(boxes).sum()) > _STRIPS * union


def _free(out: Path) -> int:
    """Return the free bytes where a folder is or would be."""
    there = next((path for path in (out, *out.absolute().parents) if path.exists()), Path())
    return shutil.disk_usage(there).free
