"""Point clouds and DEMs that state another place than their coordinates lead to, all 100 m high."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyproj
import rasterio
from affine import Affine
from runs import write_cloud

EAST, NORTH = 45_000.0, -77_700.0
"""South-western corner of what is right, in sheet 05MF513."""

SIDE = 30
UTM = 484_000.0, 3_906_000.0
"""The same corner, nearly, in UTM zone 53."""

MERCATOR = 15_009_000.0, 4_204_000.0
"""The same, nearly, in EPSG:3857."""

CASES = {
    # name: file's stem, western, southern edge, factor, code stated, the verdict
    "swapped": ("a", NORTH, EAST, 1.0, 6673, "swapped"),
    "utm": ("a", *UTM, 1.0, 6673, "utm"),
    "millimetres": ("a", EAST, NORTH, 1000.0, 6673, "too_large"),
    "tenfold": ("a", EAST, NORTH, 10.0, 6673, "too_large"),
    "mercator": ("a", *MERCATOR, 1.0, 3857, "scale"),
    "plane": ("a", EAST, NORTH, 1.0, 32653, "plane"),
    "elsewhere": ("a", 900_000.0, 900_000.0, 1.0, 6673, "elsewhere"),
    "zone_of_name": ("05MF513", EAST, NORTH, 1.0, 6676, "name_zone"),
}


def places() -> tuple[np.ndarray, np.ndarray]:
    """Return two points in every cell of a square, from its corner on."""
    rng = np.random.default_rng(4)
    j, i = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    e = np.concatenate([i.ravel() + rng.uniform(0.1, 0.9, i.size) for _ in range(2)])
    n = np.concatenate([j.ravel() + rng.uniform(0.1, 0.9, j.size) for _ in range(2)])
    return e, n


def cloud(
    folder: Path, stem: str = "a", west: float = EAST, south: float = NORTH, factor: float = 1.0,
    code: int | None = 6673,
) -> Path:  # fmt: skip
    """Write a cloud whose coordinates are ``factor`` times those of a square with this corner."""
    e, n = places()
    wkt = pyproj.CRS.from_epsg(code).to_wkt("WKT1_GDAL") if code else None
    x, y = (west + e) * factor, (south + n) * factor
    offset = float(np.floor(x.min())), float(np.floor(y.min()))
    return write_cloud(
        folder / f"{stem}.las",
        x,
        y,
        np.full(e.shape, 100.0),
        wkt=wkt,
        offset=offset,
        scale=0.001 * max(factor, 1),
    )


def dem(
    folder: Path, stem: str = "a", west: float = EAST, south: float = NORTH, factor: float = 1.0,
    code: int | None = 6673,
) -> Path:  # fmt: skip
    """Write a DEM of cells of 1 m, of a square with this corner; coordinates are ``factor`` times those."""
    path = folder / f"{stem}.tif"
    path.parent.mkdir(parents=True, exist_ok=True)
    heights = np.full((1, SIDE, SIDE), 100.0, np.float32)
    transform = Affine(factor, 0, west * factor, 0, -factor, (south + SIDE) * factor)
    profile = {
        "driver": "GTiff",
        "dtype": "float32",
        "count": 1,
        "width": SIDE,
        "height": SIDE,
        "nodata": -9999.0,
    }
    crs = f"EPSG:{code}" if code else None
    with rasterio.open(path, "w", **profile, crs=crs, transform=transform) as file:
        file.write(heights)
    return path
