"""Delaunay triangulation of integer points: a radial sweep hull with exact predicates.

Points are added by their distance from the origin, an exact integer, so each new point lies outside the hull of
those before it (Sinclair 2016, arXiv:1604.01428); it is joined to the hull edges that it sees and the edges opposite
to it are legalised by flips (Lawson 1977). Four cocircular points keep the diagonal that holds the lexicographically
smallest (E, N): that is the Delaunay triangulation of a lifting map in which smaller points are pulled down by
infinitely larger amounts, so it exists, is unique, and depends on the coordinates alone, not on the order of points
or on the window they were cut from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, kernel
from pointcloud.kernels.predicates import in_circle, orient

Ints = npt.NDArray[np.signedinteger[Any]]

_DIGIT = 12  # bits a pass of the radix sort: the histogram of 4096 counts stays in the L1 cache
_DIGIT_MASK = 2**_DIGIT - 1


@kernel
def _radial_order(xy: Ints, order: Ints, spare: Ints, keys: Ints, spare_keys: Ints, count: Ints) -> None:
    """Sort points by squared distance from the origin (least significant digit first radix sort)."""
    n = xy.shape[0]
    top = np.int64(0)
    for i in range(n):
        x, y = np.int64(xy[i, 0]), np.int64(xy[i, 1])
        keys[i] = x * x + y * y
        top = max(top, keys[i])
        order[i] = i
    shift = 0
    while (top >> shift) > 0:
        count[:] = 0
        for i in range(n):
            count[(keys[i] >> shift) & _DIGIT_MASK] += 1
        total = np.int64(0)
        for digit in range(count.shape[0]):
            here = count[digit]
            count[digit] = total
            total += here
        for i in range(n):
            digit = (keys[i] >> shift) & _DIGIT_MASK
            at = count[digit]
            count[digit] = at + 1
            spare[at] = order[i]
            spare_keys[at] = keys[i]
        for i in range(n):
            order[i] = spare[i]
            keys[i] = spare_keys[i]
        shift += _DIGIT


@kernel
def sort_distinct(xy: Ints, z: Ints, out_xy: Ints, out_z: Ints, index: Ints, keys: Ints, count: Ints) -> Int:
    """Sort points by distance from the origin; of points that share their coordinates keep the lowest.

    Parameters
    ----------
    xy : int32 array (n, 2)
        Coordinates in quanta.
    z : int32 array (n,)
        Heights in quanta.
    out_xy, out_z : int32 arrays (n, 2), (n,)
        Receive the points kept. Sorted copies, because the sweep then finds its front close together in memory
        (2.3 instead of 2.0 M points/s for 50 000 points).
    index : int32 array (2, n)
    keys : int64 array (2, n)
    count : int64 array (4096,)
        Work space.

    Returns
    -------
    int
        Number of points kept.
    """
    order, key = index[0], keys[0]
    _radial_order(xy, order, index[1], key, keys[1], count)
    kept = 0
    run = 0  # where, among those kept, the points of the present key begin: equal points have equal keys
    for i in range(xy.shape[0]):
        p = order[i]
        if kept == run or key[i] != key[run]:
            run = kept
        x, y = xy[p, 0], xy[p, 1]
        twin = -1
        for k in range(run, kept):
            if out_xy[k, 0] == x and out_xy[k, 1] == y:
                twin = k
                break
        if twin < 0:
            out_xy[kept, 0], out_xy[kept, 1], out_z[kept] = x, y, z[p]
            key[kept] = key[i]
            kept += 1
        elif z[p] < out_z[twin]:
            out_z[twin] = z[p]
    return kept


@kernel
def _precedes(xy: Ints, a: Int, b: Int) -> bool:
    """Whether point a comes before point b in lexicographic order of (E, N)."""
    return bool(xy[a, 0] < xy[b, 0] or (xy[a, 0] == xy[b, 0] and xy[a, 1] < xy[b, 1]))


@kernel
def _must_flip(xy: Ints, u: Int, v: Int, w: Int, z: Int) -> bool:
    """Whether the edge u-v of the triangles (u, v, w) and (v, u, z) must give way to the diagonal w-z."""
    side = in_circle(
        np.int64(xy[u, 0]),
        np.int64(xy[u, 1]),
        np.int64(xy[v, 0]),
        np.int64(xy[v, 1]),
        np.int64(xy[w, 0]),
        np.int64(xy[w, 1]),
        np.int64(xy[z, 0]),
        np.int64(xy[z, 1]),
    )
    if side != 0:
        return bool(side > 0)
    first_kept = u if _precedes(xy, u, v) else v
    first_new = w if _precedes(xy, w, z) else z
    return _precedes(xy, first_new, first_kept)


@kernel
def _turn(xy: Ints, a: Int, b: Int, c: Int) -> Int:
    """Return twice the signed area of the points a, b, c."""
    return orient(
        np.int64(xy[a, 0]),
        np.int64(xy[a, 1]),
        np.int64(xy[b, 0]),
        np.int64(xy[b, 1]),
        np.int64(xy[c, 0]),
        np.int64(xy[c, 1]),
    )


@kernel
def _sees(xy: Ints, p: Int, a: Int, b: Int) -> bool:
    """Whether p lies strictly to the right of the counter-clockwise hull edge a-b."""
    return bool(_turn(xy, a, b, p) < 0)


@kernel
def _next(e: Int) -> Int:
    """Return the half-edge that follows e in its triangle."""
    return e - 2 if e % 3 == 2 else e + 1


@kernel
def _before(e: Int) -> Int:
    """Return the half-edge that leads to e in its triangle."""
    return e + 2 if e % 3 == 0 else e - 1


@kernel
def _legalise(xy: Ints, mesh: Ints, hull_edge: Ints, stack: Ints, first: Int) -> None:
    """Flip edges opposite to the newest point, from half-edge ``first`` on, until all are legal."""
    depth = 0
    a = first
    while True:
        b = mesh[a, 1]
        a1, a2 = _next(a), _before(a)
        flip = False
        if b >= 0:
            b1, b2 = _next(b), _before(b)
            flip = _must_flip(xy, mesh[a, 0], mesh[a1, 0], mesh[a2, 0], mesh[b2, 0])
        if flip:
            w, z = mesh[a2, 0], mesh[b2, 0]
            mesh[a, 0], mesh[b, 0] = z, w
            outer_a, outer_b = mesh[b2, 1], mesh[a2, 1]
            mesh[a, 1], mesh[b, 1] = outer_a, outer_b
            if outer_a >= 0:
                mesh[outer_a, 1] = a
            else:
                hull_edge[z] = a
            if outer_b >= 0:
                mesh[outer_b, 1] = b
            else:
                hull_edge[w] = b
            mesh[a2, 1], mesh[b2, 1] = b2, a2
            stack[depth] = b1
            depth += 1
        elif depth > 0:
            depth -= 1
            a = stack[depth]
        else:
            return


@kernel
def _angle_key(x: Int, y: Int, size: Int) -> Int:
    """Return the slot of a direction: monotone in the angle, 0 … size-1."""
    span = abs(float(x)) + abs(float(y))
    if span == 0.0:
        return 0
    p = float(x) / span
    turn = (3.0 - p if y > 0 else 1.0 + p) / 4.0
    return int(turn * size) % size


@kernel
def _start(xy: Ints, n: Int, mesh: Ints, nxt: Ints, prv: Ints, hull_edge: Ints, chain: Ints) -> Int:
    """Join the first points up to the first one off their common line; return how many points that used, or 0.

    The points before it are collinear: their chain, sorted along the line, makes a fan with it.
    """
    apex = 2
    while apex < n and _turn(xy, 0, 1, apex) == 0:
        apex += 1
    if apex >= n:
        return 0
    for k in range(apex):  # insertion sort; the chain is short but for points on one line
        j = k
        while j > 0 and _precedes(xy, k, chain[j - 1]):
            chain[j] = chain[j - 1]
            j -= 1
        chain[j] = k
    if _turn(xy, chain[0], chain[apex - 1], apex) < 0:
        chain[:apex] = chain[:apex][::-1].copy()
    for k in range(apex - 1):
        u, v = chain[k], chain[k + 1]
        e = 3 * k
        mesh[e, 0], mesh[e + 1, 0], mesh[e + 2, 0] = u, v, apex
        mesh[e, 1], mesh[e + 1, 1], mesh[e + 2, 1] = -1, -1, -1
        if k > 0:
            mesh[e + 2, 1] = e - 2
            mesh[e - 2, 1] = e + 2
        hull_edge[u] = e
        nxt[u], prv[v] = v, u
    begin, end = chain[0], chain[apex - 1]
    nxt[end], prv[apex] = apex, end
    nxt[apex], prv[begin] = begin, apex
    hull_edge[end] = 3 * (apex - 2) + 1
    hull_edge[apex] = 2
    return apex + 1


@kernel
def _join(mesh: Ints, t: Int, a: Int, p: Int, b: Int, twin_ap: Int, twin_ba: Int) -> None:
    """Write the triangle (a, p, b) at half-edge t: a-p, p-b (on the hull), b-a."""
    mesh[t, 0], mesh[t + 1, 0], mesh[t + 2, 0] = a, p, b
    mesh[t, 1], mesh[t + 1, 1], mesh[t + 2, 1] = twin_ap, -1, twin_ba
    if twin_ap >= 0:
        mesh[twin_ap, 1] = t
    mesh[twin_ba, 1] = t + 2


@kernel
def triangulate(xy: Ints, mesh: Ints, hull: Ints, stack: Ints, slot: Ints) -> Int:
    """Triangulate distinct points given in ascending distance from the origin.

    Parameters
    ----------
    xy : int32 array (n, 2)
        Coordinates in quanta from :func:`sort_distinct`, each at most
        :data:`~pointcloud.kernels.predicates.REACH` in absolute value.
    mesh : int32 array (6 n, 2)
        Receives the triangles: half-edge e runs from the point ``mesh[e, 0]``; ``mesh[e, 1]`` is its opposite
        half-edge, -1 on the hull. Triangle t has the half-edges 3t, 3t+1, 3t+2, counter-clockwise. Point and
        opposite stand side by side because a flip needs both (5 % faster than two arrays).
    hull : int32 array (3, n)
        Work space: next and previous hull point, and the half-edge that leaves a hull point along the hull.
    stack : int32 array (n,)
        Work space.
    slot : int32 array (a power of two,)
        Work space: a hull point by direction.

    Returns
    -------
    int
        Number of triangles; 0 if all points lie on one line.
    """
    n = xy.shape[0]
    if n < 3:
        return 0
    nxt, prv, hull_edge = hull[0], hull[1], hull[2]
    used = _start(xy, n, mesh, nxt, prv, hull_edge, stack)
    if used == 0:
        return 0
    size = slot.shape[0]
    slot[:] = -1
    any_hull = used - 1
    p = any_hull
    while True:
        slot[_angle_key(xy[p, 0], xy[p, 1], size)] = p
        p = nxt[p]
        if p == any_hull:
            break
    t = 3 * (used - 2)
    for p in range(used, n):
        key = _angle_key(xy[p, 0], xy[p, 1], size)
        begin = any_hull
        for j in range(size):
            q = slot[(key + j) & (size - 1)]
            if q >= 0 and nxt[q] != -1:
                begin = q
                break
        a = prv[begin]
        first = a
        while not _sees(xy, p, a, nxt[a]):
            a = nxt[a]
        b = nxt[a]
        _join(mesh, t, a, p, b, -1, hull_edge[a])
        hull_edge[a], hull_edge[p] = t, t + 1
        nxt[a], prv[p], nxt[p], prv[b] = p, a, b, p
        _legalise(xy, mesh, hull_edge, stack, t + 2)
        t += 3
        while True:  # what p sees further counter-clockwise
            c = nxt[b]
            if not _sees(xy, p, b, c):
                break
            _join(mesh, t, b, p, c, hull_edge[p], hull_edge[b])
            hull_edge[p] = t + 1
            nxt[p], prv[c] = c, p
            nxt[b] = -1
            b = c
            _legalise(xy, mesh, hull_edge, stack, t + 2)
            t += 3
        if a == first:  # the search began in the middle of what p sees: the rest of it, clockwise
            while True:
                c = prv[a]
                if not _sees(xy, p, c, a):
                    break
                _join(mesh, t, c, p, a, -1, hull_edge[c])
                mesh[t + 1, 1] = hull_edge[a]
                mesh[hull_edge[a], 1] = t + 1
                hull_edge[c] = t
                nxt[c], prv[p] = p, c
                nxt[a] = -1
                a = c
                _legalise(xy, mesh, hull_edge, stack, t + 2)
                t += 3
        any_hull = p
        slot[key] = p
        slot[_angle_key(xy[a, 0], xy[a, 1], size)] = a
    return t // 3
