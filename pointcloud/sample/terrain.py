"""The true ground: what the laser sees of the earth, and what the rasters made of it are held against."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from pointcloud.sample import castle, hills, valley
from pointcloud.sample.noise import Bools, Floats, bilinear
from pointcloud.sample.place import HEIGHT, MARGIN, SEED, SOUTH, WEST, WIDTH


class Terrain:
    """The bare earth of one seed, in local coordinates.

    The natural ground is bilinear between nodes one metre apart; walls, terraces and bunds are exact, so
    walls are vertical.

    Parameters
    ----------
    seed : int
        Chooses the relief; river, castle and town keep their places.
    """

    def __init__(self, seed: int) -> None:
        x = np.arange(-MARGIN, WIDTH + MARGIN + 1.0)[None, :]
        y = np.arange(-MARGIN, HEIGHT + MARGIN + 1.0)[:, None]
        ground, self._rise = hills.relief(seed, x, y)
        self._base = ground
        ground = hills.cut_ditch(ground, x, y)
        ground = hills.cut_path(ground, x, y)
        ground = valley.lay_road(ground, x, y)
        self._ground = valley.dig_water(ground, x, y)

    def _at(self, nodes: Floats, x: Floats, y: Floats) -> Floats:
        return bilinear(nodes, y + MARGIN, x + MARGIN)

    def rise(self, x: Floats, y: Floats) -> Floats:
        """Return how far the natural ground rises above the valley floor."""
        return self._at(self._rise, x, y)

    def paddies(self, x: Floats, y: Floats) -> Bools:
        """Whether places (1-D) belong to a paddy, terraced or level."""
        rise = self.rise(x, y)
        return valley.terraced(x, y, rise) | valley.plots(x, y, rise)

    def ground(self, x: Floats, y: Floats) -> Floats:
        """Return the height of the ground (1-D); under water, of the bed."""
        z = self._at(self._ground, x, y)
        rise = self.rise(x, y)
        step = valley.terraced(x, y, rise)
        z[step] = valley.terrace(self._at(self._base, x[step], y[step]), x[step], y[step])
        plot = valley.plots(x, y, rise)
        z[plot] = valley.plot_height(x[plot], y[plot])
        return castle.build(z, x, y)[0]


@lru_cache(maxsize=2)
def terrain(seed: int = SEED) -> Terrain:
    """Return the terrain of a seed, made once."""
    return Terrain(seed)


def truth(e: Floats, n: Floats, seed: int = SEED) -> Floats:
    """Return the true height of the bare earth at eastings ``e`` and northings ``n``.

    Parameters
    ----------
    e, n : array of float
        Plane coordinates in metres (EPSG:6673), any one shape.
    seed : int
        The seed of the tiles.

    Returns
    -------
    array of float64, the same shape
        Metres; NaN under water and outside the area. Walls are vertical faces between two levels.
    """
    x, y = np.asarray(e, np.float64).ravel() - WEST, np.asarray(n, np.float64).ravel() - SOUTH
    void = valley.water(x, y) | (x < 0) | (x > WIDTH) | (y < 0) | (y > HEIGHT)
    return np.where(void, np.nan, terrain(seed).ground(x, y)).reshape(np.shape(e))
