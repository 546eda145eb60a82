"""The hills: the castle ridge with its spurs and gullies, its neighbours, the ditch and the castle path."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from pointcloud.sample import castle, valley
from pointcloud.sample.noise import Floats, bilinear, curve, fractal, octave, soft_max, step, stream

_CREST_Y = ((-200, 476), (150, 446), (300, 420), (400, 423), (505, 432), (620, 445), (700, 452), (1000, 430))
_CREST_Z = (
    (-200, 66), (150, 72), (200, 104), (262, 148), (305, 163), (345, 170), (372, 174), (400, 185),
    (430, 188.5), (600, 188.5), (645, 182), (690, 170), (740, 166), (800, 172), (1000, 172),
)  # fmt: skip
_BRANCH = (350.0, 424.0, np.deg2rad(153.0))
"""The ridge that leaves the castle ridge north-westwards and closes the side valley: x, y, direction."""
_BRANCH_Z = ((-900, -700), (-60, 90), (0, 164), (40, 161), (150, 143), (230, 146), (310, 153), (700, 160))
_FLANK = np.tan(np.deg2rad(36.0))
_ROUNDING = 25.0
_DITCH_X = 371.0
_PATH = (
    (596, 192), (616, 214), (640, 232), (622, 246), (585, 254), (560, 268), (585, 282), (630, 292),
    (662, 304), (650, 322), (626, 336), (640, 350), (676, 356), (704, 370), (700, 392), (676, 412),
)  # fmt: skip


def _flank(distance: Floats) -> Floats:
    """Return the drop below the crest: round on top, then at 36°, steeper where the river cut the foot."""
    foot = np.maximum(distance - 196.0, 0.0)
    return np.asarray(_FLANK * (np.sqrt(distance**2 + _ROUNDING**2) - _ROUNDING) + 0.012 * foot**2)


def relief(seed: int, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the natural ground and its rise above the valley floor.

    On nodes ``x`` (1, cols) and ``y`` (rows, 1); both arrays are (rows, cols).
    """
    rng = stream(seed, 1)
    shape = (y.shape[0], x.shape[1])
    sway = octave(rng, shape, (150.0, 110.0))
    spurs = octave(rng, shape, (300.0, 66.0)) + 0.5 * octave(rng, shape, (130.0, 27.0))
    spurs /= 1.0 + 0.4 * np.abs(spurs)
    folds = octave(rng, shape, (70.0, 70.0))
    rough = fractal(rng, shape, ((110, 3.4), (52, 1.9), (25, 0.95), (12, 0.42), (6, 0.17), (3, 0.06)))
    lane = fractal(rng, shape, ((40, 0.08), (9, 0.03)))

    distance = np.abs(y - curve(_CREST_Y, x[0], 20.0) + 5.0 * sway)
    # Spurs and gullies begin below the summit and run straight down the flank.
    bend = 1.0 + 0.17 * spurs * step(18.0, 110.0, distance)
    ridge = curve(_CREST_Z, x[0], 8.0) - _flank(distance) * bend
    dx, dy, turn = x - _BRANCH[0], y - _BRANCH[1], _BRANCH[2]
    station = np.cos(turn) * dx + np.sin(turn) * dy
    away = np.abs(np.cos(turn) * dy - np.sin(turn) * dx + 9.0 * np.sin(station / 48.0) + 4.0 * sway)
    branch = curve(_BRANCH_Z, station, 15.0) - _flank(away) * (1.0 + 0.16 * folds * step(15.0, 80.0, away))
    neighbour = 66.0 + 0.62 * (34.0 - x) + 0.04 * y + 5.0 * folds - 0.012 * np.maximum(232.0 - y, 0.0) ** 2
    low = valley.floor(x, y)
    ground = soft_max(soft_max(soft_max(low, ridge, 2.5), branch, 4.0), neighbour, 2.5)
    rise = ground - low
    tame = 0.12 + 0.88 * step(2.0, 34.0, _away(x, y))
    return ground + rough * step(1.5, 28.0, rise) * tame + lane, rise


def _away(x: Floats, y: Floats) -> Floats:
    """Return the distance from the castle's rectangle."""
    u, v = castle.axes(x, y)
    return np.asarray(np.hypot(np.maximum(np.abs(u - 10) - 132, 0), np.maximum(np.abs(v + 2) - 34, 0)))


def _stations(points: Sequence[Sequence[float]]) -> Floats:
    """Return the length along a polyline at each of its corners."""
    corners = np.array(points, np.float64)[:, :2]
    return np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))))


def cut_ditch(z: Floats, x: Floats, y: Floats) -> Floats:
    """Return the ground with the ditch that cuts the ridge west of the castle (堀切): V-shaped, 6 m deep."""
    across = np.abs(x - _DITCH_X + 0.15 * (y - 424.0))
    along = np.abs(y - 424.0)
    return z - 6.0 * np.maximum(0.0, 1.0 - across / 7.0) * step(46.0, 14.0, along)


def path_distance(x: Floats, y: Floats) -> Floats:
    """Return the distance to the castle path's centre line."""
    return along(_path(), x, y)[0]


def cut_path(z: Floats, x: Floats, y: Floats) -> Floats:
    """Return the ground with the bench of the castle path cut into the flank, 3 m wide."""
    points = _path()
    lengths = _stations(points.tolist())
    stations = np.arange(0.0, lengths[-1], 2.0)
    px, py = (np.interp(stations, lengths, points[:, k]) for k in (0, 1))
    height = bilinear(z, py - y[0, 0], px - x[0, 0])
    height = np.convolve(np.pad(height, 8, mode="edge"), np.full(17, 1 / 17.0), mode="valid")
    distance, station = along(points, x, y)
    return z + (np.interp(station, stations, height) - z) * step(4.4, 1.5, distance)


def _path() -> Floats:
    return np.array((*_PATH, castle.place(140.0, 3.5)), np.float64)


def along(points: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the distance to a polyline, and the length along it to the nearest place."""
    x, y = np.broadcast_arrays(x, y)
    best, station, done = np.full(x.shape, np.inf), np.zeros(x.shape), 0.0
    for (x0, y0), (x1, y1) in pairwise(points):
        length = float(np.hypot(x1 - x0, y1 - y0))
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        t = np.clip((x - x0) * ux + (y - y0) * uy, 0.0, length)
        dx, dy = x - x0 - t * ux, y - y0 - t * uy
        distance = np.hypot(dx, dy)
        nearer = distance < best
        station = np.where(nearer, done + t, station)
        best = np.where(nearer, distance, best)
        done += length
    return best, station
