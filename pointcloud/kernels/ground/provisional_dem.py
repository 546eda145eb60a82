"""The surface that tells ground from what stands on it: where it lies, how far off ground may be."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.geo.lattice import QUANTA_PER_METRE
from pointcloud.kernels.ground.morphology import NOTHING
from pointcloud.kernels.jit import Int, inner, kernel
from pointcloud.kernels.points.bins import floor_div

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.floating[Any]]

_ROUNDED = 0.01  # cells: widths are rounded to a millimetre
_NEAR = 3  # cells around a place without a surface in which one is looked for: the rim of a survey


@kernel
def steepness(means: Floats, step: Int, run: float, most: float, first: Int, last: Int, out: Floats) -> None:
    """Write the slope of a surface of means by differences over ``step`` cells to either side.

    Where a side has no mean the cell itself stands for it; with nothing on both sides the land counts as level.

    Parameters
    ----------
    means : float32 array (rows, cols)
        Metres, NaN where there is none.
    step : int
    run : float
        Length of ``step`` in metres.
    most : float
        Steeper land counts as this steep.
    first, last : int
    out : float32 array (rows, cols)
        Its rows ``first`` … ``last`` - 1 are written: rise over run.
    """
    rows, cols = means.shape
    for i in range(first, last):
        for j in range(cols):
            total = 0.0
            for axis in range(2):
                rise, length = 0.0, 0.0
                here = means[i, j]
                for side in (-1, 1):
                    r, c = i + side * step * axis, j + side * step * (1 - axis)
                    if (
                        0 <= r < rows
                        and 0 <= c < cols
                        and not math.isnan(means[r, c])
                        and not math.isnan(here)
                    ):
                        rise += side * (float(means[r, c]) - float(here))
                        length += run
                if length > 0.0:
                    total += (rise / length) ** 2
            out[i, j] = min(math.sqrt(total), most)


@kernel
def touched(
    changed: npt.NDArray[np.bool_], widths: Floats, widest: float, out: npt.NDArray[np.bool_]
) -> None:
    """Set the cells whose terrain the points of changed cells may have a part in.

    A centre lies in the disc of its triangle, so nothing further away than that is wide touches it; where there is no
    triangle, one of the widest discs may come to hold it.

    Parameters
    ----------
    changed : bool array (rows, cols)
    widths : float32 array (rows, cols)
        Of the discs of the triangles that cells are interpolated from, in cells, NaN where there are none.
    widest : float
        In cells.
    out : bool array (rows, cols)
        False on entry.
    """
    rows, cols = changed.shape
    reach = int(widest) + 2
    for row in range(rows):
        for col in range(cols):
            if not changed[row, col]:
                continue
            for r in range(max(row - reach, 0), min(row + reach + 1, rows)):
                for c in range(max(col - reach, 0), min(col + reach + 1, cols)):
                    x, y = max(abs(c - col) - 0.5, 0.0), max(abs(r - row) - 0.5, 0.0)
                    wide = _ROUNDED + (widest if math.isnan(widths[r, c]) else float(widths[r, c]))
                    if x * x + y * y <= wide * wide:
                        out[r, c] = True


@kernel
def tolerance(surface: Floats, cell: float, least: float, scale: float, most: float, out: Floats) -> None:
    """Write how far a ground point may lie from the surface: ``least`` + ``scale`` · slope, the slope at most ``most``.

    The slope is that of central differences, or of one side where the other has no surface.

    Parameters
    ----------
    surface : float32 array (rows, cols)
        Metres, NaN where there is none.
    cell : float
        Metres.
    out : float32 array (rows, cols)
        Metres, NaN where there is no surface.
    """
    rows, cols = surface.shape
    for i in range(rows):
        for j in range(cols):
            here = surface[i, j]
            if math.isnan(here):
                out[i, j] = np.nan
                continue
            total = 0.0
            for axis in range(2):
                rise, length = 0.0, 0.0
                for side in (-1, 1):
                    r, c = i + side * axis, j + side * (1 - axis)
                    if 0 <= r < rows and 0 <= c < cols and not math.isnan(surface[r, c]):
                        rise += side * (float(surface[r, c]) - float(here))
                        length += cell
                if length > 0.0:
                    total += (rise / length) ** 2
            out[i, j] = least + scale * min(math.sqrt(total), most)


@inner
def _nearest(surface: Floats, row: Int, col: Int) -> tuple[Int, Int]:
    """Return the nearest cell with a surface within a few cells, or (-1, -1)."""
    rows, cols = surface.shape
    best: Int = (_NEAR + 1) ** 2
    best_row, best_col = -1, -1
    for r in range(max(row - _NEAR, 0), min(row + _NEAR + 1, rows)):
        for c in range(max(col - _NEAR, 0), min(col + _NEAR + 1, cols)):
            apart = (r - row) ** 2 + (c - col) ** 2
            if apart < best and not math.isnan(surface[r, c]):
                best, best_row, best_col = apart, r, c
    return best_row, best_col


@inner
def _tilted(surface: Floats, row: Int, col: Int, right: float, down: float) -> float:
    """Return the height so many cells from the centre of a cell, on the plane through it and the cells beside it."""
    rows, cols = surface.shape
    here = float(surface[row, col])
    height = here
    for axis in range(2):
        rise, count = 0.0, 0
        for side in (-1, 1):
            r, c = row + side * axis, col + side * (1 - axis)
            if 0 <= r < rows and 0 <= c < cols and not math.isnan(surface[r, c]):
                rise += side * (float(surface[r, c]) - here)
                count += 1
        if count > 0:
            height += rise / count * (down if axis else right)
    return height


@inner
def _over(
    right: Int, down: Int, cell: Int, per_cell: float, surface: Floats, tolerances: Floats
) -> tuple[float, float]:
    """Return surface and tolerance (metres) at a place in quanta from the centre of the north-western cell.

    Bilinear between cell centres. Where one of the four is missing, the others go on as planes, the nearer the
    weightier; where all are, the nearest cell within three does; where there is none either, NaN.
    """
    rows, cols = surface.shape
    col, row = floor_div(right, cell, per_cell), floor_div(down, cell, per_cell)
    u, v = float(right - col * cell) * per_cell, float(down - row * cell) * per_cell
    if 0 <= row < rows - 1 and 0 <= col < cols - 1:
        top = (1.0 - u) * float(surface[row, col]) + u * float(surface[row, col + 1])
        bottom = (1.0 - u) * float(surface[row + 1, col]) + u * float(surface[row + 1, col + 1])
        height = (1.0 - v) * top + v * bottom
        if height == height:
            top = (1.0 - u) * float(tolerances[row, col]) + u * float(tolerances[row, col + 1])
            bottom = (1.0 - u) * float(tolerances[row + 1, col]) + u * float(tolerances[row + 1, col + 1])
            return height, (1.0 - v) * top + v * bottom
    weights, height, limit = 0.0, 0.0, 0.0
    for k in range(4):
        r, c = row + k // 2, col + k % 2
        if 0 <= r < rows and 0 <= c < cols and not math.isnan(surface[r, c]):
            weight = (v if k // 2 else 1.0 - v) * (u if k % 2 else 1.0 - u)
            weights += weight
            height += weight * _tilted(surface, r, c, u - k % 2, v - k // 2)
            limit += weight * float(tolerances[r, c])
    if weights > 0.0:
        return height / weights, limit / weights
    r, c = _nearest(surface, row, col)
    if r < 0:
        return np.nan, np.nan
    return _tilted(surface, r, c, col + u - c, row + v - r), float(tolerances[r, c])


@kernel
def above(
    xy: Ints,
    z: Ints,
    west: Int,
    north: Int,
    cell: Int,
    surface: Floats,
    tolerances: Floats,
    heights: Floats,
    ground: npt.NDArray[np.bool_],
) -> None:
    """Write the height of each point above the surface (:func:`_over`), and whether it is close enough to be ground.

    Parameters
    ----------
    xy, z : int32 arrays (n, 2), (n,)
        Quanta.
    west, north : int
        Corner of the cells, in the frame of ``xy``.
    cell : int
        Quanta.
    surface, tolerances : float32 arrays (rows, cols)
        Metres, NaN where there is none.
    heights : float32 array (n,)
        NaN where there is no surface.
    ground : bool array (n,)
    """
    per_cell = 1.0 / cell
    west, north = west + cell // 2, north - cell // 2
    for i in range(xy.shape[0]):
        right, down = np.int64(xy[i, 0]) - west, north - np.int64(xy[i, 1])
        level, limit = _over(right, down, cell, per_cell, surface, tolerances)
        height = float(z[i]) / QUANTA_PER_METRE - level
        heights[i] = height
        ground[i] = abs(height) <= limit


@kernel
def keep_ground(
    xy: Ints, z: Ints, west: Int, north: Int, cell: Int, surface: Floats, tolerances: Floats
) -> Int:
    """Move the points that are ground to the front; return how many. The parameters are those of :func:`above`."""
    per_cell = 1.0 / cell
    west, north = west + cell // 2, north - cell // 2
    count = 0
    for i in range(xy.shape[0]):
        right, down = np.int64(xy[i, 0]) - west, north - np.int64(xy[i, 1])
        level, limit = _over(right, down, cell, per_cell, surface, tolerances)
        if abs(float(z[i]) / QUANTA_PER_METRE - level) <= limit:
            xy[count, 0], xy[count, 1], z[count] = xy[i, 0], xy[i, 1], z[i]
            count += 1
    return count


@kernel
def take_back(
    low: Ints,
    x: Ints,
    y: Ints,
    side: Int,
    west: Int,
    north: Int,
    cell: Int,
    surface: Floats,
    tolerances: Floats,
    first: Int,
    last: Int,
    flags: npt.NDArray[np.bool_],
) -> None:
    """Clear the flag of each cell whose lowest point is close enough to the surface to be ground.

    Parameters
    ----------
    low, x, y : integer arrays (rows, cols)
        From :func:`lowest`.
    side : int
        Of their cells, in quanta.
    west, north : int
        Corner of the cells of the surface, from that of ``low``, in quanta.
    cell, surface, tolerances
        As for :func:`above`.
    first, last : int
        Rows to look at.
    flags : bool array (rows, cols)
    """
    per_cell = 1.0 / cell
    west, north = west + cell // 2, north - cell // 2
    for i in range(first, last):
        for j in range(low.shape[1]):
            if flags[i, j] and low[i, j] != NOTHING:
                right = np.int64(j) * side + x[i, j] - west
                down = north + np.int64(i) * side + y[i, j]
                level, limit = _over(right, down, cell, per_cell, surface, tolerances)
                if abs(float(low[i, j]) / QUANTA_PER_METRE - level) <= limit:
                    flags[i, j] = False
