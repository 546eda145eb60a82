"""The valley: river and levees, the plain, the side valley with its pond and terraced paddies, the road.

Local coordinates throughout: x metres east and y metres north of the area's south-west corner, z metres.
"""

from __future__ import annotations

import numpy as np

from pointcloud.sample.noise import Bools, Floats, step

RIVER_HALF_WIDTH = 20.0
_BANK = ([0.0, 19.5, 20.0, 27.0, 31.0, 35.5], [-4.2, -3.9, -3.1, 1.2, 1.2, 0.0])
_WATER_BELOW_PLAIN = 3.2

POND = (118.0, 404.0, 34.0, 23.0)
"""Centre x, y and half axes of the pond."""
POND_LEVEL = 82.6
_DAM_CREST = POND_LEVEL + 1.4

ROAD_HALF_WIDTH = 3.5

_TERRACE_STEP = 1.3
_PLOT = (46.0, 27.0)


def plain(x: Floats) -> Floats:
    """Return the height of the flood plain, which falls 5 m in a kilometre to the west."""
    return 60.0 + 0.005 * x


def floor(x: Floats, y: Floats) -> Floats:
    """Return the height of the valley floor: the plain, and the side valley that climbs north at 10 %."""
    beyond = np.maximum(y - 196.0, 0.0)
    climb = 0.1 * beyond**2 / (beyond + 25.0)
    return plain(x) + climb * step(460.0, 300.0, x)


def river_distance(x: Floats, y: Floats) -> Floats:
    """Return the distance to the river's centre line, negative on its south side."""
    angle = 2 * np.pi * x / 640.0 + 0.6
    centre = 48.0 + 12.0 * np.sin(angle)
    slope = 12.0 * 2 * np.pi / 640.0 * np.cos(angle)
    return np.asarray((y - centre) / np.sqrt(1.0 + slope**2))


def road_centre(x: Floats) -> Floats:
    """Return y of the road's centre line."""
    return 168.0 + 6.0 * np.sin(x / 140.0)


def road_height(x: Floats) -> Floats:
    """Return the height of the road, on a low bank above the plain."""
    return plain(x) + 0.5


def pond_radius(x: Floats, y: Floats) -> Floats:
    """Return the distance from the pond's centre in shares of its half axes: 1 on the shore."""
    cx, cy, a, b = POND
    return np.asarray(np.hypot((x - cx) / a, (y - cy) / b))


def water(x: Floats, y: Floats) -> Bools:
    """Whether a place is under water, where the true surface is void and no laser pulse comes back."""
    return (np.abs(river_distance(x, y)) < RIVER_HALF_WIDTH) | (pond_radius(x, y) < 1.0)


def water_level(x: Floats, y: Floats) -> Floats:
    """Return the height of the water nearest to a place: pond or river."""
    return np.where(y > 300.0, POND_LEVEL, plain(x) - _WATER_BELOW_PLAIN)


def dig_water(z: Floats, x: Floats, y: Floats) -> Floats:
    """Return the ground with the pond behind its earth dam, and the river between its levees, put in."""
    radius = pond_radius(x, y)
    shore = POND_LEVEL + 0.3
    z = np.where(radius < 1.45, z + (shore - z) * step(1.45, 1.05, radius), z)
    z = np.where(radius < 1.0, POND_LEVEL - 0.3 - 2.0 * (1.0 - radius**2), z)
    cx, cy, a, b = POND
    across = np.abs(y - (cy - b - 4.0 + 0.004 * (x - cx) ** 2)) - 2.0
    dam = _DAM_CREST - np.maximum(across, 0.0) * 0.5
    south = (radius > 1.0) & (y < cy) & (np.abs(x - cx) < a + 45.0)
    z = np.where(south, np.maximum(z, dam), z)
    distance = np.abs(river_distance(x, y))
    bank = plain(x) + np.interp(distance, *_BANK)
    return np.where(distance < _BANK[0][-1], bank, z)


def lay_road(z: Floats, x: Floats, y: Floats) -> Floats:
    """Return the ground with the road's bank put in."""
    off = np.abs(y - road_centre(x))
    weight = step(ROAD_HALF_WIDTH + 2.0, ROAD_HALF_WIDTH, off)
    return z + (road_height(x) - z) * weight


def terraced(x: Floats, y: Floats, rise: Floats) -> Bools:
    """Whether a place belongs to the terraced paddies; ``rise`` is the ground's above the valley floor."""
    edge = 8.0 * np.sin(y / 21.0)
    north = 358.0 + 6.0 * np.sin(x / 17.0)
    return np.asarray((x + edge > 16) & (x + edge < 268) & (y > 222) & (y < north) & (rise < 3.5))


def terrace(base: Floats, x: Floats, y: Floats) -> Floats:
    """Return the terraced paddies: level steps that follow the contours of ``base``, with low bunds.

    The risers are vertical. A bund of 25 cm runs along the lip of every step, and across it every 38 m or so.
    """
    order = np.floor(base / _TERRACE_STEP)
    within = base / _TERRACE_STEP - order
    plot = (x + 11.0 * np.sin(order * 2.4)) / 38.0
    bund = (within < 0.055) | (np.abs(plot - np.rint(plot)) < 0.009)
    return order * _TERRACE_STEP + 0.5 * _TERRACE_STEP + np.where(bund, 0.25, 0.0)


def plots(x: Floats, y: Floats, rise: Floats) -> Bools:
    """Whether a place belongs to the level paddies of the plain, north or south of the river."""
    off = river_distance(x, y)
    north = (off > 37.5) & (((y < 119) & (x < 515)) | ((y < 152) & ((x < 192) | (x > 694))))
    return (north | (off < -37.5)) & (rise < 0.6)


def plot_height(x: Floats, y: Floats) -> Floats:
    """Return the height of the plain's paddies: level plots, each its own, between bunds of 30 cm."""
    u, v = x / _PLOT[0] + 0.13 * np.sin(y / 60.0), y / _PLOT[1] + 0.35
    i, j = np.floor(u), np.floor(v)
    level = plain((i + 0.5) * _PLOT[0]) - 0.1 + 0.12 * np.sin(12.9 * i + 78.2 * j)
    near_u, near_v = np.abs(u - np.rint(u)) * _PLOT[0], np.abs(v - np.rint(v)) * _PLOT[1]
    return level + np.where(np.minimum(near_u, near_v) < 0.4, 0.3, 0.0)
