"""A whole run: inputs to rasters under their final names, mosaics, and a report."""

from __future__ import annotations

import time
from dataclasses import replace

from pointcloud import pipeline
from pointcloud.errors import ParameterError
from pointcloud.gridding.inventory import Inventory, take_inventory
from pointcloud.gridding.plan import NO_SHEETS, Plan, make_plan
from pointcloud.gridding.recipe import GridRecipe
from pointcloud.gridding.report import GridReport
from pointcloud.gridding.request import Request
from pointcloud.io import geoid, put
from pointcloud.io.dems import reference
from pointcloud.machine import memory
from pointcloud.params.grid import GeoidFile
from pointcloud.run import report_page
from pointcloud.run.area import read_area
from pointcloud.run.engine import fill, held
from pointcloud.run.watcher import Watcher, few_of_a_kind

__all__ = ["Request", "Watcher", "grid", "prepare"]


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
        columns=request.columns,
        exclude_overlap=request.exclude_overlap,
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


def grid(request: Request, watcher: Watcher) -> GridReport:
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
    report = GridReport.of(request.out, inventory)
    watcher.planned(
        files=len(inventory.sources),
        points=sum(source.header.count for source in inventory.sources),
        items=len(plan.sheets),
        bad_files=dict(report.bad_files),
    )
    for remark in few_of_a_kind(inventory.remarks):
        watcher.remark(remark)
    if inventory.sources:
        with held(request.out) as folder:
            recipe = GridRecipe(request, inventory, plan, report, folder.record)
            fill(recipe, folder, watcher, jobs=request.jobs, scheduler=request.scheduler, redo=request.redo)
            put.put(request.out / report_page.FILE_NAME, report_page.page(folder.record, report))
    report.seconds, report.peak = time.perf_counter() - start, max(report.peak, memory.peak())
    return report
