"""The triangulation: Delaunay, complete, and the same for any order and origin of the points."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial import Delaunay

from pointcloud.kernels.tin import delaunay
from pointcloud.kernels.tin.delaunay import NONE

Triangles = set[tuple[tuple[int, int], ...]]
Points = npt.NDArray[np.int64]


class Buckets:
    """Points sorted by bucket, and what the kernels ask for."""

    def __init__(self, points: Points, heights: npt.NDArray[np.int32] | None = None) -> None:
        reach_x, reach_y = (max(int(np.abs(points[:, axis]).max()), 1) for axis in (0, 1))
        self.frame, rows, self.cols = delaunay.bucket_frame(reach_x, reach_y, len(points))
        self.xy, self.z = np.empty((len(points), 2), np.int32), np.empty(len(points), np.int32)
        self.start = np.empty(rows * self.cols + 2, np.int32)
        z = np.zeros(len(points), np.int32) if heights is None else heights
        delaunay.sort(points.astype(np.int32), z, self.frame, self.cols, self.start, self.xy, self.z)

    @property
    def arguments(self) -> tuple[object, ...]:
        return self.xy, self.z, self.start, self.frame, self.cols

    def at(self, *corners: int) -> tuple[tuple[int, int], ...]:
        return tuple((int(self.xy[k, 0]), int(self.xy[k, 1])) for k in corners)


def in_circle(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], d: tuple[int, int]) -> int:
    """Return a positive number if d lies in the disc of a, b, c (counter-clockwise), 0 if on its rim; exactly."""
    rows = [(x - d[0], y - d[1]) for x, y in (a, b, c)]
    (ax, ay), (bx, by), (cx, cy) = rows
    al, bl, cl = (x * x + y * y for x, y in rows)
    return al * (bx * cy - cx * by) + bl * (cx * ay - ax * cy) + cl * (ax * by - bx * ay)


def triangles_of(points: Points) -> Triangles:
    """Return all triangles as sorted coordinate triples, each found from its neighbour."""
    buckets = Buckets(points)
    first = tuple(map(int, delaunay.first_triangle(*buckets.arguments)))
    if first[0] == NONE:
        return set()
    known = np.full((16, 3), -1, np.int32)  # small: most of what it remembers is soon written over
    found: dict[tuple[int, ...], tuple[int, int, int]] = {}
    front = [first]
    while front:
        a, b, c = front.pop()
        key = tuple(sorted((a, b, c)))
        if key in found:
            continue
        found[key] = (a, b, c)
        for u, v in ((b, a), (c, b), (a, c)):
            p = int(delaunay.beside(*buckets.arguments, known, u, v))
            assert p == delaunay.apex(*buckets.arguments, u, v)
            if p != NONE:
                front.append((u, v, p))
    triangles = [buckets.at(*corners) for corners in found.values()]
    for (ax, ay), (bx, by), (cx, cy) in triangles:
        assert (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) > 0
    return {tuple(sorted(triangle)) for triangle in triangles}


def clouds() -> list[Points]:
    rng = np.random.default_rng(7)
    lattice = np.array(list(itertools.product(range(-6, 7), range(-5, 6))))
    random = [rng.integers(-size, size + 1, (count, 2)) for size in (4, 40, 10**6) for count in (3, 17, 150)]
    ring = (
        np.array([(3, 4), (4, 3), (5, 0), (0, 5), (-3, 4), (-5, 0), (0, -5), (3, -4), (-4, -3), (0, 0)])
        * 1000
    )
    line = np.column_stack((np.arange(-20, 20), np.arange(-20, 20) * 2))
    far = rng.integers(0, 1000, (80, 2)) + 1_000_000  # all in one of many buckets
    knots = np.vstack([rng.integers(0, 30, (40, 2)) + at for at in ((-9000, 0), (8000, 500), (0, 9000))])
    return [*random, knots, lattice, lattice * 10_000, ring, np.vstack((line, [(7, 3)])), far]


@pytest.mark.parametrize("points", clouds())
def test_triangulation_is_delaunay_and_fills_the_hull(points: Points) -> None:
    distinct = np.unique(points, axis=0)
    triangles = triangles_of(points)
    for a, b, c in triangles:
        if (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) < 0:
            b, c = c, b
        for d in map(tuple, distinct.tolist()):
            assert d in (a, b, c) or in_circle(a, b, c, d) <= 0
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
def test_order_origin_and_duplicates_do_not_matter(points: Points) -> None:
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
    xy = np.array([(0, 0), (5, 0), (0, 5), (5, 0), (5, 0), (0, 0)])
    buckets = Buckets(xy, np.array([1, 30, 3, 20, 40, 2], np.int32))
    corners = delaunay.first_triangle(*buckets.arguments)
    assert {at: int(buckets.z[k]) for k, at in zip(corners, buckets.at(*corners), strict=True)} == {
        (0, 0): 1,
        (5, 0): 20,
        (0, 5): 3,
    }


def test_fewer_than_three_points_make_no_triangle() -> None:
    for points in (np.array([(1, 2)]), np.array([(1, 2), (1, 2), (1, 2)]), np.array([(1, 2), (3, 4)])):
        assert triangles_of(points) == set()
