"""Sections as drawings: axes in metres, true to scale or with heights exaggerated by a stated factor."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pointcloud import __version__
from pointcloud.errors import ParameterError
from pointcloud.messages import say
from pointcloud.print.fonts import Fonts
from pointcloud.print.page import Colour, Layer, Page, Rect
from pointcloud.surface.section import Section

SCALES = tuple(
    round(step * 10.0**power) for power in range(1, 7) for step in (1, 2, 2.5, 5) if step * 10.0**power % 1 == 0
)
"""Denominators that are chosen from where none is named."""

CLASSES: dict[str, tuple[tuple[int, ...], Colour]] = {
    "other": ((), (0.55, 0.55, 0.55)),
    "vegetation": ((3, 4, 5), (0.36, 0.63, 0.30)),
    "building": ((6,), (0.80, 0.28, 0.22)),
    "water": ((9,), (0.20, 0.45, 0.78)),
    "ground": ((2, 8), (0.55, 0.34, 0.13)),
}
"""Groups of LAS classes and their colours, in the order they are drawn; ``other`` is all that no group names."""

_MODELS: dict[str, tuple[Colour, float]] = {"dsm": ((0.10, 0.45, 0.25), 0.2), "dem": ((0.1, 0.1, 0.1), 0.35)}
"""Colour and width in millimetres of the line of each model, in the order they are drawn."""
_EARTH: Colour = (0.94, 0.90, 0.83)
_GRID: Colour = (0.82, 0.82, 0.82)
_GREY: Colour = (0.35, 0.35, 0.35)
_DOT = 0.35

_MARGIN = 10.0
_LEFT, _RIGHT, _ABOVE, _BELOW = 15.0, 6.0, 11.5, 12.0
"""Room around a plot for its texts, in millimetres."""
_BLOCK = 27.0
"""Height of the title block."""
_LOWEST = 14.0
"""Least height of a plot."""
_TICK_ACROSS, _TICK_UP = 14.0, 6.0
"""Least distance between ticks."""
_LARGE, _TEXT, _SMALL = 5.0, 2.8, 2.3


@dataclass(frozen=True)
class ProfileSheet:
    """How sections are drawn.

    Parameters
    ----------
    paper : (float, float)
        Width and height in millimetres.
    scale : float, optional
        Denominator: 200 for 1:200. Without, the largest of :data:`SCALES` at which every section fits.
    exaggeration : float
        How many times heights are drawn larger than distances.
    title, author, date, credit : str
        For the title block; empty ones are left out.
    reference : str
        CRS and height datum.
    notes : tuple of str
        Further lines of the title block.
    synthetic : bool
        Whether the place is made up: the title then says so.
    """

    paper: tuple[float, float]
    scale: float | None = None
    exaggeration: float = 1.0
    title: str = ""
    author: str = ""
    date: str = ""
    credit: str = ""
    reference: str = ""
    notes: tuple[str, ...] = ()
    synthetic: bool = False


@dataclass(frozen=True)
class _Plot:
    """Where a section is drawn: millimetres of metres."""

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
        return self.section.length * self.across

    @property
    def height(self) -> float:
        return (self.high - self.low) * self.up

    @property
    def rect(self) -> Rect:
        return Rect(self.left, self.bottom, self.width, self.height)

    def place(self, distance: NDArray[np.float64], height: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return places on the page, shape (n, 2)."""
        return np.column_stack(
            [self.left + distance * self.across, self.bottom + (height - self.low) * self.up]
        )


def draw(sections: Sequence[Section], sheet: ProfileSheet, fonts: Fonts | None = None) -> list[Page]:
    """Draw sections, one below the other, on as many pages as they need.

    Parameters
    ----------
    sections : sequence of Section
        At least one; each has a height or a point.
    sheet : ProfileSheet
    fonts : Fonts, optional

    Returns
    -------
    list of Page
        For :func:`pointcloud.print.save.write`.

    Raises
    ------
    ParameterError
        If a section does not fit the paper at the scale (the message says which scale does), a value is out of its
        range, or no font has the letters of a text.
    """
    if not sheet.exaggeration > 0 or (sheet.scale is not None and not sheet.scale > 0):
        raise ParameterError("profile.positive", scale=sheet.scale or 0, exaggeration=sheet.exaggeration)
    fonts = fonts or Fonts()
    scale = sheet.scale or fitting(sections, sheet)
    if scale is None or not _fits(sections, sheet, scale):
        raise _no_room(sections, sheet, scale)
    pages = []
    for plots in _stacked([_plot(section, scale, sheet.exaggeration) for section in sections], sheet):
        page = Page(*sheet.paper, fonts)
        layers = {name: page.layer(name) for name in ("grid", "points", "dsm", "dem", "frame")}
        for plot in plots:
            _draw_grid(layers["grid"], layers["frame"], plot)
            _draw_heights(layers, plot)
            _draw_points(layers["points"], plot)
            _draw_names(layers["frame"], plot)
        _draw_block(layers["frame"], sheet, scale, [plot.section for plot in plots])
        pages.append(page)
    return pages


def fitting(sections: Sequence[Section], sheet: ProfileSheet) -> float | None:
    """Return the largest of :data:`SCALES` at which each section fits a page, or ``None``."""
    return next((float(scale) for scale in SCALES if _fits(sections, sheet, scale)), None)


def _room(sheet: ProfileSheet) -> tuple[float, float]:
    """Return the widest and highest plot that a page holds."""
    width, height = sheet.paper
    return width - 2 * _MARGIN - _LEFT - _RIGHT, height - 2 * _MARGIN - _BLOCK - _ABOVE - _BELOW


def _fits(sections: Sequence[Section], sheet: ProfileSheet, scale: float) -> bool:
    plots = [_plot(section, scale, sheet.exaggeration) for section in sections]
    width, height = _room(sheet)
    return all(plot.width <= width + 1e-6 and plot.height <= height + 1e-6 for plot in plots)


def _no_room(sections: Sequence[Section], sheet: ProfileSheet, scale: float | None) -> ParameterError:
    width, height = _room(sheet)
    plots = [_plot(section, scale or SCALES[-1], sheet.exaggeration) for section in sections]
    worst = max(plots, key=lambda plot: max(plot.width / width, plot.height / height))
    return ParameterError(
        "profile.no_room",
        line=worst.section.name,
        scale=f"{scale or SCALES[-1]:g}",
        needs=f"{worst.width:.0f} × {worst.height:.0f}",
        room=f"{width:.0f} × {height:.0f}",
        fits=f"1:{fitting(sections, sheet) or math.inf:g}",
    )


def _plot(section: Section, scale: float, exaggeration: float) -> _Plot:
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
    return _Plot(section, across, up, low * step, high * step, step)


def _nice(least: float) -> float:
    """Return the first of 1, 2, 5 times a power of ten that is no less."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def _stacked(plots: Sequence[_Plot], sheet: ProfileSheet) -> Iterator[list[_Plot]]:
    """Yield the plots of each page, placed from its top downwards."""
    top, page = sheet.paper[1] - _MARGIN, list[_Plot]()
    for plot in plots:
        bottom = top - _ABOVE - plot.height
        if page and bottom - _BELOW < _MARGIN + _BLOCK - 1e-6:
            yield page
            page, bottom = [], sheet.paper[1] - _MARGIN - _ABOVE - plot.height
        place = (_MARGIN + _LEFT, bottom)
        page.append(_Plot(*_values(plot), *place))
        top = bottom - _BELOW
    yield page


def _values(plot: _Plot) -> tuple[Section, float, float, float, float, float]:
    return plot.section, plot.across, plot.up, plot.low, plot.high, plot.step


def _draw_grid(grid: Layer, frame: Layer, plot: _Plot) -> None:
    """Draw axes, ticks and their numbers."""
    rect = plot.rect
    across = _nice(_TICK_ACROSS / plot.across)
    ups = _ticks(plot.low, plot.high, plot.step)
    alongs = _ticks(0.0, plot.section.length, across)
    for value in ups:
        y = rect.bottom + (value - plot.low) * plot.up
        grid.lines([[(rect.left, y), (rect.right, y)]], 0.1, _GRID)
        frame.lines([[(rect.left - 1.2, y), (rect.left, y)]], 0.15)
        frame.text(rect.left - 1.8, y, _number(value, plot.step), _TEXT, across="right", up="center")
    for value in alongs:
        x = rect.left + value * plot.across
        frame.lines([[(x, rect.bottom - 1.2), (x, rect.bottom)]], 0.15)
        frame.text(x, rect.bottom - 1.8, _number(value, across), _TEXT, across="center", up="top")
    for x in (rect.left + at * plot.across for at in _bends(plot.section)):
        grid.lines([[(x, rect.bottom), (x, rect.top)]], 0.15, _GREY, dashes=(1.2, 0.8))
    frame.lines([[(rect.left, rect.top), (rect.left, rect.bottom), (rect.right, rect.bottom)]], 0.2)
    frame.lines([[(rect.right, rect.bottom), (rect.right, rect.top)]], 0.2)
    middle = (rect.left + rect.right) / 2
    frame.text(middle, rect.bottom - 9.0, say("profile.distance"), _TEXT, across="center", up="baseline")
    frame.text(
        *(rect.left - 12.5, (rect.bottom + rect.top) / 2, say("profile.height"), _TEXT),
        across="center",
        angle=90.0,
    )


def _bends(section: Section) -> list[float]:
    """Return the distances of the inner vertices."""
    steps = np.hypot(*np.diff(section.line, axis=0).T)
    return [float(at) for at in np.cumsum(steps)[:-1]]


def _ticks(low: float, high: float, step: float) -> list[float]:
    """Return the multiples of a step from low to high."""
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def _number(value: float, step: float) -> str:
    """Return a number with as many decimals as its step needs, and a true minus."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value + 0.0:.{decimals}f}".replace("-", "−")


def _draw_heights(layers: dict[str, Layer], plot: _Plot) -> None:
    """Draw a line for each model, broken where it has no height, and the earth below the terrain."""
    at, clip = plot.section.at.distance, plot.rect
    for model, (colour, width) in _MODELS.items():
        heights = plot.section.heights.get(model)
        if heights is None:
            continue
        runs = [plot.place(at[run], heights[run]) for run in _runs(heights)]
        if model == "dem":
            layers["grid"].areas(
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


def _draw_points(layer: Layer, plot: _Plot) -> None:
    points = plot.section.points
    if points is None:
        return
    for name, (_, colour) in CLASSES.items():
        held = group(points.classification) == list(CLASSES).index(name)
        layer.dots(plot.place(points.distance[held], points.z[held]), _DOT, colour)


def group(classification: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return the index in :data:`CLASSES` of each LAS class."""
    table = np.zeros(256, np.intp)
    for index, (codes, _) in enumerate(CLASSES.values()):
        table[list(codes)] = index
    return table[classification]


def _draw_names(frame: Layer, plot: _Plot) -> None:
    """Write the names of both ends and of the vertices, and where they lie."""
    section, rect = plot.section, plot.rect
    ends = [
        say("profile.place", name=name, e=f"{e:.2f}", n=f"{n:.2f}").replace("-", "−")
        for name, (e, n) in ((section.name, section.line[0]), (f"{section.name}′", section.line[-1]))
    ]
    frame.text(rect.left, rect.top + 8.2, "  –  ".join(ends), _SMALL, _GREY)
    frame.text(rect.left, rect.top + 1.8, section.name, _LARGE, across="center")
    frame.text(rect.right, rect.top + 1.8, f"{section.name}′", _LARGE, across="center")
    for number, at in enumerate(_bends(section), start=1):
        x = rect.left + at * plot.across
        frame.text(x, rect.top + 1.2, f"{section.name}{number}", _TEXT, across="center")


def _draw_block(frame: Layer, sheet: ProfileSheet, scale: float, sections: Sequence[Section]) -> None:
    """Write the title block along the lower edge: title, scale, notes; the legend to the right."""
    width = sheet.paper[0]
    block = Rect(_MARGIN, _MARGIN, width - 2 * _MARGIN, _BLOCK - 3.0)
    frame.lines([[(block.left, block.top), (block.right, block.top)]], 0.3)
    title = sheet.title or say("profile.untitled")
    if sheet.synthetic:
        title = say("output.preview_made_up", title=title)
    frame.text(block.left, block.top - 6.5, title, _LARGE)
    made = " · ".join(part for part in (sheet.author, sheet.date) if part)
    rows = [
        " · ".join(part for part in (scale_text(scale, sheet.exaggeration), sheet.reference) if part),
        *sheet.notes,
        say("output.preview_source", credit=sheet.credit) if sheet.credit else "",
        " · ".join(part for part in (made, f"hyogo-pc {__version__}") if part),
    ]
    y = block.top - 11.0
    for row in filter(None, rows):
        frame.text(block.left, y, row, _TEXT)
        y -= 4.0
    _draw_legend(frame, block, sections)


def scale_text(scale: float, exaggeration: float) -> str:
    """Return what is said of the scale."""
    if exaggeration == 1.0:
        return say("profile.true_scale", scale=f"{scale:g}")
    factor = f"{exaggeration:g}"
    return say("profile.exaggerated", scale=f"{scale:g}", up=f"{scale / exaggeration:g}", factor=factor)


def _draw_legend(frame: Layer, block: Rect, sections: Sequence[Section]) -> None:
    """Draw a sign and a word for everything that is on the page, in columns from the right edge."""
    present = {model for section in sections for model in section.heights}
    lines = [model for model in reversed(_MODELS) if model in present]
    held = [section.points.classification for section in sections if section.points is not None]
    seen = set(np.unique(group(np.concatenate(held))).tolist()) if held else set()
    dots = [name for index, name in enumerate(CLASSES) if index in seen][::-1]
    entries = [(say(f"profile.legend_{name}"), name) for name in (*lines, *dots)]
    columns = [entries[k : k + 4] for k in range(0, len(entries), 4)]
    right = block.right
    for column in reversed(columns):
        left = right - max(frame.width_of(text, _TEXT) for text, _ in column) - 9.0
        for row, (text, name) in enumerate(column):
            y = block.top - 5.0 - 4.5 * row
            _sign(frame, left, y + 1.0, name)
            frame.text(left + 8.0, y, text, _TEXT)
        right = left - 4.0


def _sign(frame: Layer, x: float, y: float, name: str) -> None:
    if name in _MODELS:
        colour, width = _MODELS[name]
        frame.lines([[(x, y), (x + 6.0, y)]], width, colour)
    else:
        dots = [(x + 1.0, y - 0.3), (x + 2.4, y + 0.4), (x + 3.8, y - 0.2), (x + 5.2, y + 0.3)]
        frame.dots(np.array(dots), 2 * _DOT, CLASSES[name][1])
