"""Cloud-optimised GeoTIFFs, made in memory: the same input gives the same bytes in any process.

GDAL's COG driver writes into ``/vsimem`` only. All that may change the bytes is stated here and nothing is
taken from the environment; there are no times and no paths in the files, and the number of threads does not
show. The GIL is free while GDAL works. How, and why so: :mod:`pointcloud.io.rasters.cogdriver`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pointcloud.geo.lattice import Grid
from pointcloud.io.rasters.cogfile import cog_file
from pointcloud.io.rasters.pyramid import HEIGHTS, PICTURE, Content, named_bands
from pointcloud.params.grid import QUALITY_BANDS, QUALITY_UNITS, Compression


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
    return _encoded(array, grid, crs_wkt, HEIGHTS, tags, compress, threads)


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
    return _encoded(array, grid, crs_wkt, PICTURE, tags, compress, threads)


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
    content = named_bands(tuple(bands), tuple(units))
    return _encoded(array, grid, crs_wkt, content, tags, compress, threads)


def _encoded(
    array: NDArray[Any],
    grid: Grid,
    crs_wkt: str | None,
    content: Content,
    tags: Mapping[str, str],
    compress: Compression,
    threads: int,
) -> bytes:
    with cog_file(grid, crs_wkt, content, tags=tags, compress=compress, threads=threads) as file:
        file.write_whole(array)
        return bytes(file.encode())


def _check(array: NDArray[Any], dtype: str, shape: tuple[int, ...]) -> None:
    if array.dtype != dtype or array.shape != shape:
        raise ValueError(f"an array of {array.dtype} {array.shape} does not fit {dtype} {shape}")
