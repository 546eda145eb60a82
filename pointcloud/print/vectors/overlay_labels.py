"""Labels of overlays: beside or inside their shapes, clear of each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely

from pointcloud.print.map.design import Frame
from pointcloud.print.paper.page import Colour, Layer, Rect
from pointcloud.print.vectors.overlay import Overlay

_SIZE = 2.4
_GAP = 0.6


def write(layer: Layer, overlays: Sequence[Overlay], colours: Sequence[Colour], placed: Frame) -> list[str]:
    """Write the labels of all overlays, those of small shapes first; return those that find no room."""
    size, window = _SIZE * placed.sheet.growth, placed.window
    view = shapely.box(*placed.bounds)
    found = [
        (shape.intersection(view), text, colour)
        for one, colour in zip(overlays, colours, strict=True)
        for shape, text in zip(one.shapes, one.labels, strict=False)
        if text.strip()
    ]
    taken: list[Rect] = []
    left_out: list[str] = []
    for seen, text, colour in sorted(found, key=lambda item: item[0].area):
        if seen.is_empty:
            continue
        width = layer.width_of(text, size) + 2 * _GAP
        for x, y in _places(seen, placed, width, size):
            box = Rect(x - width / 2, y - size / 2 - _GAP, width, size + 2 * _GAP)
            if _inside(box, window) and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                layer.text(x, y, text, size, colour, across="center", up="center", paper="white")
                break
        else:
            left_out.append(text)
    return left_out


def _places(seen: Any, placed: Frame, width: float, size: float) -> Iterator[tuple[float, float]]:
    """Yield the middles that a label may have on the page, the best first."""
    kind = seen.geom_type.removeprefix("Multi")
    if kind == "Point":
        for point in _page(placed, seen.representative_point().coords):
            for dx, dy in ((1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1.6), (0, -1.6)):
                yield point[0] + dx * (width / 2 + 0.6), point[1] + dy * (size / 2 + 0.9)
        return
    if kind == "Polygon":
        middle = _page(placed, seen.representative_point().coords)[0]
        for step in (0, 1, -1, 2, -2):
            yield float(middle[0]), float(middle[1]) + step * 1.9 * size
    outline = seen.boundary if kind == "Polygon" else seen
    longest = max(shapely.get_parts(outline), key=lambda part: float(part.length))
    for share in (0.5, 0.25, 0.75, 0.1, 0.9, 0.4, 0.6):
        x, y = _page(placed, longest.interpolate(share, normalized=True).coords)[0]
        yield float(x), float(y)


def _page(placed: Frame, coords: Any) -> Any:
    return placed.on_page(np.asarray(coords)[:, :2])


def _inside(box: Rect, window: Rect) -> bool:
    across = window.left < box.left and box.right < window.right
    return across and window.bottom < box.bottom and box.top < window.top


def _overlap(a: Rect, b: Rect) -> bool:
    return a.left < b.right and b.left < a.right and a.bottom < b.top and b.bottom < a.top
