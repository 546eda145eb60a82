"""A whole conversion: inputs to files under their final names, mosaics, and a report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from pointcloud.convert import national_dem
from pointcloud.convert.kinds import is_companion, kind_of
from pointcloud.convert.owner import Owner, claim, note_failure
from pointcloud.convert.request import Kind, Report, Request, Watcher
from pointcloud.convert.text_files import Text, write_text
from pointcloud.convert.worker import convert_file
from pointcloud.errors import FileError, HyogoError, OutputError, ParameterError
from pointcloud.io import put
from pointcloud.io.archive import Found, open_inputs
from pointcloud.io.dems import reference
from pointcloud.io.member import Member
from pointcloud.run.lock import locked

__all__ = ["convert", "to_text"]

T = TypeVar("T")
Jobs = list[tuple[Member, Kind]]


def convert(request: Request, watcher: Watcher) -> Report:
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
    report = Report(request.out)
    if request.reference:
        reference.require(request.reference)
    with open_inputs(request.inputs) as found:
        jobs = _jobs(found, request, report, watcher)
        if jobs or not report.failed:
            _require(jobs, request)
            with _output(request.out):
                _convert(jobs, Owner(request, watcher, report))
    report.seconds = time.perf_counter() - start
    return report


def _convert(jobs: Jobs, owner: Owner) -> None:
    """Make what is missing, under the lock of the output folder."""
    request, record = owner.request, owner.record
    national = [job for job in jobs if job[1] == "gml" and request.crs]
    others = [job for job in jobs if job not in national]
    due = [job for job in others if not owner.keeps(*job)]
    try:
        owner.begin(len(due))
        _all(
            due,
            request,
            lambda job: convert_file(*job, request),
            lambda member, staged: owner.take(member.label, member.place, staged),
            lambda member, error: owner.failed(member.place, error),
        )
        if national:
            national_dem.convert_meshes([member for member, _ in national], owner)
        owner.finish()
        if request.reference:
            owner.report.reference = reference.compare(owner.heights(), request.reference)
        record.end("done")
    except BaseException as error:
        with suppress(OutputError):  # the disk may be full
            record.end("stopped" if isinstance(error, KeyboardInterrupt) else "failed")
        raise


def to_text(request: Request, watcher: Watcher) -> Report:
    """Write every raster of heights among the inputs as text, and return what came of it.

    Raises
    ------
    ParameterError, OutputError
        As `convert` does.
    """
    start = time.perf_counter()
    report = Report(request.out)
    with open_inputs(request.inputs) as found:
        jobs = [job for job in _jobs(found, request, report, watcher) if job[1] == "geotiff"]
        watcher.planned(len(jobs), 0)
        if jobs or not report.failed:
            _require(jobs, request)
            taken: dict[str, str] = {}

            def take(member: Member, text: Text) -> None:
                try:
                    claim(taken, text.name, member.place)
                except ParameterError:
                    put.discard(text.path)
                    raise
                put.publish(text.path, request.out / text.name, size=text.size)
                for remark in text.remarks:
                    watcher.remark(remark)
                report.written.append(request.out / text.name)
                report.identical += text.identical
                watcher.done(member.label, text.name)

            def fail(member: Member, error: HyogoError) -> None:
                note_failure(report, watcher, member.place, error)

            with _output(request.out):
                _all(jobs, request, lambda job: write_text(job[0], request), take, fail)
    report.seconds = time.perf_counter() - start
    return report


def _jobs(found: Found, request: Request, report: Report, watcher: Watcher) -> Jobs:
    """Return what there is to do; files of other kinds are passed over, what cannot be used is noted as failed."""
    for label, error in found.refused.items():
        note_failure(report, watcher, label, error)
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
            note_failure(report, watcher, member.place, error)
            continue
        if kind:
            jobs.append((member, kind))
        elif not is_companion(member):
            report.passed.append(member.label)
    return jobs


def _require(jobs: Jobs, request: Request) -> None:
    if not jobs:
        raise ParameterError("convert.nothing", inputs=", ".join(request.inputs))


@contextmanager
def _output(out: Path) -> Iterator[None]:
    """Hold the output folder, and leave no private file in it, nor those of a run that was killed."""
    with locked(out):
        _sweep(out)
        try:
            yield
        finally:
            _sweep(out)


def _sweep(out: Path) -> None:
    for folder in (out, *(path for path in out.iterdir() if path.is_dir())):
        put.sweep(folder, own=True)


def _all(
    jobs: Jobs,
    request: Request,
    work: Callable[[tuple[Member, Kind]], T],
    take: Callable[[Member, T], None],
    fail: Callable[[Member, HyogoError], None],
) -> None:
    """Do all jobs on threads; what they return is taken, and what they raise noted, by this thread alone."""
    with ThreadPoolExecutor(max(1, request.jobs)) as pool:
        futures: dict[Future[T], Member] = {pool.submit(work, job): job[0] for job in jobs}
        try:
            for future in as_completed(futures):
                member = futures.pop(future)
                try:
                    take(member, future.result())
                except HyogoError as error:
                    if put.hopeless(error):
                        raise
                    fail(member, error)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
