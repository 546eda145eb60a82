"""A whole mosaic: sources to sheets under their final names, one file over all, pictures, and a report."""

from __future__ import annotations

import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from pointcloud.api import arrays
from pointcloud.api.raster import Raster
from pointcloud.errors import OutputError, ParameterError
from pointcloud.geo.lattice import Box, Grid, cell_quanta, metres
from pointcloud.io import names, put
from pointcloud.io.rasters import preview, qml, vrt
from pointcloud.io.remark import Remark
from pointcloud.kernels.jit import cache_folder
from pointcloud.mosaics.owner import Owner
from pointcloud.mosaics.plan import Plan, make_plan
from pointcloud.mosaics.request import Report, Request, Watcher
from pointcloud.mosaics.sources import gather
from pointcloud.mosaics.worker import SOURCE
from pointcloud.params.grid import GridParams
from pointcloud.run import overview
from pointcloud.run.lock import locked
from pointcloud.run.loop import run
from pointcloud.run.pools import opened
from pointcloud.run.record import Record
from pointcloud.surface.mosaic import NARROWEST, WIDEST

_SCRATCH = ".scratch"


def mosaic(request: Request, watcher: Watcher) -> Report:
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
    report = Report(request.out)
    with locked(request.out):
        scratch = _clean(request.out)
        held = Record.load(request.out)
        try:
            sources = gather(request, watcher, report)
            report.sources = [source.name for source in sources]
            plan = make_plan(request, sources)
            _make(request, plan, held, scratch, watcher, report)
        except BaseException as error:
            if held.run:
                with suppress(OutputError):  # the disk may be full
                    held.end("stopped" if isinstance(error, KeyboardInterrupt) else "failed")
            raise
        finally:
            _sweep(request.out)
            shutil.rmtree(request.out / _SCRATCH, ignore_errors=True)
    report.seconds = time.perf_counter() - start
    return report


def _make(
    request: Request, plan: Plan, held: Record, scratch: Path, watcher: Watcher, report: Report
) -> None:
    """Make every sheet, under the lock of the output folder."""
    owner = Owner(request, plan, held, scratch, watcher, report)
    held.start(len(owner.works))
    held.run["failed"] = dict(report.bad_files)
    if plan.beyond:
        watcher.remark(Remark.of("mosaic.beyond", count=plan.beyond))
    watcher.planned(len(owner.works), report.kept)
    if owner.works:
        _warm(watcher)
    with opened(request.jobs, len(owner.works), "", scratch, GridParams()) as pool:
        run(list(owner.works), owner.needs(), owner, pool)
    held.settle(set(owner.folders.values()))
    held.run["failed"] = dict(report.bad_files)
    _finish(request, plan, held, report)
    held.end("done")


def _clean(out: Path) -> Path:
    """Return a new folder for files in the making, after removing what dead runs left."""
    scratch = out / _SCRATCH / secrets.token_hex(4)
    try:
        _sweep(out)
        shutil.rmtree(out / _SCRATCH, ignore_errors=True)
        scratch.mkdir(parents=True)
    except OSError as error:
        raise OutputError("run.out", path=out, cause=error.strerror) from error
    return scratch


def _sweep(out: Path) -> None:
    for folder in (out, *(path for path in out.iterdir() if path.is_dir())):
        put.sweep(folder, own=True)


def _warm(watcher: Watcher) -> None:
    """Compile the kernels once, before several processes would each do it."""
    if cache_folder() is None:
        watcher.remark(Remark.of("run.no_cache"))
        return
    fine, coarse = (
        Raster(
            np.zeros((20, 20), np.float32), Grid(Box.from_metres(0, 0, side, side), cell_quanta(side / 20))
        )
        for side in (20.0, 40.0)
    )
    fine.array[5:9, 5:9] = np.nan
    arrays.mosaic([fine, coarse], feather=5.0)


def _finish(request: Request, plan: Plan, held: Record, report: Report) -> None:
    """Write one file over all sheets of each product, how QGIS shows it, and a picture."""
    resolution = metres(plan.cell)
    for product in (request.product, SOURCE):
        folder, kind = names.folder(product, resolution), _kind(product)
        target, picture = request.out / f"{folder}.vrt", request.out / f"{folder}.png"
        sheets = held.written(folder)
        behind = None  # codes have no mean: a mosaic of them is read from the sheets' own overviews
        if kind == "heights":
            behind = overview.write(request.out, folder, resolution, sheets, plan.crs.wkt, kind)
        if not sheets:
            for path in (target, picture, target.with_suffix(".qml")):
                put.remove(path)
            continue
        tiles = [
            vrt.Tile(
                Path(folder, names.file_in(folder, code)), Grid(Box.from_metres(*sheet.bounds), plan.cell)
            )
            for code, sheet in sheets.items()
        ]
        put.put(target, vrt.mosaic(tiles, plan.crs.wkt, kind, behind))
        report.mosaics.append(target)
        if kind == "codes":
            colours = qml.source_colours(len(report.sources))
            labels = dict(enumerate(report.sources, start=1))
            put.put(target.with_suffix(".qml"), qml.paletted(colours, labels))
        title = f"{product.upper()} {resolution:g} m"
        shown = preview.preview(
            target,
            kind,
            title=title,
            credit=request.credit,
            synthetic=plan.synthetic,
            sources=report.sources if kind == "codes" else (),
        )
        put.put(picture, shown)
        report.pictures.append(picture)


def _kind(product: str) -> vrt.Kind:
    return "codes" if product == SOURCE else "heights"
