"""Points on the border of two zones, as files of either, and what is gridded of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import elsewhere
import laspy
import numpy as np
import pyproj
import rasterio
from runs import Array, pixels, rasters, town, write_cloud

from hyogo_pc.main import main

WEST, SOUTH = 79_200, -88_800
"""South-west corner of sheet 05MF9958 of zone V, in metres: Hyogo's border with Kyoto, which is in zone VI."""
SHEET = "05MF9958"
FINE = ("--sheet", "500", "-r", "1", "-r", "0.5")
COARSE = ("--sheet", "500", "-p", "dem", "-p", "dsm", "--max-gap", "20", "--water-gap", "0")
MILLIMETRE = 1.01e-3
"""A millimetre between two numbers that float32 has rounded."""

Columns = list[Array]


def grid(out: Path, *arguments: str | Path, code: int = 0, jobs: int = 1) -> dict[str, Path]:
    assert main(["grid", *map(str, arguments), "-o", str(out), "--jobs", str(jobs)]) == code
    return rasters(out)


def around(width: float, per_m2: float, seed: int = 1) -> Columns:
    """Points over a corner of the sheet, ``width`` wide, and 30 m around."""
    bounds = (WEST - 30.0, SOUTH - 30.0, WEST + width + 30.0, SOUTH + width * 0.75 + 30.0)
    return town(np.random.default_rng(seed), bounds, per_m2)


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


def differing(a: dict[str, Path], b: dict[str, Path], product: str) -> Iterable[tuple[Path, Array, Array]]:
    """Yield a raster of a product, which of its cells differ by more than a millimetre, and its heights."""
    assert a.keys() == b.keys()
    for name in a:
        if name.startswith(product):
            ours, theirs = (pixels(found[name])[0].astype(np.float64) for found in (a, b))
            assert np.count_nonzero(ours != -9999) > 100
            yield a[name], np.abs(ours - theirs) > MILLIMETRE, ours


def on_an_edge(path: Path, cell: tuple[int, int], e: Array, n: Array) -> bool:
    """Whether a point within a cell of a raster, or of its neighbours, lies within a millimetre of a cell's edge."""
    with rasterio.open(path) as file:
        size = file.res[0]
        west, north = file.transform * (cell[1], cell[0])
    near = (np.abs(e - west - size / 2) < size) & (np.abs(n - north + size / 2) < size)
    return any(bool((np.abs(v / size - np.round(v / size)) * size <= 1e-3).any()) for v in (e[near], n[near]))
