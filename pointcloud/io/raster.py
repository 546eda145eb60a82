"""The one door through which rasters are opened: local files, by drivers that read rasters, and nothing that leads on.

A file is opened for what it holds, whatever its name says. A mosaic must be named ``.vrt``, and is read as
:mod:`pointcloud.io.vrtfile` understands it. GDAL opens what a mosaic is made of, and the overviews and masks beside a
raster, by any driver; so each of them is looked at first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader, MemoryFile
from rasterio.session import DummySession

from pointcloud.errors import FileError
from pointcloud.io import tiff_links, vrtfile
from pointcloud.io.plainname import PlainName
from pointcloud.machine import offline
from pointcloud.machine.limits import limit
from pointcloud.messages import say

ERRORS = (RasterioError, CPLE_BaseError)
"""What GDAL's failures are raised as; the second, from within a driver, is no error of rasterio's."""

GEOTIFF = ("GTiff",)

DRIVERS = (
    *(*GEOTIFF, "AAIGrid", "HFA", "EHdr", "ENVI", "SRTMHGT", "USGSDEM", "GSBG", "GS7BG", "GSAG", "SAGA"),
    *("RST", "netCDF", "XYZ", "JP2OpenJPEG", "PNG", "JPEG", "BIL", "DTED", "Idrisi", "ILWIS", "PCRaster"),
)
"""Drivers of formats that hold their cells themselves, or in a file of the same name beside them."""

ALONE: Mapping[str, object] = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}
"""Settings with which GDAL looks at no file beside a raster: neither overviews, a mask nor where it lies."""

_DEEPEST = 4
_HEAD = 512
_HDF5 = b"\x89HDF\r\n\x1a\n"
_BESIDE = (".ovr", ".msk")
_DOMAINS = ("OVERVIEWS", "GEOLOCATION")
"""Metadata in which a raster may name others."""


def environment(settings: Mapping[str, object] | None = None) -> rasterio.Env:
    """Return the settings in which rasters are read, and more: no network, no credentials, no notes beside them."""
    common = {**offline.GDAL, "GDAL_PAM_ENABLED": "NO"}
    return rasterio.Env(session=DummySession(), **common, **(settings or {}))


@contextmanager
def opened(
    path: Path, drivers: Sequence[str] = DRIVERS, settings: Mapping[str, object] | None = None
) -> Iterator[Any]:
    """Open a raster for the time of a block, as :func:`open_raster` does, with more settings of GDAL's."""
    with environment(settings), open_raster(path, drivers, alone=settings is ALONE) as file:
        yield file


@contextmanager
def opened_bytes(data: bytes, driver: str = GEOTIFF[0]) -> Iterator[Any]:
    """Open a raster that is in memory and leads nowhere, or a mosaic of this program's making.

    Raises
    ------
    FileError
        If it names other files, or is larger than the limit.
    rasterio.errors.RasterioError, rasterio._err.CPLE_BaseError
        If GDAL cannot open it.
    """
    mosaic = driver == "VRT"
    with (
        environment(None if mosaic else ALONE),
        MemoryFile(data, ext=".vrt" if mosaic else ".tif") as memory,
        memory.open(driver=driver) as file,
    ):
        if not mosaic:
            _require_no_links(file, Path(file.name))
        yield _within_limits(file, Path(file.name))


def open_raster(path: Path, drivers: Sequence[str] = DRIVERS, *, alone: bool = False) -> Any:
    """Return an open raster: a local file by one of the drivers, or a mosaic of local files by its name ``.vrt``.

    It must be called, and the raster be used, within :func:`environment`.

    Parameters
    ----------
    path : Path
    drivers : sequence of str
        GDAL's names.
    alone : bool
        Whether the settings are those of `ALONE`, so that what lies beside it need not be looked at.

    Raises
    ------
    FileError
        If it is missing, larger than the limit, or leads to what is no local raster.
    rasterio.errors.RasterioError, rasterio._err.CPLE_BaseError
        If GDAL cannot open it; see `ERRORS`.
    """
    if not path.is_file():
        raise FileError("file.missing", path=path)
    if path.suffix.lower() == ".vrt":
        return _within_limits(_Mosaics(path).opened(), path)
    kind = _kind(path, path)
    if not alone:
        _look_beside(path, path, _names(path.parent))
    named = PlainName(path)
    file = DatasetReader(named.text, driver=list(drivers))
    file.within = named  # as long as it is open
    try:
        if kind != "tiff":
            _require_no_links(file, path)
        return _within_limits(file, path)
    except FileError:
        file.close()
        raise


def files_of(path: Path, file: Any) -> tuple[Path, ...]:
    """Return the files that an open raster is held in: itself first, then what was opened beside it or of a mosaic."""
    within = file.within
    named = within.files if isinstance(within, _Mosaics) else map(within.original, file.files)
    return (path, *sorted({part for part in named if part.is_file()} - {path}))


def _within_limits(file: Any, path: Path) -> Any:
    cells = file.width * file.height
    if cells > limit("cells"):
        shape = {"rows": file.height, "cols": file.width, "cells": cells}
        raise FileError("raster.large", path=path, **shape, limit=limit("cells"))
    return file


def _kind(path: Path, named: Path) -> str:
    """Return what a raster holds, ``tiff`` or ``other``, or refuse it; ``named`` is what the user gave.

    Raises
    ------
    FileError
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            if head.startswith(tiff_links.MAGIC):
                file.seek(0)
                if tiff_links.has_links(file):
                    _refuse(path, named, "raster.links")
                return "tiff"
    except OSError as error:
        raise FileError("file.unreadable", path=path, cause=error.strerror or error) from error
    if head.startswith(_HDF5):
        _refuse(path, named, "raster.hdf5")
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"<", b"{"):
        _refuse(path, named, "raster.markup")
    return "other"


def _refuse(path: Path, named: Path, found: str) -> NoReturn:
    if path == named:
        raise FileError("raster.content", path=path, found=say(found))
    raise FileError("raster.within", path=named, source=path.name, found=say(found))


def _look_beside(path: Path, named: Path, names: frozenset[str]) -> None:
    """Make sure that overviews and masks beside a raster are TIFFs that lead nowhere: GDAL would open anything."""
    own = path.name.lower()
    for name in names:
        if name.lower().startswith(own) and name.lower().endswith(_BESIDE) and len(name) > len(own):
            beside = path.with_name(name)
            if beside.is_file() and _kind(beside, named) != "tiff":
                _refuse(beside, named, "raster.markup")


def _names(folder: Path) -> frozenset[str]:
    """Return the names of overviews and masks in a folder."""
    try:
        return frozenset(entry.name for entry in folder.iterdir() if entry.name.lower().endswith(_BESIDE))
    except OSError:
        return frozenset()


def _require_no_links(file: Any, path: Path) -> None:
    if any(file.tags(ns=domain) for domain in _DOMAINS):
        raise FileError("raster.content", path=path, found=say("raster.links"))


class _Mosaics:
    """A mosaic and those within it, as files in memory that name what was looked at.

    Parameters
    ----------
    path : Path
        What the user gave.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.made: dict[Path, MemoryFile | None] = {}
        self.names: list[PlainName] = []
        self.files: list[Path] = []
        self.seen: set[Path] = set()
        self.folders: dict[Path, frozenset[str]] = {}

    def opened(self) -> Any:
        """Return the open mosaic, which keeps what it needs."""
        file = DatasetReader(self._made(self.path, 1).name, driver=["VRT"])
        file.within = self
        return file

    def _made(self, path: Path, depth: int) -> MemoryFile:
        """Return the file in memory that stands for a mosaic."""
        place = path.resolve()
        made = self.made.get(place)
        if made is not None:
            return made
        if place in self.made or depth > _DEEPEST:
            raise FileError("raster.nested", path=self.path, source=path.name)
        self.made[place] = None
        mosaic = vrtfile.read(path)
        for source in mosaic.sources:
            if vrtfile.is_remote(source.text, path.absolute()) or not source.path.is_file():
                raise FileError("raster.source", path=self.path, source=source.text[:200])
            self.files.append(source.path)
            if source.path.suffix.lower() == ".vrt":
                source.point_to(self._made(source.path, depth + 1).name)
            else:
                self._look_at(source.path)
                self.names.append(PlainName(source.path))
                source.point_to(self.names[-1].text)
        made = MemoryFile(mosaic.xml(), ext=".vrt")
        self.made[place] = made
        return made

    def _look_at(self, path: Path) -> None:
        """Make sure that a source is a raster by what it holds."""
        if path in self.seen:
            return
        self.seen.add(path)
        if _kind(path, self.path) == "other":
            with open_raster(path):
                pass
            return
        if path.parent not in self.folders:
            self.folders[path.parent] = _names(path.parent)
        _look_beside(path, self.path, self.folders[path.parent])
