"""Sky-view factor and openness where the answer is known: planes, cones, pits, and rays looked along one by one."""

from __future__ import annotations

import math
from dataclasses import replace

import horizons as plain
import numpy as np
import pytest
from numpy.typing import NDArray
from surfaces import HOLES, centres, holes, rough

from pointcloud import relief
from pointcloud.params.styles import STYLES, CombinedVat, Sky, Vat, changed
from pointcloud.relief.rays import Rays, profile

Floats = NDArray[np.float64]


def inclined(slope: float, aspect: float, side: int = 27) -> Floats:
    """A plane that falls by ``slope`` towards ``aspect``, in degrees."""
    east, north = centres(side, side)
    rise, a = math.tan(math.radians(slope)), math.radians(aspect)
    return np.asarray(1500.0 - rise * (east * math.sin(a) + north * math.cos(a)))


@pytest.mark.parametrize("directions", [8, 16, 32, 64])
@pytest.mark.parametrize("slope", [0, 10, 20, 30, 45, 60, 70])
def test_a_plane_has_the_horizons_of_a_plane(slope: float, directions: int) -> None:
    """At every cell, edges included, in 36 aspects."""
    for aspect in range(0, 360, 10):
        dem, exact = inclined(slope, aspect, 15), plain.plane(slope, aspect, directions)
        look = {"radius": 5.0, "directions": directions}
        sky = relief.sky_view_factor(dem, 1.0, **look)  # type: ignore[arg-type]
        up = relief.positive_openness(dem, 1.0, **look)  # type: ignore[arg-type]
        down = relief.negative_openness(dem, 1.0, **look)  # type: ignore[arg-type]
        assert np.abs(sky - plain.sky(exact)).max() < 1e-9
        assert np.abs(up - 90.0).max() < 1e-9
        assert np.abs(down - 90.0).max() < 1e-9


def test_an_odd_number_of_directions_is_theirs() -> None:
    dem, exact = inclined(40.0, 25.0), plain.plane(40.0, 25.0, 9)
    look = {"radius": 7.3, "directions": 9}
    assert np.abs(relief.sky_view_factor(dem, 1.0, **look) - plain.sky(exact)).max() < 1e-9  # type: ignore[arg-type]
    found = relief.positive_openness(dem, 1.0, **look)  # type: ignore[arg-type]
    assert np.abs(found - plain.openness(exact)).max() < 1e-5


def test_half_a_right_angle_sees_three_quarters_of_the_sky() -> None:
    """Least and most over all aspects, as the analytic sums over so many directions have them."""
    for directions, least, most in ((8, 0.741, 0.767), (16, 0.748, 0.754), (32, 0.749, 0.751)):
        found = [
            relief.sky_view_factor(inclined(45.0, aspect), 1.0, directions=directions)[13, 13]
            for aspect in np.arange(0.0, 90.0, 2.8125)
        ]
        assert (min(found), max(found)) == pytest.approx((least, most), abs=6e-4)
        assert directions < 32 or np.abs(np.array(found) - 0.75).max() < 1.1e-3


def test_the_nearest_cells_see_too_steep() -> None:
    """The way it was, kept for comparison: on a plane of 30 degrees by aspect 90.0 in 8 directions, 87.8 in 16."""
    for directions, wanted in ((8, 90.0), (16, 87.85), (64, 86.95)):
        found = relief.positive_openness(inclined(30.0, 0.0), 1.0, directions=directions, sampling="nearest")
        assert found[13, 13] == pytest.approx(wanted, abs=0.02)


@pytest.mark.parametrize("kind", HOLES)
def test_a_plane_with_holes_and_an_edge_is_a_plane_everywhere(kind: str) -> None:
    dem = inclined(35.0, 200.0, 47)
    dem[holes(kind, dem.shape)] = np.nan
    valid, exact = np.isfinite(dem), plain.plane(35.0, 200.0, 16)
    for function, wanted in (
        (relief.sky_view_factor, plain.sky(exact)),
        (relief.positive_openness, np.asarray(90.0)),
        (relief.negative_openness, np.asarray(90.0)),
    ):
        found = function(dem, 1.0)
        assert np.array_equal(np.isfinite(found), valid)
        assert found[valid] == pytest.approx(float(wanted), abs=1e-6)


def test_slopes_go_on_where_only_some_columns_are_smoothed() -> None:
    """A plane with a void: in the bands that are not the first or the last few columns lie beside nodata."""
    east, north = centres(200, 300)
    dem = 1500.0 + 0.4 * east - 0.5 * north
    dem[90:100, 250:260] = np.nan
    slope, aspect = math.degrees(math.atan(math.hypot(0.4, 0.5))), math.degrees(math.atan2(-0.4, 0.5))
    wanted = plain.sky(plain.plane(slope, aspect, 16))
    for threads in (1, 2):
        found = relief.sky_view_factor(dem, 1.0, threads=threads)
        assert np.array_equal(np.isnan(found), np.isnan(dem))
        assert np.nanmax(np.abs(found - wanted)) < 1e-6


@pytest.mark.parametrize(
    ("resolution", "params"),
    [
        (1.0, Sky(6.0, 16)),
        (1.0, Sky(6.4, 9, 2.3)),
        (0.5, Sky(3.3, 5, 3.3)),
        (2.0, Sky(2.5, 64)),
    ],
)
def test_every_ray(resolution: float, params: Sky) -> None:
    """Against one ray at a time on rough ground with voids; a direction in which nothing is known is left out."""
    dem = rough(40, 46)
    ends = params.nearest / resolution, params.radius / resolution

    def tangents(i: int, j: int) -> list[float]:
        found = (plain.one_horizon(dem, i, j, a, *ends) for a in plain.azimuths(params.directions))
        return [tangent / resolution for tangent in found]

    valid = np.isfinite(dem)
    rays = [tangents(i, j) if valid[i, j] else [] for i in range(40) for j in range(46)]
    known = np.array([bool(cell) and min(cell) > -math.inf for cell in rays]).reshape(dem.shape)
    assert 100 < known.sum() < valid.sum()
    horizon = np.array([cell for cell, good in zip(rays, known.ravel(), strict=True) if good]).T
    look = {"radius": params.radius, "directions": params.directions, "nearest": params.nearest}
    sky = relief.sky_view_factor(dem, resolution, **look)  # type: ignore[arg-type]
    up = relief.positive_openness(dem, resolution, **look)  # type: ignore[arg-type]
    assert np.abs(sky[known] - plain.sky(list(horizon))).max() < 1e-9
    assert np.abs(up[known] - plain.openness(list(horizon))).max() < 1e-5


def hills(side: int) -> Floats:
    """Random hills, up to 50° steep, whose shapes the cells of 1 m resolve."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:side, :side].astype(np.float64)
    dem = np.zeros((side, side))
    for _ in range(40):
        length, way, phase = rng.uniform(25.0, 120.0), rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi)
        k = 2 * np.pi / length
        dem += 0.012 * length * np.sin(k * (x * np.cos(way) + y * np.sin(way)) + phase)
    return 300.0 + dem


def cone(side: int, steepness: float) -> Floats:
    east, north = centres(side, side)
    return np.asarray(200.0 + steepness * np.hypot(east, north))


@pytest.mark.parametrize("directions", [16, 32])
@pytest.mark.parametrize("ground", ["hills", "cone", "funnel", "pit"])
def test_brute_force_over_bilinear_ground(ground: str, directions: int) -> None:
    """Within 0.002 and 0.1 degrees at 20 m."""
    around, side = 21, 74
    dem = {
        "hills": hills(side),
        "cone": cone(side, -0.7),
        "funnel": cone(side, 0.7),
        "pit": 0.02 * (cone(side, 1.0) - 200.0) ** 2,
    }[ground]
    inner = (slice(around, -around),) * 2
    look = {"radius": 20.0, "directions": directions}
    up, down = (plain.bilinear_rays(z, 20.0, directions, around, step=0.1) for z in (dem, -dem))
    sky = relief.sky_view_factor(dem, 1.0, **look)[inner]  # type: ignore[arg-type]
    assert np.abs(sky - plain.sky(up)).max() < 0.002
    for function, horizons in ((relief.positive_openness, up), (relief.negative_openness, down)):
        found = function(dem, 1.0, **look)[inner]  # type: ignore[arg-type]
        assert np.abs(found - plain.openness(horizons)).max() < 0.1


def test_the_foot_of_a_funnel_is_told_by_its_side() -> None:
    """In eight directions, in which every crossing is a cell, every horizon has the angle of the side."""
    dem = cone(61, 1.0)
    look = {"radius": 20.0, "directions": 8}
    sky = relief.sky_view_factor(dem, 1.0, **look)[30, 30]  # type: ignore[arg-type]
    assert sky == pytest.approx(1.0 - math.sqrt(0.5), abs=1e-9)
    assert relief.positive_openness(dem, 1.0, **look)[30, 30] == pytest.approx(45.0, abs=1e-5)  # type: ignore[arg-type]
    assert relief.negative_openness(-dem, 1.0, **look)[30, 30] == pytest.approx(45.0, abs=1e-5)  # type: ignore[arg-type]


def test_the_radius_is_the_same_in_every_direction() -> None:
    """A bowl z = r² / 100: the horizon is where the look ends, between two crossings and between two cells too."""
    east, north = centres(41, 41)
    dem = (east**2 + north**2) / 100.0
    for radius in (7.0, 7.4, 9.9):
        found = relief.positive_openness(dem, 1.0, radius=radius, directions=32)[20, 20]
        assert found == pytest.approx(90.0 - math.degrees(math.atan(radius / 100.0)), abs=0.03)


def test_a_point_lies_on_its_ray() -> None:
    """The weighted mean of a point's cells is the place on the ray that far away, and its weights sum to 1."""
    for azimuth, nearest, radius in ((0.0, 0.0, 5.0), (22.5, 0.0, 10.0), (200.0, 3.7, 9.2), (45.0, 1.2, 1.3)):
        points = profile(azimuth, nearest, radius)
        a = math.radians(azimuth)
        assert len({way for way, _ in points}) == len(points)
        for way, shares in points:
            assert sum(shares.values()) == pytest.approx(1.0)
            assert sum(s * v for (v, _), s in shares.items()) == pytest.approx(-way * math.cos(a), abs=1e-9)
            assert sum(s * u for (_, u), s in shares.items()) == pytest.approx(way * math.sin(a), abs=1e-9)
        if radius > 1.5:
            assert max(way for way, _ in points) == pytest.approx(radius)


@pytest.mark.parametrize("style", ["sky-view", "openness", "negative-openness", "vat"])
@pytest.mark.parametrize("sampling", ["linear", "nearest"])
def test_a_window_with_its_halo_gives_the_same_bits_at_any_length(style: str, sampling: str) -> None:
    """Radii that are no whole number of cells too."""
    dem = rough(140, 150)
    for radius, nearest, directions, resolution in ((20.0, 0.0, 16, 1.0), (10.4, 3.3, 37, 0.5)):
        values = {"radius": radius, "nearest": nearest, "directions": directions, "sampling": sampling}
        params = changed(STYLES[style].params, values)
        n = relief.halo(style, resolution, params)
        whole = relief.layer(style, dem, resolution, params)
        part = relief.layer(style, dem[: 60 + n, 31 - n : 31 + 40 + n], resolution, params)
        assert np.array_equal(part[:60, n : n + 40], whole[:60, 31:71], equal_nan=True)


@pytest.mark.parametrize(("radius", "cells"), [(20.0, 20), (20.3, 21), (13.2, 14), (5.0, 13)])
def test_the_halo_is_no_larger_than_it_must_be(radius: float, cells: int) -> None:
    """13 cells are for the slope that goes on where nothing is known."""
    params = Sky(radius)
    assert relief.halo("openness", 1.0, params) == cells
    if radius > 13.0:
        reach = Rays.of(params, 1.0)
        assert (np.abs(reach.south).max(), np.abs(reach.east).max()) == (cells, cells)


def test_vat_looks_at_the_nearest_cells_unless_told() -> None:
    dem = inclined(45.0, 20.0, 41)
    usual, linear = relief.vat(dem, 1.0)[20, 20], relief.vat(dem, 1.0, Vat(sampling="linear"))[20, 20]
    assert relief.vat(dem, 1.0, Vat(sampling="nearest"))[20, 20] == usual
    assert linear - usual == pytest.approx(0.07, abs=0.02)
    both = CombinedVat()
    both = replace(both, general=replace(both.general, sampling="linear"))
    assert relief.combined_vat(dem, 1.0, both)[20, 20] > relief.combined_vat(dem, 1.0)[20, 20]
