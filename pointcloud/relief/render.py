"""Every style by its name: as numbers, as a picture, and how much terrain around a window it needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import ParameterError
from pointcloud.kernels.relief import colour
from pointcloud.params.csmap import CsParams
from pointcloud.params.styles import (
    HEIGHT_COLOURS,
    STYLES,
    CombinedVat,
    Lights,
    Sky,
    Smoothing,
    Stand,
    Stops,
    StyleParams,
    Tinted,
    Trend,
    Vat,
)
from pointcloud.relief import csmap, derivatives, openness, prominence, rays
from pointcloud.relief.bands import Dem, Floats, Gaussian, check_dem, check_resolution, each_band, reach_cells
from pointcloud.relief.vat import combined_vat, vat

Rgba = NDArray[np.uint8]

_LAYERS: dict[str, Callable[..., Floats]] = {
    "slope": derivatives.slope,
    "aspect": derivatives.aspect,
    "hillshade": derivatives.hillshade,
    "multi-hillshade": derivatives.multi_hillshade,
    "curvature": derivatives.curvature,
    "profile-curvature": derivatives.profile_curvature,
    "plan-curvature": derivatives.plan_curvature,
    "sky-view": openness.sky_view_factor,
    "openness": openness.positive_openness,
    "negative-openness": openness.negative_openness,
    "local-relief": prominence.local_relief,
    "local-dominance": prominence.local_dominance,
    "vat": vat,
    "combined-vat": combined_vat,
}


def layer(
    style: str, dem: Dem, resolution: float, params: StyleParams | None = None, *, threads: int = 1
) -> Floats:
    """Return a style as numbers.

    Parameters
    ----------
    style : str
        A name of :data:`pointcloud.params.styles.STYLES` that has a unit.
    dem : (rows, cols) array of float32 or float64
        Heights in metres, NaN (or infinity) at nodata, row 0 in the north. Its edge counts as nodata: give
        :func:`halo` cells more on each side and cut them off where the terrain goes on.
    resolution : float
        Side of a cell in metres.
    params : StyleParams, optional
        Values of the style; those of the registry without.
    threads : int
        Bands of rows are shared out to so many threads; the result does not depend on it.

    Returns
    -------
    (rows, cols) array of float64
        In the style's unit, NaN exactly where the DEM is nodata.

    Raises
    ------
    ParameterError
        If there is no such style, it is only a picture, or an argument cannot be used.
    """
    values = _params(style, params)
    if style not in _LAYERS:
        raise ParameterError("relief.only_picture", style=style, choices=", ".join(_LAYERS))
    if isinstance(values, Vat | CombinedVat):
        return _LAYERS[style](dem, resolution, values, threads=threads)
    return _LAYERS[style](dem, resolution, **asdict(cast("Any", values)), threads=threads)


def picture(
    style: str, dem: Dem, resolution: float, params: StyleParams | None = None, *, threads: int = 1
) -> Rgba:
    """Return a style as a picture.

    Arguments and errors are those of :func:`layer`, for every style.

    Returns
    -------
    (rows, cols, 4) array of uint8
        Red, green, blue, alpha; alpha is 255 where the DEM is finite, and all four are 0 elsewhere.
    """
    values = _params(style, params)
    if isinstance(values, CsParams):
        return csmap.cs(dem, resolution, values, threads=threads)
    if isinstance(values, Tinted):
        return shaded_heights(dem, resolution, depth=values.depth, altitude=values.altitude, threads=threads)
    numbers = layer(style, dem, resolution, values, threads=threads)
    out = np.empty((*numbers.shape, 4), np.uint8)
    colour.tint(numbers, stop_array(STYLES[style].stops), out.view("<u4")[:, :, 0])
    return out


def stop_array(stops: Stops) -> Floats:
    """Return colour stops as rows of value, red, green, blue."""
    return np.array([(value, *colour) for value, colour in stops], np.float64)


def shaded_heights(
    dem: Dem, resolution: float, *, depth: float = 0.9, altitude: float = 30.0, threads: int = 1
) -> Rgba:
    """Return heights in colours, shaded (段彩陰影): valley floors green, hills yellow, mountains brown.

    The colours of :data:`pointcloud.params.styles.HEIGHT_COLOURS` (our own; of heights in metres), multiplied with
    1 + depth (s / sin h - 1), where s is the hillshade from four directions (Mark 1992) at the altitude h in degrees,
    so that level ground keeps its colour. Arguments, result and errors are those of :func:`picture`.
    """
    check_dem(dem)
    check_resolution(resolution)
    params, lights = Tinted(depth, altitude), Lights(altitude)
    out = np.empty((*dem.shape, 4), np.uint8)
    packed: NDArray[np.uint32] = out.view("<u4")[:, :, 0]
    stops, level = stop_array(HEIGHT_COLOURS), math.sin(math.radians(params.altitude))

    def use(band: Any) -> None:
        heights = np.ascontiguousarray(band.heights)
        light = np.empty_like(heights)
        derivatives.band_multi_hillshade(band.rises(), lights, light)
        colour.shaded(heights, light, stops, level, params.depth, packed[band.rows])

    mending = derivatives.MENDING
    each_band(dem, resolution, Gaussian.of(mending.sigma, mending.truncation, resolution), threads, use)
    return out


def halo(style: str, resolution: float, params: StyleParams | None = None) -> int:
    """Return how many cells around a window decide a style's pixels.

    A window cut from a larger DEM with so many cells on each side gives, inside, the same bits as the larger DEM.

    Raises
    ------
    ParameterError
        If there is no such style, or the resolution is not positive.
    """
    check_resolution(resolution)
    values = _params(style, params)
    if isinstance(values, CsParams | Smoothing):
        return reach_cells(values.sigma, values.truncation, resolution) + 1
    if isinstance(values, Trend):
        smoothing = prominence.trend(values)
        return reach_cells(smoothing.sigma, smoothing.truncation, resolution)
    mending = reach_cells(derivatives.MENDING.sigma, derivatives.MENDING.truncation, resolution) + 1
    if isinstance(values, Stand):
        return max(mending, rays.cells(values.outer, resolution))
    if isinstance(values, Sky | Vat):
        look = values.sky if isinstance(values, Vat) else values
        return max(mending, rays.Rays.of(look, resolution).margin)
    if isinstance(values, CombinedVat):
        return max(halo("vat", resolution, part) for part in (values.general, values.flat))
    return mending


def _params(style: str, params: StyleParams | None) -> StyleParams:
    if style not in STYLES:
        raise ParameterError("params.choice", name="style", value=style, choices=", ".join(STYLES))
    values = STYLES[style].params if params is None else params
    if type(values) is not type(STYLES[style].params):
        raise TypeError(f"{style} takes {type(STYLES[style].params).__name__}, not {type(values).__name__}")
    return values
