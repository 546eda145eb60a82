"""A sheet on the border of zones V and VI, its points in any system, and runs that make it."""

from __future__ import annotations

from pathlib import Path

import elsewhere
import laspy
import numpy as np
import pyproj
from runs import Array, rasters, town, write_cloud

from hyogo_pc.main import main

WEST, SOUTH = 79_200, -88_800
"""South-west corner of sheet 05MF9958 of zone V, in metres: Hyogo's border with Kyoto, which is in zone VI."""
SHEET = "05MF9958"
FINE = ("--sheet", "500", "-r", "1", "-r", "0.5")
COARSE = ("--sheet", "500", "-p", "dem", "-p", "dsm", "--max-gap", "20", "--water-gap", "0")
Columns = list[Array]


def grid(out: Path, *arguments: str | Path, code: int = 0, jobs: int = 1) -> dict[str, Path]:
    assert main(["grid", *map(str, arguments), "-o", str(out), "--jobs", str(jobs)]) == code
    return rasters(out)


def around(width: float, per_m2: float, seed: int = 1) -> Columns:
    """Points over a corner of the sheet, ``width`` wide, and 30 m around."""
    bounds = (WEST - 30.0, SOUTH - 30.0, WEST + width + 30.0, SOUTH + width * 0.75 + 30.0)
    return town(np.random.default_rng(seed), bounds, per_m2)


def small() -> Columns:
    """Return points over a hundred metres of the sheet's corner, and 30 m around."""
    return around(100.0, 2.0)


def split(columns: Columns, east: float) -> tuple[Columns, Columns]:
    """Return what lies west and east of a line."""
    west = columns[0] < east
    return [values[west] for values in columns], [values[~west] for values in columns]


def write_in(path: Path, crs: int, columns: Columns, **options: object) -> Path:
    """Write points of zone V in another system."""
    e, n, z, classes = columns
    elsewhere.write(path, crs, *elsewhere.transformed(6673, crs, e, n), z, classes, **options)
    return path


def brought_by_proj(source: Path, path: Path, crs: int, target: int = 6673) -> Path:
    """Write the points of a file as PROJ brings them into another system, to 0.1 mm."""
    las = laspy.read(source)
    e, n = elsewhere.transformed(crs, target, np.asarray(las.x), np.asarray(las.y))
    corner = float(np.floor(e.min())), float(np.floor(n.min()))
    wkt = pyproj.CRS(target).to_wkt("WKT1_GDAL")
    columns = e, n, np.asarray(las.z), np.asarray(las.classification)
    return write_cloud(path, *columns, scale=0.0001, offset=corner, wkt=wkt)
