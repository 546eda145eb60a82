"""Several sources of heights as one: the better as it is, its gaps from the next, shifted towards it at the joint.

Layers come in order of preference. Where the mosaic of the better ones has no height, the next layer's is taken, plus

``sum(w_i * d_i) / (k + sum(w_i))``  with  ``w_i = (1 / r_i - 1 / D)^2``  and  ``k = 0.653 / (D * a)``,

where *d_i* is how much higher the better mosaic is in cell *i* of the joint, *r_i* its distance from centre to centre,
*D* the feather and *a* the side of a cell; cells with *r_i* not below *D* do not count. The joint are the cells where
both have a height and one of the eight around has only the next layer's. Interpolating the differences along the edge
of a void is the delta surface fill of Grohman, Kroenung & Strebeck (2006, Photogrammetric Engineering & Remote Sensing
72(3), 213-216); the weights are those of Franke & Little (Franke 1982, Mathematics of Computation 38, 181-200), which
only cells nearer than *D* have, so a cell depends on nothing beyond *D* and the cell around that, per layer. The
constant *k* stands for the next layer's own word that it is not off: beside a long straight joint the shift is nearly
all of the difference, half of it at *D* / 2, and fades to 0 at *D*; more of it stays in a hole that the better source
surrounds. Taking the distance of the nearest cell instead would crease the terrain where two sides are equally near.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pointcloud.geo.lattice import QUANTA_PER_METRE, Grid
from pointcloud.geo.projections import same_place, transformer
from pointcloud.kernels.raster import feather as kernels

ALGORITHM = 1
"""Raised by one whenever the bytes of a mosaic change for the same input and parameters."""

MOST = 255
"""Sources of a mosaic: their numbers are bytes."""

NARROWEST, WIDEST = 0.0, 500.0
"""Metres: what a feather may be; 0 shifts nothing."""

Heights = NDArray[np.float64]


class Layer(Protocol):
    """One source of heights, or the part of it that is of one lattice.

    Parameters
    ----------
    cell : int
        Side of a cell in quanta.
    origin : (int, int)
        A corner of cells, as of a :class:`pointcloud.geo.lattice.Grid`.
    per_unit : int
        Quanta in a unit of the coordinates.
    crs : str
        Horizontal system.
    """

    @property
    def cell(self) -> int:
        """Side of a cell in quanta."""

    @property
    def origin(self) -> tuple[int, int]:
        """A corner of cells."""

    @property
    def per_unit(self) -> int:
        """Quanta in a unit of the coordinates."""

    @property
    def crs(self) -> str:
        """Horizontal system: ``EPSG:code`` or WKT; empty if it is that of the mosaic."""

    def read(self, row: int, col: int, rows: int, cols: int) -> Heights | None:
        """Return heights (rows, cols), NaN for none, or ``None`` if there are none.

        Rows and columns count southwards and eastwards from the origin.
        """


def first_cell(grid: Grid) -> tuple[int, int]:
    """Return row and column of a grid's first cell, counted southwards and eastwards from the origin of its lattice."""
    return (grid.origin[1] - grid.box.north) // grid.cell, (grid.box.west - grid.origin[0]) // grid.cell


def pasted(
    parts: Iterable[tuple[int, int, NDArray[Any]]], row: int, col: int, rows: int, cols: int
) -> Heights | None:
    """Return a window of a lattice with parts pasted into it, or ``None`` if none has a height there.

    Parameters
    ----------
    parts : iterable of (row, column, heights)
        First cell of each, counted as that of the window; the first that has a height in a cell counts.
    row, col, rows, cols : int
        The window.
    """
    out: Heights | None = None
    for top, left, heights in parts:
        first, last = max(row, top), min(row + rows, top + len(heights))
        start, stop = max(col, left), min(col + cols, left + heights.shape[1])
        if first >= last or start >= stop:
            continue
        if out is None:
            out = np.full((rows, cols), np.nan)
        here = out[first - row : last - row, start - col : stop - col]
        np.copyto(here, heights[first - top : last - top, start - left : stop - left], where=np.isnan(here))
    return None if out is None or np.isnan(out).all() else out


def reach(feather: float, resolution: float) -> int:
    """Return how many cells around one can decide it, for each layer after the first."""
    return math.ceil(feather / resolution) + 1


def compose(
    layers: Sequence[Layer], grid: Grid, crs: str, feather: float
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the mosaic of layers on a grid, and which layer each cell is from.

    Parameters
    ----------
    layers : sequence of Layer
        The best first; at most 255. One whose cells are the grid's is copied, any other interpolated bilinearly at the
        centres of the grid's cells.
    grid : Grid
        In metres. The cells of a part equal those of the whole, to the bit.
    crs : str
        Of the grid: ``EPSG:code`` or WKT.
    feather : float
        Metres over which a layer is shifted towards the better ones.

    Returns
    -------
    heights : float32 array (rows, cols)
        Metres, NaN where no layer has any; to the millimetre where they are interpolated or shifted.
    source : uint8 array (rows, cols)
        Number of the layer, from 1 on; 0 for none.
    """
    halo = (len(layers) - 1) * reach(feather, grid.resolution)
    whole = Grid(grid.box.grow(halo * grid.cell), grid.cell, grid.origin)
    heights = np.full(whole.shape, np.nan)
    source = np.zeros(whole.shape, np.uint8)
    for number, layer in enumerate(layers, start=1):
        void = np.isnan(heights)
        if not void.any():
            break
        lesser = resampled(layer, whole, crs, void if number == 1 else _beside(void))
        if lesser is None:
            continue
        if number > 1 and feather > 0.0:
            _feather(heights, lesser, feather / grid.resolution)
        new = void & ~np.isnan(lesser)
        heights[new] = lesser[new]
        source[new] = number
    inner = whole.slices(grid.box)
    return heights[inner].astype(np.float32), source[inner]


def _beside(void: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return cells that are void, or beside one that is."""
    out = void.copy()
    for axis in (0, 1):
        grown = out.copy()
        ahead, behind = [slice(None)] * 2, [slice(None)] * 2
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        grown[tuple(ahead)] |= out[tuple(behind)]
        grown[tuple(behind)] |= out[tuple(ahead)]
        out = grown
    return out


def resampled(layer: Layer, grid: Grid, crs: str, wanted: NDArray[np.bool_]) -> Heights | None:
    """Return a layer's heights in the wanted cells of a grid, or ``None`` if it has none there."""
    same = not layer.crs or same_place(layer.crs, crs)
    if same and (layer.cell, layer.per_unit) == (grid.cell, QUANTA_PER_METRE):
        east, north = grid.box.west - layer.origin[0], layer.origin[1] - grid.box.north
        if east % grid.cell == 0 and north % grid.cell == 0:
            found = layer.read(north // grid.cell, east // grid.cell, *grid.shape)
            if found is not None:
                found[~wanted] = np.nan
            return found
    down, across = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
    if not len(down):
        return None
    part = (slice(down[0], down[-1] + 1), slice(across[0], across[-1] + 1))
    x, y = _places(layer, grid, part, None if same else transformer(crs, layer.crs))
    top, left = math.floor(y.min()), math.floor(x.min())
    window = layer.read(top, left, math.floor(y.max()) - top + 2, math.floor(x.max()) - left + 2)
    if window is None:
        return None
    out = np.full(grid.shape, np.nan)
    values = np.empty(x.shape)
    kernels.bilinear(window, x - left, y - top, np.ascontiguousarray(wanted[part]), values)
    out[part] = np.round(values, 3)
    return out


def _places(
    layer: Layer, grid: Grid, part: tuple[slice, slice], move: Callable[..., tuple[Any, ...]] | None
) -> tuple[Heights, Heights]:
    """Return where the centres of a part of a grid lie in a layer's cells: whole numbers are centres.

    They are reckoned from whole quanta, so that no window's own corner comes into it.
    """
    half = grid.cell // 2
    e = grid.box.west + np.arange(part[1].start, part[1].stop) * grid.cell + half
    n = grid.box.north - np.arange(part[0].start, part[0].stop) * grid.cell - half
    east, north = layer.origin
    if move is None:
        x, y = (e - east) / layer.cell - 0.5, (north - n) / layer.cell - 0.5
        shape = (len(n), len(e))
        return np.broadcast_to(x, shape).copy(), np.broadcast_to(y[:, np.newaxis], shape).copy()
    x, y = move(*np.meshgrid(e / QUANTA_PER_METRE, n / QUANTA_PER_METRE))
    cell = layer.cell / layer.per_unit
    return (x - east / layer.per_unit) / cell - 0.5, (north / layer.per_unit - y) / cell - 0.5


def _feather(better: Heights, lesser: Heights, radius: float) -> None:
    """Shift the lesser source towards the better one, in place; ``radius`` is in cells."""
    starts = np.empty(len(better) + 1, np.int64)
    cols, offsets = np.empty(0, np.int64), np.empty(0)
    count = kernels.joint(better, lesser, starts, cols, offsets)
    if not count:
        return
    cols, offsets = np.empty(count, np.int64), np.empty(count)
    kernels.joint(better, lesser, starts, cols, offsets)
    by = np.empty(better.shape)
    kernels.shift(better, lesser, starts, cols, offsets, radius, by)
    moved = by != 0.0
    lesser[moved] = np.round(lesser[moved] + by[moved], 3)
