"""The title block of a map: title, who and when, reference systems, how it was made, source."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from pointcloud.errors import ParameterError
from pointcloud.geo import sheets
from pointcloud.geo.lattice import Box
from pointcloud.print.contours import trace
from pointcloud.print.map import legend, north
from pointcloud.print.map.design import Design, Frame, Ground
from pointcloud.print.paper import lettering
from pointcloud.print.paper.page import Colour, Layer, Rect
from pointcloud.print.paper.words import credit_words, datum_words, said, system_words
from pointcloud.print.vectors.overlay import Overlay
from pointcloud.version import __version__

_BODY, _TITLE, _RED = 2.3, 5.0, 2.9
_INK, _GREY = (0.1, 0.1, 0.1), (0.35, 0.35, 0.35)
_MADE_UP = (0.75, 0.0, 0.0)

_LEVEL = "5000"
_MOST_SHEETS = 8
"""Sheets that are named; a map of a whole district lies on dozens."""


@dataclass(frozen=True)
class Facts:
    """All that a panel tells of."""

    design: Design
    placed: Frame
    ground: Ground
    overlays: tuple[Overlay, ...]
    depressions: bool


@dataclass(frozen=True)
class _Piece:
    """A line of text: how far right of and below the block's upper left corner it begins, in millimetres."""

    right: float
    down: float
    text: str
    size: float
    colour: Colour


def height(layer: Layer, facts: Facts, width: float) -> float:
    """Return how high a title block of a width is, in millimetres, in letters of their usual size."""
    return _pieces(layer, facts, width, 1.0)[1]


def draw(layer: Layer, rect: Rect, facts: Facts) -> None:
    """Draw the title block, in smaller letters where it does not fit otherwise.

    Raises
    ------
    ParameterError
        If it does not fit in the smallest letters; the message names the longest text.
    """
    share = lettering.fitting(lambda share: _pieces(layer, facts, rect.width, share)[1], rect.height)
    if share is None:
        raise _too_long(facts.design)
    for piece in _pieces(layer, facts, rect.width, share)[0]:
        layer.text(rect.left + piece.right, rect.top - piece.down, piece.text, piece.size, piece.colour)


def _too_long(design: Design) -> ParameterError:
    texts = {"--title": design.title, "--author": design.author, "--credit": design.credit}
    option = max(texts, key=lambda name: len(texts[name]))
    size = f"{_BODY * lettering.SMALLEST:.1f}"
    return ParameterError(
        "map.too_long", paper=design.paper, option=option, length=len(texts[option]), size=size
    )


def _pieces(layer: Layer, facts: Facts, width: float, share: float) -> tuple[list[_Piece], float]:
    """Return the lines of a title block with letters of a share of their usual size, and how high it is."""
    growth, design = facts.placed.sheet.growth * share, facts.design
    pieces: list[_Piece] = []
    down, size, body = 0.0, _TITLE * growth, _BODY * growth
    for line in lettering.wrapped(layer, design.title or said(design.tongue, "map.untitled"), size, width):
        down += size
        pieces.append(_Piece(0.0, down, line, size, _INK))
        down += 0.25 * size
    if facts.ground.synthetic:
        for line in lettering.wrapped(layer, said(design.tongue, "map.made_up"), _RED * growth, width):
            down += 3.0 * growth
            pieces.append(_Piece(0.0, down, line, _RED * growth, _MADE_UP))
    down += 1.2 * growth
    rows = [*_rows(facts)]
    right = max(layer.width_of(key, body) for key, _ in rows) + 2.0 * growth
    for key, value in rows:
        for number, line in enumerate(lettering.wrapped(layer, value, body, width - right)):
            down += 1.36 * body
            if number == 0:
                pieces.append(_Piece(0.0, down, key, body, _GREY))
            pieces.append(_Piece(right, down, line, body, _INK))
    return pieces, down + 0.3 * body  # what letters reach below their line


def _rows(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the lines of the title block, each with its key."""
    design, placed, ground = facts.design, facts.placed, facts.ground
    tongue = design.tongue

    def row(name: str, value: str) -> tuple[str, str]:
        return said(tongue, f"map.key_{name}"), value

    if design.author:
        yield row("author", design.author)
    date = design.date or datetime.date.today()
    yield row("date", said(tongue, "map.date", year=date.year, month=date.month, day=date.day))
    yield row("crs", system_words(ground.crs, tongue))
    yield row("heights", datum_words(ground.crs, tongue))
    west, south, east, top = placed.bounds
    e, n = (west + east) / 2, (south + top) / 2
    yield row("centre", f"E {e:.1f} m, N {n:.1f} m".replace("-", "\u2212"))
    if ground.crs is not None:
        latitude, longitude = north.latlon(e, n, ground.crs.horizontal)
        if min(latitude, longitude) >= 0:  # its words are those of Japan
            yield row(
                "latlon",
                said(tongue, "map.latlon", lat=north.seconds(latitude), lon=north.seconds(longitude)),
            )
    if text := _sheet_words(placed, ground, tongue):
        yield row("sheets", text)
    yield row("relief", _relief_words(design, ground))
    if design.interval != 0:
        yield row("contours", _contour_words(design, ground))
    if design.credit:
        yield row("source", credit_words(design.credit, tongue))
    yield row("software", f"hyogo-pc {__version__}")


def _sheet_words(placed: Frame, ground: Ground, tongue: str) -> str:
    """Return the codes of the sheets of level 5000 that a map lies on; nothing if one holds it: that one is drawn."""
    if ground.crs is None or ground.crs.zone is None:
        return ""
    box = Box.from_metres(*placed.bounds)
    codes = [sheet.code for sheet in sheets.sheets_touching(box, ground.crs.zone, _LEVEL)]
    if len(codes) < 2:
        return ""
    shown = said(tongue, "map.and").join(codes[:_MOST_SHEETS])
    if len(codes) > _MOST_SHEETS:
        shown = said(tongue, "map.more_sheets", shown=shown, more=len(codes) - _MOST_SHEETS)
    return said(tongue, "map.sheet_level", code=shown, level=f"{int(_LEVEL):,}")


def _relief_words(design: Design, ground: Ground) -> str:
    """Return what the relief is, and of which cells: those of the DEM, not what the page made of them."""
    style = legend.style_words(design)
    own = ground.own or ground.cell
    if own == ground.cell:
        return said(design.tongue, "map.relief", style=style, cell=f"{own:g}")
    return said(design.tongue, "map.relief_averaged", style=style, cell=f"{own:g}", mean=f"{ground.cell:g}")


def _contour_words(design: Design, ground: Ground) -> str:
    interval = 10.0 if design.interval is None else design.interval  # room for one that is not chosen yet
    smooth = trace.effective_smoothing(design.smooth, ground.cell)
    return said(
        design.tongue,
        "map.contours_from" if smooth else "map.contours_plain",
        interval=f"{interval:g}",
        smooth=f"{smooth:g}",
        shortest=f"{design.shortest:g}",
    )
