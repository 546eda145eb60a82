"""Empty cells of a surface model from the Delaunay subdivision of the measured cell centres.

On a lattice nearly every Delaunay disc touches more than three points, so the face that holds an empty cell is a
polygon of cocircular cells, and any diagonal through it would be arbitrary. The whole polygon is interpolated
instead, with Wachspress coordinates (Wachspress 1975; Meyer, Lee, Barr & Desbrun 2002,
doi:10.1080/10867651.2002.10487551): they are the usual barycentric ones in a triangle, linear on the edges, exact
for planes, and depend on no diagonal.

The face is found for each empty cell by itself, by exchange: of all empty discs it is the one in which the cell lies
deepest, the optimum of a linear program over three points (the lower hull of the lifted points above the cell).
Coordinates are cells from the one to fill, x to the east and y to the south, small integers: every test is exact.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, kernel
from pointcloud.kernels.points.bins import EMPTY

Ints = npt.NDArray[np.signedinteger[Any]]
Floats = npt.NDArray[np.float64]

_SLACK = 1e-12


@kernel
def _side(ax: Int, ay: Int, bx: Int, by: Int, lean: Int) -> Int:
    """Return the sign of a, b, origin, the origin moved by (lean, lean²) infinitely little where it is on a-b."""
    turn = ax * by - ay * bx
    if turn == 0:
        turn = -lean * (by - ay)
    if turn == 0:
        turn = lean * (bx - ax)
    return 1 if turn > 0 else -1


@kernel
def _circumscribe(face: Ints, circle: Ints) -> None:
    """Write the circle through the corners of ``face`` as d, u, v, w: d·(x² + y²) - u·x - v·y + w is 0 on it.

    d > 0, so the form is negative inside. The centre is (u, v) / 2d.
    """
    ax, ay, bx, by, cx, cy = face[0, 0], face[0, 1], face[1, 0], face[1, 1], face[2, 0], face[2, 1]
    a2, b2, c2 = ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy
    d = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    u = a2 * (by - cy) + b2 * (cy - ay) + c2 * (ay - by)
    v = a2 * (cx - bx) + b2 * (ax - cx) + c2 * (bx - ax)
    circle[0], circle[1], circle[2], circle[3] = d, u, v, u * ax + v * ay - d * a2


@kernel
def _power(circle: Ints, x: Int, y: Int) -> Int:
    """Return a number that is < 0, 0, > 0 as x, y lies inside, on, outside the circle."""
    return np.int64(circle[0] * (x * x + y * y) - circle[1] * x - circle[2] * y + circle[3])


@kernel
def _exchange(face: Ints, qx: Int, qy: Int, lean: Int) -> None:
    """Put q, which lies in the disc of ``face``, in place of the corner that keeps the origin inside."""
    sa = _side(qx, qy, face[0, 0], face[0, 1], lean)
    sb = _side(qx, qy, face[1, 0], face[1, 1], lean)
    sc = _side(qx, qy, face[2, 0], face[2, 1], lean)
    if sa > 0 and sb < 0:
        k = 2
    elif sb > 0 and sc < 0:
        k = 0
    else:
        k = 1
    face[k, 0], face[k, 1] = qx, qy


@kernel
def _width2(circle: Ints) -> float:
    """Return the squared diameter of the circle."""
    d = float(circle[0])
    u, v = float(circle[1]) / d, float(circle[2]) / d
    return u * u + v * v - 4.0 * float(circle[3]) / d


@kernel
def _settle(near: Ints, count: Int, first: Int, lean: Int, face: Ints, circle: Ints) -> None:
    """Exchange corners of ``face`` until none of the ``count`` cells of ``near`` lies in its disc.

    Those before the ``first`` are known not to.
    """
    k = first
    clear = first  # how many cells in a row, before the k-th and going round, do not lie in the disc
    while clear < count:
        if k == count:
            k = 0
        if _power(circle, near[k, 0], near[k, 1]) < 0:
            _exchange(face, near[k, 0], near[k, 1], lean)
            _circumscribe(face, circle)
            clear = 0  # the new disc may hold cells that the old one did not
        clear += 1
        k += 1


@kernel
def _within(circle: Ints, ring: Int) -> bool:
    """Whether the disc lies within so many cells of the origin, to the north, south, east and west."""
    d = 2.0 * float(circle[0])
    radius = 0.5 * math.sqrt(_width2(circle)) - 1e-9
    return bool(abs(circle[1] / d) + radius <= ring and abs(circle[2] / d) + radius <= ring)


@kernel
def _first_faces(reach: Int, lean: Int, faces: Ints, circles: Ints) -> None:
    """Write the face among the eight neighbours for each of the 256 sets of them that may be measured.

    Bit k of a set is the k-th neighbour, row by row. Corners that no neighbour has taken lie beyond ``reach``.
    """
    near = np.empty((8, 2), np.int64)
    far = reach + 1
    for measured in range(256):
        face, circle = faces[measured], circles[measured]
        face[0, 0], face[0, 1] = -2 * far, -far
        face[1, 0], face[1, 1] = 2 * far, -far
        face[2, 0], face[2, 1] = 0, 2 * far
        _circumscribe(face, circle)
        _settle(near, _neighbours(measured, near), 0, lean, face, circle)


@kernel
def _neighbours(measured: Int, near: Ints) -> Int:
    """Write the neighbours in the set ``measured`` to ``near``; return how many."""
    count = 0
    for k in range(8):
        if measured >> k & 1:
            at = k + (k >= 4)  # of nine cells the fifth is the one to fill
            near[count, 0], near[count, 1] = at % 3 - 1, at // 3 - 1
            count += 1
    return count


@kernel
def _find_face(
    heights: Ints,
    row: Int,
    col: Int,
    reach: Int,
    lean: Int,
    faces: Ints,
    circles: Ints,
    face: Ints,
    circle: Ints,
    near: Ints,
) -> Int:
    """Find the face that holds the empty cell; return how many measured cells of ``near`` (n, 2) were looked at.

    It begins as the face among the eight neighbours (``faces`` and ``circles`` of :func:`_first_faces`). Rings of
    cells are taken in until the disc lies within them, or they reach ``reach`` cells. Corners that still lie beyond
    that mean that there is no face.
    """
    measured: Int = 0
    for k in range(8):
        at = k + (k >= 4)
        measured |= np.int64(heights[row + at // 3 - 1, col + at % 3 - 1] != EMPTY) << k
    for k in range(3):
        face[k, 0], face[k, 1] = faces[measured, k, 0], faces[measured, k, 1]
    for k in range(4):
        circle[k] = circles[measured, k]
    count = _neighbours(measured, near)
    for ring in range(2, reach + 1):
        if _within(circle, ring - 1):
            break
        first = count
        for dy in range(-ring, ring + 1):
            step = 1 if dy in (-ring, ring) else 2 * ring
            for dx in range(-ring, ring + 1, step):
                if heights[row + dy, col + dx] != EMPTY:
                    near[count, 0], near[count, 1] = dx, dy
                    count += 1
        _settle(near, count, first, lean, face, circle)
    return count


@kernel
def _behind(ax: Int, ay: Int, bx: Int, by: Int) -> bool:
    """Whether the direction of b comes before that of a, counting from just past west through north and east."""
    upper_a, upper_b = ay < 0 or (ay == 0 and ax > 0), by < 0 or (by == 0 and bx > 0)
    if upper_a != upper_b:
        return bool(upper_b)
    return bool(ax * by - ay * bx < 0)


@kernel
def _polygon(circle: Ints, near: Ints, count: Int, ring: Ints) -> Int:
    """Collect into ``ring`` the cells on the circle, by direction from the origin; return how many."""
    size = 0
    for k in range(count):
        qx, qy = near[k, 0], near[k, 1]
        if _power(circle, qx, qy) == 0:
            j = size
            while j > 0 and _behind(ring[j - 1, 0], ring[j - 1, 1], qx, qy):
                ring[j, 0], ring[j, 1] = ring[j - 1, 0], ring[j - 1, 1]
                j -= 1
            ring[j, 0], ring[j, 1] = qx, qy
            size += 1
    return size


@kernel
def _wachspress(heights: Ints, row: Int, col: Int, ring: Ints, size: Int) -> float:
    """Return the height (quanta) at the origin, inside or on the edge of the polygon ``ring``."""
    base = np.int64(heights[row + ring[0, 1], col + ring[0, 0]])
    total, weights = 0.0, 0.0
    for i in range(size):
        ax, ay = ring[i - 1 if i > 0 else size - 1, 0], ring[i - 1 if i > 0 else size - 1, 1]
        bx, by = ring[i, 0], ring[i, 1]
        cx, cy = ring[i + 1 if i < size - 1 else 0, 0], ring[i + 1 if i < size - 1 else 0, 1]
        ab, bc = ax * by - ay * bx, bx * cy - by * cx
        rise = float(np.int64(heights[row + by, col + bx]) - base)
        if bc == 0:  # between b and c
            share = math.sqrt((bx * bx + by * by) / ((cx - bx) * (cx - bx) + (cy - by) * (cy - by)))
            rise_c = float(np.int64(heights[row + cy, col + cx]) - base)
            return float(base) + rise + share * (rise_c - rise)
        if ab == 0:
            continue  # the turn that found c at the place of b returns
        weight = float((bx - ax) * (cy - by) - (by - ay) * (cx - bx)) / (float(ab) * float(bc))
        total += weight * rise
        weights += weight
    return float(base) + total / weights


@kernel
def _on_edge(face: Ints) -> bool:
    """Whether the origin lies on the line of an edge of ``face``."""
    for k in range(3):
        j = (k + 1) % 3
        if face[k, 0] * face[j, 1] == face[k, 1] * face[j, 0]:
            return True
    return False


@kernel
def _count_rows(heights: Ints, first: Int, last: Int, sign: Int, counts: Ints) -> None:
    """Add ``sign`` to the count of each column for each measured cell in the rows from ``first`` to ``last``."""
    for row in range(first, last):
        for col in range(heights.shape[1]):
            counts[col] += sign * (heights[row, col] != EMPTY)


@kernel
def _surrounded(above: Ints, below: Ints, col: Int, reach: Int) -> bool:
    """Whether there is a measured cell within ``reach`` rows and columns to the north, south, west and east.

    No face holds a cell without: its corners would lie on one side. ``above`` and ``below`` are running sums over the
    columns, of the cells in the row itself with those to the north or south of it.
    """
    west, east = col - reach, col + reach + 1
    north, south = above[east] - above[west], below[east] - below[west]
    left = above[col + 1] - above[west] + below[col + 1] - below[west]
    right = above[east] - above[col] + below[east] - below[col]
    return bool(north > 0 and south > 0 and left > 0 and right > 0)


@kernel
def fill(heights: Ints, margin: Int, gap: float, first: Int, last: Int, out: Floats) -> None:
    """Interpolate the empty cells whose face has a disc at most ``gap`` wide.

    Parameters
    ----------
    heights : int32 array (rows + 2 margin, cols + 2 margin)
        Highest return a cell in quanta, EMPTY where there is none.
    margin : int
        Cells around the part to fill; at least ``gap``.
    gap : float
        Widest disc, in cells.
    first, last : int
        Rows of ``out`` to work on: the half-open range of one band.
    out : float64 array (rows, cols)
        Receives heights in quanta, NaN where no face is narrow enough.
    """
    reach = int(gap + 1e-9)
    face, circle = np.empty((3, 2), np.int64), np.empty(4, np.int64)
    near = np.empty(((2 * reach + 1) * (2 * reach + 1), 2), np.int64)
    ring = np.empty(((2 * reach + 1) * (2 * reach + 1), 2), np.int64)
    faces, circles = np.empty((2, 256, 3, 2), np.int64), np.empty((2, 256, 4), np.int64)
    _first_faces(reach, 1, faces[0], circles[0])
    _first_faces(reach, -1, faces[1], circles[1])
    widest = gap * gap * (1.0 + _SLACK)
    cols = heights.shape[1]
    # Measured cells of a column in ``reach`` rows to the north and to the south, the row itself in both.
    above, below = np.zeros(cols, np.int64), np.zeros(cols, np.int64)
    _count_rows(heights, first + margin - reach, first + margin, 1, above)
    _count_rows(heights, first + margin, first + margin + reach, 1, below)
    sums_above, sums_below = np.zeros(cols + 1, np.int64), np.zeros(cols + 1, np.int64)
    for i in range(first, last):
        row = i + margin
        _count_rows(heights, row, row + 1, 1, above)
        _count_rows(heights, row + reach, row + reach + 1, 1, below)
        for k in range(cols):
            sums_above[k + 1], sums_below[k + 1] = sums_above[k] + above[k], sums_below[k] + below[k]
        for j in range(out.shape[1]):
            col = j + margin
            if heights[row, col] != EMPTY:
                out[i, j] = float(heights[row, col])
                continue
            out[i, j] = np.nan
            if not _surrounded(sums_above, sums_below, col, reach):
                continue
            for turn in range(2):  # the face on the other side counts where the centre lies on an edge
                count = _find_face(
                    heights, row, col, reach, 1 - 2 * turn, faces[turn], circles[turn], face, circle, near
                )
                if _width2(circle) <= widest:
                    out[i, j] = _wachspress(heights, row, col, ring, _polygon(circle, near, count, ring))
                    break
                if not _on_edge(face):
                    break
        _count_rows(heights, row - reach, row - reach + 1, -1, above)
        _count_rows(heights, row, row + 1, -1, below)


@kernel
def coarsen(heights: Ints, factor: Int, out: Ints) -> None:
    """Give each cell of ``out`` the highest of the ``factor`` x ``factor`` cells in it."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            top = EMPTY
            for r in range(i * factor, (i + 1) * factor):
                for c in range(j * factor, (j + 1) * factor):
                    top = max(top, heights[r, c])
            out[i, j] = top
