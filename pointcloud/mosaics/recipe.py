"""What a mosaic adds to the engine: tiles of several sources, and the sheets that are composed of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from pointcloud.api import arrays
from pointcloud.api.raster import Raster
from pointcloud.geo.lattice import Box, Grid, cell_quanta, metres
from pointcloud.io import names
from pointcloud.io.dems.tiles import Tile
from pointcloud.io.las.reader import file_sha256
from pointcloud.io.remark import Remark
from pointcloud.kernels.jit import cache_folder
from pointcloud.messages import say
from pointcloud.mosaics.plan import Plan
from pointcloud.mosaics.request import MosaicReport, Request
from pointcloud.mosaics.worker import SOURCE, SheetJob, SheetMade, hash_file, make_sheet
from pointcloud.run import mosaics
from pointcloud.run.changes import Changes
from pointcloud.run.items import InputFile, Item, Made, Work, sheet_item
from pointcloud.run.loop import Task
from pointcloud.run.mosaics import Series
from pointcloud.run.publish import Publisher
from pointcloud.run.recipe import Recipe
from pointcloud.surface.mosaic import ALGORITHM

Layers = tuple[tuple[int, tuple[Tile, ...]], ...]
"""Numbers of sources, and their tiles within reach of a sheet; the best first."""


class MosaicRecipe(Recipe):
    """Sheets, each of the tiles of all sources that lie within reach of it.

    Parameters
    ----------
    request : Request
    plan : Plan
    report : MosaicReport
    """

    report: MosaicReport
    lists_files = True

    def __init__(self, request: Request, plan: Plan, report: MosaicReport) -> None:
        super().__init__(request.out, report)
        self.request, self.plan, self.facts = request, plan, request.facts
        self.sheets = {sheet.code: sheet for sheet in plan.sheets}
        self.layers = {code: self._near(code) for code in self.sheets}
        self.tiles = {str(tile.path): tile for layer in plan.layers for tile in layer.tiles}
        self.hashes: dict[Path, str] = {}
        resolution = metres(plan.cell)
        self.folders = {names.folder(product, resolution): product for product in (request.product, SOURCE)}
        report.cells = [0] * (len(report.sources) + 1)

    def _near(self, code: str) -> Layers:
        box = self.sheets[code].box.grow(self.plan.halo(self.request.feather))
        return tuple((layer.source, layer.near(box)) for layer in self.plan.layers)

    def _tiles(self, code: str) -> list[Tile]:
        return [tile for _, held in self.layers[code] for tile in held]

    def parameters(self) -> Mapping[str, Mapping[str, object]]:
        """Return what all rasters share."""
        common = {
            "algorithm": ALGORITHM,
            "level": self.request.level,
            "crs": self.plan.crs.horizontal,
            "vertical": self.plan.crs.vertical,
            "feather": self.request.feather,
            "sources": self.report.sources,
        }
        return {folder: {**common, "product": product} for folder, product in self.folders.items()}

    def items(self, changes: Changes, publisher: Publisher) -> Sequence[Item]:
        """Return the sheets."""
        return [sheet_item(sheet, self.folders) for sheet in self.sheets.values()]

    def inputs(self, item: Item, folder: str) -> Sequence[InputFile]:
        """Return the tiles within reach of a sheet."""
        return [_file(tile) for tile in self._tiles(item.key)]

    def needs(self, item: Item, folders: Collection[str]) -> tuple[str, ...]:
        """Return the tiles whose hash must be known."""
        return tuple(str(tile.path) for tile in self._tiles(item.key))

    def remarks(self, works: Mapping[str, Work]) -> Sequence[Remark]:
        """Return how many sheets only lesser sources reach."""
        beyond = self.plan.beyond
        return [Remark.of("mosaic.beyond", count=beyond)] if beyond else []

    def warm(self, tell: Callable[[Remark], None]) -> None:
        """Compile the kernels once, before several processes would each do it."""
        if cache_folder() is None:
            tell(Remark.of("run.no_cache"))
            return
        fine, coarse = (
            Raster(
                np.zeros((20, 20), np.float32),
                Grid(Box.from_metres(0, 0, side, side), cell_quanta(side / 20)),
            )
            for side in (20.0, 40.0)
        )
        fine.array[5:9, 5:9] = np.nan
        arrays.mosaic([fine, coarse], feather=5.0)

    def read(self, file: str) -> Task:
        """Return the task that takes the hash of a tile."""
        return Task("reduce", file, hash_file, (Path(file),))

    def took(self, file: str, result: str) -> tuple[str, Sequence[Remark]]:
        """Take the hash of a tile."""
        self.hashes[Path(file)] = result
        return result, ()

    def make(self, work: Work) -> Task:
        """Return the task that makes a sheet."""
        request, code = self.request, work.item.key
        tags = {"PARAMETERS": json.dumps({"feather": request.feather}), **request.facts}
        tags |= {f"SOURCE_{number}": name for number, name in enumerate(self.report.sources, start=1)}
        near = self._tiles(code)
        job = SheetJob(
            sheet=self.sheets[code],
            out=self.out,
            scratch=self.scratch,
            cell=self.plan.cell,
            crs=self.plan.crs.horizontal,
            crs_wkt=self.plan.crs.wkt,
            product=request.product,
            feather=request.feather,
            layers=self.layers[code],
            tags=tags,
            hashes={tile.path: self.hashes[tile.path] for tile in near if tile.path in self.hashes},
            compress=request.compress,
        )
        return Task("make", code, make_sheet, (job,))

    def begin(self, works: Mapping[str, Work], scratch: Path, *, travels: bool) -> None:
        """Hear of the scratch folder."""
        self.scratch = scratch

    def made(self, work: Work, made: Made, bad: Collection[str]) -> str:
        """Count the cells that each source gave; return their shares."""
        assert isinstance(made, SheetMade)
        total = sum(made.cells.values()) or 1
        for number, count in made.cells.items():
            self.report.cells[number] += count
        parts = [
            f"{name} {100 * made.cells[number] / total:.1f} %"
            for number, name in enumerate(self.report.sources, start=1)
            if made.cells.get(number)
        ]
        return ", ".join(parts) or say("mosaic.sheet_void")

    def finish(self, publisher: Publisher, tell: Callable[[Remark], None]) -> None:
        """Write one file over all sheets of each product, how QGIS shows it, and a picture."""
        series = [
            Series(
                folder,
                "codes" if product == SOURCE else "heights",
                self.plan.crs.wkt,
                f"{product.upper()} {metres(self.plan.cell):g} m",
                self.request.credit,
                self.plan.synthetic,
                sources=tuple(self.report.sources) if product == SOURCE else (),
            )
            for folder, product in self.folders.items()
        ]
        mosaics.write(publisher.record, series, self.report, tell=tell)


def _file(tile: Tile) -> InputFile:
    """Return a tile as a file that decides what a sheet holds."""
    return InputFile(
        key=str(tile.path),
        name=tile.path.name,
        size=tile.size,
        modified_ns=tile.modified_ns,
        digest=partial(file_sha256, tile.path),
    )
