"""Files in another system: classified as where PROJ brings them, and written where they are."""

from __future__ import annotations

from pathlib import Path

import elsewhere
import laspy
import numpy as np
import pytest
from point_texts import CORNER
from runs import hills, write_cloud

from hyogo_pc.main import main
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import QUANTA_PER_METRE
from pointcloud.io.las.reader import read_header

QUICK = ("--window", "5", "--max-gap", "25", "--isolated", "0", "--jobs", "1")


def classify(out: Path, *arguments: str | Path) -> None:
    assert main(["classify", *map(str, arguments), "-o", str(out), *QUICK]) == 0


def woods(side: float = 80.0) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    count = round(side * side * 1.5)
    e, n = CORNER[0] + rng.uniform(0, side, count), CORNER[1] + rng.uniform(0, side, count)
    z = hills(e, n) + np.where(rng.random(count) < 0.4, rng.uniform(1, 20, count), 0.0)
    return [e, n, z]


@pytest.mark.parametrize("crs", [6668, 6674])
def test_classes_as_in_the_plane_and_coordinates_as_they_are(crs: int, tmp_path: Path) -> None:
    e, n, z = woods()
    source = tmp_path / "in" / "a.laz"
    x, y = elsewhere.write(source, crs, *elsewhere.transformed(6673, crs, e, n), z, 0)
    classify(tmp_path / "made", source, "--to-crs", "5")
    plain = tmp_path / "plain" / "a.laz"
    write_cloud(plain, *elsewhere.transformed(crs, 6673, x, y), z, 0, scale=0.0001, offset=CORNER)
    classify(tmp_path / "expected", plain)
    made, expected = (laspy.read(tmp_path / name / "a.laz") for name in ("made", "expected"))
    old = laspy.read(source)
    assert np.array_equal(made.classification, expected.classification)
    assert 0.3 < np.mean(np.asarray(made.classification) == 2) < 0.9
    for axis in "XYZ":
        assert np.array_equal(made[axis], old[axis])
    assert read_header(tmp_path / "made" / "a.laz").crs == SpatialReference(f"EPSG:{crs}")


def test_a_text_of_degrees_becomes_laz_in_the_plane(tmp_path: Path) -> None:
    e, n, z = woods()
    lon, lat = elsewhere.transformed(6673, 6668, e, n)
    source = tmp_path / "a_org.txt"
    source.write_text("".join(f"{a:.11f} {b:.11f} {c:.3f}\n" for a, b, c in zip(lon, lat, z, strict=True)))
    classify(tmp_path / "made", source, "--crs", "EPSG:6668", "--to-crs", "5")
    made = laspy.read(tmp_path / "made" / "a_org.laz")
    assert read_header(tmp_path / "made" / "a_org.laz").crs == SpatialReference("EPSG:6673")
    there = elsewhere.transformed(6668, 6673, np.round(lon, 11), np.round(lat, 11))
    for ours, theirs in zip((made.x, made.y), there, strict=True):
        assert np.abs(np.asarray(ours) - theirs).max() * QUANTA_PER_METRE < 0.51
    assert 0.3 < np.mean(np.asarray(made.classification) == 2) < 0.9


def test_another_system_classifies_anew(tmp_path: Path) -> None:
    e, n, z = woods(40.0)
    elsewhere.write(tmp_path / "a.laz", 6674, *elsewhere.transformed(6673, 6674, e, n), z, 0)
    classify(tmp_path / "made", tmp_path / "a.laz", "--to-crs", "5")
    first = (tmp_path / "made" / "a.laz").stat().st_mtime_ns
    classify(tmp_path / "made", tmp_path / "a.laz", "--to-crs", "5")
    assert (tmp_path / "made" / "a.laz").stat().st_mtime_ns == first
    classify(tmp_path / "made", tmp_path / "a.laz")
    assert (tmp_path / "made" / "a.laz").stat().st_mtime_ns != first
