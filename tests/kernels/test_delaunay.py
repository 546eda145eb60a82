"""The triangulation: Delaunay, complete, and the same for any order and origin of the points."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial import Delaunay

from pointcloud.kernels.predicates import in_circle
from pointcloud.surface.dem import _triangulate

Triangles = set[tuple[tuple[int, int], ...]]


def triangles_of(points: npt.NDArray[np.int64]) -> Triangles:
    """Return the triangles as sorted coordinate triples, after checking that they are well formed."""
    xy, _, mesh, count = _triangulate(points.astype(np.int32), np.zeros(len(points), np.int32))
    assert len(xy) == len(np.unique(points, axis=0))
    found = mesh[: 3 * count, 0].reshape(-1, 3)
    where = xy.astype(np.int64)[found]
    a, b, c = where[:, 0], where[:, 1], where[:, 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    assert (area > 0).all()
    return {tuple(sorted(map(tuple, triangle))) for triangle in where.tolist()}


def clouds() -> list[npt.NDArray[np.int64]]:
    rng = np.random.default_rng(7)
    lattice = np.array(list(itertools.product(range(-6, 7), range(-5, 6))))
    random = [rng.integers(-size, size + 1, (count, 2)) for size in (4, 40, 10**6) for count in (3, 17, 150)]
    ring = (
        np.array([(3, 4), (4, 3), (5, 0), (0, 5), (-3, 4), (-5, 0), (0, -5), (3, -4), (-4, -3), (0, 0)])
        * 1000
    )
    line = np.column_stack((np.arange(-20, 20), np.arange(-20, 20) * 2))
    far = rng.integers(0, 1000, (80, 2)) + 1_000_000  # the origin, where the sweep begins, lies far outside
    return [*random, lattice, lattice * 10_000, ring, np.vstack((line, [(7, 3)])), far]


@pytest.mark.parametrize("points", clouds())
def test_triangulation_is_delaunay_and_fills_the_hull(points: npt.NDArray[np.int64]) -> None:
    distinct = np.unique(points, axis=0)
    triangles = triangles_of(points)
    for a, b, c in triangles:
        if (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) < 0:
            b, c = c, b
        for d in map(tuple, distinct.tolist()):
            assert d in (a, b, c) or in_circle(*a, *b, *c, *d) <= 0
    area = (
        sum(abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) for a, b, c in triangles) / 2
    )
    hull = Delaunay(distinct.astype(float))
    corners = distinct[hull.simplices].astype(float)
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    assert area == pytest.approx(np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).sum() / 2)
    used = {corner for triangle in triangles for corner in triangle}
    assert used == set(map(tuple, distinct.tolist()))


@pytest.mark.parametrize("points", clouds())
def test_order_origin_and_duplicates_do_not_matter(points: npt.NDArray[np.int64]) -> None:
    rng = np.random.default_rng(3)
    expected = triangles_of(points)
    shift = rng.integers(-100_000, 100_000, 2)
    again = np.vstack((points, points[: len(points) // 2]))[rng.permutation(len(points) + len(points) // 2)]
    moved = triangles_of(again + shift)
    assert {tuple((x - shift[0], y - shift[1]) for x, y in triangle) for triangle in moved} == expected


def test_ties_keep_the_diagonal_of_the_smallest_point() -> None:
    """All triangles of a cocircular polygon meet in its lexicographically smallest corner."""
    square = np.array([(0, 0), (0, 2), (2, 0), (2, 2)])
    assert all((0, 0) in triangle for triangle in triangles_of(square))
    ring = np.array([(3, 4), (4, 3), (5, 0), (0, 5), (-3, 4), (-5, 0), (0, -5), (3, -4), (-4, -3)])
    triangles = triangles_of(ring)
    assert len(triangles) == len(ring) - 2
    assert all((-5, 0) in triangle for triangle in triangles)


def test_points_on_one_line_make_no_triangle() -> None:
    assert triangles_of(np.column_stack((np.arange(9), 3 * np.arange(9)))) == set()


def test_of_points_in_one_place_the_lowest_counts() -> None:
    xy = np.array([(0, 0), (5, 0), (0, 5), (5, 0), (5, 0)], np.int32)
    points, heights, _, count = _triangulate(xy, np.array([1, 30, 3, 20, 40], np.int32))
    assert count == 1
    assert dict(zip(map(tuple, points.tolist()), heights.tolist(), strict=True))[(5, 0)] == 20
