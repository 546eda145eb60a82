"""Surfaces with known shapes, and holes of any shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def centres(rows: int, cols: int, resolution: float = 1.0) -> tuple[Floats, Floats]:
    """Easting and northing of the cell centres in metres, from the middle of the array."""
    x = (np.arange(cols) + 0.5 - cols / 2) * resolution
    y = -(np.arange(rows) + 0.5 - rows / 2) * resolution
    east, north = np.meshgrid(x, y)
    return east, north


def rough(rows: int, cols: int, *, holes: bool = True) -> Floats:
    """Hills of several wavelengths with noise; with voids of all shapes if asked for."""
    rng = np.random.default_rng(17)
    y, x = np.mgrid[:rows, :cols]
    dem = 300.0 + 12.0 * np.sin(x / 9.0) * np.cos(y / 13.0) + rng.normal(0.0, 0.3, (rows, cols))
    if holes:
        dem[rng.random(dem.shape) < 0.02] = np.nan
        dem[np.abs(y - 0.4 * x - 10) < 4] = np.nan
        dem[rows // 2 :, cols // 2 : cols // 2 + 20] = np.nan
    return dem


HOLES = ("none", "speckle", "river", "chessboard", "corner")


def holes(kind: str, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Cells to leave out; names say the shape."""
    rows, cols = np.indices(shape)
    return {
        "none": np.zeros(shape, dtype=bool),
        "speckle": np.random.default_rng(6).random(shape) < 0.4,
        "river": np.abs(rows - 20 - 6 * np.sin(cols / 7.0)) < 5,
        "chessboard": (rows + cols) % 2 == 0,
        "corner": (rows < 25) & (cols > 15),
    }[kind]
