"""Sky-view factor and openness: how much of the sky a place sees, how wide the land opens above and below it.

Arguments, results and errors are those of :mod:`pointcloud.relief.derivatives`; radii are metres. A cell looks along
evenly spaced directions, at the cells nearest to the points one, two, three … cells away, up to the radius. Nodata
hides nothing; in a direction without any valid cell the slope of the DEM, smoothed with σ = 3 m, goes on as a plane.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import ParameterError
from pointcloud.kernels.relief import horizon
from pointcloud.params.styles import Sky
from pointcloud.relief.bands import Band, Dem, Floats
from pointcloud.relief.derivatives import over_bands

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rays:
    """The cells that are looked at, on one resolution.

    Parameters
    ----------
    south, east : (directions, n) arrays
        Offsets in cells, nearest first; a direction has the first ``counts`` of them.
    scale : (directions, n) array
        1 / distance in metres.
    counts : (directions,) array
    """

    south: Ints
    east: Ints
    scale: Floats
    counts: Ints

    @classmethod
    def of(cls, params: Sky, resolution: float) -> Rays:
        """Return the rays with these lengths.

        Raises
        ------
        ParameterError
            If the radius is less than a cell.
        """
        reach = cells(params.radius, resolution)
        first = max(1, math.ceil(params.nearest / resolution - 1e-9))
        found = [
            along(360.0 * k / params.directions, min(first, reach), reach) for k in range(params.directions)
        ]
        shape = (params.directions, max(map(len, found)))
        south, east, scale = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape)
        for d, offsets in enumerate(found):
            for k, (v, u) in enumerate(offsets):
                south[d, k], east[d, k], scale[d, k] = v, u, 1.0 / (math.hypot(u, v) * resolution)
        return cls(south, east, scale, np.array([len(offsets) for offsets in found], np.int64))

    @property
    def margin(self) -> int:
        """The largest offset in cells."""
        return int(max(np.abs(self.south).max(), np.abs(self.east).max()))


def along(azimuth: float, first: int, last: int) -> list[tuple[int, int]]:
    """Return the offsets, to the south and the east, of the cells along a direction, each once."""
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


def sky_view_factor(
    dem: Dem,
    resolution: float,
    *,
    radius: float = 10.0,
    directions: int = 16,
    nearest: float = 0.0,
    threads: int = 1,
) -> Floats:
    """Return the sky-view factor (天空率): the share of the sky that is seen, 0 to 1.

    1 - Σ sin γᵢ / n, where γᵢ is the elevation of the horizon in direction i within the radius, not below 0: Zakšek,
    Oštir & Kokalj (2011), "Sky-view factor as a relief visualization technique", Remote Sensing 3, 398-415, eq. 3.
    What is nearer than ``nearest`` metres hides nothing.
    """
    params = Sky(radius, directions, nearest)
    rays = Rays.of(params, resolution)
    return over_bands(
        dem, resolution, lambda band, out: band_sky(band, band.trends(), rays, out), threads=threads
    )


def band_sky(band: Band, trends: Floats, rays: Rays, out: Floats) -> None:
    """Write the sky-view factor of a band."""
    _look(band, trends, rays, horizon.SKY, 1.0, out)
    np.subtract(1.0, out, out=out)


def positive_openness(
    dem: Dem,
    resolution: float,
    *,
    radius: float = 10.0,
    directions: int = 16,
    nearest: float = 0.0,
    threads: int = 1,
) -> Floats:
    """Return the positive openness (地上開度) in degrees: how wide the land opens above a place.

    The mean over all directions of the zenith angle of the horizon, 90° - β, which may lie below the place: Yokoyama,
    Shirasawa & Pike (2002), "Visualizing topography by openness", Photogramm. Eng. Remote Sens. 68(3), 257-265. They
    look in 8 directions.
    """
    return _openness(dem, resolution, Sky(radius, directions, nearest), 1.0, threads)


def negative_openness(
    dem: Dem,
    resolution: float,
    *,
    radius: float = 10.0,
    directions: int = 16,
    nearest: float = 0.0,
    threads: int = 1,
) -> Floats:
    """Return the negative openness (地下開度) in degrees: how wide the land opens below a place.

    As :func:`positive_openness`, of the DEM turned upside down: the mean of the nadir angles, 90° + δ, where δ is the
    lowest elevation angle in each direction (Yokoyama, Shirasawa & Pike 2002).
    """
    return _openness(dem, resolution, Sky(radius, directions, nearest), -1.0, threads)


def _openness(dem: Dem, resolution: float, params: Sky, sign: float, threads: int) -> Floats:
    rays = Rays.of(params, resolution)
    return over_bands(
        dem,
        resolution,
        lambda band, out: band_openness(band, band.trends(), rays, sign, out),
        threads=threads,
    )


def band_openness(band: Band, trends: Floats, rays: Rays, sign: float, out: Floats) -> None:
    """Write the openness of a band, positive for ``sign`` 1 and negative for -1."""
    _look(band, trends, rays, horizon.ANGLE, sign, out)
    np.subtract(90.0, out, out=out)


def _look(band: Band, trends: Floats, rays: Rays, measure: int, sign: float, out: Floats) -> None:
    horizon.look(
        band.wide(rays.margin),
        rays.south,
        rays.east,
        sign * rays.scale,
        rays.counts,
        trends,
        band.space.resolution,
        measure,
        np.empty((1, horizon.STRIP)),
        out,
    )
