"""Sizes of paper (ISO 216)."""

from __future__ import annotations

PAPERS: dict[str, tuple[float, float]] = {
    "A4": (210.0, 297.0),
    "A3": (297.0, 420.0),
    "A2": (420.0, 594.0),
    "A1": (594.0, 841.0),
    "A0": (841.0, 1189.0),
}
"""Width and height of an upright sheet in millimetres, by name."""

ORIENTATIONS = ("landscape", "portrait")


def size(name: str, orientation: str) -> tuple[float, float]:
    """Return width and height in millimetres of a sheet of :data:`PAPERS`, lying or upright."""
    width, height = PAPERS[name]
    return (height, width) if orientation == "landscape" else (width, height)
