"""How far a terrain model may be trusted: what each of its cells is made from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, Grid, quanta
from pointcloud.kernels.points import nearest
from pointcloud.params.grid import BRIDGED, BRIDGED_FROM, INTERPOLATED, MEASURED, VOID, WATER
from pointcloud.surface.dem import GroundSource, blocks
from pointcloud.surface.rounding import publish

Array = npt.NDArray[Any]

_POINTS_A_BUCKET = 2.0
_NARROWEST, _WIDEST = QUANTA_PER_METRE // 4, 16 * QUANTA_PER_METRE  # sides of a bucket
_SPACINGS = 4.0  # first halo, in mean distances between points


def states(
    heights: npt.NDArray[np.floating[Any]],
    gaps: npt.NDArray[np.floating[Any]],
    ground: npt.NDArray[np.integer[Any]],
    water: npt.NDArray[np.bool_],
) -> npt.NDArray[np.uint8]:
    """Return what each cell of a terrain model is.

    A cell with a height is *measured* if a ground point lies in it; otherwise *interpolated*, or *bridged* if the
    disc of its triangle is more than 10 m wide (:data:`~pointcloud.params.grid.BRIDGED_FROM`). One without is *water*
    where ``water`` says so, else *void*.

    Parameters
    ----------
    heights, gaps : float arrays (rows, cols)
        From :func:`pointcloud.surface.dem.terrain`.
    ground : int array (rows, cols)
        Ground points a cell.
    water : bool array (rows, cols)
    """
    out = np.where(gaps > BRIDGED_FROM, BRIDGED, INTERPOLATED).astype(np.uint8)
    out[ground > 0] = MEASURED
    empty = np.isnan(heights)
    out[empty] = np.where(water[empty], WATER, VOID)
    return out


def nearness(
    source: GroundSource,
    box: Box,
    cells: Sequence[int],
    *,
    cap: float,
    precision: float,
    pool: Executor | None = None,
) -> list[tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]]:
    """Return how far the nearest ground point is from each cell's centre, and how many lie in each cell.

    Points that share E and N count once, as they do in the terrain.

    Parameters
    ----------
    source : GroundSource
    box : Box
        The window: whole cells of every resolution.
    cells : sequence of int
        Cell sides in quanta.
    cap : float
        Metres; a cell with no ground point nearer gets this, and points further away than this decide nothing.
    precision : float
        Metres that distances are rounded to.
    pool : Executor, optional
        Threads to work on; the result does not depend on it.

    Returns
    -------
    list of (float32 array (rows, cols), int32 array (rows, cols))
        Metres and points, for each of ``cells``.
    """
    grids = tuple(Grid(box, cell) for cell in cells)
    outs = [(np.empty(grid.shape, np.float32), np.zeros(grid.shape, np.int32)) for grid in grids]
    parts = list(blocks(source, box, max(cells)))

    def settle(part: Box) -> None:
        halo, most = _first_halo(source, part, quanta(cap)), quanta(cap)
        while True:  # what is found in a narrow window is at least an upper bound: so at most twice
            xy = _distinct(source.clip(part.grow(halo))[0])
            index = _Index(xy, part.grow(halo))
            works = [np.empty(Grid(part, cell).shape) for cell in cells]
            largest = max(
                index.distances(part, cell, most, work) for cell, work in zip(cells, works, strict=True)
            )
            if largest <= halo or halo >= most:
                break
            halo = min(math.ceil(largest), most)
        for grid, work, (distance, points) in zip(grids, works, outs, strict=True):
            here = grid.slices(part)
            publish(work, precision, distance[here])
            index.count(part, grid.cell, points[here])

    for _ in pool.map(settle, parts) if pool else map(settle, parts):
        pass
    return outs


def _first_halo(source: GroundSource, part: Box, most: int) -> int:
    spacing = (part.area / max(source.count(part), 1)) ** 0.5
    return min(max(quanta(_SPACINGS * spacing), 2 * QUANTA_PER_METRE), most)


def _distinct(xy: Array) -> Array:
    """Return points without those that share both coordinates with another."""
    keys = (xy[:, 0].astype(np.int64) << 32) + xy[
        :, 1
    ]  # y is less than half of 2^32 either way: no two collide
    keys.sort()
    kept = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=kept[1:])
    keys = keys[kept]
    y = keys.astype(np.int32)  # the low half, with its sign
    return np.column_stack((((keys - y) >> 32).astype(np.int32), y))


class _Index:
    """The points of a window by bucket, relative to its centre."""

    def __init__(self, xy: Array, window: Box) -> None:
        width, height = window.east - window.west, window.north - window.south
        self.reach_x, self.reach_y = width // 2, height // 2
        self.east, self.north = window.west + self.reach_x, window.south + self.reach_y
        side = (_POINTS_A_BUCKET * float(width) * float(height) / max(len(xy), 1)) ** 0.5
        self.side = int(min(max(side, _NARROWEST), _WIDEST))
        rows, cols = height // self.side + 1, width // self.side + 1
        levels = [(rows, cols, 0)]
        while rows > 1 or cols > 1:
            offset = levels[-1][2] + rows * cols
            rows, cols = (rows + 1) // 2, (cols + 1) // 2
            levels.append((rows, cols, offset))
        self.levels = np.array(levels, np.int64)
        self.starts = np.zeros(levels[0][0] * levels[0][1] + 1, np.int64)
        self.xy = np.empty_like(xy)
        nearest.bucket(xy, self.side, self.reach_x, self.reach_y, levels[0][1], self.starts, self.xy)
        self.held = np.zeros(levels[-1][2] + 1, np.uint8)
        nearest.pyramid(self.starts, self.levels, self.held)

    def distances(self, part: Box, cell: int, cap: int, out: Array) -> float:
        """Write the distances from the cells of ``part`` in quanta; return the largest."""
        x, y = part.west + cell // 2 - self.east, part.north - cell // 2 - self.north
        tree = self.xy, self.starts, self.levels, self.held, self.side, self.reach_x, self.reach_y
        return nearest.distances(*tree, x, y, cell, cap, out)

    def count(self, part: Box, cell: int, out: Array) -> None:
        """Count the points in each cell of ``part``."""
        nearest.count(self.xy, part.west - self.east, part.north - self.north, cell, out)
