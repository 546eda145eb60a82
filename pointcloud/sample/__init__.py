"""Sample Castle (架空の城): tiles of a made-up place, and the true surface that they were made from.

A castle of stone-walled terraces on a wooded ridge, above a valley with a town, paddies, a river and a pond,
seen by a laser scanner on three overlapping flight lines. The same seed makes the same tiles.
"""

from pointcloud.sample.cloud import Points, points
from pointcloud.sample.deliver import TRUTH, truth_grid, truth_tif, write
from pointcloud.sample.flight import LINES, Line
from pointcloud.sample.place import AREA, EPSG, SEED, TILES, Tile
from pointcloud.sample.terrain import truth

__all__ = [
    "AREA",
    "EPSG",
    "LINES",
    "SEED",
    "TILES",
    "TRUTH",
    "Line",
    "Points",
    "Tile",
    "points",
    "truth",
    "truth_grid",
    "truth_tif",
    "write",
]
