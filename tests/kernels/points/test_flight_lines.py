"""Moments of flight lines, their differences, and fingerprints of cells, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from pointcloud.kernels.points import flight_lines

TABLE = np.zeros((1, 1), np.int32)


def moments(e: np.ndarray, n: np.ndarray, z: np.ndarray) -> np.ndarray:
    pool = np.zeros((1, 4, 4, 3))
    flight_lines.moments(e, n, z.astype(np.int32), np.ones(len(e), np.uint8), 1, 100, 0, 0, TABLE, pool)
    return pool[0]


def points(seed: int, count: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    e, n = rng.integers(0, 400, count), -rng.integers(0, 400, count)
    return e, n, rng.integers(-(2**30), 2**30, count)


def test_moments_are_those_of_numpy() -> None:
    e, n, z = points(0)
    held = moments(e, n, z)
    for row in range(4):
        for col in range(4):
            inside = z[(e // 100 == col) & (-n // 100 == row)]
            count, mean, squares = held[row, col]
            assert count == len(inside)
            assert mean == pytest.approx(inside.mean())
            assert squares == pytest.approx(inside.var() * len(inside))


def test_merged_moments_are_those_of_all_points() -> None:
    first, second = points(1), points(2, 3)
    both = moments(*first)
    flight_lines.merge(both, moments(*second))
    together = moments(*(np.concatenate(pair) for pair in zip(first, second, strict=True)))
    assert np.allclose(both, together)


def line(mean: float, squares: float = 0.0, count: float = 5.0) -> np.ndarray:
    return np.tile([count, mean, squares], (3, 3, 1))


def test_level_cells() -> None:
    out = np.empty((3, 3), np.bool_)
    held = line(10.0)
    held[0, 0] = 2, 10, 0  # too few
    held[0, 2, flight_lines.SQUARES] = 5.1  # too wide: s.d. above 1
    held[2, 2, flight_lines.MEAN] = 14  # a step to its neighbours
    flight_lines.level(held, 3, 1.0, 3.0, out)
    assert out.tolist() == [[False, True, False], [True, True, False], [True, False, False]]
    held[2, 2, flight_lines.COUNT] = 0  # no point, no step
    flight_lines.level(held, 3, 1.0, 3.0, out)
    assert out.tolist() == [[False, True, False], [True, True, True], [True, True, False]]


def test_differences() -> None:
    a, b = line(10.0), line(12.0)
    b[1, 1, flight_lines.MEAN] = 5
    use = np.ones((3, 3), np.bool_)
    use[0, 0] = False
    out = np.zeros(5)
    flight_lines.differences(a, b, use, 3.0, out)
    assert out.tolist() == [8, 7 * 2 - 5, 7 * 4 + 25, 5, 1]


def test_fingerprints_know_no_order() -> None:
    e, n, z = points(3)
    keys = z.astype(np.int64) * 7919 + 1
    pools = np.zeros((2, 1, 4, 4), np.int64)
    order = np.random.default_rng(4).permutation(len(e))
    flight_lines.fingerprints(e, n, keys, 100, 0, 0, TABLE, pools[0])
    flight_lines.fingerprints(e[order], n[order], keys[order], 100, 0, 0, TABLE, pools[1])
    assert np.array_equal(pools[0], pools[1])
    inside = keys[(e < 100) & (n > -100)]
    assert pools[0, 0, 0, 0] == np.bitwise_xor.reduce(inside)
