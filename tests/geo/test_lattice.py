"""One truth a test: half-open cells, boxes, grids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointcloud.geo.lattice import Box, Grid, cell_quanta, quanta
from pointcloud.kernels.points.bins import floor_div


@settings(deadline=None)
@given(st.integers(-(10**12), 10**12), st.sampled_from([2, 5_000, 10_000, 250_000, 1_280_000]))
def test_floor_div_is_exact(value: int, cell: int) -> None:
    assert floor_div(np.int64(value), cell, 1.0 / cell) == value // cell


def test_snap_grows_to_whole_cells() -> None:
    assert Box(-1, -1, 1, 1).snap(10) == Box(-10, -10, 10, 10)
    assert Box(-10, 0, 0, 10).snap(10) == Box(-10, 0, 0, 10)


def test_boxes_that_share_an_edge_do_not_touch() -> None:
    assert not Box(0, 0, 10, 10).touches(Box(10, 0, 20, 10))
    assert Box(0, 0, 10, 10).touches(Box(9, 9, 20, 20))


def test_slices_cut_a_part_out_of_its_grid() -> None:
    grid = Grid(Box.from_metres(0, 0, 10, 6), 10_000)
    assert grid.shape == (6, 10)
    assert grid.slices(Box.from_metres(2, 1, 5, 3)) == (slice(3, 5), slice(2, 5))


def test_a_grid_lies_on_the_lattice() -> None:
    with pytest.raises(ValueError, match="lattice"):
        Grid(Box(1, 0, 10_001, 10_000), 10_000)


def test_transform_leads_to_the_north_west_corner() -> None:
    assert tuple(Grid(Box.from_metres(44_000, -78_000, 46_000, -76_500), 5_000).transform)[:6] == (
        *(0.5, 0, 44_000),
        *(0, -0.5, -76_500),
    )


@pytest.mark.parametrize(("resolution", "cell"), [(1, 10_000), (0.5, 5_000), (0.2, 2_000), (0.0002, 2)])
def test_cells_are_whole_quanta(resolution: float, cell: int) -> None:
    assert cell_quanta(resolution) == cell


@pytest.mark.parametrize("resolution", [0, -1, 0.0001, 1 / 3])
def test_other_cells_are_refused(resolution: float) -> None:
    with pytest.raises(ValueError, match=r"0\.2 mm"):
        cell_quanta(resolution)


def test_quanta_round_half_to_even() -> None:
    assert [quanta(0.00025), quanta(0.00075), quanta(-77_513.047)] == [2, 8, -775_130_470]
