"""Slope, aspect, light and curvature of a DEM, as numbers.

In all of them ``dem`` is a (rows, cols) array of float32 or float64 heights in metres, NaN (or infinity) at nodata,
row 0 in the north; its edge counts as nodata. ``resolution`` is the side of a cell in metres. Bands of rows are
shared out to ``threads`` threads, and the result does not depend on it. Results are float64 arrays
``(rows, cols)``, NaN exactly where the DEM is nodata. All raise ParameterError if an array has another shape or type,
the resolution is not positive, ``threads`` is below 1, or a value is out of its range.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pointcloud.kernels.relief import hillshade as kernels
from pointcloud.params.styles import Light, Lights, Smoothing
from pointcloud.relief.bands import Band, Dem, Floats, Gaussian, check_dem, check_resolution, each_band

MENDING = Smoothing()
"""Window of the planes that stand for what nodata hides, in all styles that smooth nothing themselves."""

_LIGHTS = (225.0, 270.0, 315.0, 360.0)


def over_bands(
    dem: Dem,
    resolution: float,
    write: Callable[[Band, Floats], None],
    *,
    smoothing: Smoothing = MENDING,
    threads: int = 1,
) -> Floats:
    """Return the array that ``write`` fills, band after band."""
    check_dem(dem)
    check_resolution(resolution)
    out = np.empty(dem.shape)
    gaussian = Gaussian.of(smoothing.sigma, smoothing.truncation, resolution)
    each_band(dem, resolution, gaussian, threads, lambda band: write(band, out[band.rows]))
    return out


def slope(dem: Dem, resolution: float, *, threads: int = 1) -> Floats:
    """Return the slope (傾斜量) in degrees, 0 to 90.

    arctan √(z_E² + z_N²) by Horn (1981), "Hill shading and the reflectance map", Proc. IEEE 69(1), 14-47. Beside
    nodata, of the least-squares plane that Horn's weights describe, over the valid cells.
    """
    return over_bands(dem, resolution, band_slope, threads=threads)


def band_slope(band: Band, out: Floats) -> None:
    """Write the slope of a band in degrees."""
    np.degrees(np.arctan(np.sqrt(band.steepness())), out=out)


def aspect(dem: Dem, resolution: float, *, threads: int = 1) -> Floats:
    """Return the aspect (斜面方位): which way a slope faces, in degrees clockwise from grid north, 0 to 360.

    atan2(-z_E, -z_N) with the rises of Horn (1981), as :func:`slope` has them; -1 where the ground is level.
    """
    return over_bands(dem, resolution, lambda band, out: band_aspect(band.rises(), out), threads=threads)


def band_aspect(rises: Floats, out: Floats) -> None:
    """Write the aspect of a band with these rises."""
    kernels.aspect(rises[0], rises[1], out)


def hillshade(
    dem: Dem, resolution: float, *, azimuth: float = 315.0, altitude: float = 45.0, threads: int = 1
) -> Floats:
    """Return the hillshade (陰影起伏): cosine of the angle between the ground's normal and the light, 0 to 1.

    (sin h - z_E cos h sin A - z_N cos h cos A) / √(1 + z_E² + z_N²), not below 0, for a light at azimuth A, clockwise
    from grid north, and altitude h, in degrees (Horn 1981).
    """
    params = Light(azimuth, altitude)
    return over_bands(
        dem, resolution, lambda band, out: band_hillshade(band.rises(), params, out), threads=threads
    )


def band_hillshade(rises: Floats, params: Light, out: Floats) -> None:
    """Write the hillshade of a band with these rises."""
    h, a = math.radians(params.altitude), math.radians(params.azimuth)
    east, north = math.cos(h) * math.sin(a), math.cos(h) * math.cos(a)
    kernels.hillshade(rises[0], rises[1], east, north, math.sin(h), out)


def multi_hillshade(dem: Dem, resolution: float, *, altitude: float = 30.0, threads: int = 1) -> Floats:
    """Return the hillshade from four directions (多方向陰影起伏), 0 to 1.

    Mark (1992), "Multidirectional, oblique-weighted, shaded-relief image of the Island of Hawaii", USGS OFR 92-422:
    the mean of the hillshades from 225, 270, 315 and 360 degrees, each weighted with the squared sine of the angle
    between its light and the aspect. Level ground has the sine of the altitude (degrees).
    """
    params = Lights(altitude)
    return over_bands(
        dem, resolution, lambda band, out: band_multi_hillshade(band.rises(), params, out), threads=threads
    )


def band_multi_hillshade(rises: Floats, params: Lights, out: Floats) -> None:
    """Write the hillshade from four directions of a band with these rises."""
    lights = np.array([[math.sin(math.radians(a)), math.cos(math.radians(a))] for a in _LIGHTS])
    kernels.oblique(rises[0], rises[1], lights, math.sin(math.radians(params.altitude)), out)


def curvature(
    dem: Dem, resolution: float, *, sigma: float = 3.0, truncation: float = 12.0, threads: int = 1
) -> Floats:
    """Return the general curvature (曲率) of the smoothed DEM in 1/m, positive where convex.

    -(z_EE + z_NN), Zevenbergen & Thorne (1987), "Quantitative analysis of land surface topography", Earth Surf. Proc.
    Landf. 12, 47-56. ArcGIS's *Curvature* has the same sign and is 100 times this. The DEM is smoothed with a
    Gaussian of ``sigma`` metres, out to ``truncation`` metres to each side; 0 for none.
    """
    return over_bands(
        dem,
        resolution,
        lambda band, out: np.copyto(out, band.curvature()),
        smoothing=Smoothing(sigma, truncation),
        threads=threads,
    )


def profile_curvature(
    dem: Dem, resolution: float, *, sigma: float = 3.0, truncation: float = 12.0, threads: int = 1
) -> Floats:
    """Return the profile curvature (断面曲率) of the smoothed DEM in 1/m: along the slope, positive where convex.

    -(z_EE z_E² + 2 z_EN z_E z_N + z_NN z_N²) / (z_E² + z_N²), Zevenbergen & Thorne (1987), with the sign turned so
    that convex is positive in all curvatures here (ArcGIS's *Profile curvature* is -100 times this). Profile and
    plan curvature sum to the general one; on level ground each is half of it. Smoothing as for :func:`curvature`.
    """
    return over_bands(
        dem,
        resolution,
        lambda band, out: np.copyto(out, band.bends()[0]),
        smoothing=Smoothing(sigma, truncation),
        threads=threads,
    )


def plan_curvature(
    dem: Dem, resolution: float, *, sigma: float = 3.0, truncation: float = 12.0, threads: int = 1
) -> Floats:
    """Return the plan curvature (平面曲率) of the smoothed DEM in 1/m: across the slope, positive where convex.

    -(z_EE z_N² - 2 z_EN z_E z_N + z_NN z_E²) / (z_E² + z_N²), Zevenbergen & Thorne (1987); ArcGIS's *Plan curvature*
    has the same sign and is 100 times this. Over √(1 + z_E² + z_N²) it is what is now called tangential or normal
    contour curvature, not that of the contour line (Minár, Evans & Jenčo 2020, Earth-Science Reviews 211, 103414).
    See :func:`profile_curvature`.
    """
    return over_bands(
        dem,
        resolution,
        lambda band, out: np.copyto(out, band.bends()[1]),
        smoothing=Smoothing(sigma, truncation),
        threads=threads,
    )
