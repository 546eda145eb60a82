"""Openings and box means against brute force; any band of rows gives the same."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pointcloud.kernels.ground import morphology
from pointcloud.kernels.ground.morphology import NOTHING


def surface(seed: int = 0, shape: tuple[int, int] = (40, 53)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    heights = rng.integers(-90_000, 90_000, shape).astype(np.int32)
    heights[rng.random(shape) < 0.1] = NOTHING
    return heights


def disc(radius: int) -> np.ndarray:
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(x * x + y * y <= radius * radius)


def test_minima_over_discs() -> None:
    heights = surface(1)
    before, out = heights, np.zeros_like(heights)
    for radius in range(1, 46):
        _, beyond = morphology.disc(radius)
        for first in range(0, 40, 16):  # bands
            morphology.erode(before, heights, beyond, first, min(first + 16, 40), out)
        expected = ndimage.grey_erosion(heights, footprint=disc(radius), mode="constant", cval=NOTHING)
        assert np.array_equal(out, expected), radius
        before, out = out, np.zeros_like(heights)


@pytest.mark.parametrize("radius", [1, 2, 3, 7, 45])
def test_maxima_over_discs(radius: int) -> None:
    heights = surface(radius)
    discs = np.random.default_rng(radius).random(heights.shape) < 0.3
    lowest = np.iinfo(np.int32).min
    held = np.where(discs & (heights != NOTHING), heights, lowest)
    expected = ndimage.grey_dilation(held, footprint=disc(radius), mode="constant", cval=lowest)
    half, _ = morphology.disc(radius)
    for first in range(0, 40, 16):
        last = min(first + 16, 40)
        out = np.zeros((last - first, 53), np.int32)
        morphology.dilate(heights, discs, half, first, last, out, np.empty((2, 53), np.int32))
        assert np.array_equal(out, np.where(expected == lowest, NOTHING, expected)[first:last])


def test_steps_of_an_opening() -> None:
    before = surface(11)
    by = np.where(
        before == NOTHING, NOTHING, before - np.random.default_rng(12).integers(0, 50_000, before.shape)
    )
    opened, steepest = before.copy(), np.full(before.shape, 0.1, np.float32)
    for first in range(0, 40, 16):
        morphology.lower_by_step(
            opened, by[first : first + 16].astype(np.int32), 0.5, 0.05, 4.0, first, steepest
        )
    assert np.array_equal(opened, by)
    expected = np.where(before == NOTHING, 0.0, (before.astype(np.int64) - by) / 40_000 - 0.5 / 4 - 0.05)
    assert np.allclose(steepest, np.maximum(expected, 0.1), rtol=1e-6)


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


def test_steps_keep_what_was_measured_and_round_what_was_filled() -> None:
    heights, empty = surface(8), np.int32(-(2**31))
    measured = np.where(heights == NOTHING, empty, heights)
    filled = np.random.default_rng(9).uniform(-900, 900, heights.shape).astype(np.float32)
    filled[::3, ::2] = np.nan
    out = np.zeros_like(heights)
    for first in range(0, 40, 16):
        morphology.steps(measured, filled, empty, first, min(first + 16, 40), out)
    rounded = np.rint(np.nan_to_num(filled.astype(np.float64)) * 10_000).astype(np.int32)
    expected = np.where(np.isnan(filled), NOTHING, rounded)
    assert np.array_equal(out, np.where(measured != empty, measured, expected))
