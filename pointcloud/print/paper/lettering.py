"""Texts that must fit a place on paper: broken into lines, in smaller letters where there are many."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import numpy as np

from pointcloud.print.paper.page import Layer

SMALLEST = 0.7
"""How small letters may become where there is much to say, of their usual size: 2.3 mm become 1.6 mm (4.6 points)."""

_SHARES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, SMALLEST)
_NO_START = "、。,.)」』】〕》ーぁぃぅぇぉっゃゅょァィゥェォッャュョ・:;!?"
"""What does not begin a line in Japanese."""


def fitting(height: Callable[[float], float], room: float) -> float | None:
    """Return the largest share of their usual size at which texts fit a room, ``None`` if they never do.

    ``height`` tells how much room they take at a share, in the unit of ``room``.
    """
    return next((share for share in _SHARES if height(share) <= room + 1e-6), None)


def wrapped(layer: Layer, text: str, size: float, room: float) -> list[str]:
    """Return the lines of a text, broken at blanks, or anywhere between Japanese letters."""
    lines = []
    for paragraph in text.splitlines() or [""]:
        rest = paragraph.strip()
        ends = np.cumsum(layer.fonts.widths(rest)) * size
        while rest:
            start = len(ends) - len(rest)
            count = (
                int(np.searchsorted(ends, room + (ends[start - 1] if start else 0.0), side="right")) - start
            )
            while (
                count > 1 and layer.width_of(rest[:count], size) > room
            ):  # a line may have a font of its own
                count -= 1
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
