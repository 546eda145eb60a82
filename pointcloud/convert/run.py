"""A whole conversion: inputs to files under their final names, mosaics, and a report."""

from __future__ import annotations

import time
from pathlib import Path

from pointcloud.convert.kinds import is_companion, kind_of
from pointcloud.convert.national_dem import read_meshes
from pointcloud.convert.recipe import ConvertRecipe, Jobs
from pointcloud.convert.request import ConvertReport, Request
from pointcloud.convert.text_recipe import TextRecipe
from pointcloud.errors import FileError, HyogoError, ParameterError
from pointcloud.io.archive import Found, open_inputs
from pointcloud.io.dems import reference
from pointcloud.run.engine import fill, held
from pointcloud.run.record import is_of_record
from pointcloud.run.watcher import Watcher

__all__ = ["convert", "to_text"]


def convert(request: Request, watcher: Watcher) -> ConvertReport:
    """Convert every input whose raster is not there yet as it would be made now, and return what came of it.

    Raises
    ------
    ParameterError
        If an input does not exist, or nothing can be converted.
    OutputError
        If ``out`` cannot be written, or another run is at work in it. What was finished stays.
    KeyboardInterrupt
        If the user ends it; what was finished stays.
    """
    start = time.perf_counter()
    report = ConvertReport(request.out)
    if request.reference:
        reference.require(request.reference)
    with open_inputs(request.inputs) as found:
        jobs = _jobs(found, request, report, watcher)
        if _any(jobs, request, report):
            national = [member for member, kind in jobs if kind == "gml" and request.crs]
            others = [(member, kind) for member, kind in jobs if member not in national]
            with held(request.out) as folder:
                meshes = read_meshes(
                    national, lambda member, error: _note(report, watcher, member.place, error)
                )
                for mesh in meshes:
                    for remark in mesh.gridded.remarks:
                        watcher.remark(remark)
                recipe = ConvertRecipe(request, report, others, meshes)
                fill(recipe, folder, watcher, jobs=request.jobs)
    report.seconds = time.perf_counter() - start
    return report


def to_text(request: Request, watcher: Watcher) -> ConvertReport:
    """Write every raster of heights among the inputs as text, and return what came of it.

    Raises
    ------
    ParameterError, OutputError
        As `convert` does.
    """
    start = time.perf_counter()
    report = ConvertReport(request.out)
    with open_inputs(request.inputs) as found:
        jobs = [job for job in _jobs(found, request, report, watcher) if job[1] == "geotiff"]
        if _any(jobs, request, report):
            with held(request.out) as folder:
                fill(TextRecipe(request, report, jobs), folder, watcher, jobs=request.jobs)
    report.seconds = time.perf_counter() - start
    return report


def _any(jobs: Jobs, request: Request, report: ConvertReport) -> bool:
    """Return whether there is something to do.

    Raises
    ------
    ParameterError
        If there is not, and no file failed.
    """
    if not jobs and not report.failed:
        raise ParameterError("convert.nothing", inputs=", ".join(request.inputs))
    return bool(jobs)


def _note(report: ConvertReport, watcher: Watcher, label: str, error: HyogoError) -> None:
    """Put down that a file could not be used, and say so."""
    report.failed[label] = str(error)
    watcher.step("failed", label, 0.0, why=str(error))


def _jobs(found: Found, request: Request, report: ConvertReport, watcher: Watcher) -> Jobs:
    """Return what there is to do; files of other kinds are passed over, what cannot be used is noted as failed."""
    for label, error in found.refused.items():
        _note(report, watcher, label, error)
    named = {Path(given).resolve() for given in request.inputs}
    out = request.out.resolve()
    own = not any(
        path.is_relative_to(out) for path in named
    )  # rasters of a run before are no inputs of this one
    jobs: Jobs = []
    for member in found.members:
        place = member.path.resolve()
        if own and place.is_relative_to(out):
            continue
        alone = not member.inner and place in named
        try:
            kind = kind_of(member, request.kind, alone=alone)
            if kind == "gml" and request.geoid:
                raise FileError("geoid.national", path=member.label)
        except HyogoError as error:
            _note(report, watcher, member.place, error)
            continue
        if kind:
            jobs.append((member, kind))
        elif not is_companion(member) and not is_of_record(member.route):
            report.passed.append(member.label)
    return jobs
