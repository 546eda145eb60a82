"""What a conversion adds to the engine: delivered files, and sheets of the national DEM."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from pointcloud.convert.kinds import with_companions
from pointcloud.convert.national_dem import Mesh, make_mesh_sheet, mesh_sheets
from pointcloud.convert.request import ConvertReport, Kind, Request
from pointcloud.convert.worker import as_input, convert_file
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import QUANTA_PER_METRE
from pointcloud.io.dems import reference
from pointcloud.io.member import Member
from pointcloud.io.remark import Remark
from pointcloud.run import mosaics
from pointcloud.run.changes import Changes
from pointcloud.run.items import InputFile, Item, Made, Work
from pointcloud.run.loop import Task
from pointcloud.run.mosaics import Series
from pointcloud.run.publish import Publisher
from pointcloud.run.recipe import Recipe
from pointcloud.run.record import Record

Jobs = list[tuple[Member, Kind]]

_NOWHERE = (0.0, 0.0, 0.0, 0.0)


class DeliveredFiles(Recipe):
    """Files of which only the content tells what becomes of them; the record knows what became of them before.

    Parameters
    ----------
    request : Request
    report : ConvertReport
    jobs : list of (Member, str)
        Files and their kinds.
    """

    report: ConvertReport
    where = "threads"

    def __init__(self, request: Request, report: ConvertReport, jobs: Jobs) -> None:
        super().__init__(request.out, report)
        self.request, self.facts = request, request.facts
        self.jobs = {member.place: (member, kind) for member, kind in jobs}
        self.files: dict[str, Sequence[InputFile]] = {}

    def inputs(self, item: Item, folder: str) -> Sequence[InputFile]:
        """Return the files that an item is made of."""
        return self.files[item.key]

    def items(self, changes: Changes, publisher: Publisher) -> Sequence[Item]:
        """Return the files; those whose raster is there, as it would be made now, with its place."""
        before = _made_of(changes.record)
        found = []
        for key, (member, kind) in self.jobs.items():
            self.files[key] = [as_input(each) for each in self._read_with(member, kind)]
            of = tuple(sorted(file.name for file in self.files[key]))
            found.append(self._item(key, member.label, before.get(of, ()), changes, publisher))
        return found

    def _read_with(self, member: Member, kind: Kind) -> Sequence[Member]:
        """Return a file and those that say something of it."""
        return with_companions(member, kind)

    def _item(
        self,
        key: str,
        label: str,
        before: Sequence[tuple[str, str]],
        changes: Changes,
        publisher: Publisher,
    ) -> Item:
        """Return an item, as what is known of it if one of the places where it was before still holds it."""
        for folder, code in before:
            held = changes.record.items[code]
            raster = held.rasters[folder]
            name = str(raster.path(folder, code))
            item = Item(key, label, code, held.bounds, {folder: name})
            if publisher.claims.get(name, key) == key and not changes.reason(item, folder, raster, self):
                publisher.claim(name, key)
                return item
        return Item(key, label, "", _NOWHERE, {})


class ConvertRecipe(DeliveredFiles):
    """Files to rasters each, and the national DEM to sheets of a plane system.

    Parameters
    ----------
    request : Request
    report : ConvertReport
    jobs : list of (Member, str)
        Files that become a raster each.
    meshes : sequence of Mesh
        Of the national DEM.
    """

    def __init__(self, request: Request, report: ConvertReport, jobs: Jobs, meshes: Sequence[Mesh]) -> None:
        super().__init__(request, report, jobs)
        self.sheets = {
            f"{wanted.folder}/{wanted.sheet.code}": wanted for wanted in mesh_sheets(meshes, request)
        }

    def items(self, changes: Changes, publisher: Publisher) -> Sequence[Item]:
        """Return the files, then the sheets."""
        found = list(super().items(changes, publisher))
        for key, wanted in self.sheets.items():
            code = wanted.sheet.code
            self.files[key] = [mesh.file for mesh in wanted.meshes]
            label = ", ".join(file.name for file in self.files[key][:2])
            held = changes.record.items.get(code)
            before = [(wanted.folder, code)] if held and wanted.folder in held.rasters else []
            found.append(self._item(key, label, before, changes, publisher))
        return found

    def make(self, work: Work) -> Task:
        """Return the task that converts a file, or interpolates a sheet."""
        key = work.item.key
        if key in self.sheets:
            return Task("make", key, make_mesh_sheet, (self.sheets[key], self.request))
        return Task("make", key, convert_file, (*self.jobs[key], self.request))

    def made(self, work: Work, made: Made, bad: Collection[str]) -> str:
        """Return the name of the raster, if there is one."""
        return Path(made.staged[0].name).name if made.staged else ""

    def finish(self, publisher: Publisher, tell: Callable[[Remark], None]) -> None:
        """Write a mosaic of each folder of this run, and a picture where the cells are metric."""
        record = publisher.record
        mosaics.write(
            record,
            [self._series(record, folder) for folder in sorted(publisher.touched)],
            self.report,
            stale=lambda folder: folder in publisher.altered,
            tell=tell,
        )
        if self.request.reference:
            self.report.reference = reference.compare(list(self._heights(publisher)), self.request.reference)

    def _series(self, record: Record, folder: str) -> Series:
        shared = record.parameters[folder]
        grid = next((item.rasters[folder].grid for item in record.written(folder).values()), None)
        return Series(
            folder,
            "rgba" if shared["product"] == "cs" else "heights",
            SpatialReference(shared["crs"], shared["vertical"]).wkt,
            f"{shared['product'].upper()} {grid['cell'] / grid['per_unit']:g} m" if grid else "",
            self.request.credit,
            synthetic=False,
            pictured=grid is not None and grid["per_unit"] == QUANTA_PER_METRE,
            overviewed=False,
        )

    def _heights(self, publisher: Publisher) -> Iterator[Path]:
        """Yield the rasters of heights in the folders of this run, those of the terrain if there are any."""
        record = publisher.record
        found: dict[str, list[str]] = {}
        for folder in sorted(publisher.touched):
            if record.written(folder):
                found.setdefault(record.parameters[folder]["product"], []).append(folder)
        for folder in found.get("dem") or found.get("dsm") or []:
            yield from (record.path(folder, code) for code in record.written(folder))


def _made_of(record: Record) -> dict[tuple[str, ...], list[tuple[str, str]]]:
    """Return the folder and code of what was made of files, by their names."""
    found: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for code, item in record.items.items():
        for folder, raster in item.rasters.items():
            of = tuple(sorted(each.name for each in raster.inputs))
            found.setdefault(of, []).append((folder, code))
    return found
