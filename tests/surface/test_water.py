"""Holes in all returns against the definition, written plainly."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from clouds import spill_of

from pointcloud.geo.lattice import Box, Grid
from pointcloud.io.spill.cloud import Cloud
from pointcloud.surface.water import margin, voids


def plainly(dry: npt.NDArray[np.uint8], gap: float) -> npt.NDArray[np.bool_]:
    """Try every disc around every centre and corner of a cell."""
    radius, (rows, cols) = gap / 2, dry.shape
    out = np.zeros(dry.shape, bool)
    held = np.argwhere(dry) + 0.5
    down, across = np.mgrid[0:rows, 0:cols] + 0.5
    for shift in (0.0, 0.5):
        for y in np.arange(0.5 - shift, rows + 0.1):
            for x in np.arange(0.5 - shift, cols + 0.1):
                if min(x, y, rows - y, cols - x) < radius - 1e-9:
                    continue
                away = np.hypot(*np.maximum(np.abs(held - (y, x)) - 0.5, 0.0).T)
                if (away >= radius - 1e-9).all():
                    out |= np.hypot(down - y, across - x) <= radius + 1e-9
    return out


@pytest.mark.parametrize("gap", [1.0, 2.0, 3.5, 6.0, 7.0])
@pytest.mark.parametrize("share", [0.003, 0.02, 0.1])
def test_equals_the_definition(gap: float, share: float) -> None:
    dry = (np.random.default_rng(int(gap * 10)).random((30, 34)) < share).astype(np.uint8)
    assert np.array_equal(voids(dry, gap), plainly(dry, gap))


def test_a_river_as_wide_as_the_gap_is_void_and_a_narrower_one_is_not() -> None:
    for width in (14, 15, 16):
        dry = np.ones((80, 60), np.uint8)
        dry[:, 20 : 20 + width] = 0
        found = voids(dry, 15.0)
        assert found[40, 20 : 20 + width].all() == (width >= 15)
        assert not found[:, :20].any()
        assert not found[:, 20 + width :].any()


def test_a_window_with_its_margin_gives_the_same() -> None:
    dry = (np.random.default_rng(0).random((120, 130)) < 0.004).astype(np.uint8)
    around = margin(15.0)
    part = voids(dry[10:90, 20:110], 15.0)[around:-around, around:-around]
    whole = voids(dry, 15.0)[10 + around : 90 - around, 20 + around : 110 - around]
    assert whole.any()
    assert not whole.all()
    assert np.array_equal(part, whole)


def test_files_of_ground_alone_say_nothing_about_holes() -> None:
    """Where only they lie, no hole counts; where a full file lies too, its holes do."""
    grid = Grid(Box.from_metres(0, 0, 60, 20), 10_000)
    ground = spill_of(np.array([0.5, 59.5]), np.array([0.5, 19.5]), np.zeros(2), 2, name="ground")
    full = spill_of(np.array([20.5, 39.5]), np.array([0.5, 19.5]), np.zeros(2), np.array([1, 2]), name="full")
    dry = Cloud([ground, full]).dry(grid)
    assert dry[:, :20].all()
    assert dry[:, 40:].all()
    assert dry[1:-1, 20:40].sum() == 0


def test_water_noise_and_withheld_points_are_no_returns() -> None:
    grid = Grid(Box.from_metres(0, 0, 9, 3), 10_000)
    e, n = np.arange(9) + 0.5, np.full(9, 1.5)
    classes = np.array([2, 9, 7, 18, 5, 9, 1, 6, 2])
    assert Cloud([spill_of(e, n, np.zeros(9), classes)]).dry(grid)[1].tolist() == [1, 0, 0, 0, 1, 0, 1, 1, 1]
