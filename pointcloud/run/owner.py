"""The owner of a run: hands out tasks, and alone gives files their final names and keeps the record."""

from __future__ import annotations

from pathlib import Path

from pointcloud.errors import FileError, GroundError, OutputError
from pointcloud.io import las, names, put
from pointcloud.io.lasheader import CloudHeader
from pointcloud.io.remark import Remark
from pointcloud.lattice import Box, metres, quanta
from pointcloud.params import WATER_CLASS, GridParams
from pointcloud.run.inventory import Inventory, Source
from pointcloud.run.loop import Task
from pointcloud.run.manifest import Manifest
from pointcloud.run.plan import Plan, missing_neighbours, names_on
from pointcloud.run.report import Report
from pointcloud.run.request import Request, Watcher
from pointcloud.run.worker import Reduced, SheetJob, SheetMade, make_sheet, reduce_file, why

_IN_MEMORY = 256 * 2**20
"""Bytes that spills may take in memory together, where one process does all."""

_ENOUGH = 0.1
"""Share of all points among which some must be ground, lest the run stop: a class wrongly named is wrong everywhere."""

_HOPELESS = {"output.disk_full", "output.read_only", "output.disk_fault", "output.folder_gone"}
"""What keeps every sheet from being written, not one."""


class Owner:
    """What the loop asks for and tells; see :class:`pointcloud.run.loop.Steps`.

    Parameters
    ----------
    request : Request
    inventory : Inventory
    plan : Plan
    manifest : Manifest
        Of the parameters of this run.
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
        manifest: Manifest,
        scratch: Path,
        watcher: Watcher,
        *,
        travels: bool,
    ) -> None:
        self.request, self.inventory, self.plan = request, inventory, plan
        self.manifest, self.scratch, self.watcher, self.travels = manifest, scratch, watcher, travels
        self.sources: dict[str, Source] = {source.key: source for source in inventory.sources}
        self.spills: dict[str, Reduced] = {}
        self.in_memory: dict[str, int] = {}
        self.bad: set[str] = set()
        self.classes: dict[int, int] = {}
        self.report = Report.of(request.out, inventory)
        self.points = max(sum(source.header.count for source in inventory.sources), 1)
        self.sheet_weight = 0.5 / max(len(plan.sheets), 1)

    def reduce(self, file: str) -> Task:
        """Return the task that reduces a file."""
        source = self.sources[file]
        size = _most_bytes(source, self.request.params)
        scratch: Path | None = None
        if self.travels or sum(self.in_memory.values()) + size > _IN_MEMORY:
            scratch = self.scratch / f"{list(self.sources).index(file):06d}.spill"
        else:
            self.in_memory[file] = size
        arguments = (source.header, self.request.params, source.all_ground, scratch)
        return Task("reduce", file, reduce_file, arguments)

    def make(self, sheet: str) -> Task:
        """Return the task that makes a sheet, or that says which bad file forbids it."""
        self._require_ground()
        culprit = self._culprit(sheet)
        if culprit:
            return Task("make", sheet, _refuse, (culprit,))
        near = tuple(self.spills[key] for key in self.plan.needs[sheet] if key in self.spills)
        crs = self.inventory.crs
        job = SheetJob(
            self.plan.sheets[sheet],
            self.request.out,
            self.request.params,
            crs.wkt if crs else None,
            {"CREDIT": self.request.credit} if self.request.credit else {},
            sheet in self.plan.wanted,
        )
        return Task("make", sheet, make_sheet, (job, near))

    def _culprit(self, sheet: str) -> str | None:
        """Return the name of a bad file whose points would lie on the sheet."""
        box = self.plan.sheets[sheet].box
        for file in sorted(self.bad):
            if self.sources[file].box.touches(box):
                return self.sources[file].header.path.name
        for bad in self.inventory.bad:
            if any(other.touches(box) for other in bad.boxes):
                return bad.path.name
        return None

    def _require_ground(self) -> None:
        """Stop the run if a DEM is asked for and none of a good share of the points is ground.

        A sheet without any may be a breakwater. Points of water and of excluded classes prove nothing.
        """
        if self.report.counts["ground"] or self.request.params.products == ("dsm",):
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
        info = result.open().info
        for number, count in info.classes.items():
            self.classes[number] = self.classes.get(number, 0) + count
        self.report.take_file(info, result.peak)
        for remark in _too_wide(self.sources[file].header, info.box):
            self.watcher.remark(remark)
        self._step("reduce", file)

    def made(self, sheet: str, result: SheetMade) -> None:
        """Give a sheet's rasters their final names, and record them."""
        try:
            self._publish(sheet, result)
        except OutputError as error:
            for staged in result.staged:
                put.discard(staged.path)
            self.failed("make", sheet, error)
            return
        folders = [names.folder(staged.product, staged.resolution) for staged in result.staged]
        sound = [source for source in self.inventory.sources if source.key not in self.bad]
        neighbours = missing_neighbours(self.plan.sheets[sheet], sound)
        self.report.take_sheet(sheet, result, neighbours, folders)
        self._step("make", sheet)

    def _publish(self, sheet: str, result: SheetMade) -> None:
        for staged in result.staged:
            folder = names.folder(staged.product, staged.resolution)
            target = self.request.out / folder / names.file_name(staged.product, sheet, staged.resolution)
            put.publish(staged.path, target, size=staged.size)
            self.manifest.add(
                folder,
                sheet,
                self.plan.sheets[sheet].bounds,
                names_on(self.plan.sheets[sheet], self.inventory),
            )
        for product, resolution in result.empty:
            folder = names.folder(product, resolution)
            # Files without a single return here say nothing against a raster that others were made into.
            if result.coverage or not self.manifest.holds(folder, sheet):
                self.manifest.add_empty(folder, sheet)
        if result.staged or result.empty:
            self.manifest.save()

    def failed(self, kind: str, key: str, error: BaseException | None) -> None:
        """Take note of a file or sheet that failed.

        Raises
        ------
        OutputError
            If every other would fail as well: the disk is full, say.
        """
        if isinstance(error, OutputError) and error.message in _HOPELESS:
            raise error
        text = why(error) if error else str(Remark.of("run.worker_lost", what=Path(key).name))
        if kind == "reduce":
            self.bad.add(key)
            self.report.bad_files[key] = text
        else:
            self.report.failed[key] = text
        self._step("reduce" if kind == "reduce" else "failed", key)

    def _step(self, kind: str, key: str) -> None:
        if kind == "reduce":
            header = self.sources[key].header
            self.watcher.step(kind, header.path.name, 0.5 * header.count / self.points)
        else:
            self.watcher.step(kind, key, self.sheet_weight)

    def release(self, file: str) -> None:
        """Delete a spill."""
        self.in_memory.pop(file, None)
        result = self.spills.pop(file, None)
        if result and isinstance(result.spill, Path):
            result.spill.unlink(missing_ok=True)


def _most_bytes(source: Source, params: GridParams) -> int:
    """Return the most that the spill of a file can take: every point ground, every cell in use."""
    west, south, east, north = source.box.bounds
    cells = (east - west) * (north - south) / metres(params.cells[-1]) ** 2
    return round(12 * source.header.count + (9 if params.reduce.returns else 5) * cells)


def _too_wide(header: CloudHeader, box: Box) -> tuple[Remark, ...]:
    """Return what to say of a header that claims more land than the points in ``box`` fill."""
    bottom, top = quanta(header.mins[2]), quanta(header.maxs[2])
    return las.box_remarks(header, (box.west, box.south + 1, bottom), (box.east - 1, box.north, top))


def _refuse(culprit: str, **_: object) -> SheetMade:
    """Stand for a sheet that must not be made because a file on it is bad."""
    raise FileError("run.sheet_lacks", file=culprit)
