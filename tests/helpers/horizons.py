"""Horizons written plainly, for comparison: one ray at a time, or whole arrays shifted."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Horizons = list[Floats]
"""The tangent of the horizon's elevation, one array a direction."""


def azimuths(directions: int) -> Floats:
    """Directions in radians, clockwise from north."""
    return np.arange(directions) * 2.0 * np.pi / directions


def sky(horizons: Horizons) -> Floats:
    """Zakšek, Oštir & Kokalj (2011), equation 3."""
    return 1.0 - np.mean([np.sin(np.maximum(np.arctan(h), 0.0)) for h in horizons], axis=0)


def openness(horizons: Horizons) -> Floats:
    """Yokoyama, Shirasawa & Pike (2002): the mean zenith angle of the horizon, in degrees."""
    return np.asarray(np.mean([90.0 - np.degrees(np.arctan(h)) for h in horizons], axis=0))


def plane(slope: float, aspect: float, directions: int) -> Horizons:
    """The horizons of a plane that falls by ``slope`` towards ``aspect``, both in degrees."""
    rise = math.tan(math.radians(slope))
    return [np.asarray(-rise * math.cos(a - math.radians(aspect))) for a in azimuths(directions)]


def nearest_cells(dem: Floats, resolution: float, radius: float, directions: int, around: int) -> Horizons:
    """Of the inner cells, over the cells nearest to the points one, two, three … cells away."""
    here, found = shifted(dem, 0, 0, around), []
    for azimuth in azimuths(directions):
        top = np.full(here.shape, -np.inf)
        for step in range(1, int(radius / resolution) + 1):
            rows, cols = -int(np.rint(step * np.cos(azimuth))), int(np.rint(step * np.sin(azimuth)))
            distance = math.hypot(rows, cols) * resolution
            top = np.maximum(top, (shifted(dem, rows, cols, around) - here) / distance)
        found.append(top)
    return found


def bilinear_rays(dem: Floats, radius: float, directions: int, around: int, step: float = 0.02) -> Horizons:
    """Of the inner cells of a DEM of 1 m, over bilinear heights every ``step`` metres.

    A ray begins where it leaves the four squares around its cell, whose heights are those of its nearest cells.
    """
    found = []
    for azimuth in azimuths(directions):
        south, east = -math.cos(azimuth), math.sin(azimuth)
        first = 1.0 / max(abs(south), abs(east))
        ways = np.linspace(first, radius, math.ceil((radius - first) / step) + 1)
        top = np.full(shifted(dem, 0, 0, around).shape, -np.inf)
        for way in ways:
            top = np.maximum(
                top, (bilinear(dem, way * south, way * east, around) - shifted(dem, 0, 0, around)) / way
            )
        found.append(top)
    return found


def bilinear(dem: Floats, south: float, east: float, around: int) -> Floats:
    """The height so far from each of the inner cells, between the four cells around that place."""
    v, u = math.floor(south), math.floor(east)
    p, q = south - v, east - u
    corners = ((0, 0, (1 - p) * (1 - q)), (0, 1, (1 - p) * q), (1, 0, p * (1 - q)), (1, 1, p * q))
    return sum(
        (weight * shifted(dem, v + i, u + j, around) for i, j, weight in corners if weight > 0.0),
        np.zeros(shifted(dem, 0, 0, around).shape),
    )


def shifted(dem: Floats, rows: int, cols: int, around: int) -> Floats:
    """The cells that lie so many rows to the south and columns to the east of the inner ones."""
    return dem[around + rows : dem.shape[0] - around + rows, around + cols : dem.shape[1] - around + cols]


def profile(dem: Floats, row: int, col: int, azimuth: float) -> tuple[Floats, Floats]:
    """Distance in cells and height of every crossing of one ray with a line between two centres, to the DEM's edge.

    A height is NaN where one of the two cells is void.
    """
    south, east = -math.cos(azimuth), math.sin(azimuth)
    ways: list[float] = []
    heights: list[float] = []
    for ahead, aside, lines, start, from_side in (
        (south, east, dem, row, col),
        (east, south, dem.T, col, row),
    ):
        if abs(ahead) < 1e-12:
            continue
        k = 1
        while 0 <= start + (line := k if ahead > 0 else -k) < lines.shape[0]:
            way = k / abs(ahead)
            place = round(from_side + way * aside, 9)
            low, high = math.floor(place), math.ceil(place)
            if not (low >= 0 and high < lines.shape[1]):
                break
            a, b = lines[start + line, low], lines[start + line, high]
            ways.append(way)
            heights.append(a + (b - a) * (place - low))
            k += 1
    order = np.argsort(ways, kind="stable")
    return np.array(ways)[order], np.array(heights)[order]


def one_horizon(dem: Floats, row: int, col: int, azimuth: float, nearest: float, radius: float) -> float:
    """The tangent in metres a cell over one ray's profile, straight between its crossings; -inf where none is known."""
    ways, heights = profile(dem, row, col, azimuth)
    if ways.size == 0:
        return -math.inf
    tangents = (heights - dem[row, col]) / ways
    first, last = max(nearest, ways[0]), max(radius, ways[0])
    ends = [end for end in (first, last) if end <= ways[-1]]
    known = np.interp(ends, ways, heights)
    known_tangents = [(z - dem[row, col]) / end for z, end in zip(known, ends, strict=True)]
    seen = [*tangents[(ways >= first - 1e-9) & (ways <= last + 1e-9)], *known_tangents]
    return max((t for t in seen if not math.isnan(t)), default=-math.inf)


def every_cell(dem: Floats, wanted: Callable[[int, int], float]) -> Floats:
    """The value of every cell."""
    rows, cols = dem.shape
    return np.array([[wanted(i, j) for j in range(cols)] for i in range(rows)])
