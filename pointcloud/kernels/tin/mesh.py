"""All Delaunay triangles of a window at once, in a time that no arrangement of points can stretch.

Halves are triangulated and sewn together from their lower common tangent upwards (Guibas & Stolfi 1985,
doi:10.1145/282918.282923): n log n steps at most, for points on one line, on a circle, in one heap as for scattered
ones. Where points lie on few lines, most seams are short: points on two lines take a tenth of the time of scattered
ones (30 and 270 ns a point).

It is the triangulation that :mod:`pointcloud.kernels.tin.delaunay` finds triangle by triangle: its in-circle test is
the sign of the same products, exact, and it decides ties alike. Sewing is gift-wrapping of the lower hull of the points
lifted to a paraboloid, so it holds for the lifting that pulls smaller points down by infinitely larger amounts too:
that surface is still strictly convex, every point is a corner of it, and no four of its points that matter lie on one
plane. Its lower hull is unique, and with it every triangle.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, inlined, inner, kernel
from pointcloud.kernels.tin.delaunay import NONE
from pointcloud.kernels.tin.predicates import compare_ratios

Ints = npt.NDArray[np.signedinteger[Any]]

# An edge and its reverse are rows 2k and 2k + 1 of an array. Its columns:
ORIGIN = 0
NEXT = 1  # the next edge with the same origin, counter-clockwise
BEFORE = 2  # and clockwise

_SURE = 1e-15  # relative: three roundings of products and their difference; exact below 2^51 are the factors

# Where ``state`` of the kernels below keeps what they share.
_USED, _FREE, _TESTS = 0, 1, 2


def room(points: int) -> int:
    """Return how many rows the array of edges needs: twice the edges of a planar graph."""
    return max(6 * points - 6, 2)


@kernel
def lowest_first(order: Ints, xy: Ints, z: Ints, out_xy: Ints, out_z: Ints) -> Int:
    """Write the points in lexicographic order of (E, N), of those in one place the lowest; return how many.

    Parameters
    ----------
    order : int64 array (n,)
        The points of ``xy`` and ``z`` in that order.
    xy, z : int32 arrays (n, 2), (n,)
    out_xy, out_z : int32 arrays (n, 2), (n,)
        Receive the points.
    """
    count = 0
    for k in order:
        if count and out_xy[count - 1, 0] == xy[k, 0] and out_xy[count - 1, 1] == xy[k, 1]:
            out_z[count - 1] = min(out_z[count - 1], z[k])
            continue
        out_xy[count, 0], out_xy[count, 1], out_z[count] = xy[k, 0], xy[k, 1], z[k]
        count += 1
    return count


@inlined
def turn(xy: Ints, a: Int, b: Int, c: Int) -> Int:
    """Return a number that is > 0, 0, < 0 as c lies to the left of a-b, on its line, to the right; exactly."""
    ax, ay = np.int64(xy[a, 0]), np.int64(xy[a, 1])
    return (xy[b, 0] - ax) * (xy[c, 1] - ay) - (xy[b, 1] - ay) * (xy[c, 0] - ax)


@inner
def _in_disc_exactly(xy: Ints, a: Int, b: Int, c: Int, d: Int, dot_c: Int, c_: Int, dot_d: Int, d_: Int) -> bool:
    """Decide :func:`_in_disc` where rounding might; ties by the smallest point, which is that of the lowest number."""
    order = compare_ratios(dot_c, c_, dot_d, d_)
    if order != 0:
        return bool(order > 0)
    if d in (a, b, c):
        return False
    if turn(xy, a, b, d) < 0:  # d lies beyond the edge a-b: the diagonals are c-d and a-b
        across = c
    elif turn(xy, b, c, d) < 0:
        across = a
    else:
        across = b
    first = min(a, b, c, d)
    return bool(first in (d, across))  # the diagonal that holds it is kept, and a, b, c is no triangle


@inlined
def _in_disc(xy: Ints, a: Int, b: Int, c: Int, d: Int) -> bool:
    """Whether d lies in the disc of the triangle a, b, c (counter-clockwise).

    It does if it sees the edge a-b under a larger angle than c: by the cotangents of :mod:`.delaunay`, multiplied out.
    """
    ax, ay = np.int64(xy[a, 0]), np.int64(xy[a, 1])
    ux, uy = xy[b, 0] - ax, xy[b, 1] - ay
    cx, cy = xy[c, 0] - ax, xy[c, 1] - ay
    dx, dy = xy[d, 0] - ax, xy[d, 1] - ay
    cross_c, dot_c = ux * cy - uy * cx, cx * (cx - ux) + cy * (cy - uy)
    cross_d, dot_d = ux * dy - uy * dx, dx * (dx - ux) + dy * (dy - uy)
    mine, other = float(dot_c) * float(cross_d), float(dot_d) * float(cross_c)
    if abs(mine - other) > _SURE * (abs(mine) + abs(other)):
        return mine > other
    return _in_disc_exactly(xy, a, b, c, d, dot_c, cross_c, dot_d, cross_d)


@inlined
def _new(edges: Ints, state: Ints) -> Int:
    """Return an edge that nobody uses."""
    e = state[_FREE]
    if e >= 0:
        state[_FREE] = edges[e, NEXT]
    else:
        e = state[_USED]
        state[_USED] = e + 2
    return np.int64(e)


@inlined
def _alone(edges: Ints, state: Ints, a: Int, b: Int) -> Int:
    """Return a new edge from a to b that meets no other."""
    e = _new(edges, state)
    edges[e, ORIGIN], edges[e ^ 1, ORIGIN] = a, b
    edges[e, NEXT] = edges[e, BEFORE] = e
    edges[e ^ 1, NEXT] = edges[e ^ 1, BEFORE] = e ^ 1
    return e


@inlined
def _insert(edges: Ints, e: Int, before: Int) -> None:
    """Put an edge into those around its origin, clockwise of ``before``."""
    last = edges[before, BEFORE]
    edges[e, NEXT], edges[e, BEFORE] = before, last
    edges[last, NEXT] = edges[before, BEFORE] = e


@inlined
def _connect(edges: Ints, state: Ints, a: Int, b: Int) -> Int:
    """Return a new edge from the end of a to the origin of b, which have the same face to their left."""
    e = _new(edges, state)
    edges[e, ORIGIN], edges[e ^ 1, ORIGIN] = edges[a ^ 1, ORIGIN], edges[b, ORIGIN]
    _insert(edges, e, a ^ 1)
    _insert(edges, e ^ 1, np.int64(edges[b, NEXT]))
    return e


@inlined
def _delete(edges: Ints, state: Ints, e: Int) -> None:
    """Take an edge out."""
    for side in (e, e ^ 1):
        after, last = edges[side, NEXT], edges[side, BEFORE]
        edges[last, NEXT], edges[after, BEFORE] = after, last
        edges[side, ORIGIN] = NONE
    edges[e & ~1, NEXT] = state[_FREE]
    state[_FREE] = e & ~1


@inner
def _leaf(xy: Ints, edges: Ints, state: Ints, first: Int, last: Int) -> tuple[Int, Int]:
    """Triangulate two or three points.

    Return two edges of the hull: that counter-clockwise from the first point, that clockwise from the last.
    """
    a = _alone(edges, state, first, first + 1)
    if last - first == 2:
        return a, a ^ 1
    b = _alone(edges, state, first + 1, first + 2)
    _insert(edges, a ^ 1, b)
    bend = turn(xy, first, first + 1, first + 2)
    if bend != 0:
        c = _connect(edges, state, b, a)
        if bend < 0:
            return c ^ 1, c
    return a, b ^ 1


@inner
def _sew(
    xy: Ints, edges: Ints, state: Ints, left_out: Int, left: Int, right: Int, right_out: Int
) -> tuple[Int, Int]:
    """Join two triangulations, all points of the one before those of the other.

    Of either come edges of its hull: counter-clockwise from its first point, clockwise from its last one. Return these
    two of both together.
    """
    while True:  # down to the lower common tangent
        if turn(xy, edges[right, ORIGIN], edges[left, ORIGIN], edges[left ^ 1, ORIGIN]) > 0:
            left = np.int64(edges[left ^ 1, BEFORE])
        elif turn(xy, edges[left, ORIGIN], edges[right ^ 1, ORIGIN], edges[right, ORIGIN]) > 0:
            right = np.int64(edges[right ^ 1, NEXT])
        else:
            break
    base = _connect(edges, state, right ^ 1, left)  # from right to left; what is sewn lies below
    if edges[left, ORIGIN] == edges[left_out, ORIGIN]:
        left_out = base ^ 1
    if edges[right, ORIGIN] == edges[right_out, ORIGIN]:
        right_out = base
    while True:
        a, b = edges[base ^ 1, ORIGIN], edges[base, ORIGIN]
        left, right = np.int64(edges[base ^ 1, NEXT]), np.int64(edges[base, BEFORE])
        p, q = edges[left ^ 1, ORIGIN], edges[right ^ 1, ORIGIN]
        of_left, of_right = turn(xy, a, b, p) > 0, turn(xy, a, b, q) > 0
        if of_left:
            further = np.int64(edges[left, NEXT])
            while _in_disc(xy, a, b, p, edges[further ^ 1, ORIGIN]):
                _delete(edges, state, left)
                left, p = further, edges[further ^ 1, ORIGIN]
                further = np.int64(edges[left, NEXT])
                state[_TESTS] += 1
        if of_right:
            further = np.int64(edges[right, BEFORE])
            while _in_disc(xy, a, b, q, edges[further ^ 1, ORIGIN]):
                _delete(edges, state, right)
                right, q = further, edges[further ^ 1, ORIGIN]
                further = np.int64(edges[right, BEFORE])
                state[_TESTS] += 1
        state[_TESTS] += 3
        if not of_left and not of_right:
            return left_out, right_out
        if not of_left or (of_right and _in_disc(xy, a, b, p, q)):
            base = _connect(edges, state, right, base ^ 1)
        else:
            base = _connect(edges, state, base ^ 1, left ^ 1)


@kernel
def triangulate(xy: Ints, edges: Ints) -> Int:
    """Triangulate points.

    Parameters
    ----------
    xy : int32 array (n, 2)
        At least two points in lexicographic order, all in different places, their coordinates at most
        :data:`~pointcloud.kernels.tin.predicates.REACH` in absolute value.
    edges : int32 array (:func:`room` (n), 3)
        Receives the edges: of each its origin, NONE if it is not one of the triangulation, and the next and the last
        edge around that, counter-clockwise. Its reverse is that with the last bit of its number the other way.

    Returns
    -------
    int
        How many in-circle tests it took, those that could be spared counted.
    """
    n = xy.shape[0]
    state = np.array([0, -1, 0], np.int64)
    hulls = np.empty((64, 2), np.int64)  # of parts that wait to be joined
    depth, waiting = 0, 0
    while n >> depth > 3:
        depth += 1
    for leaf in range(1 << depth):
        first, last = leaf * n >> depth, (leaf + 1) * n >> depth  # two to four points
        if last - first < 4:
            hulls[waiting] = _leaf(xy, edges, state, first, last)
        else:
            left_out, left = _leaf(xy, edges, state, first, first + 2)
            right, right_out = _leaf(xy, edges, state, first + 2, last)
            hulls[waiting] = _sew(xy, edges, state, left_out, left, right, right_out)
        waiting += 1
        part = leaf
        while part & 1:  # the second half of something: the first waits
            waiting -= 1
            one, other = hulls[waiting - 1], hulls[waiting]
            hulls[waiting - 1] = _sew(xy, edges, state, one[0], one[1], other[0], other[1])
            part >>= 1
    edges[state[_USED] :, ORIGIN] = NONE
    return np.int64(state[_TESTS])


@inlined
def follow(edges: Ints, e: Int) -> Int:
    """Return the edge after e around the face to its left."""
    return np.int64(edges[e ^ 1, BEFORE])


@inlined
def across(xy: Ints, edges: Ints, e: Int) -> Int:
    """Return the third corner of the triangle to the right of e, or :data:`NONE` if that lies beyond the hull."""
    p = np.int64(edges[edges[e, BEFORE] ^ 1, ORIGIN])
    return p if turn(xy, edges[e ^ 1, ORIGIN], edges[e, ORIGIN], p) > 0 else np.int64(NONE)
