"""Lowest points of cells, and their floors, against brute force."""

from __future__ import annotations

import numpy as np

from pointcloud.kernels.ground import lowest
from pointcloud.kernels.ground.morphology import NOTHING


def cells(shape: tuple[int, int], seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Height, x and y of the lowest points of cells of 1 m, many of one height, some cells without."""
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 6, shape).astype(np.int32) * 1000
    low[rng.random(shape) < 0.2] = NOTHING
    x, y = rng.integers(0, 10_000, (2, *shape)).astype(np.int32)
    return low, x, y


def test_floor_is_below_the_second_lowest_neighbour() -> None:
    low = np.full((9, 9), 50_000, np.int32)
    low[4, 4], low[4, 6], low[0, 0] = -900_000, 20_000, NOTHING
    out = np.empty_like(low)
    lowest.floors(low, 3, 30_000, 0, 9, out)
    assert out[4, 4] == 20_000  # of the others 2 m is the lowest, 5 m the second
    assert out[4, 5] == 20_000 - 30_000
    lonely = np.full((9, 9), NOTHING, np.int32)
    lonely[4, 4] = lonely[4, 5] = lonely[5, 5] = 0
    lowest.floors(lonely, 3, 30_000, 0, 9, out)
    assert (out[4, 4], out[6, 6]) == (-(2**31), -30_000)


def test_floors_against_brute_force() -> None:
    rng = np.random.default_rng(2)
    for shape, share in (((30, 40), 0.3), ((12, 5), 0.9), ((3, 2), 0.2), ((1, 30), 0.5)):
        low = rng.integers(-20, 20, shape).astype(np.int32) * 1000
        low[rng.random(shape) < share] = NOTHING
        low[0, 0] = -(2**31) + 1
        out = np.zeros_like(low)
        lowest.floors(low, 3, 5_000, 0, shape[0], out)
        for i in range(shape[0]):
            for j in range(shape[1]):
                here = np.zeros(shape, np.bool_)
                here[max(i - 3, 0) : i + 4, max(j - 3, 0) : j + 4] = True
                here[i, j] = False
                held = np.sort(low[here & (low != NOTHING)].astype(np.int64))
                assert out[i, j] == (max(held[1] - 5_000, -(2**31)) if len(held) >= 3 else -(2**31))


def test_the_lowest_point_of_a_cell_does_not_depend_on_the_order() -> None:
    rng = np.random.default_rng(1)
    xy = rng.integers(0, 60_000, (4000, 2)).astype(np.int32)
    z = rng.integers(0, 40, 4000).astype(np.int32) * 1000
    found = []
    for order in (np.arange(4000), rng.permutation(4000)):
        low, x, y = np.full((6, 6), NOTHING, np.int32), np.zeros((6, 6), np.int32), np.zeros((6, 6), np.int32)
        lowest.lowest(xy[order], z[order], 0, 60_000, 10_000, np.empty((0, 0), np.int32), low, x, y)
        found.append((low, x, y))
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))
    assert found[0][0].max() < NOTHING
    floor = np.full((6, 6), 5_000, np.int32)
    low = np.full((6, 6), NOTHING, np.int32)
    lowest.lowest(xy, z, 0, 60_000, 10_000, floor, low, found[0][1], found[0][2])
    assert low.min() >= 5_000


def test_the_lowest_of_squares() -> None:
    low, x, y = cells((14, 22), 3)
    out = np.random.default_rng(4).random(low.shape) < 0.3
    of, of_x, of_y = (np.full((7, 11), -1, np.int32) for _ in range(3))
    lowest.lowest_of_four(low, x, y, out, 10_000, of, of_x, of_y)
    for i in range(7):
        for j in range(11):
            held = [
                (low[r, c], r, c)
                for r in (2 * i, 2 * i + 1)
                for c in (2 * j, 2 * j + 1)
                if low[r, c] != NOTHING and not out[r, c]
            ]
            if not held:
                assert of[i, j] == NOTHING
                continue
            height, r, c = min(held)
            assert (of[i, j], of_x[i, j], of_y[i, j]) == (
                *(height, x[r, c] + (c % 2) * 10_000),
                y[r, c] + (r % 2) * 10_000,
            )


def test_points_of_cells_in_a_half_open_window() -> None:
    low, x, y = cells((9, 7), 5)
    x[4, 3], y[4, 3], low[4, 3] = 0, 0, 7
    west, north, reach_x, reach_y = -30_000, 40_000, 20_000, 30_000
    xy, z = np.empty((63, 2), np.int32), np.empty(63, np.int32)
    count = lowest.points_of(low, x, y, west, north, 10_000, reach_x, reach_y, xy, z)
    expected = []
    for r, c in zip(*np.nonzero(low != NOTHING), strict=True):
        e, n = west + 10_000 * c + x[r, c], north - 10_000 * r - y[r, c]
        if -reach_x <= e < reach_x and -reach_y < n <= reach_y:
            expected.append((e, n, low[r, c]))
    assert sorted(map(tuple, np.column_stack((xy, z))[:count].tolist())) == sorted(expected)
    assert 0 < count < np.count_nonzero(low != NOTHING)
