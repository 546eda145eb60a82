"""Water and other holes in all returns, which the DEM must not bridge."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.ground import water

_EPS = 1e-9


def margin(gap: float) -> int:
    """Return how many 1 m cells around a window decide which of its cells are void, for ``gap`` in metres."""
    return math.ceil(gap) + 1


def voids(dry: npt.NDArray[np.uint8], gap: float) -> npt.NDArray[np.bool_]:
    """Return the cells that a disc ``gap`` metres wide can cover without touching a cell that holds a return.

    The disc's centre may stand on every centre and every corner of a cell. A cell is touched if the open disc shares
    any of its area, and covered if its centre lies in the closed disc.

    Parameters
    ----------
    dry : uint8 array (rows, cols)
        1 m cells, 1 where there is a return. Cells beyond the array count as holding one, so the result is right
        from :func:`margin` cells inwards.
    gap : float
        Metres, more than 0.

    Returns
    -------
    bool array (rows, cols)
    """
    out = np.zeros(dry.shape, np.bool_)
    if not _may_hold(dry, gap):
        return out
    left, right = np.empty(dry.shape, np.int32), np.empty(dry.shape, np.int32)
    water.runs(dry, left, right)
    for corner in (0, 1):
        touched, held = _rows(gap / 2, corner)
        change = np.zeros((dry.shape[0], dry.shape[1] + 1), np.int32)
        water.cover(left, right, corner, touched, held, change)
        water.accumulate(change, out)
    return out


def _rows(radius: float, corner: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the half-widths of a disc's rows; see :func:`pointcloud.kernels.ground.water.cover`."""
    touched, held = [], []
    reach = math.ceil(radius - _EPS) if corner else math.ceil(radius - 0.5 - _EPS)
    for k in range(-reach, reach if corner else reach + 1):
        middle = abs(k + 0.5) if corner else abs(k)
        nearest = max(middle - 0.5, 0.0)
        wide = math.sqrt(max(radius * radius - nearest * nearest, 0.0))
        touched.append(math.ceil(wide - _EPS) if corner else math.ceil(wide - 0.5 - _EPS))
        chord = radius * radius - middle * middle
        if chord < -_EPS:
            held.append(-1)
        else:
            half = math.sqrt(max(chord, 0.0))
            held.append(math.floor(half + 0.5 + _EPS) if corner else math.floor(half + _EPS))
    return np.array(touched, np.int64), np.array(held, np.int64)


def _may_hold(dry: npt.NDArray[np.uint8], gap: float) -> bool:
    """Whether any cell heads an empty square that would fit into a disc: a quick look that spares most sheets."""
    side = max(int(gap / math.sqrt(2.0)) - 2, 1)
    if min(dry.shape) < side:
        return False
    filled: npt.NDArray[Any] = dry
    for _ in range(2):  # running maximum by doubling, down the rows and then down the columns
        length = 1
        while length < side:
            step = min(length, side - length)
            filled = np.maximum(filled[:-step], filled[step:])
            length += step
        filled = filled.T
    return bool((filled == 0).any())
