"""The forest: plantations of cedar and mixed broadleaf woods, single trees on the castle and in gardens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pointcloud.sample import castle, hills, valley
from pointcloud.sample.noise import Bools, Floats, octave, stream
from pointcloud.sample.place import HEIGHT, MARGIN, WIDTH
from pointcloud.sample.terrain import Terrain
from pointcloud.sample.town import Town

CELL = 0.5
"""Side of a cell of the canopy rasters in metres."""

_SPACING = 4.3
_REACH = 9
"""Cells from a stem to the rim of the widest crown, 4.5 m."""

_CEDAR_DENSITY = 0.34
_BROADLEAF_DENSITY = 0.24

Floats32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Canopy:
    """Crowns on a raster over area and margin, shape (rows, cols), row 0 in the south.

    ``top`` and ``base`` are heights above the sea (-inf where there is no crown), ``density`` is the optical
    depth of a metre of crown.
    """

    top: Floats32
    base: Floats32
    density: Floats32


def raster_centres() -> tuple[Floats, Floats]:
    """Return x (cols) and y (rows) of the cell centres of the canopy rasters."""
    x, y = ((np.arange(int((side + 2 * MARGIN) / CELL)) + 0.5) * CELL - MARGIN for side in (WIDTH, HEIGHT))
    return np.asarray(x, np.float64), np.asarray(y, np.float64)


def grow(seed: int, terrain: Terrain, town: Town) -> Canopy:
    """Return the crowns of every tree of a seed."""
    rng = stream(seed, 3)
    x, y, height, radius, cedar = _stand(rng, terrain)
    single = _singles(rng, terrain, town)
    x, y, height, radius, cedar = (
        np.concatenate(pair) for pair in zip((x, y, height, radius, cedar), single, strict=True)
    )
    return _render(x, y, terrain.ground(x, y), height, radius, cedar)


Trees = tuple[Floats, Floats, Floats, Floats, Bools]
"""x, y, height, crown radius, and whether it is a cedar."""


def _stand(rng: np.random.Generator, terrain: Terrain) -> Trees:
    """Return the trees of the woods: rows of cedar here, broadleaf trees in disorder there."""
    gx = np.arange(5.0 - MARGIN, WIDTH + MARGIN - 5.0, _SPACING)
    gy = np.arange(5.0 - MARGIN, HEIGHT + MARGIN - 5.0, _SPACING)
    kind = octave(rng, (gy.size, gx.size), (20.0, 26.0))
    jitter, size = rng.uniform(-1.0, 1.0, (2, gy.size, gx.size)), rng.random((2, gy.size, gx.size))
    cedar = kind > -0.15
    spread = np.where(cedar, 1.0, 1.9)
    x = (gx[None, :] + spread * jitter[0]).ravel()
    y = (gy[:, None] + spread * jitter[1]).ravel()
    cedar, size, lush = cedar.ravel(), size.reshape(2, -1), kind.ravel()
    height = np.where(cedar, 15.0 + 5.0 * size[0] + 1.2 * np.clip(lush, 0, 2), 8.0 + 7.0 * size[0])
    radius = np.where(cedar, 1.9 + 0.7 * size[1], 2.4 + 1.8 * size[1])
    keep = wooded(terrain, x, y) & (cedar | (size[1] > 0.12))
    return x[keep], y[keep], height[keep], radius[keep], cedar[keep]


def wooded(terrain: Terrain, x: Floats, y: Floats) -> Bools:
    """Whether places (1-D) lie in the woods: on the hills, clear of castle, path, pond and paddies."""
    on_hill = (terrain.rise(x, y) > 3.2) & (valley.pond_radius(x, y) > 1.75)
    on_hill &= np.abs(valley.river_distance(x, y)) > 40.0
    on_hill &= np.abs(y - valley.road_centre(x)) > 8.0
    for dx, dy in ((0, 0), (3, 0), (-3, 0), (0, 3), (0, -3)):
        on_hill &= ~terrain.paddies(x + dx, y + dy)
    where = np.flatnonzero(on_hill)
    where = where[hills.path_distance(x[where], y[where]) > 2.6]
    woods = np.zeros(x.shape, bool)
    woods[where] = ~_cleared(x[where], y[where], 8.0)
    return woods


def _cleared(x: Floats, y: Floats, by: float) -> Bools:
    """Whether a place lies within about ``by`` metres of the castle's walls, where no tree may stand."""
    clear = np.zeros(x.shape, bool)
    for turn in np.arange(8) * (np.pi / 4):
        for far in (0.5 * by, by):
            u, v = castle.axes(x + far * np.cos(turn), y + far * np.sin(turn))
            for terrace in castle.TERRACES:
                clear |= terrace.holds(u, v)
    return clear


def _singles(rng: np.random.Generator, terrain: Terrain, town: Town) -> Trees:
    """Return cherry trees on the terraces of the castle and small trees in the gardens of the town."""
    u, v = rng.uniform(-115, 135, 42), rng.uniform(-33, 28, 42)
    garden_x, garden_y = rng.uniform(200, 790, 130), rng.uniform(122, 235, 130)
    size = rng.random((2, 172))
    at = np.array([castle.place(a, b) for a, b in zip(u, v, strict=True)])
    x, y = np.concatenate((at[:, 0], garden_x)), np.concatenate((at[:, 1], garden_y))
    garden = np.arange(172) >= 42
    height = np.where(garden, 2.5 + 3.5 * size[0], 5.0 + 3.0 * size[0])
    radius = np.where(garden, 1.1 + 1.0 * size[1], 2.2 + 1.2 * size[1])
    keep = ~garden | ((terrain.rise(x, y) < 1.0) & (np.abs(y - valley.road_centre(x)) > 7.0))
    for dx, dy in ((0, 0), (2, 0), (-2, 0), (0, 2), (0, -2)):
        keep &= (town.roof(x + dx, y + dy)[1] == 0) & ~terrain.paddies(x + dx, y + dy)
    return x[keep], y[keep], height[keep], radius[keep], np.zeros(int(keep.sum()), bool)


def _render(x: Floats, y: Floats, ground: Floats, height: Floats, radius: Floats, cedar: Bools) -> Canopy:
    """Return the rasters of the crowns: cones for cedars, domes for the others; the highest crown stands."""
    px, py = raster_centres()
    shape = (py.size, px.size)
    reach = np.arange(-_REACH, _REACH + 1)
    col = ((x + MARGIN) / CELL).astype(np.intp)[:, None, None] + reach[None, None, :]
    row = ((y + MARGIN) / CELL).astype(np.intp)[:, None, None] + reach[None, :, None]
    inside = (col >= 0) & (col < shape[1]) & (row >= 0) & (row < shape[0])
    dx = (col + 0.5) * CELL - MARGIN - x[:, None, None]
    dy = (row + 0.5) * CELL - MARGIN - y[:, None, None]
    r = np.hypot(dx, dy) / radius[:, None, None]
    tree, i, j = np.nonzero(inside & (r < 1.0))
    r = r[tree, i, j]
    shape_of = np.where(cedar[tree], 1.0 - 0.42 * r, 1.0 - 0.38 * r * r)
    crown = (ground[tree] + height[tree] * shape_of).astype(np.float32)
    cell = row[tree, i, 0] * shape[1] + col[tree, 0, j]
    # Painted from the lowest to the highest: the last one written is the highest.
    order = np.argsort(crown, kind="stable")
    cell, tree, crown = cell[order], tree[order], crown[order]
    top = np.full(shape[0] * shape[1], -np.inf, np.float32)
    base, density = top.copy(), np.zeros_like(top)
    top[cell] = crown
    base[cell] = ground[tree] + height[tree] * np.where(cedar[tree], 0.48, 0.33)
    density[cell] = np.where(cedar[tree], _CEDAR_DENSITY, _BROADLEAF_DENSITY)
    return Canopy(top.reshape(shape), base.reshape(shape), density.reshape(shape))
