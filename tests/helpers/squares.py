"""`hyogo-pc grid` in this process, on squares of made-up points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
from runs import hills, rasters, write_cloud

from hyogo_pc.main import main

WEST, SOUTH = 44_000.0, -78_000.0
SQUARES = ("--sheet", "none", "--tile-size", "50", "--max-gap", "20")


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """Run the command in this process; return its exit code and what it said."""
    code = main(["grid", "--jobs", "1", *map(str, arguments)])
    return code, "".join(capsys.readouterr())


def cloud(
    path: Path, west: float = WEST, south: float = SOUTH, side: float = 50.0, classes: int = 2, **options: Any
) -> Path:
    """Write a square of points, one a square metre."""
    rng = np.random.default_rng(round(abs(west + south)))
    count = round(side * side)
    e, n = rng.uniform(west, west + side, count), rng.uniform(south, south + side, count)
    return write_cloud(path, e, n, hills(e, n), classes, **options)


def wkt(epsg: int) -> str:
    return str(pyproj.CRS.from_epsg(epsg).to_wkt("WKT1_GDAL"))


def tags(path: Path) -> dict[str, str]:
    with rasterio.open(path) as raster:
        return {str(key): str(value) for key, value in raster.tags().items()}


def made(out: Path) -> set[str]:
    """Return the squares of which there are rasters."""
    return {name.split("_", 1)[1].removesuffix("_1g.tif") for name in rasters(out)}
