"""What gridding adds to the engine: files of points, each reduced once, and the sheets that are made of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from pointcloud import pipeline
from pointcloud.errors import GroundError
from pointcloud.geo.lattice import Box, quanta
from pointcloud.gridding.inventory import Inventory, Source
from pointcloud.gridding.plan import NO_SHEETS, Plan, missing_neighbours
from pointcloud.gridding.report import GridReport
from pointcloud.gridding.request import Request, folders
from pointcloud.gridding.warm import warm, warm_up
from pointcloud.gridding.worker import Reduced, SheetJob, SheetMade, make_sheet, reduce_file
from pointcloud.io import names
from pointcloud.io.cloudheader import CloudHeader, box_remarks
from pointcloud.io.dems import reference
from pointcloud.io.remark import Remark
from pointcloud.io.spill.reduce import most_bytes
from pointcloud.params.grid import WATER_CLASS, GridParams
from pointcloud.params.styles import STYLES
from pointcloud.run import mosaics
from pointcloud.run.changes import Changes
from pointcloud.run.entries import lost_inputs
from pointcloud.run.items import InputFile, Item, Made, Work, sheet_item
from pointcloud.run.loop import Task
from pointcloud.run.mosaics import Series
from pointcloud.run.publish import Publisher
from pointcloud.run.recipe import Recipe
from pointcloud.run.record import Record

_IN_MEMORY = 256 * 2**20
"""Bytes that spills may take in memory together, where one process does all."""

_ENOUGH = 0.1
"""Share of all points among which some must be ground, lest the run stop: a class wrongly named is wrong everywhere."""


class GridRecipe(Recipe):
    """Sheets, each of the files that lie within reach of it.

    Parameters
    ----------
    request : Request
    inventory : Inventory
    plan : Plan
    report : GridReport
    record : Record
        Of the output folder.
    """

    report: GridReport

    def __init__(
        self, request: Request, inventory: Inventory, plan: Plan, report: GridReport, record: Record
    ) -> None:
        super().__init__(request.out, report)
        self.request, self.inventory, self.plan, self.record = request, inventory, plan, record
        self.facts = request.facts
        self.sources: dict[str, Source] = {source.key: source for source in inventory.sources}
        self.products = {folder: product for product, _, folder in folders(request.params)}
        self.halos = {product: pipeline.halo(request.params, product) for product in request.params.products}
        self.points = max(sum(source.header.count for source in inventory.sources), 1)
        self.spills: dict[str, Reduced] = {}
        self.in_memory: dict[str, int] = {}
        self.classes: dict[int, int] = {}

    def parameters(self) -> Mapping[str, Mapping[str, object]]:
        """Return what each product depends on, and what all share: level, CRS and height datum."""
        common = shared(self.request, self.inventory)
        return {
            folder: {**self.request.params.of(product), **common} for folder, product in self.products.items()
        }

    def items(self, changes: Changes, publisher: Publisher) -> Sequence[Item]:
        """Return the sheets of the plan."""
        return [
            sheet_item(sheet, self.products, wanted=code in self.plan.wanted)
            for code, sheet in self.plan.sheets.items()
        ]

    def inputs(self, item: Item, folder: str) -> Sequence[InputFile]:
        """Return the files that could decide a product's pixels on a sheet."""
        box = self.plan.sheets[item.key].box.grow(self.halos[self.products[folder]])
        return [source.file for source in self.inventory.near(box)]

    def needs(self, item: Item, folders: Collection[str]) -> tuple[str, ...]:
        """Return the files within reach of what is to be made of a sheet."""
        params = self._params(folders)
        if params.products == self.request.params.products:
            return self.plan.needs[item.key]
        near = self.inventory.near(self.plan.sheets[item.key].box.grow(pipeline.reach(params)))
        return tuple(source.key for source in near)

    def _params(self, folders: Collection[str]) -> GridParams:
        """Return the parameters with only the products of these folders."""
        products = {self.products[folder] for folder in folders}
        params = self.request.params
        return replace(params, products=tuple(p for p in params.products if p in products))

    def begin(self, works: Mapping[str, Work], scratch: Path, *, travels: bool) -> None:
        """Hear what there is to make."""
        self.scratch, self.travels = scratch, travels
        geoid = self.request.params.geoid
        if geoid and self.inventory.crs:
            geoid = replace(geoid, crs=self.inventory.crs.horizontal)
        due = {folder for work in works.values() for folder in work.folders}
        self.params = replace(self._params(due), geoid=geoid)
        self.report.candidates = self.params.reduce.candidates
        files = {key for work in works.values() for key in work.needs}
        self.to_read = max(sum(self.sources[key].header.count for key in files), 1)
        self.numbers = {key: number for number, key in enumerate(self.sources)}

    def remarks(self, works: Mapping[str, Work]) -> Sequence[Remark]:
        """Return what to say of sheets whose rasters were made from files that this run was not given."""
        given = {source.header.path.name for source in self.inventory.sources}
        found = []
        for code in works:
            held = self.record.items.get(code)
            if held and (lost := lost_inputs(held, given)):
                found.append(Remark.of("run.fewer_inputs", sheet=code, names=", ".join(lost)))
        return found

    def warm(self, tell: Callable[[Remark], None]) -> None:
        """Compile the kernels for all that is asked for."""
        warm(tell, self.request.params)

    @property
    def warmer(self) -> Callable[[], None]:
        """What does the same on another machine."""
        return partial(warm_up, self.request.params)

    def read(self, file: str) -> Task:
        """Return the task that reduces a file."""
        source = self.sources[file]
        size = most_bytes(source.box, source.header.count, self.params.reduce)
        scratch: Path | None = None
        if self.travels or sum(self.in_memory.values()) + size > _IN_MEMORY:
            scratch = self.scratch / f"{self.numbers[file]:06d}.spill"
        else:
            self.in_memory[file] = size
        return Task("reduce", file, reduce_file, (source.header, self.params, source.all_ground, scratch))

    def took(self, file: str, result: Reduced) -> tuple[str, Sequence[Remark]]:
        """Take the spill of a file."""
        self.spills[file] = result
        info = result.open().info
        for number, count in info.classes.items():
            self.classes[number] = self.classes.get(number, 0) + count
        self.report.take_file(info, result.peak)
        return info.sha256, _too_wide(self.sources[file].header, info.box)

    def release(self, file: str) -> None:
        """Delete a spill."""
        self.in_memory.pop(file, None)
        result = self.spills.pop(file, None)
        if result and isinstance(result.spill, Path):
            result.spill.unlink(missing_ok=True)

    def culprit(self, work: Work, bad: Collection[str]) -> str | None:
        """Return the name of a bad file whose points would lie on the sheet."""
        box = self.plan.sheets[work.item.key].box
        for source in self.inventory.on(box) if bad else ():
            if source.key in bad:
                return source.header.path.name
        for other in self.inventory.bad:
            if any(claimed.touches(box) for claimed in other.boxes):
                return other.path.name
        return None

    def make(self, work: Work) -> Task:
        """Return the task that makes a sheet.

        Raises
        ------
        GroundError
            If a DEM is asked for and none of a good share of the points is ground.
        """
        self._require_ground()
        key, crs = work.item.key, self.inventory.crs
        near = tuple(self.spills[file] for file in work.needs if file in self.spills)
        job = SheetJob(
            self.plan.sheets[key],
            self.out,
            self._params(work.folders),
            work.folders,
            crs.wkt if crs else None,
            self.facts,
            work.item.wanted,
        )
        return Task("make", key, make_sheet, (job, near))

    def _require_ground(self) -> None:
        """Stop the run if a DEM is asked for and none of a good share of the points is ground.

        A sheet without any may be a breakwater. Points of water and of excluded classes prove nothing.
        """
        if self.report.counts["ground"] or self.params.products == ("dsm",):
            return
        ignored = {WATER_CLASS, *self.request.params.excluded_classes}
        lost = sum(self.sources[file].header.count for file in self.report.bad_files if file in self.sources)
        if set(self.classes) - ignored and self.report.counts["points"] + lost >= _ENOUGH * self.points:
            found = ", ".join(f"{number}: {count:,}" for number, count in sorted(self.classes.items()))
            wanted = ", ".join(map(str, self.request.params.ground_classes))
            raise GroundError("run.no_ground", wanted=wanted, found=found)

    def made(self, work: Work, made: Made, bad: Collection[str]) -> str:
        """Take note of what was made of a sheet."""
        assert isinstance(made, SheetMade)
        code = work.item.key
        neighbours = missing_neighbours(self.plan.sheets[code], self.inventory, bad)
        self.report.take_sheet(code, made, neighbours)
        return ""

    def label(self, file: str) -> str:
        """Return the name of a file."""
        return self.sources[file].header.path.name

    def weight(self, kind: str, key: str, count: int) -> float:
        """Return half of all for the files, by points, and half for the sheets."""
        if kind in ("reduce", "bad"):
            return 0.5 * self.sources[key].header.count / self.to_read
        return 0.5 / count

    def finish(self, publisher: Publisher, tell: Callable[[Remark], None]) -> None:
        """Write a mosaic of each product and resolution, a picture of each product, and compare with a reference."""
        self.report.put_in_order(self.plan.sheets)
        mosaics.write(self.record, list(self._series()), self.report)
        if self.request.reference:
            self.report.reference = reference.compare(self._heights(), self.request.reference)

    def _series(self) -> Iterator[Series]:
        crs, params = self.inventory.crs, self.request.params
        for product, resolution, folder in folders(params):
            yield Series(
                folder,
                "quality" if product == "quality" else "rgba" if product in STYLES else "heights",
                crs.wkt if crs else None,
                f"{product.upper()} {resolution:g} m",
                self.request.credit,
                self.report.synthetic,
                pictured=resolution == params.resolutions[0],
            )

    def _heights(self) -> list[Path]:
        """Return the rasters of the terrain, or else of the surface, at the coarsest resolution."""
        params = self.request.params
        for product in ("dem", "dsm"):
            if product in params.products:
                folder = names.folder(product, params.resolutions[0])
                return [self.record.path(folder, code) for code in self.record.written(folder)]
        return []


def shared(request: Request, inventory: Inventory) -> dict[str, object]:
    """Return what all rasters of an output folder share besides their parameters."""
    crs = inventory.crs
    tiles = {"tile_size": request.tile_size} if request.level == NO_SHEETS else {}
    return {
        "level": request.level,
        "crs": crs.horizontal if crs else None,
        "vertical": crs.vertical if crs else None,
        **tiles,
    }


def _too_wide(header: CloudHeader, box: Box) -> tuple[Remark, ...]:
    """Return what to say of a header that claims more land than the points in ``box`` fill, or where there are none."""
    if box.empty:
        return (Remark.of("run.nothing_left", path=header.path.name),)
    bottom, top = quanta(header.mins[2]), quanta(header.maxs[2])
    return box_remarks(header, (box.west, box.south + 1, bottom), (box.east - 1, box.north, top))
