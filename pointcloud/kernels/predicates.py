"""Exact geometric predicates on integer coordinates.

Coordinates are quanta relative to a window's centre, at most ``REACH`` in absolute value, so that differences stay
below 2^25, products of two differences below 2^51 and squared distances below 2^51: each is exact in int64 and in
float64. Only the last step of the in-circle test can round. It is decided in float64 where an error bound allows
(Shewchuk 1997, doi:10.1007/PL00009321) and otherwise in integers of two limbs.
"""

from __future__ import annotations

from pointcloud.kernels.jit import Int, kernel

REACH = 2**24
"""Largest coordinate, in quanta (1677 m), for which the predicates are exact."""

# The determinant is a sum of three products, each factor exact: three roundings a term at most, 3 x 2^-53 of the
# sum of magnitudes. 5e-16 leaves room for rounding that sum itself.
_FILTER = 5e-16

_LIMB = 26
_MASK = (1 << _LIMB) - 1


@kernel
def orient(ax: Int, ay: Int, bx: Int, by: Int, cx: Int, cy: Int) -> Int:
    """Return twice the signed area of a, b, c: positive if counter-clockwise, exactly."""
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@kernel
def _sign_of_dot3(l0: Int, m0: Int, l1: Int, m1: Int, l2: Int, m2: Int) -> Int:
    """Return the sign of l0*m0 + l1*m1 + l2*m2 for factors below 2^52, exactly, in limbs of 26 bits."""
    low = (l0 & _MASK) * (m0 & _MASK) + (l1 & _MASK) * (m1 & _MASK) + (l2 & _MASK) * (m2 & _MASK)
    mid = (
        (l0 >> _LIMB) * (m0 & _MASK)
        + (l0 & _MASK) * (m0 >> _LIMB)
        + (l1 >> _LIMB) * (m1 & _MASK)
        + (l1 & _MASK) * (m1 >> _LIMB)
        + (l2 >> _LIMB) * (m2 & _MASK)
        + (l2 & _MASK) * (m2 >> _LIMB)
    )
    high = (l0 >> _LIMB) * (m0 >> _LIMB) + (l1 >> _LIMB) * (m1 >> _LIMB) + (l2 >> _LIMB) * (m2 >> _LIMB)
    mid += low >> _LIMB  # arithmetic shifts floor, so the remainders below are never negative
    high += mid >> _LIMB
    if high != 0:
        return 1 if high > 0 else -1
    return 1 if (mid & _MASK) != 0 or (low & _MASK) != 0 else 0


@kernel
def in_circle(ax: Int, ay: Int, bx: Int, by: Int, cx: Int, cy: Int, dx: Int, dy: Int) -> Int:
    """Return 1, 0 or -1 as d lies inside, on or outside the circle through a, b, c (counter-clockwise), exactly."""
    aex, aey = float(ax - dx), float(ay - dy)
    bex, bey = float(bx - dx), float(by - dy)
    cex, cey = float(cx - dx), float(cy - dy)
    bc = bex * cey - cex * bey
    ca = cex * aey - aex * cey
    ab = aex * bey - bex * aey
    al = aex * aex + aey * aey
    bl = bex * bex + bey * bey
    cl = cex * cex + cey * cey
    ta, tb, tc = al * bc, bl * ca, cl * ab
    det = ta + tb + tc
    if abs(det) > _FILTER * (abs(ta) + abs(tb) + abs(tc)):
        return 1 if det > 0 else -1
    return _sign_of_dot3(int(al), int(bc), int(bl), int(ca), int(cl), int(ab))
