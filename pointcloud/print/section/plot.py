"""One section on a page: axes, the lines of its models, its points, and the names of its ends."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import ParameterError
from pointcloud.messages import say
from pointcloud.print.paper.page import Colour, Layer, Rect
from pointcloud.surface import section as sections
from pointcloud.surface.section import Section

CLASSES: dict[str, tuple[tuple[int, ...], Colour]] = {
    "other": ((), (0.55, 0.55, 0.55)),
    "vegetation": ((3, 4, 5), (0.36, 0.63, 0.30)),
    "building": ((6,), (0.80, 0.28, 0.22)),
    "water": ((9,), (0.20, 0.45, 0.78)),
    "ground": ((2, 8), (0.55, 0.34, 0.13)),
}
"""Groups of LAS classes and their colours, in the order they are drawn; ``other`` is all that no group names."""

MODELS: dict[str, tuple[Colour, float]] = {"dsm": ((0.10, 0.45, 0.25), 0.2), "dem": ((0.1, 0.1, 0.1), 0.35)}
"""Colour and width in millimetres of the line of each model, in the order they are drawn."""
_EARTH: Colour = (0.94, 0.90, 0.83)
_GRID: Colour = (0.82, 0.82, 0.82)
_GREY: Colour = (0.35, 0.35, 0.35)
DOT = 0.45
"""Diameter of a point in millimetres."""
_LOWEST = 14.0
"""Least height of a plot."""
_TICK_ACROSS, _TICK_UP = 14.0, 6.0
"""Least distance between ticks."""
LARGE, TEXT, SMALL = 5.0, 2.8, 2.3
"""Sizes of texts in millimetres."""


@dataclass(frozen=True)
class Plot:
    """Where a section is drawn.

    Parameters
    ----------
    section : Section
    across, up : float
        Millimetres on the page of a metre of distance and of height.
    low, high, step : float
        Heights that the axis runs from and to, and that between its ticks, in metres.
    left, bottom : float
        Its lower left corner on the page, in millimetres.
    """

    section: Section
    across: float
    up: float
    low: float
    high: float
    step: float
    left: float = 0.0
    bottom: float = 0.0

    @property
    def width(self) -> float:
        """Millimetres."""
        return self.section.length * self.across

    @property
    def height(self) -> float:
        """Millimetres."""
        return (self.high - self.low) * self.up

    @property
    def rect(self) -> Rect:
        """What it covers on the page."""
        return Rect(self.left, self.bottom, self.width, self.height)

    def place(self, distance: NDArray[np.float64], height: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return places on the page, shape (n, 2)."""
        return np.column_stack(
            [self.left + distance * self.across, self.bottom + (height - self.low) * self.up]
        )


def plot_of(section: Section, scale: float, exaggeration: float) -> Plot:
    """Return a plot whose heights run between ticks."""
    across, up = 1000.0 / scale, 1000.0 * exaggeration / scale
    held = section.range
    if held is None:
        raise ParameterError("profile.empty", line=section.name)
    step = _nice(_TICK_UP / up)
    low, high = math.floor(held[0] / step), math.ceil(held[1] / step)
    missing = max(1, math.ceil(_LOWEST / up / step)) - (high - low)
    if missing > 0:
        low, high = low - missing // 2, high + missing - missing // 2
    return Plot(section, across, up, low * step, high * step, step)


def _nice(least: float) -> float:
    """Return the first of 1, 2, 5 times a power of ten that is no less."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def draw_axes(grid: Layer, frame: Layer, plot: Plot) -> None:
    """Draw axes, ticks and their numbers."""
    rect = plot.rect
    across = _nice(_TICK_ACROSS / plot.across)
    ups = _ticks(plot.low, plot.high, plot.step)
    alongs = _ticks(0.0, plot.section.length, across)
    for value in ups:
        y = rect.bottom + (value - plot.low) * plot.up
        grid.lines([[(rect.left, y), (rect.right, y)]], 0.1, _GRID)
        frame.lines([[(rect.left - 1.2, y), (rect.left, y)]], 0.15)
        frame.text(rect.left - 1.8, y, _number(value, plot.step), TEXT, across="right", up="center")
    for value in alongs:
        x = rect.left + value * plot.across
        frame.lines([[(x, rect.bottom - 1.2), (x, rect.bottom)]], 0.15)
        frame.text(x, rect.bottom - 1.8, _number(value, across), TEXT, across="center", up="top")
    for x in (rect.left + at * plot.across for at in _bends(plot.section)):
        grid.lines([[(x, rect.bottom), (x, rect.top)]], 0.15, _GREY, dashes=(1.2, 0.8))
    frame.lines([[(rect.left, rect.top), (rect.left, rect.bottom), (rect.right, rect.bottom)]], 0.2)
    frame.lines([[(rect.right, rect.bottom), (rect.right, rect.top)]], 0.2)
    middle = (rect.left + rect.right) / 2
    frame.text(middle, rect.bottom - 9.0, say("profile.distance"), TEXT, across="center", up="baseline")
    frame.text(
        *(rect.left - 12.5, (rect.bottom + rect.top) / 2, say("profile.height"), TEXT),
        across="center",
        angle=90.0,
    )


def _bends(section: Section) -> list[float]:
    """Return the distances of the inner vertices."""
    return [float(at) for at in sections.starts(section.line)[1:-1]]


def _ticks(low: float, high: float, step: float) -> list[float]:
    """Return the multiples of a step from low to high."""
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def _number(value: float, step: float) -> str:
    """Return a number with as many decimals as its step needs, and a true minus."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value + 0.0:.{decimals}f}".replace("-", "−")


def draw_heights(layers: Mapping[str, Layer], plot: Plot) -> None:
    """Draw a line for each model, broken where it has no height, and the earth below the terrain."""
    at, clip = plot.section.at.distance, plot.rect
    for model, (colour, width) in MODELS.items():
        heights = plot.section.heights.get(model)
        if heights is None:
            continue
        runs = [plot.place(at[run], heights[run]) for run in _runs(heights)]
        if model == "dem":
            layers["earth"].areas(
                [[np.vstack([[run[0, 0], clip.bottom], run, [run[-1, 0], clip.bottom]])] for run in runs],
                fill=_EARTH,
            )
        layers[model].lines(runs, width, colour)


def _runs(heights: NDArray[np.float64]) -> Iterator[slice]:
    """Yield the stretches of two or more stations that follow each other and have heights."""
    known = np.concatenate([[False], np.isfinite(heights), [False]])
    for first, last in np.flatnonzero(known[1:] != known[:-1]).reshape(-1, 2):
        if last - first > 1:
            yield slice(int(first), int(last))


def draw_points(layer: Layer, plot: Plot) -> None:
    """Draw the points in the colours of their classes."""
    points = plot.section.points
    if points is None:
        return
    for name, (_, colour) in CLASSES.items():
        held = group(points.classification) == list(CLASSES).index(name)
        layer.dots(plot.place(points.distance[held], points.z[held]), DOT, colour)


def group(classification: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return the index in :data:`CLASSES` of each LAS class."""
    table = np.zeros(256, np.intp)
    for index, (codes, _) in enumerate(CLASSES.values()):
        table[list(codes)] = index
    return table[classification]


def draw_names(frame: Layer, plot: Plot) -> None:
    """Write the names of both ends and of the vertices, and where they lie."""
    section, rect = plot.section, plot.rect
    ends = [
        say("profile.place", name=name, e=f"{e:.2f}", n=f"{n:.2f}").replace("-", "−")
        for name, (e, n) in ((section.name, section.line[0]), (f"{section.name}′", section.line[-1]))
    ]
    frame.text(rect.left, rect.top + 9.5, "  –  ".join(ends), SMALL, _GREY)
    frame.text(rect.left, rect.top + 3.0, section.name, LARGE, across="center")
    frame.text(rect.right, rect.top + 3.0, f"{section.name}′", LARGE, across="center")
    for number, at in enumerate(_bends(section), start=1):
        x = rect.left + at * plot.across
        frame.text(x, rect.top + 1.2, f"{section.name}{number}", TEXT, across="center")
