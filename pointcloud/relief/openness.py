"""Sky-view factor and openness: how much of the sky a place sees, how wide the land opens above and below it.

Arguments, results and errors are those of :mod:`pointcloud.relief.derivatives`; radii are metres. A cell looks along
evenly spaced directions, the first to the north, up to the radius. The ground under a ray is known where the ray
crosses a line between two neighbouring cell centres, linear between the two, and straight from one crossing to the
next: the horizon of a plane is exact. A crossing beside nodata hides nothing. In a direction in which no height is
known the slope of the DEM, smoothed with σ = 3 m, goes on as a plane.

With ``sampling="nearest"`` the cells nearest to the points one, two, three … cells away are looked at instead, as in
the Relief Visualization Toolbox (which takes thirds of a cell). The highest of them lies up to 25° beside the
direction, so slopes look darker than they are: on a plane of 30°, 16 directions give a positive openness of 87.8°, not
90°.
"""

from __future__ import annotations

import numpy as np

from pointcloud.kernels.relief import horizon
from pointcloud.params.styles import Horizon, Sky
from pointcloud.relief.bands import Band, Dem, Floats
from pointcloud.relief.derivatives import over_bands
from pointcloud.relief.rays import Rays


def sky_view_factor(
    dem: Dem,
    resolution: float,
    *,
    radius: float = 10.0,
    directions: int = 16,
    nearest: float = 0.0,
    sampling: Horizon = "linear",
    threads: int = 1,
) -> Floats:
    """Return the sky-view factor (天空率): the share of the sky that is seen, 0 to 1.

    1 - Σ sin γᵢ / n, where γᵢ is the elevation of the horizon in direction i within the radius, not below 0: Zakšek,
    Oštir & Kokalj (2011), "Sky-view factor as a relief visualization technique", Remote Sensing 3, 398-415, eq. 3. It
    is the share of the solid angle, not weighted with a cosine as for light on a surface. What is nearer than
    ``nearest`` metres hides nothing.
    """
    params = Sky(radius, directions, nearest, sampling)
    rays = Rays.of(params, resolution)
    return over_bands(
        dem,
        resolution,
        lambda band, out: band_sky(band, band.trends_near_nodata(rays.near), rays, out),
        threads=threads,
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
    sampling: Horizon = "linear",
    threads: int = 1,
) -> Floats:
    """Return the positive openness (地上開度) in degrees: how wide the land opens above a place.

    The mean over all directions of the zenith angle of the horizon, 90° - β, which may lie below the place: Yokoyama,
    Shirasawa & Pike (2002), "Visualizing topography by openness", Photogramm. Eng. Remote Sens. 68(3), 257-265. They
    look in 8 directions.
    """
    return _openness(dem, resolution, Sky(radius, directions, nearest, sampling), 1.0, threads)


def negative_openness(
    dem: Dem,
    resolution: float,
    *,
    radius: float = 10.0,
    directions: int = 16,
    nearest: float = 0.0,
    sampling: Horizon = "linear",
    threads: int = 1,
) -> Floats:
    """Return the negative openness (地下開度) in degrees: how wide the land opens below a place.

    As :func:`positive_openness`, of the DEM turned upside down: the mean of the nadir angles, 90° + δ, where δ is the
    lowest elevation angle in each direction (Yokoyama, Shirasawa & Pike 2002).
    """
    return _openness(dem, resolution, Sky(radius, directions, nearest, sampling), -1.0, threads)


def _openness(dem: Dem, resolution: float, params: Sky, sign: float, threads: int) -> Floats:
    rays = Rays.of(params, resolution)
    return over_bands(
        dem,
        resolution,
        lambda band, out: band_openness(band, band.trends_near_nodata(rays.near), rays, sign, out),
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
