"""One sheet of a mosaic, window by window, staged under private names: the step that any worker may take."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pointcloud.geo.lattice import Box, Grid, metres
from pointcloud.geo.sheets import Sheet
from pointcloud.io import names, put
from pointcloud.io.dems.tiles import Tile, TileLayer, TileReader
from pointcloud.io.las.reader import file_sha256
from pointcloud.io.rasters.cogfile import CogFile, cog_file
from pointcloud.io.rasters.pyramid import CODES, HEIGHTS
from pointcloud.params.grid import Compression
from pointcloud.plaintext import to_json
from pointcloud.run.items import Made, Staged
from pointcloud.surface.mosaic import ALGORITHM, compose
from pointcloud.version import __version__

WINDOW = 1536
"""Side of a window in cells, three blocks of a file: with a halo of 200 cells its arrays take 30 MB each."""

SOURCE = "source"
"""The product that says which source a cell is from."""


@dataclass(frozen=True)
class SheetJob:
    """All that a sheet is made from.

    Parameters
    ----------
    sheet : Sheet
    out, scratch : Path
    cell : int
        In quanta.
    crs, crs_wkt : str
        Horizontal system, and with heights.
    product : str
    feather : float
    layers : tuple of (int, tuple of Tile)
        Number of the source, and its tiles within reach; the best first.
    tags : mapping of str to str
        What all rasters of the mosaic say of themselves.
    hashes : mapping of Path to str
        SHA-256 of the tiles.
    compress : str
    """

    sheet: Sheet
    out: Path
    scratch: Path
    cell: int
    crs: str
    crs_wkt: str
    product: str
    feather: float
    layers: tuple[tuple[int, tuple[Tile, ...]], ...]
    tags: Mapping[str, str]
    hashes: Mapping[Path, str]
    compress: Compression


@dataclass(kw_only=True)
class SheetMade(Made):
    """What was made of a sheet, and the cells from each source by its number; 0 for those that none fills."""

    cells: dict[int, int] = field(default_factory=dict)


def hash_file(path: Path, *, pool: Executor | None = None, threads: int = 1) -> str:
    """Return the SHA-256 of a file.

    Raises
    ------
    FileError
        If it cannot be read.
    """
    return file_sha256(path)


def make_sheet(job: SheetJob, *, pool: Executor | None = None, threads: int = 1) -> SheetMade:
    """Make and stage the rasters of one sheet. If that fails, nothing of it is left."""
    grid = Grid(job.sheet.box, job.cell)
    scratch = job.scratch / secrets.token_hex(8)
    scratch.mkdir(parents=True)
    made = SheetMade()
    try:
        with ExitStack() as stack:
            reader = stack.enter_context(TileReader())
            layers = [(number, TileLayer(tiles, reader)) for number, tiles in job.layers if tiles]
            heights = stack.enter_context(_file(job, grid, job.product, scratch, threads))
            source = stack.enter_context(_file(job, grid, SOURCE, scratch, threads))
            whose = np.array([0, *(number for number, _ in layers)], np.uint8)
            for row, col, box in _windows(grid):
                window = Grid(box, job.cell)
                z, layer = compose([layer for _, layer in layers], window, job.crs, job.feather)
                numbers = whose[layer]
                heights.write(z, row, col)
                source.write(numbers, row, col)
                for number, count in zip(*np.unique(numbers, return_counts=True), strict=True):
                    made.cells[int(number)] = made.cells.get(int(number), 0) + int(count)
            for product, file in ((job.product, heights), (SOURCE, source)):
                if set(made.cells) == {0}:
                    made.absent[names.folder(product, grid.resolution)] = "empty"
                else:
                    made.staged.append(_stage(job, product, file))
    except BaseException:
        for staged in made.staged:
            put.discard(staged.path)
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return made


def _windows(grid: Grid) -> Iterator[tuple[int, int, Box]]:
    """Yield row, column and box of each window."""
    cell, box = grid.cell, grid.box
    side = WINDOW * cell
    for north in range(box.north, box.south, -side):
        for west in range(box.west, box.east, side):
            part = Box(west, max(north - side, box.south), min(west + side, box.east), north)
            yield (box.north - north) // cell, (west - box.west) // cell, part


def _file(
    job: SheetJob, grid: Grid, product: str, scratch: Path, threads: int
) -> AbstractContextManager[CogFile]:
    return cog_file(
        grid,
        job.crs_wkt,
        CODES if product == SOURCE else HEIGHTS,
        tags=_tags(job, product),
        scratch=scratch,
        compress=job.compress,
        threads=threads,
    )


def _tags(job: SheetJob, product: str) -> dict[str, str]:
    tiles = [tile for _, held in job.layers for tile in held]
    inputs = sorted((tile.path.name, tile.size, job.hashes[tile.path]) for tile in tiles)
    named = [{"name": name, "size": size, "sha256": sha256} for name, size, sha256 in inputs]
    credits = dict.fromkeys(tile.tags["CREDIT"] for tile in tiles if tile.tags.get("CREDIT"))
    tags = {
        "TIFFTAG_SOFTWARE": f"hyogo-pc {__version__}",
        "PRODUCT": product.upper(),
        "ALGORITHM": str(ALGORITHM),
        "SHEET": job.sheet.code,
        "INPUTS": to_json(named),
        **({"CREDIT": "; ".join(credits)} if credits else {}),
        **job.tags,
    }
    if any(tile.tags.get("SYNTHETIC") == "YES" for tile in tiles):
        tags["SYNTHETIC"] = "YES"
    return tags


def _stage(job: SheetJob, product: str, file: CogFile) -> Staged:
    folder = names.folder(product, metres(job.cell))
    name = f"{folder}/{names.file_in(folder, job.sheet.code)}"
    return Staged(folder, name, *file.stage(job.out / name))
