"""A whole run: inputs to rasters under their final names, mosaics, and a report."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pointcloud import pipeline
from pointcloud.crs import SpatialReference
from pointcloud.errors import FileError, GroundError, OutputError, ParameterError
from pointcloud.io import names, put
from pointcloud.io.remark import Remark
from pointcloud.params import WATER_CLASS, GridParams
from pointcloud.run import memory, mosaics
from pointcloud.run.area import read_area
from pointcloud.run.inventory import Inventory, Source, take_inventory
from pointcloud.run.loop import Task, run
from pointcloud.run.manifest import Manifest
from pointcloud.run.plan import NO_SHEETS, Plan, make_plan, missing_neighbours
from pointcloud.run.pools import Pool, open_pool
from pointcloud.run.report import Report
from pointcloud.run.warm import warm
from pointcloud.run.worker import Reduced, SheetJob, SheetMade, make_sheet, reduce_file, why

_IN_MEMORY = 256 * 2**20
"""Bytes a spill may take in memory, by the header's count, where one process does all."""


@dataclass(frozen=True)
class Request:
    """What the user asks for.

    Parameters
    ----------
    inputs, ground : tuple of str
        Files, folders or globs; those of ``ground`` hold ground points only.
    out : Path
    params : GridParams
    level : str
        A level of the map sheets, or ``none``.
    tile_size : float
        Side in metres of the tiles where there are no sheets.
    area : tuple of str
        Sheet codes, boxes ``W,S,E,N``, or polygon files; empty for all.
    crs : SpatialReference, optional
    vertical : str, optional
    credit : str
        Source credit, written into every raster.
    jobs : int
    redo : bool
        Give up rasters in ``out`` that were made with other parameters.
    scan_extents : bool
        Find where the points of each file lie, instead of believing its header.
    """

    inputs: tuple[str, ...]
    out: Path
    params: GridParams
    ground: tuple[str, ...] = ()
    level: str = "2500"
    tile_size: float = 1000.0
    area: tuple[str, ...] = ()
    crs: SpatialReference | None = None
    vertical: str | None = None
    credit: str = ""
    jobs: int = 1
    redo: bool = False
    scan_extents: bool = False


class Watcher(Protocol):
    """Who is told how a run goes."""

    def planned(self, inventory: Inventory, plan: Plan) -> None:
        """Hear what there is to do."""

    def step(self, kind: str, key: str, weight: float) -> None:
        """Hear that a file was reduced or a sheet made; the weights of all steps sum to 1."""

    def remark(self, remark: Remark) -> None:
        """Hear of something the user should know."""


def prepare(request: Request) -> tuple[Inventory, Plan]:
    """Read all headers, and return what there is to make.

    Raises
    ------
    ParameterError, CrsError
        If the request cannot be met.
    """
    inventory = take_inventory(
        request.inputs,
        request.ground,
        crs=request.crs,
        vertical=request.vertical,
        needs_zone=request.level != NO_SHEETS,
        scan=pipeline.scan_extent if request.scan_extents else None,
    )
    area = read_area(request.area, inventory.crs) if request.area else None
    return inventory, make_plan(inventory, request.params, request.level, request.tile_size, area)


def grid(request: Request, watcher: Watcher) -> Report:
    """Make every sheet, and return what came of it.

    Raises
    ------
    ParameterError, CrsError, GroundError
        If the request cannot be met. What was finished before stays.
    OutputError
        If ``out`` cannot be written.
    KeyboardInterrupt
        If the user ends it; sheets in flight are dropped, finished ones stay.
    """
    start = time.perf_counter()
    inventory, plan = prepare(request)
    if not inventory.sources and not inventory.bad:
        raise ParameterError("run.nothing")
    watcher.planned(inventory, plan)
    for remark in inventory.remarks:
        watcher.remark(remark)
    manifest = Manifest.load(request.out)
    given_up = manifest.begin(request.params, _shared(request, inventory), redo=request.redo)
    scratch = _clean(request)
    pool = open_pool(request.jobs, len(plan.sheets))
    if pool.slots > 1:
        warm(watcher.remark)
    steps = _Steps(request, inventory, plan, manifest, pool, scratch, watcher)
    try:
        run(list(plan.sheets), plan.needs, steps, pool)
        pool.close()
    except BaseException:
        pool.close(now=True)
        _sweep(request)
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    for path in given_up:
        if path.stem.split("_", 1)[1].rsplit("_", 1)[0] not in plan.sheets:
            path.unlink(missing_ok=True)
    report = steps.report
    mosaics.write(manifest, request.params, inventory.crs, report, request.credit)
    report.seconds, report.peak = time.perf_counter() - start, max(report.peak, memory.peak())
    return report


def _clean(request: Request) -> Path:
    """Make the output folder, free of what dead runs left, and return a new folder for spills in it."""
    scratch = request.out / ".scratch"
    try:
        _sweep(request)
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
    except OSError as error:
        raise OutputError("run.out", path=request.out, cause=error.strerror) from error
    return scratch


def _sweep(request: Request) -> None:
    """Remove the private files of workers that are no more."""
    params = request.params
    put.sweep(request.out)
    for product in params.products:
        for resolution in params.resolutions:
            put.sweep(request.out / names.folder(product, resolution))


def _shared(request: Request, inventory: Inventory) -> dict[str, object]:
    """Return what all rasters of an output folder share besides their parameters."""
    crs = inventory.crs
    tiles = {"tile_size": request.tile_size} if request.level == NO_SHEETS else {}
    return {
        "level": request.level,
        "crs": crs.horizontal if crs else None,
        "vertical": crs.vertical if crs else None,
        **tiles,
    }


class _Steps:
    """The run's owner: hands out tasks, and alone gives files their final names and keeps the record."""

    def __init__(
        self,
        request: Request,
        inventory: Inventory,
        plan: Plan,
        manifest: Manifest,
        pool: Pool,
        scratch: Path,
        watcher: Watcher,
    ) -> None:
        self.request, self.inventory, self.plan = request, inventory, plan
        self.manifest, self.scratch, self.watcher = manifest, scratch, watcher
        self.sources: dict[str, Source] = {source.key: source for source in inventory.sources}
        self.in_memory = pool.slots == 1
        self.spills: dict[str, Reduced] = {}
        self.bad: dict[str, BaseException | None] = {}
        self.report = Report(request.out)
        for file in inventory.bad:
            self.report.bad_files[file.path.name] = why(file.error)
        points = sum(source.header.count for source in inventory.sources)
        self.weight = 1.0 / (2.0 * max(points, 1))
        self.sheet_weight = 0.5 / max(len(plan.sheets), 1)

    def reduce(self, file: str) -> Task:
        """Return the task that reduces a file."""
        source = self.sources[file]
        index = list(self.sources).index(file)
        big = 12 * source.header.count > _IN_MEMORY
        scratch = None if self.in_memory and not big else self.scratch / f"{index:06d}.spill"
        return Task(
            "reduce",
            file,
            reduce_file,
            (source.header, self.request.params, source.all_ground, scratch),
        )

    def make(self, sheet: str) -> Task:
        """Return the task that makes a sheet, or that says which bad file forbids it."""
        near = [self.spills[key] for key in self.plan.needs[sheet] if key in self.spills]
        crs = self.inventory.crs
        facts = {"CREDIT": self.request.credit} if self.request.credit else {}
        job = SheetJob(
            self.plan.sheets[sheet],
            self.request.out,
            self.request.params,
            crs.wkt if crs else None,
            facts,
            sheet in self.plan.wanted,
        )
        self._require_ground(near)
        culprit = self._culprit(sheet)
        if culprit:
            return Task("make", sheet, _refuse, (culprit,))
        return Task("make", sheet, make_sheet, (job, tuple(near)))

    def _culprit(self, sheet: str) -> str | None:
        """Return the name of a bad file whose points would lie on the sheet."""
        box = self.plan.sheets[sheet].box
        for file in self.bad:
            if self.sources[file].box.touches(box):
                return self.sources[file].header.path.name
        for bad in self.inventory.bad:
            if any(other.touches(box) for other in bad.boxes):
                return bad.path.name
        return None

    def _require_ground(self, near: list[Reduced]) -> None:
        """Stop the run if a DEM is asked for and no file read so far holds ground.

        Files of nothing but water prove nothing.
        """
        if self.report.counts["ground"] or self.request.params.products == ("dsm",):
            return
        table: dict[int, int] = {}
        for reduced in near:
            for number, count in reduced.open().info.classes.items():
                table[number] = table.get(number, 0) + count
        ignored = {WATER_CLASS, *self.request.params.excluded_classes}
        if set(table) - ignored:
            found = ", ".join(f"{number}: {count:,}" for number, count in sorted(table.items()))
            wanted = ", ".join(map(str, self.request.params.ground_classes))
            raise GroundError("run.no_ground", wanted=wanted, found=found)

    def reduced(self, file: str, result: Reduced) -> None:
        """Take the spill of a file."""
        self.spills[file] = result
        info = result.open().info
        self.report.take_file(info, result.peak)
        self.watcher.step("reduce", info.name, self.weight * self.sources[file].header.count)

    def made(self, sheet: str, result: SheetMade) -> None:
        """Give a sheet's rasters their final names, and record them."""
        for staged in result.staged:
            folder = names.folder(staged.product, staged.resolution)
            target = self.request.out / folder / names.file_name(staged.product, sheet, staged.resolution)
            put.publish(staged.path, target, size=staged.size)
            self.manifest.add(folder, sheet, self.plan.sheets[sheet].bounds)
        for product, resolution in result.empty:
            folder = names.folder(product, resolution)
            if self.manifest.add_empty(folder, sheet):
                (self.request.out / folder / names.file_name(product, sheet, resolution)).unlink(
                    missing_ok=True
                )
        if result.staged or result.empty:
            self.manifest.save()
        folders = [names.folder(staged.product, staged.resolution) for staged in result.staged]
        neighbours = missing_neighbours(self.plan.sheets[sheet], self.inventory)
        self.report.take_sheet(sheet, result, neighbours, folders)
        self.watcher.step("make", sheet, self.sheet_weight)

    def failed(self, kind: str, key: str, error: BaseException | None) -> None:
        """Take note of a file or sheet that failed."""
        if kind == "reduce":
            name = self.sources[key].header.path.name
            self.bad[key] = error
            self.report.bad_files[name] = (
                why(error) if error else str(Remark.of("run.worker_lost", what=name))
            )
            self.watcher.step("reduce", name, self.weight * self.sources[key].header.count)
            return
        self.report.failed[key] = why(error) if error else str(Remark.of("run.worker_lost", what=key))
        self.watcher.step("make", key, self.sheet_weight)

    def release(self, file: str) -> None:
        """Delete a spill."""
        result = self.spills.pop(file, None)
        if result and isinstance(result.spill, Path):
            result.spill.unlink(missing_ok=True)


def _refuse(culprit: str, **_: object) -> SheetMade:
    """Stand for a sheet that must not be made because a file on it is bad."""
    raise FileError("run.sheet_lacks", file=culprit)
