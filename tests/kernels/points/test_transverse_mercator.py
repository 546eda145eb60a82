"""Degrees and planes: few points, so that it runs without the JIT; a million of each kind are in tests/io."""

from __future__ import annotations

import math

import numpy as np
import pyproj
import pytest

from pointcloud.geo.projections import ORIGINS, transverse_mercator
from pointcloud.kernels.points import transverse_mercator as kernel

Array = np.ndarray
NEAR = 1e-3
"""Quanta (100 nm) beyond the half quantum that rounding takes."""


def plane(crs: str) -> tuple[Array, kernel.Series]:
    found = transverse_mercator(crs)
    assert found is not None
    numbers = kernel.plane(*found)
    numbers[1:] *= 1e4
    return numbers, kernel.series(found.inverse_flattening)


def places(crs: str, reach: float, count: int = 300) -> tuple[Array, Array]:
    """Degrees within ``reach`` of the meridian, from the equator to beyond 80 degrees on both sides."""
    rng = np.random.default_rng(0)
    meridian = plane(crs)[0][0]
    return meridian + rng.uniform(-reach, reach, count), rng.uniform(-84, 84, count)


def projected(crs: str, lon: Array, lat: Array) -> tuple[Array, Array, int]:
    numbers, series = plane(crs)
    e, n = np.empty(lon.size, np.int64), np.empty(lon.size, np.int64)
    first = kernel.from_degrees(lon, lat, numbers, series.conformal, series.forward, e, n)
    return e, n, int(first)


def between(source: str, target: str, x: Array, y: Array) -> tuple[Array, Array, int]:
    (a, series), (b, _) = plane(source), plane(target)
    e, n = np.empty(x.size, np.int64), np.empty(x.size, np.int64)
    first = kernel.between_planes(x, y, a, series.inverse, b, series.forward, e, n)
    return e, n, int(first)


@pytest.mark.parametrize("crs", ["EPSG:6673", "EPSG:6687", "EPSG:6690"])
@pytest.mark.parametrize("reach", [1.0, 19.9])
def test_degrees_as_proj_projects_them(crs: str, reach: float) -> None:
    lon, lat = places(crs, reach)
    e, n, first = projected(crs, lon, lat)
    theirs = pyproj.Transformer.from_crs(6668, crs, always_xy=True).transform(lon, lat)
    assert first == -1
    assert np.abs(e - theirs[0] * 1e4).max() < 0.5 + NEAR
    assert np.abs(n - theirs[1] * 1e4).max() < 0.5 + NEAR


@pytest.mark.parametrize(
    ("source", "target"),
    [("EPSG:6674", "EPSG:6673"), ("EPSG:6669", "EPSG:6675"), ("EPSG:6690", "EPSG:6673")],
)
def test_planes_as_proj_transforms_them(source: str, target: str) -> None:
    lon, lat = places(source, 6.0)
    x, y = pyproj.Transformer.from_crs(6668, source, always_xy=True).transform(lon, lat)
    e, n, first = between(source, target, x * 1e4, y * 1e4)
    theirs = pyproj.Transformer.from_crs(source, target, always_xy=True).transform(x, y)
    assert first == -1
    assert np.abs(e - theirs[0] * 1e4).max() < 0.5 + NEAR
    assert np.abs(n - theirs[1] * 1e4).max() < 0.5 + NEAR


@pytest.mark.parametrize("zone", ORIGINS)
def test_origins_are_at_zero(zone: int) -> None:
    latitude, longitude = ORIGINS[zone]
    e, n, _ = projected(f"EPSG:{6668 + zone}", np.array([longitude]), np.array([float(latitude)]))
    assert (e[0], n[0]) == (0, 0)


@pytest.mark.parametrize(
    ("lon", "lat", "e", "n"),
    [(134.8290, 35.3003, 45078.249, -77513.047), (134.6939, 34.8394, 32976.431, -128694.435)],
)
def test_castles(lon: float, lat: float, e: float, n: float) -> None:
    found = projected("EPSG:6673", np.array([lon]), np.array([lat]))
    assert (found[0][0] / 1e4, found[1][0] / 1e4) == (pytest.approx(e, abs=6e-4), pytest.approx(n, abs=6e-4))


def test_onto_the_same_plane_nothing_moves() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(-2_000_000_000, 2_000_000_000, (2, 300)).astype(np.float64)
    e, n, _ = between("EPSG:6673", "EPSG:6673", x, y)
    assert np.array_equal(e, x)
    assert np.array_equal(n, y)


def test_back_to_degrees() -> None:
    lon, lat = places("EPSG:6673", 3.0)
    e, n, _ = projected("EPSG:6673", lon, lat)
    numbers, series = plane("EPSG:6673")
    back = np.empty((2, lon.size))
    kernel.to_degrees(e, n, numbers, series.inverse, series.geographic, *back)
    metre = 1 / 111_000
    assert np.abs(back[1] - lat).max() < 1e-4 * metre
    assert (np.abs(back[0] - lon) * np.cos(np.radians(lat))).max() < 1e-4 * metre


def test_north_and_south_east_and_west_mirror_each_other() -> None:
    numbers = plane("EPSG:6690")[0]
    lon, lat = places("EPSG:6690", 5.0)
    east = round(numbers[1])
    e, n, _ = projected("EPSG:6690", lon, lat)
    west, south, _ = projected("EPSG:6690", 2 * numbers[0] - lon, -lat)
    assert np.abs(e - east - (east - west)).max() <= 1
    assert np.abs(n + south).max() <= 1


@pytest.mark.parametrize(
    ("lon", "lat"),
    [(154.4, 35.0), (114.2, 35.0), (134.0, 85.1), (134.0, -85.1), (math.nan, 35), (134, math.nan)],
)
def test_degrees_beyond_the_map_are_found(lon: float, lat: float) -> None:
    x, y = np.array([134.0, lon, 135.0, lon]), np.array([35.0, lat, 35.0, lat])
    e, n, first = projected("EPSG:6673", x, y)
    assert first == 1
    assert (e[1], n[1], e[3], n[3]) == (0, 0, 0, 0)
    assert np.array_equal(e[::2], projected("EPSG:6673", x[::2], y[::2])[0])


@pytest.mark.parametrize(
    ("x", "y"), [(2.3e10, 0.0), (-2.3e10, 0.0), (0.0, 1e12), (math.nan, 0.0), (0.0, math.nan)]
)
def test_places_on_a_plane_beyond_the_map_are_found(x: float, y: float) -> None:
    _, _, first = between("EPSG:6674", "EPSG:6673", np.array([0.0, x]), np.array([0.0, y]))
    assert first == 1


def test_places_too_far_from_the_other_meridian_are_found() -> None:
    """Zone XIX lies 19 degrees and 40 minutes east of zone V."""
    x, y = np.array([0.0, 5e9]), np.array([0.0, 0.0])
    assert between("EPSG:6687", "EPSG:6673", x, y)[2] == 1
