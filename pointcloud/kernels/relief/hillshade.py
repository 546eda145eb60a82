"""Aspect and light on a slope, from its rise to the east and to the south; NaN goes through."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import kernel


@kernel
def aspect(east: NDArray[np.float64], south: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Write the direction of the steepest descent in degrees clockwise from north, 0 to 360; -1 where level."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            u, v = -east[i, j], south[i, j]
            if u == 0.0 and v == 0.0:
                out[i, j] = -1.0
                continue
            angle = math.atan2(u, v) * 57.29577951308232
            angle = angle + 360.0 if angle < 0.0 else angle
            # A rounding below 0 becomes 360, which is north again.
            out[i, j] = 0.0 if angle >= 360.0 else angle


@kernel
def hillshade(
    east: NDArray[np.float64],
    south: NDArray[np.float64],
    light_east: float,
    light_north: float,
    light_up: float,
    out: NDArray[np.float64],
) -> None:
    """Write the cosine of the angle between the ground's normal and the light, 0 where it is turned away."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            p, q = east[i, j], south[i, j]
            shade = (light_up - p * light_east + q * light_north) / math.sqrt(1.0 + p * p + q * q)
            out[i, j] = 0.0 if shade < 0.0 else shade


@kernel
def oblique(
    east: NDArray[np.float64],
    south: NDArray[np.float64],
    lights: NDArray[np.float64],
    light_up: float,
    out: NDArray[np.float64],
) -> None:
    """Write the mean of several hillshades, weighted by the squared sine between aspect and light.

    Parameters
    ----------
    lights : (n, 2)
        East and north parts of the horizontal directions of the lights, of length 1.
    light_up : float
        Sine of their altitude.
    """
    flat_part = math.sqrt(1.0 - light_up * light_up)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            p, q = east[i, j], south[i, j]
            squared = p * p + q * q
            if squared == 0.0:
                out[i, j] = light_up
                continue
            total = mass = 0.0
            for k in range(lights.shape[0]):
                along = -p * lights[k, 0] + q * lights[k, 1]
                across = -p * lights[k, 1] - q * lights[k, 0]
                weight = across * across
                shade = light_up + flat_part * along
                total += weight * (0.0 if shade < 0.0 else shade)
                mass += weight
            out[i, j] = total / mass / math.sqrt(1.0 + squared)
