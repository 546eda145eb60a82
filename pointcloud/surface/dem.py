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

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pointcloud.errors import GroundError
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, Grid, metres, quanta
from pointcloud.kernels.tin import buckets, delaunay, interpolation, mesh, rasterise
from pointcloud.kernels.tin.predicates import REACH
from pointcloud.surface.halos import NARROWEST, SMALL, Surroundings, Task, Waiting, halves, ladder, tasks
from pointcloud.surface.rounding import publish

Array = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]

_BLOCK_POINTS = 60_000  # as many points, their buckets and cells stay about the size of an L2 cache
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
    around: Surroundings

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
    void: tuple[Grid, Flags] | None = None,
    precision: float | None = None,
    pool: Executor | None = None,
    gaps: Sequence[Array] | None = None,
    wanted: Sequence[Flags] | None = None,
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
    gap = quanta(max_gap)
    coarse = max(grids, key=lambda grid: grid.cell)
    around = Surroundings(coarse, source.extent, gap)
    job = _Job(source, box, grids, outs, gap, precision, skip, None if gaps is None else tuple(gaps), around)
    todo = [
        Task(block, _first_halo(job, block)) for block in blocks(source, box, coarse.cell) if job.wants(block)
    ]
    steps = ladder(gap)
    while todo:
        results = pool.map(_settle, [job] * len(todo), todo) if pool else map(_settle, [job] * len(todo), todo)
        cells = _waiting(job, todo, results, steps)
        if not len(cells.places):
            break
        rows, cols = np.divmod(cells.places, coarse.cols)
        around.raise_to_least(rows, cols, steps, cells.numbers)
        empty = cells.numbers == len(steps)
        _skip(job, rows[empty], cols[empty])
        todo = tasks(source.count, coarse, cells[~empty], steps)
    return list(outs)


def _waiting(job: _Job, todo: list[Task], results: Iterable[tuple[Flags, bool]], steps: list[int]) -> Waiting:
    """Return the cells that ask for a wider halo, and at least for which."""
    places, numbers, hard = [], [], []
    for task, (pending, gave_up) in zip(todo, results, strict=True):
        rows, cols = np.divmod(np.flatnonzero(pending), pending.shape[1])  # np.nonzero takes seven times as long
        here = job.coarse.slices(task.box)
        places.append((rows + here[0].start) * job.coarse.cols + cols + here[1].start)
        numbers.append(np.full(len(rows), np.searchsorted(steps, min(2 * task.halo, job.gap)), np.int8))
        hard.append(np.full(len(rows), gave_up or task.hard))
    return Waiting(np.concatenate(places), np.concatenate(numbers), np.concatenate(hard))


def _skip(job: _Job, rows: Array, cols: Array) -> None:
    """Have cells of the coarsest grid, and those in them, left as they are."""
    for grid, skip in zip(job.grids, job.skip, strict=True):
        factor = job.coarse.cell // grid.cell
        for row in range(factor):
            for col in range(factor):
                skip[rows * factor + row, cols * factor + col] = True


def at_centres(void: tuple[Grid, Flags], grid: Grid) -> Flags:
    """Return which cells of ``grid`` have their centre in a true cell of another, which covers it."""
    at, cells = void
    e, n = _centres(grid)
    found: Flags = cells[np.ix_((at.box.north - n) // at.cell, (e - at.box.west) // at.cell)]
    return found


def _centres(grid: Grid) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return E of the columns and N of the rows of cell centres, in quanta."""
    e = grid.box.west + np.arange(grid.cols, dtype=np.int64) * grid.cell + grid.cell // 2
    n = grid.box.north - np.arange(grid.rows, dtype=np.int64) * grid.cell - grid.cell // 2
    return e, n


def _skipped(
    extent: Box, void: tuple[Grid, Flags] | None, grid: Grid
) -> Flags:
    """Return the cells that stay empty: void ones, and those whose centre lies beyond all points."""
    e, n = _centres(grid)
    beyond_e, beyond_n = (e < extent.west) | (e > extent.east), (n < extent.south) | (n > extent.north)
    skipped: Flags = beyond_n[:, None] | beyond_e[None, :]
    if void is not None:
        skipped |= at_centres(void, grid)
    return skipped


def blocks(source: GroundSource, box: Box, cell: int) -> Iterator[Box]:
    """Yield boxes of whole cells and few enough points that make up ``box``."""
    few = source.count(box) <= _BLOCK_POINTS
    width, height = box.east - box.west, box.north - box.south
    small = max(width, height) <= REACH // 2
    if (few and small) or max(width, height) <= max(SMALL, 2 * cell):
        yield box
        return
    for half in halves(box, cell):
        yield from blocks(source, half, cell)


def _first_halo(job: _Job, block: Box) -> int:
    """Return a halo in quanta that settles nearly every cell at the block's density."""
    spacing = (block.area / max(job.source.count(block), 1)) ** 0.5
    return min(max(quanta(_SPACINGS * spacing), NARROWEST), job.gap)


def _settle(job: _Job, task: Task) -> tuple[Flags, bool]:
    """Interpolate the cells of a box from the points within a halo of it.

    Returns
    -------
    bool array (rows, cols) of the coarsest grid
        True where a cell is not settled: a wider halo may change it.
    bool
        Whether triangles were looked for one by one, and that became too long.
    """
    window = task.box.grow(task.halo)
    reach = (window.east - window.west) // 2, (window.north - window.south) // 2
    east, north = window.west + reach[0], window.south + reach[1]
    xy, z = job.source.clip(window)
    job.around.add(xy, window, east, north)
    if len(xy) < 3 and job.source.count(task.box.grow(job.gap)) < 3:
        return np.zeros(Grid(task.box, job.coarse.cell).shape, np.bool_), False
    side = max(window.east - window.west, window.north - window.south)
    if side > 2 * REACH:
        raise GroundError("surface.reach", side=metres(side), most=metres(2 * REACH))
    unread = [box.shift(-east, -north) for box in _unread(job.source.extent, window)]
    last = task.halo >= job.gap or not unread
    pending, gave_up = _interpolate(job, task, xy, z, reach, unread, (east, north), last)
    return pending & (not last), gave_up


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


def _interpolate(
    job: _Job,
    task: Task,
    xy: Array,
    z: Array,
    reach: tuple[int, int],
    unread: list[Box],
    centre: tuple[int, int],
    last: bool,
) -> tuple[Flags, bool]:
    """Write the settled cells of a box from the points of a window around it; return the same as `_settle`.

    Points and boxes of what was not read are counted from the window's ``centre``. All triangles at once are made only
    where that was found to be quicker, or if this halo is the ``last``: what is known of the surroundings after this
    round may say that a wider one is needed, or none.
    """
    grids = [Grid(task.box, grid.cell) for grid in job.grids]
    skips = []
    for grid, skip in zip(job.grids, job.skip, strict=True):
        here = np.ascontiguousarray(skip[grid.slices(task.box)])
        skips.append(here if task.waiting is None else here | ~_finer(task.waiting, here.shape))
    works = tuple(np.full(grid.shape, interpolation.UNSEEN) for grid in grids)
    widths = None if job.gaps is None else tuple(np.full(grid.shape, np.inf) for grid in grids)
    origins = [
        (box.west + cell // 2 - centre[0], box.north - cell // 2 - centre[1], cell)
        for box, cell in ((grid.box, grid.cell) for grid in grids)
    ]
    beside = [(box.west, box.south, box.east, box.north) for box in unread]
    targets = (
        float(job.gap),
        reach,
        np.array(beside, np.int64).reshape(-1, 4),
        np.array(origins, np.int64),
        tuple(skips),
        works,
        widths,
    )
    gave_up = not task.hard and not interpolation.interpolate(*_by_bucket(xy, z, reach), *targets)
    if task.hard or (gave_up and last):
        rasterise.interpolate(*_triangulated(xy, z), *targets)
    pending = np.zeros(Grid(task.box, job.coarse.cell).shape, np.bool_)
    for k, grid in enumerate(job.grids):
        here = grid.slices(task.box)
        interpolation.settle(works[k], None if widths is None else widths[k], skips[k], pending)
        _write(works[k], job.precision, job.outs[k][here], task.waiting)
        if job.gaps is not None and widths is not None:
            _write(widths[k], job.precision, job.gaps[k][here], task.waiting)
    return pending, gave_up


def _finer(flags: Flags, shape: tuple[int, ...]) -> Flags:
    """Return flags of coarse cells for each of the finer cells in them."""
    factor = shape[0] // flags.shape[0]
    return flags if factor == 1 else flags.repeat(factor, axis=0).repeat(factor, axis=1)


def _write(
    lengths: Array, precision: float | None, out: Array, waiting: Flags | None
) -> None:
    """Write lengths in quanta in metres, rounded if that is asked for; only in cells that wait if any are named."""
    target = out if waiting is None else np.empty_like(out)
    if precision is None:
        target[...] = lengths / QUANTA_PER_METRE
    else:
        publish(lengths, precision, target)
    if waiting is not None:
        np.copyto(out, target, where=_finer(waiting, out.shape))


def _by_bucket(xy: Array, z: Array, reach: tuple[int, int]) -> tuple[Array, Array, delaunay.Search, buckets.Crowds | None]:
    """Return the points of a window and their heights sorted by bucket, and what finds triangles among them."""
    frame, rows, cols = buckets.bucket_frame(*reach, len(xy))
    start = np.empty(rows * cols + 2, np.int32)
    points, heights = np.empty_like(xy), np.empty_like(z)
    crowded = buckets.sort(xy, z, frame, cols, start, points, heights)
    crowds = buckets.divide(points, heights, frame, cols, start, crowded) if crowded else None
    # Room for the triangles that two rows of cells cross, were they all slivers.
    known = np.empty((1 << min(max((len(xy) // 2).bit_length(), 10), 16), 3), np.int32)
    return points, heights, (start, frame, cols, known, np.empty(2, np.int64)), crowds


def _triangulated(xy: Array, z: Array) -> tuple[Array, Array, Array]:
    """Return the points of a window and their heights without duplicates, and all edges between them."""
    order = np.argsort((xy[:, 0].astype(np.int64) << 32) + xy[:, 1])
    points, heights = np.empty_like(xy), np.empty_like(z)
    count = mesh.lowest_first(order, xy, z, points, heights)
    edges = np.empty((mesh.room(count), 3), np.int32)
    if count >= 2:
        mesh.triangulate(points[:count], edges)
    return points[:count], heights[:count], edges
