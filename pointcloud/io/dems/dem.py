"""DEMs as files: any raster that the one door opens, and a folder of them as one terrain."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.windows import Window

from pointcloud.errors import CrsError, FileError, ParameterError
from pointcloud.geo import crs as crs_room
from pointcloud.io import raster, vrtfile
from pointcloud.io.dems.openfiles import CACHE, OpenFiles
from pointcloud.io.dems.plausibility import Doubts
from pointcloud.io.gdal_errors import cause
from pointcloud.io.names import is_litter
from pointcloud.io.remark import Remark

SUFFIXES = (".tif", ".tiff", ".asc", ".img", ".bil", ".flt", ".dem", ".hgt")
"""What is taken from folders and patterns; a file that is named itself may end in anything."""

_SETTINGS: dict[str, object] = {"GDAL_CACHEMAX": CACHE, "GDAL_DISABLE_READDIR_ON_OPEN": "FALSE"}


@dataclass(frozen=True, slots=True)
class DemFile:
    """What a DEM file says of itself.

    Parameters
    ----------
    path : Path
    rows, cols : int
    transform : Affine
        North up, square cells.
    crs_wkt : str, optional
    exact : bool
        Whether float32 holds its heights.
    synthetic : bool
        Whether it, or the first source of a mosaic, calls itself made-up.
    credit : str
        Source and licence that it, or the first source of a mosaic, states.
    epsg : int, optional
        Code of its CRS, where it is the code that the file states.
    parts : tuple of Path
        The files that it is held in: itself, what lies beside it, the sources of a mosaic.
    """

    path: Path
    rows: int
    cols: int
    transform: Affine
    crs_wkt: str | None
    exact: bool
    synthetic: bool
    credit: str = ""
    epsg: int | None = None
    parts: tuple[Path, ...] = ()

    @property
    def cell(self) -> float:
        """Side of a cell in the unit of the CRS."""
        return float(self.transform.a)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        west, north = self.transform.c, self.transform.f
        return west, north - self.rows * self.cell, west + self.cols * self.cell, north


def find_dems(inputs: Sequence[str | Path]) -> list[Path]:
    """Return the files that the inputs name, each once: files, folders (with all folders in them) and patterns.

    Raises
    ------
    ParameterError
        If an input does not exist or holds no DEM.
    """
    found: dict[Path, Path] = {}
    for given in inputs:
        paths = list(_named(str(given)))
        if not paths:
            message = (
                "dem.none_found" if Path(given).exists() or glob.has_magic(str(given)) else "file.missing"
            )
            raise ParameterError(message, path=given, suffixes=", ".join(SUFFIXES))
        for path in paths:
            found.setdefault(path.resolve(), path)
    return [found[place] for place in sorted(found)]


def _named(given: str) -> Iterator[Path]:
    path = Path(given)
    if path.is_dir():
        for place, _, names in os.walk(path):
            yield from (Path(place, name) for name in names if _is_dem(name))
    elif path.exists():
        yield path
    elif glob.has_magic(given):
        # Path.glob takes no pattern that begins at a drive or the root.
        yield from (Path(name) for name in glob.iglob(given, recursive=True) if _is_dem(name))  # noqa: PTH207


def _is_dem(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not is_litter(Path(name).name)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a raster as :mod:`pointcloud.io.raster` does; yield rasterio's dataset.

    Raises
    ------
    FileError
        If it cannot be opened or read.
    """
    try:
        with raster.opened(path, settings=_SETTINGS) as file:
            yield file
    except raster.ERRORS as error:
        raise FileError("dem.unreadable", path=path, cause=cause(error)) from error


def look(path: Path) -> DemFile:
    """Read what a DEM file says of itself.

    Raises
    ------
    FileError
        If it cannot be read, or is no DEM with square cells, north up.
    CrsError
        If it is in degrees, or in another unit than metres.
    """
    with opened(path) as file:
        transform, dtype = file.transform, np.dtype(file.dtypes[0])
        if file.count >= 3 and dtype == np.uint8:
            raise FileError("dem.picture", path=path, bands=file.count)
        if dtype.kind not in "iuf":
            raise FileError("dem.type", path=path, dtype=dtype)
        a, b, d, e = transform.a, transform.b, transform.d, transform.e
        if transform == Affine.identity():
            raise FileError("dem.nowhere", path=path)
        if b or d or a <= 0 or abs(a + e) > 1e-6 * a:
            raise FileError("dem.shape", path=path, a=a, b=b, d=d, e=e)
        if file.crs is not None and file.crs.is_geographic:
            raise CrsError("dem.degrees", path=path, crs=file.crs.to_string()[:60])
        if file.crs is not None and abs(file.crs.linear_units_factor[1] - 1.0) > 1e-9:
            raise CrsError("dem.unit", path=path, unit=file.crs.linear_units_factor[0])
        tags = _tags(path, file)
        exact = (dtype.itemsize <= 2 or dtype == np.float32) and file.scales[0] == 1 and file.offsets[0] == 0
        return DemFile(
            path=path,
            rows=file.height,
            cols=file.width,
            transform=transform,
            crs_wkt=file.crs.to_wkt() if file.crs is not None else None,
            exact=exact,
            synthetic=tags.get("SYNTHETIC") == "YES",
            credit=tags.get("CREDIT", ""),
            epsg=file.crs.to_epsg() if file.crs is not None and file.driver == "GTiff" else None,
            parts=_parts(path, file),
        )


def _parts(path: Path, file: Any) -> tuple[Path, ...]:
    """Return the files that an open raster is held in; QGIS' statistics beside it say nothing of its heights."""
    return tuple(part for part in raster.files_of(path, file) if not part.name.lower().endswith(".aux.xml"))


def _tags(path: Path, file: Any) -> dict[str, str]:
    """Return the tags of an open raster; those of its first source stand for what a mosaic does not say."""
    tags: dict[str, str] = file.tags()
    if path.suffix.lower() == ".vrt" and (source := vrtfile.first_source(path)) is not None:
        with raster.open_raster(source) as first:
            return {**first.tags(), **tags}
    return tags


def credits_of(files: Iterable[DemFile]) -> list[str]:
    """Return the credits that files state, each once."""
    return list(dict.fromkeys(file.credit for file in files if file.credit))


class Terrain:
    """Several DEM files of one lattice, read as one; for a single thread.

    Parameters
    ----------
    files : sequence of DemFile
    nodata : float, optional
        A height that is nodata besides what the files say.
    tell : callable, optional
        Hears of doubts instead of a warning.

    Raises
    ------
    ParameterError
        If two files differ in cell size or lattice.
    CrsError
        If they differ in CRS.

    Warns
    -----
    DataWarning
        If heights are read that are a usual mark of nodata, which their file does not declare, once for each mark;
        and at the end if a file was read that holds no height.
    """

    def __init__(
        self,
        files: Sequence[DemFile],
        nodata: float | None = None,
        tell: Callable[[Remark], None] | None = None,
    ) -> None:
        self.files, self.nodata = list(files), nodata
        self._doubts = Doubts(tell)
        self._open = OpenFiles(_open, _SETTINGS)
        first = self.files[0]
        self._places = {file.path: self._place(file, first) for file in self.files}

    def __enter__(self) -> Terrain:
        self._open.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)
        if error is None:
            self._doubts.end([(file.path, file.rows, file.cols) for file in self.files])

    @staticmethod
    def _place(file: DemFile, first: DemFile) -> tuple[int, int]:
        """Return row and column of a file's first cell, counted from that of the first file."""
        if abs(file.cell - first.cell) > 1e-6 * first.cell:
            raise ParameterError(
                "dem.cells", path=file.path, cell=file.cell, other=first.path, wanted=first.cell
            )
        if file.crs_wkt and first.crs_wkt and not _same_crs(file.crs_wkt, first.crs_wkt):
            raise CrsError("dem.crs", path=file.path, other=first.path)
        row = (first.transform.f - file.transform.f) / first.cell
        col = (file.transform.c - first.transform.c) / first.cell
        if max(abs(row - round(row)), abs(col - round(col))) > 0.01:
            raise ParameterError("dem.lattice", path=file.path, other=first.path)
        return round(row), round(col)

    def around(self, file: DemFile, halo: int) -> list[DemFile]:
        """Return the files with cells in a file or within a halo of it, by name."""
        top, left = self._places[file.path]
        near = []
        for other in self.files:
            row, col = self._places[other.path]
            down = row < top + file.rows + halo and top - halo < row + other.rows
            if down and col < left + file.cols + halo and left - halo < col + other.cols:
                near.append(other)
        return sorted(near, key=lambda one: one.path.name)

    def read(self, file: DemFile, row: int, col: int, rows: int, cols: int) -> NDArray[Any]:
        """Return a window of a file, NaN where there is no height; beyond the file, from its neighbours.

        Within the file only its own heights count, beyond it those of the first neighbour, by name, that has one.

        Parameters
        ----------
        file : DemFile
        row, col : int
            Of the window's first cell, counted from the file's; may be negative.
        rows, cols : int

        Returns
        -------
        (rows, cols) array of float32 or float64

        Raises
        ------
        FileError
            If a file cannot be read.
        """
        exact = all(other.exact for other in self.files)
        out = np.full((rows, cols), np.nan, np.float32 if exact else np.float64)
        top, left = self._places[file.path]
        inside = row >= 0 and col >= 0 and row + rows <= file.rows and col + cols <= file.cols
        if not inside:
            for other in sorted(self.files, key=lambda item: item.path.name, reverse=True):
                if other is not file:
                    self._copy(other, top + row, left + col, out, over=False)
        self._copy(file, top + row, left + col, out, over=True)
        return out

    def _copy(self, file: DemFile, row: int, col: int, out: NDArray[Any], *, over: bool) -> None:
        """Copy what a file has of a window, counted as the places are; ``over`` clears what was there."""
        top, left = self._places[file.path]
        first, last = max(row, top), min(row + out.shape[0], top + file.rows)
        start, stop = max(col, left), min(col + out.shape[1], left + file.cols)
        if first >= last or start >= stop:
            return
        heights = self._heights(file, Window(start - left, first - top, stop - start, last - first))
        part = out[first - row : last - row, start - col : stop - col]
        np.copyto(part, heights, where=True if over else ~np.isnan(heights))

    def _heights(self, file: DemFile, window: Window) -> NDArray[Any]:
        try:
            dataset = self._open[file.path]
            read = dataset.read(1, window=window, masked=True)
            scale, offset = dataset.scales[0], dataset.offsets[0]
        except raster.ERRORS as error:
            raise FileError("dem.unreadable", path=file.path, cause=cause(error)) from error
        heights = np.ma.getdata(read).astype(np.float32 if file.exact else np.float64)
        void = np.ma.getmaskarray(read) | ~np.isfinite(heights)
        if self.nodata is not None:
            void |= heights == heights.dtype.type(self.nodata)
        place = round(window.row_off), round(window.col_off)
        self._doubts.see(
            file.path, (*place, place[0] + len(heights), place[1] + heights.shape[1]), heights, void
        )
        if not file.exact:
            heights = heights * scale + offset
        heights[void] = np.nan
        return heights


def _same_crs(a: str, b: str) -> bool:
    """Whether equal coordinates are the same place; of systems that only GDAL can read, whether they are the same."""
    try:
        return a == b or crs_room.same_place(crs_room.from_wkt(a), crs_room.from_wkt(b))
    except CrsError:
        return bool(CRS.from_wkt(a) == CRS.from_wkt(b))


def _open(path: Path) -> Any:
    try:
        return raster.open_raster(path)
    except raster.ERRORS as error:
        raise FileError("dem.unreadable", path=path, cause=cause(error)) from error
