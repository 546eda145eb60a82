"""The owner of a conversion: knows what is there already, gives rasters their final names, and keeps the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pointcloud.convert.kinds import with_companions
from pointcloud.convert.request import Kind, Report, Request, Watcher
from pointcloud.convert.worker import Staged
from pointcloud.errors import HyogoError, ParameterError
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, Grid
from pointcloud.io import names, put
from pointcloud.io.member import Member
from pointcloud.io.rasters import preview, vrt
from pointcloud.io.remark import Remark
from pointcloud.run.record import Input, Raster, Record, now
from pointcloud.version import __version__

Place = tuple[str, str]
"""A folder, and the code of a raster in it."""


def claim(taken: dict[str, str], target: str, origin: str) -> None:
    """Take a final name for a file, for as long as this run lasts.

    Raises
    ------
    ParameterError
        If another file of this run has it.
    """
    other = taken.setdefault(target, origin)
    if other != origin:
        raise ParameterError("convert.same_name", a=other, b=origin, name=target)


class Owner:
    """Publishes and records what threads made; only the thread that runs the conversion has one.

    Parameters
    ----------
    request : Request
    watcher : Watcher
    report : Report

    Raises
    ------
    OutputError
        If the record of the output folder cannot be read.
    """

    def __init__(self, request: Request, watcher: Watcher, report: Report) -> None:
        self.request, self.watcher, self.report = request, watcher, report
        self.record = Record.load(request.out)
        self.facts = request.facts
        self.names: dict[str, str] = {}
        self.touched: set[str] = set()
        self.altered: set[str] = set()
        self._made_of: dict[tuple[str, ...], list[Place]] = {}
        for code, sheet in self.record.sheets.items():
            for folder, raster in sheet.rasters.items():
                of = tuple(sorted(each.name for each in raster.inputs))
                self._made_of.setdefault(of, []).append((folder, code))

    def begin(self, count: int) -> None:
        """Note that so many files are to be converted.

        Raises
        ------
        OutputError
            If the record cannot be written.
        """
        self.watcher.planned(count, self.report.kept)
        self.record.start(count)
        self.record.run["failed"] = dict(self.report.failed)

    def keeps(self, member: Member, kind: Kind) -> bool:
        """Return whether the raster of a file is there, as it would be made now; it then stays."""
        files = {each.label: each for each in with_companions(member, kind)}
        for folder, code in self._made_of.get(tuple(sorted(files)), ()):
            raster = self.record.sheets[code].rasters[folder]
            name = f"{folder}/{names.file_in(folder, code)}"
            same = all(_same(each, files[each.name]) for each in raster.inputs)
            if same and self._holds(folder, code) and self.names.get(name, member.place) == member.place:
                claim(self.names, name, member.place)
                self._keep(folder)
                return True
        return False

    def keeps_sheet(self, folder: str, code: str, inputs: tuple[Input, ...]) -> bool:
        """Return whether the raster of a sheet is there, made of these files; it then stays."""
        sheet = self.record.sheets.get(code)
        if sheet is None or folder not in sheet.rasters or not self._holds(folder, code):
            return False
        held = {(each.name, each.sha256) for each in sheet.rasters[folder].inputs}
        if held != {(each.name, each.sha256) for each in inputs}:
            return False
        self._keep(folder)
        return True

    def _keep(self, folder: str) -> None:
        self.touched.add(folder)
        self.report.kept += 1

    def _holds(self, folder: str, code: str) -> bool:
        """Return whether a raster is what the record says, and was made as the user asks for now."""
        raster = self.record.sheets[code].rasters[folder]
        if raster.parameters != self.record.parameters.get(folder) or raster.facts != self.facts:
            return False
        if raster.state != "written":
            return True
        try:
            path = self.request.out / folder / names.file_in(folder, code)
            return path.stat().st_size == raster.size
        except OSError:
            return False

    def take(self, label: str, origin: str, staged: Staged) -> None:
        """Give a raster its final name, then record it: whoever is killed in between makes the same once more.

        Raises
        ------
        ParameterError
            If its name is taken, or its folder holds rasters of another making.
        OutputError
            If it cannot be written.
        """
        try:
            claim(self.names, f"{staged.folder}/{staged.name}", origin)
            differences = self.record.differences(staged.folder, staged.parameters)
            if differences:
                folder = self.request.out / staged.folder
                raise ParameterError("convert.other_contents", folder=folder, differences=differences)
            self._publish(staged)
        except HyogoError:
            if staged.path:
                put.discard(staged.path)
            raise
        for remark in staged.remarks:
            self.watcher.remark(remark)
        self.watcher.done(label, staged.name if staged.path else "")

    def _publish(self, staged: Staged) -> None:
        folder = staged.folder
        if self.record.parameters.get(folder) != staged.parameters:
            self.record.parameters[folder] = staged.parameters
            self.record.save()
        path = self.request.out / folder / staged.name
        if staged.path:
            put.publish(staged.path, path, size=staged.size)
            self.report.written.append(path)
        held = self.record.sheet(staged.code, staged.bounds)
        raster = Raster(
            "written" if staged.path else "empty",
            staged.parameters,
            self.facts,
            staged.inputs,
            staged.size,
            staged.sha256,
            _values(staged.grid),
        )
        made = {"finished": now(), "software": f"hyogo-pc {__version__}"}
        self.record.put(replace(held, rasters={**held.rasters, folder: raster}, made={**held.made, **made}))
        if not staged.path:
            put.remove(path)  # an earlier state of the file held something
        self.touched.add(folder)
        self.altered.add(folder)

    def failed(self, label: str, error: HyogoError) -> None:
        """Note that a file could not be converted."""
        note_failure(self.report, self.watcher, label, error)
        self.record.run["failed"] = dict(self.report.failed)
        self.record.save()

    def finish(self) -> None:
        """Write a mosaic of each folder of this run, and a picture where the cells are metric."""
        self.record.settle(self.touched)
        for folder in sorted(self.touched):
            tiles = list(self._tiles(folder))
            mosaic = self.request.out / f"{folder}.vrt"
            if not tiles:
                put.remove(mosaic)
                put.remove(mosaic.with_suffix(".png"))
                continue
            metric = tiles[0].grid.per_unit == QUANTA_PER_METRE
            picture = mosaic.with_suffix(".png") if metric else None
            if folder in self.altered or not mosaic.exists():
                self._mosaic(mosaic, tiles)
            self.report.mosaics.append(mosaic)
            if picture:
                if folder in self.altered or not picture.exists():
                    self._picture(picture, mosaic, tiles[0].grid.resolution)
                self.report.pictures.append(picture)

    def heights(self) -> list[Path]:
        """Return the rasters of heights in the folders of this run, those of the terrain if there are any."""
        found: dict[str, list[Path]] = {}
        for folder in sorted(self.touched):
            made = [self.request.out / tile.path for tile in self._tiles(folder)]
            found.setdefault(self.record.parameters[folder]["product"], []).extend(made)
        return found.get("dem") or found.get("dsm") or []

    def _tiles(self, folder: str) -> Iterator[vrt.Tile]:
        for code, sheet in self.record.written(folder).items():
            yield vrt.Tile(Path(folder, names.file_in(folder, code)), _grid(sheet.rasters[folder].grid))

    def _mosaic(self, target: Path, tiles: Iterable[vrt.Tile]) -> None:
        tiles = list(tiles)
        lattices = Counter(_lattice(tile.grid) for tile in tiles)
        usual = min(lattices, key=lambda lattice: (-lattices[lattice], lattice))
        held = [tile for tile in tiles if _lattice(tile.grid) == usual]
        if len(held) < len(tiles):
            off = {"folder": target.stem, "count": len(tiles) - len(held)}
            self.watcher.remark(Remark.of("convert.two_lattices", **off))
        shared = self.record.parameters[target.stem]
        crs = SpatialReference(shared["crs"], shared["vertical"])
        put.put(target, vrt.mosaic(held, crs.wkt, _kind(shared)))

    def _picture(self, target: Path, mosaic: Path, resolution: float) -> None:
        shared = self.record.parameters[mosaic.stem]
        title = f"{shared['product'].upper()} {resolution:g} m"
        kind, credit = _kind(shared), self.request.credit
        put.put(target, preview.preview(mosaic, kind, title=title, credit=credit, synthetic=False))


def note_failure(report: Report, watcher: Watcher, label: str, error: HyogoError) -> None:
    """Put down that a file could not be used, and say so."""
    report.failed[label] = str(error)
    watcher.failed(label, str(error))


def _same(recorded: Input, member: Member) -> bool:
    """Return whether a file is the one recorded: size and time alike, or else content."""
    if recorded.size != member.size:
        return False
    try:
        return member.path.stat().st_mtime_ns == recorded.modified_ns or member.digest() == recorded.sha256
    except (HyogoError, OSError):
        return False  # reading it will say what the matter is


def _kind(shared: dict[str, Any]) -> vrt.Kind:
    return "rgba" if shared["product"] == "cs" else "heights"


def _lattice(grid: Grid) -> tuple[int, tuple[int, int], int]:
    return grid.cell, grid.origin, grid.per_unit


def _values(grid: Grid) -> dict[str, Any]:
    """Return a grid as the record keeps it."""
    values: dict[str, Any] = asdict(grid)
    return values | {"origin": list(grid.origin)}


def _grid(values: Any) -> Grid:
    east, north = values["origin"]
    return Grid(Box(**values["box"]), values["cell"], (east, north), values["per_unit"])
