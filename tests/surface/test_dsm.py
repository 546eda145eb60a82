"""The surface model: brute force on measured cells, and the fill without a grain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest
from clouds import cloud_of, scatter
from scipy.spatial import Delaunay

from pointcloud.geo.lattice import Box, Grid
from pointcloud.kernels.points.bins import EMPTY
from pointcloud.surface.dsm import coarsen, margin, surface

WEST, SOUTH = 45_000.0, -77_060.0
BOX = Box.from_metres(WEST, SOUTH, WEST + 80, SOUTH + 60)


def dsm(heights: npt.NDArray[np.int32], gap: float, cell: int = 10_000) -> npt.NDArray[np.float32]:
    """Fill an array whose surroundings hold no return."""
    around = margin(gap, cell)
    padded = np.pad(heights, around, constant_values=EMPTY)
    return surface(padded, cell, gap, around, 0.001)


def sparse(rng: np.random.Generator, shape: tuple[int, int], share: float) -> npt.NDArray[np.int32]:
    heights = rng.integers(0, 1_000_000, shape).astype(np.int32) // 10 * 10
    return np.where(rng.random(shape) < share, heights, EMPTY).astype(np.int32)


@pytest.mark.parametrize("cell", [10_000, 5_000])
def test_measured_cells_hold_their_highest_return(cell: int) -> None:
    rng = np.random.default_rng(0)
    e, n = scatter(rng, 6_000, (WEST, SOUTH, WEST + 80, SOUTH + 60))
    edge = rng.random(len(e)) < 0.2  # exactly on the lattice
    e[edge], n[edge] = np.round(e[edge]), np.round(n[edge])
    z = np.round(rng.uniform(-5, 300, len(e)), 3)
    classes = rng.choice([1, 2, 5, 7], len(e))
    grid = Grid(BOX, cell)
    expected = np.full(grid.shape, -np.inf)
    quanta = np.rint(np.column_stack((e, n)) * 1e4).astype(np.int64)
    for (qe, qn), height, kind in zip(quanta.tolist(), z.tolist(), classes.tolist(), strict=True):
        row, col = (BOX.north - qn) // cell, (qe - BOX.west) // cell
        if kind != 7 and 0 <= row < grid.rows and 0 <= col < grid.cols:
            expected[row, col] = max(expected[row, col], height)
    highest = coarsen(cloud_of(e, n, z, classes).highest(Grid(BOX, 5_000)), cell // 5_000)
    out = surface(highest, cell, 0.0, 0, 0.001)
    assert np.array_equal(
        out, np.where(np.isfinite(expected), expected, np.nan).astype(np.float32), equal_nan=True
    )


@pytest.mark.parametrize("share", [0.05, 0.3, 0.63, 0.95])
def test_a_measured_cell_is_never_altered_and_a_plane_comes_back(share: float) -> None:
    rng = np.random.default_rng(1)
    rows, cols = np.mgrid[0:50, 0:60]
    plane = (2_000_000 + 1_230 * cols - 770 * rows).astype(np.int32)
    heights = np.where(rng.random(plane.shape) < share, plane, EMPTY).astype(np.int32)
    out = dsm(heights, 6.0)
    known = heights != EMPTY
    assert np.array_equal(out[known], np.round(plane[known] / 1e4, 3).astype(np.float32))
    filled = np.isfinite(out)
    assert np.abs(out[filled] - plane[filled] / 1e4).max() < 0.0006


@pytest.mark.parametrize("share", [0.1, 0.3, 0.63])
@pytest.mark.parametrize("gap", [3.0, 5.0, 8.0])
def test_cells_are_filled_by_the_rule_of_discs(share: float, gap: float) -> None:
    """Filled are the cells whose triangle, in any Delaunay triangulation, has a disc at most ``gap`` wide."""
    rng = np.random.default_rng(2)
    heights = sparse(rng, (40, 45), share)
    points = np.argwhere(heights != EMPTY)[:, ::-1].astype(float)
    mesh = Delaunay(points)
    a, b, c = (points[mesh.simplices[:, k]] for k in range(3))
    sides = [np.linalg.norm(p - q, axis=1) for p, q in ((a, b), (b, c), (c, a))]
    u, v = b - a, c - a
    with np.errstate(divide="ignore"):
        width = np.prod(sides, axis=0) / np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    out = dsm(heights, gap)
    for row, col in np.argwhere(heights == EMPTY):
        weights = np.einsum("tij,tj->ti", mesh.transform[:, :2], (col, row) - mesh.transform[:, 2])
        inside = (weights >= -1e-9).all(axis=1) & (weights.sum(axis=1) <= 1 + 1e-9)
        expected = bool((width[inside] <= gap * (1 + 1e-9)).any())
        assert np.isfinite(out[row, col]) == expected, (row, col)


def test_no_grain_turned_or_mirrored_the_fill_is_the_same() -> None:
    rng = np.random.default_rng(3)
    heights = sparse(rng, (40, 40), 0.5)
    out = dsm(heights, 6.0)
    for turn in (lambda a: a.T, lambda a: a[::-1], lambda a: a[:, ::-1], np.rot90):
        turned = dsm(np.ascontiguousarray(turn(heights)), 6.0)
        assert np.array_equal(turned, turn(out), equal_nan=True)


def test_a_single_hole_is_the_mean_of_its_four_neighbours() -> None:
    heights = np.array([[50, 10, 70], [20, 0, 40], [90, 30, 60]], np.int32) * 10_000
    heights[1, 1] = EMPTY
    assert dsm(heights, 5.0)[1, 1] == 25.0


def test_a_hole_on_the_line_between_two_cells_takes_the_side_that_is_narrow_enough() -> None:
    heights = np.full((5, 5), EMPTY, np.int32)
    heights[2, 1], heights[2, 3], heights[1, 2] = 10_000, 30_000, 50_000
    assert dsm(heights, 2.0)[2, 2] == 2.0
    assert np.isnan(dsm(heights, 1.9)[2, 2])


def test_a_window_and_its_threads_change_no_bit() -> None:
    rng = np.random.default_rng(4)
    heights = sparse(rng, (300, 120), 0.25)
    whole = dsm(heights, 5.0, 5_000)
    around = margin(5.0, 5_000)
    with ThreadPoolExecutor(3) as pool:
        part = surface(heights[40:220, 30:90], 5_000, 5.0, around, 0.001, pool)
    assert np.array_equal(part, whole[40 + around : 220 - around, 30 + around : 90 - around], equal_nan=True)


def test_a_halo_that_is_too_small_does_make_a_difference() -> None:
    rng = np.random.default_rng(5)
    heights = sparse(rng, (120, 120), 0.02)
    whole = dsm(heights, 10.0)
    cut = np.pad(heights[20:100, 20:100], 10, constant_values=EMPTY)
    assert not np.array_equal(surface(cut, 10_000, 10.0, 10, 0.001), whole[20:100, 20:100], equal_nan=True)
    with pytest.raises(ValueError, match="too few"):
        surface(heights, 10_000, 10.0, 9, 0.001)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_cell_on_the_edge_of_the_only_face_is_filled(turns: int) -> None:
    heights = np.full((7, 7), EMPTY, np.int32)
    heights[2, 3], heights[4, 3], heights[3, 4] = 10_000, 30_000, 50_000
    out = dsm(np.ascontiguousarray(np.rot90(heights, turns)), 5.0)
    assert out[3, 3] == 2.0
    assert np.isfinite(out).sum() == 4
