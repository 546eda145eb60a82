"""Profile and plan curvature against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from surfaces import HOLES, centres, holes, rough

from pointcloud import relief


@pytest.mark.parametrize("resolution", [1.0, 0.5])
@pytest.mark.parametrize("sigma", [0.0, 3.0])
def test_a_quadratic_has_its_curvatures(resolution: float, sigma: float) -> None:
    east, north = centres(64, 70, resolution)
    a, b, c = 0.013, 0.02, -0.031
    dem = 700.0 + 0.3 * east - 0.2 * north + a * east**2 + b * east * north + c * north**2
    p, q = 0.3 + 2 * a * east + b * north, -0.2 + b * east + 2 * c * north
    squared = p * p + q * q
    profile = -(2 * a * p * p + 2 * b * p * q + 2 * c * q * q) / squared
    plan = -(2 * a * q * q - 2 * b * p * q + 2 * c * p * p) / squared
    inner = (slice(26, -26),) * 2
    for function, wanted in (
        (relief.profile_curvature, profile),
        (relief.plan_curvature, plan),
        (relief.curvature, np.full_like(dem, -2 * (a + c))),
    ):
        assert function(dem, resolution, sigma=sigma)[inner] == pytest.approx(
            wanted[inner], rel=1e-6, abs=1e-8
        )


def test_they_sum_to_the_general_curvature() -> None:
    dem = rough(60, 66)
    whole = relief.profile_curvature(dem, 1.0) + relief.plan_curvature(dem, 1.0)
    assert whole == pytest.approx(relief.curvature(dem, 1.0), abs=1e-10, nan_ok=True)


def test_on_level_ground_each_is_half() -> None:
    east, north = centres(31, 31)
    summit = 100.0 - 0.02 * (east**2 + north**2)
    for function in (relief.profile_curvature, relief.plan_curvature):
        assert function(summit, 1.0, sigma=0.0)[15, 15] == pytest.approx(0.04, rel=1e-9)


def test_a_ridge_and_a_terrace_edge() -> None:
    """A ridge that falls along its line bends across the slope; a slope's upper edge bends along it."""
    east, north = centres(61, 61)
    ridge = 100.0 + 0.3 * north - 0.03 * east**2
    assert relief.plan_curvature(ridge, 1.0)[30, 30] == pytest.approx(0.06, rel=1e-2)
    assert abs(relief.profile_curvature(ridge, 1.0)[30, 30]) < 1e-3
    edge = 100.0 - 0.3 * north - 0.03 * north**2
    assert relief.profile_curvature(edge, 1.0)[30, 30] == pytest.approx(0.06, rel=1e-6)
    assert abs(relief.plan_curvature(edge, 1.0)[30, 30]) < 1e-9


@pytest.mark.parametrize("surface", ["sphere", "sine"])
def test_errors_fall_as_the_cell_squared(surface: str) -> None:
    errors = []
    for resolution in (1.0, 0.5):
        east, north = centres(round(40 / resolution), round(40 / resolution), resolution)
        east, north = east + 7.3, north - 4.1
        if surface == "sphere":
            z = np.sqrt(60.0**2 - east**2 - north**2)
            p, q = -east / z, -north / z
            r, t = -(z * z + east**2) / z**3, -(z * z + north**2) / z**3
            s = -east * north / z**3
        else:
            k = 2 * np.pi / 25.0
            z = 3.0 * np.sin(k * east) + 2.0 * np.sin(k * north)
            p, q = 3.0 * k * np.cos(k * east), 2.0 * k * np.cos(k * north)
            r, s, t = -3.0 * k * k * np.sin(k * east), 0.0 * z, -2.0 * k * k * np.sin(k * north)
        exact = -(r * p * p + 2 * s * p * q + t * q * q) / (p * p + q * q)
        found = relief.profile_curvature(z, resolution, sigma=0.0)
        steep = np.hypot(p, q) > 0.1
        edge = round(2 / resolution)
        inner = (slice(edge, -edge),) * 2
        errors.append(float(np.abs(found - exact)[inner][steep[inner]].mean()))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("kind", HOLES)
@pytest.mark.parametrize("sigma", [0.0, 3.0])
def test_a_plane_with_holes_does_not_bend(kind: str, sigma: float) -> None:
    east, north = centres(41, 47)
    dem = 1500.0 + 0.8 * east - 0.45 * north
    dem[holes(kind, dem.shape)] = np.nan
    valid = np.isfinite(dem)
    for function in (relief.curvature, relief.profile_curvature, relief.plan_curvature):
        found = function(dem, 1.0, sigma=sigma)
        assert np.array_equal(np.isfinite(found), valid)
        assert np.abs(found[valid]).max() < 1e-8
