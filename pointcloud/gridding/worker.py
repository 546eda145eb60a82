"""What a worker does: reduce a file, or make the rasters of a sheet and stage them under private names."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path

from pointcloud import pipeline
from pointcloud.errors import HyogoError
from pointcloud.geo.lattice import Box
from pointcloud.geo.sheets import Sheet
from pointcloud.gridding.tags import raster_tags
from pointcloud.io import names, put
from pointcloud.io.cloudheader import CloudHeader
from pointcloud.io.rasters import cog
from pointcloud.io.remark import Remark
from pointcloud.io.spill.cloud import Cloud
from pointcloud.io.spill.spill import Spill, load
from pointcloud.machine import memory
from pointcloud.params.grid import GridParams, Product
from pointcloud.pipeline import Made
from pointcloud.run.record import folders

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
class Staged:
    """A finished raster under a private name, its size in bytes and its SHA-256."""

    product: Product
    resolution: float
    path: Path
    size: int
    sha256: str

    @property
    def folder(self) -> str:
        """Name of the folder that it belongs to."""
        return names.folder(self.product, self.resolution)


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


@dataclass
class SheetMade:
    """What was made of a sheet; ``beyond`` says that no file has points there, though a header may claim so."""

    coverage: float
    beyond: bool = False
    staged: list[Staged] = field(default_factory=list)
    empty: list[tuple[Product, float]] = field(default_factory=list)
    peak: int = 0
    seconds: float = 0.0
    readers: list[str] = field(default_factory=list)

    @property
    def sparse(self) -> bool:
        """Whether there was too little to write it unasked."""
        return not self.staged and not self.empty


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
    made = SheetMade(pipeline.coverage(cloud, job.sheet.box, job.params) if cloud.spills else 0.0)
    made.readers = sorted({spill.info.reader for spill in cloud.spills if spill.info.reader})
    if made.coverage == 0.0:
        if any(_lies_on(spill.info.box, job) for spill in cloud.spills):
            made.empty = [
                (product, resolution)
                for product, resolution, name in folders(job.params)
                if name in job.folders
            ]
        else:
            made.beyond = True
        return made
    if made.coverage < SPARSE and not job.wanted:
        return made
    pending: list[Future[Staged]] = []
    try:
        for raster in pipeline.make(job.sheet.box, cloud, job.params, pool, threads):
            if names.folder(raster.product, raster.grid.resolution) not in job.folders:
                continue
            if raster.array is None:
                made.empty.append((raster.product, raster.grid.resolution))
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


def _stage(job: SheetJob, raster: Made, cloud: Cloud, threads: int) -> Staged:
    """Encode one raster, and write it under a private name beside its final place."""
    tags = raster_tags(job.sheet, raster.product, job.params, cloud, job.facts)
    assert raster.array is not None
    data = cog.encode(
        raster.array, raster.grid, job.crs_wkt, tags=tags, compress=job.params.compress, threads=threads
    )
    resolution = raster.grid.resolution
    folder = job.out / names.folder(raster.product, resolution)
    path = put.stage(folder, names.file_name(raster.product, job.sheet.code, resolution), data)
    return Staged(raster.product, resolution, path, len(data), hashlib.sha256(data).hexdigest())


def why(error: BaseException | None, key: str) -> str:
    """Return in one line why the task of a file or sheet failed; no error means that its worker died."""
    if error is None:
        return str(Remark.of("run.worker_lost", what=Path(key).name))
    if isinstance(error, HyogoError):
        return str(error)
    return f"{type(error).__name__}: {error}".splitlines()[0]
