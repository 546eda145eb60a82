"""Contours for paper: from a smoothed copy, without specks, with depressions and index lines told apart."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from pointcloud import relief
from pointcloud.errors import ParameterError
from pointcloud.print.paper.libraries import need

INDEX = 5
"""Every so many lines one is an index line (計曲線)."""

SMOOTH = 2.0
SHORTEST = 10.0
"""Metres: the Gaussian's standard deviation, and the length under which closed loops are dropped."""

_INTERVALS = (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_STEEP = math.tan(math.radians(35.0))
_NARROW = 1.0
"""Millimetres between lines on a slope of 35°, a natural one: closer lines run together."""

_MOST_LEVELS = 5000
_MOST_CELLS = 25_000_000
_ROWS = 256
"""Rows that are smoothed at a time."""

_TRUNCATION = 3.0


@dataclass(frozen=True, slots=True)
class Contour:
    """A contour line.

    Parameters
    ----------
    level : float
        Height in metres.
    points : (n, 2) array
        E and N in metres, higher ground on the left.
    index : bool
        Whether it is an index line.
    depression : bool
        Whether it is closed and the ground inside is lower (凹地).
    """

    level: float
    points: NDArray[np.float64]
    index: bool = False
    depression: bool = False

    @property
    def closed(self) -> bool:
        """Whether it ends where it begins."""
        return bool(np.array_equal(self.points[0], self.points[-1]))

    @property
    def length(self) -> float:
        """Its length in metres."""
        return float(np.hypot(*np.diff(self.points, axis=0).T).sum())


def contour_lines(
    heights: NDArray[np.float32] | NDArray[np.float64],
    west: float,
    north: float,
    cell: float,
    interval: float,
    *,
    smooth: float = SMOOTH,
    shortest: float = SHORTEST,
    threads: int = 1,
    tell: Callable[[float], None] = lambda share: None,
) -> list[Contour]:
    """Return the contours of a height model.

    Parameters
    ----------
    heights : (rows, cols) array
        Metres, NaN at nodata, row 0 in the north. Lines end at nodata and at the edge.
    west, north : float
        E of the west edge and N of the north edge, in metres.
    cell : float
        Side of a cell in metres.
    interval : float
        Metres between lines; every fifth is an index line.
    smooth : float
        Standard deviation in metres of the Gaussian that smooths the copy they are drawn from, as the CS relief map
        is smoothed (beside nodata by planes); 0 for none.
    shortest : float
        Closed loops shorter than so many metres are dropped; lines that end at a void or at the edge are not.
    threads : int
    tell : callable
        Hears of the share of the levels that is done.

    Raises
    ------
    ParameterError
        If a length cannot be used, or there would be more than 5000 levels.
    """
    for name, value in (("interval", interval), ("smooth", smooth), ("shortest", shortest)):
        if not (math.isfinite(value) and value >= 0):
            raise ParameterError("map.length", name=name, value=value)
    if interval == 0:
        raise ParameterError("map.no_interval")
    if min(heights.shape) < 2 or not np.isfinite(heights).any():
        return []
    every = _thinning(heights.size, smooth, cell)
    lowest, highest = float(np.nanmin(heights)), float(np.nanmax(heights))
    if effective_smoothing(smooth, cell):
        heights = smoothed(heights, cell, smooth, threads=threads, every=every)
    first, last = math.ceil(lowest / interval), math.floor(highest / interval)
    if last - first >= _MOST_LEVELS:
        raise ParameterError(
            "map.levels", interval=interval, count=last - first + 1, low=lowest, high=highest
        )
    rows, cols = heights.shape
    contourpy = need("contourpy")
    # Counted from the corner: single precision of a far origin would show in the lines.
    drawer = contourpy.contour_generator(
        (np.arange(cols) * every + 0.5) * cell,
        -(np.arange(rows) * every + 0.5) * cell,
        np.ma.array(heights, mask=~np.isfinite(heights), copy=False),
        line_type=contourpy.LineType.Separate,
    )
    corner = np.array([west, north])
    found = []
    for number in range(first, last + 1):
        for points in drawer.lines(number * interval):
            points = points[::-1]  # rows run south, so the drawer's left is our right
            line = Contour(number * interval, points + corner, number % INDEX == 0)
            if line.closed and line.length < shortest:
                continue
            found.append(replace(line, depression=line.closed and _turns_right(points)))
        tell((number - first + 1) / (last - first + 1))
    return found


def smoothed(
    heights: NDArray[np.float32] | NDArray[np.float64],
    cell: float,
    length: float,
    *,
    threads: int = 1,
    every: int = 1,
) -> NDArray[np.float64]:
    """Return heights smoothed with a Gaussian of a standard deviation in metres, cut at three of them.

    Of every so many rows and columns one is returned, the first of all among them.
    """
    params = replace(relief.HYOGO_CS, sigma=length, truncation=_TRUNCATION * length)
    around, step = halo(length, cell), every * max(1, _ROWS // every)
    out = np.empty(heights[::every, ::every].shape)
    for top in range(0, len(heights), step):
        first = max(0, top - around)
        made = relief.layers(heights[first : top + step + around], cell, params, threads=threads).smoothed
        out[top // every : (top + step) // every] = made[top - first :][:step:every, ::every]
    return out


def _thinning(count: int, smooth: float, cell: float) -> int:
    """Return which cells in each direction are contoured: all of them, as long as they are not too many.

    Contouring takes 30 bytes a cell. Of a smoothed copy, cells that lie half of the smoothing's length apart are
    enough: between them it is straight to a few centimetres.
    """
    needed = math.ceil(math.sqrt(count / _MOST_CELLS))
    return max(1, min(needed, math.floor(effective_smoothing(smooth, cell) / 2 / cell)))


def effective_smoothing(length: float, cell: float) -> float:
    """Return a smoothing length, or 0 where the cells are so wide that it changes nothing."""
    return length if _TRUNCATION * length >= cell else 0.0


def halo(length: float, cell: float) -> int:
    """Return how many cells around a map decide its contours."""
    return math.ceil(_TRUNCATION * length / cell) + 2


def bearable(cell: float) -> float:
    """Return the finest interval in metres that a height model of such cells can bear.

    Half a cell, since a line is not placed better than that on a slope of 27° and heights from the air are good to a
    few decimetres: 0.5 m for cells of 0.5 and 1 m, 2.5 m for 5 m, 0.1 m for the cells of 0.1 m of a ground survey.
    """
    return max(cell / 2, min(cell, 0.5))


def usual_interval(scale: float, cell: float) -> float:
    """Return the interval in metres for a map of a scale: no finer than the data bear or the eye can part."""
    least = max(bearable(cell), _NARROW / 1000 * scale * _STEEP)
    return next((interval for interval in _INTERVALS if interval >= least * 0.999), _INTERVALS[-1])


def _turns_right(points: NDArray[np.float64]) -> bool:
    """Whether a closed line runs clockwise: with higher ground on its left, it holds a depression."""
    return not shapely.is_ccw(shapely.linearrings(points))
