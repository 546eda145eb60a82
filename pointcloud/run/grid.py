"""A whole run: inputs to rasters under their final names, mosaics, and a report."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from pointcloud import pipeline
from pointcloud.errors import OutputError, ParameterError
from pointcloud.io import names, put
from pointcloud.io.remark import Remark
from pointcloud.run import memory, mosaics
from pointcloud.run.area import read_area
from pointcloud.run.inventory import Inventory, take_inventory
from pointcloud.run.lock import locked
from pointcloud.run.loop import run
from pointcloud.run.manifest import Manifest
from pointcloud.run.owner import Owner
from pointcloud.run.plan import NO_SHEETS, Plan, make_plan, names_on
from pointcloud.run.pools import open_pool
from pointcloud.run.report import Report
from pointcloud.run.request import Request, Watcher
from pointcloud.run.warm import warm

__all__ = ["Request", "Watcher", "grid", "prepare"]

_MOST_REMARKS = 5
"""Remarks of one kind that are shown one by one."""


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
    if not inventory.sources:
        return inventory, Plan({}, {}, frozenset())
    area = read_area(request.area, inventory.crs) if request.area else None
    return inventory, make_plan(inventory, request.params, request.level, request.tile_size, area)


def grid(request: Request, watcher: Watcher) -> Report:
    """Make every sheet, and return what came of it.

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
    manifest = Manifest.load(request.out)
    manifest.begin(request.params, _shared(request, inventory), redo=request.redo)
    for remark in _few_of_a_kind(list(_fewer_inputs(manifest, plan, inventory))):
        watcher.remark(remark)
    scratch = _clean(request)
    pool = open_pool(request.jobs, len(plan.sheets))
    owner = Owner(request, inventory, plan, manifest, scratch, watcher, travels=pool.slots > 1)
    try:
        warm(watcher.remark)
        run(list(plan.sheets), plan.needs, owner, pool)
        pool.close()
        manifest.settle(request.params)
        manifest.save()
        mosaics.write(manifest, request.params, inventory.crs, owner.report, request.credit)
    except BaseException:
        pool.close(now=True)
        raise
    finally:
        _sweep(request)
        shutil.rmtree(scratch, ignore_errors=True)
    return owner.report


def _fewer_inputs(manifest: Manifest, plan: Plan, inventory: Inventory) -> Iterator[Remark]:
    """Yield what to say of sheets whose rasters were made from files that this run was not given."""
    for code, sheet in plan.sheets.items():
        lost = manifest.lost_inputs(code, names_on(sheet, inventory))
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
    """Remove the private files of this run, when its workers are no more, and those of runs before."""
    params = request.params
    put.sweep(request.out, own=True)
    for product in params.products:
        for resolution in params.resolutions:
            put.sweep(request.out / names.folder(product, resolution), own=True)


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
