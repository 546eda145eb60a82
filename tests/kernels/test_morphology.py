"""Openings, box means and nearest cells against brute force; any band of rows gives the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

from pointcloud.kernels import ground, morphology
from pointcloud.kernels.morphology import NOTHING


def surface(seed: int = 0, shape: tuple[int, int] = (40, 53)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    heights = rng.integers(-90_000, 90_000, shape).astype(np.int32)
    heights[rng.random(shape) < 0.1] = NOTHING
    return heights


def half_widths(radius: int) -> np.ndarray:
    return np.array([math.isqrt(radius * radius - k * k) for k in range(radius + 1)], np.int64)


@pytest.mark.parametrize("radius", [1, 2, 3, 7, 45])
def test_minima_over_discs(radius: int) -> None:
    heights = surface(radius)
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    disc = x * x + y * y <= radius * radius
    expected = ndimage.grey_erosion(heights, footprint=disc, mode="constant", cval=NOTHING)
    out = np.zeros_like(heights)
    for first in range(0, 40, 16):  # bands
        morphology.minima(
            heights, half_widths(radius), first, min(first + 16, 40), out, np.empty(53, np.int32)
        )
    assert np.array_equal(out, expected)


@pytest.mark.parametrize("reach", [0, 1, 2, 5])
def test_cells_beside_a_surface(reach: int) -> None:
    heights = np.where(surface(7) > 60_000, surface(7), NOTHING).astype(np.int32)
    square = np.ones((2 * reach + 1, 2 * reach + 1))
    out = np.zeros(heights.shape, np.bool_)
    for first in range(0, 40, 16):
        morphology.beside(heights, reach, first, min(first + 16, 40), out)
    assert np.array_equal(out, ndimage.binary_dilation(heights != NOTHING, square))


@pytest.mark.parametrize("half", [0, 1, 5, 60])
def test_means_of_boxes(half: int) -> None:
    heights = surface(half)
    out = np.zeros(heights.shape, np.float32)
    for first in range(0, 40, 16):
        morphology.box_means(heights, half, first, min(first + 16, 40), out)
    for row, col in [(0, 0), (5, 50), (16, 20), (39, 52), (31, 7)]:
        part = heights[max(row - half, 0) : row + half + 1, max(col - half, 0) : col + half + 1]
        part = part[part != NOTHING]
        expected = np.float32(np.nan)
        if heights[row, col] != NOTHING:
            expected = np.float32(part.astype(np.int64).sum() / (10_000.0 * part.size))
        assert np.array_equal(out[row, col], expected, equal_nan=True)


def test_means_do_not_depend_on_the_window() -> None:
    heights = surface(3, (90, 90))
    whole, part = np.empty((90, 90), np.float32), np.empty((50, 40), np.float32)
    morphology.box_means(heights, 6, 0, 90, whole)
    morphology.box_means(np.ascontiguousarray(heights[20:70, 30:70]), 6, 0, 50, part)
    assert np.array_equal(part[6:-6, 6:-6], whole[26:64, 36:64], equal_nan=True)


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
