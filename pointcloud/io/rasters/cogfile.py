"""Cloud-optimised GeoTIFFs of any size, written window by window: small ones in memory, others never whole in it.

A raster waits as a :class:`pointcloud.io.rasters.pyramid.Pyramid` until its last window is there; GDAL's COG driver
then copies it. A file on the disk is read back and compared with what was written (a disk that filled up in between
reads as nodata, without an error), and only then is it for :mod:`pointcloud.io.put` to stage and publish.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.enums import ColorInterp
from rasterio.errors import CRSError, RasterioError
from rasterio.io import MemoryFile
from rasterio.session import DummySession

from pointcloud.errors import OutputError
from pointcloud.io import put
from pointcloud.io.plainname import PlainName
from pointcloud.io.rasters.cogdriver import Frame, copy_options, gdal_crs, settings
from pointcloud.io.rasters.pyramid import Content, Pyramid
from pointcloud.io.rasters.statistics import Statistics
from pointcloud.params.grid import NODATA, Compression
from pointcloud.plaintext import in_utf8

IN_MEMORY = 16_000_000
"""Cells up to which a raster is made in memory: 64 MB, 21 MB of overviews, and a file of at most as much."""

_CACHE = 64 * 1024**2
"""Bytes of GDAL's block cache: every block is written and read once, so a larger one only fills up."""

_STRIP = 128
"""Rows of a whole raster that are written at a time: 4000 columns in float64 are 4 MB, which the caches hold."""

_COLOURS = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)
_GDAL_ERRORS = (RasterioError, CRSError, CPLE_BaseError)


@dataclass
class CogFile:
    """A raster that is being written.

    Parameters
    ----------
    content : Content
    crs : CRS or None
    tags : mapping of str to str
    options : mapping
        Of GDAL's COG driver.
    pyramid : Pyramid
        The cells.
    made : MemoryFile or Path
        The file that is made of them.
    """

    content: Content
    crs: CRS | None
    tags: Mapping[str, str]
    options: Mapping[str, object]
    pyramid: Pyramid
    made: MemoryFile | Path
    statistics: list[Statistics] = field(init=False)

    def __post_init__(self) -> None:
        self.statistics = [Statistics() for _ in self.content.units or ()]

    def write(self, part: NDArray[Any], row: int, col: int) -> None:
        """Write a window from this row and column on, both multiples of the pyramid's step.

        Parameters
        ----------
        part : uint8 (rows, cols, 4), uint8 (rows, cols), float (rows, cols) or float (rows, cols, bands)
            Red, green, blue, alpha; codes; or numbers, NaN for nodata (-9999 in the file).

        Raises
        ------
        OutputError
            If the disk takes no more.
        """
        cells = part if part.ndim == 3 else part[:, :, np.newaxis]
        if self.content.units is not None:
            cells = self._numbers(cells)
        self.pyramid.write(cells, row, col)

    def write_whole(self, array: NDArray[Any]) -> None:
        """Write all cells."""
        strip = max(_STRIP, self.pyramid.step)
        for row in range(0, len(array), strip):
            self.write(array[row : row + strip], row, 0)

    def _numbers(self, part: NDArray[Any]) -> NDArray[np.float32]:
        void = np.isnan(part)
        numbers = np.where(void, NODATA, part).astype(np.float32)
        for band, statistics in enumerate(self.statistics):
            statistics.add(numbers[:, :, band], void[:, :, band])
        return numbers

    def _copy(self, target: str) -> None:
        with rasterio.open(self.pyramid.vrt(), "r+", driver="VRT") as dataset:
            if self.crs is not None:
                dataset.crs = self.crs
            if self.content.nodata is not None:
                dataset.nodata = self.content.nodata
            if self.content.is_picture:
                dataset.colorinterp = _COLOURS
            if self.content.names:
                dataset.descriptions = self.content.names
            if self.content.units is not None:
                dataset.units = self.content.units
            tags = {key: in_utf8(self.tags[key]) for key in sorted(self.tags)}
            dataset.update_tags(**tags, AREA_OR_POINT="Area")
            for band, statistics in enumerate(self.statistics, start=1):
                dataset.update_tags(band, **statistics.tags())
            rasterio.shutil.copy(dataset, target, driver="COG", **self.options)

    def encode(self) -> memoryview:
        """Make a file in memory. The cells are freed; the bytes last as long as this raster is open."""
        assert isinstance(self.made, MemoryFile)
        self._copy(self.made.name)
        self.pyramid.free()
        return memoryview(self.made.getbuffer())

    def finish(self) -> Path:
        """Make a file on the disk and compare it with what was written.

        Raises
        ------
        OutputError
            If it differs.
        """
        assert isinstance(self.made, Path)
        self._copy(str(self.made))
        if not self.pyramid.is_in(self.made):
            size = self.made.stat().st_size
            raise OutputError("output.altered", path=self.made, expected=size, found=size)
        return self.made

    def stage(self, target: Path) -> tuple[Path, int, str]:
        """Make the cloud-optimised file under a private name in the folder of its final one.

        Returns
        -------
        (Path, int, str)
            The private file, for :func:`pointcloud.io.put.publish`, its bytes and its SHA-256.

        Raises
        ------
        OutputError
            If it cannot be written, or is not what was written.
        """
        if isinstance(self.made, MemoryFile):
            data = self.encode()
            sha256 = hashlib.sha256(data).hexdigest()
            return put.stage(target.parent, target.name, data), data.nbytes, sha256
        made = self.finish()
        size, sha256 = made.stat().st_size, put.digest(made)
        return put.adopt(target.parent, target.name, made), size, sha256

    def publish(self, target: Path) -> None:
        """Make the cloud-optimised file and give it its final name.

        Raises
        ------
        OutputError
            If it cannot be written, or is not what was written.
        """
        staged, size, _ = self.stage(target)
        put.publish(staged, target, size=size)


@contextmanager
def cog_file(
    frame: Frame,
    crs_wkt: str | None,
    content: Content,
    *,
    tags: Mapping[str, str],
    scratch: Path | None = None,
    compress: Compression = "deflate",
    threads: int = 1,
) -> Iterator[CogFile]:
    """Open a raster for writing.

    Parameters
    ----------
    frame : Frame
    crs_wkt : str or None
    content : Content
    tags : mapping of str to str
    scratch : Path, optional
        A folder on the volume of the result, in which the raster waits and its file is made, which `CogFile.finish`
        returns; without, all is made in memory, and `CogFile.encode` returns it.
    compress, threads
        As for :func:`pointcloud.io.rasters.cog.encode_heights`.

    Raises
    ------
    OutputError
        If GDAL fails, for want of space for example.
    """
    try:
        crs = gdal_crs(crs_wkt)
        with _room(scratch) as (made, folder, within):
            how = settings(content.bands, compress) | {"CPL_TMPDIR": within, "GDAL_CACHEMAX": _CACHE}
            if folder is None:
                how["GDAL_ONE_BIG_READ"] = (
                    "YES"  # past the cache: a fifth less time in memory, more on the disk
                )
            with rasterio.Env(session=DummySession(), **how), Pyramid(frame, content, folder) as pyramid:
                yield CogFile(content, crs, tags, copy_options(compress, threads), pyramid, made)
    # The COG driver raises what GDAL said, by classes that are no RasterioError and have no public name.
    except _GDAL_ERRORS as error:
        cause = " ".join(str(error).split())
        raise OutputError("output.encode", rows=frame.rows, cols=frame.cols, cause=cause) from error


@contextmanager
def _room(scratch: Path | None) -> Iterator[tuple[MemoryFile | Path, Path | None, str]]:
    """Yield where a file is made, the folder for its cells if it has one, and that for what GDAL leaves by the way."""
    if scratch is None:
        with MemoryFile(ext=".tif") as made:
            yield made, None, made.name.rpartition("/")[0]
        return
    readable = PlainName(scratch / secrets.token_hex(8))  # GDAL works in it
    folder = Path(readable.text)
    try:
        yield folder / "made.tif", folder, str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
