"""Halved rasters against NumPy, of any size."""

from __future__ import annotations

import numpy as np
import pytest

from pointcloud.kernels.raster import overviews

NODATA = -9999.0
SHAPES = [(8, 6), (7, 6), (6, 9), (7, 9), (1, 5), (5, 1), (1, 1), (2, 2)]


def fours(array: np.ndarray, void: float) -> np.ndarray:
    """The four cells under each cell of the overview along the last axis; beyond the edge there is nothing."""
    rows, cols = array.shape
    wide = np.full((rows + rows % 2, cols + cols % 2), void, array.dtype)
    wide[:rows, :cols] = array
    return np.stack([wide[0::2, 0::2], wide[0::2, 1::2], wide[1::2, 0::2], wide[1::2, 1::2]], axis=-1)


def halved(array: np.ndarray) -> np.ndarray:
    return np.zeros(((array.shape[0] + 1) // 2, (array.shape[1] + 1) // 2), array.dtype)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("void", [NODATA, np.nan])
def test_heights(shape: tuple[int, int], void: float) -> None:
    rng = np.random.default_rng(1)
    heights = rng.uniform(0, 1500, shape).astype(np.float32)
    heights[rng.random(shape) < 0.4] = void
    out = halved(heights)
    overviews.mean_heights(heights, NODATA, out)
    four = fours(np.where(np.isnan(heights), NODATA, heights).astype(np.float32), NODATA).astype(np.float64)
    known = four != NODATA
    total, count = np.where(known, four, 0.0).sum(axis=-1), known.sum(axis=-1)
    np.testing.assert_array_equal(out == NODATA, count == 0)
    np.testing.assert_allclose(
        out[count > 0], (total[count > 0] / count[count > 0]).astype(np.float32), rtol=1e-7
    )


def test_high_ground_keeps_its_millimetres() -> None:
    heights = np.full((2, 2), 3776.125, np.float32)
    out = halved(heights)
    overviews.mean_heights(heights, NODATA, out)
    assert out == heights[0, 0]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("alphas", [(0, 255), (255,), (0,), (0, 1, 100, 254, 255)])
def test_colours(shape: tuple[int, int], alphas: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    colours = rng.integers(0, 256, (*shape, 4), np.uint8)  # transparent cells have colours too
    colours[..., 3] = rng.choice(alphas, shape)
    packed = colours.view("<u4")[..., 0].astype(np.uint32)
    out = halved(packed)
    overviews.mean_colours(packed, out)
    opaque = fours(colours[..., 3], 0) > 0
    count = opaque.sum(axis=-1)
    for band in range(4):
        total = np.where(opaque, fours(colours[..., band], 0).astype(int), 0).sum(axis=-1)
        wanted = np.where(count > 0, (2 * total + count) // np.maximum(2 * count, 1), 0)
        np.testing.assert_array_equal(out >> np.uint32(8 * band) & np.uint32(255), wanted)


def test_halves_are_rounded_up() -> None:
    packed = np.array([[0xFF000000, 0xFF010101]], np.uint32)
    out = halved(packed)
    overviews.mean_colours(packed, out)
    assert out[0, 0] == 0xFF010101
