"""Where the made-up place lies, and how its tiles are delivered.

The box lies in the open sea of Harima-nada, so nobody can take it for a real site, yet on real sheets of zone
V. Its six tiles are 500-level sheets or halves of them; they meet at two corners, and E 22000 is also the
border between the 2500-level sheets 05PE551 and 05PE552.
"""

from __future__ import annotations

from dataclasses import dataclass

from pointcloud.geo.lattice import Box

SEED = 1
"""The seed of the tiles that come with the project."""

NAME = "Sample Castle (made-up place)"
NAME_JA = "架空の城(架空の地点)"

EPSG = 6673

AREA = Box.from_metres(21_400, -166_200, 22_200, -165_600)
"""The delivered area: 800 × 600 m."""

WEST, SOUTH, EAST, NORTH = AREA.bounds

WIDTH, HEIGHT = EAST - WEST, NORTH - SOUTH

MARGIN = 60
"""Metres of landscape made around the area, for rays and crowns that reach in from outside."""

BORDERS_E = (21_600.0, 22_000.0)
"""Eastings of the borders between tiles."""

BORDERS_N = (-165_900.0,)
"""Northings of the borders between tiles."""

CORNER = (22_000.0, -165_900.0)
"""A corner of four tiles, on the border of two 2500-level sheets; one ground return lies exactly on it."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of the delivery.

    Parameters
    ----------
    code : str
        Its 500-level sheet, which is also its file name.
    sheet : Box
        The whole sheet; the outer columns lie half outside the area.
    version, point_format : str, int
        LAS version and point data record format.
    scale : float
        Metres of one step of a coordinate in the file.
    crs : bool
        Whether the file says its CRS.
    pair : bool
        Delivered as ``original/`` and ``ground/``, every point of class 1.
    """

    code: str
    sheet: Box
    version: str = "1.4"
    point_format: int = 6
    scale: float = 0.001
    crs: bool = True
    pair: bool = False


def _sheet(west: float, north: float) -> Box:
    return Box.from_metres(west, north - 300, west + 400, north)


TILES = (
    Tile("05PE5523", _sheet(21_200, -165_600), scale=0.01),
    Tile("05PE5524", _sheet(21_600, -165_600)),
    Tile("05PE5525", _sheet(22_000, -165_600), pair=True),
    Tile("05PE5533", _sheet(21_200, -165_900), version="1.2", point_format=3, crs=False),
    Tile("05PE5534", _sheet(21_600, -165_900)),
    Tile("05PE5535", _sheet(22_000, -165_900)),
)
