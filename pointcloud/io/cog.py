"""Cloud-optimised GeoTIFFs, made in memory: the same input gives the same bytes in any process.

GDAL's COG driver writes into ``/vsimem`` only. All that may change the bytes is stated here and nothing is
taken from the environment; there are no times and no paths in the files, and the number of threads does not
show. The GIL is free while GDAL works. How, and why so: :mod:`pointcloud.io.cogdriver`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import ColorInterp

from pointcloud.io.cogdriver import encoder
from pointcloud.lattice import Grid
from pointcloud.params import NODATA, QUALITY_BANDS, QUALITY_UNITS, Compression

_STRIP = 128
"""Rows handed to GDAL at a time: 4000 columns in float64 are 4 MB, which the caches hold."""


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
    with encoder(grid, crs_wkt, 1, "float32", tags, compress, threads, NODATA) as made:
        statistics = Statistics()
        for top in range(0, grid.rows, _STRIP):
            strip = array[top : top + _STRIP]
            void = np.isnan(strip)
            statistics.add(strip, void)
            made.write(np.where(void, np.float32(NODATA), strip)[np.newaxis], top)
        made.dataset.units = ("m",)
        made.dataset.update_tags(1, **statistics.tags())
        return made.finish()


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
    with encoder(grid, crs_wkt, 4, "uint8", tags, compress, threads) as made:
        made.dataset.colorinterp = (
            ColorInterp.red,
            ColorInterp.green,
            ColorInterp.blue,
            ColorInterp.alpha,
        )
        for top in range(0, grid.rows, _STRIP):
            made.write(np.ascontiguousarray(np.moveaxis(array[top : top + _STRIP], 2, 0)), top)
        return made.finish()


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
    with encoder(
        grid, crs_wkt, len(bands), "float32", tags, compress, threads, NODATA, overviews="NEAREST"
    ) as made:
        statistics = [Statistics() for _ in bands]
        for top in range(0, grid.rows, _STRIP):
            strip = np.moveaxis(array[top : top + _STRIP], 2, 0)
            void = np.isnan(strip)
            for band, values, nothing in zip(statistics, strip, void, strict=True):
                band.add(values, nothing)
            made.write(np.where(void, np.float32(NODATA), strip), top)
        made.dataset.descriptions = tuple(bands)
        made.dataset.units = tuple(units)
        for number, band in enumerate(statistics, start=1):
            made.dataset.update_tags(number, **band.tags())
        return made.finish()


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
