"""What a file of points says of itself, and its points in canonical quanta: the same of every kind of file."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import FileError
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, metres
from pointcloud.io.remark import Remark

if TYPE_CHECKING:
    from pointcloud.geo.crs import SpatialReference
    from pointcloud.geo.transform import PointTransform

Triple = tuple[float, float, float]
Quanta = tuple[int, int, int]
Rectangle = tuple[float, float, float, float]
"""West, south, east, north in a file's own unit."""

FARTHEST = 2**48
"""Metres: within ±2**62 quanta, which the kernels need."""

_AXES = ("X", "Y", "Z")
_CENTIMETRE = QUANTA_PER_METRE // 100
_CENTIMETRE_IN_DEGREES = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudHeader:
    """What a file of points says of itself.

    Parameters
    ----------
    path : Path
    size : int
        Bytes.
    modified_ns : int
        Time of the last change as the file system gives it; reading refuses a file that has changed since.
    count : int
        Points.
    scales : (x, y, z)
        Steps of the coordinates, in metres or whatever the file's unit is.
    mins, maxs : (x, y, z)
        The box that the header claims. See ``has_box``.
    system : str
        System identifier.
    crs : SpatialReference or None
        ``None`` if there is none, or none that can be used; ``warnings`` says which.
    warnings : tuple of Remark
        What looks wrong and does not keep the file from being read.
    transform : PointTransform or None
        How its points are brought into another system while they are read; see :meth:`moved`. ``scales``, ``mins``,
        ``maxs`` and ``crs`` stay those of the file, ``box`` and ``limits`` are those of the points as they are read.
    exclude_overlap : bool
        Whether points marked as overlap are read as withheld.
    """

    path: Path
    size: int
    modified_ns: int
    count: int
    scales: Triple
    mins: Triple
    maxs: Triple
    system: str
    crs: SpatialReference | None
    warnings: tuple[Remark, ...] = ()
    transform: PointTransform | None = None
    exclude_overlap: bool = False

    def moved(self, transform: PointTransform | None) -> Self:
        """Return the header of a file whose points are brought into another system.

        Raises
        ------
        CrsError
            If they cannot lie where the header says, or longitude and latitude look exchanged.
        FileError
            If the header's box is no box.
        """
        header = replace(self, transform=transform)
        if transform is not None and self.count:
            from pointcloud.io import moving  # and Numba, which those who read headers only do not need

            moving.require_near(transform, header.own_limits, self.path)
        return header

    @property
    def moved_from(self) -> str:
        """The system that the points are brought from, ``EPSG:code`` or WKT; empty if they stay where they are."""
        return self.transform.source if self.transform else ""

    @property
    def stamp(self) -> tuple[int, int]:
        """Size and time of the file on the disk, by which a change is noticed."""
        return self.size, self.modified_ns

    @property
    def all_ground(self) -> bool:
        """Whether the file says that all its points are ground, whatever their class."""
        return False

    @property
    def synthetic(self) -> bool:
        """Whether the points are openly made up: the system identifier begins with ``SYNTHETIC``."""
        return self.system.startswith("SYNTHETIC")

    @property
    def has_box(self) -> bool:
        """Whether the header's box is a box at all: numbers, and no minimum above its maximum."""
        return is_box(self.mins, self.maxs)

    @property
    def box(self) -> Box:
        """The header's box as a half-open one in quanta: a point on any of its edges is inside.

        Raises
        ------
        FileError
            If it is no box.
        """
        if self.transform is not None:
            return self._moved_box(self.transform, self._own_box(0.0, 0.0))
        return self._box((0, 0, 0))

    @property
    def limits(self) -> Box:
        """``box`` and the rounding that is allowed to it: every point that is read lies inside.

        Raises
        ------
        FileError
            If the header's box is no box.
        """
        if self.transform is not None:
            return self._moved_box(self.transform, self.own_limits)
        return self._box(self.slack)

    @property
    def slack(self) -> tuple[int, int, int]:
        """How far outside the header's box a point may lie by rounding, in quanta: a scale step and a
        centimetre."""
        x, y, z = (math.ceil(scale * QUANTA_PER_METRE) + _CENTIMETRE for scale in self.scales)
        return x, y, z

    @property
    def own_limits(self) -> Rectangle:
        """Where points that are moved may lie before, in metres or degrees: the header's box, and as much rounding.

        Raises
        ------
        FileError
            If it is no box.
        """
        if self.transform is not None and self.transform.origin is None:
            x, y = (scale + _CENTIMETRE_IN_DEGREES for scale in self.scales[:2])
        else:
            x, y = (metres(slack) for slack in self.slack[:2])
        return self._own_box(x, y)

    def _box(self, slack: tuple[int, int, int]) -> Box:
        self._require_box()
        west, south, _ = (math.floor(value * QUANTA_PER_METRE) for value in self.mins)
        east, north, _ = (math.ceil(value * QUANTA_PER_METRE) for value in self.maxs)
        x, y, _ = slack
        return Box(west - x, south - y - 1, east + x + 1, north + y)

    def _own_box(self, x: float, y: float) -> Rectangle:
        self._require_box()
        return self.mins[0] - x, self.mins[1] - y, self.maxs[0] + x, self.maxs[1] + y

    def _moved_box(self, transform: PointTransform, own: Rectangle) -> Box:
        from pointcloud.io import moving

        found = moving.box(transform, *own)
        assert found is not None  # for moved() has asked
        return found

    def _require_box(self) -> None:
        if not self.has_box:
            raise FileError("file.box_invalid", path=self.path)


def is_box(lows: Triple, highs: Triple) -> bool:
    """Return whether no minimum lies above its maximum, and all are within reach."""
    return all(-FARTHEST <= low <= high <= FARTHEST for low, high in zip(lows, highs, strict=True))


class Marks(NamedTuple):
    """How many points carry a mark of LAS besides withheld.

    Parameters
    ----------
    synthetic : int
        Made by other means than measuring: breaklines, filled water.
    key : int
        Model key points, which are not to be thinned out.
    overlap : int
        In the overlap of flight lines: by the flag, or by class 12 in point formats 0-5.
    """

    synthetic: int = 0
    key: int = 0
    overlap: int = 0

    def __bool__(self) -> bool:
        """Return whether any point is marked."""
        return any(tuple(self))

    def plus(self, other: Marks) -> Marks:
        """Return the counts of both."""
        return Marks(self.synthetic + other.synthetic, self.key + other.key, self.overlap + other.overlap)


NO_MARKS = Marks()


@dataclass(frozen=True, slots=True)
class PointChunk:
    """Points in canonical quanta (0.1 mm), in the order of the file.

    Parameters
    ----------
    e, n : (points,) int64
        Easting (X) and northing (Y).
    z : (points,) int32
        Height.
    classification : (points,) uint8
        For point formats 0–5 the five bits that hold the class.
    withheld : (points,) bool
        Points that the supplier marked as not to be used.
    lows, highs : (e, n, z)
        Extremes of the chunk.
    marks : Marks
        How many are marked otherwise.
    """

    e: NDArray[np.int64]
    n: NDArray[np.int64]
    z: NDArray[np.int32]
    classification: NDArray[np.uint8]
    withheld: NDArray[np.bool_]
    lows: Quanta
    highs: Quanta
    marks: Marks = NO_MARKS

    @property
    def count(self) -> int:
        """Number of points, at least 1."""
        return self.e.size


def box_remarks(header: CloudHeader, lows: Quanta, highs: Quanta) -> tuple[Remark, ...]:
    """Return what is wrong with the header's box, given the extremes of all points.

    A box more than a metre too large on any side is worth a remark: whoever plans by it waits for points that
    do not exist. (A box that is too small makes :func:`iter_points` fail.) Of points that were moved only the heights
    are looked at: a box in another system is always larger than they are.
    """
    if not header.has_box:
        return ()
    excess = 0.0
    worst = _AXES[0]
    sides = list(zip(_AXES, lows, highs, header.mins, header.maxs, strict=True))
    for axis, low, high, box_low, box_high in sides[2:] if header.transform else sides:
        over = max(metres(low) - box_low, box_high - metres(high))
        if over > excess:
            excess, worst = over, axis
    if excess <= 1.0:
        return ()
    return (Remark.of("file.box_large", path=header.path, axis=worst, excess=f"{excess:.2f}"),)


def point_limits(header: CloudHeader) -> tuple[Quanta, Quanta]:
    """Return the lowest and highest quanta that the header's box allows, with its rounding.

    Raises
    ------
    FileError
        If it is no box.
    """
    if not header.has_box:
        raise FileError("file.box_invalid", path=header.path)
    lows = [math.floor(v * QUANTA_PER_METRE) - s for v, s in zip(header.mins, header.slack, strict=True)]
    highs = [math.ceil(v * QUANTA_PER_METRE) + s for v, s in zip(header.maxs, header.slack, strict=True)]
    return (lows[0], lows[1], lows[2]), (highs[0], highs[1], highs[2])


def require_inside(header: CloudHeader, points: PointChunk, floor: Quanta, ceiling: Quanta) -> None:
    """Refuse a chunk that has points outside :func:`point_limits`: how many, and the worst.

    Raises
    ------
    FileError
        If there are any.
    """
    _require_inside(header, (points.e, points.n, points.z), (points.lows, points.highs), (floor, ceiling))


def require_inside_unmoved(
    header: CloudHeader,
    columns: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]],
    extremes: tuple[Triple, Triple],
) -> None:
    """Do the same for points that are still to be moved, ``x`` and ``y`` in degrees or quanta of where they are.

    Raises
    ------
    FileError
        If there are any outside the header's box, with its rounding.
    """
    floor, ceiling = point_limits(header)
    assert header.transform is not None
    if header.transform.origin is not None:
        _require_inside(header, columns, extremes, (floor, ceiling))
        return
    west, south, east, north = header.own_limits
    limits = (west, south, floor[2]), (east, north, ceiling[2])
    _require_inside(header, columns, extremes, limits, units=(1, 1, QUANTA_PER_METRE))


def _require_inside(
    header: CloudHeader,
    columns: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
    extremes: tuple[Triple, Triple],
    limits: tuple[Triple, Triple],
    units: Quanta = (QUANTA_PER_METRE,) * 3,
) -> None:
    (lows, highs), (floor, ceiling) = extremes, limits
    below = [(floor[i] - lows[i]) / units[i] for i in range(3)]
    above = [(highs[i] - ceiling[i]) / units[i] for i in range(3)]
    over = [max(pair) for pair in zip(below, above, strict=True)]
    if max(over) <= 0:
        return
    axis = over.index(max(over))
    value = lows[axis] if below[axis] == over[axis] else highs[axis]
    outside = np.zeros(columns[0].size, np.bool_)
    for values, low, high in zip(columns, floor, ceiling, strict=True):
        outside |= (values < low) | (values > high)
    digits = 3 if units[axis] > 1 else 7
    raise FileError(
        "file.outside_box",
        path=header.path,
        count=int(outside.sum()),
        axis=_AXES[axis],
        value=f"{value / units[axis]:.{digits}f}",
        low=f"{header.mins[axis]:.{digits}f}",
        high=f"{header.maxs[axis]:.{digits}f}",
    )
