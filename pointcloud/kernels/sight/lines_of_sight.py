"""Lines of sight from an eye over cells: exact for every cell, and fast where most of a ray cannot matter.

A ray goes from the eye to a cell's centre, ``span`` steps along its longer axis. The terrain under it is known where it
crosses a line between two neighbouring centres, of a column or of a row: the height there is linear between the two.
With void on one side the other's height stands; with void on both nothing hides. What is seen of the cell is decided by
the steepest rise from the eye to any of these points, each lowered by ``bend`` times its squared distance.

The terrain comes with the highest cell of every block, small and large, and its rim. Steps whose block, all as high as
that, would not rise above the steepest rise so far are passed over, which changes nothing.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import kernel

SMALL: Final = 3
LARGE: Final = 6
"""Sides of blocks as powers of two, in cells. A ray of so many steps along its longer axis lies in at most two blocks
across."""

_NEAR: Final = 1e-9
"""Steps: a crossing so near to a centre is at it (two crossings are 1 / span apart). Also rise per step: far more than
rounding, so that what is passed over is lower for certain."""


@kernel
def tops(heights: NDArray[np.floating], size: int, out: NDArray[np.float64]) -> None:
    """Write the highest cell of every block and of the cells that touch it; -inf where all are void.

    Parameters
    ----------
    heights : (rows, cols)
        NaN at nodata.
    size : int
        :data:`SMALL` or :data:`LARGE`.
    out : (rows / side, cols / side), rounded up
    """
    rows, cols = heights.shape
    side = 1 << size
    for bi in range(out.shape[0]):
        for bj in range(out.shape[1]):
            top = -math.inf
            for i in range(max(bi * side - 1, 0), min((bi + 1) * side + 1, rows)):
                for j in range(max(bj * side - 1, 0), min((bj + 1) * side + 1, cols)):
                    if heights[i, j] > top:  # never of NaN
                        top = float(heights[i, j])
            out[bi, bj] = top


@kernel
def needed(
    heights: NDArray[np.floating],
    small: NDArray[np.float64],
    large: NDArray[np.float64],
    row: int,
    col: int,
    eye: float,
    bend: float,
    reach: float,
    top: int,
    left: int,
    out: NDArray[np.float64],
) -> None:
    """Write how high above the ground a target must reach to be seen: 0 where the ground is; NaN where unknown.

    Parameters
    ----------
    heights : (rows, cols)
        Metres, NaN at nodata, C order.
    small, large : arrays
        From :func:`tops`.
    row, col : int
        The cell in whose centre the eye is.
    eye : float
        Height of the eye in metres.
    bend : float
        Metres by which a point one cell away seems lower; it grows with the square of the distance.
    reach : float
        Cells: what is further away is NaN.
    top, left : int
        First row and column of the targets.
    out : (n, m)
    """
    flat = heights.reshape(heights.size)
    width = heights.shape[1]
    guess = 1
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            down, right = top + i - row, left + j - col
            ground = float(heights[top + i, left + j])
            squared = float(down) * down + float(right) * right
            if math.isnan(ground) or squared > reach * reach:
                out[i, j] = math.nan
                continue
            if squared == 0.0:
                out[i, j] = 0.0
                continue
            if abs(right) >= abs(down):
                rise, guess = _steepest(
                    flat, small, large, width, row, col, down, right, False, eye, bend, guess
                )
            else:
                rise, guess = _steepest(
                    flat, small, large, width, col, row, right, down, True, eye, bend, guess
                )
            span = max(abs(right), abs(down))
            lack = rise * span + eye - ground + bend * squared
            out[i, j] = lack if lack > 0.0 else 0.0


@kernel
def _steepest(
    flat: NDArray[np.floating],
    small: NDArray[np.float64],
    large: NDArray[np.float64],
    width: int,
    across: int,
    along: int,
    aside: int,
    ahead: int,
    upright: bool,
    eye: float,
    bend: float,
    guess: int,
) -> tuple[float, int]:
    """Return the steepest rise per step on the way to a cell, -inf if nothing lies there, and the step where it is.

    ``along`` and ``across`` are the eye's place on the longer axis and on the other, ``ahead`` and ``aside`` the way
    to the cell; ``upright`` where the longer axis is that of the rows. ``guess`` is a step that may be it.
    """
    span = abs(ahead)
    forth, side = (1 if ahead > 0 else -1), (1 if aside > 0 else -1)
    lean = abs(aside) / span
    fall = bend * (1.0 + lean * lean)
    step, shift = (forth * width, side) if upright else (forth, side * width)
    home = along * width + across if upright else across * width + along
    best, at = -math.inf, 1
    if span > 1:
        first = min(guess, span - 1)
        best, at = _rise(flat, home, step, shift, lean, fall, eye, first, best), first
    k, tried = 1, 0
    while k < span:
        if best > -math.inf:
            if k > tried:
                last = tried = _last(along, forth, k, LARGE)
                if _low(
                    large, LARGE, across, along + forth * k, side, lean, upright, eye, fall, k, last, best
                ):
                    k = last + 1
                    continue
            last = _last(along, forth, k, SMALL)
            if _low(small, SMALL, across, along + forth * k, side, lean, upright, eye, fall, k, last, best):
                k = last + 1
                continue
        last = min(_last(along, forth, k, SMALL), span - 1)
        while k <= last:
            rise = _rise(flat, home, step, shift, lean, fall, eye, k, best)
            if rise > best:
                best, at = rise, k
            k += 1
    return best, at


@kernel
def _last(along: int, forth: int, k: int, size: int) -> int:
    """Return the last step in the block that holds step ``k``."""
    block = (along + forth * k) >> size
    return ((block + 1) << size) - 1 - along if forth > 0 else along - (block << size)


@kernel
def _low(
    tops: NDArray[np.float64],
    size: int,
    across: int,
    place: int,
    side: int,
    lean: float,
    upright: bool,
    eye: float,
    fall: float,
    k: int,
    last: int,
    best: float,
) -> bool:
    """Whether nothing from step ``k`` to ``last``, all in one block along the longer axis, rises above ``best``."""
    block = place >> size
    a, b = (across + side * int(k * lean + _NEAR)) >> size, (across + side * int(last * lean + _NEAR)) >> size
    shape = tops.shape[1] if upright else tops.shape[0]
    b = min(max(b, 0), shape - 1)  # the block may go on beyond the cell, and the array
    top = max(tops[block, a], tops[block, b]) if upright else max(tops[a, block], tops[b, block])
    # (top - eye) / way - fall * way < best for every way from k - 1 (a crossing may lie before the step) to the last.
    first = max(k - 1, 1)
    slope = best + fall * first - _NEAR
    return bool(top - eye < slope * (first if slope >= 0.0 else last))


@kernel
def _rise(
    flat: NDArray[np.floating],
    home: int,
    step: int,
    shift: int,
    lean: float,
    fall: float,
    eye: float,
    k: int,
    best: float,
) -> float:
    """Return the steeper rise of the two crossings after step ``k - 1``, up to step ``k``, if it is above ``best``."""
    place = k * lean + _NEAR
    i = int(place)
    part = place - _NEAR - i
    here = home + k * step + i * shift
    height = float(flat[here])
    if part > _NEAR:
        if i > int(place - lean) and i > 0:
            # The ray has crossed a line of centres along the longer axis, between the steps k - 1 and k.
            way = i / lean
            crossed = _between(float(flat[here - step]), height, way - (k - 1)) - eye
            if crossed > (best + fall * way - _NEAR) * way:  # a division takes as long as all the rest
                best = max(best, crossed / way - fall * way)
        height = _between(height, float(flat[here + shift]), part)
    above = height - eye
    if above > (best + fall * k - _NEAR) * k:
        best = max(best, above / k - fall * k)
    return best


@kernel
def _between(a: float, b: float, part: float) -> float:
    """Return what lies between two heights; the other where one is void."""
    if math.isnan(a):
        return b
    if math.isnan(b):
        return a
    return a + part * (b - a)
