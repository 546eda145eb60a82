"""The surface of trees and roofs over the terrain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import ParameterError
from pointcloud.view import terrain
from pointcloud.view.heights import Heights
from pointcloud.view.model import Surface
from pointcloud.view.request import ViewRequest

LEAST = 0.5
"""Metres above the terrain from which on the surface is drawn: less is grass, and noise of both."""

_GREENS = np.array([(0.0, 206, 208, 160), (5.0, 158, 192, 116), (15.0, 92, 148, 82), (30.0, 40, 96, 60)])
"""Metres above the terrain and their colours."""


def canopy(
    source: Heights, above: Heights, layers: list[terrain.Layer], request: ViewRequest, every: int = 1
) -> list[Surface]:
    """Return the surface as it stands over the layers of the land, coloured by its height above them.

    Raises
    ------
    ParameterError
        If its cells are not those of the terrain.
    """
    row, col = _offset(source, above)
    made = []
    for layer in layers:
        frame, step = layer.frame, layer.frame.step
        rows, cols = frame.shape
        surface = np.full(frame.shape, np.nan)
        side = max(terrain.WINDOW // step, 1)
        for top in range(0, rows, side):
            for left in range(0, cols, side):
                high, wide = min(side, rows - top), min(side, cols - left)
                cells = above.read(
                    frame.top + top * step + row, frame.left + left * step + col, high * step, wide * step
                )
                surface[top : top + high, left : left + wide] = cells[::step, ::step]
        over = surface - layer.heights
        surface[~_beside(over >= LEAST)] = np.nan
        picture = np.stack(
            [np.interp(np.nan_to_num(over), _GREENS[:, 0], _GREENS[:, band]) for band in (1, 2, 3)], -1
        ).astype(np.uint8)
        made.append(terrain.Layer(frame, surface, picture, layer.inner))
    if request.light is not None:
        terrain.shine(made, source.cell, request.exaggeration, request.light)
    return terrain.surfaces(
        source, made, request.exaggeration, None, opacity=request.dsm_opacity, every=every
    )


def _beside(high: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return cells that are high or touch one that is: so that trees and roofs have sides."""
    wide = high.copy()
    wide[1:] |= high[:-1]
    wide[:-1] |= high[1:]
    out = wide.copy()
    out[:, 1:] |= wide[:, :-1]
    out[:, :-1] |= wide[:, 1:]
    return out


def _offset(source: Heights, above: Heights) -> tuple[int, int]:
    """Return row and column of the terrain's first cell, counted from that of the surface."""
    if abs(above.cell - source.cell) > 1e-6 * source.cell:
        raise ParameterError(
            "dem.cells", path=above.name, cell=above.cell, other=source.name, wanted=source.cell
        )
    row = (above.north - source.north) / source.cell
    col = (source.west - above.west) / source.cell
    if max(abs(row - round(row)), abs(col - round(col))) > 0.01:
        raise ParameterError("dem.lattice", path=above.name, other=source.name)
    return round(row), round(col)
