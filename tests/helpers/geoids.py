"""Geoids as PROJ distributes them, made up: GTX and GeoTIFF."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

WEST, SOUTH, RIGHT, UP = 134.0, 34.0, 1.5 / 60, 1.0 / 60
"""Over Hyogo: the corner and the steps of the nodes in degrees."""


def heights(rows: int = 91, cols: int = 61, seed: int = 0) -> np.ndarray:
    """Return a rough geoid, float32, row 0 in the south."""
    return (37 + np.random.default_rng(seed).normal(0, 0.5, (rows, cols))).astype(np.float32)


def write_gtx(path: Path, values: np.ndarray, west: float = WEST) -> Path:
    """Write a GTX file."""
    head = struct.pack(">4d2i", SOUTH, west, UP, RIGHT, *values.shape)
    path.write_bytes(head + values.astype(">f4").tobytes())
    return path


def write_tiff(path: Path, values: np.ndarray, nodata: float | None = 999.0, **tags: str) -> Path:
    """Write a GeoTIFF whose pixels are points, with PROJ's tags."""
    transform = Affine(RIGHT, 0, WEST - RIGHT / 2, 0, -UP, SOUTH + (values.shape[0] - 0.5) * UP)
    profile = {"driver": "GTiff", "height": values.shape[0], "width": values.shape[1], "count": 1}
    with rasterio.open(
        path, "w", **profile, dtype="float32", crs="EPSG:6667", transform=transform, nodata=nodata
    ) as file:
        file.update_tags(
            **{"AREA_OR_POINT": "Point", "TYPE": "VERTICAL_OFFSET_GEOGRAPHIC_TO_VERTICAL"} | tags
        )
        file.set_band_description(1, "geoid_undulation")
        file.write(values[::-1], 1)
    return path
