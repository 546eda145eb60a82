"""A page in millimetres: named layers of lines, areas, texts and pictures, drawn in the order they were added.

The origin is the lower left corner, x to the right, y up. What is on a page is kept as instructions, so that the same
page becomes a PDF with layers, a PNG or an SVG (:mod:`pointcloud.print.paper.save`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pointcloud.print.paper.fonts import Fonts
from pointcloud.print.paper.libraries import need

POINTS_PER_MM = 72 / 25.4

Colour = str | tuple[float, float, float]
Draw = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle of a page in millimetres: left, bottom, width and height."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """Its upper edge."""
        return self.bottom + self.height

    def corners(self) -> NDArray[np.float64]:
        """Return the four corners, anticlockwise from the lower left, shape (4, 2)."""
        return np.array(
            [
                (self.left, self.bottom),
                (self.right, self.bottom),
                (self.right, self.top),
                (self.left, self.top),
            ]
        )


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels on a page.

    Parameters
    ----------
    pixels : uint8 array (rows, cols, 3)
    place : Rect
        What they cover.
    clip : Rect
        What of them is shown.
    """

    pixels: NDArray[np.uint8]
    place: Rect
    clip: Rect


@dataclass
class Layer:
    """A named layer: pictures at the bottom, then everything else as it was added."""

    name: str
    fonts: Fonts
    pictures: list[Picture] = field(default_factory=list)
    draws: list[Draw] = field(default_factory=list)

    def lines(
        self,
        lines: Sequence[ArrayLike],
        width: float,
        colour: Colour = "black",
        *,
        clip: Rect | None = None,
        dashes: Sequence[float] | None = None,
    ) -> None:
        """Draw polylines, each of shape (points, 2), with a width in millimetres.

        ``dashes`` are lengths drawn and left out in turn, in millimetres.
        """
        if not len(lines):
            return
        paths = [np.asarray(line, np.float64) for line in lines]
        style: Any = "solid" if dashes is None else (0, [dash / width for dash in dashes])

        def draw(axes: Any) -> None:
            collection = need("matplotlib.collections").LineCollection(
                paths,
                linewidths=width * POINTS_PER_MM,
                colors=[colour],
                linestyles=[style],
                capstyle="butt",
                joinstyle="round",
            )
            _add(axes, collection, clip)

        self.draws.append(draw)

    def dots(
        self, places: ArrayLike, diameter: float, colour: Colour = "black", *, clip: Rect | None = None
    ) -> None:
        """Draw discs of a diameter in millimetres at places of shape (dots, 2)."""
        offsets = np.asarray(places, np.float64).reshape(-1, 2)
        if not len(offsets):
            return

        def draw(axes: Any) -> None:
            collection = need("matplotlib.collections").PathCollection(
                [need("matplotlib.path").Path.unit_circle()],
                sizes=[(diameter / 2 * POINTS_PER_MM) ** 2],  # matplotlib draws the root as large
                offsets=offsets,
                offset_transform=axes.transData,
                facecolors=[colour],
                edgecolors="none",
            )
            collection.set_transform(need("matplotlib.transforms").IdentityTransform())
            _add(axes, collection, clip)

        self.draws.append(draw)

    def areas(
        self,
        outlines: Sequence[Sequence[ArrayLike]],
        *,
        fill: Colour | None = None,
        edge: Colour | None = None,
        width: float = 0.0,
        clip: Rect | None = None,
    ) -> None:
        """Draw areas, each a list of closed rings of shape (points, 2): the outer one, then its holes."""
        if not outlines:
            return

        def draw(axes: Any) -> None:
            path = need("matplotlib.path").Path
            paths = [
                path.make_compound_path(*(_ring(path, ring, hole=bool(k)) for k, ring in enumerate(rings)))
                for rings in outlines
            ]
            collection = need("matplotlib.collections").PathCollection(
                paths,
                facecolors="none" if fill is None else [fill],
                edgecolors="none" if edge is None else [edge],
                linewidths=width * POINTS_PER_MM,
            )
            _add(axes, collection, clip)

        self.draws.append(draw)

    def rect(
        self, rect: Rect, *, fill: Colour | None = None, edge: Colour | None = None, width: float = 0.0
    ) -> None:
        """Draw a rectangle."""
        self.areas([[rect.corners()]], fill=fill, edge=edge, width=width)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        colour: Colour = "black",
        *,
        across: str = "left",
        up: str = "baseline",
        angle: float = 0.0,
        paper: Colour | None = None,
        clip: Rect | None = None,
    ) -> None:
        """Write a text whose em square is ``size`` millimetres.

        ``across`` (left, center, right) and ``up`` (baseline, bottom, center, top) say what of the text lies at
        the point, ``angle`` turns it anticlockwise by degrees, ``paper`` is drawn behind it.

        Raises
        ------
        ParameterError
            If no font has all its letters.
        """
        file, shown = self.fonts.choose(text)
        box = None if paper is None else {"facecolor": paper, "edgecolor": "none", "pad": size * 0.35}

        def draw(axes: Any) -> None:
            made = axes.text(
                *(x, y, shown),
                font=file,
                fontsize=size * POINTS_PER_MM,
                color=colour,
                ha=across,
                va=up,
                rotation=angle,
                rotation_mode="anchor",
                parse_math=False,
                bbox=box,
            )
            if clip is not None:
                made.set_clip_path(_clip(axes, clip))

        self.draws.append(draw)

    def width_of(self, text: str, size: float) -> float:
        """Return how wide a text of a size is, in millimetres."""
        return self.fonts.width(text) * size

    def picture(self, pixels: NDArray[np.uint8], place: Rect, clip: Rect | None = None) -> None:
        """Show pixels, shape (rows, cols, 3), over a rectangle; only what lies within ``clip``."""
        self.pictures.append(Picture(pixels, place, clip or place))


@dataclass
class Page:
    """A page of paper.

    Parameters
    ----------
    width, height : float
        Millimetres.
    fonts : Fonts
    layers : list of Layer
        From bottom to top; :meth:`layer` adds one.
    """

    width: float
    height: float
    fonts: Fonts
    layers: list[Layer] = field(default_factory=list)

    def layer(self, name: str) -> Layer:
        """Add a layer above the others; ``name`` is what other programs show of it."""
        self.layers.append(Layer(name, self.fonts))
        return self.layers[-1]


def _add(axes: Any, collection: Any, clip: Rect | None) -> None:
    axes.add_collection(collection, autolim=False)
    if clip is not None:
        collection.set_clip_path(_clip(axes, clip))


def _clip(axes: Any, rect: Rect) -> Any:
    return need("matplotlib.patches").Rectangle(
        (rect.left, rect.bottom), rect.width, rect.height, transform=axes.transData
    )


def _ring(path: Any, ring: ArrayLike, *, hole: bool) -> Any:
    """Return a closed ring, anticlockwise, or clockwise for a hole: areas are filled by winding number."""
    points = np.asarray(ring, np.float64)
    if not np.array_equal(points[0], points[-1]):
        points = np.vstack([points, points[:1]])
    x, y = points.T
    clockwise = np.dot(x[:-1], y[1:]) < np.dot(x[1:], y[:-1])
    return path(points[::-1] if clockwise != hole else points, closed=True)
