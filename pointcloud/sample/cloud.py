"""The point cloud: all returns in the order of acquisition, with noise and with points on the borders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from pointcloud.sample.flight import LINES, Line, Pulses, fly
from pointcloud.sample.noise import Floats, stream
from pointcloud.sample.place import (
    BORDERS_E,
    BORDERS_N,
    CORNER,
    EAST,
    NORTH,
    SEED,
    SOUTH,
    WEST,
)
from pointcloud.sample.returns import GROUND, Returns, Scene, scene, trace

NOISE = 7
DENSITY = 1.0
"""Pulses a square metre of one flight line; overlap and canopy make about 2.3 points a square metre of it."""

_BIRDS, _ECHOES = 14, 44
_SNAP = 0.012
"""Points this near to a border between tiles (metres) are put exactly on it."""
_INTENSITY = {1: 70, 2: 90, 3: 75, 4: 55, 5: 45, 6: 130, 7: 8, 9: 4}
"""By class and no finer: a little speckle would cost half a byte a point."""


@dataclass(frozen=True, slots=True)
class Points:
    """Points in the order of acquisition; all arrays are (points,).

    ``e``, ``n``, ``z`` in metres, rounded to millimetres; ``gps_time`` adjusted standard seconds; ``line`` is
    the flight line's number; ``angle`` whole degrees from nadir.
    """

    e: Floats
    n: Floats
    z: Floats
    classification: NDArray[np.uint8]
    return_number: NDArray[np.uint8]
    number_of_returns: NDArray[np.uint8]
    gps_time: Floats
    line: NDArray[np.uint16]
    angle: NDArray[np.int16]
    intensity: NDArray[np.uint16]

    def __len__(self) -> int:
        return self.e.size

    def take(self, which: NDArray[np.bool_]) -> Points:
        """Return some of the points."""
        return Points(*(getattr(self, f.name)[which] for f in fields(Points)))


def points(
    seed: int = SEED, density: float = DENSITY, progress: Callable[[], object] | None = None
) -> Points:
    """Return the whole sample as points in memory.

    Parameters
    ----------
    seed : int
        The same seed gives the same points.
    density : float
        Pulses a square metre of one flight line.
    progress : callable, optional
        Called after every flight line.
    """
    seen = scene(seed)
    parts: list[Points] = []
    for line in LINES:
        rng = stream(seed, 100 + line.number)
        for pulses in fly(line, density):
            parts.append(_points(line, pulses, trace(seen, pulses, rng)))
        if progress is not None:
            progress()
    cloud = Points(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Points)))
    _add_noise(cloud, stream(seed, 4))
    _put_on_borders(cloud, seen)
    return cloud


def _points(line: Line, pulses: Pulses, back: Returns) -> Points:
    """Return the points of some pulses of one line, with its height offset, cut to the area."""
    count = np.bincount(back.pulse, minlength=pulses.x.size)
    first = np.cumsum(count) - count
    number = np.arange(back.pulse.size) - first[back.pulse] + 1
    intensity = np.zeros(256, np.uint16)
    intensity[list(_INTENSITY)] = list(_INTENSITY.values())
    cloud = Points(
        e=np.round(WEST + back.x, 3),
        n=np.round(SOUTH + back.y, 3),
        z=np.round(back.z + line.offset, 3),
        classification=back.kind,
        return_number=number.astype(np.uint8),
        number_of_returns=count[back.pulse].astype(np.uint8),
        gps_time=pulses.time[back.pulse],
        line=np.full(back.pulse.size, line.number, np.uint16),
        angle=np.rint(pulses.angle[back.pulse]).astype(np.int16),
        intensity=intensity[back.kind],
    )
    # Half-open as the lattice is: north and west edges inside.
    return cloud.take((cloud.e >= WEST) & (cloud.e < EAST) & (cloud.n > SOUTH) & (cloud.n <= NORTH))


def _add_noise(cloud: Points, rng: np.random.Generator) -> None:
    """Turn a few returns into noise of class 7: birds high above, echoes on a detour below the ground.

    The returns nearest to random places are taken, so the choice does not hang on the number of points.
    """
    places = rng.random((_BIRDS + _ECHOES, 2)) * (EAST - WEST, NORTH - SOUTH) + (WEST, SOUTH)
    size = rng.random(_BIRDS + _ECHOES)
    chosen = np.array([_nearest(cloud, e, n) for e, n in places])
    bird = np.arange(chosen.size) < _BIRDS
    cloud.z[chosen] = np.round(cloud.z[chosen] + np.where(bird, 35 + 80 * size, -2 - 8 * size), 3)
    cloud.classification[chosen] = NOISE
    cloud.intensity[chosen] = _INTENSITY[NOISE]


def _nearest(cloud: Points, e: float, n: float) -> int:
    """Return the single or last return nearest to a place."""
    last = cloud.return_number == cloud.number_of_returns
    return int(np.argmin(np.where(last, (cloud.e - e) ** 2 + (cloud.n - n) ** 2, np.inf)))


def _put_on_borders(cloud: Points, seen: Scene) -> None:
    """Put the points beside the borders between tiles exactly on them, and one ground return on a corner."""
    for values, borders in ((cloud.e, BORDERS_E), (cloud.n, BORDERS_N)):
        for border in borders:
            values[np.abs(values - border) < _SNAP] = border
    e, n = CORNER
    ground = cloud.classification == GROUND
    k = int(np.argmin(np.where(ground, (cloud.e - e) ** 2 + (cloud.n - n) ** 2, np.inf)))
    where = np.array([[cloud.e[k], e], [cloud.n[k], n]]) - [[WEST], [SOUTH]]
    old, new = seen.terrain.ground(where[0], where[1])
    cloud.z[k] = np.round(cloud.z[k] + new - old, 3)
    cloud.e[k], cloud.n[k] = e, n
