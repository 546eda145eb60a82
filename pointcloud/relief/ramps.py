"""Colour ramps as sums of steps, the form that the blending kernel takes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pointcloud.params.csmap import CsParams, Ramp

Colour = tuple[float, float, float]


def colour(ramp: Ramp, value: float) -> Colour:
    """Return the colour of ``value`` on a ramp, 0-255, not rounded."""
    last = len(ramp.colours) - 1
    at = min(max((value - ramp.low) / (ramp.high - ramp.low), 0.0), 1.0) * last
    stop = min(int(at), last - 1)
    red, green, blue = (
        below + (at - stop) * (above - below)
        for below, above in zip(ramp.colours[stop], ramp.colours[stop + 1], strict=True)
    )
    return red, green, blue


def steps(ramps: Sequence[Ramp]) -> NDArray[np.float64]:
    """Return the weighted sum of the ramps of one layer as steps between all their stops.

    Ramps over one range fall together: the five layers of Toda's map take four steps.

    Returns
    -------
    (n, 5) array
        Start, 1 / width, and what the step adds to red, green and blue over its width.
    """
    stops = sorted({stop for ramp in ramps for stop in _stops(ramp)})
    rows = [
        (low, 1.0 / (high - low), *(above - below for below, above in zip(*ends, strict=True)))
        for low, high in pairwise(stops)
        for ends in [(_sum(ramps, low), _sum(ramps, high))]
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, 5)


def base(params: CsParams) -> NDArray[np.float64]:
    """Return the colour of a cell that lies below every ramp."""
    red, green, blue = 0.0, 0.0, 0.0
    for ramp in params.elevation + params.slope + params.curvature:
        r, g, b = ramp.colours[0]
        red, green, blue = red + ramp.weight * r, green + ramp.weight * g, blue + ramp.weight * b
    return np.array([red, green, blue])


def _stops(ramp: Ramp) -> list[float]:
    last = len(ramp.colours) - 1
    return [ramp.low + (ramp.high - ramp.low) * k / last for k in range(last + 1)]


def _sum(ramps: Sequence[Ramp], value: float) -> Colour:
    parts = [(ramp.weight, colour(ramp, value)) for ramp in ramps]
    red, green, blue = (sum(weight * part[k] for weight, part in parts) for k in range(3))
    return red, green, blue
