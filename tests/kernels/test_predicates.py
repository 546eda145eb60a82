"""The predicates are exact: Python's whole numbers are the reference."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pointcloud.kernels.predicates import REACH, in_circle, orient

coordinate = st.integers(-REACH, REACH)
point = st.tuples(coordinate, coordinate)


def exact_in_circle(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], d: tuple[int, int]) -> int:
    rows = [(x - d[0], y - d[1]) for x, y in (a, b, c)]
    (ax, ay), (bx, by), (cx, cy) = rows
    al, bl, cl = (x * x + y * y for x, y in rows)
    det = al * (bx * cy - cx * by) + bl * (cx * ay - ax * cy) + cl * (ax * by - bx * ay)
    return (det > 0) - (det < 0)


@settings(max_examples=500, deadline=None)
@given(point, point, point, point)
@example((REACH, 0), (0, REACH), (-REACH, 0), (0, -REACH))
@example((REACH, 0), (0, REACH), (-REACH, 0), (0, 1 - REACH))
def test_in_circle_is_exact(
    a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], d: tuple[int, int]
) -> None:
    assert in_circle(*a, *b, *c, *d) == exact_in_circle(a, b, c, d)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([(3, 4), (5, 12), (8, 15), (20, 21), (7, 24)]),
    st.integers(1, REACH // 64),
    st.integers(-1, 1),
    st.integers(-1, 1),
)
def test_in_circle_decides_near_ties(legs: tuple[int, int], scale: int, dx: int, dy: int) -> None:
    """Four points of one circle, one of them moved by a quantum or not at all."""
    p, q = legs[0] * scale, legs[1] * scale
    a, b, c, d = (p, q), (-q, p), (-p, -q), (q + dx, -p + dy)
    assert in_circle(*a, *b, *c, *d) == exact_in_circle(a, b, c, d)


@settings(max_examples=200, deadline=None)
@given(point, point, point)
def test_orient_is_exact(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> None:
    assert orient(*a, *b, *c) == (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
