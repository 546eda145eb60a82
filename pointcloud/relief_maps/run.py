"""DEM files to relief maps: each window with the terrain around it, in bounded memory."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from pointcloud.errors import FileError, ParameterError
from pointcloud.io import put
from pointcloud.io.dems import doubts
from pointcloud.io.dems.dem import DemFile, Terrain, find_dems, look
from pointcloud.machine import memory
from pointcloud.params.styles import STYLES
from pointcloud.relief_maps.recipe import ReliefRecipe
from pointcloud.relief_maps.request import ReliefRequest
from pointcloud.relief_maps.worker import ReliefJob, make_maps
from pointcloud.run.engine import fill, held
from pointcloud.run.report import Report
from pointcloud.run.scratch import scratch_folder
from pointcloud.run.watcher import Watcher, few_of_a_kind

__all__ = ["ReliefRequest", "file_name", "make_relief"]


def make_relief(request: ReliefRequest, watcher: Watcher) -> Report:
    """Make every map that is not there yet as it would be made now, and return what came of it.

    A file that fails leaves nothing under a final name; the others are made. Where the output is one file of that
    name, it is made in any case, and nothing is recorded.

    Raises
    ------
    ParameterError
        If the request cannot be met.
    OutputError
        If a result cannot be written, or another run is at work in the output folder.
    """
    start = time.perf_counter()
    _check(request)
    report, files = Report(request.out), []
    for path in find_dems(request.inputs):
        try:
            files.append(look(path))
        except FileError as error:
            report.bad_files[str(path)] = str(error)
    if files:
        for remark in few_of_a_kind(doubts.require_sound(files, request.crs_wkt)):
            watcher.remark(remark)
        targets = _targets(request, files)
        if request.single:
            _make_one(request, files[0], next(iter(targets.values())), report, watcher)
        else:
            _make_all(request, files, targets, report, watcher)
    report.seconds, report.peak = time.perf_counter() - start, max(report.peak, memory.peak())
    return report


def _check(request: ReliefRequest) -> None:
    """Refuse numbers of styles that are pictures alone."""
    for style in request.styles if request.numbers else ():
        if STYLES[style].unit is None:
            numeric = ", ".join(name for name, item in STYLES.items() if item.unit is not None)
            raise ParameterError("relief.only_picture", style=style, choices=numeric)


def _make_one(request: ReliefRequest, file: DemFile, target: Path, report: Report, watcher: Watcher) -> None:
    """Make one map of one file under the name that the user gives."""
    (style,) = request.styles
    told = [0.0]

    def tell(share: float) -> None:
        watcher.step("part", file.path.name, share - told[0])
        told[0] = share

    with scratch_folder(target.parent) as scratch:
        job = ReliefJob(request, file, (file,), {style: target}, scratch, tell)
        try:
            made = make_maps(job, threads=request.jobs)
        except FileError as error:
            report.failed[str(file.path)] = str(error)
            return
        (staged,) = made.staged
        put.publish(staged.path, target, size=staged.size)
    report.written.append(target)
    for remark in made.remarks:
        watcher.remark(remark)


def _make_all(
    request: ReliefRequest,
    files: list[DemFile],
    targets: Mapping[tuple[Path, str], Path],
    report: Report,
    watcher: Watcher,
) -> None:
    """Fill a folder with the maps of all files."""
    terrain = Terrain(files, request.nodata)
    with held(request.out) as folder:
        recipe = ReliefRecipe(
            request, report, files, targets, terrain, lambda name, more: watcher.step("part", name, more)
        )
        fill(recipe, folder, watcher, jobs=request.jobs, scheduler=request.scheduler)
    made = set(report.written)
    report.written = [target for target in targets.values() if target in made]


def _targets(request: ReliefRequest, files: list[DemFile]) -> dict[tuple[Path, str], Path]:
    """Return the final name of each style of each file."""
    if request.single and len(files) * len(request.styles) > 1:
        raise ParameterError("dem.one_file", path=request.out, files=len(files), styles=len(request.styles))
    targets: dict[tuple[Path, str], Path] = {}
    taken = {file.path.resolve(): file.path for file in files}
    for file in files:
        for style in request.styles:
            target = request.out if request.single else request.out / file_name(file.path.stem, style)
            place = target.resolve()
            if place in taken:
                raise ParameterError("dem.same_name", path=file.path, target=target, other=taken[place])
            taken[place] = file.path
            targets[file.path, style] = target
    return targets


def file_name(stem: str, style: str) -> str:
    """Return the name of a style of a file: ``CS_05MF513_1g.tif`` of ``DEM_05MF513_1g``, else ``name_CS.tif``."""
    kind, _, rest = stem.partition("_")
    named = kind.upper() in ("DEM", "DSM") and rest
    return f"{style.upper()}_{rest}.tif" if named else f"{stem}_{style.upper()}.tif"
