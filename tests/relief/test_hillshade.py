"""Aspect and light against closed forms, and against gdaldem's words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from surfaces import HOLES, centres, holes, rough

from pointcloud import relief
from pointcloud.errors import ParameterError


@pytest.mark.parametrize("resolution", [1.0, 0.5])
@pytest.mark.parametrize("facing", [0.0, 37.0, 90.0, 180.0, 224.0, 270.0, 359.0])
def test_a_plane_faces_one_way(facing: float, resolution: float) -> None:
    east, north = centres(20, 22, resolution)
    tangent = math.tan(math.radians(28.0))
    a = math.radians(facing)
    dem = 900.0 - tangent * (east * math.sin(a) + north * math.cos(a))
    assert relief.aspect(dem, resolution) == pytest.approx(facing, rel=1e-6, abs=1e-6)
    assert relief.slope(dem, resolution) == pytest.approx(28.0, rel=1e-6)


def test_level_ground_faces_nowhere() -> None:
    assert (relief.aspect(np.full((5, 6), 12.0), 1.0) == -1.0).all()


def test_north_is_0_and_not_360() -> None:
    east, north = centres(9, 9)
    dem = 50.0 - 0.3 * north + 1e-15 * east
    found = relief.aspect(dem, 1.0)
    assert ((found >= 0.0) & (found < 360.0)).all()


@pytest.mark.parametrize("resolution", [1.0, 0.5])
@pytest.mark.parametrize(("azimuth", "altitude"), [(315.0, 45.0), (90.0, 20.0), (0.0, 90.0)])
def test_hillshade_is_gdaldems_to_a_grey_level(azimuth: float, altitude: float, resolution: float) -> None:
    """Slope, aspect and light in the words of its documentation: 1 to 255, from Horn's differences."""
    dem = rough(40, 50, holes=False)
    a, b, c = dem[:-2, :-2], dem[:-2, 1:-1], dem[:-2, 2:]
    d, f = dem[1:-1, :-2], dem[1:-1, 2:]
    g, h, i = dem[2:, :-2], dem[2:, 1:-1], dem[2:, 2:]
    dx = ((c + 2 * f + i) - (a + 2 * d + g)) / (8 * resolution)
    dy = ((a + 2 * b + c) - (g + 2 * h + i)) / (8 * resolution)
    slope, downhill = np.arctan(np.hypot(dx, dy)), np.arctan2(-dx, -dy)
    zenith, light = math.radians(90.0 - altitude), math.radians(azimuth)
    cosine = math.cos(zenith) * np.cos(slope) + math.sin(zenith) * np.sin(slope) * np.cos(light - downhill)
    wanted = 1.0 + 254.0 * np.clip(cosine, 0.0, 1.0)
    found = relief.hillshade(dem, resolution, azimuth=azimuth, altitude=altitude)[1:-1, 1:-1]
    assert found == pytest.approx(np.clip(cosine, 0.0, 1.0), abs=1e-9)
    assert np.abs(np.rint(255.0 * found) - np.rint(wanted)).max() <= 1
    slopes = relief.slope(dem, resolution)[1:-1, 1:-1]
    assert slopes == pytest.approx(np.degrees(slope), abs=1e-9)


def test_multi_hillshade_is_marks_mean() -> None:
    """Four hillshades, each weighted by the squared sine between its light and the aspect."""
    dem = rough(40, 50)
    facing = np.radians(relief.aspect(dem, 1.0))
    weights, shades = [], []
    for azimuth in (225.0, 270.0, 315.0, 360.0):
        weights.append(np.sin(facing - math.radians(azimuth)) ** 2)
        shades.append(relief.hillshade(dem, 1.0, azimuth=azimuth % 360.0, altitude=30.0))
    wanted = np.sum(np.multiply(weights, shades), axis=0) / np.sum(weights, axis=0)
    found = relief.multi_hillshade(dem, 1.0)
    assert found == pytest.approx(wanted, abs=1e-9, nan_ok=True)
    assert relief.multi_hillshade(np.zeros((4, 4)), 1.0, altitude=20.0) == pytest.approx(
        math.sin(math.radians(20.0))
    )


@pytest.mark.parametrize("kind", HOLES)
def test_a_plane_with_holes_keeps_its_light(kind: str) -> None:
    east, north = centres(41, 47)
    dem = 1500.0 + 0.8 * east - 0.45 * north
    dem[holes(kind, dem.shape)] = np.nan
    valid = np.isfinite(dem)
    shade = (0.5**0.5 + 0.5 * (0.8 + 0.45)) / math.sqrt(1.0 + 0.8**2 + 0.45**2)
    for found, wanted in (
        (relief.hillshade(dem, 1.0), shade),
        (relief.aspect(dem, 1.0), math.degrees(math.atan2(-0.8, 0.45)) + 360.0),
    ):
        assert np.array_equal(np.isfinite(found), valid)
        assert found[valid] == pytest.approx(wanted, rel=1e-6)


def test_lights_that_cannot_be() -> None:
    dem = np.zeros((4, 5))
    for light in ({"azimuth": 361.0}, {"altitude": -1.0}, {"altitude": float("nan")}):
        with pytest.raises(ParameterError, match="out of range"):
            relief.hillshade(dem, 1.0, **light)
