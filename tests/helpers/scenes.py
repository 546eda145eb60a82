"""Small land to look at: a hill on a slope, with what the tests put there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import laspy
import numpy as np
import pyproj
import rasterio
from affine import Affine
from numpy.typing import NDArray

from pointcloud.geo import places
from pointcloud.view.camera import Aim
from pointcloud.view.request import ViewRequest

WEST, NORTH = 21_000.0, -165_000.0
SIDE = 200
MIDDLE = (WEST + SIDE / 2, NORTH - SIDE / 2)
PLACE = f"{MIDDLE[0]:.1f},{MIDDLE[1]:.1f}"
FROM_ABOVE = Aim(bearing=180.0, distance=1.0, height=560.0, field=20.0)

Floats = NDArray[np.float64]


def hill(side: int = SIDE) -> Floats:
    """Heights of a hill 40 m high on land that rises to the north, cells of 1 m."""
    rows, cols = np.indices((side, side)) - side / 2
    return np.asarray(100.0 - rows * 0.1 + 40.0 * np.exp(-(rows**2 + cols**2) / 1800.0), np.float64)


def write(
    path: Path, bands: NDArray[Any], *, cell: float = 1.0, nodata: float | None = None, **tags: str
) -> Path:
    """Write a raster whose north-west corner is that of the land."""
    bands = bands if bands.ndim == 3 else bands[None]
    count, rows, cols = bands.shape
    profile: dict[str, Any] = {"driver": "GTiff", "count": count, "height": rows, "width": cols}
    transform = Affine(cell, 0, WEST, 0, -cell, NORTH)
    with rasterio.open(
        path, "w", **profile, dtype=bands.dtype, crs="EPSG:6673", transform=transform, nodata=nodata
    ) as file:
        file.write(bands)
        file.update_tags(**tags)
    return path


def dem(folder: Path, heights: Floats | None = None, **tags: str) -> Path:
    """Write a height model."""
    values = hill() if heights is None else heights
    filled = np.nan_to_num(values, nan=-9999.0).astype(np.float32)
    return write(folder / "DEM.tif", filled, nodata=-9999.0, **tags)


def request(path: Path, **options: Any) -> ViewRequest:
    """A view of the middle of the land, seen from straight above unless an aim is given."""
    options.setdefault("aim", FROM_ABOVE)
    place = places.parse(options.pop("place", PLACE))
    return ViewRequest(place, (path,), **options)


def las(path: Path, count: int, seed: int, point_format: int = 6, epsg: int | None = None) -> Path:
    """Write points of classes 2, 5 and 7 on the land and as far again to the east."""
    rng = np.random.default_rng(seed)
    header = laspy.LasHeader(point_format=point_format, version="1.4")
    header.scales, header.offsets = np.array([0.001] * 3), np.array([WEST, NORTH - 200, 0.0])
    if epsg:
        header.add_crs(pyproj.CRS.from_epsg(epsg))
    data = laspy.LasData(header)
    data.x = rng.uniform(WEST, WEST + 400, count)
    data.y = rng.uniform(NORTH - 200, NORTH, count)
    data.z = rng.uniform(100.0, 120.0, count)
    data.classification = rng.choice([2, 5, 7], count).astype(np.uint8)
    if point_format == 7:
        data.red = np.full(count, 65535, np.uint16)
        data.green = np.full(count, 32768, np.uint16)
        data.blue = np.zeros(count, np.uint16)
    data.write(path)
    return path
