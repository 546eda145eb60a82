"""The terrain model against SciPy's triangulation, on planes and ties, and alike for any window."""

from __future__ import annotations

import itertools
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from clouds import cloud_of, scatter
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay

from pointcloud.errors import GroundError
from pointcloud.geo.lattice import Box, Grid
from pointcloud.io.spill.cloud import Cloud
from pointcloud.surface.dem import terrain

WEST, SOUTH, EAST, NORTH = 45_000.0, -77_100.0, 45_120.0, -77_000.0
BOX = Box.from_metres(WEST, SOUTH, EAST, NORTH)
CELLS = (10_000, 5_000)


def centres(grid: Grid) -> np.ndarray:
    west, _, _, north = grid.box.bounds
    e = west + (np.arange(grid.cols) + 0.5) * grid.resolution
    n = north - (np.arange(grid.rows) + 0.5) * grid.resolution
    return np.stack(np.meshgrid(e, n), axis=-1)


def hills(e: np.ndarray, n: np.ndarray) -> np.ndarray:
    return np.round(300 + 20 * np.sin(e / 9) * np.cos(n / 7) + 0.3 * (e - WEST), 3)


def test_equals_scipy_on_its_triangulation() -> None:
    rng = np.random.default_rng(0)
    e, n = scatter(rng, 20_000, (WEST - 5, SOUTH - 5, EAST + 5, NORTH + 5))
    z = hills(e, n) + np.round(rng.normal(0, 1, len(e)), 3)
    reference = LinearNDInterpolator(np.column_stack((e - WEST, n - SOUTH)), z)
    for cell, out in zip(CELLS, terrain(cloud_of(e, n, z), BOX, CELLS, max_gap=100.0), strict=True):
        expected = reference(centres(Grid(BOX, cell)) - (WEST, SOUTH))
        assert out.dtype == np.float64
        assert np.abs(out - expected).max() < 1e-6


def test_published_heights_are_whole_millimetres_of_the_same() -> None:
    rng = np.random.default_rng(1)
    e, n = scatter(rng, 8_000, (WEST - 5, SOUTH - 5, EAST + 5, NORTH + 5))
    cloud = cloud_of(e, n, hills(e, n))
    (exact,) = terrain(cloud, BOX, (10_000,), max_gap=100.0)
    (published,) = terrain(cloud, BOX, (10_000,), max_gap=100.0, precision=0.001)
    assert published.dtype == np.float32
    assert np.abs(published - exact).max() < 0.00055
    assert np.array_equal(published, np.round(published.astype(np.float64), 3).astype(np.float32))


@pytest.mark.parametrize("spacing", [0.5, 1.0, 2.5])
def test_a_plane_on_a_lattice_of_points_comes_back(spacing: float) -> None:
    """Every disc touches four points: all ties, at three positions of points against cell centres."""
    e, n = np.meshgrid(np.arange(WEST - 10, EAST + 10, spacing), np.arange(SOUTH - 10, NORTH + 10, spacing))
    e, n = e.ravel(), n.ravel()
    z = np.round(200 + 0.5 * (e - WEST) - 0.25 * (n - SOUTH), 4)
    for cell, out in zip(CELLS, terrain(cloud_of(e, n, z), BOX, CELLS, max_gap=100.0), strict=True):
        at = centres(Grid(BOX, cell))
        expected = 200 + 0.5 * (at[..., 0] - WEST) - 0.25 * (at[..., 1] - SOUTH)
        assert np.abs(out - expected).max() < 1e-6


def test_values_at_ties_lie_within_those_of_the_valid_triangulations() -> None:
    rng = np.random.default_rng(2)
    e, n = np.meshgrid(np.arange(WEST - 3, EAST + 3), np.arange(SOUTH - 3, NORTH + 3))
    e, n = e.ravel(), n.ravel()
    z = np.round(rng.uniform(0, 10, len(e)), 3)
    height = dict(zip(zip(e.tolist(), n.tolist(), strict=True), z.tolist(), strict=True))
    (out,) = terrain(cloud_of(e, n, z), BOX, (10_000,), max_gap=100.0)
    for row, col in rng.integers(0, 100, (200, 2)):
        x, y = WEST + col, NORTH - row - 1  # the south-west corner of the cell, a point; its centre is a tie
        rising = (height[x, y] + height[x + 1, y + 1]) / 2
        falling = (height[x + 1, y] + height[x, y + 1]) / 2
        assert min(abs(out[row, col] - rising), abs(out[row, col] - falling)) < 1e-9


def test_no_height_from_a_disc_wider_than_the_gap() -> None:
    rng = np.random.default_rng(3)
    e, n = scatter(rng, 15_000, (WEST - 30, SOUTH - 30, EAST + 30, NORTH + 30))
    far = np.hypot(e - (WEST + 60), n - (SOUTH + 50)) > 20
    e, n = e[far], n[far]
    z = hills(e, n)
    for gap in (5.0, 25.0, 39.0, 45.0):
        (out,) = terrain(cloud_of(e, n, z), BOX, (10_000,), max_gap=gap)
        points = np.column_stack((e - WEST, n - SOUTH))
        mesh = Delaunay(points)
        a, b, c = (points[mesh.simplices[:, k]] for k in range(3))
        sides = [np.linalg.norm(p - q, axis=1) for p, q in ((a, b), (b, c), (c, a))]
        u, v = b - a, c - a
        width = np.prod(sides, axis=0) / np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
        holder = mesh.find_simplex(centres(Grid(BOX, 10_000)) - (WEST, SOUTH))
        assert np.array_equal(np.isfinite(out), width[holder] <= gap)


@pytest.mark.parametrize("quantum", [1.0, 0.01, 0.001])
def test_any_window_gives_the_same_bits(quantum: float) -> None:
    """Also beside a hole wider than the halo begins with, and on lattice input."""
    rng = np.random.default_rng(4)
    e, n = scatter(rng, 25_000, (WEST - 120, SOUTH - 120, EAST + 120, NORTH + 120))
    e, n = np.round(e / quantum) * quantum, np.round(n / quantum) * quantum
    far = np.hypot(e - (WEST + 40), n - (SOUTH + 40)) > 35
    e, n = e[far], n[far]
    z = hills(e, n) + np.round(rng.normal(0, 1, len(e)), 3)
    whole = terrain(cloud_of(e, n, z), BOX, CELLS, max_gap=90.0, precision=0.001)
    for part in (
        Box.from_metres(WEST, SOUTH, WEST + 40, SOUTH + 40),
        Box.from_metres(WEST + 40, SOUTH + 40, EAST, NORTH),
        Box.from_metres(WEST + 33, SOUTH + 21, WEST + 34, SOUTH + 22),
    ):
        west, south, east, north = part.grow(90 * 10_000).bounds
        near = (e >= west) & (e <= east) & (n >= south) & (n <= north)
        order = rng.permutation(int(near.sum()))
        alone = cloud_of(e[near][order], n[near][order], z[near][order])
        for cell, full, out in zip(
            CELLS, whole, terrain(alone, part, CELLS, max_gap=90.0, precision=0.001), strict=True
        ):
            assert np.array_equal(out, full[Grid(BOX, cell).slices(part)], equal_nan=True)


class _AnyExtent:
    """A cloud that does not say where it ends."""

    extent = BOX.grow(10_000_000)

    def __init__(self, cloud: Cloud) -> None:
        self.count, self.clip = cloud.count, cloud.clip


@pytest.mark.parametrize("quantum", [1.0, 0.001])
def test_where_a_delivery_ends_the_surface_is_that_of_the_widest_halo(quantum: float) -> None:
    """Its straight and its ragged edges, in and out of corners, from the whole and from parts of the points."""
    rng = np.random.default_rng(6)
    e, n = scatter(rng, 12_000, (WEST, SOUTH, EAST, NORTH))
    e, n = np.round(e / quantum) * quantum, np.round(n / quantum) * quantum
    notched = ~((e > WEST + 80) & (n > SOUTH + 70)) & ~((e < WEST + 2) & (np.sin(n) > 0))
    e, n = e[notched], n[notched]
    cloud = cloud_of(e, n, hills(e, n))
    whole = terrain(_AnyExtent(cloud), BOX, CELLS, max_gap=60.0, precision=0.001)
    assert 0.5 < np.isfinite(whole[0]).mean() < 0.95
    for part in (
        BOX,
        Box.from_metres(WEST, SOUTH, WEST + 30, SOUTH + 30),
        Box.from_metres(EAST - 45, NORTH - 40, EAST, NORTH),
    ):
        west, south, east, north = part.grow(60 * 10_000).bounds
        near = (e >= west) & (e <= east) & (n >= south) & (n <= north)
        alone = cloud_of(e[near], n[near], hills(e[near], n[near]))
        for cell, full, out in zip(
            CELLS, whole, terrain(alone, part, CELLS, max_gap=60.0, precision=0.001), strict=True
        ):
            assert np.array_equal(out, full[Grid(BOX, cell).slices(part)], equal_nan=True)


def test_a_halo_that_is_too_small_does_make_a_difference() -> None:
    """The test above would notice: points cut off at 10 m change cells beside the hole."""
    rng = np.random.default_rng(5)
    e, n = scatter(rng, 25_000, (WEST - 120, SOUTH - 120, EAST + 120, NORTH + 120))
    far = np.hypot(e - (WEST + 40), n - (SOUTH + 40)) > 35
    e, n = e[far], n[far]
    z = hills(e, n)
    part = Box.from_metres(WEST, SOUTH, WEST + 40, SOUTH + 40)
    west, south, east, north = part.grow(10 * 10_000).bounds
    near = (e >= west) & (e <= east) & (n >= south) & (n <= north)
    (full,) = terrain(cloud_of(e, n, z), BOX, (10_000,), max_gap=90.0)
    (cut,) = terrain(cloud_of(e[near], n[near], z[near]), part, (10_000,), max_gap=90.0)
    assert not np.array_equal(cut, full[Grid(BOX, 10_000).slices(part)], equal_nan=True)


def test_a_centre_on_the_edge_of_what_was_read_waits_for_the_other_side() -> None:
    """The triangle this side of the edge is too wide; the one beyond it, further away than the halo, is not."""
    rng = np.random.default_rng(0)
    e, n = rng.uniform(-20, 120.5, 16_000), rng.uniform(-20, 220, 16_000)
    outside = np.hypot(e - 74.4554, n - 100) > 54.96
    wall = np.linspace(-20, 220, 480)
    wall = np.where(np.abs(wall - 100) < 30, -20, wall)
    e = np.concatenate([e[outside], np.full(480, 120.5), [120.5, 120.5, 19.5, 208.5]])
    n = np.concatenate([n[outside], wall, [130, 70, 100, 100]])
    z = np.zeros(len(e))
    z[-4:-2] = 20, 10
    cloud = cloud_of(np.round(e, 4), np.round(n, 4), z)
    narrow, wide = Box.from_metres(0, 0, 121, 200), Box.from_metres(0, 0, 250, 200)
    (part,) = terrain(cloud, narrow, (10_000,), max_gap=100.0, precision=0.001)
    (whole,) = terrain(cloud, wide, (10_000,), max_gap=100.0, precision=0.001)
    assert np.isfinite(part[100, 120])
    assert np.array_equal(part, whole[:, :121], equal_nan=True)


def test_a_disc_exactly_as_wide_as_the_gap_is_judged_alike_from_every_corner() -> None:
    """300 m (1 + 5e-13): three squared sides multiplied in another order fall on the other side of the limit."""
    gap, target = 3_000_000, 9 * (10**12 + 1)
    offsets = [
        (x, y)
        for x in range(gap % 2, math.isqrt(target) + 1, 2)
        if (y := math.isqrt(target - x * x)) ** 2 == target - x * x
    ]
    ring = sorted(
        {
            ((gap + a * x) // 2, (3 + b * y) // 2)
            for x, y in offsets
            if y % 2
            for a in (1, -1)
            for b in (1, -1)
        }
    )
    box = Box.from_metres(0, -150, 300, 150)
    parts = [
        Box.from_metres(0, 0, 300, 150),
        Box.from_metres(150, -150, 300, 150),
        Box.from_metres(100, -50, 200, 50),
    ]
    compared = 0
    for corners in list(itertools.combinations(ring, 3))[:60]:
        e, n = np.array(corners).T / 1e4
        cloud = cloud_of(e, n, np.array([0.0, 10.0, 20.0]))
        (whole,) = terrain(cloud, box, (100_000,), max_gap=300.0)
        for part in parts:
            (alone,) = terrain(cloud, part, (100_000,), max_gap=300.0)
            assert np.array_equal(alone, whole[Grid(box, 100_000).slices(part)], equal_nan=True)
            compared += alone.size
    assert compared > 10_000


def test_threads_change_nothing() -> None:
    rng = np.random.default_rng(6)
    e, n = scatter(rng, 150_000, (WEST - 5, SOUTH - 5, EAST + 5, NORTH + 5))
    cloud = cloud_of(e, n, hills(e, n))
    with ThreadPoolExecutor(3) as pool:
        threaded = terrain(cloud, BOX, CELLS, max_gap=100.0, pool=pool)
    for one, other in zip(terrain(cloud, BOX, CELLS, max_gap=100.0), threaded, strict=True):
        assert np.array_equal(one, other, equal_nan=True)


def test_void_cells_stay_empty_at_every_resolution() -> None:
    rng = np.random.default_rng(8)
    e, n = scatter(rng, 8_000, (WEST - 5, SOUTH - 5, EAST + 5, NORTH + 5))
    grid = Grid(BOX.grow(20_000), 10_000)
    void = np.zeros(grid.shape, bool)
    void[12, 7] = True  # row 10 and column 5 of the box
    metre, half = terrain(cloud_of(e, n, hills(e, n)), BOX, CELLS, max_gap=100.0, void=(grid, void))
    assert np.argwhere(np.isnan(metre)).tolist() == [[10, 5]]
    assert np.argwhere(np.isnan(half)).tolist() == [[20, 10], [20, 11], [21, 10], [21, 11]]


def test_fewer_than_three_points_make_no_terrain() -> None:
    (out,) = terrain(
        cloud_of([WEST + 5, WEST + 6], [SOUTH + 5, SOUTH + 6], [1, 2]), BOX, (10_000,), max_gap=50.0
    )
    assert np.isnan(out).all()


def test_a_gap_beyond_the_exact_range_is_refused() -> None:
    at = np.array([0.0, 5.0, 9.0, 9_000.0])
    cloud = cloud_of(WEST + at, SOUTH + at[[0, 1, 0, 3]], at)
    with pytest.raises(GroundError, match="--max-gap"):
        terrain(cloud, BOX, (10_000,), max_gap=2_000.0)


def test_only_what_is_wanted_is_made_and_it_is_the_same() -> None:
    rng = np.random.default_rng(12)
    e, n = scatter(rng, 6_000, (WEST - 5, SOUTH - 5, EAST + 5, NORTH + 5))
    cloud = cloud_of(e, n, hills(e, n))
    whole = terrain(cloud, BOX, CELLS, max_gap=100.0, precision=0.001)
    wanted = [np.zeros(out.shape, np.bool_) for out in whole]
    wanted[0][20:30, 40:55], wanted[1][7, 9] = True, True
    for out, some, every in zip(
        terrain(cloud, BOX, CELLS, max_gap=100.0, precision=0.001, wanted=wanted), wanted, whole, strict=True
    ):
        assert np.array_equal(out[some], every[some])
        assert np.isnan(out[~some]).all()


@pytest.mark.parametrize("spacing", [12.0, 25.0])
def test_triangles_larger_than_cells_are_filled_like_small_ones(spacing: float) -> None:
    """Scan lines far apart: slivers that many rows cross, and points that lie right under cell centres."""
    rng = np.random.default_rng(13)
    n = np.repeat(np.arange(SOUTH - 50, NORTH + 50, spacing), 440)
    e = np.tile(np.arange(WEST - 50, EAST + 50, 0.5), len(n) // 440)
    for jitter in (0.0, 0.2):
        east = np.round(e + jitter * rng.random(len(e)), 4)
        z = np.round(200 + 0.5 * (east - WEST) - 0.25 * (n - SOUTH), 4)
        for cell, out in zip(CELLS, terrain(cloud_of(east, n, z), BOX, CELLS, max_gap=100.0), strict=True):
            at = centres(Grid(BOX, cell))
            expected = 200 + 0.5 * (at[..., 0] - WEST) - 0.25 * (at[..., 1] - SOUTH)
            assert np.abs(out - expected).max() < 1e-3
