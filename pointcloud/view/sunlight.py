"""Sunlight painted onto the ground: shading and the shadows that the land casts.

It is painted into the picture of the ground, not left to the graphics card: it is the same in a poster, a film and
a browser, at any size, and shadows are as sharp as the cells.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import ParameterError
from pointcloud.kernels.sight import shadows

AMBIENT = 0.45
"""Share of the light that comes from all of the sky: shadows keep their colours."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sun:
    """Where the sun stands: degrees clockwise from grid north, and above the horizon."""

    azimuth: float = 315.0
    altitude: float = 40.0

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("sun azimuth", self.azimuth, 0.0, 360.0),
            ("sun altitude", self.altitude, 1.0, 90.0),
        ):
            if not least <= value <= most:
                raise ParameterError("params.range", name=name, value=value, least=least, most=most)

    @property
    def direction(self) -> tuple[float, float, float]:
        """Towards the sun: east, north and up, of length 1."""
        a, h = math.radians(self.azimuth), math.radians(self.altitude)
        return math.sin(a) * math.cos(h), math.cos(a) * math.cos(h), math.sin(h)


def tops(heights: Floats, cell: float, light: Sun) -> Floats:
    """Return the heights up to which the shadows of a height model reach, (rows, cols) in metres."""
    out = np.full(heights.shape, shadows.NONE)
    if light.altitude < 89.9:
        a, h = math.radians(light.azimuth), math.radians(light.altitude)
        shadows.shadow_tops(heights, cell, math.sin(a), math.cos(a), math.tan(h), out)
    return out


def brightness(heights: Floats, shadow_tops: Floats, cell: float, light: Sun) -> NDArray[np.float32]:
    """Return how bright the ground is, (rows, cols), 1 for level ground in the sun, NaN where it has no height."""
    out = np.empty(heights.shape, np.float32)
    shadows.brightness(heights, shadow_tops, cell, *light.direction, AMBIENT, out)
    return out


def lit(picture: NDArray[np.uint8], bright: NDArray[np.float32]) -> None:
    """Paint light onto a picture (rows, cols, 3), which is changed; it may have several pixels for one of the light."""
    times = picture.shape[0] // bright.shape[0]
    factor = np.nan_to_num(bright, nan=1.0)
    if times > 1:
        factor = factor.repeat(times, 0).repeat(times, 1)
    for band in range(3):
        np.copyto(
            picture[..., band],
            np.minimum(picture[..., band] * factor, 255.0),
            casting="unsafe",
        )
