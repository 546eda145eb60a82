"""Isolated points and roofs: what is one, and that any window, order and thread finds the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from clouds import cloud_of, scatter
from scipy.spatial import cKDTree

from pointcloud.classification.classes import Found, classes_of
from pointcloud.classification.request import ClassifyRequest
from pointcloud.geo.lattice import Box
from pointcloud.ground import objects, smrf
from pointcloud.ground.objects import RoofParams
from pointcloud.io.las.reader import iter_points, read_header
from pointcloud.io.spill.cloud import Cloud
from pointcloud.params.grid import ReduceParams
from pointcloud.params.smrf import PRESET, SmrfParams
from pointcloud.pipeline import reduce

WEST, SOUTH, EAST, NORTH = 45_000.0, -77_200.0, 45_100.0, -77_100.0
SMALL = SmrfParams(window=10.0, max_gap=30.0, fill_gap=6.0)
SAMPLE = Path(__file__).resolve().parents[2] / "sample_tiles"


def quanta_of(*columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, int, int]:
    """xy, z, east and north, as kernels take points."""
    q = np.rint(np.column_stack(columns) * 1e4).astype(np.int64)
    east, north = int(q[0, 0]), int(q[0, 1])
    return (q[:, :2] - (east, north)).astype(np.int32), q[:, 2].astype(np.int32), east, north


def birds(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Ground, a few birds and one flock; which points are birds by themselves."""
    e, n = scatter(rng, 20_000, (WEST, SOUTH, EAST, NORTH))
    z = np.round(50 + 0.3 * (e - WEST), 3)
    up = rng.choice(20_000, 40, replace=False)
    z[up] += rng.uniform(20, 3000, 40)
    flock = up[20:]
    e[flock], n[flock], z[flock] = WEST + 50 + 0.1 * np.arange(20), SOUTH + 50, 200.0
    return e, n, z


@pytest.mark.parametrize("most", [1, 5, 30])
def test_isolated_points_are_those_with_few_in_the_cubes_around(most: int) -> None:
    e, n, z = birds(np.random.default_rng(0))
    cloud = cloud_of(e, n, z)
    found = objects.lonely(cloud, cloud.extent, most).holds(*quanta_of(e, n, z))
    cubes = np.floor(np.column_stack([np.rint(v * 1e4) for v in (e, n, z)]) / 40_000)
    near = cKDTree(cubes).query_ball_point(cubes, 1.5, p=np.inf, return_length=True)
    assert np.array_equal(found, near <= most)
    assert 10 < found.sum() < 60


def test_nothing_is_isolated_where_that_is_not_asked_for() -> None:
    e, n, z = birds(np.random.default_rng(1))
    cloud = cloud_of(e, n, z)
    assert not objects.lonely(cloud, cloud.extent, 0).holds(*quanta_of(e, n, z)).any()
    beyond = Box.from_metres(EAST + 500, SOUTH, EAST + 600, NORTH)
    assert not len(objects.lonely(cloud, beyond, 5).keys)


def town(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """E, N, Z of a slope with houses, sheds and trees, and what each point is (2, 6, 5)."""
    count = 60_000
    e, n = scatter(rng, count, (WEST, SOUTH, EAST, NORTH))
    z, truth = 50 + 0.05 * (e - WEST) + rng.normal(0, 0.02, count), np.full(count, 2)
    for col in range(4):
        x, y = WEST + 12 + 25 * col, SOUTH + 13
        house = (np.abs(e - x) < 6) & (np.abs(n - y) < 5)
        z[house] = 56 + 0.05 * (x - WEST) - 0.5 * np.abs(n[house] - y) + rng.normal(0, 0.03, house.sum())
        shed = (np.abs(e - x) < 1.5) & (np.abs(n - y - 25) < 1.5)
        z[shed] = z[shed].max() + 3
        truth[house], truth[shed] = 6, 1
        tree = np.hypot(e - x, n - y - 50) < 8
        tree &= rng.random(count) < 0.8
        z[tree] += rng.uniform(4, 12, tree.sum())
        truth[tree] = 5
    return e, n, np.round(z, 3), truth


def classes(cloud: Cloud, box: Box, columns: tuple[np.ndarray, ...], pool: ThreadPoolExecutor | None = None):  # type: ignore[no-untyped-def]
    request = ClassifyRequest((), Path(), SMALL, roofs=RoofParams())
    found = Found.of(cloud, box, request, pool)
    xy, z, east, north = quanta_of(*columns)
    above, _ = found.terrain.heights(xy, z, east, north)
    assert found.roofs is not None
    return found.roofs.holds(xy, z, above, east, north)


def test_houses_are_buildings_trees_and_sheds_are_not() -> None:
    *columns, truth = town(np.random.default_rng(2))
    cloud = cloud_of(*columns)
    found = classes(cloud, cloud.extent, tuple(columns))
    assert found[truth == 6].mean() > 0.9
    assert found[truth == 5].mean() < 0.01
    assert not found[truth == 1].any()
    assert not found[truth == 2].any()


def test_roofs_are_the_same_in_any_window_order_and_thread() -> None:
    *columns, _ = town(np.random.default_rng(3))
    e, n, z = columns
    cloud = cloud_of(e, n, z)
    order = np.random.default_rng(4).permutation(len(e))
    shuffled = cloud_of(e[order], n[order], z[order])
    request = ClassifyRequest((), Path(), SMALL, roofs=RoofParams())
    whole = classes(cloud, cloud.extent, (e, n, z))
    with ThreadPoolExecutor(3) as pool:
        assert np.array_equal(whole, classes(shuffled, cloud.extent, (e, n, z), pool))
    part = Box.from_metres(WEST + 30, SOUTH + 5, WEST + 45, SOUTH + 20)
    west, south, east, north = part.grow(request.halo).bounds
    near = (e >= west) & (e <= east) & (n >= south) & (n <= north)
    alone = cloud_of(e[near], n[near], z[near])
    west, south, east, north = part.bounds
    inside = (e >= west) & (e < east) & (n > south) & (n <= north)
    some = classes(alone, part, (e[inside], n[inside], z[inside]))
    assert np.array_equal(whole[inside], some)
    assert 0 < some.sum() < inside.sum()


@pytest.mark.parametrize("name", ["05PE5535", "05PE5534"])
def test_roofs_and_noise_of_the_sample_town(name: str) -> None:
    """The truth is known: 93 and 92 % of the roofs are found, and nothing else."""
    header = read_header(SAMPLE / f"{name}.laz")
    params = ReduceParams(10_000, excluded_classes=(), candidates=True)
    cloud = Cloud([reduce(header, params)])
    request = ClassifyRequest((), Path(), PRESET["town"], roofs=RoofParams())
    found = Found.of(cloud, header.limits, request, None)
    truth, got = [], []
    for points in iter_points(header):
        truth.append(points.classification.copy())
        points.classification[:] = 1
        got.append(classes_of(points, found, ()))
    true, mine = np.concatenate(truth), np.concatenate(got)
    assert (mine[true == 6] == 6).mean() > 0.9
    assert (true[mine == 6] == 6).mean() > 0.999
    assert (true[mine == 7] == 7).all()
    assert (mine[true == 7] == 7).any()


def test_delft_is_rarely_wrong(shared_data: Path) -> None:
    header = read_header(shared_data / "als_urban" / "ahn3_cropped_1.laz")
    cloud = Cloud([reduce(header, ReduceParams(10_000, candidates=True))])
    request = ClassifyRequest((), Path(), PRESET["town"], roofs=RoofParams(0.5))
    found = Found.of(cloud, header.limits, request, None)
    truth = np.concatenate([points.classification for points in iter_points(header)])
    mine = np.concatenate([classes_of(points, found, ()) for points in iter_points(header)])
    assert (mine[truth == 6] == 6).mean() > 0.35
    assert (truth[mine == 6] == 6).mean() > 0.99


def test_the_halo_holds_what_smrf_needs_and_the_smallest_roof() -> None:
    plain, roofs = (
        ClassifyRequest((), Path(), SMALL),
        ClassifyRequest((), Path(), SMALL, roofs=RoofParams(0.5)),
    )
    assert plain.halo == smrf.halo(SMALL)
    assert RoofParams(0.5).fewest == 80
    assert roofs.halo - plain.halo == 84 * 5000
