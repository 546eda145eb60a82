"""What files hold along lines: heights of rasters, and points of clouds, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pointcloud.geo.lattice import QUANTA_PER_METRE, Box
from pointcloud.io.cloudheader import CloudHeader, PointChunk
from pointcloud.io.clouds.readers import iter_points
from pointcloud.io.dems.dem import Terrain
from pointcloud.params.grid import Sampling
from pointcloud.surface import section
from pointcloud.surface.section import PointsAlong, Stations

BLOCK = 512
"""Side in cells of the blocks that a raster is read in along a line."""

MOST_POINTS = 200_000
"""Points that are kept of a line unless something else is asked for."""

_Floats = NDArray[np.float64]
_Part = tuple[NDArray[np.uint64], _Floats, _Floats, _Floats, NDArray[np.uint8]]


def heights_along(terrain: Terrain, at: Stations, method: Sampling = "bilinear") -> _Floats:
    """Return the heights of rasters at the stations of a line, NaN where they have none.

    Only blocks that the line crosses are read, one at a time; what is returned does not depend on the blocks.

    Parameters
    ----------
    terrain : Terrain
        Entered.
    at : Stations
    method : str
        Of :data:`pointcloud.params.grid.SAMPLINGS`.

    Raises
    ------
    FileError
        If a file cannot be read.
    """
    first = terrain.files[0]
    places = section.places((first.transform.c, first.transform.f), first.cell, at.e, at.n)
    block = np.stack([places.row // BLOCK, places.col // BLOCK])
    turns = np.flatnonzero((np.diff(block, axis=1) != 0).any(axis=0)) + 1
    out = np.empty(at.distance.size)
    for run in np.split(np.arange(out.size), turns):
        part = section.Places(places.row[run], places.col[run], places.south[run], places.east[run])
        top, left = int(part.row.min()), int(part.col.min())
        rows, cols = int(part.row.max()) - top + 2, int(part.col.max()) - left + 2
        window = terrain.read(first, top, left, rows, cols)
        out[run] = section.take(window, part, method=method, top=top, left=left)
    return out


def points_along(
    files: Sequence[tuple[CloudHeader, bool]],
    lines: Sequence[_Floats],
    width: float,
    *,
    excluded: tuple[int, ...] = (7, 18),
    most: int = MOST_POINTS,
) -> list[PointsAlong]:
    """Return the points along each line, in one pass over the files.

    Files are read chunk by chunk, those whose box no line comes near not at all. Of the points along a line at most
    ``most`` are held: beyond that, those whose coordinates have the lowest hashes stay, half of them at each step, so
    that which points stay depends neither on the order of the files nor on that of the points.

    Parameters
    ----------
    files : sequence of (CloudHeader, bool)
        And whether every point of a file is ground, whatever its class.
    lines : sequence of (vertices, 2) arrays
        Metres.
    width : float
        Of the whole band, metres; see :func:`pointcloud.surface.section.beside`.
    excluded : tuple of int
        Classes that are not used; withheld points are not either.
    most : int
        Points to hold of a line.

    Raises
    ------
    FileError
        If a file cannot be read.
    """
    bands = [_Band(line, width, most) for line in lines]
    for header, ground in files:
        near = [band for band in bands if header.count and header.limits.touches(band.box)]
        if not near:
            continue
        for chunk in iter_points(header):
            used = ~chunk.withheld & ~np.isin(chunk.classification, excluded)
            for band in near:
                band.add(chunk, used, ground=ground)
    return [band.points() for band in bands]


class _Band:
    """The points along one line as they are found."""

    def __init__(self, line: _Floats, width: float, most: int) -> None:
        self.line, self.width, self.most = line, width, most
        (west, south), (east, north) = line.min(axis=0), line.max(axis=0)
        reach = round(width / 2 * QUANTA_PER_METRE) + 2
        self.box = Box.from_metres(west, south, east, north).grow(reach)
        self.found = 0
        self._top = (1 << 64) - 1
        self._held: list[_Part] = []

    def add(self, chunk: PointChunk, used: NDArray[np.bool_], *, ground: bool) -> None:
        """Take what lies in the band of a chunk."""
        box = self.box
        inside = (chunk.e >= box.west) & (chunk.e < box.east) & (chunk.n >= box.south) & (chunk.n < box.north)
        near = np.flatnonzero(inside & used)
        if not near.size:
            return
        e, n, z = chunk.e[near], chunk.n[near], chunk.z[near]
        found = section.beside(self.line, e / QUANTA_PER_METRE, n / QUANTA_PER_METRE, self.width)
        self.found += found.index.size
        marks = hashes(e[found.index], n[found.index], z[found.index])
        classes = chunk.classification[near][found.index]
        heights = z[found.index] / QUANTA_PER_METRE
        part = (marks, found.distance, found.offset, heights, np.full_like(classes, 2) if ground else classes)
        self._held.append(self._thinned(part))
        while sum(len(part[0]) for part in self._held) > self.most and self._top:
            self._top >>= 1
            self._held = [self._thinned(part) for part in self._held]

    def _thinned(self, part: _Part) -> _Part:
        stay = part[0] <= np.uint64(self._top)
        return part[0][stay], part[1][stay], part[2][stay], part[3][stay], part[4][stay]

    def points(self) -> PointsAlong:
        """Return what was found, by distance, offset and height."""
        if not self._held:
            empty = np.empty(0)
            return PointsAlong(empty, empty, empty, np.empty(0, np.uint8), 0)
        _, distance, offset, z, classes = (np.concatenate(parts) for parts in zip(*self._held, strict=True))
        return section.by_distance(distance, offset, z, classes, self.found)


def hashes(*values: NDArray[np.signedinteger]) -> NDArray[np.uint64]:
    """Return 64 mixed bits of the coordinates of each point (Steele, Lea & Flood 2014, SplitMix64)."""
    mixed = np.zeros(values[0].size, np.uint64)
    for value in values:
        mixed += value.astype(np.int64).view(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return mixed
