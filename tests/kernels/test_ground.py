"""Lowest points of cells, and points above a surface, against brute force."""

from __future__ import annotations

import numpy as np

from pointcloud.kernels import ground
from pointcloud.kernels.morphology import NOTHING


def cells(shape: tuple[int, int], seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Height, x and y of the lowest points of cells of 1 m, many of one height, some cells without."""
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 6, shape).astype(np.int32) * 1000
    low[rng.random(shape) < 0.2] = NOTHING
    x, y = rng.integers(0, 10_000, (2, *shape)).astype(np.int32)
    return low, x, y


def test_floor_is_below_the_second_lowest_neighbour() -> None:
    low = np.full((9, 9), 50_000, np.int32)
    low[4, 4], low[4, 6], low[0, 0] = -900_000, 20_000, NOTHING
    out = np.empty_like(low)
    ground.floors(low, 3, 30_000, 0, 9, out)
    assert out[4, 4] == 20_000  # of the others 2 m is the lowest, 5 m the second
    assert out[4, 5] == 20_000 - 30_000
    lonely = np.full((9, 9), NOTHING, np.int32)
    lonely[4, 4] = lonely[4, 5] = lonely[5, 5] = 0
    ground.floors(lonely, 3, 30_000, 0, 9, out)
    assert (out[4, 4], out[6, 6]) == (-(2**31), -30_000)


def test_steepness_and_tolerance_of_a_plane() -> None:
    rows, cols = np.mgrid[0:20, 0:30]
    plane = (0.3 * cols - 0.4 * rows).astype(np.float32)
    out = np.empty_like(plane)
    ground.steepness(plane, 3, 3.0, 1.0, 0, 20, out)
    assert np.allclose(out, 0.5, atol=1e-5)
    plane[10, 10] = np.nan
    ground.tolerance(plane, 1.0, 0.2, 2.0, 9.0, out)
    assert np.isnan(out[10, 10])
    assert np.allclose(out[np.isfinite(plane)], 1.2, atol=1e-4)
    ground.tolerance(plane, 1.0, 0.2, 2.0, 0.25, out)
    assert np.allclose(out[np.isfinite(plane)], 0.7, atol=1e-6)


def test_heights_above_a_plane() -> None:
    rows, cols = np.mgrid[0:20, 0:30]
    plane = (100 + 0.3 * (cols + 0.5) - 0.4 * (rows + 0.5)).astype(np.float32)
    rng = np.random.default_rng(0)
    xy = rng.integers(10_000, 190_000, (500, 2)).astype(np.int32)
    true = 100 + 0.3 * xy[:, 0] / 1e4 - 0.4 * (200_000 - xy[:, 1]) / 1e4
    over = rng.uniform(-2, 2, 500)
    z = np.rint((true + over) * 1e4).astype(np.int32)
    heights, near = np.empty(500, np.float32), np.empty(500, np.bool_)
    limits = np.full_like(plane, 1.0)
    ground.above(xy, z, 0, 200_000, 10_000, plane, limits, heights, near)
    assert np.abs(heights - over).max() < 2e-4
    assert np.array_equal(near, np.abs(heights) <= 1.0)
    plane[:, 15:] = np.nan
    ground.above(xy, z, 0, 200_000, 10_000, plane, limits, heights, near)
    assert np.isnan(heights[xy[:, 0] > 190_000 - 5_000]).all()
    assert np.isfinite(heights[xy[:, 0] < 170_000]).all()
    assert not near[np.isnan(heights)].any()


def test_the_lowest_point_of_a_cell_does_not_depend_on_the_order() -> None:
    rng = np.random.default_rng(1)
    xy = rng.integers(0, 60_000, (4000, 2)).astype(np.int32)
    z = rng.integers(0, 40, 4000).astype(np.int32) * 1000
    found = []
    for order in (np.arange(4000), rng.permutation(4000)):
        low, x, y = np.full((6, 6), NOTHING, np.int32), np.zeros((6, 6), np.int32), np.zeros((6, 6), np.int32)
        ground.lowest(xy[order], z[order], 0, 60_000, 10_000, np.empty((0, 0), np.int32), low, x, y)
        found.append((low, x, y))
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))
    assert found[0][0].max() < NOTHING
    floor = np.full((6, 6), 5_000, np.int32)
    low = np.full((6, 6), NOTHING, np.int32)
    ground.lowest(xy, z, 0, 60_000, 10_000, floor, low, found[0][1], found[0][2])
    assert low.min() >= 5_000


def test_the_lowest_of_squares() -> None:
    low, x, y = cells((14, 22), 3)
    out = np.random.default_rng(4).random(low.shape) < 0.3
    of, of_x, of_y = (np.full((7, 11), -1, np.int32) for _ in range(3))
    ground.lowest_of_four(low, x, y, out, 10_000, of, of_x, of_y)
    for i in range(7):
        for j in range(11):
            held = [
                (low[r, c], r, c)
                for r in (2 * i, 2 * i + 1)
                for c in (2 * j, 2 * j + 1)
                if low[r, c] != NOTHING and not out[r, c]
            ]
            if not held:
                assert of[i, j] == NOTHING
                continue
            height, r, c = min(held)
            assert (of[i, j], of_x[i, j], of_y[i, j]) == (
                *(height, x[r, c] + (c % 2) * 10_000),
                y[r, c] + (r % 2) * 10_000,
            )


def test_points_of_cells_in_a_half_open_window() -> None:
    low, x, y = cells((9, 7), 5)
    x[4, 3], y[4, 3], low[4, 3] = 0, 0, 7
    west, north, reach_x, reach_y = -30_000, 40_000, 20_000, 30_000
    xy, z = np.empty((63, 2), np.int32), np.empty(63, np.int32)
    count = ground.points_of(low, x, y, west, north, 10_000, reach_x, reach_y, xy, z)
    expected = []
    for r, c in zip(*np.nonzero(low != NOTHING), strict=True):
        e, n = west + 10_000 * c + x[r, c], north - 10_000 * r - y[r, c]
        if -reach_x <= e < reach_x and -reach_y < n <= reach_y:
            expected.append((e, n, low[r, c]))
    assert sorted(map(tuple, np.column_stack((xy, z))[:count].tolist())) == sorted(expected)
    assert 0 < count < np.count_nonzero(low != NOTHING)


def test_ground_is_kept_and_taken_back_by_the_same_rule() -> None:
    rng = np.random.default_rng(6)
    surface = rng.uniform(0, 3, (12, 15)).astype(np.float32)
    surface[rng.random(surface.shape) < 0.15] = np.nan
    tolerances = np.full_like(surface, 0.8)
    low, x, y = cells((20, 24), 7)
    z = np.where(low == NOTHING, NOTHING, low * 6).astype(np.int32)
    rows, cols = np.nonzero(z != NOTHING)
    xy = np.column_stack((cols * 10_000 + x[rows, cols], -rows * 10_000 - y[rows, cols])).astype(np.int32)
    heights, near = np.empty(len(xy), np.float32), np.empty(len(xy), np.bool_)
    at = -10_000, 20_000, 20_000, surface, tolerances
    ground.above(xy, z[rows, cols], *at, heights, near)
    kept_xy, kept_z = xy.copy(), z[rows, cols].copy()
    count = ground.keep_ground(kept_xy, kept_z, *at)
    assert np.array_equal(kept_xy[:count], xy[near])
    assert np.array_equal(kept_z[:count], z[rows, cols][near])
    flags = np.ones(z.shape, np.bool_)
    for first in range(0, 20, 8):
        ground.take_back(z, x, y, 10_000, *at, first, min(first + 8, 20), flags)
    expected = np.ones(z.shape, np.bool_)
    expected[rows[near], cols[near]] = False
    assert np.array_equal(flags, expected)
    assert 0 < count < len(xy)


def test_a_plane_goes_on_beyond_its_last_cells() -> None:
    rows, cols = np.mgrid[0:8, 0:9]
    plane = (5 + 0.4 * cols - 0.7 * rows).astype(np.float32)
    plane[:, 7:], plane[5:, :3] = np.nan, np.nan
    xy = np.random.default_rng(8).integers(-9_000, 85_000, (300, 2)).astype(np.int32)
    xy[:, 1] *= -1
    true = 5 + 0.4 * (xy[:, 0] / 1e4 - 0.5) - 0.7 * (-xy[:, 1] / 1e4 - 0.5)
    heights, near = np.empty(300, np.float32), np.empty(300, np.bool_)
    z = np.rint((true + 0.25) * 1e4).astype(np.int32)
    ground.above(xy, z, 0, 0, 10_000, plane, np.full_like(plane, 0.3), heights, near)
    assert np.abs(heights - 0.25).max() < 3e-4
    assert near.all()
