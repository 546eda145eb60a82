"""What stands on the ground or flies over it: isolated points in the air, and roofs.

Both rules ask for no more than what lies near a point, and count or compare integers: the same points come out of any
window that has its halo, in any order.
"""

from __future__ import annotations

import math
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, Grid, cell_quanta, quanta
from pointcloud.ground.smrf import Classified
from pointcloud.kernels.ground import roof_planes
from pointcloud.kernels.points import voxels
from pointcloud.kernels.points.bins import EMPTY
from pointcloud.surface.dem import GroundSource

Array = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]

CUBE = 4.0
"""Metres: side of the cubes in which isolated points are counted."""
IN_THE_AIR = 2.0
"""Metres above the terrain from which on an isolated point is noise."""

_CUBE = quanta(CUBE)
_STRIP = 64  # cubes


@dataclass(frozen=True)
class RoofParams:
    """When returns are a building (class 6).

    Cells of side ``cell``, the highest point of each that is at least ``height`` above the terrain. A cell is planar if
    the plane of least squares through it and its neighbours leaves at most ``roughness`` (root mean square); those that
    hang together over at least ``area`` are a roof. Points on a roof or on the cells around it are a building if
    they are no more than ``depth`` below the lowest of its cells there, and at least ``height`` above the terrain.

    All in metres. The test is that of Zhang, Yan & Chen (2006, doi:10.1109/TGRS.2006.874137): fit a plane
    to the neighbours of a point, and keep what hangs together; on cells, so that it depends on no order.
    """

    cell: float = 1.0
    height: float = 2.5
    roughness: float = 0.15
    area: float = 20.0
    depth: float = 1.0

    @property
    def halo(self) -> int:
        """How far around a point others decide whether it is a building's, in quanta.

        ``area`` cells that hang together reach no further than that many cells.
        """
        return (self.fewest + 4) * cell_quanta(self.cell)

    @property
    def fewest(self) -> int:
        """Cells of the smallest roof."""
        return math.ceil(self.area / self.cell**2)


@dataclass(frozen=True)
class Lonely:
    """The cubes with next to nothing in and around them, by their keys, sorted."""

    west: int
    south: int
    keys: Array

    def holds(self, xy: Array, z: Array, east: int, north: int) -> Flags:
        """Return which points lie in one of them; ``xy`` are int32 quanta from ``east``, ``north``."""
        found = np.empty(len(z), np.int64)
        voxels.keys(xy, z, self.west - east, self.south - north, _CUBE, found)
        at = np.searchsorted(self.keys, found)
        flags: Flags = np.zeros(len(z), np.bool_)
        if len(self.keys):
            flags = self.keys[np.minimum(at, len(self.keys) - 1)] == found
        return flags


def lonely(source: GroundSource, box: Box, most: int, pool: Executor | None = None) -> Lonely:
    """Find the cubes of a window that hold, with the 26 around them, at most ``most`` points; for 0 none.

    Parameters
    ----------
    source : GroundSource
        All points within two cubes of the window.
    box : Box
    most : int
    pool : Executor, optional
        Threads to work on; the result does not depend on it.
    """
    part = box.intersect(source.extent)
    if most < 1 or part.empty:
        return Lonely(0, 0, np.empty(0, np.int64))
    part = part.snap(_CUBE)
    west, south = part.west - 2 * _CUBE, part.south - 2 * _CUBE

    def strip(first: int) -> Array:
        last = min(first + _STRIP * _CUBE, part.north)
        xy, z = source.clip(Box(part.west, first, part.east, last).grow(2 * _CUBE))
        east, north = (part.west + part.east) // 2, (first + last) // 2
        points = np.empty(len(z), np.int64)
        voxels.keys(xy, z, west - east, south - north, _CUBE, points)
        size = 1 << max((2 * len(z)).bit_length(), 4)
        table, counts = np.full(size, -1, np.int64), np.zeros(size, np.int32)
        voxels.count(points, table, counts)
        found = np.empty(int(np.count_nonzero(counts)), np.int64)
        found = found[: voxels.lonely(table, counts, most, found)]
        rows = (found >> 20) & ((1 << 20) - 1)
        inside = (rows >= (first - south) // _CUBE) & (rows < (last - south) // _CUBE)
        return found[inside]

    strips = range(part.south, part.north, _STRIP * _CUBE)
    parts = list(pool.map(strip, strips) if pool else map(strip, strips))
    return Lonely(west, south, np.sort(np.concatenate(parts)))


@dataclass(frozen=True)
class Roofs:
    """How high the roofs are: int32 quanta (rows, cols) of ``grid``, ``EMPTY`` where there is none."""

    grid: Grid
    tops: Array
    params: RoofParams

    def holds(self, xy: Array, z: Array, above: Array, east: int, north: int) -> Flags:
        """Return which points are a building's.

        ``xy`` are int32 quanta from ``east``, ``north``; ``above`` metres above the terrain.
        """
        col = (xy[:, 0] + np.int64(east) - self.grid.box.west) // self.grid.cell
        row = (self.grid.box.north - north - xy[:, 1].astype(np.int64)) // self.grid.cell
        tops = self.tops[row, col]
        flags: Flags = (tops != EMPTY) & (above >= self.params.height)
        flags &= z >= tops.astype(np.int64) - quanta(self.params.depth)
        return flags


def find_roofs(
    source: GroundSource,
    found: Classified,
    box: Box,
    params: RoofParams,
    isolated: Lonely,
    pool: Executor | None = None,
) -> Roofs:
    """Find the roofs of a window.

    Parameters
    ----------
    source : GroundSource
        All points within the halo of ``params``.
    found : Classified
        The terrain of the window and its halo.
    box : Box
    params : RoofParams
    isolated : Lonely
        Cubes whose points are none of a roof's.
    pool : Executor, optional
    """
    cell = cell_quanta(params.cell)
    inner = box.snap(cell)
    grid = Grid(inner.grow(params.halo), cell)
    tops = np.full(grid.shape, EMPTY, np.int32)
    rows = 250

    def strip(first: int) -> None:
        last = min(first + rows, grid.rows)
        wide = grid.box
        part = Box(wide.west, wide.north - last * cell, wide.east, wide.north - first * cell)
        if not source.count(part):
            return
        xy, z = source.clip(part)
        east, north = (part.west + part.east) // 2, (part.south + part.north) // 2
        above, _ = found.heights(xy, z, east, north)
        use = (above >= params.height) & ~isolated.holds(xy, z, east, north)
        roof_planes.raise_tops(xy, z, use, part.west - east, part.north - north, cell, tops[first:last])

    for _ in (pool.map if pool else map)(strip, range(0, grid.rows, rows)):
        pass
    roof = np.empty(grid.shape, np.bool_)
    roof_planes.planar(tops, params.roughness * QUANTA_PER_METRE, roof)
    roof_planes.drop_small(roof, params.fewest, np.empty(tops.size, np.int64))
    eaves = np.empty_like(tops)
    roof_planes.eaves(tops, roof, eaves)
    return Roofs(Grid(inner, cell), np.ascontiguousarray(eaves[grid.slices(inner)]), params)
