"""What files hold along lines: the same as arrays, whatever the blocks, files and chunks."""

from __future__ import annotations

from pathlib import Path

import las_files
import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from surfaces import rough

from pointcloud.api.raster import Raster
from pointcloud.geo.lattice import Box, Grid
from pointcloud.io import transects
from pointcloud.io.dems.dem import Terrain, look
from pointcloud.io.las.reader import read_header
from pointcloud.surface import section

WEST, NORTH = 44_000.0, -77_500.0
LINE = np.array([(44_010.0, -77_520.0), (44_180.0, -77_533.0), (44_090.0, -77_690.0)])
SHOT = np.array([(44_010.0, -77_990.0), (44_060.0, -77_940.0), (44_090.0, -77_945.0)])


def write(path: Path, dem: NDArray[np.float64], row: int = 0, col: int = 0) -> Path:
    profile = {
        "driver": "GTiff",
        "width": dem.shape[1],
        "height": dem.shape[0],
        "count": 1,
        "dtype": "float64",
    }
    transform = Affine(1.0, 0.0, WEST + col, 0.0, -1.0, NORTH - row)
    with rasterio.open(path, "w", **profile, crs="EPSG:6673", nodata=-9999.0, transform=transform) as file:
        file.write(np.nan_to_num(dem, nan=-9999.0), 1)
    return path


@pytest.mark.parametrize("block", [16, 512])
def test_files_give_the_heights_of_the_array(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transects, "BLOCK", block)
    dem = rough(200, 200)
    quarters = [(0, 0), (0, 100), (100, 0), (100, 100)]
    paths = [
        write(tmp_path / f"標高 {k}.tif", dem[row : row + 100, col : col + 100], row, col)
        for k, (row, col) in enumerate(quarters)
    ]
    at = section.stations(LINE, 0.7)
    wanted = section.take(dem, section.places((WEST, NORTH), 1.0, at.e, at.n))
    assert np.isnan(wanted).any()
    with Terrain([look(path) for path in paths[::-1]]) as terrain:
        found = transects.heights_along(terrain, at)
    np.testing.assert_array_equal(found, wanted)


def tile(path: Path, count: int = 20_000, seed: int = 1) -> Path:
    return las_files.write(path, count=count, seed=seed, raw=raw(count, seed))


def raw(count: int, seed: int) -> NDArray[np.int32]:
    return np.random.default_rng(seed).integers(0, 100_000, (3, count)).astype(np.int32)


def test_points_are_those_of_the_arrays(tmp_path: Path) -> None:
    path = tile(tmp_path / "点群.laz")
    points = las_files.read(path)
    wanted = section.points_beside(
        SHOT, points.e / 10_000, points.n / 10_000, points.z / 10_000, points.classification, 4.0
    )
    (found,) = transects.points_along([(read_header(path), False)], [SHOT], 4.0)
    assert found.found == wanted.found > 300
    for name in ("distance", "offset", "z", "classification"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))


def test_classes_and_withheld_points_are_left_out(tmp_path: Path) -> None:
    classes = np.tile(np.array([2, 7, 18, 5], np.uint8), 5000)
    withheld = np.arange(20_000) % 8 == 0
    path = las_files.write(
        tmp_path / "a.las", count=20_000, raw=raw(20_000, 1), classification=classes, withheld=withheld
    )
    (found,) = transects.points_along([(read_header(path), False)], [SHOT], 4.0)
    (ground,) = transects.points_along([(read_header(path), True)], [SHOT], 4.0)
    assert set(found.classification) == {2, 5}
    assert 0.5 < (found.classification == 2).sum() / (found.classification == 5).sum() < 0.9
    assert set(ground.classification) == {2}
    assert ground.found == found.found


def test_thinning_depends_on_no_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = [(read_header(tile(tmp_path / f"{k}.las", seed=k)), False) for k in range(3)]
    iterate = transects.iter_points
    (whole,) = transects.points_along(headers, [SHOT], 4.0)
    (one,) = transects.points_along(headers, [SHOT], 4.0, most=400)
    monkeypatch.setattr(transects, "iter_points", lambda header: iterate(header, chunk=997))
    (other,) = transects.points_along(headers[::-1], [SHOT], 4.0, most=400)
    assert one.found == other.found == whole.found == whole.z.size
    assert 200 < one.z.size <= 400
    np.testing.assert_array_equal(one.z, other.z)
    np.testing.assert_array_equal(one.distance, other.distance)
    kept = set(zip(one.distance, one.z, strict=True))
    assert kept < set(zip(whole.distance, whole.z, strict=True))


def test_files_far_from_all_lines_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = read_header(tile(tmp_path / "a.las", count=100))
    monkeypatch.setattr(transects, "iter_points", lambda header: pytest.fail("was read"))
    (found,) = transects.points_along([(header, False)], [SHOT + 1000.0], 4.0)
    assert (found.found, found.z.size) == (0, 0)


def test_points_of_one_place_cannot_be_thinned_below_one_hash(tmp_path: Path) -> None:
    same = np.tile(np.array([[50_000], [55_000], [1000]], np.int32), 1000)
    header = read_header(las_files.write(tmp_path / "a.las", raw=same))
    (found,) = transects.points_along(
        [(header, False)], [np.array([(44_040, -77_945), (44_060, -77_945)])], 2.0, most=10
    )
    assert found.found == 1000


def test_from_rasters_in_memory() -> None:
    import pointcloud as pc

    dem = rough(200, 200)
    grid = Grid(Box.from_metres(WEST, NORTH - 200, WEST + 200, NORTH), 10_000)
    cut = pc.profile(LINE, dem=Raster(dem, grid), dsm=Raster(dem + 5.0, grid))
    wanted = section.take(dem, section.places((WEST, NORTH), 1.0, cut.at.e, cut.at.n))
    np.testing.assert_array_equal(cut.heights["dem"], wanted)
    np.testing.assert_allclose(cut.heights["dsm"], wanted + 5.0)
    assert cut.length == section.starts(LINE)[-1]
    assert cut.range == (np.nanmin(wanted), np.nanmax(cut.heights["dsm"]))
