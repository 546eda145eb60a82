"""Cloud-optimised GeoTIFFs of any size, written window by window: small ones in memory, others never whole in it.

A large raster waits in a plain tiled GeoTIFF in a scratch folder until its last window is there; GDAL's COG driver then
copies it to a file beside it. That file is read back and compared with what was written (a disk that filled up in
between reads as nodata, without an error), and only then is it for :mod:`pointcloud.io.put` to stage and publish.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
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
from rasterio.enums import ColorInterp
from rasterio.errors import CRSError, RasterioError
from rasterio.session import DummySession
from rasterio.windows import Window

from pointcloud.errors import OutputError
from pointcloud.io import put
from pointcloud.io.cog import Statistics
from pointcloud.io.cogdriver import BLOCK, Encoder, Frame, copy_options, encoder, gdal_crs, settings
from pointcloud.params import NODATA, Compression

_CACHE = 64 * 1024**2
"""Bytes of GDAL's block cache: every block is written and read once, so a larger one only fills up."""

_PLAIN = 50_000_000
"""Cells up to which the waiting raster is not packed: it saves a tenth of the time, and takes 200 MB at most."""

IN_MEMORY = 16_000_000
"""Cells up to which a raster is made in memory: 64 MB, 21 MB of overviews, and a file of at most as much."""

_COLOURS = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)
_GDAL_ERRORS = (RasterioError, CRSError, CPLE_BaseError)


@dataclass
class CogFile(ABC):
    """A raster that is being written.

    Parameters
    ----------
    dataset
        GDAL's, for the cells.
    unit : str, optional
        Of the numbers; ``None`` for a picture or codes.
    """

    dataset: Any
    unit: str | None
    statistics: Statistics = field(default_factory=Statistics, kw_only=True)

    def write(self, part: NDArray[Any], row: int, col: int) -> None:
        """Write a window from this row and column on, both multiples of the block.

        Parameters
        ----------
        part : uint8 (rows, cols, 4), uint8 (rows, cols), or float (rows, cols)
            Red, green, blue, alpha; codes; or numbers, NaN for nodata.
        """
        if self.unit is not None:
            bands = self._numbers(part)
        else:
            bands = np.moveaxis(part, 2, 0) if part.ndim == 3 else part[np.newaxis]
        self._put(np.ascontiguousarray(bands), Window(col, row, part.shape[1], part.shape[0]))

    def _put(self, bands: NDArray[Any], window: Window) -> None:
        self.dataset.write(bands, window=window)

    def _numbers(self, part: NDArray[Any]) -> NDArray[np.float32]:
        void = np.isnan(part)
        numbers = np.where(void, NODATA, part).astype(np.float32)
        self.statistics.add(numbers, void)
        return numbers[np.newaxis]

    def _describe(self) -> None:
        if self.unit is not None:
            self.dataset.units = (self.unit,)
            self.dataset.update_tags(1, **self.statistics.tags())

    @abstractmethod
    def publish(self, target: Path) -> None:
        """Make the cloud-optimised file and give it its final name.

        Raises
        ------
        OutputError
            If it cannot be written, or is not what was written.
        """


@dataclass
class _InMemory(CogFile):
    """A raster of which all fits in memory: a fifth less time than through the disk."""

    encoder: Encoder

    def publish(self, target: Path) -> None:
        """See :meth:`CogFile.publish`."""
        self._describe()
        put.put(target, self.encoder.finish())


@dataclass
class OnDisk(CogFile):
    """A raster that waits on the disk.

    Parameters
    ----------
    made : Path
        The cloud-optimised file that `finish` makes.
    options : mapping
        Of GDAL's COG driver.
    """

    made: Path
    options: Mapping[str, object]
    sums: list[tuple[Window, int]] = field(default_factory=list)

    def _put(self, bands: NDArray[Any], window: Window) -> None:
        self.dataset.write(bands, window=window)
        self.sums.append((window, zlib.crc32(bands.data)))

    def finish(self) -> Path:
        """Make the cloud-optimised file and compare it with what was written.

        Raises
        ------
        OutputError
            If it differs.
        """
        self._describe()
        rasterio.shutil.copy(self.dataset, str(self.made), driver="COG", **self.options)
        self.dataset.close()
        with rasterio.open(self.made, driver="GTiff") as file:
            for window, wanted in self.sums:
                if zlib.crc32(file.read(window=window).data) != wanted:
                    size = self.made.stat().st_size
                    raise OutputError("output.altered", path=self.made, expected=size, found=size)
        return self.made

    def publish(self, target: Path) -> None:
        """See :meth:`CogFile.publish`."""
        made = self.finish()
        size = made.stat().st_size
        put.publish(put.adopt(target.parent, target.name, made), target, size=size)


@contextmanager
def cog_in_memory(
    frame: Frame,
    crs_wkt: str | None,
    unit: str | None,
    *,
    tags: Mapping[str, str],
    compress: Compression = "deflate",
    overviews: str = "AVERAGE",
    threads: int = 1,
) -> Iterator[CogFile]:
    """Open a raster for writing of which all fits in memory, up to :data:`IN_MEMORY` cells.

    Parameters and errors are those of :func:`cog_file`, which is for any size.
    """
    how = (4, "uint8") if unit is None else (1, "float32")
    nodata = None if unit is None else NODATA
    with encoder(frame, crs_wkt, *how, tags, compress, threads, nodata, overviews) as made:
        if unit is None:
            made.dataset.colorinterp = _COLOURS
        yield _InMemory(made.dataset, unit, made)


@contextmanager
def cog_file(
    scratch: Path,
    name: str,
    frame: Frame,
    crs_wkt: str | None,
    unit: str | None,
    *,
    tags: Mapping[str, str],
    codes: bool = False,
    compress: Compression = "deflate",
    overviews: str = "AVERAGE",
    threads: int = 1,
) -> Iterator[OnDisk]:
    """Open a raster for writing.

    Parameters
    ----------
    scratch : Path
        A folder of its own on the volume of the result; everything is written there.
    name : str
        Of its own in ``scratch``.
    frame : Frame
    crs_wkt : str or None
    unit : str or None
        Unit of the numbers (float32, nodata -9999), or ``None`` for a picture (red, green, blue, alpha) or codes.
    codes : bool
        Codes from 1 to 255 in one band, 0 for none; their overviews should take the nearest.
    overviews : str
        How GDAL makes overviews: angles that run through north cannot be averaged.
    tags, compress, threads
        As for :func:`pointcloud.io.cog.encode_heights`.

    Raises
    ------
    OutputError
        If GDAL fails, for want of space for example.
    """
    picture = unit is None and not codes
    bands = 4 if picture else 1
    nodata = None if picture else 0 if codes else NODATA
    plain = scratch / f"{name}.plain.tif"
    options = copy_options(compress, threads) | {"bigtiff": "IF_SAFER", "overview_resampling": overviews}
    try:
        with rasterio.Env(
            session=DummySession(),
            CPL_TMPDIR=str(scratch),
            GDAL_CACHEMAX=_CACHE,
            BIGTIFF_OVERVIEW="IF_SAFER",
            **settings(bands, compress),
        ):
            dataset = rasterio.open(
                plain,
                "w",
                driver="GTiff",
                width=frame.cols,
                height=frame.rows,
                count=bands,
                dtype="float32" if unit is not None else "uint8",
                crs=gdal_crs(crs_wkt),
                transform=frame.transform,
                nodata=nodata,
                tiled=True,
                blockxsize=BLOCK,
                blockysize=BLOCK,
                interleave="pixel",
                compress="none" if frame.rows * frame.cols <= _PLAIN else "zstd",
                bigtiff="IF_SAFER",
                **({"photometric": "RGB", "alpha": "NON-PREMULTIPLIED"} if picture else {}),
            )
            with dataset:
                if picture:
                    dataset.colorinterp = _COLOURS
                dataset.update_tags(**{key: tags[key] for key in sorted(tags)}, AREA_OR_POINT="Area")
                yield OnDisk(dataset, unit, scratch / f"{name}.tif", options)
    except _GDAL_ERRORS as error:
        cause = " ".join(str(error).split())
        raise OutputError("output.encode", rows=frame.rows, cols=frame.cols, cause=cause) from error
    finally:
        plain.unlink(missing_ok=True)
