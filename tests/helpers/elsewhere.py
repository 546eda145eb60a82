"""Points and files in another CRS than zone V."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyproj
from runs import Array, write_cloud

from pointcloud.geo.crs import from_epsg
from pointcloud.geo.transform import PointTransform

DEGREES = {6668, 4612, 4326, 6667, 4979}


def transformed(source: int, target: int, e: Array, n: Array) -> tuple[Array, Array]:
    """Return places as PROJ has them in another system; longitude comes first."""
    pair = (pyproj.CRS(code).to_2d() for code in (source, target))
    x, y = pyproj.Transformer.from_crs(*pair, always_xy=True).transform(e, n)
    return np.asarray(x), np.asarray(y)


def way(source: int, target: int = 6673) -> PointTransform:
    """Return how points come from one system into another."""
    found = PointTransform.between(from_epsg(source), from_epsg(target), "tile.las")
    assert found is not None
    return found


def write(
    path: Path, crs: int, x: Array, y: Array, z: Array, classes: Array | int = 2, **options: Any
) -> tuple[Array, Array]:
    """Write points that lie in a system as LAS or LAZ that says so; return X and Y as they are in the file.

    Degrees have steps of 1e-9, metres of 1 mm, unless ``step`` says otherwise.
    """
    step = options.pop("step", None) or (1e-9 if crs in DEGREES else 0.001)
    wkt = options.pop("wkt", pyproj.CRS(crs).to_wkt("WKT2_2019" if crs in (6667, 4979) else "WKT1_GDAL"))
    corner = options.pop("corner", (float(np.round(x.mean())), float(np.round(y.mean()))))
    raw = [np.rint((values - at) / step).astype(np.int32) for values, at in zip((x, y), corner, strict=True)]
    write_cloud(path, x, y, z, classes, wkt=wkt, offset=corner, xy_step=step, **options)
    return raw[0] * step + corner[0], raw[1] * step + corner[1]
