"""Where a coordinate reference system is meant to be used, and where coordinates in it lead.

Source of the areas: the EPSG dataset, as PROJ has it: a box of longitudes and latitudes for each system.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pointcloud.geo import projections

Bounds = tuple[float, float, float, float]
"""West, south, east, north, as a file has its first and second coordinate."""

_KM_PER_DEGREE = 111.2
_BACK = 1.0  # metres that a place may miss its coordinates by on the way back: else it was none of theirs
_EDGE = np.array([0.0, 0.5, 1.0])
_ALONG = 9  # places along each side of an area
_TRUE = (
    0.002  # of the scale: plane rectangular zones and UTM are within 0.001 where they are meant to be used
)


_ZONES: dict[int, Bounds] = {
    1: (-121_787.0, -668_787.0, 87_905.0, 192_986.0),
    2: (-114_562.0, -311_999.0, 97_007.0, 109_797.0),
    3: (-121_723.0, -252_087.0, 118_732.0, 42_161.0),
    4: (-142_428.0, -33_314.0, 120_373.0, 160_820.0),
    5: (-108_884.0, -206_786.0, 102_851.0, -32_174.0),
    6: (-102_348.0, -287_821.0, 88_881.0, 36_616.0),
    7: (-83_612.0, -164_885.0, 59_470.0, 175_322.0),
    8: (-102_812.0, -161_061.0, 122_852.0, 286_314.0),
    9: (-125_918.0, -740_986.0, 112_154.0, 219_716.0),
    10: (-112_015.0, -251_124.0, 108_957.0, 175_441.0),
    11: (-73_687.0, -294_753.0, 97_980.0, -64_429.0),
    12: (-106_208.0, -204_608.0, 106_208.0, 171_118.0),
    13: (-130_638.0, -235_300.0, 129_045.0, 44_442.0),
    14: (-78_827.0, -147_083.0, 32_515.0, 199_424.0),
    15: (-86_413.0, 2_526.0, 89_393.0, 100_813.0),
    16: (-118_162.0, -222_915.0, 152_504.0, -117_405.0),
    17: (12_171.0, -177_170.0, 38_037.0, 1_113.0),
    18: (2_088.0, 40_966.0, 16_690.0, 53_134.0),
    19: (-9_131.0, -197_156.0, 5_073.0, -182_762.0),
}
"""What :func:`inside` finds for the plane rectangular zones of JGD2000 and JGD2011/2024, in whole metres: known
beforehand, because PROJ takes a tenth of a second to begin with, and most files lie in one of them."""


_CODES = {f"EPSG:{base + zone}": zone for base in (2442, 6668) for zone in range(1, 20)}


class Area(NamedTuple):
    """Box in degrees; of one across the 180th meridian the east is above 180."""

    west: float
    south: float
    east: float
    north: float

    def away(self, other: Area) -> float:
        """Return how many kilometres lie between two areas; 0 if they touch.

        On a sphere, along meridian and parallel: within 1 % over the distances that matter here.
        """
        up = max(self.south - other.north, other.south - self.north, 0.0)
        turns = (-360.0, 0.0, 360.0)
        over = min(max(self.west - other.east - turn, other.west + turn - self.east, 0.0) for turn in turns)
        middle = (max(self.south, other.south) + min(self.north, other.north)) / 2
        return _KM_PER_DEGREE * math.hypot(up, over * math.cos(math.radians(min(max(middle, -90.0), 90.0))))


@cache
def of_use(system: str) -> Area | None:
    """Return where a system is meant to be used; ``None`` if PROJ does not say, as of a WKT without a code."""
    area = projections.load(system).area_of_use
    if area is None:
        return None
    west, south, east, north = area.bounds
    return Area(west, south, east + 360.0 if east < west else east, north)


def lonlat(
    system: str, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return longitudes and latitudes of coordinates, on the system's own datum; NaN where they lead nowhere.

    Far outside of what a projection can hold PROJ may answer all the same: what does not lead back is no place.
    """
    if projections.load(system).is_geographic:
        there = (np.abs(y) <= 90) & (np.abs(x) <= 360)
        return np.where(there, x, np.nan), np.where(there, y, np.nan)
    inverse, forward = _ways(system)
    lon, lat = inverse(x, y)
    back_x, back_y = forward(lon, lat)
    with np.errstate(invalid="ignore"):
        there = (np.abs(back_x - x) <= _BACK) & (np.abs(back_y - y) <= _BACK)
    return np.where(there, lon, np.nan), np.where(there, lat, np.nan)


def covered(system: str, bounds: Bounds) -> Area | None:
    """Return the area that a box of coordinates covers; ``None`` if it leads to no place on the Earth."""
    west, south, east, north = bounds
    x, y = np.meshgrid(west + (east - west) * _EDGE, south + (north - south) * _EDGE)
    lon, lat = lonlat(system, x.ravel(), y.ravel())
    if np.isnan(lon).all():
        return None
    return Area(float(np.nanmin(lon)), float(np.nanmin(lat)), float(np.nanmax(lon)), float(np.nanmax(lat)))


@cache
def inside(system: str) -> Bounds | None:
    """Return a box of coordinates that all lie in a system's area, where it is true to scale; ``None`` if none is.

    Cheap to compare with: a file in it needs no more than that.
    """
    if system in _CODES:
        return _ZONES.get(_CODES[system])
    return found_inside(system)


def found_inside(system: str) -> Bounds | None:
    """Return the box of :func:`inside` as PROJ has it."""
    area = of_use(system)
    if area is None or projections.load(system).is_geographic:
        return None
    lon, lat = np.linspace(area.west, area.east, _ALONG), np.linspace(area.south, area.north, _ALONG)
    _, forward = _ways(system)
    west, _ = forward(np.full(_ALONG, lon[0]), lat)
    east, _ = forward(np.full(_ALONG, lon[-1]), lat)
    _, south = forward(lon, np.full(_ALONG, lat[0]))
    _, north = forward(lon, np.full(_ALONG, lat[-1]))
    box = float(west.max()), float(south.max()), float(east.min()), float(north.min())
    if not (box[0] < box[2] and box[1] < box[3]):
        return None
    corners = [(a, b) for a in (lon[0], lon[len(lon) // 2], lon[-1]) for b in (lat[0], lat[-1])]
    return box if all(abs(scale(system, a, b) - 1.0) <= _TRUE for a, b in corners) else None


def scale(system: str, lon: float, lat: float) -> float:
    """Return how many metres of the map a metre on the ground has: of all directions, where it is furthest from 1."""
    factors = _proj(system).get_factors(lon, lat)
    most, least = float(factors.tissot_semimajor), float(factors.tissot_semiminor)
    return most if abs(most - 1.0) >= abs(least - 1.0) else least


@cache
def _proj(system: str) -> Any:
    from pyproj import Proj

    return Proj(projections.load(system))


@cache
def _ways(system: str) -> tuple[Callable[..., tuple[Any, ...]], Callable[..., tuple[Any, ...]]]:
    """Return the functions from a plane system's coordinates to longitude and latitude on its datum, and back."""
    from pyproj import Transformer

    crs = projections.load(system)
    assert crs.geodetic_crs is not None
    degrees = crs.geodetic_crs.to_2d()
    there = Transformer.from_crs(crs, degrees, always_xy=True)
    back = Transformer.from_crs(degrees, crs, always_xy=True)
    return there.transform, back.transform
