"""A small raster of a whole product, behind its mosaic: zoomed out, a GIS program opens one file and not thousands."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.enums import Resampling

from pointcloud.errors import FileError, OutputError
from pointcloud.geo.lattice import Box, Grid, cell_quanta, quanta
from pointcloud.io import names, put, raster
from pointcloud.io.rasters import cog, vrt
from pointcloud.run.entries import ItemRecord

Array = npt.NDArray[Any]

MANY = 30
"""Sheets from which on a mosaic has an overview: a screen at its scale shows about as many."""

_CELL = (
    20.0  # metres, or less if that does not divide the sheets: at this scale a screen shows some 200 of them
)
_READERS = 4
_CONTENT = "CONTENT"


def write(
    out: Path,
    folder: str,
    resolution: float,
    sheets: Mapping[str, ItemRecord],
    crs_wkt: str | None,
    kind: vrt.Kind,
) -> Path | None:
    """Write the overview of a product, unless that of the same rasters is there; remove it if there are few sheets.

    Parameters
    ----------
    out : Path
    folder : str
        ``DEM_1g``.
    resolution : float
        Metres.
    sheets : mapping of str to ItemRecord
        Those with a raster in the folder.
    crs_wkt : str or None
    kind : {"heights", "rgba"}

    Returns
    -------
    Path or None
        Name of the file in ``out``; ``None`` if there is no overview.

    Raises
    ------
    OutputError
        If a raster cannot be read, or the overview not be written.
    """
    target = out / names.overview_name(folder)
    if len(sheets) < MANY:
        put.remove(target)
        return None
    boxes = {code: Box.from_metres(*sheet.bounds) for code, sheet in sheets.items()}
    grid = _grid(list(boxes.values()), cell_quanta(resolution))
    content = _content({code: sheet.rasters[folder].sha256 for code, sheet in sheets.items()})
    if _is_of(target, content):
        return Path(target.name)
    shape = grid.shape if kind == "heights" else (*grid.shape, 4)
    whole: Array = np.full(
        shape, np.nan if kind == "heights" else 0, np.float32 if kind == "heights" else np.uint8
    )

    def take(code: str) -> None:
        part = whole[grid.slices(boxes[code])]
        part[:] = _read(out / folder / names.file_in(folder, code), part.shape, kind)

    with ThreadPoolExecutor(_READERS) as pool:
        for _ in pool.map(take, sheets):
            pass
    put.put(target, cog.encode(whole, grid, crs_wkt, tags={_CONTENT: content}))
    return Path(target.name)


def _grid(boxes: list[Box], cell: int) -> Grid:
    """Return the grid of the overview: the largest cell up to 20 m that divides all edges."""
    whole = Box(
        min(box.west for box in boxes),
        min(box.south for box in boxes),
        max(box.east for box in boxes),
        max(box.north for box in boxes),
    )
    steps = math.gcd(
        *((edge - origin) // cell for box in boxes for edge, origin in _edges(box, whole) if edge != origin)
    )
    factor = max(k for k in range(1, quanta(_CELL) // cell + 1) if steps % k == 0)
    return Grid(whole, cell * factor)


def _edges(box: Box, whole: Box) -> tuple[tuple[int, int], ...]:
    west, north = whole.west, whole.north
    return (box.west, west), (box.east, west), (box.south, north), (box.north, north)


def _content(hashes: Mapping[str, str]) -> str:
    """Return a digest of all rasters."""
    text = "\n".join(f"{code} {digest}" for code, digest in sorted(hashes.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def _is_of(path: Path, content: str) -> bool:
    try:
        with raster.opened(path, raster.GEOTIFF, raster.ALONE) as file:
            return bool(file.tags().get(_CONTENT) == content)
    except (*raster.ERRORS, FileError):
        return False


def _read(path: Path, shape: tuple[int, ...], kind: vrt.Kind) -> Array:
    """Return a raster at the overview's cells.

    Colours are those of the nearest cells: averaging would mix in the colour of what is transparent.
    """
    try:
        with raster.opened(path, raster.GEOTIFF, raster.ALONE) as file:
            if kind == "rgba":
                bands = file.read(out_shape=(4, *shape[:2]), resampling=Resampling.nearest)
                return np.moveaxis(bands, 0, 2)
            heights = file.read(1, out_shape=shape, resampling=Resampling.average, masked=True)
            values: Array = heights.astype(np.float32).filled(np.nan)
            return values
    except (*raster.ERRORS, FileError) as error:
        raise OutputError("output.preview_unreadable", path=path, cause=error) from error
