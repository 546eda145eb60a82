"""Points in another system than the one to make: onto its plane, each by itself, and the boxes that hold them."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import CrsError, FileError
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box
from pointcloud.geo.projections import TransverseMercator
from pointcloud.geo.transform import PointTransform
from pointcloud.kernels.points import transverse_mercator as kernel

Doubles = NDArray[np.float64]
Longs = NDArray[np.int64]

_STEPS = 64  # of an edge of a box
_FARTHEST, _NORTHERNMOST = math.degrees(kernel.FARTHEST), math.degrees(kernel.NORTHERNMOST)


class _Numbers(NamedTuple):
    """What the kernels want: the planes in quanta (that of degrees is not used), and the series of the ellipsoid."""

    source: Doubles | None
    target: Doubles
    series: kernel.Series


def in_quanta(projection: TransverseMercator) -> Doubles:
    """Return the numbers of a plane, in quanta; see :func:`pointcloud.kernels.points.transverse_mercator.plane`."""
    numbers = kernel.plane(*projection)
    numbers[1:] *= QUANTA_PER_METRE
    return numbers


@lru_cache(maxsize=64)
def _numbers(transform: PointTransform) -> _Numbers:
    origin = None if transform.origin is None else in_quanta(transform.origin)
    return _Numbers(origin, in_quanta(transform.plane), kernel.series(transform.plane.inverse_flattening))


def moved(transform: PointTransform, x: Doubles, y: Doubles, path: Path) -> tuple[Longs, Longs]:
    """Return E and N in quanta, rounded half to even.

    Parameters
    ----------
    transform : PointTransform
    x, y : float64 arrays (points,)
        Longitude and latitude in degrees, or E and N in quanta of the plane that the points come from: there need not
        be whole ones.
    path : Path
        Of the file that they are in, for the message of an error.

    Raises
    ------
    FileError
        If a point lies so far from the meridian of the plane that it has no place there.
    """
    e, n, outside = _place(transform, x, y)
    if outside >= 0:
        unit = 1 if transform.origin is None else QUANTA_PER_METRE
        at = {"x": _shown(x[outside] / unit), "y": _shown(y[outside] / unit)}
        raise FileError("transform.point", path=path, **at, crs=transform.label, to=transform.target_label)
    return e, n


def _place(transform: PointTransform, x: Doubles, y: Doubles) -> tuple[Longs, Longs, int]:
    """Return E, N, and the first point that has no place, or -1."""
    e, n = np.empty(x.size, np.int64), np.empty(x.size, np.int64)
    source, target, series = _numbers(transform)
    if source is None:
        outside = kernel.from_degrees(x, y, target, series.conformal, series.forward, e, n)
    else:
        outside = kernel.between_planes(x, y, source, series.inverse, target, series.forward, e, n)
    return e, n, int(outside)


def require_near(transform: PointTransform, own: tuple[float, float, float, float], path: Path) -> None:
    """Make sure that points can lie where a file says: west, south, east, north in its own degrees or metres.

    Raises
    ------
    CrsError
        If longitude and latitude look exchanged, or they lie too far from the meridian of the plane.
    """
    x, y = (own[0] + own[2]) / 2, (own[1] + own[3]) / 2
    values = {"file": path.name, "crs": transform.label, "x": _shown(x), "y": _shown(y)}
    if transform.origin is None:
        meridian = transform.plane.meridian
        if abs(y - meridian) <= _FARTHEST and abs(x) <= _NORTHERNMOST < abs(y):
            raise CrsError("transform.swapped", **values)
    if box(transform, *own) is None:
        raise CrsError("transform.far", **values, to=transform.target_label)


@lru_cache(maxsize=1 << 16)
def box(transform: PointTransform, west: float, south: float, east: float, north: float) -> Box | None:
    """Return a box on the plane that holds all points of a box of degrees or metres, a little too large.

    Both its edges and the points on them are inside. It is ``None`` if a part has no place on the plane.

    Points along the edges are brought onto the plane: what lies outermost lies on an edge, for the map is one to one.
    Between two of them an edge that bends evenly leaves their chord by an eighth of the second difference at most; all
    of the largest is added.
    """
    part = np.linspace(0.0, 1.0, _STEPS + 1)
    along, up = west + (east - west) * part, south + (north - south) * part
    x = np.concatenate((along, along, np.full_like(up, west), np.full_like(up, east)))
    y = np.concatenate((np.full_like(along, south), np.full_like(along, north), up, up))
    unit = 1 if transform.origin is None else QUANTA_PER_METRE
    e, n, outside = _place(transform, x * unit, y * unit)
    if outside >= 0:
        return None
    bend_e, bend_n = (int(np.abs(np.diff(each.reshape(4, -1), 2, axis=1)).max()) + 2 for each in (e, n))
    lows, highs = (int(e.min()), int(n.min())), (int(e.max()), int(n.max()))
    return Box(lows[0] - bend_e, lows[1] - bend_n - 1, highs[0] + bend_e + 1, highs[1] + bend_n)


def _shown(value: float) -> str:
    return f"{value:z.7g}" if abs(value) < 1000 else f"{value:z.3f}"
