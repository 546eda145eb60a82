"""Sky-view factor, openness, local relief and dominance: the nearest cells as published, lengths, voids."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import rasterio
from horizons import bilinear_rays, nearest_cells, shifted
from horizons import openness as plain_openness
from horizons import sky as plain_sky
from numpy.typing import NDArray
from surfaces import HOLES, centres, holes, rough

from pointcloud import relief
from pointcloud.errors import ParameterError

Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def slovenia(shared_data: Path) -> Floats:
    with rasterio.open(shared_data / "dem_archaeology" / "TM1_564_146.tif") as file:
        return np.asarray(file.read(1)[150:450, 380:700], np.float64)


@pytest.mark.parametrize(("radius", "directions"), [(10.0, 16), (20.0, 8), (20.0, 32)])
def test_published_methods_on_real_terrain(slovenia: Floats, radius: float, directions: int) -> None:
    around = 21
    inner = (slice(around, -around),) * 2
    look = {"radius": radius, "directions": directions, "sampling": "nearest"}
    sky = relief.sky_view_factor(slovenia, 1.0, **look)  # type: ignore[arg-type]
    up = relief.positive_openness(slovenia, 1.0, **look)  # type: ignore[arg-type]
    down = relief.negative_openness(slovenia, 1.0, **look)  # type: ignore[arg-type]
    above, below = (nearest_cells(z, 1.0, radius, directions, around) for z in (slovenia, -slovenia))
    assert np.abs(sky[inner] - plain_sky(above)).max() < 1e-9
    assert np.abs(up[inner] - plain_openness(above)).max() < 1e-5
    assert np.abs(down[inner] - plain_openness(below)).max() < 1e-5


@pytest.mark.parametrize("directions", [16, 32])
def test_bilinear_rays_on_real_terrain(slovenia: Floats, directions: int) -> None:
    """0.0001 and 0.007 degrees on the mean, 26 times nearer than the nearest cells; more at cells as steep as walls."""
    around = 21
    inner = (slice(around, -around),) * 2
    horizons = bilinear_rays(slovenia, 20.0, directions, around, step=0.1)
    look = {"radius": 20.0, "directions": directions}
    sky = relief.sky_view_factor(slovenia, 1.0, **look)[inner] - plain_sky(horizons)  # type: ignore[arg-type]
    up = relief.positive_openness(slovenia, 1.0, **look)[inner] - plain_openness(horizons)  # type: ignore[arg-type]
    assert np.abs(sky).mean() < 2e-4
    assert np.abs(up).mean() < 0.01
    assert np.quantile(np.abs(sky), 0.995) < 0.002
    assert np.quantile(np.abs(up), 0.995) < 0.1


def test_lengths_are_metres() -> None:
    """A wall 10 m away and 10 m high hides half a right angle, whatever the cells."""
    for resolution in (1.0, 0.5):
        east, _ = centres(round(60 / resolution), round(60 / resolution), resolution)
        dem = np.where(east > 10.0 - resolution / 4, 10.0, 0.0)
        middle = dem.shape[0] // 2
        at = round((30.0 - resolution / 2) / resolution)
        found = relief.positive_openness(dem, resolution, radius=15.0, directions=4)[middle, at]
        assert found == pytest.approx(90.0 - 45.0 / 4, abs=1.5)


def test_level_ground() -> None:
    dem = np.full((30, 33), 7.0)
    dem[10:14, 5:20] = np.nan
    valid = np.isfinite(dem)
    for function, wanted in (
        (relief.sky_view_factor, 1.0),
        (relief.positive_openness, 90.0),
        (relief.negative_openness, 90.0),
        (relief.local_relief, 0.0),
        (relief.local_dominance, 1.0),
    ):
        found = function(dem, 1.0)
        assert found[valid] == pytest.approx(wanted, abs=1e-9)
        assert np.isnan(found[~valid]).all()


def test_what_is_near_can_be_left_out() -> None:
    dem = np.zeros((41, 41))
    dem[18:23, 22] = 3.0
    assert relief.sky_view_factor(dem, 1.0, radius=10.0)[20, 20] < 0.9
    assert relief.sky_view_factor(dem, 1.0, radius=10.0, nearest=5.0)[20, 20] == 1.0


@pytest.mark.parametrize("kind", HOLES)
def test_a_plane_with_holes_and_an_edge_looks_alike_everywhere(kind: str) -> None:
    """The nearest cells miss a direction by an angle; half a blind sky would be 15 degrees off."""
    east, north = centres(41, 47)
    dem = 1500.0 + 0.5 * east - 0.3 * north
    dem[holes(kind, dem.shape)] = np.nan
    valid = np.isfinite(dem)
    whole = 1500.0 + 0.5 * centres(101, 101)[0] - 0.3 * centres(101, 101)[1]
    nearest = {} if kind == "chessboard" else {"sampling": "nearest"}
    for function, values, near in (
        (relief.sky_view_factor, nearest, 0.03),
        (relief.positive_openness, nearest, 2.5),
        (relief.negative_openness, nearest, 2.5),
        (relief.local_dominance, {}, 1e-9),
        (relief.local_relief, {}, 1e-9),
    ):
        found = function(dem, 1.0, **values)  # type: ignore[operator]
        assert np.array_equal(np.isfinite(found), valid)
        assert found[valid] == pytest.approx(function(whole, 1.0, **values)[50, 50], abs=near)  # type: ignore[operator]


def test_a_void_is_no_wall_and_no_cliff() -> None:
    dem = rough(60, 60, holes=False)
    whole = relief.positive_openness(dem, 1.0)
    dem[:, 40:] = np.nan
    found = relief.positive_openness(dem, 1.0)
    assert np.array_equal(found[15:-15, :30], whole[15:-15, :30])
    assert np.abs(found[:, :40] - whole[:, :40]).mean() < 1.0


def test_local_relief_is_the_height_above_the_gaussian() -> None:
    east, north = centres(150, 150)
    k = 2 * np.pi / 60.0
    dem = 400.0 + 0.2 * east + 0.1 * north + 2.0 * np.sin(k * east)
    found = relief.local_relief(dem, 1.0, radius=20.0)[50:-50, 50:-50]
    damped = math.exp(-0.5 * (10.0 * k) ** 2)
    assert found == pytest.approx((2.0 * (1.0 - damped) * np.sin(k * east))[50:-50, 50:-50], abs=5e-3)


def test_local_relief_is_the_same_at_both_resolutions() -> None:
    found = []
    for resolution in (1.0, 0.5):
        east, north = centres(round(120 / resolution), round(120 / resolution), resolution)
        bump = np.exp(-((east**2 + north**2) / (2 * 4.0**2)))
        middle = (slice(dem_half(resolution) - 1, dem_half(resolution) + 1),) * 2
        found.append(relief.local_relief(bump, resolution)[middle].mean())
    assert found[0] == pytest.approx(found[1], rel=0.02)


def dem_half(resolution: float) -> int:
    return round(60 / resolution)


def test_local_dominance_is_the_mean_over_the_ring() -> None:
    dem = rough(70, 72, holes=False)
    around, observer = 21, 1.7
    here, parts = shifted(dem, 0, 0, around), []
    for azimuth in np.arange(16) * 2 * np.pi / 16:
        steps = {
            (-int(np.rint(k * np.cos(azimuth))), int(np.rint(k * np.sin(azimuth)))): None
            for k in range(10, 21)
        }
        parts += [np.maximum(here + observer - shifted(dem, *step, around), 0.0) for step in steps]
    wanted = np.mean(parts, axis=0) / observer
    found = relief.local_dominance(dem, 1.0)[around:-around, around:-around]
    assert found == pytest.approx(wanted, abs=1e-9)


def test_a_mound_dominates_and_a_pit_does_not() -> None:
    east, north = centres(61, 61)
    mound = 2.0 * np.exp(-((east**2 + north**2) / (2 * 5.0**2)))
    assert relief.local_dominance(mound, 1.0)[30, 30] > 1.5
    assert relief.local_dominance(-mound, 1.0)[30, 30] < 0.5
    assert relief.local_relief(mound, 1.0)[30, 30] > 1.0
    assert relief.positive_openness(mound, 1.0)[30, 30] > 92.0
    assert relief.negative_openness(-mound, 1.0)[30, 30] > 92.0


@pytest.mark.parametrize(
    ("function", "values", "text"),
    [
        (relief.sky_view_factor, {"radius": 0.4}, "radius of 0.4 m"),
        (relief.sky_view_factor, {"radius": 1e4}, "radius .* out of range"),
        (relief.positive_openness, {"directions": 3}, "directions .* out of range"),
        (relief.negative_openness, {"nearest": 11.0}, "nearest .* out of range"),
        (
            relief.positive_openness,
            {"sampling": "bilinear"},
            "sampling 'bilinear' is unknown: .* linear, nearest",
        ),
        (relief.local_relief, {"radius": 0.0}, "radius of 0 m"),
        (relief.local_dominance, {"inner": 30.0}, "inner .* out of range"),
        (relief.local_dominance, {"observer": 0.0}, "observer .* out of range"),
    ],
)
def test_values_that_cannot_be(function: object, values: dict[str, float | str], text: str) -> None:
    with pytest.raises(ParameterError, match=text):
        function(np.zeros((4, 5)), 1.0, **values)  # type: ignore[operator]
