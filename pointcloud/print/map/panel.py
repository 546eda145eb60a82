"""The panel below a map: title block, scale, legend in words, place in the map sheets, north."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pointcloud.print.map import furniture, legend, title_block
from pointcloud.print.map.design import Design, Frame, Ground
from pointcloud.print.map.layout import Sheet
from pointcloud.print.map.title_block import Facts
from pointcloud.print.paper.fonts import Fonts
from pointcloud.print.paper.page import Layer, Rect
from pointcloud.print.paper.words import said
from pointcloud.print.vectors.overlay import Overlay

LEAST, MOST = 44.0, 75.0
"""Millimetres: the height of the panel, of which north arrow and sheets need so much, and the map can spare so much."""

_NORTH, _SHEETS, _LEGEND, _GAP = 27.0, 23.0, 56.0, 4.0
_SCALE = 11.5
_LINE = 3.5
_BODY = 2.3
_INK = (0.1, 0.1, 0.1)


def heights(design: Design, overlays: Sequence[Overlay], ground: Ground) -> Callable[[Sheet], float]:
    """Return what tells how high the panel of a sheet must be for its texts, in millimetres on A4.

    ``ground`` is what is known of it before it is read: its place, cells and CRS. A wide panel has the overlays in a
    column of their own.
    """
    probe = Layer("", Fonts(design.tongue, design.font))
    base = legend.most_lines(design)
    bounds = (ground.west, ground.north, ground.west, ground.north)

    def height(sheet: Sheet) -> float:
        lines = max(base, len(overlays)) if sheet.wide else base + len(overlays)
        facts = Facts(design, Frame(sheet, design.scale or 1.0, bounds), ground, tuple(overlays), False)
        title = title_block.height(probe, facts, _columns(facts)["title"].width) / sheet.growth
        return max(LEAST, _SCALE + _LINE * lines, min(title, MOST))

    return height


def _columns(facts: Facts) -> dict[str, Rect]:
    """Return the columns of a panel: the fixed ones from the right, and what they leave for the title block."""
    sheet, system = facts.placed.sheet, facts.ground.crs
    panel, growth = Rect(*sheet.panel_edges), sheet.growth
    right = panel.right
    columns = {}
    legend_width = 2 * _LEGEND if sheet.wide and facts.overlays else _LEGEND
    zoned = system is not None and system.zone is not None
    for name, width in (("north", _NORTH), ("sheets", _SHEETS if zoned else 0.0), ("legend", legend_width)):
        if width:
            high = panel.height if name == "legend" else min(panel.height, LEAST * growth)
            columns[name] = Rect(right - width * growth, panel.top - high, width * growth, high)
            right -= (width + _GAP) * growth
    columns["title"] = Rect(panel.left, panel.bottom, right - panel.left, panel.height)
    return columns


def draw(layer: Layer, facts: Facts) -> None:
    """Draw the panel.

    Raises
    ------
    ParameterError
        If the texts of the title block do not fit.
    """
    tongue, system = facts.design.tongue, facts.ground.crs
    columns = _columns(facts)
    furniture.north_arrow(layer, columns["north"], facts.placed, system, facts.design.magnetic, tongue)
    if system is not None and system.zone is not None:
        furniture.place_in_sheets(layer, columns["sheets"], facts.placed, system.zone, tongue)
    _scale_and_legend(layer, columns["legend"], facts)
    title_block.draw(layer, columns["title"], facts)


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
