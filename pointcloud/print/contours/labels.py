"""Where the numbers of index lines stand: on straight stretches, apart from each other, the line cut for them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Label = tuple[float, float, float]
"""x and y of its middle, and its turn anticlockwise in degrees, so that it is read from below."""

_STRAIGHT = 0.97
_EVERY = 110.0
_APART = 22.0
_STEP = 2.0


class Labels:
    """Finds places for the labels of one map; lengths in millimetres.

    Parameters
    ----------
    width : float
        Room that a label takes along its line.
    taken : list of (x, y)
        Where labels are already; it grows.
    """

    def __init__(self, width: float, taken: list[tuple[float, float]]) -> None:
        self.width, self._taken = width, taken

    def place(self, line: Points) -> tuple[list[Label], list[Points]]:
        """Return labels for a line, and what is left of the line beside them."""
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        length = float(along[-1])
        count = max(1, round(length / _EVERY))
        labels, cuts = [], []
        for number in range(count if length > 3 * self.width else 0):
            stretch = length * number / count, length * (number + 1) / count
            middle = self._straightest(line, along, *stretch)
            if middle is None:
                continue
            a, b = (_at(line, along, middle + side * self.width / 2) for side in (-1, 1))
            x, y = (a + b) / 2
            self._taken.append((x, y))
            labels.append((float(x), float(y), _upright(math.degrees(math.atan2(b[1] - a[1], b[0] - a[0])))))
            cuts.append((middle - self.width / 2, middle + self.width / 2))
        starts, ends = [0.0, *(end for _, end in cuts)], [*(start for start, _ in cuts), length]
        return labels, [_piece(line, along, a, b) for a, b in zip(starts, ends, strict=True)]

    def _straightest(self, line: Points, along: Points, start: float, end: float) -> float | None:
        """Return the distance along the line of the best place in a stretch, ``None`` where none is good."""
        middles = np.arange(start + self.width, end - self.width, _STEP)
        a, b = (_at(line, along, middles + side * self.width / 2) for side in (-1, 1))
        straight = np.hypot(*(b - a).T) / self.width
        good = straight > _STRAIGHT
        if self._taken and good.any():
            apart = ((a + b) / 2)[:, None] - np.array(self._taken)
            good &= (np.hypot(apart[..., 0], apart[..., 1]) > _APART).all(axis=1)
        return float(middles[np.where(good, straight, 0.0).argmax()]) if good.any() else None


def _at(line: Points, along: Points, where: Points | float) -> Points:
    return np.stack([np.interp(where, along, line[:, 0]), np.interp(where, along, line[:, 1])], axis=-1)


def _piece(line: Points, along: Points, start: float, end: float) -> Points:
    inner = line[(along > start) & (along < end)]
    return np.vstack([_at(line, along, start), inner, _at(line, along, end)])


def _upright(angle: float) -> float:
    return (angle + 90.0) % 180.0 - 90.0
