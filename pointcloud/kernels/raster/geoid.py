"""Places on a plane to degrees, and the height of the geoid there: each point by itself.

Source: Karney, Transverse Mercator with an accuracy of a few nanometers (Journal of Geodesy 85, 2011), equations 11,
36 and the inverse of 12, with the series in the third flattening n up to n⁵: the next terms are below 1e-8 m.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import kernel

Doubles = npt.NDArray[np.float64]

TERMS = 5


@kernel
def to_degrees(
    e: npt.NDArray[np.int64],
    n: npt.NDArray[np.int64],
    plane: Doubles,
    beta: Doubles,
    delta: Doubles,
    lon: Doubles,
    lat: Doubles,
) -> None:
    """Invert a transverse Mercator projection.

    Parameters
    ----------
    e, n : int64 arrays (points,)
        Easting and northing in quanta.
    plane : float64 array (4,)
        Longitude of the central meridian in degrees; E and N in quanta of the place where it meets the equator; quanta
        of the plane in a radian of the rectifying latitude.
    beta, delta : float64 arrays (5,)
        Series of the inverse projection, and from conformal to geographic latitude.
    lon, lat : float64 arrays (points,)
        Filled with degrees.
    """
    meridian, east, equator, radius = plane[0], plane[1], plane[2], plane[3]
    for i in range(e.shape[0]):
        xi, eta = (n[i] - equator) / radius, (e[i] - east) / radius
        sin, cos = math.sin(2.0 * xi), math.cos(2.0 * xi)
        grow = math.exp(2.0 * eta)
        sinh, cosh = 0.5 * (grow - 1.0 / grow), 0.5 * (grow + 1.0 / grow)
        # sin 2j(ξ + iη) of j = 1, 2, …, each from the one before by the addition theorem, in complex numbers
        s_re, s_im = sin * cosh, cos * sinh
        c_re, c_im = cos * cosh, -sin * sinh
        a_re, a_im, b_re, b_im = s_re, s_im, c_re, c_im
        for j in range(TERMS):
            xi -= beta[j] * a_re
            eta -= beta[j] * a_im
            a_re, a_im, b_re, b_im = (
                a_re * c_re - a_im * c_im + b_re * s_re - b_im * s_im,
                a_re * c_im + a_im * c_re + b_re * s_im + b_im * s_re,
                b_re * c_re - b_im * c_im - a_re * s_re + a_im * s_im,
                b_re * c_im + b_im * c_re - a_re * s_im - a_im * s_re,
            )
        grow = math.exp(eta)
        sinh, cosh = 0.5 * (grow - 1.0 / grow), 0.5 * (grow + 1.0 / grow)
        conformal = math.asin(math.sin(xi) / cosh)
        sin, cos = math.sin(2.0 * conformal), math.cos(2.0 * conformal)
        s, c, latitude = sin, cos, conformal
        for j in range(TERMS):
            latitude += delta[j] * s
            s, c = s * cos + c * sin, c * cos - s * sin
        lon[i] = meridian + math.degrees(math.atan2(sinh, math.cos(xi)))
        lat[i] = math.degrees(latitude)


@kernel
def undulations(
    lon: Doubles,
    lat: Doubles,
    corner: Doubles,
    heights: npt.NDArray[np.float32],
    out: Doubles,
) -> None:
    """Interpolate the geoid bilinearly, as PROJ's ``vgridshift`` does: of the four nodes, those that are known count.

    Parameters
    ----------
    lon, lat : float64 arrays (points,)
        Degrees.
    corner : float64 array (4,)
        Longitude and latitude of the south-western node, and the steps to the east and to the north, in degrees.
    heights : float32 array (rows, cols)
        Metres at the nodes, row 0 in the south; NaN where they are not known.
    out : float64 array (points,)
        Filled with metres; NaN outside the grid, or where none of the four is known.
    """
    rows, cols = heights.shape
    near = 1e-9  # of a step: a point on the outermost line of nodes is inside, whatever the rounding
    for i in range(lon.shape[0]):
        x, y = (lon[i] - corner[0]) / corner[2], (lat[i] - corner[1]) / corner[3]
        out[i] = np.nan
        if not (-near <= x <= cols - 1 + near and -near <= y <= rows - 1 + near):
            continue
        x, y = min(max(x, 0.0), cols - 1.0), min(max(y, 0.0), rows - 1.0)
        col, row = int(x), int(y)
        x -= col
        y -= row
        value = total = 0.0
        known = 0
        for k in range(4):
            right, up = k & 1, k >> 1
            height = heights[min(row + up, rows - 1), min(col + right, cols - 1)]
            if height == height:
                weight = (x if right else 1.0 - x) * (y if up else 1.0 - y)
                value += height * weight
                total += weight
                known += 1
        if known == 4:
            out[i] = value
        elif total > 0.0:
            out[i] = value / total
