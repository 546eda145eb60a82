"""GeoTIFFs of heights as layers of a mosaic: read window by window, a few of them open at a time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import ColorInterp

from pointcloud.errors import FileError
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import Grid
from pointcloud.io import raster
from pointcloud.io.dems import geotiff
from pointcloud.io.dems.openfiles import OpenFiles
from pointcloud.io.member import Member
from pointcloud.surface.mosaic import first_cell, pasted

_KEPT = ("PRODUCT", "KIND", "CREDIT", "SYNTHETIC")


@dataclass(frozen=True)
class Tile:
    """A GeoTIFF of heights that can be read where it lies: north up, and with a CRS.

    Parameters
    ----------
    path : Path
    size, modified_ns : int
        Bytes, and time of its last change.
    grid : Grid
    crs : SpatialReference
    tags : dict
        What it says of itself: ``PRODUCT``, ``KIND``, ``CREDIT``, ``SYNTHETIC``.
    """

    path: Path
    size: int
    modified_ns: int
    grid: Grid
    crs: SpatialReference
    tags: dict[str, str]


def look(member: Member) -> Tile | None:
    """Return what a GeoTIFF says of itself, or ``None`` if it must be converted before it can be read by windows.

    Raises
    ------
    FileError
        If it cannot be read, or its cells are neither square nor upright.
    """
    if member.inner:
        return None
    try:
        with raster.opened(member.path, raster.GEOTIFF, raster.ALONE) as file:
            place = geotiff.header(file, member.label)
            if place is None or file.count != 1 or ColorInterp.palette in file.colorinterp:
                return None
            tags = {name: value for name, value in file.tags().items() if name in _KEPT}
    except raster.ERRORS as error:
        cause = " ".join(str(error).split())
        raise FileError("geotiff.unreadable", path=member.label, cause=cause) from error
    state = member.path.stat()
    return Tile(member.path, state.st_size, state.st_mtime_ns, *place, tags)


def _open(path: Path) -> Any:
    return raster.open_raster(path, raster.GEOTIFF, alone=True)


class TileReader(AbstractContextManager["TileReader"]):
    """Reads windows of tiles; for a single thread."""

    def __init__(self) -> None:
        self._open = OpenFiles(_open, raster.ALONE)

    def __enter__(self) -> TileReader:
        self._open.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def heights(self, tile: Tile, row: int, col: int, rows: int, cols: int) -> NDArray[np.float32]:
        """Return a window of a tile.

        Raises
        ------
        FileError
            If it cannot be read.
        """
        try:
            return geotiff.heights_in(self._open[tile.path], (row, col, rows, cols))
        except raster.ERRORS as error:
            cause = " ".join(str(error).split())
            raise FileError("geotiff.unreadable", path=tile.path.name, cause=cause) from error


class TileLayer:
    """Tiles of one lattice as a layer; see :class:`pointcloud.surface.mosaic.Layer`.

    Parameters
    ----------
    tiles : sequence of Tile
        At least one; where they overlap, the first by name that has a height counts.
    reader : TileReader
    """

    def __init__(self, tiles: Sequence[Tile], reader: TileReader) -> None:
        grid = tiles[0].grid
        self.tiles, self.reader = sorted(tiles, key=lambda tile: (tile.path.name, str(tile.path))), reader
        self.cell, self.origin, self.per_unit = grid.cell, grid.origin, grid.per_unit
        self.crs = tiles[0].crs.horizontal

    def read(self, row: int, col: int, rows: int, cols: int) -> NDArray[np.float64] | None:
        """Return a window of the layer, counted from its origin; ``None`` if it has no height there."""
        parts = []
        for tile in self.tiles:
            top, left = first_cell(tile.grid)
            first, last = max(row, top), min(row + rows, top + tile.grid.rows)
            start, stop = max(col, left), min(col + cols, left + tile.grid.cols)
            if first < last and start < stop:
                window = (first - top, start - left, last - first, stop - start)
                parts.append((first, start, self.reader.heights(tile, *window)))
        return pasted(parts, row, col, rows, cols)
