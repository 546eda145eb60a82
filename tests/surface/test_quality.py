"""What is said of each cell of a terrain model, against brute force; alike for any window, order and thread."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from clouds import cloud_of, scatter, spill_of
from scipy.spatial import Delaunay, cKDTree

import pointcloud as pc
from pointcloud import pipeline
from pointcloud.geo.lattice import Box, Grid
from pointcloud.io.spill.cloud import Cloud
from pointcloud.params.grid import (
    BRIDGED,
    BRIDGED_FROM,
    INTERPOLATED,
    MEASURED,
    QUALITY_BANDS,
    VOID,
    WATER,
    GridParams,
)
from pointcloud.surface.dem import terrain
from pointcloud.surface.quality import nearness, states

WEST, SOUTH, EAST, NORTH = 45_000.0, -77_100.0, 45_120.0, -77_000.0
BOX = Box.from_metres(WEST, SOUTH, EAST, NORTH)
CELLS = (10_000, 5_000)
PARAMS = GridParams((1.0, 0.5), ("quality",), max_gap=45.0)


def centres(grid: Grid) -> np.ndarray:
    west, _, _, north = grid.box.bounds
    e = west + (np.arange(grid.cols) + 0.5) * grid.resolution
    n = north - (np.arange(grid.rows) + 0.5) * grid.resolution
    return np.stack(np.meshgrid(e, n), axis=-1)


def holed(
    rng: np.random.Generator, count: int = 15_000, around: float = 60.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places and classes: no ground in a disc of 40 m, nothing at all in one of 70 m, and points twice."""
    e, n = scatter(rng, count, (WEST - around, SOUTH - around, EAST + around, NORTH + around))
    dry = np.hypot(e - EAST, n - NORTH + 30) > 35
    e, n = np.append(e[dry], e[dry][:50]), np.append(n[dry], n[dry][:50])
    wood = np.hypot(e - WEST - 60, n - SOUTH - 50) < 20
    return e, n, np.where((rng.random(len(e)) < 0.5) & ~wood, 2, 5)


def made(cloud: Cloud, box: Box = BOX, params: GridParams = PARAMS) -> list[np.ndarray]:
    return [item.array for item in pipeline.make(box, cloud, params) if item.array is not None]


def gap_widths(points: np.ndarray, at: np.ndarray, most: float) -> np.ndarray:
    """The width of the disc of the triangle that holds each place, the narrowest on an edge, NaN beyond ``most``."""
    mesh = Delaunay(points)
    a, b, c = (points[mesh.simplices[:, k]] for k in range(3))
    sides = [np.linalg.norm(p - q, axis=1) for p, q in ((a, b), (b, c), (c, a))]
    u, v = b - a, c - a
    width = np.prod(sides, axis=0) / np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
    around = 1e-6 * np.exp(1j * np.linspace(0.1, 6.3, 40)).view(float).reshape(-1, 2)
    found = np.min([width[mesh.find_simplex(at + step)] for step in around], axis=0)
    return np.where(found <= most, found, np.nan)


def test_every_band_equals_brute_force() -> None:
    rng = np.random.default_rng(0)
    e, n, classes = holed(rng)
    z = np.round(10 * np.sin(e / 9), 3)
    cloud, ground = cloud_of(e, n, z, classes, PARAMS), classes == 2
    places = np.unique(np.column_stack((e, n))[ground], axis=0)
    for cell, bands in zip(CELLS, made(cloud), strict=True):
        grid = Grid(BOX, cell)
        at = centres(grid) - (WEST, SOUTH)
        state, gap, distance, points, returns = np.moveaxis(bands, 2, 0)
        expected = gap_widths(places - (WEST, SOUTH), at, PARAMS.max_gap)
        assert np.array_equal(np.isnan(gap), np.isnan(expected) | (state == WATER))
        assert np.nanmax(np.abs(gap - expected)) < 0.00055
        nearest = np.minimum(cKDTree(places - (WEST, SOUTH)).query(at)[0], PARAMS.max_gap)
        assert np.abs(distance - nearest).max() < 0.00055
        for counted, (x, y) in ((points, places.T), (returns, (e, n))):
            cols = np.floor((x - WEST) / grid.resolution).astype(int)
            rows = np.floor(np.round(NORTH - y, 3) / grid.resolution).astype(int)
            inside = (cols >= 0) & (cols < grid.cols) & (rows >= 0) & (rows < grid.rows)
            expected = np.zeros(grid.shape)
            np.add.at(expected, (rows[inside], cols[inside]), 1)
            assert np.array_equal(counted, expected)
        known = np.isfinite(gap)
        assert np.array_equal(state == MEASURED, known & (points > 0))
        assert np.array_equal(state == BRIDGED, known & (points == 0) & (gap > BRIDGED_FROM))
        assert np.array_equal(state == INTERPOLATED, known & (points == 0) & (gap <= BRIDGED_FROM))
        assert set(np.unique(state)) >= {MEASURED, INTERPOLATED, BRIDGED, WATER}


def test_a_smaller_gap_can_be_applied_afterwards() -> None:
    """Also on a lattice of points, where centres lie on edges and corners of triangles."""
    e, n = np.meshgrid(np.arange(WEST - 60, EAST + 60, 2.5), np.arange(SOUTH - 60, NORTH + 60, 2.5))
    kept = np.random.default_rng(1).random(e.shape) < 0.3
    cloud = cloud_of(e[kept], n[kept], np.round(np.sin(e[kept]), 3))
    gaps = [np.empty(Grid(BOX, cell).shape, np.float32) for cell in CELLS]
    wide = terrain(cloud, BOX, CELLS, max_gap=60.0, precision=0.001, gaps=gaps)
    for most in (4.0, 7.5, 12.0, 25.0):
        narrow = terrain(cloud, BOX, CELLS, max_gap=most, precision=0.001)
        assert 0.0 < np.isfinite(narrow[0]).mean() < 1.0 or most > 12
        for full, gap, out in zip(wide, gaps, narrow, strict=True):
            assert np.array_equal(np.where(gap <= most, full, np.nan), out, equal_nan=True)


@pytest.mark.parametrize("quantum", [2.5, 0.001])
def test_any_window_order_and_number_of_threads_gives_the_same_bits(quantum: float) -> None:
    rng = np.random.default_rng(2)
    e, n, classes = holed(rng, 20_000, 110.0)
    e, n = np.round(e / quantum) * quantum, np.round(n / quantum) * quantum
    z = np.round(10 * np.sin(e / 9), 3)
    whole = made(cloud_of(e, n, z, classes, PARAMS))
    with ThreadPoolExecutor(3) as pool:
        threaded = [m.array for m in pipeline.make(BOX, cloud_of(e, n, z, classes, PARAMS), PARAMS, pool)]
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(whole, threaded, strict=True))
    for part in (
        Box.from_metres(WEST, SOUTH, WEST + 40, SOUTH + 40),
        Box.from_metres(WEST + 40, SOUTH + 40, EAST, NORTH),
        Box.from_metres(WEST + 59, SOUTH + 51, WEST + 61, SOUTH + 53),
    ):
        west, south, east, north = part.grow(pipeline.reach(PARAMS)).bounds
        near = (e >= west) & (e <= east) & (n >= south) & (n <= north)
        order = rng.permutation(int(near.sum()))
        half = len(order) // 2
        columns = [values[near][order] for values in (e, n, z, classes)]
        alone = Cloud([spill_of(*(v[k] for v in columns), PARAMS) for k in (slice(half), slice(half, None))])
        for cell, full, out in zip(CELLS, whole, made(alone, part), strict=True):
            assert np.array_equal(out, full[Grid(BOX, cell).slices(part)], equal_nan=True)


def test_a_window_cut_short_is_noticed() -> None:
    """The test above would see it: the edge of the wood lies beyond a fifth of the reach from its middle."""
    e, n, classes = holed(np.random.default_rng(3))
    ground = classes == 2
    e, n = e[ground], n[ground]
    part = Box.from_metres(WEST + 59, SOUTH + 51, WEST + 61, SOUTH + 53)
    west, south, east, north = part.grow(pipeline.reach(PARAMS) // 5).bounds
    near = (e >= west) & (e <= east) & (n >= south) & (n <= north)
    far = np.hypot(e - WEST, n - SOUTH) < 20
    whole, cut = (
        nearness(cloud_of(e[kept], n[kept], np.zeros(kept.sum())), part, CELLS, cap=45.0, precision=0.001)[0]
        for kept in (near | ~near, near | far)
    )
    assert not np.array_equal(whole[0], cut[0])


def test_a_state_follows_its_definition() -> None:
    heights = np.array([1.0, 1.0, 1.0, np.nan, np.nan, np.nan])
    gaps = np.array([50.0, 10.0, 10.001, np.nan, np.nan, np.nan])
    ground = np.array([1, 0, 0, 0, 0, 2])
    water = np.array([True, True, True, True, False, False])
    found = states(heights[None], gaps[None], ground[None], water[None])
    assert found.tolist() == [[MEASURED, INTERPOLATED, BRIDGED, WATER, VOID, VOID]]


def test_beyond_the_survey_a_hole_is_no_water() -> None:
    rng = np.random.default_rng(4)
    e, n = scatter(rng, 6_000, (WEST, SOUTH, WEST + 60, NORTH))
    pond = np.hypot(e - WEST - 30, n - SOUTH - 50) < 12
    (bands,) = made(
        cloud_of(e[~pond], n[~pond], np.zeros((~pond).sum()), 1 + np.arange((~pond).sum()) % 2, PARAMS),
        BOX,
        GridParams((1.0,), ("quality",)),
    )[:1]
    state = bands[..., 0]
    assert state[50, 30] == WATER
    assert (state[:, 62:] == VOID).all()


def test_ground_given_twice_counts_once() -> None:
    """A separate ground delivery repeats points of the original; where it stands alone it counts."""
    e, n = scatter(np.random.default_rng(5), 400, (WEST, SOUTH, WEST + 20, SOUTH + 20))
    box = Box.from_metres(WEST, SOUTH, WEST + 20, SOUTH + 20)
    params = GridParams((1.0,), ("quality",))

    def returns(spills: Sequence[object]) -> np.ndarray:
        return made(Cloud(spills), box, params)[0][..., 4]  # type: ignore[arg-type]

    z = np.zeros(400)
    original = spill_of(e, n, z, 1, params)
    alone = spill_of(e, n, z, 2, params, all_ground=True)
    both = returns([original, alone])
    assert both.sum() == 400
    assert np.array_equal(both, returns([alone]))


def test_from_python() -> None:
    e, n = scatter(np.random.default_rng(6), 4_000, (WEST, SOUTH, WEST + 50, SOUTH + 50))
    points = pc.cloud(e, n, np.sin(e), resolution=0.5)
    raster = pc.quality(points, 0.5, max_gap=20)
    assert raster.array.shape == (*raster.grid.shape, len(QUALITY_BANDS))
    assert np.array_equal(np.isnan(raster.array[..., 1]), np.isnan(pc.dem(points, 0.5, max_gap=20).array))
    assert raster._repr_png_()[:4] == b"\x89PNG"
    assert raster.to_xarray().sel(band="returns").sum() == 4_000
