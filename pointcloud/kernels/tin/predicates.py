"""Exact geometric predicates on integer coordinates.

Coordinates are quanta relative to a window's centre, at most ``REACH`` in absolute value, so that differences stay
below 2^25 and sums of two products of them, such as squared distances, below 2^51: each is exact in int64 and in
float64. Only a comparison of two of their ratios can round. It is decided in float64 where an error bound allows
(Shewchuk 1997, doi:10.1007/PL00009321) and otherwise here, in integers of two limbs.
"""

from __future__ import annotations

from pointcloud.kernels.jit import Int, kernel

REACH = 2**24
"""Largest coordinate, in quanta (1677 m), for which the predicates are exact."""

_LIMB = 26
_MASK = (1 << _LIMB) - 1


@kernel
def orient(ax: Int, ay: Int, bx: Int, by: Int, cx: Int, cy: Int) -> Int:
    """Return twice the signed area of a, b, c: positive if counter-clockwise, exactly."""
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@kernel
def precedes(ax: Int, ay: Int, bx: Int, by: Int) -> bool:
    """Whether a comes before b in lexicographic order of (E, N)."""
    return bool(ax < bx or (ax == bx and ay < by))


@kernel
def compare_ratios(p: Int, q: Int, r: Int, s: Int) -> Int:
    """Return the sign of p/q - r/s for positive q, s and factors below 2^52, exactly, in limbs of 26 bits."""
    low = (p & _MASK) * (s & _MASK) - (r & _MASK) * (q & _MASK)
    mid = (
        (p >> _LIMB) * (s & _MASK)
        + (p & _MASK) * (s >> _LIMB)
        - (r >> _LIMB) * (q & _MASK)
        - (r & _MASK) * (q >> _LIMB)
    )
    high = (p >> _LIMB) * (s >> _LIMB) - (r >> _LIMB) * (q >> _LIMB)
    mid += low >> _LIMB  # arithmetic shifts floor, so the remainders below are never negative
    high += mid >> _LIMB
    if high != 0:
        return 1 if high > 0 else -1
    return 1 if (mid & _MASK) != 0 or (low & _MASK) != 0 else 0
