"""Cloud-optimised GeoTIFFs, made in memory: the same input gives the same bytes in any process.

GDAL's COG driver writes into ``/vsimem`` only. All that may change the bytes is stated here and nothing is
taken from the environment; there are no times and no paths in the files, and the number of threads does not
show. The GIL is free while GDAL works.

Chosen by measuring (GDAL 3.10, one core; CPU-seconds for 3 M cells, bytes a cell, overviews included):

=================== ================ ================ ================== ==================
codec, predictor    Slovenian ALS    Hyogo DSM 1 m    50 cm, 2 cm noise  CS relief (RGBA)
=================== ================ ================ ================== ==================
DEFLATE 1, none     0.20 s, 2.47 B   0.31 s, 3.22 B   0.39 s, 3.97 B     0.15 s, 2.29 B
DEFLATE 1, 2        0.17 s, 1.80 B   0.21 s, 2.73 B   0.24 s, 3.07 B     0.14 s, 2.13 B
DEFLATE 6, 2        0.73 s, 1.66 B   0.49 s, 2.75 B   0.51 s, 3.06 B     0.78 s, 1.97 B
DEFLATE 9, 2        1.72 s, 1.53 B   1.38 s, 2.57 B   1.05 s, 3.01 B
DEFLATE 1, 3        0.25 s, 2.24 B   0.32 s, 3.09 B   0.27 s, 2.96 B
LZW, 2              0.25 s, 2.10 B   0.35 s, 3.32 B   0.31 s, 3.89 B     0.25 s, 2.30 B
ZSTD 3, 2           0.21 s, 1.64 B   0.29 s, 2.84 B   0.22 s, 3.01 B
=================== ================ ================ ================== ==================

So DEFLATE at level 1 with predictor 2: level 6 costs two to five times as much for at most 8 % in size.
Predictor 3 is meant for floats, yet heights rounded to the millimetre have noise in their low bytes that it
does not take out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
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
from pointcloud.lattice import Grid
from pointcloud.params import NODATA, QUALITY_BANDS, QUALITY_UNITS, Compression

BLOCK = 512
"""Side of the tiles of a file in cells."""

_STRIP = 128
"""Rows handed to GDAL at a time: 4000 columns in float64 are 4 MB, which the caches hold."""

_OPTIONS: dict[Compression, dict[str, object]] = {
    "deflate": {"compress": "DEFLATE", "predictor": "STANDARD", "level": 1},
    "lzw": {"compress": "LZW", "predictor": "STANDARD"},
    "zstd": {"compress": "ZSTD", "predictor": "STANDARD", "level": 3},
    "none": {"compress": "NONE"},
}
"""The driver's options for each codec."""

_SETTINGS: dict[str, object] = {
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_DEFAULT_CREATE_COPY": "NO",
    "GDAL_OVR_CHUNK_MAX_SIZE": "10485760",
    "GDAL_OVR_PROPAGATE_NODATA": "NO",
    "GDAL_TIFF_DEFLATE_SUBCODEC": "LIBDEFLATE",
    "GDAL_TIFF_ENDIANNESS": "LITTLE",
    "GDAL_TIFF_OVR_BLOCKSIZE": str(BLOCK),
    "GTIFF_DONT_WRITE_BLOCKS": "NO",
    "GTIFF_ALPHA": "NON-PREMULTIPLIED",
    "INTERLEAVE_OVERVIEW": "PIXEL",
    "COG_TMP_COMPRESSION": "NONE",  # overviews wait in memory: packing them there takes 15 % more time
}
"""Every setting that was found to change the bytes, so that none is taken from the environment."""


def encode_heights(
    array: NDArray[np.float32],
    grid: Grid,
    crs_wkt: str | None,
    *,
    tags: Mapping[str, str],
    compress: Compression = "deflate",
    threads: int = 1,
) -> bytes:
    """Return heights as a cloud-optimised GeoTIFF.

    float32, nodata -9999, tiles of 512 cells, overviews that average what is not nodata, and exact statistics
    (``STATISTICS_*``), so that a viewer need not read the cells to choose its colours.

    Parameters
    ----------
    array : ndarray of float32, shape (rows, cols)
        Heights in metres, NaN where there is none. It is not altered.
    grid : Grid
        Where the cells lie.
    crs_wkt : str or None
        The coordinate reference system, if known.
    tags : mapping of str to str
        Written as metadata of the file; the order of the mapping does not matter.
    compress : {"deflate", "lzw", "zstd", "none"}
        Programs older than 2018 do not read ``zstd``.
    threads : int
        Threads that compress.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    OutputError
        If GDAL fails, for want of memory for example.
    ValueError
        If the array does not fit the grid.
    """
    _check(array, "float32", grid.shape)
    with _encoder(grid, crs_wkt, 1, "float32", tags, compress, threads, NODATA) as encoder:
        statistics = Statistics()
        for top in range(0, grid.rows, _STRIP):
            strip = array[top : top + _STRIP]
            void = np.isnan(strip)
            statistics.add(strip, void)
            encoder.write(np.where(void, np.float32(NODATA), strip)[np.newaxis], top)
        encoder.dataset.units = ("m",)
        encoder.dataset.update_tags(1, **statistics.tags())
        return encoder.finish()


def encode_rgba(
    array: NDArray[np.uint8],
    grid: Grid,
    crs_wkt: str | None,
    *,
    tags: Mapping[str, str],
    compress: Compression = "deflate",
    threads: int = 1,
) -> bytes:
    """Return a picture as a cloud-optimised GeoTIFF of four bands: red, green, blue, (unassociated) alpha.

    Overviews average what is not transparent. No statistics are stored: they would make viewers stretch
    colours that are meant as they are.

    Parameters
    ----------
    array : ndarray of uint8, shape (rows, cols, 4)
        Alpha 0 is transparent, 255 opaque.
    grid, crs_wkt, tags, compress, threads
        As for `encode_heights`.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    OutputError
        If GDAL fails, for want of memory for example.
    ValueError
        If the array does not fit the grid.
    """
    _check(array, "uint8", (*grid.shape, 4))
    with _encoder(grid, crs_wkt, 4, "uint8", tags, compress, threads) as encoder:
        encoder.dataset.colorinterp = (
            ColorInterp.red,
            ColorInterp.green,
            ColorInterp.blue,
            ColorInterp.alpha,
        )
        for top in range(0, grid.rows, _STRIP):
            encoder.write(np.ascontiguousarray(np.moveaxis(array[top : top + _STRIP], 2, 0)), top)
        return encoder.finish()


def encode(
    array: NDArray[np.float32] | NDArray[np.uint8],
    grid: Grid,
    crs_wkt: str | None,
    *,
    tags: Mapping[str, str],
    compress: Compression = "deflate",
    threads: int = 1,
) -> bytes:
    """Return heights (rows, cols), RGBA (uint8) or the bands of a quality raster (float32), each by its own encoder."""
    how: Any = encode_heights if array.ndim == 2 else encode_rgba
    if array.ndim == 3 and array.dtype != np.uint8:
        how = partial(encode_bands, bands=QUALITY_BANDS, units=QUALITY_UNITS)
    data: bytes = how(array, grid, crs_wkt, tags=tags, compress=compress, threads=threads)
    return data


def encode_bands(
    array: NDArray[np.float32],
    grid: Grid,
    crs_wkt: str | None,
    *,
    bands: Sequence[str],
    units: Sequence[str],
    tags: Mapping[str, str],
    compress: Compression = "deflate",
    threads: int = 1,
) -> bytes:
    """Return a raster of several named bands as a cloud-optimised GeoTIFF.

    float32, nodata -9999, statistics of each band. Overviews take the nearest cell: codes and counts have no mean.

    Parameters
    ----------
    array : ndarray of float32, shape (rows, cols, bands)
        NaN where there is nothing. It is not altered.
    bands, units : sequences of str
        Name (the band's description) and unit of each band; an empty unit is not written.
    grid, crs_wkt, tags, compress, threads
        As for `encode_heights`.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    OutputError
        If GDAL fails, for want of memory for example.
    ValueError
        If the array does not fit the grid.
    """
    _check(array, "float32", (*grid.shape, len(bands)))
    with _encoder(
        grid, crs_wkt, len(bands), "float32", tags, compress, threads, NODATA, overviews="NEAREST"
    ) as encoder:
        statistics = [Statistics() for _ in bands]
        for top in range(0, grid.rows, _STRIP):
            strip = np.moveaxis(array[top : top + _STRIP], 2, 0)
            void = np.isnan(strip)
            for band, values, nothing in zip(statistics, strip, void, strict=True):
                band.add(values, nothing)
            encoder.write(np.where(void, np.float32(NODATA), strip), top)
        encoder.dataset.descriptions = tuple(bands)
        encoder.dataset.units = tuple(units)
        for number, band in enumerate(statistics, start=1):
            encoder.dataset.update_tags(number, **band.tags())
        return encoder.finish()


def gdal_crs(wkt: str | None) -> CRS | None:
    """Return a CRS for GDAL with every code it can have, or ``None``.

    A WKT 2 that bears a code states none for its parts, and GDAL would then write a compound CRS by its
    parameters alone: so one that bears an EPSG code is taken by that code, if GDAL knows it.
    """
    if wkt is None:
        return None
    code = re.search(r'(?:ID|AUTHORITY)\["EPSG", *"?(\d+)"?\]\]\s*$', wkt)
    if code:
        with suppress(CRSError):
            return CRS.from_epsg(int(code[1]))
    return CRS.from_wkt(wkt)


def _check(array: NDArray[Any], dtype: str, shape: tuple[int, ...]) -> None:
    if array.dtype != dtype or array.shape != shape:
        raise ValueError(f"an array of {array.dtype} {array.shape} does not fit {dtype} {shape}")


@dataclass(slots=True)
class Statistics:
    """Minimum, maximum, mean and standard deviation, added up by strips relative to the first height met.

    On 12 M cells this takes half as long as GDAL's own, which reads the whole raster once more.
    """

    origin: float = 0.0
    cells: int = 0
    count: int = 0
    low: float = np.inf
    high: float = -np.inf
    sum: float = 0.0
    squares: float = 0.0

    def add(self, strip: NDArray[np.float32], void: NDArray[np.bool_]) -> None:
        """Count a part of the raster."""
        self.cells += strip.size
        values = strip[~void]
        if not values.size:
            return
        if not self.count:
            self.origin = float(values[0])
        self.count += values.size
        self.low = min(self.low, float(values.min()))
        self.high = max(self.high, float(values.max()))
        offsets = values.astype(np.float64)
        offsets -= self.origin
        self.sum += float(offsets.sum())
        np.multiply(offsets, offsets, out=offsets)
        self.squares += float(offsets.sum())

    def tags(self) -> dict[str, str]:
        """As GDAL names them; none without a valid cell. Rounded, so that the order of summing is hidden."""
        if not self.count:
            return {}
        mean = self.sum / self.count
        variance = max(self.squares / self.count - mean * mean, 0.0)
        return {
            "STATISTICS_MINIMUM": f"{self.low:.14g}",
            "STATISTICS_MAXIMUM": f"{self.high:.14g}",
            "STATISTICS_MEAN": f"{self.origin + mean:.6f}",
            "STATISTICS_STDDEV": f"{variance**0.5:.6f}",
            "STATISTICS_VALID_PERCENT": f"{100 * self.count / self.cells:.4g}",
        }


def copy_options(compress: Compression, threads: int) -> dict[str, object]:
    """Return the options of the COG driver."""
    return {
        **_OPTIONS[compress],
        "overview_predictor": _OPTIONS[compress].get("predictor", "NO"),
        "overview_resampling": "AVERAGE",
        "blocksize": BLOCK,
        "bigtiff": "IF_NEEDED",
        "geotiff_version": "AUTO",  # 1.0, which every program knows, unless there is a height datum
        "num_threads": max(1, threads),
    }


def settings(bands: int, compress: Compression) -> dict[str, object]:
    """Return GDAL's settings while a file of so many bands is made."""
    options = _OPTIONS[compress]
    settings = {
        **_SETTINGS,
        "COMPRESS_OVERVIEW": options["compress"],
        "PREDICTOR_OVERVIEW": "2" if "predictor" in options else "1",
        "PHOTOMETRIC_OVERVIEW": "RGB" if bands == 4 else "MINISBLACK",
    }
    if "level" in options:
        settings |= dict.fromkeys(("ZLEVEL_OVERVIEW", "ZSTD_LEVEL_OVERVIEW"), str(options["level"]))
    return settings


@dataclass(slots=True)
class _Encoder:
    """A raster in memory, and the file in memory that it is copied to."""

    memory: MemoryFile
    dataset: Any
    cols: int
    options: Mapping[str, object]

    def write(self, strip: NDArray[Any], top: int) -> None:
        """Write whole rows, shape (bands, rows, cols), from row ``top`` on."""
        self.dataset.write(strip, window=((top, top + strip.shape[1]), (0, self.cols)))

    def finish(self) -> bytes:
        """Return the file. The raster is freed before the bytes are copied out: they need not both fit."""
        rasterio.shutil.copy(self.dataset, self.memory.name, driver="COG", **self.options)
        self.dataset.close()
        return bytes(self.memory.getbuffer())


@contextmanager
def _encoder(
    grid: Grid,
    crs_wkt: str | None,
    bands: int,
    dtype: str,
    tags: Mapping[str, str],
    compress: Compression,
    threads: int,
    nodata: float | None = None,
    overviews: str = "AVERAGE",
) -> Iterator[_Encoder]:
    options = copy_options(compress, threads) | {"overview_resampling": overviews}
    try:
        with (
            MemoryFile(ext=".tif") as memory,
            rasterio.Env(
                session=DummySession(),
                CPL_TMPDIR=memory.name.rpartition("/")[0],
                **settings(bands, compress),
            ),
            rasterio.open(
                "",
                "w",
                driver="MEM",
                width=grid.cols,
                height=grid.rows,
                count=bands,
                dtype=dtype,
                crs=gdal_crs(crs_wkt),
                transform=grid.transform,
                nodata=nodata,
            ) as dataset,
        ):
            dataset.update_tags(**{key: tags[key] for key in sorted(tags)}, AREA_OR_POINT="Area")
            yield _Encoder(memory, dataset, grid.cols, options)
    # The COG driver raises what GDAL said, by classes that are no RasterioError and have no public name.
    except (RasterioError, CRSError, CPLE_BaseError) as error:
        raise OutputError("output.encode", rows=grid.rows, cols=grid.cols, cause=str(error)) from error
