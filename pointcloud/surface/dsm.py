"""The surface model: the highest return of each cell, small gaps filled."""

from __future__ import annotations

import math
from concurrent.futures import Executor
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.geo.lattice import metres
from pointcloud.kernels.tin import gap_filling
from pointcloud.surface.rounding import publish

Array = npt.NDArray[Any]

_BAND = 128  # rows a task


def margin(gap: float, cell: int) -> int:
    """Return how many cells around a window decide its pixels, for ``gap`` in metres and ``cell`` in quanta."""
    return math.floor(gap / metres(cell) + 1e-9)


def coarsen(highest: Array, factor: int) -> Array:
    """Return the highest return of each block of ``factor`` x ``factor`` cells.

    The highest of a coarse cell is the highest of the fine cells in it, so points are reduced once.

    Parameters
    ----------
    highest : int32 array (rows * factor, cols * factor)
        Quanta, ``bins.EMPTY`` where there is no return.
    """
    if factor == 1:
        return highest
    out = np.empty((highest.shape[0] // factor, highest.shape[1] // factor), np.int32)
    gap_filling.coarsen(highest, factor, out)
    return out


def surface(
    highest: Array, cell: int, gap: float, around: int, precision: float, pool: Executor | None = None
) -> npt.NDArray[np.float32]:
    """Return the surface model of a window.

    A cell that got a return keeps the highest one, unaltered. One that got none is interpolated from the face of
    the Delaunay subdivision of the measured cell centres that holds its centre, if the disc through that face's
    corners is at most ``gap`` wide; the face is a polygon wherever more than three centres are cocircular, and
    interpolated with Wachspress coordinates.

    Parameters
    ----------
    highest : int32 array (rows + 2 around, cols + 2 around)
        Highest return a cell in quanta, ``bins.EMPTY`` where there is none.
    cell : int
        Side of a cell in quanta.
    gap : float
        Metres; 0 leaves every cell without a return empty.
    around : int
        Cells of ``highest`` on each side that are not asked for; at least :func:`margin`.
    precision : float
        Heights are rounded to this many metres.
    pool : Executor, optional
        Threads to work on; the result does not depend on it.

    Returns
    -------
    float32 array (rows, cols)
        Metres, NaN where there is no surface.
    """
    if around < margin(gap, cell):
        raise ValueError(f"{around} cells around the window are too few for a gap of {gap} m")
    rows, cols = highest.shape[0] - 2 * around, highest.shape[1] - 2 * around
    out = np.empty((rows, cols), np.float32)

    def band(first: int) -> None:
        last = min(first + _BAND, rows)
        heights = np.empty((last - first, cols))
        gap_filling.fill(
            highest[first : last + 2 * around], around, gap / metres(cell), 0, last - first, heights
        )
        publish(heights, precision, out[first:last])

    tasks = range(0, rows, _BAND)
    for _ in pool.map(band, tasks) if pool else map(band, tasks):
        pass
    return out
