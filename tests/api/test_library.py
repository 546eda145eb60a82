"""The library as a notebook uses it: arrays or files to rasters, in memory."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Any

import elsewhere
import laspy
import numpy as np
import pyproj
import pytest
from PIL import Image

import pointcloud as pc
from pointcloud.errors import CrsError, DataWarning, FileError, ParameterError
from pointcloud.geo.lattice import Box, Grid
from pointcloud.params.styles import STYLES

ROOT = Path(__file__).resolve().parents[2]
TILE = ROOT / "sample_tiles" / "05PE5535.laz"


@pytest.fixture(scope="module")
def slope() -> pc.PointCloud:
    """Points on a plane, 20 m wide and 10 m high."""
    rng = np.random.default_rng(5)
    e, n = rng.uniform(100, 120, 3000), rng.uniform(-10, 0, 3000)
    return pc.cloud(e, n, 50 + e / 10 + n / 5, crs="EPSG:6673")


@pytest.fixture(scope="module")
def tile() -> pc.PointCloud:
    return pc.read(TILE)


def picture_of(raster: pc.Raster) -> Image.Image:
    return Image.open(io.BytesIO(raster._repr_png_()))


@pytest.mark.parametrize("page", ["README.md", "README.ja.md"])
def test_lines_of_the_readme_run(page: str) -> None:
    code = re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)
    assert len(code) == 1
    names: dict[str, Any] = {}
    exec(code[0], names)

    dem, relief = names["dem"], names["relief"]
    assert (dem.crs, dem.resolution, dem.array.shape) == ("EPSG:6673", 0.5, (200, 200))
    assert relief.array.shape == (200, 200, 4)
    table = names["table"]
    true = 100 + 10 * np.sin(table.x / 15) + 0.3 * (table.y + 77600)
    assert float(abs(table - true).max()) < 0.1
    assert int(table.isnull().sum()) < 500  # the rim beyond the outermost points


def test_plane_comes_back(slope: pc.PointCloud) -> None:
    dem = pc.dem(slope, resolution=0.5)
    assert dem.bounds == (100, -10, 120, 0)
    assert tuple(dem.transform)[:6] == (0.5, 0, 100, 0, -0.5, 0)
    e, n = np.meshgrid(100.25 + 0.5 * np.arange(40), -0.25 - 0.5 * np.arange(20))
    known = np.isfinite(dem.array)
    assert known.mean() > 0.9
    assert np.abs(dem.array - (50 + e / 10 + n / 5))[known].max() < 1.1e-3


def test_files_and_arrays_give_the_same(tile: pc.PointCloud) -> None:
    file = laspy.read(TILE)
    arrays = pc.cloud(file.x, file.y, file.z, file.classification, crs=tile.crs)
    assert arrays.box == tile.box
    for make in (pc.dsm, pc.dem):
        one, other = make(tile, 0.5), make(arrays, 0.5)
        assert (one.grid, one.crs, one.name) == (other.grid, other.crs, other.name)
        assert np.array_equal(one.array, other.array, equal_nan=True)


def test_bounds_cut_a_window_out(tile: pc.PointCloud) -> None:
    whole, part = pc.dem(tile, 1), pc.dem(tile, 1, bounds=(22050, -166050, 22100, -166000))
    assert part.array.shape == (50, 50)
    assert np.array_equal(part.array, whole.array[whole.grid.slices(part.grid.box)])


def test_nothing_there_is_nodata(tile: pc.PointCloud) -> None:
    nowhere = (30000, -166050, 30010, -166000)
    assert np.isnan(pc.dsm(tile, bounds=nowhere).array).all()
    dem = pc.dem(tile, bounds=nowhere)
    assert dem.array.shape == (50, 10)
    assert np.isnan(dem.array).all()
    assert not pc.cs(dem).array.any()


def test_raster_says_what_it_is(slope: pc.PointCloud) -> None:
    dem = pc.dem(slope)
    assert repr(dem) == "<Raster dem: 10 x 20 cells of 1 m, W 100 S -10 E 120 N 0, EPSG:6673>"
    assert "no CRS" in repr(pc.Raster(dem.array, dem.grid))
    with pytest.raises(ValueError, match="does not fit"):
        pc.Raster(dem.array[1:], dem.grid)


def test_heights_are_shown_shaded(slope: pc.PointCloud) -> None:
    picture = picture_of(pc.dem(slope, 0.5))
    assert (picture.size, picture.mode) == ((40, 20), "RGBA")
    known = np.isfinite(pc.dem(slope, 0.5).array)[5:15, 5:35]
    shown = np.asarray(picture)[5:15, 5:35]
    assert np.array_equal(shown[..., 3] == 255, known)
    assert len(np.unique(shown[known])) == 2  # one grey for a plane, and opaque


def test_light_comes_from_the_north_west() -> None:
    rows, cols = np.mgrid[0:21, 0:21]
    cone = 10.0 - np.hypot(rows - 10, cols - 10)
    raster = pc.Raster(cone.astype(np.float32), Grid(Box(0, 0, 210_000, 210_000), 10_000))
    grey = np.asarray(picture_of(raster))[..., 0].astype(int)
    assert grey[5, 5] > grey[5, 15] > grey[15, 15]
    assert grey[5, 15] == grey[15, 5]


def test_pictures_are_shown_as_they_are(slope: pc.PointCloud) -> None:
    relief = pc.cs(pc.dem(slope))
    assert np.array_equal(np.asarray(picture_of(relief)), relief.array)


@pytest.mark.parametrize(("shape", "size"), [((3000, 10), (3, 750)), ((1, 900), (450, 1)), ((1, 1), (1, 1))])
def test_large_and_narrow_rasters_are_shown(shape: tuple[int, int], size: tuple[int, int]) -> None:
    rows, cols = shape
    raster = pc.Raster(np.zeros(shape, np.float32), Grid(Box(0, 0, cols * 10_000, rows * 10_000), 10_000))
    assert picture_of(raster).size == size


def test_xarray(slope: pc.PointCloud) -> None:
    dem = pc.dem(slope, 0.5)
    table = dem.to_xarray()
    assert (table.name, table.dims, table.attrs["crs"]) == ("dem", ("y", "x"), "EPSG:6673")
    assert table.attrs["transform"] == (0.5, 0, 100, 0, -0.5, 0)
    assert (float(table.x[0]), float(table.x[-1])) == (100.25, 119.75)
    assert (float(table.y[0]), float(table.y[-1])) == (-0.25, -9.75)
    assert np.array_equal(table.values, dem.array, equal_nan=True)
    centre = table.sel(x=110.25, y=-5.25)
    assert float(centre) == pytest.approx(50 + 11.025 - 1.05, abs=1e-3)
    assert pc.cs(dem).to_xarray().dims == ("y", "x", "band")


def test_without_xarray(slope: pc.PointCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(ImportError):
        pc.dem(slope).to_xarray()


PLACES = np.arange(5.0)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (([], [], []), "arrays.length"),
        ((PLACES, PLACES[1:], PLACES), "arrays.length"),
        ((PLACES, PLACES, PLACES, [2, 2]), "arrays.length"),
        ((PLACES, PLACES, [0, 1, np.nan, 3, 4]), "arrays.finite"),
        (([0, 1, np.inf, 3, 4], PLACES, PLACES), "arrays.finite"),
        ((PLACES, PLACES + 2e9, PLACES), "arrays.finite"),
        ((PLACES, PLACES, PLACES + 300_000), "arrays.finite"),
        ((PLACES, PLACES, PLACES, [2, 2, 258, 2, 2]), "arrays.classes"),
        ((PLACES, PLACES, PLACES, [2, 2, -1, 2, 2]), "arrays.classes"),
        ((PLACES, PLACES, PLACES, [2, 2, 1.5, 2, 2]), "arrays.classes"),
        ((PLACES, PLACES, PLACES, [2, 2, np.nan, 2, 2]), "arrays.classes"),
        ((PLACES, PLACES, PLACES, ["ground"] * 5), "arrays.classes"),
    ],
)
def test_wrong_arrays_are_refused(arrays: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        pc.cloud(*arrays)
    assert caught.value.message == message
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resolution": 0.25}, "arrays.finer"),
        ({"resolution": 0.75}, "params.nest"),
        ({"resolution": -1}, "params.range"),
        ({"resolution": 1 / 3}, "params.resolution"),
        ({"max_gap": -1}, "params.range"),
        ({"bounds": (120, -10, 100, 0)}, "arrays.bounds"),
        ({"bounds": (100, -10, 100, 0)}, "arrays.bounds"),
        ({"bounds": (100, -10, float("nan"), 0)}, "arrays.bounds"),
    ],
)
def test_wrong_options_are_refused(slope: pc.PointCloud, options: dict[str, Any], message: str) -> None:
    for make in (pc.dsm, pc.dem):
        with pytest.raises(ParameterError) as caught:
            make(slope, **options)
        assert caught.value.message == message


def test_wrong_classes_are_refused() -> None:
    with pytest.raises(ParameterError) as caught:
        pc.cloud(PLACES, PLACES, PLACES, ground_classes=(7,))
    assert caught.value.message == "params.both"


def test_relief_of_a_picture_is_refused(slope: pc.PointCloud) -> None:
    with pytest.raises(ParameterError) as caught:
        pc.cs(pc.cs(pc.dem(slope)))
    assert caught.value.message == "relief.array"


def test_ground_delivered_separately() -> None:
    pair = [ROOT / "sample_tiles" / kind / "05PE5525.laz" for kind in ("original", "ground")]
    window = (22000, -165800, 22200, -165700)
    alone, both = pc.read(pair[0], resolution=1), pc.read(pair[0], ground=pair[1:], resolution=1)
    assert np.isnan(pc.dem(alone, bounds=window).array).all()
    assert np.isfinite(pc.dem(both, bounds=window).array).mean() > 0.95
    assert np.array_equal(pc.dsm(alone, bounds=window).array, pc.dsm(both, bounds=window).array)


@pytest.mark.parametrize(("crs", "message"), [("EPSG:6672", "crs.differ"), ("EPSG:4326", "crs.geographic")])
def test_files_that_do_not_fit_together_are_refused(tmp_path: Path, crs: str, message: str) -> None:
    file = laspy.LasData(laspy.LasHeader(point_format=6, version="1.4"))
    file.x, file.y, file.z = ([134.5, 134.6], [34.0, 34.1], [0.0, 1.0])
    file.header.add_crs(pyproj.CRS(crs))
    file.write(tmp_path / "other.las")
    with pytest.raises(CrsError) as caught:
        pc.read(TILE, tmp_path / "other.las")
    assert caught.value.message == message


def test_no_file_is_refused() -> None:
    with pytest.raises(ParameterError, match="no file"):
        pc.read()


def test_missing_file_is_named() -> None:
    with pytest.raises(FileError, match=r"nowhere\.laz"):
        pc.read("nowhere.laz")


def test_public_names() -> None:
    assert set(pc.__all__) == set(dir(pc))
    assert all(getattr(pc, name) is not None for name in pc.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        pc.nothing  # noqa: B018


def test_every_style_of_a_terrain(slope: pc.PointCloud) -> None:
    """A plane that falls to the west and south: 12.6 degrees, facing between them."""
    terrain = pc.dem(slope, 0.5)
    numbers = pc.layer(terrain, "slope")
    middle = (slice(4, -4), slice(8, -8))
    assert numbers.array[middle] == pytest.approx(np.degrees(np.arctan(np.hypot(0.1, 0.2))), abs=0.2)
    assert (numbers.name, numbers.grid, numbers.crs) == ("slope", terrain.grid, terrain.crs)
    for style in STYLES:
        shown = pc.picture(terrain, style)
        assert np.array_equal(shown.array[..., 3] == 255, np.isfinite(terrain.array)), style
    wide, near = (pc.layer(terrain, "openness", radius=radius) for radius in (5.0, 1.0))
    assert not np.array_equal(wide.array, near.array, equal_nan=True)
    cells = pc.layer(terrain, "openness", radius=5.0, sampling="nearest")
    assert not np.array_equal(wide.array, cells.array, equal_nan=True)
    with pytest.raises(ParameterError, match="style 'red' is unknown"):
        pc.picture(terrain, "red")
    with pytest.raises(ParameterError, match="no value called sigma"):
        pc.layer(terrain, "slope", sigma=2.0)


@pytest.mark.parametrize("crs", [6668, 6674, 6690])
def test_files_in_another_system(crs: int, tmp_path: Path) -> None:
    """As the same points that PROJ brings to the zone."""
    e, n = np.random.default_rng(0).uniform(0, 60, (2, 6000)) + np.array([[44_000.0], [-78_000.0]])
    z = 100 + 0.2 * (e - 44_000)
    x, y = elsewhere.write(tmp_path / "a.laz", crs, *elsewhere.transformed(6673, crs, e, n), z)
    cloud = pc.read(tmp_path / "a.laz", to_crs="5", resolution=1)
    e, n = elsewhere.transformed(crs, 6673, x, y)
    expected = pc.dem(pc.cloud(e, n, np.round(z, 3), resolution=1, crs="EPSG:6673"))
    made = pc.dem(cloud)
    assert (made.crs, made.grid) == (expected.crs, expected.grid)
    assert np.nanmax(np.abs(made.array - expected.array)) <= 1.01e-3
    assert np.isfinite(made.array).mean() > 0.8


def test_systems_of_files_that_state_none(tmp_path: Path) -> None:
    e, n = np.random.default_rng(0).uniform(0, 60, (2, 2000)) + np.array([[44_000.0], [-78_000.0]])
    lon, lat = elsewhere.transformed(6673, 6668, e, n)
    elsewhere.write(tmp_path / "degrees.las", 6668, lon, lat, np.zeros(e.size), wkt=None)
    elsewhere.write(tmp_path / "metres.las", 6673, e, n, np.zeros(e.size), wkt=None)
    with pytest.raises(CrsError) as caught:
        pc.read(tmp_path / "degrees.las", to_crs="5")
    assert caught.value.message == "crs.degrees"
    degrees = pc.read(tmp_path / "degrees.las", crs="EPSG:6668", to_crs="5")
    with pytest.warns(DataWarning, match="taken for zone V"):
        metres = pc.read(tmp_path / "metres.las", to_crs="5")
    assert degrees.box.intersect(metres.box).area > 0.99 * metres.box.area
    assert pc.read(tmp_path / "metres.las", crs="5").crs == "EPSG:6673"
    with pytest.raises(CrsError) as caught:
        pc.read(tmp_path / "degrees.las", crs="EPSG:4326", to_crs="5")
    assert caught.value.message == "transform.wgs84"
