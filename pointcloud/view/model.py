"""What is to be seen, as plain arrays: what a picture, a film and a page in a browser are drawn from.

Coordinates are easting, northing and height in metres; heights are exaggerated already.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pointcloud.view.camera import Camera

Colour: TypeAlias = tuple[int, int, int]
Points: TypeAlias = NDArray[np.float64]

GROUND: Colour = (222, 214, 198)
"""Ground without a drape."""
FLOOR: Colour = (150, 158, 166)
"""Where there is no height."""
SIDE: Colour = (176, 160, 138)
"""Sides of the block, and of a section."""


@dataclass(frozen=True)
class Surface:
    """Triangles.

    Parameters
    ----------
    points : (n, 3) float64
    triangles : (m, 3) int32
    colour : (r, g, b)
        Where there is no picture.
    uv : (n, 2) float32, optional
        Places in the picture: 0 to 1 from its west edge, 0 to 1 from its north edge.
    picture : (rows, cols, 3) uint8, optional
    opacity : float
        Below 1 only the nearest of its faces is seen, and what lies behind.
    """

    points: Points
    triangles: NDArray[np.int32]
    colour: Colour = GROUND
    uv: NDArray[np.float32] | None = None
    picture: NDArray[np.uint8] | None = None
    opacity: float = 1.0


@dataclass(frozen=True)
class Lines:
    """Straight lines between pairs of points; ``width`` in pixels of a picture 1080 pixels high."""

    points: Points
    pairs: NDArray[np.int32]
    colour: Colour
    width: float = 1.5


@dataclass(frozen=True)
class Cloud:
    """Points, (n, 3), and their colours, (n, 3) uint8; ``size`` in pixels of a picture 1080 pixels high."""

    points: Points
    colours: NDArray[np.uint8]
    size: float = 3.0


@dataclass(frozen=True)
class Sign:
    """A name on a pole.

    Parameters
    ----------
    foot, top : (e, n, height)
        Ends of the pole; the name stands on its top.
    text : str
    board : (rows, cols, 3) uint8
        The name as a picture.
    """

    foot: tuple[float, float, float]
    top: tuple[float, float, float]
    text: str
    board: NDArray[np.uint8]


@dataclass(frozen=True)
class Entry:
    """A line of the key: a colour and what it stands for."""

    colour: Colour
    text: str


@dataclass(frozen=True)
class Words:
    """What is written below a picture: a headline, facts about it, and source and licence."""

    title: str
    facts: str
    source: str
    key: tuple[Entry, ...] = ()


@dataclass
class Model:
    """All that is to be seen.

    Parameters
    ----------
    camera : Camera
    words : Words
    bounds : (west, south, east, north)
        Metres.
    surfaces, lines, clouds, signs : list
    notes : list of str
        What the user is to be told: what was thinned, coarsened or left out.
    """

    camera: Camera
    words: Words
    bounds: tuple[float, float, float, float]
    surfaces: list[Surface] = field(default_factory=list)
    lines: list[Lines] = field(default_factory=list)
    clouds: list[Cloud] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def every_point(self) -> Iterator[NDArray[Any]]:
        """Yield the points of all parts."""
        parts: list[Surface | Lines | Cloud] = [*self.surfaces, *self.lines, *self.clouds]
        for part in parts:
            yield part.points
