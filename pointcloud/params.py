"""What a run makes, as one frozen value that any worker can be handed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Product = Literal["dsm", "dem", "cs"]
PRODUCTS: tuple[Product, ...] = ("dsm", "dem", "cs")

ALGORITHM: dict[Product, int] = {"dsm": 1, "dem": 1, "cs": 1}
"""Raised by one whenever the bytes of a product change for the same input and parameters."""

NODATA = -9999.0

Compression = Literal["deflate", "lzw", "zstd", "none"]
COMPRESSIONS: tuple[Compression, ...] = ("deflate", "lzw", "zstd", "none")


@dataclass(frozen=True, slots=True)
class Ramp:
    """Colours of one layer of a relief map: linear between stops, clamped outside.

    Parameters
    ----------
    low, high : float
        Values (in the layer's unit) of the first and last stop.
    colours : tuple of (r, g, b)
        Evenly spaced stops, 0–255.
    weight : float
        Share of the layer in the blend; the weights of all layers sum to 1.
    """

    low: float
    high: float
    colours: tuple[tuple[int, int, int], ...]
    weight: float
