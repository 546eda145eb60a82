"""The castle: level terraces behind vertical stone walls, gates with ramps, and the platform of the keep.

The castle has axes of its own: u along the crest (about east), v across it, both in metres from the keep.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pointcloud.sample.noise import Bools, Floats

CENTRE = (505.0, 432.0)
"""Local x, y of the castle's origin, on the crest."""
_TURN = np.deg2rad(6.0)
LEVEL = 190.0
"""Height in metres that the levels below count from."""

Corners = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Terrace:
    """A platform: a polygon in castle axes at ``level``, or a ramp of ``slope`` along u from ``start`` on."""

    name: str
    corners: Corners
    level: float
    slope: float = 0.0
    start: float = 0.0

    def height(self, u: Floats, v: Floats) -> Floats:
        """Return the height of the platform's plane."""
        worn = 0.04 * np.sin(u / 4.7) * np.sin(v / 3.9)
        return LEVEL + self.level + self.slope * (u - self.start) + worn

    def holds(self, u: Floats, v: Floats) -> Bools:
        """Whether points lie inside the polygon (crossing number)."""
        inside = np.zeros(u.shape, bool)
        ring = self.corners
        for (u0, v0), (u1, v1) in zip(ring, ring[1:] + ring[:1], strict=True):
            if v0 != v1:
                inside ^= ((v0 > v) != (v1 > v)) & (u < u0 + (v - v0) * (u1 - u0) / (v1 - v0))
        return inside


TERRACES = (
    Terrace(
        "south belt",
        ((-62, -29), (-24, -36), (6, -36), (6, -33), (34, -35), (72, -31), (98, -26), (98, -10), (-62, -10)),
        -7,
    ),
    Terrace("north belt", ((-44, 12), (64, 12), (64, 25), (22, 31), (22, 28), (-44, 26)), -6),
    Terrace("west outer bailey", ((-120, -11), (-98, -14), (-80, -14), (-80, 14), (-114, 12)), -5.5),
    Terrace(
        "west bailey", ((-80, -17), (-60, -20), (-60, -17), (-30, -19), (-30, 18), (-64, 19), (-80, 14)), -2.2
    ),
    Terrace("third bailey", ((84, -14), (118, -12), (138, -5), (138, 12), (112, 17), (84, 15)), -5),
    Terrace("second bailey", ((32, -15), (62, -18), (62, -15), (84, -14), (84, 16), (52, 19), (32, 15)), -1),
    Terrace(
        "main bailey",
        ((-30, -20), (-8, -24), (-8, -20), (26, -20), (34, -14), (34, 15), (6, 20), (6, 17), (-30, 18)),
        2.8,
    ),
    Terrace("keep platform", ((-19, -4), (-1, -5), (0, 10), (-18, 11)), 8.4),
    Terrace("keep stair", ((-1, 1), (8, 1), (8, 4.5), (-1, 4.5)), 8.4, -5.6 / 9.0, -1.0),
    Terrace("main gate", ((22, -3), (36, -3), (36, 1.5), (22, 1.5)), 2.8, -3.8 / 14.0, 22.0),
    Terrace("gate court", ((74, 2), (86, 2), (86, 12), (74, 12)), -3.0),
    Terrace("court ramp", ((68, 5), (74, 5), (74, 9), (68, 9)), -1.0, -2.0 / 6.0, 68.0),
    Terrace("second gate", ((84, 5), (92, 5), (92, 9), (84, 9)), -3.0, -2.0 / 8.0, 84.0),
    Terrace("west gate", ((-44, 2), (-27, 2), (-27, 6.5), (-44, 6.5)), -2.2, 5.0 / 17.0, -44.0),
    Terrace("outer west gate", ((-92, -6), (-78, -6), (-78, -2), (-92, -2)), -5.5, 3.3 / 14.0, -92.0),
    Terrace("front court", ((124, -2), (140, -2), (140, 9), (124, 9)), -7.4),
    Terrace("front ramp", ((115, 1), (125, 1), (125, 6), (115, 6)), -5.0, -2.4 / 10.0, 115.0),
)
"""Lower ones first: where two overlap, the later one stands."""


def axes(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return castle axes (u, v) of local coordinates."""
    dx, dy = x - CENTRE[0], y - CENTRE[1]
    c, s = np.cos(_TURN), np.sin(_TURN)
    return np.asarray(c * dx + s * dy), np.asarray(c * dy - s * dx)


def place(u: float, v: float) -> tuple[float, float]:
    """Return the local coordinates of a point in castle axes."""
    c, s = float(np.cos(_TURN)), float(np.sin(_TURN))
    return CENTRE[0] + c * u - s * v, CENTRE[1] + s * u + c * v


def near(x: Floats, y: Floats, by: float) -> Bools:
    """Whether a place lies in the rectangle around the castle, ``by`` metres wider on every side."""
    u, v = axes(x, y)
    return (u > -122 - by) & (u < 142 + by) & (v > -37 - by) & (v < 32 + by)


def build(z: Floats, x: Floats, y: Floats) -> tuple[Floats, Bools]:
    """Return the ground (1-D) with the terraces built in, and where they are."""
    out, built = z.copy(), np.zeros(z.shape, bool)
    where = np.flatnonzero(near(x, y, 0.0))
    u, v = axes(x[where], y[where])
    for terrace in TERRACES:
        inside = terrace.holds(u, v)
        out[where[inside]] = terrace.height(u[inside], v[inside])
        built[where[inside]] = True
    return out, built
