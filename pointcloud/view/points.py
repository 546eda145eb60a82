"""Points of any number of files, thinned to a budget while they are read, in bounded memory."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import CrsError, DataWarning, ParameterError
from pointcloud.geo import crs
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box
from pointcloud.io.cloudheader import CloudHeader, PointChunk
from pointcloud.io.clouds import doubts
from pointcloud.io.clouds import readers as clouds
from pointcloud.io.clouds.files import find_files
from pointcloud.io.las.header import LasHeader
from pointcloud.io.las.reader import iter_records
from pointcloud.io.transects import hashes

Colouring: TypeAlias = Literal["class", "height", "rgb"]
COLOURINGS: tuple[Colouring, ...] = ("class", "height", "rgb")

BUDGET = 3_000_000
"""Points that are drawn at most: at 1920 x 1080 more than one in a pixel."""

CLASS_COLOURS: dict[int, tuple[int, int, int]] = {
    0: (200, 196, 188),
    1: (200, 196, 188),
    2: (176, 132, 84),
    3: (176, 206, 120),
    4: (112, 176, 84),
    5: (44, 124, 62),
    6: (206, 78, 58),
    7: (236, 60, 200),
    8: (176, 132, 84),
    9: (74, 140, 214),
    10: (120, 110, 128),
    11: (128, 128, 132),
    17: (236, 178, 64),
    18: (236, 60, 200),
}
"""Colours of LAS classes; all others are `OTHER_CLASS`."""
OTHER_CLASS = (150, 120, 190)

HEIGHTS = ((44, 62, 130), (40, 132, 150), (94, 176, 108), (224, 206, 98), (222, 128, 60), (166, 42, 46))
"""Colours of heights, from the lowest to the highest in the view: blue, green, yellow, red."""

_RGB_AT = {2: 20, 3: 28, 5: 28, 7: 30, 8: 30, 10: 30}
_NOISE = (7, 18)


@dataclass(frozen=True)
class Sampled:
    """Points that are drawn.

    Parameters
    ----------
    points : (n, 3) float64
        E, N and height in metres.
    classes : (n,) uint8
    rgb : (n, 3) uint8 or None
        Colours, if they were asked for.
    read : int
        Points of all files.
    inside : int
        Those that lie in the box.
    synthetic : bool
        Whether a file calls itself made-up.
    """

    points: NDArray[np.float64]
    classes: NDArray[np.uint8]
    rgb: NDArray[np.uint8] | None
    read: int
    inside: int
    synthetic: bool = False


def sample(
    inputs: Sequence[str | Path],
    box: Box,
    budget: int,
    *,
    coloured: bool = False,
    reference: str | None = None,
    columns: str = "",
) -> Sampled:
    """Return the points of LAS, LAZ or COPC files in a box, at most so many.

    Each point has a number by its coordinates alone, as good as random; those with the lowest are kept. So the result
    is a fair sample, the same whatever the order of the files, and memory holds two budgets at most. Noise and
    withheld points are left out.

    Parameters
    ----------
    inputs : sequence of str or Path
        Files, folders or patterns.
    box : Box
        In quanta.
    budget : int
    coloured : bool
        Whether to read colours.
    reference : str, optional
        CRS of the terrain (``EPSG:code`` or WKT).
    columns : str
        What the columns of texts are; empty to tell it by their values.

    Raises
    ------
    FileError
        If a file is damaged.
    CrsError
        If a file is in another CRS than the terrain.
    ParameterError
        If there is no file, a file has no colours, or no point lies in the box.
    """
    kept = _Lowest(budget, coloured)
    read = inside = 0
    synthetic = False
    for path in find_files(inputs):
        header = clouds.read_header(path, columns=columns)
        _check(header, reference)
        read += header.count
        if header.has_box and not header.limits.touches(box):
            continue
        synthetic = synthetic or header.synthetic
        for chunk, own in _chunks(header, coloured):
            inside += kept.add(chunk, own, box)
    if not inside:
        raise ParameterError("view.no_points", read=read)
    points, classes, rgb = kept.finish()
    return Sampled(points, classes, rgb, read, inside, synthetic)


class _Lowest:
    """Keeps the points with the lowest numbers, at most ``budget``; up to twice as many while it works."""

    def __init__(self, budget: int, coloured: bool) -> None:
        self.budget = budget
        self.most = np.uint64(2**64 - 1)
        self.held = 0
        self.parts: list[list[NDArray[Any]]] = []
        self.coloured = coloured

    def add(self, chunk: PointChunk, rgb: NDArray[np.uint16] | None, box: Box) -> int:
        """Take a chunk, and return how many of its points lie in the box."""
        wanted = (chunk.e >= box.west) & (chunk.e < box.east) & (chunk.n > box.south) & (chunk.n <= box.north)
        wanted &= ~chunk.withheld & ~np.isin(chunk.classification, _NOISE)
        count = int(wanted.sum())
        numbers = hashes(chunk.e, chunk.n, chunk.z)
        wanted &= numbers <= self.most
        part: list[NDArray[Any]] = [
            values[wanted] for values in (numbers, chunk.e, chunk.n, chunk.z, chunk.classification)
        ]
        if rgb is not None:
            part.append(rgb[wanted])
        self.parts.append(part)
        self.held += len(part[0])
        if self.held > 2 * self.budget:
            self._thin()
        return count

    def _thin(self) -> None:
        whole = [np.concatenate(values) for values in zip(*self.parts, strict=True)]
        if len(whole[0]) > self.budget:
            order = np.argpartition(whole[0], self.budget - 1)[: self.budget]
            whole = [values[order] for values in whole]
            self.most = whole[0].max()
        self.parts, self.held = [whole], len(whole[0])

    def finish(self) -> tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.uint8] | None]:
        """Return points in metres, classes and colours, in the order of their numbers."""
        self._thin()
        numbers, e, n, z, classes, *rgb = self.parts[0]
        order = np.argsort(numbers)
        points = np.column_stack([e[order], n[order], z[order]]) / QUANTA_PER_METRE
        return points, classes[order], _bytes(rgb[0][order]) if rgb else None


def _chunks(header: CloudHeader, coloured: bool) -> Iterator[tuple[PointChunk, NDArray[np.uint16] | None]]:
    """Yield the points of a file, with their colours as it has them if these are wanted."""
    if not coloured:
        for chunk in clouds.iter_points(header):
            yield chunk, None
        return
    if not isinstance(header, LasHeader) or header.point_format not in _RGB_AT:
        raise ParameterError("view.no_rgb", path=header.path)
    at = _RGB_AT[header.point_format]
    for records, chunk in iter_records(header):
        yield chunk, np.ascontiguousarray(records[:, at : at + 6]).view("<u2")


def _bytes(rgb: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return colours of 8 bits: some files hold them as such in their 16."""
    return (rgb >> 8 if rgb.size and rgb.max() > 255 else rgb).astype(np.uint8)


def _check(header: CloudHeader, reference: str | None) -> None:
    terrain = None
    if reference is not None:
        terrain = crs.from_wkt(reference, file="DEM") if "[" in reference else crs.from_user(reference)
    system = header.crs or terrain
    if system is None:
        return
    crs.require_metres(system, str(header.path))
    for remark in doubts.require_sound(header, system):
        warnings.warn(str(remark), DataWarning, stacklevel=2)
    if terrain is not None and not crs.same_place(system, terrain):
        raise CrsError("view.points_crs", path=header.path, crs=system.label, terrain=terrain.label)


def colours(sampled: Sampled, colouring: Colouring) -> NDArray[np.uint8]:
    """Return the colour of each point, (n, 3) uint8; by height from the lowest to the highest, see `height_range`."""
    if colouring == "rgb" and sampled.rgb is not None:
        return sampled.rgb
    if colouring == "height":
        low, high = height_range(sampled)
        share = (sampled.points[:, 2] - low) / max(high - low, 1e-6)
        places = np.linspace(0.0, 1.0, len(HEIGHTS))
        bands = [np.interp(share, places, [colour[band] for colour in HEIGHTS]) for band in range(3)]
        return np.rint(np.column_stack(bands)).astype(np.uint8)
    table = np.full((256, 3), OTHER_CLASS, np.uint8)
    for number, colour in CLASS_COLOURS.items():
        table[number] = colour
    return table[sampled.classes]


def height_range(sampled: Sampled) -> tuple[float, float]:
    """Return the heights in metres that the first and the last of `HEIGHTS` stand for: all but 1 % of the points."""
    low, high = np.percentile(sampled.points[:, 2], (0.5, 99.5))
    return float(low), float(high)


def classes_in(sampled: Sampled) -> Iterator[int]:
    """Yield the classes that are drawn, rising."""
    yield from np.flatnonzero(np.bincount(sampled.classes, minlength=256)).tolist()
