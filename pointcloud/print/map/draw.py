"""What is drawn inside the frame: relief, contours, overlays."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image

from pointcloud.print.contours.labels import Label, Labels
from pointcloud.print.contours.trace import Contour
from pointcloud.print.map.design import Frame, Ground
from pointcloud.print.paper.page import Colour, Layer, Rect
from pointcloud.print.vectors import overlay as shapes
from pointcloud.print.vectors import overlay_labels
from pointcloud.print.vectors.overlay import Overlay

CONTOUR_COLOUR = (0.24, 0.15, 0.08)
LABEL_COLOUR = (0.1, 0.06, 0.03)
THIN, THICK = 0.11, 0.25
"""Millimetres: contours, and index lines among them."""

TICK = 0.7
"""Millimetres: length of the ticks of a depression."""

OVERLAY_COLOURS: tuple[Colour, ...] = (
    (0.80, 0.0, 0.50),
    (0.0, 0.42, 0.20),
    (0.85, 0.35, 0.0),
    (0.10, 0.15, 0.70),
)
OVERLAY_DASHES: tuple[tuple[float, ...] | None, ...] = (None, (3.0, 1.2), (3.0, 1.0, 0.8, 1.0), (0.8, 0.8))
"""A colour and a kind of line for each overlay in turn, so that they differ in print without colours too."""

OVERLAY_WIDTH = 0.45
_CASING = 0.35

_LABEL = 1.9
_EVERY_TICK = 3.0
_BAND = 1024
"""Rows of pixels that are made at a time."""

_SUPPORT = 3
"""Cells, or pixels, that bicubic resampling reaches at most."""
_FINE = 0.02
"""Millimetres by which a line may be straightened: nobody sees it, and files are a fraction as large."""


def resampled(
    shade: Callable[[slice], NDArray[np.uint8]], ground: Ground, placed: Frame, dpi: float, top: float
) -> tuple[NDArray[np.uint8], Rect]:
    """Return a picture of the ground's cells as whole pixels of the page that cover it on the map, and their place.

    ``shade`` gives the picture (red, green, blue, alpha) of a slice of the ground's rows: it is drawn in bands, since
    a large sheet has as many pixels as fill a gigabyte on the way.

    Smooth between cells that are wider than pixels, averaged where they are narrower; white where there is nothing.
    The pixels are those of the page's PNG, counted from its upper left corner (``top`` is its height in
    millimetres), so that it needs no second resampling.
    """
    side = 25.4 / dpi
    window, shown = placed.window, _shown(ground, placed, side)
    first, last = math.floor(shown.left / side), math.ceil(shown.right / side)
    upper, lower = math.floor((top - shown.top) / side), math.ceil((top - shown.bottom) / side)
    place = Rect(first * side, top - lower * side, (last - first) * side, (lower - upper) * side)
    west, south, _, _ = placed.bounds
    metres = placed.pixel
    left = west + (place.left - window.left) * metres
    above = south + (place.top - window.bottom) * metres
    box = np.array([left - ground.west, ground.north - above]) / ground.cell
    size = np.array([place.width, place.height]) * metres / ground.cell
    made = np.full((lower - upper, last - first, 3), 255, np.uint8)
    step = size[1] / len(made)
    for begin in range(0, len(made), _BAND):
        band = made[begin : begin + _BAND]
        start, high = box[1] + begin * step, len(band) * step
        around = _SUPPORT * max(1.0, step)
        rows = slice(max(0, math.floor(start - around)), math.ceil(start + high + around))
        if rows.start < min(rows.stop, len(ground.heights)):
            part = np.array([box[0], start - rows.start])
            band[:] = _on_white(shade(rows), part, np.array([size[0], high]), band.shape[1::-1])
    return made, place


def _on_white(
    picture: NDArray[np.uint8], box: NDArray[np.float64], size: NDArray[np.float64], shape: tuple[int, int]
) -> NDArray[np.uint8]:
    """Return a box of a picture as pixels, so many across and down."""
    padded, shift = _padded(picture, box, size)
    corner = box + shift
    image = Image.fromarray(padded).resize(shape, Image.Resampling.BICUBIC, box=(*corner, *(corner + size)))
    white = Image.new("RGB", image.size, "white")
    white.paste(image, (0, 0), image)
    return np.asarray(white)


def _shown(ground: Ground, placed: Frame, side: float) -> Rect:
    """Return what of the map the ground covers, and as far beyond it as cells are blended with nothing."""
    window, metres = placed.window, placed.pixel
    rows, cols = ground.heights.shape
    edges = placed.on_page(
        np.array(
            [
                (ground.west, ground.north - rows * ground.cell),
                (ground.west + cols * ground.cell, ground.north),
            ]
        )
    )
    by = _SUPPORT * max(ground.cell / metres, side)
    left, bottom = np.maximum(edges[0] - by, (window.left, window.bottom)).tolist()
    right, top = np.minimum(edges[1] + by, (window.right, window.top)).tolist()
    return Rect(left, bottom, right - left, top - bottom)


def _padded(
    picture: NDArray[np.uint8], box: NDArray[np.float64], size: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return a picture with nothing around it as far as a box reaches, and how far its corner moved."""
    rows, cols = picture.shape[:2]
    before = np.maximum(np.ceil(-box), 0).astype(int)
    after = np.maximum(np.ceil(box + size - (cols, rows)), 0).astype(int)
    if not (before.any() or after.any()):
        return picture, np.zeros(2)
    made = np.pad(picture, ((before[1], after[1]), (before[0], after[0]), (0, 0)))
    return made, before.astype(np.float64)


def contour_lines(layer: Layer, lines: Sequence[Contour], placed: Frame) -> None:
    """Draw contours: index lines thicker and with their height, depressions with ticks to the inside."""
    window, growth = placed.window, placed.sheet.growth
    plain: list[tuple[float, NDArray[np.float64]]] = []
    index: list[tuple[float, NDArray[np.float64]]] = []
    ticks: list[NDArray[np.float64]] = []
    for line in lines:
        on_page = placed.on_page(line.points)
        (index if line.index else plain).append((line.level, on_page))
        if line.depression:
            ticks += _ticks(on_page, window)
    layer.lines([part for _, line in plain for part in _cut(line, window)], THIN * growth, CONTOUR_COLOUR)
    places: dict[int, Labels] = {}
    drawn, texts, rooms = [], [], list[float]()
    size = _LABEL * growth
    shared: list[tuple[float, float]] = []
    for level, whole in index:
        text = f"{level:.10g}"
        finder = places.setdefault(len(text), Labels((0.62 * len(text) + 0.5) * size, shared))
        for part in _cut(whole, window):
            labels, pieces = finder.place(part)
            drawn += pieces
            texts += [(label, text) for label in labels]
            rooms += [finder.width / 2 + TICK] * len(labels)
    layer.lines(drawn, THICK * growth, CONTOUR_COLOUR)
    layer.lines(_clear(ticks, [label for label, _ in texts], rooms), THIN * growth, CONTOUR_COLOUR)
    for (x, y, angle), text in texts:
        layer.text(x, y, text, size, LABEL_COLOUR, across="center", up="center", angle=angle)


def _cut(line: NDArray[np.float64], window: Rect) -> list[NDArray[np.float64]]:
    """Return the parts of a line inside the map, straightened by what nobody sees."""
    inside = shapely.clip_by_rect(
        shapely.LineString(line), window.left, window.bottom, window.right, window.top
    )
    simple = shapely.simplify(inside, _FINE, preserve_topology=False)
    return [np.asarray(part.coords) for part in shapely.get_parts(simple) if part.geom_type == "LineString"]


def _ticks(line: NDArray[np.float64], window: Rect) -> list[NDArray[np.float64]]:
    """Return the ticks of a depression, which lies on the right of its line; at least four."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    count = max(4, round(along[-1] / _EVERY_TICK))
    made = []
    for where in np.arange(count) * (along[-1] / count):
        k = min(int(np.searchsorted(along, where, side="right")) - 1, len(steps) - 1)
        if steps[k] == 0:
            continue
        x, y = line[k] + (line[k + 1] - line[k]) * ((where - along[k]) / steps[k])
        dx, dy = (line[k + 1] - line[k]) / steps[k] * TICK
        if window.left < x < window.right and window.bottom < y < window.top:
            made.append(np.array([(x, y), (x + dy, y - dx)]))
    return made


def _clear(
    ticks: list[NDArray[np.float64]], labels: Sequence[Label], rooms: Sequence[float]
) -> list[NDArray[np.float64]]:
    """Return the ticks that begin in no label's room, the distance from its middle."""
    if not (ticks and labels):
        return ticks
    feet = shapely.STRtree(shapely.points([tick[0] for tick in ticks]))
    middles = shapely.points([label[:2] for label in labels])
    _, hidden = feet.query(middles, predicate="dwithin", distance=rooms)
    free = np.ones(len(ticks), np.bool_)
    free[hidden] = False
    return [tick for tick, clear in zip(ticks, free, strict=True) if clear]


def overlays(layer: Layer, drawn: Sequence[Overlay], placed: Frame) -> list[str]:
    """Draw the user's shapes: white beneath the lines, so that they are seen on dark slopes.

    Returns the labels that find no room.
    """
    window = placed.window
    width = OVERLAY_WIDTH * placed.sheet.growth
    for number, one in enumerate(drawn):
        colour, dashes = overlay_look(number)
        outlines, spots = [], []
        for shape in one.shapes:
            rings = [ring for area in shapes.polygons(shape) for ring in area]
            outlines += [placed.on_page(points) for points in (*rings, *shapes.lines(shape))]
            spots += [placed.on_page(np.array([point]))[0] for point in shapes.points(shape)]
        layer.lines(outlines, width + 2 * _CASING, "white", clip=window)
        layer.lines(outlines, width, colour, clip=window, dashes=dashes)
        spots = [
            (x, y) for x, y in spots if window.left < x < window.right and window.bottom < y < window.top
        ]
        for x, y in spots:
            spot(layer, x, y, colour, placed.sheet.growth)
    return overlay_labels.write(
        layer, drawn, [overlay_look(number)[0] for number in range(len(drawn))], placed
    )


def overlay_look(number: int) -> tuple[Colour, tuple[float, ...] | None]:
    """Return colour and dashes of the overlay of a number."""
    return OVERLAY_COLOURS[number % len(OVERLAY_COLOURS)], OVERLAY_DASHES[number % len(OVERLAY_DASHES)]


def spot(layer: Layer, x: float, y: float, colour: Colour, growth: float) -> None:
    """Draw a point of an overlay: a disc with a white rim."""
    turn = np.linspace(0, 2 * np.pi, 25)
    circle = np.column_stack([np.cos(turn), np.sin(turn)]) * 0.9 * growth + (x, y)
    layer.areas([[circle]], fill=colour, edge="white", width=0.25 * growth)
