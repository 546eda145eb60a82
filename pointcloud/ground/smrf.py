"""The simple morphological filter (Pingel, Clarke & McBride 2013, doi:10.1016/j.isprsjprs.2012.12.002), bounded.

The lowest points of cells make a surface; it is opened with discs of growing radius; cells that an opening lowers by
more than the land around explains hold no ground; the terrain through the lowest points of the others is compared
with every point. Five things differ from the paper, so that a window with its halo gives the same bits as the whole,
and because they do better on the ISPRS samples (``benchmarks/ground.py``):

- each radius opens the surface itself, not what the radius before has left: reach grows with the radius, not the sum;
- holes are filled from the Delaunay discs of what is near, up to a width, not by inpainting over the whole grid;
- the limit of an opening has a fixed part and grows with the slope of the land, so that the edges of steep benches
  stay and low roofs in the plain go (section 3.2 of the paper has one slope for all);
- flagged cells whose lowest point lies close to the terrain of the others are taken back before it is final: openings
  take the crest of a bank with what stands on it (mean total error on the ISPRS samples 3.45 %; 3.54 % without);
- the terrain goes through lowest points where they lie, not through the centres of cells, and through those of squares
  of two by two cells: a quarter of the triangles, and plants that no opening found weigh less.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.geo.lattice import Box, Grid, cell_quanta, quanta
from pointcloud.ground.lowest import BAND, NOISE_REACH, Lowest, each, gather
from pointcloud.kernels.ground import morphology
from pointcloud.kernels.ground import provisional_dem as kernels
from pointcloud.kernels.ground.morphology import NOTHING
from pointcloud.kernels.points.bins import EMPTY
from pointcloud.machine import memory
from pointcloud.params.smrf import SmrfParams
from pointcloud.surface import dsm
from pointcloud.surface.dem import GroundSource, terrain

Array = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]

_LAND = 15.0  # metres: half side of the squares whose means give the slope of the land, and how far apart they lie
_STEEPEST_LAND = 1.0  # rise over run: steeper land is no reason for higher limits
_STEEPEST = 9.0
_BESIDE = 2  # cells beyond the surface about which discs of an opening lie
_RIM = 4  # squares of terrain around a point that can decide on it
_PRECISION = 0.001
_MANY = 0.01  # share of squares with another point from which on all of the terrain is made anew


def halo(params: SmrfParams) -> int:
    """Return how far around a window points decide which of its points are ground, in quanta."""
    windows = _Windows.around(Box(0, 0, 0, 0), params)
    return windows.read.north + _square(params)  # a window need not lie on the lattice of squares


def _square(params: SmrfParams) -> int:
    """Side in quanta of the squares of two by two cells, whose lowest points carry the terrain."""
    return 2 * cell_quanta(params.cell)


@dataclass(frozen=True)
class _Windows:
    """What must be known where, each around the one before, in whole squares.

    ``final`` terrain for the points of a window, the lowest points ``taken`` back for that, the ``first`` terrain that
    says which, ``flags`` of cells for that, the ``surface`` that is opened, and the points ``read``.
    """

    final: Box
    taken: Box
    first: Box
    flags: Box
    surface: Box
    read: Box

    @classmethod
    def around(cls, box: Box, params: SmrfParams) -> _Windows:
        """Return the windows for a window of points."""
        square, cell = _square(params), cell_quanta(params.cell)

        def grown(part: Box, reach: int) -> Box:
            return part.grow(-(-reach // square) * square)

        gap = quanta(params.max_gap)
        final = grown(box.snap(square), _RIM * square)
        taken = grown(final, gap)
        first = grown(taken, _RIM * square)
        flags = grown(first, gap)
        surface = grown(flags, (2 * _radii(params)[-1] + 2 * _land(params)) * cell)
        read = grown(surface, (dsm.margin(params.fill_gap, cell) + 2 * NOISE_REACH + 1) * cell)
        return cls(final, taken, first, flags, surface, read)

    def within(self, extent: Box, params: SmrfParams) -> _Windows:
        """Return what of them may hold points, where all points lie in ``extent``; never nothing."""
        square = _square(params)
        room = extent.snap(square).grow(_RIM * square)
        final = self.final.intersect(room)
        if final.empty:  # no terrain; yet there must be an array to say so
            final = Box(final.west, final.north - square, final.west + square, final.north).snap(square)

        def part(box: Box) -> Box:
            held = box.intersect(room)
            return Box(
                min(held.west, final.west),
                min(held.south, final.south),
                max(held.east, final.east),
                max(held.north, final.north),
            )

        return _Windows(final, *map(part, (self.taken, self.first, self.flags, self.surface, self.read)))


def _radii(params: SmrfParams) -> list[int]:
    return list(range(1, max(round(params.window / params.cell), 1) + 1))


def _land(params: SmrfParams) -> int:
    return max(round(_LAND / params.cell), 1)


@dataclass(frozen=True)
class Surface:
    """A terrain to tell points from: heights and tolerances, float32 (rows, cols), metres, NaN where there is none."""

    grid: Grid
    heights: Array
    tolerances: Array

    def at(self, east: int, north: int) -> tuple[int, int, int, Array, Array]:
        """Return what the kernels ask for: the corner of the cells from a place, their side, and the arrays."""
        box = self.grid.box
        return box.west - east, box.north - north, self.grid.cell, self.heights, self.tolerances


@dataclass(frozen=True)
class Classified:
    """The ground points among all points: those close to a terrain that was found before.

    Parameters
    ----------
    source : GroundSource
        All points that may be ground.
    surface : Surface
        The terrain.
    grid : Grid
        Cells of ``floor``.
    floor : int32 array (rows, cols)
        Quanta; lower points are noise.
    """

    source: GroundSource
    surface: Surface
    grid: Grid
    floor: Array

    @property
    def extent(self) -> Box:
        """A box that holds all ground points."""
        return self.source.extent

    def count(self, box: Box) -> int:
        """Return at least the number of ground points in ``box``."""
        return self.source.count(box)

    def clip(self, box: Box) -> tuple[Array, Array]:
        """Return the ground points in ``box``: xy (n, 2) int32 quanta from its centre, z (n,) int32 quanta."""
        xy, z = self.source.clip(box)
        east, north = (box.west + box.east) // 2, (box.south + box.north) // 2
        kept = kernels.keep_ground(xy, z, *self.surface.at(east, north))
        return xy[:kept], z[:kept]

    def heights(self, xy: Array, z: Array, east: int, north: int) -> tuple[Array, Flags]:
        """Return how high points lie above the terrain (metres, NaN where there is none), and which are ground.

        ``xy`` (n, 2) and ``z`` (n,) are int32 quanta, ``xy`` from ``east``, ``north``.
        """
        heights, ground = np.empty(len(z), np.float32), np.empty(len(z), np.bool_)
        kernels.above(xy, z, *self.surface.at(east, north), heights, ground)
        return heights, ground

    def noise(self, xy: Array, z: Array, east: int, north: int) -> Flags:
        """Return which points lie below the floor of their cell."""
        col = (xy[:, 0] + np.int64(east) - self.grid.box.west) // self.grid.cell
        row = (self.grid.box.north - north - xy[:, 1].astype(np.int64)) // self.grid.cell
        low: Flags = z < self.floor[row, col]
        return low


def classify(source: GroundSource, box: Box, params: SmrfParams, pool: Executor | None = None) -> Classified:
    """Find the terrain under the points of a window.

    Parameters
    ----------
    source : GroundSource
        All points that may be ground, within :func:`halo` of the window.
    box : Box
        The window: whatever is asked of the result must lie in it.
    params : SmrfParams
    pool : Executor, optional
        Threads to work on; the result does not depend on it.

    Returns
    -------
    Classified
    """
    windows = _Windows.around(box, params).within(source.extent, params)
    cells = {name: Grid(part, cell_quanta(params.cell)) for name, part in vars(windows).items()}
    lows, floor = gather(source, cells["read"], quanta(params.noise_drop), pool)
    flags = _flags(_filled(lows, cells["surface"], params, pool), params, pool)
    flags = flags[cells["surface"].slices(windows.flags)]
    before = lows.of_squares(cells["flags"], flags)
    first, widths = _through(before, windows.first, params, pool)
    flags = flags[cells["flags"].slices(windows.taken)]
    _take_back(lows.part(cells["taken"]), first, flags, pool)
    after = lows.of_squares(cells["taken"], flags)
    final = _amended(first, widths, before, after, windows.final, params, pool)
    floor = np.ascontiguousarray(floor[cells["read"].slices(windows.final)])
    return Classified(source, final, cells["final"], floor)


def _through(points: Lowest, box: Box, params: SmrfParams, pool: Executor | None) -> tuple[Surface, Array]:
    """Return the terrain of ``box`` through the points of squares, and the widths in metres of the discs in it."""
    grid = Grid(box, points.grid.cell)
    widths = np.empty(grid.shape, np.float32)
    gap = params.max_gap
    (heights,) = terrain(
        points, box, (grid.cell,), max_gap=gap, precision=_PRECISION, pool=pool, gaps=[widths]
    )
    return _surface(grid, heights, params), widths


def _amended(
    first: Surface,
    widths: Array,
    before: Lowest,
    after: Lowest,
    box: Box,
    params: SmrfParams,
    pool: Executor | None,
) -> Surface:
    """Return the terrain of ``box`` through other points, from the first one where these have no part in it."""
    same = before.part(after.grid)
    changed = (same.heights != after.heights) | (same.x != after.x) | (same.y != after.y)
    touched = np.full(changed.shape, bool(changed.mean() > _MANY))
    metres = after.grid.resolution
    if not touched.all():
        part = widths[first.grid.slices(after.grid.box)]
        kernels.touched(changed, part / np.float32(metres), params.max_gap / metres, touched)
    grid = Grid(box, after.grid.cell)
    wanted = touched[after.grid.slices(box)]
    gap = params.max_gap
    (heights,) = terrain(
        after, box, (grid.cell,), max_gap=gap, precision=_PRECISION, pool=pool, wanted=[wanted]
    )
    np.copyto(heights, first.heights[first.grid.slices(box)], where=~wanted)
    return _surface(grid, heights, params)


def _surface(grid: Grid, heights: Array, params: SmrfParams) -> Surface:
    """Return the surface with how far from it ground may lie."""
    tolerances = np.empty_like(heights)
    kernels.tolerance(heights, grid.resolution, params.threshold, params.scaling, _STEEPEST, tolerances)
    return Surface(grid, heights, tolerances)


def _take_back(lows: Lowest, surface: Surface, flags: Flags, pool: Executor | None) -> None:
    """Clear the flags of the cells whose lowest point lies close to the terrain through the others."""
    grid, corner = lows.grid, (lows.grid.box.west, lows.grid.box.north)

    def band(first: int) -> None:
        last = min(first + BAND, grid.rows)
        at = surface.at(*corner)
        kernels.take_back(lows.heights, lows.x, lows.y, grid.cell, *at, first, last, flags)

    each(band, range(0, grid.rows, BAND), pool)


def _filled(lows: Lowest, part: Grid, params: SmrfParams, pool: Executor | None) -> Array:
    """Return the surface of ``part`` in quanta, holes in it filled as those of a surface model are."""
    around = dsm.margin(params.fill_gap, part.cell)
    window = Grid(part.box.grow(around * part.cell), part.cell)
    wide = np.full(window.shape, EMPTY, np.int32)
    shared = window.box.intersect(lows.grid.box)
    known = lows.heights[lows.grid.slices(shared)]
    np.copyto(wide[window.slices(shared)], known, where=known != NOTHING)
    surface = dsm.surface(wide, part.cell, params.fill_gap, around, _PRECISION, pool)
    measured = wide[around : around + part.rows, around : around + part.cols]
    out = np.empty(part.shape, np.int32)

    def band(first: int) -> None:
        morphology.steps(measured, surface, EMPTY, first, min(first + BAND, part.rows), out)

    each(band, range(0, part.rows, BAND), pool)
    return out


def _flags(surface: Array, params: SmrfParams, pool: Executor | None) -> Flags:
    """Return the cells that hold no ground: an opening lowers them by more than the slope of the land explains."""
    memory.release()  # what lies free already: this is the step that needs most
    opened, steepest = _opened(surface, params, pool)
    flags: Flags = np.float32(params.slope_share) * _steepness(opened, params, pool) < steepest
    return flags


def _opened(surface: Array, params: SmrfParams, pool: Executor | None) -> tuple[Array, Array]:
    """Return the surface opened with the widest disc, and how steep the land would have to be to explain all steps."""
    opened, steepest = surface.copy(), np.full(surface.shape, -np.inf, np.float32)
    bands = range(0, len(surface), BAND)
    discs = _discs(surface, pool)
    eroded, room = surface, [np.empty_like(surface), np.empty_like(surface)]
    for turn, radius in enumerate(_radii(params)):
        before, eroded = eroded, room[turn % 2]
        half, beyond = morphology.disc(radius)

        def erode(first: int, before: Array = before, eroded: Array = eroded, beyond: Array = beyond) -> None:
            morphology.erode(before, surface, beyond, first, min(first + BAND, len(surface)), eroded)

        def dilate(first: int, eroded: Array = eroded, half: Array = half, radius: int = radius) -> None:
            last = min(first + BAND, len(surface))
            out = np.empty((last - first, surface.shape[1]), np.int32)
            morphology.dilate(eroded, discs, half, first, last, out, np.empty((2, out.shape[1]), np.int32))
            limits = params.step, params.slope, radius * params.cell
            morphology.lower_by_step(opened, out, *limits, first, steepest)

        each(erode, bands, pool)
        each(dilate, bands, pool)
    return opened, steepest


def _discs(surface: Array, pool: Executor | None) -> Flags:
    """Return the cells about which discs of an opening lie: those close to the surface.

    Those far out over a hole, or beyond the last points, rest on one side alone, and would hold up a roof there (mean
    total error on the ISPRS samples 3.45 %; 3.65 % with all).
    """
    discs = np.empty(surface.shape, np.bool_)

    def near(first: int) -> None:
        morphology.beside(surface, _BESIDE, first, min(first + BAND, len(surface)), discs)

    each(near, range(0, len(surface), BAND), pool)
    return discs


def _steepness(opened: Array, params: SmrfParams, pool: Executor | None) -> Array:
    """Return the slope of the land at large, rise over run: of the means of an opened surface over squares."""
    land, bands = _land(params), range(0, len(opened), BAND)
    means, steepness = np.empty(opened.shape, np.float32), np.empty(opened.shape, np.float32)

    def mean(first: int) -> None:
        morphology.box_means(opened, land, first, min(first + BAND, len(opened)), means)

    def slope(first: int) -> None:
        last = min(first + BAND, len(opened))
        kernels.steepness(means, land, land * params.cell, _STEEPEST_LAND, first, last, steepness)

    each(mean, bands, pool)
    each(slope, bands, pool)
    return steepness
