"""The town: houses along the road, a school, a warehouse of 60 × 120 m, and the cars on the road."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pointcloud.sample import hills, valley
from pointcloud.sample.noise import Floats, stream
from pointcloud.sample.place import HEIGHT, MARGIN, WIDTH
from pointcloud.sample.terrain import Terrain

BUILDING = 6
UNCLASSIFIED = 1

WAREHOUSE = (602.0, 121.0, 60.0, 30.0)
"""Centre x, y and half sides; it stands across the border between two 2500-level sheets."""

_SCHOOL = (357.0, 138.0, 26.0, 7.0)
_GYM = (408.0, 136.0, 14.0, 10.0)
_ROWS = (-29.0, -14.5, 14.5, 29.0, 46.0, 60.0)
_STREET = 76.0
_CELL = 0.5


@dataclass(frozen=True, slots=True)
class Block:
    """A thing with a roof.

    Parameters
    ----------
    x, y : float
        Centre in local coordinates.
    half_u, half_v : float
        Half sides in metres along and across ``turn`` (radians from east).
    eaves, rise : float
        Height of the eaves above the ground, and of the ridge (along u) above the eaves; 0 is a flat roof.
    kind : int
        LAS class of the returns.
    """

    x: float
    y: float
    half_u: float
    half_v: float
    turn: float
    eaves: float
    rise: float = 0.0
    kind: int = BUILDING


class Town:
    """Every block of a seed, and the heights of their roofs."""

    def __init__(self, seed: int, terrain: Terrain) -> None:
        blocks = list(_blocks(seed, terrain))
        columns = [(b.x, b.y, b.half_u, b.half_v, np.cos(b.turn), np.sin(b.turn)) for b in blocks]
        self._rect = np.array(columns)
        base = terrain.ground(self._rect[:, 0], self._rect[:, 1])
        self._eaves = base + [b.eaves for b in blocks]
        self._rise = np.array([b.rise for b in blocks])
        self._kind = np.array([b.kind for b in blocks], np.uint8)
        self._index = self._lookup()

    def _lookup(self) -> NDArray[np.int16]:
        """Return, per cell of half a metre, the block that reaches within a cell of its centre, or -1."""
        shape = int((HEIGHT + 2 * MARGIN) / _CELL), int((WIDTH + 2 * MARGIN) / _CELL)
        index = np.full(shape, -1, np.int16)
        for k, (x, y, a, b, c, s) in enumerate(self._rect):
            reach = np.hypot(a, b) + 1.0
            i0, j0 = (int((at + MARGIN - reach) / _CELL) for at in (y, x))
            n = int(2 * reach / _CELL) + 2
            px = (np.arange(j0, j0 + n) + 0.5)[None, :] * _CELL - MARGIN - x
            py = (np.arange(i0, i0 + n) + 0.5)[:, None] * _CELL - MARGIN - y
            near = (np.abs(c * px + s * py) < a + _CELL) & (np.abs(c * py - s * px) < b + _CELL)
            index[i0 : i0 + n, j0 : j0 + n][near] = k
        return index

    def roof(self, x: Floats, y: Floats) -> tuple[Floats, NDArray[np.uint8]]:
        """Return height and class of the roof over places (1-D): -inf and 0 where there is none."""
        rows, cols = self._index.shape
        i = np.clip(((y + MARGIN) / _CELL).astype(np.intp), 0, rows - 1)
        j = np.clip(((x + MARGIN) / _CELL).astype(np.intp), 0, cols - 1)
        block = self._index[i, j]
        where = np.flatnonzero(block >= 0)
        block = block[where]
        cx, cy, a, b, c, s = self._rect[block].T
        u, v = c * (x[where] - cx) + s * (y[where] - cy), c * (y[where] - cy) - s * (x[where] - cx)
        inside = (np.abs(u) <= a) & (np.abs(v) <= b)
        height: Floats = np.full(x.shape, -np.inf)
        kind: NDArray[np.uint8] = np.zeros(x.shape, np.uint8)
        height[where[inside]] = (self._eaves[block] + self._rise[block] * (1.0 - np.abs(v) / b))[inside]
        kind[where[inside]] = self._kind[block][inside]
        return height, kind


def _blocks(seed: int, terrain: Terrain) -> Iterator[Block]:
    """Yield the large buildings, then the houses that find room, then the cars."""
    rng = stream(seed, 2)
    placed = [
        Block(*WAREHOUSE, turn=-0.02, eaves=9.0, rise=1.2),
        Block(*_SCHOOL, turn=-0.01, eaves=11.2),
        Block(*_GYM, turn=-0.01, eaves=7.5, rise=2.2),
    ]
    for row in _ROWS:
        for x in np.arange(206.0, 792.0, 13.0):
            house = _house(rng, float(x), row)
            if _fits(house, placed, terrain):
                placed.append(house)
    yield from placed
    yield from _cars(rng)


def _house(rng: np.random.Generator, x: float, row: float) -> Block:
    """Return a house of the row ``row`` metres north of the road's centre line."""
    jitter = rng.uniform(-0.7, 0.7, 2)
    long, short, storeys, roof, quarter = rng.random(5)
    at = np.array([x + jitter[0]])
    slope = 6.0 / 140.0 * float(np.cos(at[0] / 140.0))
    y = float(valley.road_centre(at)[0]) + row + jitter[1]
    turn = float(np.arctan(slope)) + 0.06 * (long - 0.5) + (np.pi / 2 if quarter < 0.3 else 0.0)
    if roof < 0.22:
        return Block(at[0], y, 4.6 + 1.6 * long, 4.4 + 1.4 * short, turn, 6.2 if storeys < 0.6 else 9.3)
    half = 3.6 + 1.5 * short
    eaves = 5.7 if storeys < 0.72 else 3.1
    return Block(at[0], y, 4.6 + 1.7 * long, half, turn, eaves + 0.4 * (short - 0.5), 0.5 * half)


def _fits(house: Block, placed: list[Block], terrain: Terrain) -> bool:
    """Whether a house stands on dry level ground clear of streets, paddies and other buildings."""
    if abs((house.x - 40.0) % _STREET - 0.5 * _STREET) > 0.5 * _STREET - 7.5:
        return False
    reach = float(np.hypot(house.half_u, house.half_v)) + 1.0
    corners = np.array([(0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)]) * reach
    x, y = house.x + corners[:, 0], house.y + corners[:, 1]
    level = terrain.rise(x, y).max() < 0.7 and not terrain.paddies(x, y).any()
    clear = hills.path_distance(x, y).min() > 4.0
    apart = all(
        abs(house.x - b.x) > reach + b.half_u + 1.0 or abs(house.y - b.y) > reach + b.half_v + 1.0
        for b in placed[:3]
    ) and all(np.hypot(house.x - b.x, house.y - b.y) > 11.6 for b in placed[3:])
    return bool(level and clear and apart and y.max() < 300.0)


def _cars(rng: np.random.Generator) -> Iterator[Block]:
    """Yield cars on both lanes of the road, and lorries in the yard of the warehouse."""
    for x in np.sort(rng.uniform(10.0, 790.0, 16)):
        lane = 1.8 if rng.random() < 0.5 else -1.8
        y = float(valley.road_centre(np.array([x]))[0]) + lane
        yield Block(float(x), y, 2.2, 0.85, 0.0, 1.5, kind=UNCLASSIFIED)
    x, y, _, half_v = WAREHOUSE
    for k in range(4):
        yield Block(x - 30.0 + 14.0 * k, y - half_v - 5.0, 1.25, 4.0, 0.0, 3.6, kind=UNCLASSIFIED)
