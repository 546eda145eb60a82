"""The legend, in words: what the colours of a style mean, the contours, the user's own lines and areas."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pointcloud import relief
from pointcloud.params.csmap import PRESETS, CsParams, preset
from pointcloud.params.styles import STYLES
from pointcloud.print.contours.trace import INDEX
from pointcloud.print.map import draw as map_room
from pointcloud.print.map.design import Design, Ground
from pointcloud.print.paper.page import Colour, Layer, Rect
from pointcloud.print.paper.words import said
from pointcloud.print.vectors.overlay import Overlay

_SAMPLE = 8.0
"""Millimetres: the length of a sample."""

_INK = (0.1, 0.1, 0.1)

_KEYS: dict[str, tuple[tuple[float, str], ...]] = {
    "slope": ((0.0, "level"), (60.0, "steep_60")),
    "aspect": ((0.0, "north"), (90.0, "east"), (180.0, "south"), (270.0, "west")),
    "hillshade": ((0.9, "lit"), (0.15, "shaded")),
    "multi-hillshade": ((0.8, "lit_four"), (0.2, "shaded")),
    "curvature": ((0.2, "convex"), (0.0, "even"), (-0.2, "concave")),
    "profile-curvature": ((0.2, "convex_down"), (0.0, "even"), (-0.2, "concave_down")),
    "plan-curvature": ((0.2, "convex_across"), (0.0, "even"), (-0.2, "concave_across")),
    "sky-view": ((1.0, "open"), (0.6, "enclosed")),
    "openness": ((95.0, "open_ridge"), (65.0, "enclosed")),
    "negative-openness": ((65.0, "ridge_light"), (105.0, "hollow_dark")),
    "local-relief": ((4.0, "above"), (0.0, "even"), (-4.0, "below")),
    "local-dominance": ((4.0, "dominant"), (0.5, "hollow_dark")),
    "shaded-heights": ((0.0, "low"), (200.0, "middle"), (700.0, "high")),
    "vat": ((0.9, "open_ridge"), (0.2, "hollow_steep")),
    "combined-vat": ((0.9, "open_ridge"), (0.2, "hollow_steep")),
}
"""Values of a style whose colours are shown, and what they mean. Those of a CS relief map are drawn by its preset."""

_CS = ("ridge", "valley", "steep", "flat")
_BEND, _STEEP = 0.15, 45.0
"""1/m and degrees: of the ridge, valley and slope whose colours stand for all."""
_TINT, _DARK, _LIGHT, _WHITE = 12, 180, 180, 240
"""What is called red or blue, dark, light and white, of 0 to 255: beyond the other channels, and the least channel."""


@dataclass(frozen=True)
class Entry:
    """A line of a legend: a patch of a colour, a line, both, or words alone."""

    words: str
    patch: Colour | None = None
    line: Colour | None = None
    width: float = 0.0
    dashes: tuple[float, ...] | None = None
    ticked: bool = False
    heading: bool = False
    spot: bool = False
    area: bool = False


def most_lines(design: Design) -> int:
    """Return how many lines a legend has at most, but for the overlays."""
    keys = len(_CS) if design.style == "cs" else len(_KEYS[design.style])
    return 1 + keys + (0 if design.interval == 0 else 3)


def entries(design: Design, ground: Ground, *, depressions: bool) -> Iterator[Entry]:
    """Yield the lines of a legend from top to bottom, but for the overlays."""
    tongue = design.tongue
    yield Entry(style_words(design, short=True), heading=True)
    for name, colour in _colours(design, ground):
        yield Entry(said(tongue, f"map.means_{name}"), patch=colour)
    if design.interval:
        brown, interval = map_room.CONTOUR_COLOUR, design.interval
        text = said(tongue, "map.contour", interval=f"{interval:g}")
        yield Entry(text, line=brown, width=map_room.THIN)
        text = said(tongue, "map.index_contour", interval=f"{interval * INDEX:g}")
        yield Entry(text, line=brown, width=map_room.THICK)
        if depressions:
            yield Entry(said(tongue, "map.depression"), line=brown, width=map_room.THIN, ticked=True)


def style_words(design: Design, *, short: bool = False) -> str:
    """Return the name of a style; that of a CS relief map with its preset, and, unless short, what is special of it."""
    tongue = design.tongue
    words = said(tongue, f"map.style_{design.style.replace('-', '_')}")
    if design.style != "cs":
        return words
    params = _cs_params(design)
    known = params.name in PRESETS
    name = f"{params.name} v{params.version}" if params.name else said(tongue, "map.preset_own")
    more = [said(tongue, "map.preset_toda")] if params.name == "toda" and not short else []
    if known and params != preset(params.name):
        more.append(said(tongue, "map.preset_changed"))
    return said(tongue, "map.preset", style=words, preset=said(tongue, "map.and").join([name, *more]))


def overlay_entries(overlays: Sequence[Overlay]) -> Iterator[Entry]:
    """Yield a line for each overlay."""
    for number, one in enumerate(overlays):
        colour, dashes = map_room.overlay_look(number)
        kinds = {shape.geom_type.removeprefix("Multi") for shape in one.shapes}
        spot, area = kinds == {"Point"}, kinds == {"Polygon"}
        yield Entry(one.name, None, colour, map_room.OVERLAY_WIDTH, dashes, spot=spot, area=area)


def _colours(design: Design, ground: Ground) -> Iterator[tuple[str, Colour]]:
    """Yield what the colours of a style mean, and the colours."""
    if design.style == "cs":
        yield from _cs_colours(design, ground)
        return
    stops = STYLES[design.style].stops
    if design.style == "shaded-heights":
        from pointcloud.params.styles import HEIGHT_COLOURS

        stops = HEIGHT_COLOURS
    values = [value for value, _ in stops]
    for value, name in _KEYS[design.style]:
        colour = [float(np.interp(value, values, [rgb[band] for _, rgb in stops])) for band in range(3)]
        yield name, _unit(colour)


def _cs_colours(design: Design, ground: Ground) -> Iterator[tuple[str, Colour]]:
    """Yield the colours of a ridge, a valley, a slope and level ground, drawn as the map is, and words that match."""
    params, cell = _cs_params(design), ground.cell
    count = relief.halo("cs", cell, params) + 2
    x = np.arange(-count, count + 1) * cell
    middle = float(np.nanmedian(ground.heights))
    across = np.broadcast_to(x, (len(x), len(x)))
    for name, surface in (
        ("ridge", -_BEND / 2 * across**2),
        ("valley", _BEND / 2 * across**2),
        ("steep", across * math.tan(math.radians(_STEEP))),
        ("flat", across * 0.0),
    ):
        picture = relief.picture("cs", np.ascontiguousarray(surface + middle), cell, params)
        colour = picture[count, count, :3]
        yield _called(name, *map(int, colour)), _unit(colour)


def _cs_params(design: Design) -> CsParams:
    params = design.params if isinstance(design.params, CsParams) else STYLES["cs"].params
    assert isinstance(params, CsParams)
    return params


def _called(name: str, red: int, green: int, blue: int) -> str:
    """Return the words for a colour: presets may have others than red, blue, dark and white; then none is named."""
    light = min(red, green, blue)
    fits = {
        "ridge": red >= max(green, blue) + _TINT,
        "valley": blue >= max(red, green) + _TINT,
        "steep": light < _DARK,
        "flat": light >= _WHITE,
    }
    if name == "flat" and _LIGHT <= light < _WHITE:
        return "flat_light"
    return name if fits[name] else f"{name}_plain"


def _unit(colour: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.uint8]]) -> Colour:
    red, green, blue = (float(value) / 255 for value in colour)
    return red, green, blue


def draw(
    layer: Layer, entry: Entry, left: float, bottom: float, width: float, growth: float, size: float
) -> None:
    """Draw a line of a legend; ``size`` is that of its letters on A4, lengths are millimetres."""
    if entry.heading:
        words = _cut(layer, entry.words, size * 1.1 * growth, width)
        layer.text(left, bottom, words, size * 1.1 * growth, _INK)
        return
    sample = _SAMPLE * growth
    middle = bottom + 0.36 * size * growth
    if entry.patch is not None:
        box = Rect(left, middle - 1.1 * growth, sample, 2.2 * growth)
        layer.rect(box, fill=entry.patch, edge=_INK, width=0.1)
    elif entry.spot and entry.line is not None:
        map_room.spot(layer, left + sample / 2, middle, entry.line, growth)
    elif entry.line is not None:
        ends = [(left, middle), (left + sample, middle)]
        if entry.area:
            box = Rect(left + 0.2, middle - 1.1 * growth, sample - 0.4, 2.2 * growth)
            ends = [*map(tuple, box.corners()), (box.left, box.bottom)]
        layer.lines([ends], entry.width * growth, entry.line, dashes=entry.dashes)
        if entry.ticked:
            steps = np.arange(0.5, 4) / 4 * sample + left
            ticks = [[(x, middle), (x, middle - map_room.TICK * growth)] for x in steps]
            layer.lines(ticks, entry.width * growth, entry.line)
    words = _cut(layer, entry.words, size * growth, width - sample - 2 * growth)
    layer.text(left + sample + 2 * growth, bottom, words, size * growth, _INK)


def _cut(layer: Layer, words: str, size: float, room: float) -> str:
    """Return words as far as there is room for them."""
    while len(words) > 1 and layer.width_of(words, size) > room:
        words = words[:-2] + "…"
    return words
