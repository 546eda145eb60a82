"""A whole run: inputs to rasters under their final names, mosaics, and a report."""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pointcloud import pipeline
from pointcloud.errors import OutputError, ParameterError
from pointcloud.gridding.changes import Changes, Work
from pointcloud.gridding.inventory import Inventory, take_inventory
from pointcloud.gridding.owner import Owner
from pointcloud.gridding.plan import NO_SHEETS, Plan, make_plan
from pointcloud.gridding.report import Report
from pointcloud.gridding.request import Request, Watcher
from pointcloud.gridding.warm import warm
from pointcloud.io import geoid, names, put
from pointcloud.io.dems import reference
from pointcloud.io.remark import Remark
from pointcloud.machine import memory
from pointcloud.params.grid import GeoidFile
from pointcloud.run import mosaics, record, report_page
from pointcloud.run.area import read_area
from pointcloud.run.lock import locked
from pointcloud.run.loop import run
from pointcloud.run.pools import opened
from pointcloud.run.record import Record, lost_inputs

__all__ = ["Request", "Watcher", "grid", "prepare", "shared"]

_SCRATCH = ".scratch"

_MOST_REMARKS = 5
"""Remarks of one kind that are shown one by one."""


def prepare(request: Request) -> tuple[Inventory, Plan]:
    """Read all headers, and return what there is to make.

    Raises
    ------
    ParameterError, CrsError
        If the request cannot be met.
    """
    lowering = request.params.geoid
    inventory = take_inventory(
        request.inputs,
        request.ground,
        crs=request.crs,
        to_crs=request.to_crs,
        vertical=None if lowering else request.vertical,
        needs_zone=request.level != NO_SHEETS,
        scan=pipeline.scan_extent if request.scan_extents else None,
        stages=request.params.pipeline,
    )
    if not inventory.sources:
        return inventory, Plan({}, {}, frozenset())
    if lowering:
        inventory = _lowered(inventory, lowering, request.vertical)
    area = read_area(request.area, inventory.crs) if request.area else None
    return inventory, make_plan(inventory, request.params, request.level, request.tile_size, area)


def _lowered(inventory: Inventory, file: GeoidFile, vertical: str | None) -> Inventory:
    """Return the inventory with the height datum that the geoid leads to.

    Raises
    ------
    CrsError
        If heights are above a geoid already, the CRS does not suit, or the datum is not clear.
    """
    assert inventory.crs is not None
    for source in inventory.sources:
        if source.header.crs is not None:
            geoid.require_ellipsoidal(source.header.crs, source.header.path)
    geoid.Plane.of(inventory.crs.horizontal)
    datum = geoid.datum(geoid.of_file(file), vertical)
    return replace(inventory, crs=replace(inventory.crs, vertical=datum))


def grid(request: Request, watcher: Watcher) -> Report:
    """Make every sheet that is not there yet as it would be made now, and return what came of it.

    Raises
    ------
    ParameterError, CrsError, GroundError
        If the request cannot be met. What was finished before stays.
    OutputError
        If ``out`` cannot be written, or another run is at work in it.
    KeyboardInterrupt
        If the user ends it; sheets in flight are dropped, finished ones stay.
    """
    start = time.perf_counter()
    if request.reference:
        reference.require(request.reference)
    inventory, plan = prepare(request)
    if not inventory.sources and not inventory.bad:
        raise ParameterError("run.nothing")
    watcher.planned(inventory, plan)
    for remark in _few_of_a_kind(inventory.remarks):
        watcher.remark(remark)
    if inventory.sources:
        with locked(request.out):
            report = _make(request, inventory, plan, watcher)
    else:
        report = Report.of(request.out, inventory)
    report.seconds, report.peak = time.perf_counter() - start, max(report.peak, memory.peak())
    return report


def _make(request: Request, inventory: Inventory, plan: Plan, watcher: Watcher) -> Report:
    """Make every sheet, under the lock of the output folder."""
    held = Record.load(request.out)
    held.begin(request.params, shared(request, inventory), redo=request.redo)
    works = Changes(held, inventory, request.params, request.facts).outstanding(plan)
    watcher.outstanding(works, kept=len(plan.sheets) - len(works))
    for remark in _few_of_a_kind(list(_fewer_inputs(held, works, inventory))):
        watcher.remark(remark)
    scratch = _clean(request)
    try:
        held.start(len(works))
        if works:
            warm(watcher.remark, request.params)
        with opened(request.jobs, len(works), request.scheduler, scratch, request.params) as pool:
            owner = Owner(request, inventory, plan, works, held, scratch, watcher, travels=pool.travels)
            run(list(works), {code: work.needs for code, work in works.items()}, owner, pool)
        owner.require_folder()
        held.settle({folder for _, _, folder in record.folders(request.params)})
        mosaics.write(held, request.params, inventory.crs, owner.report, request.credit)
        if request.reference:
            owner.report.reference = reference.compare(_heights(held, request), request.reference)
        held.end("done")
        put.put(request.out / report_page.FILE_NAME, report_page.page(held, owner.report))
    except BaseException as error:
        with suppress(OutputError):  # the disk may be full
            held.end("stopped" if isinstance(error, KeyboardInterrupt) else "failed")
        raise
    finally:
        _sweep(request)
        shutil.rmtree(request.out / _SCRATCH, ignore_errors=True)
    return owner.report


def _heights(held: Record, request: Request) -> list[Path]:
    """Return the rasters of the terrain, or else of the surface, at the coarsest resolution."""
    for product in ("dem", "dsm"):
        if product in request.params.products:
            resolution = request.params.resolutions[0]
            folder = request.out / names.folder(product, resolution)
            codes = held.written(folder.name)
            return [folder / names.file_name(product, code, resolution) for code in codes]
    return []


def _fewer_inputs(held: Record, works: Mapping[str, Work], inventory: Inventory) -> Iterator[Remark]:
    """Yield what to say of sheets whose rasters were made from files that this run was not given."""
    given = {source.header.path.name for source in inventory.sources}
    for code in works:
        lost = lost_inputs(held.sheets[code], given) if code in held.sheets else None
        if lost:
            yield Remark.of("run.fewer_inputs", sheet=code, names=", ".join(lost))


def _few_of_a_kind(remarks: Sequence[Remark]) -> Iterator[Remark]:
    """Yield the first remarks of each kind, and how many more there are: a delivery has thousands of files."""
    seen: dict[str, int] = {}
    for remark in remarks:
        seen[remark.message] = seen.get(remark.message, 0) + 1
        if seen[remark.message] <= _MOST_REMARKS:
            yield remark
    for message, count in seen.items():
        if count > _MOST_REMARKS:
            last = next(remark for remark in reversed(remarks) if remark.message == message)
            yield Remark.of("run.more_remarks", count=count - _MOST_REMARKS, last=last)


def _clean(request: Request) -> Path:
    """Make the output folder, free of what dead runs left, and return a new folder for spills in it.

    It has a name of its own in each run: a worker of a dead run may still be writing to the last one.
    """
    scratch = request.out / _SCRATCH / secrets.token_hex(4)
    try:
        _sweep(request)
        shutil.rmtree(request.out / _SCRATCH, ignore_errors=True)
        scratch.mkdir(parents=True)
    except OSError as error:
        raise OutputError("run.out", path=request.out, cause=error.strerror) from error
    return scratch


def _sweep(request: Request) -> None:
    """Remove the private files of this run, when its workers are no more, and those of runs before."""
    here = {"", record.FOLDER, *(folder for _, _, folder in record.folders(request.params))}
    for folder in here:
        put.sweep(request.out / folder, own=True)


def shared(request: Request, inventory: Inventory) -> dict[str, object]:
    """Return what all rasters of an output folder share besides their parameters."""
    crs = inventory.crs
    tiles = {"tile_size": request.tile_size} if request.level == NO_SHEETS else {}
    return {
        "level": request.level,
        "crs": crs.horizontal if crs else None,
        "vertical": crs.vertical if crs else None,
        **tiles,
    }
