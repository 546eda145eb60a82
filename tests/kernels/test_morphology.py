"""Openings and box means against brute force; any band of rows gives the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

from pointcloud.kernels import morphology
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


def test_turning_over_takes_out_what_is_not_wanted() -> None:
    heights = surface(5)
    wanted = np.random.default_rng(6).random(heights.shape) < 0.7
    out = heights.copy()
    for first in range(0, 40, 16):
        morphology.turn_over(out, wanted, first, min(first + 16, 40))
    assert np.array_equal(out, np.where(wanted & (heights != NOTHING), -heights, NOTHING))


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
