"""The predicates are exact: Python's whole numbers are the reference."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pointcloud.kernels.tin.predicates import REACH, compare_ratios, orient

coordinate = st.integers(-REACH, REACH)
point = st.tuples(coordinate, coordinate)
factor = st.integers(-(2**51), 2**51)
positive = st.integers(1, 2**51)


def exactly(p: int, q: int, r: int, s: int) -> int:
    difference = Fraction(p, q) - Fraction(r, s)
    return (difference > 0) - (difference < 0)


@settings(max_examples=500, deadline=None)
@given(factor, positive, factor, positive)
@example(2**51, 2**51, 2**51 - 1, 2**51 - 1)
@example(2**51, 2**51 - 1, 2**51 - 1, 2**51)
@example(0, 1, 0, 2**51)
def test_ratios_are_compared_exactly(p: int, q: int, r: int, s: int) -> None:
    assert compare_ratios(p, q, r, s) == exactly(p, q, r, s)


@settings(max_examples=300, deadline=None)
@given(st.integers(-(2**24), 2**24), st.integers(1, 2**24), st.integers(1, 2**26), st.integers(-1, 1))
def test_near_ties_are_decided(p: int, q: int, scale: int, off: int) -> None:
    assert compare_ratios(p, q, p * scale + off, q * scale) == exactly(p, q, p * scale + off, q * scale)


@settings(max_examples=200, deadline=None)
@given(point, point, point)
def test_orient_is_exact(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> None:
    assert orient(*a, *b, *c) == (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
