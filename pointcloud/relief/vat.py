"""VAT: the visualisation for archaeological topography, four layers in one grey."""

from __future__ import annotations

import numpy as np

from pointcloud.kernels.relief import colour
from pointcloud.params.styles import CombinedVat, Light, Vat
from pointcloud.relief.bands import Band, Dem, Floats
from pointcloud.relief.derivatives import band_hillshade, band_slope, over_bands
from pointcloud.relief.openness import band_openness, band_sky
from pointcloud.relief.rays import Rays


def vat(dem: Dem, resolution: float, params: Vat | None = None, *, threads: int = 1) -> Floats:
    """Return VAT (考古地形可視化図), the visualisation for archaeological topography, as grey: 0 black to 1 white.

    With a = (hillshade + 1 - slope) / 2 and b = (a + overlay(a, openness)) / 2 it is b (3 + sky) / 4, where slope,
    openness and sky are stretched from 0 to 1 over their ranges, and overlay(a, o) is 2 a o up to a = 0.5, else
    1 - 2 (1 - a) (1 - o). Kokalj & Somrak (2019), "Why not a single image? Combining visualizations to facilitate
    fieldwork and on-screen mapping", Remote Sensing 11, 747: hillshade; over it slope (0 to 50°, steep dark; luminosity
    50 %), positive openness (68 to 93°; overlay 50 %) and sky-view factor (0.7 to 1; multiply 25 %). Hillshade and
    slope are Horn's. These ranges were published for horizons of the nearest cells, so those are looked at unless
    ``sampling`` is ``"linear"`` (:mod:`pointcloud.relief.openness`), which makes a slope of 45° lighter by 0.07.
    Arguments, result and errors are those of :mod:`pointcloud.relief.derivatives`.
    """
    return _sum(dem, resolution, ((params or Vat(), 1.0),), threads)


def combined_vat(
    dem: Dem, resolution: float, params: CombinedVat | None = None, *, threads: int = 1
) -> Floats:
    """Return the combined VAT (複合考古地形可視化図) as grey: 0 black to 1 white.

    s g + (1 - s) f with the share s = 0.5: g is :func:`vat` as it is, for general terrain, and f that with a low light
    and narrow ranges, for flat terrain (Kokalj 2025): light at 15°, slope 0 to 15°, openness 85 to 93° and sky-view
    factor 0.9 to 1 within 20 m, without the nearest 8 m. Both look at the nearest cells (:func:`vat`).
    """
    params = params or CombinedVat()
    return _sum(dem, resolution, ((params.general, params.share), (params.flat, 1.0 - params.share)), threads)


def _sum(dem: Dem, resolution: float, parts: tuple[tuple[Vat, float], ...], threads: int) -> Floats:
    rays = [Rays.of(part.sky, resolution) for part, _ in parts]

    def write(band: Band, out: Floats) -> None:
        rises, trends = band.rises(), band.trends()
        slope, shade, openness, sky = (np.empty_like(out) for _ in range(4))
        band_slope(band, slope)
        out[:] = 0.0
        for (part, share), seen in zip(parts, rays, strict=True):
            band_hillshade(rises, Light(part.azimuth, part.altitude), shade)
            band_openness(band, trends, seen, 1.0, openness)
            band_sky(band, trends, seen, sky)
            ranges = np.array(
                [[0.0, part.slope_high], [part.openness_low, part.openness_high], [part.sky_low, 1.0]]
            )
            colour.vat(shade, slope, openness, sky, ranges, share, out)

    return over_bands(dem, resolution, write, threads=threads)
