"""The owner of a mosaic: knows what is there already, hands out sheets, publishes and records what comes of them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pointcloud.errors import FileError, OutputError, ParameterError
from pointcloud.geo.lattice import metres
from pointcloud.geo.sheets import Sheet
from pointcloud.gridding.worker import why
from pointcloud.io import names, put
from pointcloud.io.dems.tiles import Tile
from pointcloud.io.las import reader
from pointcloud.mosaics.plan import Plan
from pointcloud.mosaics.request import Report, Request, Watcher
from pointcloud.mosaics.worker import SOURCE, SheetJob, SheetMade, hash_file, make_sheet
from pointcloud.run.loop import Task
from pointcloud.run.record import Input, Raster, Record, now
from pointcloud.surface.mosaic import ALGORITHM
from pointcloud.version import __version__


@dataclass(frozen=True)
class Work:
    """A sheet to make, and the tiles of each layer within reach."""

    sheet: Sheet
    layers: tuple[tuple[int, tuple[Tile, ...]], ...]

    @property
    def tiles(self) -> list[Tile]:
        """All tiles within reach."""
        return [tile for _, held in self.layers for tile in held]


class Owner:
    """What the loop asks for and tells; see :class:`pointcloud.run.loop.Steps`.

    Parameters
    ----------
    request : Request
    plan : Plan
    record : Record
    scratch : Path
    watcher : Watcher
    report : Report

    Raises
    ------
    ParameterError
        If the output folder holds rasters made with other parameters, and they are not to be given up.
    """

    def __init__(
        self, request: Request, plan: Plan, record: Record, scratch: Path, watcher: Watcher, report: Report
    ) -> None:
        self.request, self.plan, self.record = request, plan, record
        self.scratch, self.watcher, self.report = scratch, watcher, report
        self.hashes: dict[Path, str] = {}
        self.bad: set[str] = set()
        resolution = metres(plan.cell)
        self.folders = {product: names.folder(product, resolution) for product in (request.product, SOURCE)}
        wanted: dict[str, dict[str, Any]] = {
            folder: json.loads(json.dumps(self._parameters(product)))
            for product, folder in self.folders.items()
        }
        for folder, values in wanted.items():
            differences = "" if request.redo else record.differences(folder, values)
            if differences:
                path = request.out / folder
                raise ParameterError("run.other_parameters", folder=path, differences=differences)
        record.parameters |= wanted
        self.works = {work.sheet.code: work for sheet in plan.sheets if (work := self._work(sheet))}
        report.kept = len(plan.sheets) - len(self.works)
        report.cells = [0] * (len(report.sources) + 1)

    def _parameters(self, product: str) -> dict[str, object]:
        return {
            "algorithm": ALGORITHM,
            "product": product,
            "level": self.request.level,
            "crs": self.plan.crs.horizontal,
            "vertical": self.plan.crs.vertical,
            "feather": self.request.feather,
            "sources": self.report.sources,
        }

    def _work(self, sheet: Sheet) -> Work | None:
        """Return what is to be made of a sheet, unless it is there as it would be made now."""
        box = sheet.box.grow(self.plan.halo(self.request.feather))
        layers = tuple((layer.source, layer.near(box)) for layer in self.plan.layers)
        work = Work(sheet, layers)
        held = self.record.sheets.get(sheet.code)
        if held is None or held.failure:
            return work
        rasters = [held.rasters.get(folder) for folder in self.folders.values()]
        there = zip(self.folders.values(), rasters, strict=True)
        if all(raster and self._holds(folder, sheet.code, raster, work.tiles) for folder, raster in there):
            return None
        return work

    def _holds(self, folder: str, code: str, raster: Raster, tiles: Collection[Tile]) -> bool:
        if raster.parameters != self.record.parameters[folder] or raster.facts != self.request.facts:
            return False
        path = self.request.out / folder / names.file_in(folder, code)
        if raster.state == "written" and not (path.exists() and path.stat().st_size == raster.size):
            return False
        found = sorted(tiles, key=lambda tile: (tile.path.name, tile.size, tile.modified_ns))
        recorded = sorted(raster.inputs, key=lambda each: (each.name, each.size, each.modified_ns))
        return len(found) == len(recorded) and all(map(self._same, recorded, found))

    def _same(self, recorded: Input, tile: Tile) -> bool:
        """Return whether a tile is the one recorded: name, size and time alike, or else content."""
        if (recorded.name, recorded.size) != (tile.path.name, tile.size):
            return False
        if recorded.modified_ns == tile.modified_ns:
            return True
        if tile.path not in self.hashes:
            try:
                self.hashes[tile.path] = reader.file_sha256(tile.path)
            except FileError:
                return False
        return self.hashes[tile.path] == recorded.sha256

    def needs(self) -> dict[str, list[str]]:
        """Return the tiles that each sheet to be made needs."""
        return {code: [str(tile.path) for tile in work.tiles] for code, work in self.works.items()}

    def reduce(self, file: str) -> Task:
        """Return the task that takes the hash of a tile."""
        return Task("reduce", file, hash_file, (Path(file),))

    def make(self, sheet: str) -> Task:
        """Return the task that makes a sheet, or that says which bad file forbids it."""
        work, request = self.works[sheet], self.request
        culprit = next((tile.path for tile in work.tiles if str(tile.path) in self.bad), None)
        if culprit:
            return Task("make", sheet, _refuse, (culprit.name,))
        tags = {"PARAMETERS": json.dumps({"feather": request.feather}), **request.facts}
        tags |= {f"SOURCE_{number}": name for number, name in enumerate(self.report.sources, start=1)}
        job = SheetJob(
            sheet=work.sheet,
            out=request.out,
            scratch=self.scratch,
            cell=self.plan.cell,
            crs=self.plan.crs.horizontal,
            crs_wkt=self.plan.crs.wkt,
            product=request.product,
            feather=request.feather,
            layers=work.layers,
            tags=tags,
            hashes={tile.path: self.hashes[tile.path] for tile in work.tiles},
            compress=request.compress,
        )
        return Task("make", sheet, make_sheet, (job,))

    def reduced(self, file: str, result: str) -> None:
        """Take the hash of a tile."""
        self.hashes[Path(file)] = result

    def release(self, file: str) -> None:
        """Nothing is kept of a tile but its hash."""

    def made(self, sheet: str, result: SheetMade) -> None:
        """Give the rasters of a sheet their final names, then record them."""
        try:
            self._publish(self.works[sheet], result)
        except OutputError as error:
            for staged in result.staged:
                put.discard(staged.path)
            self.failed("make", sheet, error)
            return
        total = sum(result.cells.values()) or 1
        for number, count in result.cells.items():
            self.report.cells[number] += count
        shares = {
            name: result.cells.get(number, 0) / total
            for number, name in enumerate(self.report.sources, start=1)
        }
        self.watcher.made(sheet, shares)

    def _publish(self, work: Work, made: SheetMade) -> None:
        code = work.sheet.code
        staged = {each.folder: each for each in made.staged}
        held = self.record.sheet(code, work.sheet.bounds)
        rasters, past = dict(held.rasters), []
        for folder in self.folders.values():
            path = self.request.out / folder / names.file_in(folder, code)
            new = staged.get(folder)
            if new:
                put.publish(new.path, path, size=new.size)
                self.report.written.append(path)
            else:
                past.append(path)
            rasters[folder] = Raster(
                "written" if new else "empty",
                self.record.parameters[folder],
                self.request.facts,
                self._inputs(work),
                new.size if new else 0,
                new.sha256 if new else "",
            )
        stamp = {"finished": now(), "software": f"hyogo-pc {__version__}"}
        self.record.put(replace(held, rasters=rasters, failure="", made={**held.made, **stamp}))
        for path in past:
            put.remove(path)

    def _inputs(self, work: Work) -> tuple[Input, ...]:
        inputs = (
            Input(tile.path.name, tile.size, tile.modified_ns, self.hashes[tile.path], ground=False, points=0)
            for tile in work.tiles
        )
        return tuple(sorted(inputs, key=lambda each: (each.name, each.size)))

    def failed(self, kind: str, key: str, error: BaseException | None) -> None:
        """Take note of a tile or sheet that failed.

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
            held = self.record.sheet(key, self.works[key].sheet.bounds)
            self.record.put(replace(held, failure=text, made={**held.made, "finished": now()}))
        self.watcher.failed(key, text)


def _refuse(culprit: str, **_: object) -> SheetMade:
    """Stand for a sheet that must not be made because a file on it is bad."""
    raise FileError("run.sheet_lacks", file=culprit)
