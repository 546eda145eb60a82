"""Sections as drawings: axes in metres, true to scale or with heights exaggerated by a stated factor."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pointcloud.errors import ParameterError
from pointcloud.messages import language, say
from pointcloud.print.paper import lettering
from pointcloud.print.paper.fonts import Fonts
from pointcloud.print.paper.page import Layer, Page, Rect
from pointcloud.print.paper.words import credit_words
from pointcloud.print.section.plot import (
    CLASSES,
    DOT,
    LARGE,
    MODELS,
    TEXT,
    Plot,
    draw_axes,
    draw_heights,
    draw_names,
    draw_points,
    group,
    plot_of,
)
from pointcloud.surface.section import Section
from pointcloud.version import __version__

SCALES = tuple(round(step * 10**power) for power in range(1, 7) for step in (1, 2, 2.5, 3, 4, 5, 6))
"""Denominators that are chosen from where none is named: those of a triangular scale rule, and 1:250."""

_MARGIN = 10.0
_LEFT, _RIGHT, _ABOVE, _BELOW = 15.0, 6.0, 13.5, 12.0
"""Room around a plot for its texts, in millimetres."""
_TITLE, _ROW, _GAP = 6.5, 4.0, 3.0
"""Heights of a line of the title and of a row of the title block, and the room above it."""
_FOOT = 0.5
_LEAST, _MOST = 23.0, 0.4
"""Height of the title block: millimetres that the legend needs, and the share of the page that it may take."""


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

    @property
    def headline(self) -> str:
        """The title as it is written."""
        title = self.title or say("profile.untitled")
        return say("output.preview_made_up", title=title) if self.synthetic else title


def profile_pages(sections: Sequence[Section], sheet: ProfileSheet, fonts: Fonts | None = None) -> list[Page]:
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
        For :func:`pointcloud.print.paper.save.write`.

    Raises
    ------
    ParameterError
        If a section does not fit the paper at the scale (the message says which scale does), title, author and credit
        do not fit it, a value is out of its range, or no font has the letters of a text.
    """
    for name, value in (("scale", sheet.scale), ("exaggeration", sheet.exaggeration)):
        if value is not None and not 0 < value < math.inf:
            raise ParameterError("profile.positive", name=name, value=value)
    layout = _layout(sections, sheet, fonts or Fonts())
    scale = sheet.scale or layout.fitting()
    if scale is None or not layout.fits(scale):
        raise layout.no_room(scale or SCALES[-1])
    pages = []
    for plots in _stacked([plot_of(section, scale, sheet.exaggeration) for section in sections], layout):
        page = Page(*sheet.paper, layout.fonts)
        layers = {name: page.layer(name) for name in ("earth", "grid", "dsm", "dem", "points", "frame")}
        for plot in plots:
            draw_axes(layers["grid"], layers["frame"], plot)
            draw_heights(layers, plot)
            draw_points(layers["points"], plot)
            draw_names(layers["frame"], plot)
        _draw_block(layers["frame"], layout, scale)
        pages.append(page)
    return pages


@dataclass(frozen=True)
class _Layout:
    """What is the same on every page: the lines of the title block, and the entries of the legend in columns.

    ``share`` is that of their usual size which the letters of the title block have.
    """

    sections: Sequence[Section]
    sheet: ProfileSheet
    fonts: Fonts
    titles: list[str]
    rows: list[str]
    legend: list[list[tuple[str, str]]]
    share: float

    @property
    def text_height(self) -> float:
        """Millimetres that title, scale and rows take."""
        return (_TITLE * len(self.titles) + _ROW * (len(self.rows) + 1)) * self.share + _FOOT

    @property
    def block(self) -> Rect:
        """Where the title block lies: it holds the title, the scale, and the rows."""
        height = max(self.text_height, _LEAST)
        return Rect(_MARGIN, _MARGIN, self.sheet.paper[0] - 2 * _MARGIN, height)

    @property
    def room(self) -> tuple[float, float]:
        """The widest and highest plot that a page holds."""
        width, height = self.sheet.paper
        across = width - 2 * _MARGIN - _LEFT - _RIGHT
        return across, height - _MARGIN - self.block.top - _GAP - _ABOVE - _BELOW

    def fitting(self) -> float | None:
        """Return the largest of :data:`SCALES` at which each section fits a page, or ``None``."""
        return next((float(scale) for scale in SCALES if self.fits(scale)), None)

    def fits(self, scale: float) -> bool:
        """Whether each section fits a page."""
        width, height = self.room
        plots = [plot_of(section, scale, self.sheet.exaggeration) for section in self.sections]
        return all(plot.width <= width + 1e-6 and plot.height <= height + 1e-6 for plot in plots)

    def no_room(self, scale: float) -> ParameterError:
        """Say which section is too large for the page, and which scale would do."""
        width, height = self.room
        plots = [plot_of(section, scale, self.sheet.exaggeration) for section in self.sections]
        worst = max(plots, key=lambda plot: max(plot.width / width, plot.height / height))
        return ParameterError(
            "profile.no_room",
            line=worst.section.name,
            scale=f"{scale:g}",
            needs=f"{worst.width:.0f} × {worst.height:.0f}",
            room=f"{width:.0f} × {height:.0f}",
            fits=f"1:{self.fitting() or math.inf:g}",
        )


def _layout(sections: Sequence[Section], sheet: ProfileSheet, fonts: Fonts) -> _Layout:
    """Word the title block and the legend, and break the lines beside the legend, in as large letters as fit."""
    probe = Layer("", fonts)
    columns = _legend(sections)
    room = sheet.paper[0] - 2 * _MARGIN - sum(_column_width(probe, column) for column in columns)
    made = " · ".join(part for part in (sheet.author, sheet.date, f"hyogo-pc {__version__}") if part)
    credit = credit_words(sheet.credit, language()) if sheet.credit else ""
    texts = [text for text in (sheet.reference, *sheet.notes, credit, made) if text]

    def at(share: float) -> _Layout:
        titles = lettering.wrapped(probe, sheet.headline, LARGE * share, room)
        rows = [row for text in texts for row in lettering.wrapped(probe, text, TEXT * share, room)]
        return _Layout(sections, sheet, fonts, titles, rows, columns, share)

    share = lettering.fitting(lambda share: at(share).text_height, _MOST * sheet.paper[1])
    if share is None:
        given = {"--title": sheet.title, "--author": sheet.author, "--credit": sheet.credit}
        option = max(given, key=lambda name: len(given[name]))
        size = f"{TEXT * lettering.SMALLEST:.1f}"
        raise ParameterError("profile.too_long", option=option, length=len(given[option]), size=size)
    return at(share)


def _stacked(plots: Sequence[Plot], layout: _Layout) -> Iterator[list[Plot]]:
    """Yield the plots of each page, placed from its top downwards."""
    upper, lower = layout.sheet.paper[1] - _MARGIN, layout.block.top + _GAP
    top, page = upper, list[Plot]()
    for plot in plots:
        bottom = top - _ABOVE - plot.height
        if page and bottom - _BELOW < lower - 1e-6:
            yield page
            page, bottom = [], upper - _ABOVE - plot.height
        page.append(replace(plot, left=_MARGIN + _LEFT, bottom=bottom))
        top = bottom - _BELOW
    yield page


def _draw_block(frame: Layer, layout: _Layout, scale: float) -> None:
    """Write the title block along the lower edge: title, scale and rows to the left, the legend to the right."""
    block, sheet = layout.block, layout.sheet
    frame.lines([[(block.left, block.top), (block.right, block.top)]], 0.3)
    y, share = block.top, layout.share
    for line in layout.titles:
        y -= _TITLE * share
        frame.text(block.left, y, line, LARGE * share)
    for row in (scale_text(scale, sheet.exaggeration), *layout.rows):
        y -= _ROW * share
        frame.text(block.left, y, row, TEXT * share)
    right = block.right
    for column in reversed(layout.legend):
        right -= _column_width(frame, column)
        for number, (text, name) in enumerate(column):
            y = block.top - 5.0 - 4.5 * number
            _sign(frame, right + 4.0, y + 1.0, name)
            frame.text(right + 12.0, y, text, TEXT)


def scale_text(scale: float, exaggeration: float) -> str:
    """Return what is said of the scale."""
    if exaggeration == 1.0:
        return say("profile.true_scale", scale=f"{scale:g}")
    factor = f"{exaggeration:g}"
    return say("profile.exaggerated", scale=f"{scale:g}", up=f"{scale / exaggeration:g}", factor=factor)


def _legend(sections: Sequence[Section]) -> list[list[tuple[str, str]]]:
    """Return a word and a name for everything that is drawn, in columns."""
    present = {model for section in sections for model in section.heights}
    lines = [model for model in reversed(MODELS) if model in present]
    held = [section.points.classification for section in sections if section.points is not None]
    seen = set(np.unique(group(np.concatenate(held))).tolist()) if held else set()
    dots = [name for index, name in enumerate(CLASSES) if index in seen][::-1]
    entries = [(say(f"profile.legend_{name}"), name) for name in (*lines, *dots)]
    return [entries[k : k + 4] for k in range(0, len(entries), 4)]


def _column_width(probe: Layer, column: Sequence[tuple[str, str]]) -> float:
    return max(probe.width_of(text, TEXT) for text, _ in column) + 13.0


def _sign(frame: Layer, x: float, y: float, name: str) -> None:
    if name in MODELS:
        colour, width = MODELS[name]
        frame.lines([[(x, y), (x + 6.0, y)]], width, colour)
    else:
        dots = [(x + 1.0, y - 0.3), (x + 2.4, y + 0.4), (x + 3.8, y - 0.2), (x + 5.2, y + 0.3)]
        frame.dots(np.array(dots), 2 * DOT, CLASSES[name][1])
