"""Terrain as nested rings: every cell near the site, every second, fourth, eighth further away, without cracks.

Corners of triangles are cell centres and their heights are those of the cells: nothing is averaged. Ring k has every
2^k-th cell. Where it meets the finer ring inside, that ring's outermost corners that the coarser one lacks are moved
onto the corner beside them, so both have the same edges: no gap opens, whatever the heights. A square with a corner
without a height is a hole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int32]
Bools = NDArray[np.bool_]

FULL = 4_000_000
"""Cells up to which a view has full detail everywhere: the whole of a 1:2500 sheet at 1 m."""
MOST_LEVELS = 9


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows and columns of cells that bound a ring, both ends included, and its step.

    Parameters
    ----------
    top, left, bottom, right : int
        Counted from the first cell of the height model; they may be negative.
    step : int
        1, 2, 4, 8 …; the edges of all but the last frame are multiples of the next step.
    """

    top: int
    left: int
    bottom: int
    right: int
    step: int

    @property
    def shape(self) -> tuple[int, int]:
        """Corners in rows and columns."""
        return (self.bottom - self.top) // self.step + 1, (self.right - self.left) // self.step + 1

    @property
    def cells(self) -> int:
        """Number of corners."""
        rows, cols = self.shape
        return rows * cols

    def covers(self, other: Frame) -> bool:
        """Whether the other lies within it."""
        return (
            self.top <= other.top
            and self.left <= other.left
            and self.bottom >= other.bottom
            and self.right >= other.right
        )


def frames(near: Frame, whole: Frame, *, most: int = FULL, every: int = 1) -> list[Frame]:
    """Return the frames of the rings, from the finest outwards.

    Parameters
    ----------
    near : Frame
        What is to be seen in full detail.
    whole : Frame
        What is drawn at all; it holds ``near``.
    most : int
        Corners up to which everything has full detail, and beyond which the finest ring is coarsened too.
    every : int
        Rings fit together too if only every so many-th of their corners is taken (a power of two).
    """
    first = 1
    while _snapped(near, first, first).cells > most:
        first *= 2
    if _snapped(whole, first, first).cells <= most:
        return [_snapped(whole, first * every, first)]
    high, wide = near.bottom - near.top, near.right - near.left
    found: list[Frame] = []
    while len(found) < MOST_LEVELS and not (found and found[-1].covers(whole)):
        step, grow = first << len(found), (1 << len(found)) - 1
        down, across = grow * high // 2, grow * wide // 2
        wider = Frame(near.top - down, near.left - across, near.bottom + down, near.right + across, step)
        found.append(_snapped(wider, 2 * step * every, step))
    outer = _snapped(whole, found[-1].step * every, found[-1].step)
    return [_clipped(frame, outer) for frame in found[:-1]] + [outer]


def _snapped(frame: Frame, unit: int, step: int) -> Frame:
    """Return a frame with edges moved outwards to multiples of ``unit``."""
    return Frame(
        frame.top // unit * unit,
        frame.left // unit * unit,
        -(-frame.bottom // unit) * unit,
        -(-frame.right // unit) * unit,
        step,
    )


def _clipped(frame: Frame, outer: Frame) -> Frame:
    return Frame(
        max(frame.top, outer.top),
        max(frame.left, outer.left),
        min(frame.bottom, outer.bottom),
        min(frame.right, outer.right),
        frame.step,
    )


def squares(valid: Bools, frame: Frame, inner: Frame | None) -> tuple[Bools, Bools]:
    """Return which squares between four corners have ground, and which the finer ring covers.

    Parameters
    ----------
    valid : (rows, cols) bool
        Corners with a height.
    frame, inner : Frame
        The ring's, and that of the finer one.

    Returns
    -------
    (rows - 1, cols - 1) bool, twice
        Squares that the finer ring covers are not in the first.
    """
    full = valid[:-1, :-1] & valid[:-1, 1:] & valid[1:, :-1] & valid[1:, 1:]
    covered = np.zeros(full.shape, bool)
    if inner is not None:
        covered[
            (inner.top - frame.top) // frame.step : (inner.bottom - frame.top) // frame.step,
            (inner.left - frame.left) // frame.step : (inner.right - frame.left) // frame.step,
        ] = True
    return full & ~covered, covered


def triangles(heights: NDArray[np.float64], ground: Bools, joined: tuple[bool, bool, bool, bool]) -> Index:
    """Return the triangles of a ring.

    Each square is cut along the diagonal whose ends differ less in height, so that walls stay straight.

    Parameters
    ----------
    heights : (rows, cols)
        At the corners, in metres.
    ground : (rows - 1, cols - 1) bool
        Squares to draw.
    joined : (top, bottom, left, right)
        Edges at which a coarser ring begins: corners in odd places are moved onto the one before.

    Returns
    -------
    (n, 3) array of int32
        Numbers of corners, row by row, anticlockwise as seen from above.
    """
    rows, cols = heights.shape
    number = np.arange(rows * cols, dtype=np.int32).reshape(rows, cols)
    top, bottom, left, right = joined
    for at, wanted in ((0, top), (-1, bottom)):
        if wanted:
            number[at, 1::2] = number[at, 0:-1:2]
    for at, wanted in ((0, left), (-1, right)):
        if wanted:
            number[1::2, at] = number[0:-1:2, at]
    nw, ne, sw, se = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
    flat = heights.ravel()
    falling = np.abs(flat[nw] - flat[se]) <= np.abs(flat[ne] - flat[sw])
    # Where two edges with moved corners meet, the cut must begin in their common corner: else it is upright.
    for row, upper in ((0, top), (-1, bottom)):
        for col, side in ((0, left), (-1, right)):
            if upper and side:
                falling[row, col] = row == col
    nw, ne, sw, se, falling = nw[ground], ne[ground], sw[ground], se[ground], falling[ground]
    out = np.empty((2 * len(nw), 3), np.int32)
    out[0::2] = np.column_stack([nw, sw, np.where(falling, se, ne)])
    out[1::2] = np.column_stack([np.where(falling, nw, sw), se, ne])
    if any(joined):
        out = out[(out[:, 0] != out[:, 1]) & (out[:, 1] != out[:, 2]) & (out[:, 2] != out[:, 0])]
    return out


def compact(points: NDArray[np.float64], faces: Index) -> tuple[Index, NDArray[np.intp]]:
    """Return triangles renumbered for the corners they use, and which corners these are."""
    used = np.zeros(len(points), bool)
    used[faces.ravel()] = True
    kept = np.flatnonzero(used)
    if len(kept) == len(points):
        return faces, kept
    number = np.cumsum(used, dtype=np.int32) - 1
    return number[faces], kept
