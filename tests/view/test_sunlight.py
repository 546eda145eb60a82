"""Sunlight: shading and shadows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pointcloud.errors import ParameterError
from pointcloud.view import sunlight
from pointcloud.view.sunlight import Sun


def lit(heights: sunlight.Floats, sun: Sun, cell: float = 1.0) -> sunlight.Floats:
    return sunlight.brightness(heights, sunlight.tops(heights, cell, sun), cell, sun).astype(np.float64)


@pytest.mark.parametrize(("azimuth", "row", "col"), [(0, 1, 0), (90, 0, -1), (180, -1, 0), (270, 0, 1)])
@pytest.mark.parametrize("cell", [0.5, 2.0])
def test_shadow_of_a_tower_is_as_long_as_it_should_be(
    azimuth: float, row: int, col: int, cell: float
) -> None:
    heights = np.zeros((101, 101))
    heights[50, 50] = 10.0 * cell
    bright = lit(heights, Sun(azimuth, 45.0), cell)
    dark = [bright[50 + k * row, 50 + k * col] < 0.6 for k in range(2, 20)]
    assert dark == [k < 10 for k in range(2, 20)]
    assert bright[50 - 5 * row, 50 - 5 * col] == pytest.approx(1.0)


def test_shadow_of_an_oblique_sun_falls_along_its_ray() -> None:
    heights = np.zeros((201, 201))
    heights[95:106, 95:106] = 30.0
    bright = lit(heights, Sun(315.0, 45.0))
    reach = 30.0 / math.sqrt(2)
    assert bright[int(105 + reach * 0.8), int(105 + reach * 0.8)] < 0.6
    assert bright[int(105 + reach * 1.2), int(105 + reach * 1.2)] == pytest.approx(1.0)


def test_slope_towards_the_sun_is_bright_and_level_ground_is_one() -> None:
    rows = np.arange(50.0)[:, None] + np.zeros(50)
    assert lit(np.zeros((50, 50)), Sun(0.0, 30.0)) == pytest.approx(np.ones((50, 50)))
    wanted = sunlight.AMBIENT + (1 - sunlight.AMBIENT) * (
        math.cos(math.radians(15)) / math.sin(math.radians(30))
    )
    assert lit(rows * math.tan(math.radians(45)), Sun(0.0, 30.0))[25, 25] == pytest.approx(
        min(wanted, 1.35), rel=1e-6
    )
    assert lit(-rows, Sun(0.0, 30.0))[25, 25] == pytest.approx(sunlight.AMBIENT)


def test_nodata_casts_no_shadow_and_has_no_light() -> None:
    heights = np.zeros((40, 40))
    heights[20, 20] = np.nan
    bright = lit(heights, Sun(90.0, 20.0))
    assert np.isnan(bright[20, 20])
    assert np.isnan(bright).sum() == 1
    assert np.nanmin(bright) == pytest.approx(1.0)


def test_sun_below_the_horizon_is_refused() -> None:
    with pytest.raises(ParameterError, match="altitude"):
        Sun(180.0, -5.0)
