"""What comes back of a pulse: leaves and branches on its way, then ground, roof, or nothing from water."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pointcloud.sample import valley
from pointcloud.sample.flight import DATUM, Pulses
from pointcloud.sample.forest import CELL, Canopy, grow, raster_centres
from pointcloud.sample.noise import Bools, Floats, bilinear
from pointcloud.sample.place import MARGIN
from pointcloud.sample.terrain import Terrain, terrain
from pointcloud.sample.town import Town

GROUND, LOW, MEDIUM, HIGH, WATER = 2, 3, 4, 5, 9
_MAX_CANOPY_RETURNS = 3
"""With a shrub and the ground five in all, the most that LAS 1.2 can number."""
_ABOVE, _BELOW = 27, -14
"""Metres above and below the smoothed ground between which a ray is followed."""

Ints = NDArray[np.intp]


class Scene:
    """All that a pulse can meet, of one seed."""

    def __init__(self, seed: int) -> None:
        self.terrain: Terrain = terrain(seed)
        self.town = Town(seed, self.terrain)
        self.canopy: Canopy = grow(seed, self.terrain, self.town)
        px, py = raster_centres()
        x, y = (a.ravel() for a in np.meshgrid(px, py))
        self._shape = (py.size, px.size)
        self._solid = self.solid(x, y).astype(np.float32)
        self._crown = np.stack((self.canopy.top, self.canopy.base, self.canopy.density), axis=-1).reshape(
            -1, 3
        )
        self._smooth = _box(_box(self.terrain.ground(x, y).reshape(self._shape)[::8, ::8]))

    def solid(self, x: Floats, y: Floats) -> Floats:
        """Return the height of what no light passes: ground, roofs, the water's surface."""
        z = np.maximum(self.terrain.ground(x, y), self.town.roof(x, y)[0])
        return np.where(valley.water(x, y), valley.water_level(x, y), z)

    def cell(self, x: Floats, y: Floats) -> Ints:
        """Return the flat index of the raster cell over places, clamped at the rim."""
        i = np.clip(((y + MARGIN) / CELL).astype(np.intp), 0, self._shape[0] - 1)
        j = np.clip(((x + MARGIN) / CELL).astype(np.intp), 0, self._shape[1] - 1)
        return np.asarray(i * self._shape[1] + j)

    def smooth(self, x: Floats, y: Floats) -> Floats:
        """Return the ground smoothed over some 20 m, where a ray is first looked for."""
        step = 8 * CELL
        return bilinear(self._smooth, (y + MARGIN) / step, (x + MARGIN) / step)

    def crown(self, cell: Ints) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return top, base and density of the crowns over raster cells."""
        top, base, density = self._crown[cell].T
        return top, base, density

    def solid_near(self, cell: Ints) -> NDArray[np.float32]:
        """Return the height of the solid surface at the centre of raster cells."""
        return np.asarray(self._solid[cell])


@lru_cache(maxsize=1)
def scene(seed: int) -> Scene:
    """Return the scene of a seed, made once: it takes longer than the flight."""
    return Scene(seed)


def _box(a: Floats) -> Floats:
    """Return the mean over three by three nodes."""
    p = np.pad(a, 1, mode="edge")
    rows = p[:-2] + p[1:-1] + p[2:]
    return np.asarray((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9.0)


@dataclass(frozen=True, slots=True)
class Returns:
    """Returns in the order of pulses and, within one, from the first to the last; arrays are (returns,)."""

    pulse: Ints
    x: Floats
    y: Floats
    z: Floats
    kind: NDArray[np.uint8]


def trace(scene: Scene, pulses: Pulses, rng: np.random.Generator) -> Returns:
    """Return what comes back of some pulses.

    The same random numbers are drawn whatever the pulses meet, so one hair's breadth of difference on another
    machine stays one.
    """
    n = pulses.x.size
    draws = rng.exponential(size=(n, _MAX_CANOPY_RETURNS + 1))
    chance, shrub, depth = rng.random((3, n))
    noise = 0.02 * rng.standard_normal(n)

    start = np.full(n, DATUM)
    for _ in range(6):
        start = scene.smooth(*_at(pulses, start))
    hit, canopy, extinction = _march(scene, pulses, start, draws[:, :-1])
    z, kind = _last(scene, pulses, hit)
    x, y = _at(pulses, z)

    wood = extinction > 0.0
    is_ground = kind == GROUND
    seen = (extinction < draws[:, -1]) & ((kind != WATER) | _by_the_shore(x, y, chance))
    bush = is_ground & np.where(wood, shrub < 0.3, shrub < 0.05) & ~valley.water(x, y)
    tall = np.where(wood, 0.25 + 2.6 * depth**2, 0.12 + 0.6 * depth**2)
    seen &= ~(bush & (chance < 0.45))

    parts = [
        Returns(which, *_at(pulses.take(which), height), height, _vegetation(height - z[which]))
        for which, height in canopy
    ]
    which = np.flatnonzero(bush)
    above = z[which] + tall[which]
    parts.append(Returns(which, *_at(pulses.take(which), above), above, _vegetation(tall[which])))
    which = np.flatnonzero(seen)
    parts.append(Returns(which, x[which], y[which], z[which] + noise[which], kind[which]))
    return _ordered(parts)


def _at(pulses: Pulses, z: Floats) -> tuple[Floats, Floats]:
    """Return where rays are at heights ``z``."""
    return pulses.x + (DATUM - z) * pulses.dx, pulses.y + (DATUM - z) * pulses.dy


def _by_the_shore(x: Floats, y: Floats, chance: Floats) -> Bools:
    """Whether a pulse on water comes back: one in thirty within 1.2 m of the river's edge, else none."""
    inside = valley.RIVER_HALF_WIDTH - np.abs(valley.river_distance(x, y))
    return (inside > 0.0) & (inside < 1.2) & (chance < 0.03)


def _vegetation(height: Floats) -> NDArray[np.uint8]:
    """Return the class of vegetation this high above the ground."""
    return np.where(height < 1.0, LOW, np.where(height < 4.0, MEDIUM, HIGH)).astype(np.uint8)


Canopied = list[tuple[Ints, Floats]]


def _march(scene: Scene, pulses: Pulses, start: Floats, draws: Floats) -> tuple[Floats, Canopied, Floats]:
    """Follow rays down, a metre at a time.

    Returns the height at which each first lies at or below the solid surface, the returns of the canopy as
    (pulses, heights), and the optical depth gone through. A leaf or branch returns each time that the depth
    passes the sum of the next few draws.
    """
    n = start.size
    hit, depth = start + _BELOW, np.zeros(n)
    given, due = np.zeros(n, np.intp), 0.3 * draws[:, 0]
    canopy: Canopied = []
    alive = np.arange(n)
    rays = pulses
    for k in range(_ABOVE, _BELOW, -1):
        z = start[alive] + k
        cell = scene.cell(*_at(rays, z))
        top, base, density = scene.crown(cell)
        inside = (z < top) & (z > base)
        if inside.any():
            leaf = alive[inside]
            depth[leaf] += density[inside]
            back = leaf[(depth[leaf] > due[leaf]) & (given[leaf] < _MAX_CANOPY_RETURNS)]
            if back.size:
                canopy.append((back, start[back] + k + (due[back] * 7.3) % 1.0 - 0.5))
                given[back] += 1
                nth = np.minimum(given[back], _MAX_CANOPY_RETURNS - 1)
                due[back] = depth[back] + 0.35 + 0.8 * draws[back, nth]
        down = z <= scene.solid_near(cell)
        if down.any():
            hit[alive[down]] = z[down]
            alive = alive[~down]
            rays = rays.take(np.flatnonzero(~down))
    return hit, canopy, depth


def _last(scene: Scene, pulses: Pulses, hit: Floats) -> tuple[Floats, NDArray[np.uint8]]:
    """Return height and class of the solid surface that rays meet near ``hit``, exactly.

    Fixed-point iteration settles all but the 3 % of rays that come near a wall or an eave.
    """
    before = scene.solid(*_at(pulses, scene.solid(*_at(pulses, hit))))
    z = scene.solid(*_at(pulses, before))
    open_fall = np.flatnonzero((np.abs(z - before) > 0.01) | (np.abs(z - hit) > 2.0))
    z[open_fall] = _bisect(scene, pulses.take(open_fall), hit[open_fall])
    x, y = _at(pulses, z)
    roof, kind = scene.town.roof(x, y)
    kind = np.where(roof >= z - 0.5, kind, GROUND).astype(np.uint8)
    kind[valley.water(x, y)] = WATER
    return z, kind


def _bisect(scene: Scene, rays: Pulses, hit: Floats) -> Floats:
    """Return where rays meet the solid surface, be it on a vertical face.

    A ray that passes beside the wall which the raster of half-metre cells showed falls on to the ground.
    """
    low, high = hit - 3.0, hit + 3.0
    beside = scene.solid(*_at(rays, low)) < low
    for _ in range(11):
        middle = 0.5 * (low + high)
        under = scene.solid(*_at(rays, middle)) >= middle
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    ground = hit
    for _ in range(5):
        ground = scene.solid(*_at(rays, ground))
    return np.where(beside, ground, low)


def _ordered(parts: list[Returns]) -> Returns:
    """Return all parts as one, by pulse, highest first."""
    whole = [np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Returns)]
    pulse, z = whole[0], whole[3]
    order = np.lexsort((-z, pulse))
    return Returns(*(a[order] for a in whole))
