"""The panel below a map: title block, scale, legend in words, place in the map sheets, north."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pointcloud import __version__
from pointcloud.print import contours, furniture, legend, north
from pointcloud.print.design import Design, Frame, Ground
from pointcloud.print.overlay import Overlay
from pointcloud.print.page import Layer, Rect
from pointcloud.print.words import datum_words, said, system_words

LEAST = 44.0
"""Millimetres: the height of the panel, of which north arrow and sheets need so much."""

_NORTH, _SHEETS, _LEGEND, _GAP = 27.0, 23.0, 56.0, 4.0
_SCALE = 11.5
_LINE = 3.5
_BODY, _TITLE = 2.3, 5.0
_INK, _GREY = (0.1, 0.1, 0.1), (0.35, 0.35, 0.35)
_MADE_UP = (0.75, 0.0, 0.0)
_NO_START = "、。,.)」』】〕》ーぁぃぅぇぉっゃゅょァィゥェォッャュョ・:;!?"
"""What does not begin a line in Japanese."""


@dataclass(frozen=True)
class Facts:
    """All that a panel tells of."""

    design: Design
    placed: Frame
    ground: Ground
    overlays: tuple[Overlay, ...]
    depressions: bool


def heights(design: Design, overlays: Sequence[Overlay]) -> Callable[[bool], float]:
    """Return what tells how high the panel must be for the legend, in millimetres on A4.

    A wide one has the overlays in a column of their own.
    """
    base = legend.most_lines(design)

    def height(wide: bool) -> float:
        lines = max(base, len(overlays)) if wide else base + len(overlays)
        return max(LEAST, _SCALE + _LINE * lines)

    return height


def draw(layer: Layer, facts: Facts) -> None:
    """Draw the panel."""
    sheet = facts.placed.sheet
    growth, tongue = sheet.growth, facts.design.tongue
    panel = Rect(*sheet.panel_edges)
    system = facts.ground.crs
    zone = system.zone if system is not None else None
    right = panel.right
    columns = {}
    legend_width = 2 * _LEGEND if sheet.wide and facts.overlays else _LEGEND
    for name, width in (("north", _NORTH), ("sheets", _SHEETS if zone else 0.0), ("legend", legend_width)):
        if width:
            columns[name] = Rect(right - width * growth, panel.bottom, width * growth, panel.height)
            right -= (width + _GAP) * growth
    furniture.north_arrow(layer, columns["north"], facts.placed, system, facts.design.magnetic, tongue)
    if zone:
        furniture.place_in_sheets(layer, columns["sheets"], facts.placed, zone, tongue)
    _scale_and_legend(layer, columns["legend"], facts)
    _title_block(layer, Rect(panel.left, panel.bottom, right - panel.left, panel.height), facts)


def _scale_and_legend(layer: Layer, rect: Rect, facts: Facts) -> None:
    growth, design, placed = facts.placed.sheet.growth, facts.design, facts.placed
    text = said(design.tongue, "map.scale", scale=f"{placed.scale:,.10g}", paper=design.paper)
    layer.text(rect.left, rect.top - 3.2 * growth, text, 3.2 * growth, _INK)
    furniture.scale_bar(layer, rect.left, rect.top - 6.2 * growth, (_LEGEND - 6) * growth, placed)
    left, top = rect.left, rect.top - _SCALE * growth
    for entry in legend.entries(design, facts.ground, depressions=facts.depressions):
        top -= _LINE * growth
        legend.draw(layer, entry, left, top, _LEGEND * growth, growth, _BODY)
    if placed.sheet.wide:
        left, top = rect.left + _LEGEND * growth, rect.top - _SCALE * growth
    for entry in legend.overlay_entries(facts.overlays):
        top -= _LINE * growth
        legend.draw(layer, entry, left, top, _LEGEND * growth, growth, _BODY)


def _title_block(layer: Layer, rect: Rect, facts: Facts) -> None:
    growth, design = facts.placed.sheet.growth, facts.design
    y = rect.top
    size = _TITLE * growth
    for line in wrapped(layer, design.title or said(design.tongue, "map.untitled"), size, rect.width):
        y -= size
        layer.text(rect.left, y, line, size, _INK)
        y -= 0.25 * size
    if facts.ground.synthetic:
        y -= 3.0 * growth
        layer.text(rect.left, y, said(design.tongue, "map.made_up"), 2.9 * growth, _MADE_UP)
    y -= 1.2 * growth
    body = _BODY * growth
    rows = [*_rows(facts)]
    key_width = max(layer.width_of(key, body) for key, _ in rows) + 2.0 * growth
    for key, value in rows:
        lines = wrapped(layer, value, body, rect.width - key_width)
        for number, line in enumerate(lines):
            y -= 1.36 * body
            if number == 0:
                layer.text(rect.left, y, key, body, _GREY)
            layer.text(rect.left + key_width, y, line, body, _INK)


def _rows(facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the lines of the title block, each with its key."""
    design, placed, ground = facts.design, facts.placed, facts.ground
    tongue = design.tongue

    def row(name: str, value: str) -> tuple[str, str]:
        return said(tongue, f"map.key_{name}"), value

    if design.author:
        yield row("author", design.author)
    assert design.date is not None
    yield row(
        "date", said(tongue, "map.date", year=design.date.year, month=design.date.month, day=design.date.day)
    )
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
    style = said(tongue, f"map.style_{design.style.replace('-', '_')}")
    yield row("relief", said(tongue, "map.relief", style=style, cell=f"{ground.cell:g}"))
    if design.interval:
        smooth = contours.effective_smoothing(design.smooth, ground.cell)
        values = {
            "interval": f"{design.interval:g}",
            "smooth": f"{smooth:g}",
            "shortest": f"{design.shortest:g}",
        }
        yield row("contours", said(tongue, "map.contours_from" if smooth else "map.contours_plain", **values))
    if design.credit:
        yield row("source", credit_words(design.credit, tongue))
    yield row("software", f"hyogo-pc {__version__}")


def credit_words(credit: str, tongue: str) -> str:
    """Return a source as licences want it of what is made from it: 「…」を加工して作成, unless it says so itself."""
    if "加工" in credit or "processing" in credit.lower():
        return credit
    return said(tongue, "map.credit", credit=credit)


def wrapped(layer: Layer, text: str, size: float, room: float) -> list[str]:
    """Return the lines of a text, broken at blanks, or anywhere between Japanese letters."""
    lines = []
    for paragraph in text.splitlines() or [""]:
        rest = paragraph.strip()
        while rest:
            count = bisect_right(
                range(1, len(rest) + 1),
                room,
                key=lambda k, rest=rest: layer.width_of(rest[:k], size),  # type: ignore[misc]
            )
            end = _break(rest, max(1, count))
            lines.append(rest[:end].rstrip())
            rest = rest[end:].lstrip()
    return lines


def _break(text: str, end: int) -> int:
    """Return where to break a text of which ``end`` letters fit."""
    if end >= len(text):
        return len(text)
    for place in range(end, 0, -1):
        before, after = text[place - 1], text[place]
        wide = any(unicodedata.east_asian_width(letter) in "WF" for letter in (before, after))
        if (before == " " or after == " " or wide) and after not in _NO_START and before not in "「(『":
            return place
    return end
