"""The terrain model beside PDAL's: its TIN, rasterised at the same cell centres."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import laspy
import numpy as np
import rasterio
from clouds import cloud_of, scatter

from pointcloud.geo.lattice import Box
from pointcloud.surface.dem import terrain

WEST, SOUTH, SIDE = 45_000.0, -77_100.0, 100


def test_terrain_equals_the_tin_of_pdal(pdal: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    e, n = scatter(rng, 16_000, (WEST - 5, SOUTH - 5, WEST + SIDE + 5, SOUTH + SIDE + 5))
    z = np.round(200 + 10 * np.sin(e / 8) + 10 * np.cos(n / 6) + rng.normal(0, 0.5, len(e)), 3)
    header = laspy.LasHeader(version="1.4", point_format=6)
    header.scales, header.offsets = np.full(3, 0.001), np.array([40_000.0, -80_000.0, 0.0])
    cloud = laspy.LasData(header)
    cloud.x, cloud.y, cloud.z = e, n, z
    cloud.write(str(tmp_path / "points.las"))
    size = {"resolution": 1, "origin_x": WEST, "origin_y": SOUTH, "width": SIDE, "height": SIDE}
    stages = [
        str(tmp_path / "points.las"),
        {"type": "filters.delaunay"},
        {"type": "filters.faceraster"} | size,
        {"type": "writers.raster", "filename": str(tmp_path / "tin.tif"), "gdaldriver": "GTiff"},
    ]
    (tmp_path / "pipeline.json").write_text(json.dumps(stages))
    subprocess.run([pdal, "pipeline", str(tmp_path / "pipeline.json")], check=True, capture_output=True)
    with rasterio.open(tmp_path / "tin.tif") as file:
        theirs = file.read(1, masked=True).astype(float).filled(np.nan)
    box = Box.from_metres(WEST, SOUTH, WEST + SIDE, SOUTH + SIDE)
    (ours,) = terrain(cloud_of(e, n, z), box, (10_000,), max_gap=100.0, precision=0.001)
    assert theirs.shape == ours.shape
    known = np.isfinite(theirs)
    assert known.mean() > 0.98
    # PDAL's triangulation is not exact: a few cells lie in another triangle.
    close = np.abs(theirs - ours)[known] <= 0.0011
    assert close.mean() > 0.999
