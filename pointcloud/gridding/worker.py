"""What a worker does: reduce a file, or make the rasters of a sheet and stage them under private names."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path

from pointcloud import pipeline
from pointcloud.geo.lattice import Box
from pointcloud.geo.sheets import Sheet
from pointcloud.gridding.tags import raster_tags
from pointcloud.io import names, put
from pointcloud.io.cloudheader import CloudHeader
from pointcloud.io.rasters import cog
from pointcloud.io.spill.cloud import Cloud
from pointcloud.io.spill.spill import Spill, load
from pointcloud.machine import memory
from pointcloud.params.grid import GridParams
from pointcloud.run.entries import State
from pointcloud.run.items import Made, Staged

SPARSE = 0.001
"""Share of cells with a return below which a sheet is listed, not written."""


@dataclass(frozen=True)
class Reduced:
    """A spill as it travels between processes: by its path where it has one."""

    spill: Spill | Path
    peak: int
    seconds: float

    def open(self) -> Spill:
        """Return the spill."""
        return load(self.spill) if isinstance(self.spill, Path) else self.spill


@dataclass(frozen=True)
class SheetJob:
    """All that the rasters of a sheet are made from, besides the spills; ``folders`` are those asked for."""

    sheet: Sheet
    out: Path
    params: GridParams
    folders: frozenset[str]
    crs_wkt: str | None
    facts: Mapping[str, str]
    wanted: bool


@dataclass(kw_only=True)
class SheetMade(Made):
    """What was made of a sheet, and the share of its cells that hold a return."""

    coverage: float = 0.0


def reduce_file(
    header: CloudHeader,
    params: GridParams,
    all_ground: bool,
    scratch: Path | None,
    *,
    pool: Executor | None = None,
    threads: int = 1,
) -> Reduced:
    """Reduce one file; with ``scratch`` its spill is on disk and can travel."""
    start = time.perf_counter()
    spill = pipeline.reduce(
        header,
        params.reduce,
        all_ground=all_ground,
        scratch=scratch,
        pool=pool,
    )
    memory.release()
    return Reduced(spill.path or spill, memory.peak(), time.perf_counter() - start)


def make_sheet(
    job: SheetJob,
    reduced: tuple[Reduced, ...],
    *,
    pool: Executor | None = None,
    threads: int = 1,
) -> SheetMade:
    """Make and stage the rasters of one sheet. If that fails, nothing of it is left."""
    start = time.perf_counter()
    spills = [item.open() for item in reduced]
    cloud = Cloud(spills)
    made = SheetMade(coverage=pipeline.coverage(cloud, job.sheet.box, job.params) if cloud.spills else 0.0)
    made.readers = sorted({spill.info.reader for spill in cloud.spills if spill.info.reader})
    sparse = made.coverage < SPARSE and not job.wanted
    if made.coverage == 0.0 or sparse:
        there = any(_lies_on(spill.info.box, job) for spill in cloud.spills)
        state: State = "sparse" if made.coverage else "empty" if there else "beyond"
        made.absent, made.weak = dict.fromkeys(job.folders, state), True
        return made
    pending: list[Future[Staged]] = []
    try:
        for raster in pipeline.make(job.sheet.box, cloud, job.params, pool, threads):
            folder = names.folder(raster.product, raster.grid.resolution)
            if folder not in job.folders:
                continue
            if raster.array is None:
                made.absent[folder] = "empty"
            elif pool:
                wait(
                    pending
                )  # one raster at a time is encoded beside the next one's making: memory stays bounded
                pending.append(pool.submit(_stage, job, raster, cloud, threads))
            else:
                made.staged.append(_stage(job, raster, cloud, threads))
        made.staged.extend(future.result() for future in pending)
    except BaseException:
        for future in pending:
            if future.exception() is None:
                put.discard(future.result().path)
        for staged in made.staged:
            put.discard(staged.path)
        raise
    made.peak, made.seconds = memory.peak(), time.perf_counter() - start
    return made


def _lies_on(box: Box, job: SheetJob) -> bool:
    """Whether points that fill ``box`` lie on the sheet, by more than a cell beyond its border.

    Tiles hold the points on all of their edges, of which those in the south and east are the next sheet's.
    """
    part = box.intersect(job.sheet.box)
    return min(part.east - part.west, part.north - part.south) > job.params.cells[0]


def _stage(job: SheetJob, raster: pipeline.Made, cloud: Cloud, threads: int) -> Staged:
    """Encode one raster, and write it under a private name beside its final place."""
    tags = raster_tags(job.sheet, raster.product, job.params, cloud, job.facts)
    assert raster.array is not None
    data = cog.encode(
        raster.array, raster.grid, job.crs_wkt, tags=tags, compress=job.params.compress, threads=threads
    )
    resolution = raster.grid.resolution
    folder = names.folder(raster.product, resolution)
    name = names.file_name(raster.product, job.sheet.code, resolution)
    path = put.stage(job.out / folder, name, data)
    return Staged(folder, f"{folder}/{name}", path, len(data), hashlib.sha256(data).hexdigest())
