"""Sunlight on a height model: how high the shadows reach, and how bright the ground is."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import kernel

NONE = -1.0e30
"""A shadow that reaches no height."""


@kernel
def shadow_tops(
    heights: NDArray[np.float64],
    cell: float,
    east: float,
    north: float,
    fall: float,
    out: NDArray[np.float64],
) -> None:
    """Write the height below which each cell lies in the shadow of others.

    A front of cells moves away from the sun, a row or a column at a time; the shadow over a cell is that over the
    place one step towards the sun (linear between two cells), or that place itself, less what a ray falls over the
    step. One pass over the cells, however long the shadows are.

    Parameters
    ----------
    heights : (rows, cols)
        Metres; NaN casts no shadow.
    cell : float
        Side of a cell in metres.
    east, north : float
        Direction towards the sun along the ground, of length 1.
    fall : float
        Tangent of the sun's altitude.
    out : (rows, cols)
        `NONE` where nothing is cast.
    """
    rows, cols = heights.shape
    over_cols = abs(east) >= abs(north)
    lead = east if over_cols else -north
    side = -north if over_cols else east
    slip = side / abs(lead)
    step = cell * math.sqrt(1.0 + slip * slip) * fall
    towards = 1 if lead > 0.0 else -1
    count, width = (cols, rows) if over_cols else (rows, cols)
    for k in range(count):
        i = count - 1 - k if towards > 0 else k
        before = i + towards
        for j in range(width):
            top = NONE
            if 0 <= before < count:
                place = j + slip
                low = math.floor(place)
                share = place - low
                a = _caster(heights, out, before, low, over_cols, width)
                b = _caster(heights, out, before, low + 1, over_cols, width)
                if share == 0.0:
                    top = a - step
                elif a > NONE / 2 and b > NONE / 2:
                    top = a * (1.0 - share) + b * share - step
            if over_cols:
                out[j, i] = top if top > NONE / 2 else NONE
            else:
                out[i, j] = top if top > NONE / 2 else NONE


@kernel
def _caster(
    heights: NDArray[np.float64],
    tops: NDArray[np.float64],
    i: int,
    j: int,
    over_cols: bool,
    width: int,
) -> float:
    """Return the height from which a cell of the front before casts its shadow on."""
    if j < 0 or j >= width:
        return NONE
    height = float(heights[j, i] if over_cols else heights[i, j])
    top = float(tops[j, i] if over_cols else tops[i, j])
    return height if height > top else top


@kernel
def brightness(
    heights: NDArray[np.float64],
    tops: NDArray[np.float64],
    cell: float,
    east: float,
    north: float,
    up: float,
    ambient: float,
    out: NDArray[np.float32],
) -> None:
    """Write how bright the ground is; level ground in the sun is 1.

    Parameters
    ----------
    heights, tops : (rows, cols)
        Metres; what `shadow_tops` wrote.
    cell : float
        Side of a cell in metres.
    east, north, up : float
        Direction towards the sun, of length 1.
    ambient : float
        Share of the light that comes from all of the sky.
    out : (rows, cols)
        NaN where there is no height. The edge of a shadow is as soft as a cell is wide.
    """
    rows, cols = heights.shape
    for i in range(rows):
        for j in range(cols):
            z = heights[i, j]
            if math.isnan(z):
                out[i, j] = np.nan
                continue
            p = _rise(heights, i, j, 0, 1) / cell
            q = _rise(heights, i, j, 1, 0) / cell
            light = (up - p * east + q * north) / math.sqrt(1.0 + p * p + q * q) / up
            depth = (tops[i, j] - z) / (cell * 0.5)
            lit = 1.0 - min(max(depth, 0.0), 1.0)
            value = ambient + (1.0 - ambient) * max(light, 0.0) * lit
            out[i, j] = min(value, 1.35)


@kernel
def _rise(heights: NDArray[np.float64], i: int, j: int, down: int, right: int) -> float:
    """Return the rise per cell from the neighbour before to the one after; the cell stands for one that lacks."""
    rows, cols = heights.shape
    first = last = heights[i, j]
    steps = 0.0
    if i - down >= 0 and j - right >= 0 and not math.isnan(heights[i - down, j - right]):
        first = heights[i - down, j - right]
        steps += 1.0
    if i + down < rows and j + right < cols and not math.isnan(heights[i + down, j + right]):
        last = heights[i + down, j + right]
        steps += 1.0
    return float(last - first) / steps if steps > 0.0 else 0.0
