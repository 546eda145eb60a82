"""A whole mosaic: sources to sheets under their final names, one file over all, pictures, and a report."""

from __future__ import annotations

import time

from pointcloud.errors import ParameterError
from pointcloud.mosaics.plan import make_plan
from pointcloud.mosaics.recipe import MosaicRecipe
from pointcloud.mosaics.request import MosaicReport, Request, Watcher
from pointcloud.mosaics.sources import gather
from pointcloud.run.engine import fill, held
from pointcloud.surface.mosaic import NARROWEST, WIDEST


def mosaic(request: Request, watcher: Watcher) -> MosaicReport:
    """Make every sheet that is not there yet as it would be made now, and return what came of it.

    Raises
    ------
    ParameterError, CrsError
        If the request cannot be met. What was finished before stays.
    OutputError
        If ``out`` cannot be written, or another run is at work in it.
    KeyboardInterrupt
        If the user ends it; sheets in flight are dropped, finished ones stay.
    """
    start = time.perf_counter()
    if len(request.sources) < 2:
        raise ParameterError("mosaic.one")
    if not NARROWEST <= request.feather <= WIDEST:
        raise ParameterError(
            "params.range", name="feather", value=request.feather, least=NARROWEST, most=WIDEST
        )
    report = MosaicReport(request.out)
    with held(request.out) as folder:
        sources = gather(request, watcher, report)
        report.sources = [source.name for source in sources]
        recipe = MosaicRecipe(request, make_plan(request, sources), report)
        fill(recipe, folder, watcher, jobs=request.jobs, redo=request.redo)
    report.seconds = time.perf_counter() - start
    return report
