"""The transverse Mercator projection: degrees onto a plane, a plane onto another one, and back to degrees.

An ellipsoid is drawn conformally on a sphere, the sphere on a cylinder about a meridian, and the cylinder is unrolled
and straightened, so that the scale along the meridian is constant. A point of one plane that is wanted on another of
the same ellipsoid need not go back further than the sphere, which is turned by the longitude between the meridians.
Angles that are bent a little keep their sines by the addition theorem: few functions are called, and most of the time
goes into them.

Source: Krüger, Konforme Abbildung des Erdellipsoids in der Ebene (1912); Karney, Transverse Mercator with an accuracy
of a few nanometers (Journal of Geodesy 85, 2011), equations 11, 14, 35 and 36; Karney, On auxiliary latitudes (Survey
Review 56, 2024), appendix A. The series in the third flattening n go up to n⁵: as far as `FARTHEST` from the meridian
PROJ, which takes them up to n⁶, differs by less than 3e-8 m.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, inlined, kernel

Doubles = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]

TERMS = 5

FARTHEST = math.radians(20.0)
"""How far from the meridian a point may lie, as an angle: beyond, nobody draws maps so."""

NORTHERNMOST = math.radians(85.0)
"""Up to which latitude, north and south, points are taken."""


class Series(NamedTuple):
    """The series of an ellipsoid, each a float64 array (5,).

    Parameters
    ----------
    forward, inverse : arrays
        From the cylinder to the plane, and back; of the latter the signs are changed, so that both are added.
    conformal, geographic : arrays
        From geographic to conformal latitude, and back.
    """

    forward: Doubles
    inverse: Doubles
    conformal: Doubles
    geographic: Doubles


def series(inverse_flattening: float) -> Series:
    """Return the series of an ellipsoid."""
    n = third_flattening(inverse_flattening)
    forward = (
        n / 2 - 2 / 3 * n**2 + 5 / 16 * n**3 + 41 / 180 * n**4 - 127 / 288 * n**5,
        13 / 48 * n**2 - 3 / 5 * n**3 + 557 / 1440 * n**4 + 281 / 630 * n**5,
        61 / 240 * n**3 - 103 / 140 * n**4 + 15061 / 26880 * n**5,
        49561 / 161280 * n**4 - 179 / 168 * n**5,
        34729 / 80640 * n**5,
    )
    inverse = (
        n / 2 - 2 / 3 * n**2 + 37 / 96 * n**3 - n**4 / 360 - 81 / 512 * n**5,
        n**2 / 48 + n**3 / 15 - 437 / 1440 * n**4 + 46 / 105 * n**5,
        17 / 480 * n**3 - 37 / 840 * n**4 - 209 / 4480 * n**5,
        4397 / 161280 * n**4 - 11 / 504 * n**5,
        4583 / 161280 * n**5,
    )
    conformal = (
        -2 * n + 2 / 3 * n**2 + 4 / 3 * n**3 - 82 / 45 * n**4 + 32 / 45 * n**5,
        5 / 3 * n**2 - 16 / 15 * n**3 - 13 / 9 * n**4 + 904 / 315 * n**5,
        -26 / 15 * n**3 + 34 / 21 * n**4 + 8 / 5 * n**5,
        1237 / 630 * n**4 - 12 / 5 * n**5,
        -734 / 315 * n**5,
    )
    geographic = (
        2 * n - 2 / 3 * n**2 - 2 * n**3 + 116 / 45 * n**4 + 26 / 45 * n**5,
        7 / 3 * n**2 - 8 / 5 * n**3 - 227 / 45 * n**4 + 2704 / 315 * n**5,
        56 / 15 * n**3 - 136 / 35 * n**4 - 1262 / 105 * n**5,
        4279 / 630 * n**4 - 332 / 35 * n**5,
        4174 / 315 * n**5,
    )
    return Series(np.array(forward), -np.array(inverse), np.array(conformal), np.array(geographic))


def third_flattening(inverse_flattening: float) -> float:
    """Return n = f / (2 - f)."""
    return 1.0 / (2.0 * inverse_flattening - 1.0)


def plane(
    meridian: float, scale: float, east: float, equator: float, semi_major: float, inverse_flattening: float
) -> Doubles:
    """Return the numbers of a plane as kernels want them, float64 (4,), in the units of the lengths given.

    Parameters
    ----------
    meridian : float
        Longitude of the central meridian in degrees.
    scale : float
        On it.
    east, equator : float
        E and N of the place where it meets the equator.
    semi_major, inverse_flattening : float
        Of the ellipsoid.

    Returns
    -------
    float64 array (4,)
        ``meridian``, ``east``, ``equator``, and the length on the plane of a radian of the rectifying latitude.
    """
    n = third_flattening(inverse_flattening)
    radius = semi_major / (1 + n) * (1 + n**2 / 4 + n**4 / 64 + n**6 / 256) * scale
    return np.array((meridian, east, equator, radius))


@inlined
def _straightened(
    xi: float, eta: float, sin: float, cos: float, sinh: float, cosh: float, terms: Doubles
) -> tuple[float, float]:
    """Add the series of ``terms`` to ξ + iη; sin, cos of 2ξ and sinh, cosh of 2η are known.

    Sin 2j(ξ + iη) of j = 1, 2, … comes each from the one before by the addition theorem, in complex numbers.
    """
    s_re, s_im = sin * cosh, cos * sinh
    c_re, c_im = cos * cosh, -sin * sinh
    a_re, a_im, b_re, b_im = s_re, s_im, c_re, c_im
    for j in range(TERMS):
        xi += terms[j] * a_re
        eta += terms[j] * a_im
        a_re, a_im, b_re, b_im = (
            a_re * c_re - a_im * c_im + b_re * s_re - b_im * s_im,
            a_re * c_im + a_im * c_re + b_re * s_im + b_im * s_re,
            b_re * c_re - b_im * c_im - a_re * s_re + a_im * s_im,
            b_re * c_im + b_im * c_re - a_re * s_im - a_im * s_re,
        )
    return xi, eta


@inlined
def _unrolled(x: float, y: float, z: float, length: float, terms: Doubles) -> tuple[float, float]:
    """Return ξ and η, straightened by ``terms``, of a place on the conformal sphere.

    It lies in the direction ``x`` (the meridian on the equator), ``y`` (east), ``z`` (north); ``length`` is that of the
    vector. What the series needs of double angles follows from the vector without another sine.
    """
    square = x * x + z * z
    across = math.sqrt(square)
    xi, eta = math.atan2(z, x), math.log((length + abs(y)) / across)
    eta = -eta if y < 0.0 else eta
    sin, cos = 2.0 * x * z / square, (x - z) * (x + z) / square
    sinh, cosh = 2.0 * y * length / square, (length * length + y * y) / square
    return _straightened(xi, eta, sin, cos, sinh, cosh, terms)


@kernel
def from_degrees(
    lon: Doubles, lat: Doubles, plane: Doubles, conformal: Doubles, forward: Doubles, e: Longs, n: Longs
) -> Int:
    """Project degrees onto a plane.

    Parameters
    ----------
    lon, lat : float64 arrays (points,)
        Degrees.
    plane : float64 array (4,)
        As of :func:`plane`, in quanta.
    conformal, forward : float64 arrays (5,)
        Of :class:`Series`.
    e, n : int64 arrays (points,)
        Filled with quanta, rounded half to even.

    Returns
    -------
    int
        The first point that lies too far from the meridian, or too far north or south, or is NaN; -1 if there is none.
        The places of such points are 0.
    """
    meridian, east, equator, radius = plane[0], plane[1], plane[2], plane[3]
    outside = -1
    for i in range(lon.shape[0]):
        angle, latitude = math.radians(lon[i] - meridian), math.radians(lat[i])
        if not (abs(angle) <= FARTHEST and abs(latitude) <= NORTHERNMOST):
            outside = i if outside < 0 else outside
            e[i] = n[i] = 0
            continue
        sin_lat, cos_lat = math.sin(latitude), math.cos(latitude)
        sin, cos = 2.0 * sin_lat * cos_lat, (cos_lat - sin_lat) * (cos_lat + sin_lat)
        s, c, turn = sin, cos, 0.0
        for j in range(TERMS):
            turn += conformal[j] * s
            s, c = s * cos + c * sin, c * cos - s * sin
        # the conformal latitude, by the sine and cosine of the small angle between the two
        square = turn * turn
        sin = turn * (1.0 - square / 6.0 * (1.0 - square / 20.0))
        cos = 1.0 - square / 2.0 * (1.0 - square / 12.0)
        z, flat = sin_lat * cos + cos_lat * sin, cos_lat * cos - sin_lat * sin
        xi, eta = _unrolled(flat * math.cos(angle), flat * math.sin(angle), z, 1.0, forward)
        e[i] = int(np.rint(east + radius * eta))
        n[i] = int(np.rint(equator + radius * xi))
    return outside


@kernel
def between_planes(
    x: Doubles,
    y: Doubles,
    source: Doubles,
    inverse: Doubles,
    target: Doubles,
    forward: Doubles,
    e: Longs,
    n: Longs,
) -> Int:
    """Bring points of one plane onto another of the same ellipsoid.

    Parameters
    ----------
    x, y : float64 arrays (points,)
        Easting and northing on the plane ``source``, in quanta, which need not be whole.
    source, target : float64 arrays (4,)
        As of :func:`plane`, in quanta.
    inverse, forward : float64 arrays (5,)
        Of :class:`Series`.
    e, n : int64 arrays (points,)
        Filled with quanta, rounded half to even.

    Returns
    -------
    int
        As :func:`from_degrees` does.
    """
    turn = math.radians(target[0] - source[0])
    sin_turn, cos_turn = math.sin(turn), math.cos(turn)
    outside = -1
    for i in range(x.shape[0]):
        xi, eta = (y[i] - source[2]) / source[3], (x[i] - source[1]) / source[3]
        if not (abs(eta) <= FARTHEST and abs(xi) <= NORTHERNMOST):
            outside = i if outside < 0 else outside
            e[i] = n[i] = 0
            continue
        sin, cos, grow = math.sin(xi), math.cos(xi), math.exp(eta)
        sinh, cosh = 0.5 * (grow - 1.0 / grow), 0.5 * (grow + 1.0 / grow)
        bent_xi, bent_eta = _straightened(
            xi,
            eta,
            2.0 * sin * cos,
            (cos - sin) * (cos + sin),
            2.0 * sinh * cosh,
            1.0 + 2.0 * sinh * sinh,
            inverse,
        )
        # sines of the angles bent by less than a thousandth, by the addition theorem
        by = bent_xi - xi
        square = by * by
        s, c = by * (1.0 - square / 6.0), 1.0 - square / 2.0 * (1.0 - square / 12.0)
        sin, cos = sin * c + cos * s, cos * c - sin * s
        by = bent_eta - eta
        square = by * by
        s, c = by * (1.0 + square / 6.0), 1.0 + square / 2.0 * (1.0 + square / 12.0)
        sinh, cosh = sinh * c + cosh * s, cosh * c + sinh * s
        across, along = sinh * cos_turn - cos * sin_turn, cos * cos_turn + sinh * sin_turn
        if not abs(across) <= FARTHEST * cosh:
            outside = i if outside < 0 else outside
            e[i] = n[i] = 0
            continue
        xi, eta = _unrolled(along, across, sin, cosh, forward)
        e[i] = int(np.rint(target[1] + target[3] * eta))
        n[i] = int(np.rint(target[2] + target[3] * xi))
    return outside


@kernel
def to_degrees(
    e: Longs, n: Longs, plane: Doubles, inverse: Doubles, geographic: Doubles, lon: Doubles, lat: Doubles
) -> None:
    """Invert a projection.

    Parameters
    ----------
    e, n : int64 arrays (points,)
        Easting and northing in quanta.
    plane : float64 array (4,)
        As of :func:`plane`, in quanta.
    inverse, geographic : float64 arrays (5,)
        Of :class:`Series`.
    lon, lat : float64 arrays (points,)
        Filled with degrees.
    """
    meridian, east, equator, radius = plane[0], plane[1], plane[2], plane[3]
    for i in range(e.shape[0]):
        xi, eta = (n[i] - equator) / radius, (e[i] - east) / radius
        sin, cos = math.sin(2.0 * xi), math.cos(2.0 * xi)
        grow = math.exp(2.0 * eta)
        sinh, cosh = 0.5 * (grow - 1.0 / grow), 0.5 * (grow + 1.0 / grow)
        xi, eta = _straightened(xi, eta, sin, cos, sinh, cosh, inverse)
        grow = math.exp(eta)
        sinh, cosh = 0.5 * (grow - 1.0 / grow), 0.5 * (grow + 1.0 / grow)
        conformal = math.asin(math.sin(xi) / cosh)
        sin, cos = math.sin(2.0 * conformal), math.cos(2.0 * conformal)
        s, c, latitude = sin, cos, conformal
        for j in range(TERMS):
            latitude += geographic[j] * s
            s, c = s * cos + c * sin, c * cos - s * sin
        lon[i] = meridian + math.degrees(math.atan2(sinh, math.cos(xi)))
        lat[i] = math.degrees(latitude)
