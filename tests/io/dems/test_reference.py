"""Heights against a reference: ellipsoidal ones are recognised, whatever its CRS and cell; nothing is changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine
from grid_files import text_grid
from point_texts import hillside, write_las

from hyogo_pc.main import main
from pointcloud.io.dems.reference import compare

BOUNDS = (40900.0, -58500.0, 41100.0, -58300.0)


def land(e: np.ndarray, n: np.ndarray) -> np.ndarray:
    return np.asarray(200 + (e - 41000) / 20 + (n + 58400) / 40, np.float64)


def write(
    path: Path, offset: float = 0.0, cell: float = 1.0, noise: float = 0.0, crs: str = "EPSG:6673"
) -> Path:
    """Write a DEM of the land, on cells of its own; in degrees if the CRS is."""
    west, south, east, north = BOUNDS
    forward = pyproj.Transformer.from_crs(6673, crs, always_xy=True)
    west, south = forward.transform(west, south)
    east, north = forward.transform(east, north)
    cell *= 1e-5 if pyproj.CRS(crs).is_geographic else 1.0
    cols, rows = round((east - west) / cell), round((north - south) / cell)
    x, y = np.meshgrid(west + (np.arange(cols) + 0.5) * cell, north - (np.arange(rows) + 0.5) * cell)
    z = land(*forward.transform(x, y, direction="INVERSE")) + offset
    z += np.random.default_rng(0).normal(0, 1, z.shape) * noise
    z[:3] = -9999
    profile = {
        "driver": "GTiff",
        "height": rows,
        "width": cols,
        "count": 1,
        "dtype": "float32",
        "nodata": -9999,
    }
    transform = Affine(cell, 0, west, 0, -cell, north)
    with rasterio.open(path, "w", **profile, crs=crs, transform=transform) as file:
        file.write(z.astype(np.float32), 1)
    return path


@pytest.mark.parametrize(
    ("offset", "message"),
    [
        (36.9, "reference.ellipsoidal"),
        (30.1, "reference.ellipsoidal"),
        (44.9, "reference.ellipsoidal"),
        (29.8, "reference.difference"),
        (45.2, "reference.difference"),
        (0.0, "reference.difference"),
        (-37.0, "reference.too_low"),
    ],
)
@pytest.mark.parametrize("crs", ["EPSG:6673", "EPSG:6668", "EPSG:2447", "EPSG:6690"])
def test_an_offset_is_recognised(offset: float, message: str, crs: str, tmp_path: Path) -> None:
    ours, theirs = write(tmp_path / "ours.tif", offset), write(tmp_path / "theirs.tif", cell=5.0, crs=crs)
    found = compare([ours], theirs)
    assert found.message == message
    assert abs(float(str(found.values["median"])) - offset) < 0.1
    assert found.values["count"] > 1000  # type: ignore[operator]


def test_the_median_does_not_see_trees(tmp_path: Path) -> None:
    ours = write(tmp_path / "ours.tif", 36.9)
    with rasterio.open(ours, "r+") as file:
        z = file.read(1)
        z[:, ::3] += 20
        file.write(z, 1)
    assert compare([ours], write(tmp_path / "theirs.tif")).message == "reference.ellipsoidal"


def test_other_land_is_no_offset(tmp_path: Path) -> None:
    ours = write(tmp_path / "ours.tif", 36.9, noise=30.0)
    assert compare([ours], write(tmp_path / "theirs.tif")).message == "reference.unlike"


def test_nothing_in_common(tmp_path: Path) -> None:
    theirs = write(tmp_path / "theirs.tif")
    with rasterio.open(theirs, "r+") as file:
        file.transform = Affine(1, 0, 0, 0, -1, 0)
    assert compare([write(tmp_path / "ours.tif")], theirs).message == "reference.apart"
    assert compare([], theirs).message == "reference.apart"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_convert_says_it_and_changes_nothing(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    e, n = np.meshgrid(40950.5 + np.arange(60), -58400.5 - np.arange(50))
    source = tmp_path / "DEM_05LF901_1g.txt"
    source.write_text(text_grid(land(e, n) + 36.9, (40950, -58450)))
    reference = write(tmp_path / "県 DEM.tif")
    arguments = ["--lang", language, "convert", str(source), "-o", str(tmp_path / "out")]
    assert main([*arguments, "--reference", str(reference)]) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if "県 DEM.tif" in line]
    assert len(said) == 1
    assert "+36.9" in said[0]
    assert "--geoid" in said[0]
    assert ("楕円体高" if language == "ja" else "ELLIPSOIDAL") in said[0]
    with rasterio.open(tmp_path / "out" / "DEM_1g" / "DEM_05LF901_1g.tif") as file:
        assert np.nanmedian(file.read(1, masked=True).filled(np.nan)) > 230
        assert pyproj.CRS(file.crs.to_wkt()).to_epsg() == 6673


def test_grid_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, (e, n, _) = hillside()
    e, n = e + 960, n - 800
    source = write_las(tmp_path / "a.las", [e, n, land(e, n) + 37.2])
    arguments = ["grid", "--ground", str(source), "-o", str(tmp_path / "out"), "-p", "dem", "--jobs", "1"]
    assert main([*arguments, "--reference", str(write(tmp_path / "r.tif"))]) == 0
    assert "ELLIPSOIDAL HEIGHTS: +37.2" in capsys.readouterr().out


def test_a_reference_that_cannot_be_used_is_said_before_anything_is_made(tmp_path: Path) -> None:
    source = write_las(tmp_path / "a.las", hillside()[1])
    (tmp_path / "r.tif").write_bytes(b"no raster")
    out = tmp_path / "out"
    assert main(["grid", str(source), "-o", str(out), "--reference", str(tmp_path / "r.tif")]) == 1
    assert main(["convert", str(tmp_path), "-o", str(out), "--reference", str(tmp_path / "none.tif")]) == 1
    assert not out.exists()
