"""The surface that tells ground: its slope and tolerance, and heights of points above it."""

from __future__ import annotations

import numpy as np

from pointcloud.kernels.ground import provisional_dem
from pointcloud.kernels.ground.morphology import NOTHING


def test_steepness_and_tolerance_of_a_plane() -> None:
    rows, cols = np.mgrid[0:20, 0:30]
    plane = (0.3 * cols - 0.4 * rows).astype(np.float32)
    out = np.empty_like(plane)
    provisional_dem.steepness(plane, 3, 3.0, 1.0, 0, 20, out)
    assert np.allclose(out, 0.5, atol=1e-5)
    plane[10, 10] = np.nan
    provisional_dem.tolerance(plane, 1.0, 0.2, 2.0, 9.0, out)
    assert np.isnan(out[10, 10])
    assert np.allclose(out[np.isfinite(plane)], 1.2, atol=1e-4)
    provisional_dem.tolerance(plane, 1.0, 0.2, 2.0, 0.25, out)
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
    provisional_dem.above(xy, z, 0, 200_000, 10_000, plane, limits, heights, near)
    assert np.abs(heights - over).max() < 2e-4
    assert np.array_equal(near, np.abs(heights) <= 1.0)
    plane[:, 15:] = np.nan
    provisional_dem.above(xy, z, 0, 200_000, 10_000, plane, limits, heights, near)
    assert np.isnan(heights[xy[:, 0] > 190_000 - 5_000]).all()
    assert np.isfinite(heights[xy[:, 0] < 170_000]).all()
    assert not near[np.isnan(heights)].any()


def test_ground_is_kept_and_taken_back_by_the_same_rule() -> None:
    rng = np.random.default_rng(6)
    surface = rng.uniform(0, 3, (12, 15)).astype(np.float32)
    surface[rng.random(surface.shape) < 0.15] = np.nan
    tolerances = np.full_like(surface, 0.8)
    z = rng.integers(0, 6, (20, 24)).astype(np.int32) * 6000
    z[rng.random(z.shape) < 0.2] = NOTHING
    x, y = rng.integers(0, 10_000, (2, *z.shape)).astype(np.int32)
    rows, cols = np.nonzero(z != NOTHING)
    xy = np.column_stack((cols * 10_000 + x[rows, cols], -rows * 10_000 - y[rows, cols])).astype(np.int32)
    heights, near = np.empty(len(xy), np.float32), np.empty(len(xy), np.bool_)
    at = -10_000, 20_000, 20_000, surface, tolerances
    provisional_dem.above(xy, z[rows, cols], *at, heights, near)
    kept_xy, kept_z = xy.copy(), z[rows, cols].copy()
    count = provisional_dem.keep_ground(kept_xy, kept_z, *at)
    assert np.array_equal(kept_xy[:count], xy[near])
    assert np.array_equal(kept_z[:count], z[rows, cols][near])
    flags = np.ones(z.shape, np.bool_)
    for first in range(0, 20, 8):
        provisional_dem.take_back(z, x, y, 10_000, *at, first, min(first + 8, 20), flags)
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
    provisional_dem.above(xy, z, 0, 0, 10_000, plane, np.full_like(plane, 0.3), heights, near)
    assert np.abs(heights - 0.25).max() < 3e-4
    assert near.all()
