"""Sections: heights at places along a line, and the points beside it.

A line is a polyline of two or more vertices. Distances run along all of it from its begin, in metres.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.errors import ParameterError
from pointcloud.kernels.points import chainage as kernels
from pointcloud.params.grid import Sampling

MOST_STATIONS = 2_000_000
"""Stations that a line may have."""

_ON = 1e-6
"""Share of a cell, or of a step, within which two places are one."""

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stations:
    """Places along a line.

    Parameters
    ----------
    distance : (stations,) float64
        Metres along the line, rising from 0.
    e, n : (stations,) float64
        Easting and northing in metres.
    """

    distance: _Floats
    e: _Floats
    n: _Floats


def polyline(vertices: npt.ArrayLike) -> _Floats:
    """Return the vertices of a line, those that repeat the one before them left out.

    Parameters
    ----------
    vertices : array_like (vertices, 2)
        Easting and northing in metres.

    Returns
    -------
    (vertices, 2) float64

    Raises
    ------
    ParameterError
        If there are fewer than two different vertices, or one is not finite.
    """
    line = np.asarray(vertices, np.float64)
    if line.ndim != 2 or line.shape[1] != 2 or not np.isfinite(line).all():
        raise ParameterError("section.vertices")
    moved = np.ones(len(line), np.bool_)
    moved[1:] = (line[1:] != line[:-1]).any(axis=1)
    line = np.ascontiguousarray(line[moved])
    if len(line) < 2:
        raise ParameterError("section.short", count=len(line))
    return line


def starts(line: _Floats) -> _Floats:
    """Return the distance of each vertex along a line, metres; the last is its length."""
    steps = np.diff(line, axis=0)
    return np.concatenate([[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))])


def stations(line: npt.ArrayLike, step: float) -> Stations:
    """Return places along a line: every ``step`` metres from its begin, each vertex, and its end.

    Parameters
    ----------
    line : array_like (vertices, 2)
        Easting and northing in metres.
    step : float
        Metres.

    Raises
    ------
    ParameterError
        If the line is none (see :func:`polyline`), or the step is not positive or too short for its length.
    """
    vertices = polyline(line)
    at = starts(vertices)
    if not (math.isfinite(step) and step > 0 and at[-1] / step < MOST_STATIONS):
        raise ParameterError("section.step", step=step, length=f"{at[-1]:.0f}", least=at[-1] / MOST_STATIONS)
    regular = np.arange(math.floor(at[-1] / step) + 1) * step
    near = np.searchsorted(at, regular).clip(1, len(at) - 1)
    gap = np.minimum(np.abs(regular - at[near - 1]), np.abs(regular - at[near]))
    distance = np.sort(np.concatenate([regular[gap > _ON * step], at]))
    leg = (np.searchsorted(at, distance, side="right") - 1).clip(0, len(at) - 2)
    share = ((distance - at[leg]) / (at[leg + 1] - at[leg]))[:, None]
    places = vertices[leg] * (1.0 - share) + vertices[leg + 1] * share
    return Stations(distance, places[:, 0].copy(), places[:, 1].copy())


@dataclass(frozen=True, slots=True)
class Places:
    """Where stations lie among the cells of a raster.

    Parameters
    ----------
    row, col : (stations,) int64
        Cell whose centre is the last at or before the station, to the south and to the east.
    south, east : (stations,) float64
        How far the station lies beyond that centre, in cells, 0 to below 1.
    """

    row: npt.NDArray[np.int64]
    col: npt.NDArray[np.int64]
    south: _Floats
    east: _Floats


def places(corner: tuple[float, float], cell: float, e: npt.ArrayLike, n: npt.ArrayLike) -> Places:
    """Return where places lie among the cells of a raster with this north-west ``corner`` (E, N).

    A place within a millionth of a cell of a row or column of centres lies on it, so that the rounding of
    coordinates does not draw a neighbour in.
    """
    down, right = (
        np.asarray(length, np.float64) / cell - 0.5
        for length in (corner[1] - np.asarray(n, np.float64), np.asarray(e, np.float64) - corner[0])
    )
    parts = []
    for position in (down, right):
        whole = np.rint(position)
        snapped = np.where(np.abs(position - whole) < _ON, whole, position)
        floor = np.floor(snapped)
        parts += [floor.astype(np.int64), snapped - floor]
    return Places(parts[0], parts[2], parts[1], parts[3])


def take(
    heights: npt.NDArray[Any], at: Places, *, method: Sampling = "bilinear", top: int = 0, left: int = 0
) -> _Floats:
    """Return heights at places.

    ``bilinear`` weighs the heights of the four cell centres around a place; a place on a row or column of centres
    has only those of that row or column. It is NaN if one of them is nodata or lies beyond the raster: nothing is
    drawn into a void or over an edge. ``nearest`` is the height of the cell that holds the place; on the edge
    between two cells, of the southern and the eastern one.

    Parameters
    ----------
    heights : float array (rows, cols)
        NaN for nodata.
    at : Places
    method : str
        Of :data:`pointcloud.params.grid.SAMPLINGS`.
    top, left : int
        Row and column, as ``at`` counts them, of the first cell of ``heights``.

    Returns
    -------
    (stations,) float64
        NaN for nodata.
    """
    row, col = at.row - top, at.col - left
    if method == "nearest":
        return _pick(heights, row + (at.south >= 0.5), col + (at.east >= 0.5))
    out = np.zeros(row.shape)
    for down, weight_s in ((0, 1.0 - at.south), (1, at.south)):
        for right, weight_e in ((0, 1.0 - at.east), (1, at.east)):
            weight = weight_s * weight_e
            counts = weight > 0
            out += np.where(counts, weight * _pick(heights, row + down, col + right), 0.0)
    return out


def _pick(heights: npt.NDArray[Any], row: npt.NDArray[np.int64], col: npt.NDArray[np.int64]) -> _Floats:
    """Return the heights of cells, NaN beyond the array."""
    rows, cols = heights.shape
    inside = (row >= 0) & (row < rows) & (col >= 0) & (col < cols)
    out = np.full(row.shape, np.nan)
    out[inside] = heights[row[inside], col[inside]]
    return out


@dataclass(frozen=True, slots=True)
class Beside:
    """The points beside a line.

    Parameters
    ----------
    index : (found,) int64
        Which of the points given, in their order.
    distance, offset : (found,) float64
        Metres along the line, and beside it: negative to the right.
    """

    index: npt.NDArray[np.int64]
    distance: _Floats
    offset: _Floats


def beside(line: npt.ArrayLike, e: npt.ArrayLike, n: npt.ArrayLike, width: float) -> Beside:
    """Return the points within a band along a line.

    A point is taken where its nearest place on the line (the first of several) is no farther than half the width;
    those whose nearest place is an end of the line and that lie before or beyond it are left out.

    Parameters
    ----------
    line : array_like (vertices, 2)
    e, n : array_like (points,)
        Metres.
    width : float
        Of the whole band, metres.

    Raises
    ------
    ParameterError
        If the line is none (see :func:`polyline`), or the width is not positive.
    """
    vertices = polyline(line)
    if not (math.isfinite(width) and width > 0):
        raise ParameterError("section.width", width=width)
    half = width / 2.0
    east, north = (np.asarray(values, np.float64) for values in (e, n))
    (west, south), (right, top) = vertices.min(axis=0) - half, vertices.max(axis=0) + half
    near = np.flatnonzero((east >= west) & (east <= right) & (north >= south) & (north <= top))
    origin = vertices[0].copy()
    distance, offset = np.empty(near.size), np.empty(near.size)
    kept = np.empty(near.size, np.bool_)
    local = east[near] - origin[0], north[near] - origin[1]
    kernels.beside(*local, vertices - origin, starts(vertices), half, distance, offset, kept)
    return Beside(near[kept], distance[kept], offset[kept])


@dataclass(frozen=True, slots=True)
class PointsAlong:
    """The points within a band along a line, by their distance.

    Parameters
    ----------
    distance, offset : (points,) float64
        Metres along the line, and beside it: negative to the right.
    z : (points,) float64
        Height in metres.
    classification : (points,) uint8
        LAS classes.
    found : int
        How many points lie in the band; more than are here if they were thinned.
    """

    distance: _Floats
    offset: _Floats
    z: _Floats
    classification: npt.NDArray[np.uint8]
    found: int


def points_beside(
    line: npt.ArrayLike,
    e: npt.ArrayLike,
    n: npt.ArrayLike,
    z: npt.ArrayLike,
    classification: npt.ArrayLike,
    width: float,
) -> PointsAlong:
    """Return the points within a band along a line, with heights and classes; see :func:`beside`."""
    found = beside(line, e, n, width)
    up = np.asarray(z, np.float64)[found.index]
    classes = np.asarray(classification, np.uint8)[found.index]
    return by_distance(found.distance, found.offset, up, classes, up.size)


def by_distance(
    distance: _Floats, offset: _Floats, z: _Floats, classes: npt.NDArray[np.uint8], found: int
) -> PointsAlong:
    """Return points sorted by distance, offset, height and class, so that their order tells nothing of files."""
    order = np.lexsort((classes, z, offset, distance))
    return PointsAlong(distance[order], offset[order], z[order], classes[order], found)


@dataclass(frozen=True)
class Section:
    """What lies along a line.

    Parameters
    ----------
    name : str
        Of its begin; its end has a prime besides.
    line : (vertices, 2) float64
        Easting and northing of the vertices in metres.
    at : Stations
    heights : mapping of str to (stations,) float64
        Of each model, ``dem`` and ``dsm``, in metres; NaN for nodata.
    points : PointsAlong, optional
    """

    name: str
    line: _Floats
    at: Stations
    heights: Mapping[str, _Floats]
    points: PointsAlong | None = None

    @property
    def length(self) -> float:
        """Of the line, in metres."""
        return float(self.at.distance[-1])

    @property
    def range(self) -> tuple[float, float] | None:
        """Lowest and highest height of all that is here, in metres; ``None`` if there is none."""
        parts = [*self.heights.values(), *([] if self.points is None else [self.points.z])]
        known = np.concatenate([part[np.isfinite(part)] for part in parts]) if parts else np.empty(0)
        return (float(known.min()), float(known.max())) if known.size else None
