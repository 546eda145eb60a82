"""What stands around a map: neat line, coordinate ticks, scale bar, north arrow, its place in the map sheets."""

from __future__ import annotations

import math

import numpy as np

from pointcloud.geo import sheets
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import Box, quanta
from pointcloud.print.map import north
from pointcloud.print.map.design import Frame
from pointcloud.print.paper.page import Layer, Rect
from pointcloud.print.paper.words import said

NEAT = 0.3
_FINE = 0.13
_INK = (0.1, 0.1, 0.1)
_GREY = (0.45, 0.45, 0.45)
_TICK, _CROSS = 2.0, 1.5
_LEAST_STEP = 30.0
"""Millimetres between coordinate ticks."""

_SMALL = 2.0


def edges(layer: Layer, placed: Frame) -> None:
    """Draw the neat line, and ticks, crosses and labels of the coordinates."""
    window, growth = placed.window, placed.sheet.growth
    west, south, east, north_edge = placed.bounds
    step = _round_up(_LEAST_STEP * growth * placed.pixel)
    es, ns = _multiples(west, east, step), _multiples(south, north_edge, step)
    xs = placed.on_page(np.column_stack([es, np.full(len(es), south)]))[:, 0]
    ys = placed.on_page(np.column_stack([np.full(len(ns), west), ns]))[:, 1]
    ticks, crosses = [], []
    for x in xs:
        ticks += [
            [(x, window.bottom), (x, window.bottom + _TICK)],
            [(x, window.top), (x, window.top - _TICK)],
        ]
    for y in ys:
        ticks += [
            [(window.left, y), (window.left + _TICK, y)],
            [(window.right, y), (window.right - _TICK, y)],
        ]
    for x in xs:
        for y in ys:
            if min(x - window.left, window.right - x, y - window.bottom, window.top - y) > _TICK + _CROSS:
                crosses += [[(x - _CROSS, y), (x + _CROSS, y)], [(x, y - _CROSS), (x, y + _CROSS)]]
    layer.lines(crosses, _FINE, _INK)
    layer.lines(ticks, _FINE * 1.6, _INK)
    layer.rect(window, edge=_INK, width=NEAT)
    size, gap = _SMALL * growth, 0.9 * growth
    for x, e in zip(xs, es, strict=True):
        for y, up in ((window.bottom - gap, "top"), (window.top + gap, "bottom")):
            layer.text(float(x), y, f"E {_number(e)}", size, _INK, across="center", up=up)
    for y, n in zip(ys, ns, strict=True):
        text = f"N {_number(n)}"
        if min(y - window.bottom, window.top - y) < layer.width_of(text, size) / 2:
            continue  # it would reach beyond the corner
        layer.text(window.left - gap, float(y), text, size, _INK, across="center", up="bottom", angle=90)
        layer.text(window.right + gap, float(y), text, size, _INK, across="center", up="top", angle=90)


def _number(metres: float) -> str:
    return f"{metres:.10g}".replace("-", "\u2212")


def _multiples(low: float, high: float, step: float) -> list[float]:
    return [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _round_up(length: float) -> float:
    power = 10.0 ** math.floor(math.log10(length))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= length * (1 - 1e-9))


def _round_down(length: float) -> float:
    power = 10.0 ** math.floor(math.log10(length))
    return next(step * power for step in (5, 2, 1) if step * power <= length * (1 + 1e-9))


def scale_bar(layer: Layer, left: float, bottom: float, room: float, placed: Frame) -> None:
    """Draw a scale bar, at most ``room`` millimetres wide: four parts, black and white in turn."""
    growth = placed.sheet.growth
    length = _round_down(room * placed.pixel)
    wide, high = length / placed.pixel, 1.3 * growth
    part = wide / 4
    layer.rect(Rect(left, bottom, wide, high), fill="white", edge=_INK, width=0.15)
    for k in (0, 2):
        layer.rect(Rect(left + k * part, bottom, part, high), fill=_INK)
    kilometres = length >= 2000
    for share in (0.0, 0.5, 1.0):
        value = length * share / (1000 if kilometres else 1)
        unit = (" km" if kilometres else " m") if share == 1.0 else ""
        layer.text(
            *(left + share * wide, bottom - 0.7 * growth, f"{value:g}{unit}", _SMALL * growth, _INK),
            across="left" if share == 0.0 else "center",
            up="top",
        )


def north_arrow(
    layer: Layer,
    rect: Rect,
    placed: Frame,
    system: SpatialReference | None,
    magnetic: float | None,
    tongue: str,
) -> None:
    """Draw an arrow to grid north, one to magnetic north where its declination is given, and say which is which."""
    growth = placed.sheet.growth
    x, size = rect.left + rect.width / 2, _SMALL * growth
    words, turn = _norths(placed, system, magnetic, tongue)
    base = rect.bottom + (len(words) + 0.6) * size * 1.4
    tip = rect.top - 4.2 * growth
    half = 0.11 * (tip - base)
    layer.areas([[[(x, tip), (x - half, base), (x, base + half)]]], fill="white", edge=_INK, width=0.2)
    layer.areas([[[(x, tip), (x + half, base), (x, base + half)]]], fill=_INK, edge=_INK, width=0.2)
    if turn is not None:
        reach = tip - base
        dx, dy = math.sin(math.radians(turn)), math.cos(math.radians(turn))
        foot = base + half
        end = (x + dx * reach * 0.8, foot + dy * (reach * 0.8 - half))
        side = -1 if turn < 0 else 1
        barb = (
            end[0] + side * 1.0 * growth * dy - 1.9 * growth * dx,
            end[1] - side * growth * dx - 1.9 * growth * dy,
        )
        layer.lines([[(x, foot), end, barb]], 0.25, _GREY)
        layer.text(
            end[0], end[1] + 0.6 * growth, "MN", 0.9 * size, _GREY, across="right" if side < 0 else "left"
        )
    layer.text(x, tip + 0.8 * growth, "N", 3.2 * growth, _INK, across="center")
    for k, text in enumerate(reversed(words)):
        layer.text(x, rect.bottom + k * size * 1.4, text, size, _INK, across="center")


def _norths(
    placed: Frame, system: SpatialReference | None, magnetic: float | None, tongue: str
) -> tuple[list[str], float | None]:
    """Return what is said of the norths, and the turn of magnetic north from up, clockwise in degrees."""
    words = [said(tongue, "map.grid_north")]
    if system is None:
        return words, None
    west, south, east, north_edge = placed.bounds
    true = north.convergence((west + east) / 2, (south + north_edge) / 2, system.horizontal)
    words.append(said(tongue, f"map.true_{_side(true)}", angle=north.minutes(true)))
    if magnetic is None:
        return words, None
    words.append(said(tongue, f"map.magnetic_{_side(magnetic)}", angle=north.minutes(magnetic)))
    return words, true + magnetic


def _side(degrees: float) -> str:
    return "west" if degrees < 0 else "east"


def place_in_sheets(layer: Layer, rect: Rect, placed: Frame, zone: int, tongue: str) -> None:
    """Draw where the map lies in its sheets of levels 50000 and 5000, one above the other."""
    growth = placed.sheet.growth
    size = _SMALL * growth
    west, south, east, top = placed.bounds
    middle = quanta((west + east) / 2), quanta((south + top) / 2)
    shown = Box.from_metres(*placed.bounds)
    room = rect.height / 2
    for k, level in enumerate(("50000", "5000")):
        sheet = sheets.sheet_at(*middle, zone, level)
        high = room - 1.6 * size
        wide = min(high * 4 / 3, rect.width)
        high = wide * 3 / 4
        left, bottom = rect.left + (rect.width - wide) / 2, rect.top - (k + 1) * room + 0.2 * size
        frame = Rect(left, bottom, wide, high)
        grid = [[(left + wide * i / 10, bottom), (left + wide * i / 10, bottom + high)] for i in range(1, 10)]
        grid += [
            [(left, bottom + high * i / 10), (left + wide, bottom + high * i / 10)] for i in range(1, 10)
        ]
        layer.lines(grid, 0.07, (0.7, 0.7, 0.7))
        layer.rect(frame, edge=_INK, width=0.18)
        _mark(layer, frame, sheet, shown)
        label = said(tongue, "map.sheet_level", code=sheet.code, level=f"{int(level):,}")
        layer.text(left + wide / 2, bottom + high + 0.35 * size, label, 0.95 * size, _INK, across="center")


def _mark(layer: Layer, frame: Rect, sheet: sheets.Sheet, shown: Box) -> None:
    """Draw the map's box in the frame of a sheet; with cross hairs where it is too small to be seen."""
    part = shown.intersect(sheet.box)
    west, south, east, _ = sheet.bounds
    per_metre = frame.width / (east - west)
    left, bottom, right, top = part.bounds
    box = Rect(
        frame.left + (left - west) * per_metre,
        frame.bottom + (bottom - south) * per_metre,
        (right - left) * per_metre,
        (top - bottom) * per_metre,
    )
    red = (0.8, 0.05, 0.05)
    if box.width < 1.2:
        x, y = box.left + box.width / 2, box.bottom + box.height / 2
        hairs = [[(frame.left, y), (x - 0.6, y)], [(x + 0.6, y), (frame.right, y)]]
        hairs += [[(x, frame.bottom), (x, y - 0.6)], [(x, y + 0.6), (x, frame.top)]]
        layer.lines(hairs, 0.1, red)
    layer.rect(box, fill=red if box.width < 1.2 else (1.0, 0.8, 0.8), edge=red, width=0.25)
