"""The owner of a run: hands out tasks, and takes what comes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pointcloud.errors import FileError, GroundError, OutputError
from pointcloud.geo.lattice import Box, quanta
from pointcloud.gridding.changes import Work
from pointcloud.gridding.inventory import Inventory, Source
from pointcloud.gridding.plan import Plan, missing_neighbours
from pointcloud.gridding.publish import Publisher
from pointcloud.gridding.report import Report
from pointcloud.gridding.request import Request, Watcher
from pointcloud.gridding.worker import Reduced, SheetJob, SheetMade, make_sheet, reduce_file, why
from pointcloud.io import put
from pointcloud.io.cloudheader import CloudHeader, box_remarks
from pointcloud.io.remark import Remark
from pointcloud.io.spill.reduce import most_bytes
from pointcloud.params.grid import WATER_CLASS
from pointcloud.run.loop import Task
from pointcloud.run.record import Record

_IN_MEMORY = 256 * 2**20
"""Bytes that spills may take in memory together, where one process does all."""

_ENOUGH = 0.1
"""Share of all points among which some must be ground, lest the run stop: a class wrongly named is wrong everywhere."""


class Owner:
    """What the loop asks for and tells; see :class:`pointcloud.run.loop.Steps`.

    Parameters
    ----------
    request : Request
    inventory : Inventory
    plan : Plan
    works : dict of str to Work
        What is to be made, by sheet.
    record : Record
        On whose parameters this run has begun.
    scratch : Path
        Folder for spills.
    watcher : Watcher
    travels : bool
        Whether spills go from one process to another.
    """

    def __init__(
        self,
        request: Request,
        inventory: Inventory,
        plan: Plan,
        works: Mapping[str, Work],
        record: Record,
        scratch: Path,
        watcher: Watcher,
        *,
        travels: bool,
    ) -> None:
        self.request, self.inventory, self.plan = request, inventory, plan
        self.works, self.publisher = works, Publisher(request, inventory, record)
        self.scratch, self.watcher, self.travels = scratch, watcher, travels
        self.sources: dict[str, Source] = {source.key: source for source in inventory.sources}
        self.numbers = {key: number for number, key in enumerate(self.sources)}
        self.hashes: dict[str, str] = {}
        self.spills: dict[str, Reduced] = {}
        self.in_memory: dict[str, int] = {}
        self.bad: set[str] = set()
        self.classes: dict[int, int] = {}
        products = {product for work in works.values() for product in work.params.products}
        geoid = request.params.geoid
        if geoid and inventory.crs:
            geoid = replace(geoid, crs=inventory.crs.horizontal)
        self.params = replace(request.params, products=tuple(products), geoid=geoid)
        self.report = Report.of(request.out, inventory)
        self.report.candidates = self.params.reduce.candidates
        self.report.kept = len(plan.sheets) - len(works)
        self.points = max(sum(source.header.count for source in inventory.sources), 1)
        files = {key for work in works.values() for key in work.needs}
        self.to_read = max(sum(self.sources[key].header.count for key in files), 1)
        self.sheet_weight = 0.5 / max(len(works), 1)

    def reduce(self, file: str) -> Task:
        """Return the task that reduces a file."""
        source = self.sources[file]
        size = most_bytes(source.box, source.header.count, self.params.reduce)
        scratch: Path | None = None
        if self.travels or sum(self.in_memory.values()) + size > _IN_MEMORY:
            scratch = self.scratch / f"{self.numbers[file]:06d}.spill"
        else:
            self.in_memory[file] = size
        arguments = (source.header, self.params, source.all_ground, scratch)
        return Task("reduce", file, reduce_file, arguments)

    def make(self, sheet: str) -> Task:
        """Return the task that makes a sheet, or that says which bad file forbids it."""
        self._require_ground()
        culprit = self._culprit(sheet)
        if culprit:
            return Task("make", sheet, _refuse, (culprit,))
        work = self.works[sheet]
        near = tuple(self.spills[key] for key in work.needs if key in self.spills)
        crs = self.inventory.crs
        job = SheetJob(
            work.sheet,
            self.request.out,
            work.params,
            work.folders,
            crs.wkt if crs else None,
            self.request.facts,
            sheet in self.plan.wanted,
        )
        return Task("make", sheet, make_sheet, (job, near))

    def _culprit(self, sheet: str) -> str | None:
        """Return the name of a bad file whose points would lie on the sheet."""
        box = self.plan.sheets[sheet].box
        for source in self.inventory.on(box) if self.bad else ():
            if source.key in self.bad:
                return source.header.path.name
        for bad in self.inventory.bad:
            if any(other.touches(box) for other in bad.boxes):
                return bad.path.name
        return None

    def _require_ground(self) -> None:
        """Stop the run if a DEM is asked for and none of a good share of the points is ground.

        A sheet without any may be a breakwater. Points of water and of excluded classes prove nothing.
        """
        if self.report.counts["ground"] or self.params.products == ("dsm",):
            return
        ignored = {WATER_CLASS, *self.request.params.excluded_classes}
        lost = sum(self.sources[file].header.count for file in self.bad)
        if set(self.classes) - ignored and self.report.counts["points"] + lost >= _ENOUGH * self.points:
            found = ", ".join(f"{number}: {count:,}" for number, count in sorted(self.classes.items()))
            wanted = ", ".join(map(str, self.request.params.ground_classes))
            raise GroundError("run.no_ground", wanted=wanted, found=found)

    def reduced(self, file: str, result: Reduced) -> None:
        """Take the spill of a file."""
        self.spills[file] = result
        try:
            info = result.open().info
        except OSError:
            self.require_folder()
            raise
        self.hashes[file] = info.sha256
        for number, count in info.classes.items():
            self.classes[number] = self.classes.get(number, 0) + count
        self.report.take_file(info, result.peak)
        for remark in _too_wide(self.sources[file].header, info.box):
            self.watcher.remark(remark)
        self._step("reduce", file, seconds=result.seconds)

    def made(self, sheet: str, result: SheetMade) -> None:
        """Give a sheet's rasters their final names, and record them."""
        self.require_folder()
        try:
            self.publisher.publish(self.works[sheet], result, self.hashes)
        except OutputError as error:
            for staged in result.staged:
                put.discard(staged.path)
            self.failed("make", sheet, error)
            return
        neighbours = missing_neighbours(self.works[sheet].sheet, self.inventory, self.bad)
        self.report.take_sheet(sheet, result, neighbours, [staged.folder for staged in result.staged])
        self._step("make", sheet, seconds=result.seconds)

    def require_folder(self) -> None:
        """Stop the run if the output folder is no longer the one it began in, lest it end well without its rasters.

        Staging makes folders that are missing, so a drive that was unplugged would not be noticed.

        Raises
        ------
        OutputError
            If it is gone.
        """
        if not self.scratch.is_dir():
            raise OutputError("output.folder_gone", path=self.request.out)

    def failed(self, kind: str, key: str, error: BaseException | None) -> None:
        """Take note of a file or sheet that failed.

        Raises
        ------
        OutputError
            If every other would fail as well: the disk is full, say.
        """
        if error is not None and put.hopeless(error):
            raise error
        text = why(error, key)
        if kind == "reduce":
            self.bad.add(key)
            self.report.bad_files[key] = text
        else:
            self.report.failed[key] = text
            self.publisher.fail(self.works[key], text)
        self._step("bad" if kind == "reduce" else "failed", key, why=text)

    def _step(self, kind: str, key: str, *, seconds: float = 0.0, why: str = "") -> None:
        if kind in ("reduce", "bad"):
            header = self.sources[key].header
            weight = 0.5 * header.count / self.to_read
            self.watcher.step(kind, header.path.name, weight, seconds=seconds, why=why)
        else:
            self.watcher.step(kind, key, self.sheet_weight, seconds=seconds, why=why)

    def release(self, file: str) -> None:
        """Delete a spill."""
        self.in_memory.pop(file, None)
        result = self.spills.pop(file, None)
        if result and isinstance(result.spill, Path):
            result.spill.unlink(missing_ok=True)


def _too_wide(header: CloudHeader, box: Box) -> tuple[Remark, ...]:
    """Return what to say of a header that claims more land than the points in ``box`` fill, or where there are none."""
    if box.empty:
        return (Remark.of("run.nothing_left", path=header.path.name),)
    bottom, top = quanta(header.mins[2]), quanta(header.maxs[2])
    return box_remarks(header, (box.west, box.south + 1, bottom), (box.east - 1, box.north, top))


def _refuse(culprit: str, **_: object) -> SheetMade:
    """Stand for a sheet that must not be made because a file on it is bad."""
    raise FileError("run.sheet_lacks", file=culprit)
