"""The two steps that everything is made by.

``reduce`` reads one file, once, and knows nothing of its neighbours. ``make`` turns what lies in and around a window
into its rasters, and is pure: the same spills and parameters give the same bits, in any process, for any window.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, Grid, metres, quanta
from pointcloud.ground import smrf
from pointcloud.io import geoid
from pointcloud.io.cloudheader import CloudHeader
from pointcloud.io.clouds.readers import iter_points, reader_of, sha256
from pointcloud.io.las import ahead
from pointcloud.io.las.header import LasHeader
from pointcloud.io.spill.cloud import Cloud
from pointcloud.io.spill.reduce import Reducer
from pointcloud.io.spill.spill import Spill
from pointcloud.kernels.points import bins
from pointcloud.machine import memory
from pointcloud.params.grid import QUALITY_BANDS, GridParams, Product, ReduceParams
from pointcloud.params.styles import STYLES
from pointcloud.surface import dem, dsm, quality, water
from pointcloud.surface.dem import GroundSource

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Made:
    """One raster of a window: ``None`` where no cell holds anything.

    Float32 heights (rows, cols) with NaN, uint8 RGBA (rows, cols, 4), or the float32 bands of a quality raster
    (rows, cols, 5) with NaN, which lie one after the other in memory.
    """

    product: Product
    grid: Grid
    array: npt.NDArray[Any] | None


def reduce(
    header: CloudHeader,
    params: ReduceParams,
    *,
    all_ground: bool = False,
    scratch: Path | None = None,
    pool: Executor | None = None,
) -> Spill:
    """Read a file and return its spill.

    Parameters
    ----------
    header : CloudHeader
    params : ReduceParams
    all_ground : bool
        Take every point as ground, whatever its class.
    scratch : Path, optional
        File that the spill goes to; without it the spill stays in memory.
    pool : Executor, optional
        Threads to work on; with them the file is also decoded on all cores.

    Raises
    ------
    FileError
        If the file is damaged, or not what its header says, or lies outside the geoid. Nothing is left on disk then.
    """
    hashed = pool.submit(sha256, header) if pool else None
    reducer = Reducer(
        header.limits,
        params,
        name=str(header.path),
        all_ground=all_ground,
        scratch=scratch,
        executor=pool,
    )
    try:
        for chunk in iter_points(header, chunk=ahead.CHUNK, parallel=pool is not None):
            z = chunk.z
            if params.geoid is not None:
                plane = geoid.Plane.of(params.geoid.crs)
                z = geoid.of_file(params.geoid).lowered(chunk.e, chunk.n, z, plane, header.path)
            reducer.marks = reducer.marks.plus(chunk.marks)
            reducer.add(chunk.e, chunk.n, z, chunk.classification, chunk.withheld)
        digest = hashed.result() if hashed else sha256(header)
        return reducer.finish(
            header.path.name,
            header.size,
            digest,
            synthetic=header.synthetic,
            reader=reader_of(header),
            moved_from=header.moved_from,
        )
    except BaseException:
        reducer.abandon()
        raise


def scan_extent(header: CloudHeader) -> CloudHeader:
    """Return the header with the box of the points themselves, for files whose header lies.

    That of a text is theirs already.

    Raises
    ------
    FileError
        If the file is damaged.
    """
    if not isinstance(header, LasHeader):
        return header
    chunks = [(chunk.lows, chunk.highs) for chunk in iter_points(header, chunk=ahead.CHUNK, check_box=False)]
    lows, highs = (
        np.array([low for low, _ in chunks]).min(axis=0),
        np.array([high for _, high in chunks]).max(axis=0),
    )
    # of finer steps, those of degrees say, the point itself may lie half a quantum beyond
    beyond = [0.5 / QUANTA_PER_METRE if scale * QUANTA_PER_METRE < 1 else 0.0 for scale in header.scales]
    west, south, bottom = (metres(int(value)) - by for value, by in zip(lows, beyond, strict=True))
    east, north, top = (metres(int(value)) + by for value, by in zip(highs, beyond, strict=True))
    return replace(header, mins=(west, south, bottom), maxs=(east, north, top))


def relief_halo(params: GridParams, *only: str) -> int:
    """Return how much terrain around a window its relief needs, in quanta and whole coarsest cells.

    That of all styles of a run, or of some ``only``.
    """
    styles = only or params.styles
    if not styles:
        return 0
    from pointcloud import relief  # its kernels are a sixteenth of the start of a run that makes no picture

    reach = max(
        relief.halo(style, metres(cell), params.style(style)) * cell
        for style in styles
        for cell in params.cells
    )
    return -(-reach // params.cells[0]) * params.cells[0]


def terrain_window(box: Box, params: GridParams) -> Box:
    """Return the window whose terrain is made for the sake of ``box``: the relief of a cell sees what is around it."""
    return box.grow(relief_halo(params))


def halo(params: GridParams, product: Product) -> int:
    """Return how far around a window points decide a product's pixels, in quanta."""
    if product == "dsm":
        return max(dsm.margin(params.dsm_max_gap, cell) * cell for cell in params.cells)
    ground = max(_ground_halo(params), water.margin(params.water_gap) * QUANTA_PER_METRE)
    return ground + (relief_halo(params, product) if product in STYLES else 0)


def _ground_halo(params: GridParams) -> int:
    """Return how far around a cell points decide its terrain, in quanta."""
    return quanta(params.max_gap) + (smrf.halo(params.classify) if params.classify else 0)


def reach(params: GridParams) -> int:
    """Return how far around a window points decide any of its pixels, in quanta."""
    return max(halo(params, product) for product in params.products)


def coverage(cloud: Cloud, box: Box, params: GridParams) -> float:
    """Return the share of the coarsest cells of ``box`` that hold a return."""
    fine, coarse = cloud.cell, params.cells[0]
    highest = dsm.coarsen(cloud.highest(Grid(box, fine)), coarse // fine)
    return float(np.mean(highest != bins.EMPTY))


def make(
    box: Box, cloud: Cloud, params: GridParams, pool: Executor | None = None, threads: int = 1
) -> Iterator[Made]:
    """Yield the rasters of a window, one after the other so that few are in memory.

    Parameters
    ----------
    box : Box
        Whole cells of the coarsest resolution.
    cloud : Cloud
        What lies within :func:`reach` of it.
    params : GridParams
    pool : Executor, optional
        Threads to work on, as many as ``threads``; the result does not depend on them.
    """
    if "dsm" in params.products:
        yield from _surfaces(box, cloud, params, pool)
    if set(params.products) - {"dsm"}:
        yield from _terrains(box, cloud, params, pool, threads)


def _surfaces(box: Box, cloud: Cloud, params: GridParams, pool: Executor | None) -> Iterator[Made]:
    fine, coarse = cloud.cell, params.cells[0]
    around = math.ceil(halo(params, "dsm") / coarse) * coarse
    highest = cloud.highest(Grid(box.grow(around), fine))
    for cell in params.cells:
        heights = dsm.coarsen(highest, cell // fine)
        out = dsm.surface(heights, cell, params.dsm_max_gap, around // cell, params.precision, pool)
        yield Made("dsm", Grid(box, cell), None if np.isnan(out).all() else out)


def _terrains(
    box: Box, cloud: Cloud, params: GridParams, pool: Executor | None, threads: int
) -> Iterator[Made]:
    wide = terrain_window(box, params)
    void = _void(wide, cloud, params.water_gap)
    gaps = None
    if "quality" in params.products:
        gaps = [np.empty(Grid(wide, cell).shape, np.float32) for cell in params.cells]
    ground: GroundSource = cloud
    if params.classify:
        ground = smrf.classify(cloud, wide.grow(quanta(params.max_gap)), params.classify, pool)
        memory.release()
    outs = dem.terrain(
        ground,
        wide,
        params.cells,
        max_gap=params.max_gap,
        void=void,
        precision=params.precision,
        pool=pool,
        gaps=gaps,
    )
    for cell, out in zip(params.cells, outs, strict=True):
        grid = Grid(box, cell)
        here = Grid(wide, cell).slices(box)
        empty = bool(np.isnan(out[here]).all())
        if "dem" in params.products:
            yield Made("dem", grid, None if empty else out[here])
        for style in params.styles:
            shown = None if empty else _picture(style, out, metres(cell), params, threads)[here]
            yield Made(style, grid, shown)
    if gaps is not None:
        parts = [Grid(wide, cell).slices(box) for cell in params.cells]
        heights = [out[part] for out, part in zip(outs, parts, strict=True)]
        yield from _qualities(
            box,
            cloud,
            ground,
            params,
            heights,
            [gap[part] for gap, part in zip(gaps, parts, strict=True)],
            void,
            pool,
        )


def _picture(style: Product, heights: Array, cell: float, params: GridParams, threads: int) -> Array:
    from pointcloud import relief

    return relief.picture(style, heights, cell, params.style(style), threads=threads)


def _qualities(
    box: Box,
    cloud: Cloud,
    ground: GroundSource,
    params: GridParams,
    heights: Sequence[Array],
    gaps: Sequence[Array],
    void: tuple[Grid, npt.NDArray[np.bool_]] | None,
    pool: Executor | None,
) -> Iterator[Made]:
    """Yield how the terrain ``heights`` came about, with the widths of the ``gaps`` that they span."""
    near = quality.nearness(
        ground, box, params.cells, cap=params.max_gap, precision=params.precision, pool=pool
    )
    returns = cloud.returns(Grid(box, cloud.cell))
    for cell, height, gap, (distance, points) in zip(params.cells, heights, gaps, near, strict=True):
        grid = Grid(box, cell)
        if np.isnan(height).all():
            yield Made("quality", grid, None)
            continue
        factor = cell // cloud.cell
        held = returns.reshape(grid.rows, factor, grid.cols, factor).sum(axis=(1, 3), dtype=np.int32)
        wet = np.zeros(grid.shape, np.bool_)
        if void is not None:
            wet = dem.at_centres(void, grid) & cloud.surveyed(grid)
        bands = np.empty((len(QUALITY_BANDS), *grid.shape), np.float32)
        bands[0], bands[1], bands[2] = quality.states(height, gap, points, wet), gap, distance
        bands[3], bands[4] = points, np.maximum(held, points)
        yield Made("quality", grid, np.moveaxis(bands, 0, 2))


def _void(box: Box, cloud: Cloud, gap: float) -> tuple[Grid, npt.NDArray[np.bool_]] | None:
    """Return the 1 m cells that must stay void, of ``box`` and around it, or ``None`` if that is not asked for."""
    if gap <= 0:
        return None
    metre = QUANTA_PER_METRE
    grid = Grid(box.snap(metre).grow(water.margin(gap) * metre), metre)
    return grid, water.voids(cloud.dry(grid), gap)
