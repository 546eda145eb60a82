"""Height models that a view is made from: files, or a raster in memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pointcloud.api.raster import Raster
from pointcloud.io.dems import doubts
from pointcloud.io.dems.dem import Terrain, credits_of, find_dems, look

Bounds = tuple[float, float, float, float]


class Heights(Protocol):
    """Cells with heights, counted from a first one, which may have others before it."""

    name: str
    cell: float
    west: float
    north: float
    bounds: Bounds
    crs_wkt: str | None
    synthetic: bool
    credit: str

    def read(self, row: int, col: int, rows: int, cols: int) -> NDArray[Any]:
        """Return the heights of a window in metres, (rows, cols), NaN where there are none."""


class FileHeights:
    """DEM files of one lattice; usable while their `Terrain` is open."""

    def __init__(self, terrain: Terrain) -> None:
        self._terrain, first = terrain, terrain.files[0]
        self._first = first
        self.name = first.path.name
        self.cell = first.cell
        self.west, self.north = float(first.transform.c), float(first.transform.f)
        self.crs_wkt = next((file.crs_wkt for file in terrain.files if file.crs_wkt), None)
        self.synthetic = any(file.synthetic for file in terrain.files)
        self.credit = ", ".join(credits_of(terrain.files))
        edges = [
            (t.c, t.f - file.rows * t.a, t.c + file.cols * t.a, t.f)
            for file in terrain.files
            for t in [file.transform]
        ]
        wests, souths, easts, norths = zip(*edges, strict=True)
        self.bounds = (float(min(wests)), float(min(souths)), float(max(easts)), float(max(norths)))

    def read(self, row: int, col: int, rows: int, cols: int) -> NDArray[Any]:
        """Return a window, NaN where there is no height."""
        return self._terrain.read(self._first, row, col, rows, cols)


class ArrayHeights:
    """A raster in memory."""

    def __init__(self, raster: Raster) -> None:
        self.name = raster.name or "raster"
        self.cell = raster.resolution
        self.bounds = raster.bounds
        self.west, self.north = raster.bounds[0], raster.bounds[3]
        self.crs_wkt = raster.crs
        self.synthetic, self.credit = False, ""
        self._array = raster.array

    def read(self, row: int, col: int, rows: int, cols: int) -> NDArray[Any]:
        """Return a window, NaN where there is no height."""
        out = np.full((rows, cols), np.nan, self._array.dtype)
        high, wide = self._array.shape
        top, bottom = max(row, 0), min(row + rows, high)
        left, right = max(col, 0), min(col + cols, wide)
        if top < bottom and left < right:
            out[top - row : bottom - row, left - col : right - col] = self._array[top:bottom, left:right]
        return out


@contextmanager
def opened(inputs: Sequence[str | Path] | Raster, nodata: float | None = None) -> Iterator[Heights]:
    """Open files, folders, patterns or a raster as one height model.

    Raises
    ------
    ParameterError
        If an input does not exist or holds no DEM, or two files do not fit together.
    FileError
        If a file is no DEM.
    CrsError
        If a file is not in metres, or two are in different systems.
    """
    if isinstance(inputs, Raster):
        yield ArrayHeights(inputs)
        return
    files = [look(path) for path in find_dems(inputs)]
    doubts.warn_unsound(files)
    with Terrain(files, nodata) as terrain:
        yield FileHeights(terrain)


def height_at(heights: Heights, e: float, n: float) -> float:
    """Return the height at a place, bilinear between cell centres; NaN where one of the four has none."""
    col, row = (e - heights.west) / heights.cell - 0.5, (heights.north - n) / heights.cell - 0.5
    left, top = math.floor(col), math.floor(row)
    four = heights.read(top, left, 2, 2).astype(np.float64)
    x, y = col - left, row - top
    weights = np.outer((1.0 - y, y), (1.0 - x, x))
    return float((four * weights)[weights > 0.0].sum())
