"""Where a cell looks: the points that decide its horizon, along evenly spaced directions.

A ray runs over the ground from the cell's centre. The ground under it is known where it crosses a line between two
neighbouring centres, of a row or of a column: the height there is linear between the two. From one crossing to the next
the ground goes straight, so the highest angle is at a crossing, or where the look begins or ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import ParameterError
from pointcloud.params.styles import Sky
from pointcloud.relief.bands import Floats

Ints: TypeAlias = NDArray[np.int64]
Offset: TypeAlias = tuple[int, int]
"""Cells to the south and to the east."""
Point: TypeAlias = tuple[float, dict[Offset, float]]
"""A distance in cells, and the cells whose weighted mean is the height there; the weights sum to 1."""

_NEAR = 1e-9
"""Cells: what lies so near to a centre, or to an end of the look, is there."""

_MOST = 4
"""Cells that the height of a point comes from: one at a centre, two at a crossing, up to four at an end."""


@dataclass(frozen=True, slots=True)
class Rays:
    """The points that are looked at, on one resolution.

    Parameters
    ----------
    south, east : (directions, n, 4) arrays
        Offsets in cells of the cells that the height of a point comes from; 0, as of the cell itself, beyond the last.
    scale : (directions, n, 4) array
        Their weights over the point's distance in metres; 0 beyond the last.
    counts : (directions, 3) array
        How many points of a direction have one cell; one or two; any number. They stand in this order.
    near : int
        No cell of the nearest point of a direction has a larger offset.
    """

    south: Ints
    east: Ints
    scale: Floats
    counts: Ints
    near: int

    @classmethod
    def of(cls, params: Sky, resolution: float) -> Rays:
        """Return the rays with these lengths.

        Raises
        ------
        ParameterError
            If the radius is less than a cell.
        """
        reach = cells(params.radius, resolution)
        azimuths = [360.0 * k / params.directions for k in range(params.directions)]
        if params.sampling == "nearest":
            first = min(max(1, math.ceil(params.nearest / resolution - _NEAR)), reach)
            found = [
                [(math.hypot(*cell), {cell: 1.0}) for cell in along(azimuth, first, reach)]
                for azimuth in azimuths
            ]
        else:
            ends = params.nearest / resolution, params.radius / resolution
            found = [profile(azimuth, *ends) for azimuth in azimuths]
        return cls._of_points(found, resolution)

    @classmethod
    def _of_points(cls, found: list[list[Point]], resolution: float) -> Rays:
        shape = (len(found), max(map(len, found)), _MOST)
        south, east, scale = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape)
        counts = np.zeros((len(found), 3), np.int64)
        for d, points in enumerate(found):
            counts[d] = [sum(len(shares) <= most for _, shares in points) for most in (1, 2, _MOST)]
            for k, (way, shares) in enumerate(sorted(points, key=lambda point: (len(point[1]), point[0]))):
                some = slice(len(shares))
                south[d, k, some], east[d, k, some] = zip(*shares, strict=True)
                scale[d, k, some] = [share / (way * resolution) for share in shares.values()]
        nearest = [min(points, key=lambda point: point[0])[1] for points in found]
        near = max(abs(offset) for shares in nearest for cell in shares for offset in cell)
        return cls(south, east, scale, counts, near)

    @property
    def margin(self) -> int:
        """The largest offset in cells."""
        return int(max(np.abs(self.south).max(), np.abs(self.east).max()))


def profile(azimuth: float, nearest: float, radius: float) -> list[Point]:
    """Return the points that decide the horizon of the ground along a ray.

    Parameters
    ----------
    azimuth : float
        Degrees clockwise from north.
    nearest, radius : float
        Where the look begins and ends, in cells. Up to the first crossing the ground is one straight line: an end
        within it stands for the crossing, which is seen at the same angle.
    """
    knots = crossings(azimuth, radius)
    first, last = (max(end, knots[0][0]) for end in (nearest, radius))
    inner = [knot for knot in knots if first - _NEAR <= knot[0] <= last + _NEAR]
    ends = [
        _between(knots, end)
        for end in dict.fromkeys((first, last))
        if all(abs(way - end) > _NEAR for way, _ in knots)
    ]
    return inner + ends


def crossings(azimuth: float, radius: float) -> list[Point]:
    """Return where a ray crosses the lines between centres, nearest first, to the first that is ``radius`` away."""
    south, east = -math.cos(math.radians(azimuth)), math.sin(math.radians(azimuth))
    found: dict[tuple[Offset, ...], Point] = {}
    for ahead, aside, turned in ((south, east, False), (east, south, True)):
        line, way = 0, 0.0
        while abs(ahead) > _NEAR and way < radius - _NEAR:
            line += 1
            way = line / abs(ahead)
            shares = _shares(line if ahead > 0.0 else -line, way * aside, turned)
            found.setdefault(tuple(shares), (way, shares))
    return sorted(found.values(), key=lambda point: point[0])


def _shares(line: int, place: float, turned: bool) -> dict[Offset, float]:
    """Return the weights of the two cells beside a place on a line of centres; of one where it is a centre."""
    low = math.floor(place + _NEAR)
    part = place - low
    shares = {(line, low): 1.0} if part < _NEAR else {(line, low): 1.0 - part, (line, low + 1): part}
    return {(v, u): share for (u, v), share in shares.items()} if turned else shares


def _between(knots: list[Point], way: float) -> Point:
    """Return the point at a distance between two crossings."""
    k = next(k for k, knot in enumerate(knots) if knot[0] > way)
    (before, near), (behind, far) = knots[k - 1], knots[k]
    part = (way - before) / (behind - before)
    shares = {cell: share * (1.0 - part) for cell, share in near.items()}
    for cell, share in far.items():
        shares[cell] = shares.get(cell, 0.0) + share * part
    return way, shares


def along(azimuth: float, first: int, last: int) -> list[Offset]:
    """Return the cells nearest to the points so many whole cells away along a direction, each once."""
    north, east = math.cos(math.radians(azimuth)), math.sin(math.radians(azimuth))
    return list(dict.fromkeys((round(-k * north), round(k * east)) for k in range(first, last + 1)))


def cells(radius: float, resolution: float) -> int:
    """Return how many whole cells lie within a radius.

    Raises
    ------
    ParameterError
        If there is none.
    """
    count = math.floor(radius / resolution + 1e-9)
    if count < 1:
        raise ParameterError("relief.radius", radius=radius, resolution=resolution, wanted=10 * resolution)
    return count
