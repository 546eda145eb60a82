"""GDAL's COG driver: its options, and all settings that change what it writes.

Chosen by measuring (GDAL 3.10, one core; CPU-seconds for 3 M cells, bytes a cell, overviews, which GDAL then averaged,
included):

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
from contextlib import suppress
from typing import Protocol

from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import CRSError

from pointcloud.params.grid import Compression

BLOCK = 512
"""Side of the tiles of a file in cells."""

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
    "GDAL_TIFF_DEFLATE_SUBCODEC": "LIBDEFLATE",
    "GDAL_TIFF_ENDIANNESS": "LITTLE",
    "GDAL_TIFF_OVR_BLOCKSIZE": str(BLOCK),
    "GTIFF_DONT_WRITE_BLOCKS": "NO",
    "GTIFF_ALPHA": "NON-PREMULTIPLIED",
    "INTERLEAVE_OVERVIEW": "PIXEL",
}
"""Every setting that was found to change the bytes, so that none is taken from the environment."""


class Frame(Protocol):
    """Where the cells of a raster lie; a :class:`pointcloud.geo.lattice.Grid` is one."""

    @property
    def rows(self) -> int:
        """Number of rows."""

    @property
    def cols(self) -> int:
        """Number of columns."""

    @property
    def transform(self) -> Affine:
        """From (column, row) to coordinates."""


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


def copy_options(compress: Compression, threads: int) -> dict[str, object]:
    """Return the options of the COG driver."""
    return {
        **_OPTIONS[compress],
        "overview_predictor": _OPTIONS[compress].get("predictor", "NO"),
        "blocksize": BLOCK,
        "bigtiff": "IF_SAFER",
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
