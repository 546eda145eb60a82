"""Rasters back to the prefecture's text: ``E N z`` of cell centres, south to north, no header."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import FileError
from pointcloud.geo.lattice import QUANTA_PER_METRE, Grid, quanta
from pointcloud.io.textstyle import TextStyle
from pointcloud.kernels.text import textgrid as kernel

_LINES = 64  # of cells, written at a time
_HIGHEST = 1e9
_MOST_DECIMALS = 4


def plain_style(name: str, array: NDArray[np.float32]) -> TextStyle:
    """Return the prefecture's style, with as many decimals of heights as their values need: two to four.

    Parameters
    ----------
    name : str
        Of the file.
    array : float32 array (rows, cols)
    """
    for decimals in range(2, _MOST_DECIMALS):
        step = np.float64(10**decimals)
        if all(_are_multiples(row, step) for row in array):
            break
    else:
        decimals = _MOST_DECIMALS
    return TextStyle(name, heights=(decimals, decimals))


def _are_multiples(heights: NDArray[np.float32], step: np.float64) -> bool:
    rounded = (np.rint(heights.astype(np.float64) * step) / step).astype(np.float32)
    return bool(((rounded == heights) | np.isnan(heights)).all())


def text_of(array: NDArray[np.float32], grid: Grid, style: TextStyle, label: str) -> Iterator[bytes]:
    """Yield a raster as text, piece by piece.

    Parameters
    ----------
    array : float32 array (rows, cols)
        Heights in metres, NaN where there is none; row 0 is in the north.
    grid : Grid
    style : TextStyle
    label : str
        What messages call the raster.

    Raises
    ------
    FileError
        If a height is no height (infinite, or a billion metres).
    """
    extremes = np.fmax.reduce(np.abs(array), axis=None)
    if extremes >= _HIGHEST:
        raise FileError("textgrid.huge", path=label, height=f"{extremes:g}")
    half = grid.cell // 2
    east = [grid.box.west + half + col * grid.cell for col in range(grid.cols)]
    north = [grid.box.north - half - row * grid.cell for row in range(grid.rows)]
    rows, cols = _within(style, east, north)
    eastings = _labels([_written(value, *style.eastings) for value in east[cols]])
    northings = _labels([_written(value, *style.northings) for value in north])
    blank = _labels([style.blank])
    numbers = np.array([ord(style.separator), *style.heights, style.end == "crlf"], np.int64)
    width = eastings.shape[1] + northings.shape[1] + max(24, blank.shape[1])
    room = np.empty(max(eastings.shape[0], 1) * width, np.uint8)
    heights = np.ascontiguousarray(array[:, cols])
    pieces: list[bytes] = []
    tail = b"" if style.ended else (b"\r\n" if style.end == "crlf" else b"\n")
    for row in reversed(range(grid.rows)[rows]):
        used = kernel.format_row(heights, row, eastings, northings, blank, numbers, room)
        pieces.append(room[:used].tobytes())
        if len(pieces) == _LINES:  # the last piece is kept back: its end may have to go
            yield b"".join(pieces[:-1])
            pieces = pieces[-1:]
    yield b"".join(pieces).removesuffix(tail)


def _within(style: TextStyle, east: list[int], north: list[int]) -> tuple[slice, slice]:
    """Return which rows and columns are written."""
    if style.bounds is None:
        return slice(0, len(north)), slice(0, len(east))
    first_e, last_e, first_n, last_n = (quanta(edge) for edge in style.bounds)
    cols = [col for col, value in enumerate(east) if first_e <= value <= last_e]
    rows = [row for row, value in enumerate(north) if first_n <= value <= last_n]
    return (
        slice(rows[0], rows[-1] + 1) if rows else slice(0, 0),
        slice(cols[0], cols[-1] + 1) if cols else slice(0, 0),
    )


def _written(value: int, least: int, most: int) -> str:
    """Return a coordinate with at most ``most`` decimals, and the zeros at its end that the fewest ask for."""
    text = f"{Decimal(value) / QUANTA_PER_METRE:.{max(most, 4)}f}"
    whole, _, decimals = text.partition(".")
    kept = decimals.rstrip("0").ljust(least, "0")
    return f"{whole}.{kept}" if kept else whole


def _labels(texts: list[str]) -> NDArray[np.uint8]:
    """Return texts as rows of bytes, each ended by a zero."""
    width = max((len(text) for text in texts), default=0) + 1
    out = np.zeros((len(texts), width), np.uint8)
    for row, text in enumerate(texts):
        out[row, : len(text)] = np.frombuffer(text.encode(), np.uint8)
    return out
