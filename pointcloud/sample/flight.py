"""The flight: overlapping lines, parallel scan lines, and one ray a laser pulse.

A pulse's ray is given by where it crosses the level of 100 m, and by how far it moves east and north for
every metre that it falls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pointcloud.sample.noise import Floats
from pointcloud.sample.place import HEIGHT, WIDTH

DATUM = 100.0
_SENSOR = 720.0
_HALF_ANGLE = np.deg2rad(16.5)
_HEADING = np.deg2rad(4.0)

_TICK = 2.0**-16
"""Seconds between two pulses (65 kHz): an exact power of two, so that times compress to next to nothing."""
_TICKS_A_SCAN = 1024
_FIRST_TIME = 262_000_000.0
_BETWEEN_LINES = 420.0


@dataclass(frozen=True, slots=True)
class Line:
    """One flight line.

    Parameters
    ----------
    number : int
        Its ``point_source_id``.
    across : float
        Metres from the middle of the area to the line, to its left-hand normal (about north).
    offset : float
        Metres that all its heights are off: what boresight and trajectory leave.
    """

    number: int
    across: float
    offset: float

    @property
    def eastward(self) -> bool:
        """Lines are flown to and fro."""
        return self.number % 2 == 1

    @property
    def start(self) -> float:
        """GPS time (adjusted standard) at the beginning of the line."""
        return _FIRST_TIME + self.number * _BETWEEN_LINES


LINES = (Line(1, 212.0, 0.031), Line(2, 0.0, -0.024), Line(3, -212.0, 0.012))
"""In the order they were flown. Neighbours overlap by a third (on the ridge) to a half (in the valley)."""


@dataclass(frozen=True, slots=True)
class Pulses:
    """Pulses in the order they were fired; all arrays are (pulses,).

    ``x``, ``y`` where the ray crosses :data:`DATUM`; ``dx``, ``dy`` metres a metre of fall; ``time`` in GPS
    seconds; ``angle`` in degrees from nadir, positive to the right.
    """

    x: Floats
    y: Floats
    dx: Floats
    dy: Floats
    time: Floats
    angle: Floats

    def take(self, which: NDArray[np.intp]) -> Pulses:
        """Return some of the pulses."""
        return Pulses(*(getattr(self, name)[which] for name in self.__slots__))


def fly(line: Line, density: float) -> Iterator[Pulses]:
    """Yield a line's pulses, some scan lines at a time, where they may reach the area.

    Parameters
    ----------
    density : float
        Pulses a square metre of one line at the level of 100 m.
    """
    height = _SENSOR - DATUM
    spacing = 1.0 / np.sqrt(density)
    count = int(2 * height * np.tan(_HALF_ANGLE) / spacing)
    angle = np.linspace(-_HALF_ANGLE, _HALF_ANGLE, count)
    scans = np.arange(int((WIDTH + 140.0) / spacing))
    for some in np.array_split(scans, max(1, scans.size * count // 100_000)):
        yield _scan(line, some, spacing, scans.size, angle)


def _scan(line: Line, scans: NDArray[np.intp], spacing: float, total: int, angle: Floats) -> Pulses:
    """Return the pulses of some scan lines that may reach the area."""
    sign = 1.0 if line.eastward else -1.0
    time = line.start + (scans[:, None] * _TICKS_A_SCAN + np.arange(angle.size)[None, :]) * _TICK
    seconds = scans[:, None] * _TICKS_A_SCAN * _TICK
    # The aeroplane rolls, pitches and drifts a little, so scan lines are neither straight nor evenly spaced.
    roll = 0.006 * np.sin(seconds * 1.3 + line.number) + 0.003 * np.sin(seconds * 4.1)
    pitch = 0.004 * np.sin(seconds * 0.9 + 2 * line.number)
    drift = 2.5 * np.sin(seconds * 0.4 + line.number)
    aside = np.tan(angle[None, :] + roll)
    ahead = np.broadcast_to(np.tan(pitch), aside.shape)
    s = sign * (scans[:, None] - 0.5 * total) * spacing
    along, across = (
        np.array((np.cos(_HEADING), np.sin(_HEADING))),
        np.array((-np.sin(_HEADING), np.cos(_HEADING))),
    )
    dx = sign * (ahead * along[0] - aside * across[0])
    dy = sign * (ahead * along[1] - aside * across[1])
    fall = _SENSOR - DATUM
    x = 0.5 * WIDTH + s * along[0] + (line.across + drift) * across[0] + fall * dx
    y = 0.5 * HEIGHT + s * along[1] + (line.across + drift) * across[1] + fall * dy
    near = (x > -40) & (x < WIDTH + 40) & (y > -40) & (y < HEIGHT + 40)
    degrees = np.broadcast_to(np.rad2deg(angle[None, :] + roll), near.shape)
    return Pulses(x[near], y[near], dx[near], dy[near], time[near], degrees[near])
