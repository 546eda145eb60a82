"""The terrain model: the Delaunay TIN of the ground points at cell centres.

A cell is interpolated from the Delaunay triangle that holds its centre if the triangle's circumscribed disc is at
most ``max_gap`` wide: the alpha-complex of the ground points (Edelsbrunner, Kirkpatrick & Seidel 1983,
doi:10.1109/TIT.1983.1056714). That disc holds no other point and lies within ``max_gap`` of the cell, so points
further away decide nothing, and the result is the same for any window with that much around it.

Most discs are a few metres wide. So a block is read with a narrow halo first; triangles whose disc holds
nothing of what was not read are final, and only where a cell is in no final triangle the halo is doubled, up to
``max_gap``. Those cells are gathered over the whole window before each step, so that few and large boxes serve them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pointcloud.errors import GroundError
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, Grid, metres, quanta
from pointcloud.kernels.tin import delaunay, interpolation
from pointcloud.kernels.tin.predicates import REACH
from pointcloud.surface.rounding import publish

Array = npt.NDArray[Any]

_BLOCK_POINTS = 60_000  # as many points, their buckets and cells stay about the size of an L2 cache
_MOST_POINTS = 400_000  # where cells are few and far apart, one large window replaces many
_NARROW = 32 * QUANTA_PER_METRE  # boxes are not split below this side
_SPACINGS = 8.0  # first halo, in mean distances between points: settles 99 % of the cells


class GroundSource(Protocol):
    """Where ground points come from."""

    @property
    def extent(self) -> Box:
        """A box that holds all of them."""

    def count(self, box: Box) -> int:
        """Return at least the number of ground points in ``box``."""

    def clip(self, box: Box) -> tuple[Array, Array]:
        """Return the ground points in ``box``: xy (n, 2) int32 quanta from its centre, z (n,) int32 quanta."""


@dataclass(frozen=True)
class _Job:
    """What every block of one window shares."""

    source: GroundSource
    box: Box
    grids: tuple[Grid, ...]
    outs: tuple[Array, ...]
    gap: int
    precision: float | None
    skip: tuple[Array, ...]
    gaps: tuple[Array, ...] | None

    def wants(self, box: Box) -> bool:
        """Whether any cell of ``box`` is to be made."""
        pairs = zip(self.grids, self.skip, strict=True)
        return any(not skip[grid.slices(box)].all() for grid, skip in pairs)

    @property
    def coarse(self) -> Grid:
        """The grid that blocks are made of."""
        return max(self.grids, key=lambda grid: grid.cell)


def terrain(
    source: GroundSource,
    box: Box,
    cells: Sequence[int],
    *,
    max_gap: float,
    void: tuple[Grid, npt.NDArray[np.bool_]] | None = None,
    precision: float | None = None,
    pool: Executor | None = None,
    gaps: Sequence[Array] | None = None,
    wanted: Sequence[npt.NDArray[np.bool_]] | None = None,
) -> list[Array]:
    """Return the terrain model of a window at one or more resolutions, from one triangulation.

    Parameters
    ----------
    source : GroundSource
    box : Box
        The window: whole cells of every resolution.
    cells : sequence of int
        Cell sides in quanta.
    max_gap : float
        Metres.
    void : (Grid, bool array (rows, cols)), optional
        1 m cells that cover ``box``; cells of any resolution whose centre lies in a true one stay empty.
    precision : float, optional
        Metres that heights are rounded to; without it they are not rounded.
    pool : Executor, optional
        Threads to work on; the result does not depend on it.
    gaps : sequence of float32 arrays (rows, cols), optional
        One for each of ``cells``; receive the width in metres of the disc of the triangle that a cell is interpolated
        from, the narrower of two where its centre lies on their edge, rounded like heights; NaN where there is no
        terrain.
    wanted : sequence of bool arrays (rows, cols), optional
        One for each of ``cells``; cells that are not wanted stay empty.

    Returns
    -------
    list of float32 (float64 without ``precision``) arrays (rows, cols)
        Metres, NaN where there is no terrain; one for each of ``cells``.

    Raises
    ------
    GroundError
        If a window would have to span more than the exact predicates can (a very large ``max_gap``).
    """
    grids = tuple(Grid(box, cell) for cell in cells)
    kind = np.float64 if precision is None else np.float32
    outs = tuple(np.full(grid.shape, np.nan, kind) for grid in grids)
    skip = tuple(_skipped(source.extent, void, grid) for grid in grids)
    for skipped, some in zip(skip, wanted or (), strict=wanted is not None):
        skipped |= ~some
    for widths in gaps or ():
        widths[...] = np.nan
    job = _Job(
        source, box, grids, outs, quanta(max_gap), precision, skip, None if gaps is None else tuple(gaps)
    )
    tasks = [
        (block, _first_halo(job, block)) for block in blocks(source, box, job.coarse.cell) if job.wants(block)
    ]
    halo = min((task[1] for task in tasks), default=0)
    pending = np.zeros(job.coarse.shape, np.bool_)
    while tasks:
        pending[:] = False
        results = (
            pool.map(_settle, [job] * len(tasks), tasks) if pool else map(_settle, [job] * len(tasks), tasks)
        )
        for (block, _), unsettled in zip(tasks, results, strict=True):
            pending[job.coarse.slices(block)] |= unsettled
        halo = min(2 * halo, job.gap)
        # np.nonzero of two dimensions takes seven times as long
        rows, cols = np.divmod(np.flatnonzero(pending), job.coarse.cols)
        tasks = [(part, halo) for part in _cover(source, rows, cols, job.coarse, halo)]
    return list(outs)


def at_centres(void: tuple[Grid, npt.NDArray[np.bool_]], grid: Grid) -> npt.NDArray[np.bool_]:
    """Return which cells of ``grid`` have their centre in a true cell of another, which covers it."""
    at, cells = void
    e, n = _centres(grid)
    found: npt.NDArray[np.bool_] = cells[np.ix_((at.box.north - n) // at.cell, (e - at.box.west) // at.cell)]
    return found


def _centres(grid: Grid) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return E of the columns and N of the rows of cell centres, in quanta."""
    e = grid.box.west + np.arange(grid.cols, dtype=np.int64) * grid.cell + grid.cell // 2
    n = grid.box.north - np.arange(grid.rows, dtype=np.int64) * grid.cell - grid.cell // 2
    return e, n


def _skipped(
    extent: Box, void: tuple[Grid, npt.NDArray[np.bool_]] | None, grid: Grid
) -> npt.NDArray[np.bool_]:
    """Return the cells that stay empty: void ones, and those whose centre lies beyond all points."""
    e, n = _centres(grid)
    beyond_e, beyond_n = (e < extent.west) | (e > extent.east), (n < extent.south) | (n > extent.north)
    skipped: npt.NDArray[np.bool_] = beyond_n[:, None] | beyond_e[None, :]
    if void is not None:
        skipped |= at_centres(void, grid)
    return skipped


def blocks(source: GroundSource, box: Box, cell: int) -> Iterator[Box]:
    """Yield boxes of whole cells and few enough points that make up ``box``."""
    few = source.count(box) <= _BLOCK_POINTS
    width, height = box.east - box.west, box.north - box.south
    small = max(width, height) <= REACH // 2
    if (few and small) or max(width, height) <= max(_NARROW, 2 * cell):
        yield box
        return
    for half in _halves(box, cell):
        yield from blocks(source, half, cell)


def _halves(box: Box, cell: int) -> tuple[Box, Box]:
    """Cut ``box`` across its longer side."""
    if box.east - box.west >= box.north - box.south:
        middle = box.west + (box.east - box.west) // cell // 2 * cell
        return Box(box.west, box.south, middle, box.north), Box(middle, box.south, box.east, box.north)
    middle = box.north - (box.north - box.south) // cell // 2 * cell
    return Box(box.west, middle, box.east, box.north), Box(box.west, box.south, box.east, middle)


def _first_halo(job: _Job, block: Box) -> int:
    """Return a halo in quanta that settles nearly every cell at the block's density."""
    spacing = (block.area / max(job.source.count(block), 1)) ** 0.5
    return min(max(quanta(_SPACINGS * spacing), 4 * QUANTA_PER_METRE), job.gap)


def _settle(job: _Job, task: tuple[Box, int]) -> npt.NDArray[np.bool_]:
    """Interpolate the cells of a box from the points within a halo of it.

    Returns
    -------
    bool array (rows, cols) of the coarsest grid
        True where a cell is not settled: a wider halo may change it.
    """
    box, halo = task
    window = box.grow(halo)
    if job.source.count(window) < 3 and job.source.count(box.grow(job.gap)) < 3:
        return np.zeros(Grid(box, job.coarse.cell).shape, np.bool_)
    side = max(window.east - window.west, window.north - window.south)
    if side > 2 * REACH:
        raise GroundError("surface.reach", side=metres(side), most=metres(2 * REACH))
    unread = _unread(job.source.extent, window)
    pending = _interpolate(job, box, window, unread)
    return pending & (halo < job.gap) & bool(unread)


def _unread(extent: Box, window: Box) -> list[Box]:
    """Return boxes that hold what of ``extent`` lies outside ``window``.

    Where no point can lie beyond the window, at the outer edge of a delivery, flat triangles with wide discs are
    final at once; otherwise each cell along that edge would ask for the widest halo.
    """
    beside = (
        replace(extent, east=window.west),
        replace(extent, west=window.east),
        replace(extent, north=window.south),
        replace(extent, south=window.north),
    )
    return [box for box in beside if not box.empty]


def _interpolate(job: _Job, box: Box, window: Box, unread: list[Box]) -> npt.NDArray[np.bool_]:
    """Write the settled cells of ``box`` from the points of ``window``; return which are not, as in `_settle`."""
    reach = (window.east - window.west) // 2, (window.north - window.south) // 2
    east, north = window.west + reach[0], window.south + reach[1]
    points = _by_bucket(*job.source.clip(window), reach)
    works = tuple(np.full(Grid(box, grid.cell).shape, interpolation.UNSEEN) for grid in job.grids)
    widths = None if job.gaps is None else tuple(np.full(work.shape, np.inf) for work in works)
    origins = [
        (box.west + grid.cell // 2 - east, box.north - grid.cell // 2 - north, grid.cell)
        for grid in job.grids
    ]
    beside = [(at.west - east, at.south - north, at.east - east, at.north - north) for at in unread]
    interpolation.interpolate(
        *points,
        _known(len(points[0])),
        float(job.gap),
        reach,
        np.array(beside, np.int64).reshape(-1, 4),
        np.array(origins, np.int64),
        tuple(
            np.ascontiguousarray(skip[grid.slices(box)])
            for grid, skip in zip(job.grids, job.skip, strict=True)
        ),
        works,
        widths,
    )
    pending = np.zeros(Grid(box, job.coarse.cell).shape, np.bool_)
    for k, grid in enumerate(job.grids):
        here = grid.slices(box)
        interpolation.settle(works[k], None if widths is None else widths[k], job.skip[k][here], pending)
        _write(works[k], job.precision, job.outs[k][here])
        if job.gaps is not None and widths is not None:
            _write(widths[k], job.precision, job.gaps[k][here])
    return pending


def _write(lengths: Array, precision: float | None, out: Array) -> None:
    """Write lengths in quanta in metres, rounded if that is asked for."""
    if precision is None:
        out[...] = lengths / QUANTA_PER_METRE
    else:
        publish(lengths, precision, out)


def _by_bucket(
    xy: Array, z: Array, reach: tuple[int, int]
) -> tuple[Array, Array, Array, delaunay.Frame, int]:
    """Return the points of a window and their heights sorted by bucket, and what says where each bucket is."""
    frame, rows, cols = delaunay.bucket_frame(*reach, len(xy))
    start = np.empty(rows * cols + 2, np.int32)
    points, heights = np.empty_like(xy), np.empty_like(z)
    delaunay.sort(xy, z, frame, cols, start, points, heights)
    return points, heights, start, frame, cols


def _known(points: int) -> Array:
    """Return room for the triangles that two rows of cells cross, were they all slivers."""
    return np.empty((1 << min(max((points // 2).bit_length(), 10), 16), 3), np.int32)


def _cover(source: GroundSource, rows: Array, cols: Array, grid: Grid, halo: int) -> list[Box]:
    """Return boxes that hold the cells at ``rows``, ``cols``, and with ``halo`` around as little area as halving finds.

    Boxes of too many points are split all the same: a window takes some 35 bytes a point.
    """
    if not len(rows):
        return []
    top, bottom, left, right = int(rows.min()), int(rows.max()) + 1, int(cols.min()), int(cols.max()) + 1
    west, north = grid.box.west + left * grid.cell, grid.box.north - top * grid.cell
    box = Box(west, north - (bottom - top) * grid.cell, west + (right - left) * grid.cell, north)
    side = max(box.east - box.west, box.north - box.south)
    if side <= max(_NARROW, 2 * grid.cell):
        return [box]
    end_row, end_col = (cut.stop for cut in Grid(box, grid.cell).slices(_halves(box, grid.cell)[0]))
    first = (rows < top + end_row) & (cols < left + end_col)
    parts = [part for half in (first, ~first) for part in _cover(source, rows[half], cols[half], grid, halo)]
    whole = box.grow(halo)
    fits = side + 2 * halo <= 2 * REACH and source.count(whole) <= _MOST_POINTS
    return [box] if fits and whole.area <= sum(part.grow(halo).area for part in parts) else parts
