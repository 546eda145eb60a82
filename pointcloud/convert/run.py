"""A whole conversion: inputs to files under their final names, mosaics, and a report."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pointcloud.convert import meshes
from pointcloud.convert.back import Text, write_text
from pointcloud.convert.kinds import is_companion, kind_of
from pointcloud.convert.raster import Staged, convert_file
from pointcloud.convert.record import Record
from pointcloud.convert.request import Kind, Report, Request, Watcher
from pointcloud.errors import HyogoError, OutputError, ParameterError
from pointcloud.io import names, preview, put, vrt
from pointcloud.io.archive import Found, open_inputs
from pointcloud.io.gml import read_gml
from pointcloud.io.member import Member
from pointcloud.io.remark import Remark
from pointcloud.lattice import QUANTA_PER_METRE
from pointcloud.params import Product
from pointcloud.run.lock import locked

__all__ = ["convert", "to_text"]

_MOST_MESH_CELLS = 500_000_000  # 2 GB
_HOPELESS = ("output.disk_full", "output.read_only", "output.denied", "output.disk_fault")

T = TypeVar("T")
Jobs = list[tuple[Member, Kind]]


def convert(request: Request, watcher: Watcher) -> Report:
    """Convert every input to rasters of ours, and return what came of it.

    Raises
    ------
    ParameterError
        If an input does not exist, or nothing can be converted.
    OutputError
        If ``out`` cannot be written, or another run is at work in it. What was finished stays.
    """
    start = time.perf_counter()
    report = Report(request.out)
    with open_inputs(request.inputs) as found:
        jobs = _jobs(found, request, report, watcher)
        watcher.planned(len(jobs))
        if jobs or not report.failed:
            _require(jobs, request)
            with _output(request.out):
                owner = _Owner(request, watcher, report)
                national = [job for job in jobs if job[1] == "gml" and request.crs]
                others = [job for job in jobs if job not in national]
                try:
                    _all(others, request, lambda job: convert_file(*job, request), owner.take, owner.failed)
                    owner.take_meshes([member for member, _ in national])
                finally:
                    owner.save()
                owner.finish()
    report.seconds = time.perf_counter() - start
    return report


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
        watcher.planned(len(jobs))
        if jobs or not report.failed:
            _require(jobs, request)
            taken: dict[str, str] = {}

            def take(member: Member, text: Text) -> None:
                _claim(taken, text.name, member.place, text.path)
                put.publish(text.path, request.out / text.name, size=text.size)
                for remark in text.remarks:
                    watcher.remark(remark)
                report.written.append(request.out / text.name)
                report.identical += text.identical
                watcher.done(member.label, text.name)

            def fail(member: Member, error: HyogoError) -> None:
                _note_failure(report, watcher, member.place, error)

            with _output(request.out):
                _all(jobs, request, lambda job: write_text(job[0], request), take, fail)
    report.seconds = time.perf_counter() - start
    return report


def _jobs(found: Found, request: Request, report: Report, watcher: Watcher) -> Jobs:
    """Return what there is to do; files of other kinds are passed over, what cannot be used is noted as failed."""
    for label, error in found.refused.items():
        _note_failure(report, watcher, label, error)
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
        except HyogoError as error:
            _note_failure(report, watcher, member.place, error)
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
    """Hold the output folder, and leave no private file in it."""
    with locked(out):
        try:
            yield
        finally:
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
                    if isinstance(error, OutputError) and error.message in _HOPELESS:
                        raise
                    fail(member, error)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _note_failure(report: Report, watcher: Watcher, label: str, error: HyogoError) -> None:
    report.failed[label] = str(error)
    watcher.failed(label, str(error))


def _claim(taken: dict[str, str], target: str, origin: str, staged: Path) -> None:
    """Refuse a second file that would get the name of one made in this run."""
    other = taken.setdefault(target, origin)
    if other != origin:
        put.discard(staged)
        raise ParameterError("convert.same_name", a=other, b=origin, name=target)


class _Owner:
    """Gives rasters their final names and keeps the record: one thread does all of it."""

    def __init__(self, request: Request, watcher: Watcher, report: Report) -> None:
        self.request, self.watcher, self.report = request, watcher, report
        self.record = Record(request.out)
        self.taken: dict[str, str] = {}
        self.folders: dict[str, Staged] = {}

    def take(self, member: Member, result: Staged | tuple[Remark, ...]) -> None:
        """Publish what was made of a file."""
        remarks = result.remarks if isinstance(result, Staged) else result
        if isinstance(result, Staged):
            self._publish(member.place, result)
        for remark in remarks:
            self.watcher.remark(remark)
        name = result.name if isinstance(result, Staged) else ""
        self.watcher.done(member.label, name)

    def _publish(self, origin: str, staged: Staged) -> None:
        target = f"{staged.folder}/{staged.name}"
        _claim(self.taken, target, origin, staged.path)
        try:
            self.record.admit(staged.folder, staged.parameters)
        except ParameterError:
            put.discard(staged.path)
            raise
        path = self.request.out / staged.folder / staged.name
        put.publish(staged.path, path, size=staged.size)
        inputs = [str(source["name"]) for source in staged.inputs]
        self.record.note(staged.folder, staged.code, staged.name, staged.grid, inputs)
        self.folders[staged.folder] = staged
        self.report.written.append(path)

    def failed(self, member: Member, error: HyogoError) -> None:
        """Note that a file could not be converted."""
        _note_failure(self.report, self.watcher, member.place, error)

    def take_meshes(self, members: list[Member]) -> None:
        """Bring the national DEM onto our lattice, meshes of one cell size together."""
        if not members or self.request.crs is None:
            return
        groups: dict[int, list[meshes.Mesh]] = {}
        cells = 0
        for member in members:
            try:
                gridded = read_gml(member)
            except HyogoError as error:
                self.failed(member, error)
                continue
            cells += gridded.array.size
            if cells > _MOST_MESH_CELLS:
                raise ParameterError("convert.many_meshes", count=len(members))
            source: dict[str, object] = {"name": member.label, "size": member.size, "sha256": gridded.sha256}
            groups.setdefault(gridded.grid.cell, []).append(meshes.Mesh(gridded, source))
            for remark in gridded.remarks:
                self.watcher.remark(remark)
        for group in groups.values():
            for staged in meshes.onto_sheets(group, self.request, self.request.crs):
                self._publish(staged.name, staged)
                self.watcher.done(", ".join(str(source["name"]) for source in staged.inputs[:2]), staged.name)

    def save(self) -> None:
        """Write the record, if anything was published."""
        if self.folders:
            self.record.save()

    def finish(self) -> None:
        """Write a mosaic of each folder that has got something, and a picture where the cells are metric."""
        self.report.mosaics = [self._mosaic(*item) for item in sorted(self.folders.items())]
        self.report.pictures = [
            self._picture(path)
            for path in self.report.mosaics
            if self.folders[path.stem].grid.per_unit == QUANTA_PER_METRE
        ]

    def _mosaic(self, folder: str, staged: Staged) -> Path:
        tiles = list(self.record.tiles(folder))
        lattices = Counter((tile.grid.cell, tile.grid.origin, tile.grid.per_unit) for tile in tiles)
        usual = min(lattices, key=lambda lattice: (-lattices[lattice], lattice))
        held = [tile for tile in tiles if (tile.grid.cell, tile.grid.origin, tile.grid.per_unit) == usual]
        if len(held) < len(tiles):
            self.watcher.remark(
                Remark.of("convert.two_lattices", folder=folder, count=len(tiles) - len(held))
            )
        target = self.request.out / f"{folder}.vrt"
        kind: vrt.Kind = "rgba" if staged.parameters["product"] == "cs" else "heights"
        put.put(target, vrt.mosaic(held, staged.crs_wkt, kind))
        return target

    def _picture(self, mosaic: Path) -> Path:
        staged = self.folders[mosaic.stem]
        product: Product = staged.parameters["product"]
        target = self.request.out / names.preview_name(product, staged.grid.resolution)
        kind: vrt.Kind = "rgba" if product == "cs" else "heights"
        title = f"{product.upper()} {staged.grid.resolution:g} m"
        made: Any = preview.preview(mosaic, kind, title=title, credit=self.request.credit, synthetic=False)
        put.put(target, made)
        return target
