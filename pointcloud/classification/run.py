"""A run that classifies: each file again with the classes of its points, alike whatever files it is split into."""

from __future__ import annotations

import time
from pathlib import Path

from pointcloud.classification.made import is_foreign
from pointcloud.classification.recipe import ClassifyRecipe, ClassifyReport
from pointcloud.classification.request import ClassifyRequest
from pointcloud.classification.worker import output_name
from pointcloud.errors import ParameterError
from pointcloud.gridding.inventory import Inventory, take_inventory
from pointcloud.machine import memory
from pointcloud.run.engine import fill, held
from pointcloud.run.record import Record
from pointcloud.run.watcher import Watcher

__all__ = ["ClassifyReport", "ClassifyRequest", "classify", "prepare"]


def prepare(request: ClassifyRequest) -> Inventory:
    """Read all headers.

    Raises
    ------
    ParameterError
        If two files would get one name, an input or a file of others would be overwritten, or there are no points.
    CrsError
        If the files do not share one usable CRS.
    """
    inventory = take_inventory(
        request.inputs,
        (),
        crs=request.crs,
        to_crs=request.to_crs,
        vertical=None,
        needs_zone=False,
        columns=request.columns,
    )
    if not inventory.sources and not inventory.bad:
        raise ParameterError("run.nothing")
    seen: dict[str, Path] = {}
    record = Record.load(request.out)
    for source in inventory.sources:
        name, path = output_name(source.header), source.header.path
        if name.lower() in seen:
            raise ParameterError("classify.same_name", first=seen[name.lower()], second=path)
        if (request.out / name).resolve() == path.resolve():
            raise ParameterError("classify.overwrite", path=path)
        if is_foreign(name, record):
            raise ParameterError("run.foreign", path=request.out / name)
        seen[name.lower()] = path
    return inventory


def classify(request: ClassifyRequest, watcher: Watcher) -> ClassifyReport:
    """Write every file with the classes of its points that is not there yet as it would be now.

    Raises
    ------
    ParameterError, CrsError
        As :func:`prepare` does.
    OutputError
        If ``out`` cannot be written, or another run is at work in it.
    KeyboardInterrupt
        If the user ends it; finished files stay.
    """
    start = time.perf_counter()
    inventory = prepare(request)
    bad = {str(each.path): str(each.error) for each in inventory.bad}
    report = ClassifyReport(request.out, bad_files=bad)
    if inventory.sources:
        with held(request.out) as folder:
            recipe = ClassifyRecipe(request, inventory, report)
            fill(recipe, folder, watcher, jobs=request.jobs, scheduler=request.scheduler)
    report.seconds, report.peak = time.perf_counter() - start, max(report.peak, memory.peak())
    return report
