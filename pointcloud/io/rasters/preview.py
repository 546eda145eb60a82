"""A picture of a whole product for people without a GIS: map, title, scale bar, colours and source.

Heights have the same colours everywhere (see ``HEIGHT_COLOURS``; linear between them, clamped outside), whatever the
lowest and highest of the area are, and a soft hillshade: light from the north-west, slopes by central
differences of the picture's own pixels. Relief maps are shown as they are, on white.
"""

from __future__ import annotations

import io
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from rasterio.enums import Resampling
from rasterio.windows import Window

from pointcloud.errors import FileError, OutputError
from pointcloud.geo.lattice import Box, Grid, cell_quanta
from pointcloud.io import raster
from pointcloud.io.rasters import caption
from pointcloud.io.rasters.qml import STATE_WORDS, source_colours
from pointcloud.io.rasters.vrt import Kind, Tile, mosaic
from pointcloud.params.grid import STATE_COLOURS, VOID
from pointcloud.params.styles import HEIGHT_COLOURS
from pointcloud.plaintext import marked

LONGEST = 1600
"""Longest side of a picture in pixels, the caption included."""

_SMALL = 700
"""Rasters whose longer side has fewer cells are drawn with several pixels a cell."""

_COARSE = 500
"""Pixels a side in which it is looked for where a raster holds anything."""

_STRIP = 64  # rows

_MOSTLY = 0.75
"""A raster whose filled part is at least so wide or high is drawn whole."""


def preview(
    source: Path | Sequence[Path],
    kind: Kind,
    *,
    title: str | Mapping[str, str],
    credit: str = "",
    synthetic: bool = False,
    sources: Sequence[str] = (),
) -> bytes:
    """Return a picture of a product, read from the overviews of its files.

    Parameters
    ----------
    source : Path or sequence of Path
        A mosaic, a sheet, or sheets of one product and resolution on the lattice.
    kind : {"heights", "rgba", "quality", "codes"}
        What the files hold.
    title : str or mapping of language to str
        The headline; with texts for ``en`` and ``ja``, the language in use is chosen if a font can draw it.
    credit : str
        Source and licence, drawn below the map.
    synthetic : bool
        Whether the place is made up: the title then says so.
    sources : sequence of str
        What the codes are, from 1 on.

    Returns
    -------
    bytes
        A PNG of at most `LONGEST` pixels a side. Title and credit are also in its metadata, whole, even where
        no font of the machine can draw them.

    Raises
    ------
    OutputError
        If a file cannot be read.
    """
    classes: Mapping[int, tuple[int, int, int]] = {}
    with _opened(source, kind) as file:
        window = _filled(file, kind)
        rows, cols = _size(window.height, window.width)
        pixel = file.transform.a * window.width / cols
        if kind == "heights":
            colours = _tint(_heights(file, window, rows, cols), pixel)
        elif kind in ("quality", "codes"):
            classes = STATE_COLOURS if kind == "quality" else source_colours(len(sources))
            colours = _states(file, window, rows, cols, classes)
        else:
            colours = _picture(file, window, rows, cols)
    if (zoom := _SMALL // max(rows, cols)) > 1:
        colours = colours.repeat(zoom, 0).repeat(zoom, 1)
        pixel /= zoom
    titles = {"en": title, "ja": title} if isinstance(title, str) else title
    stops = HEIGHT_COLOURS if kind == "heights" else ()
    named = [STATE_WORDS[state] for state in classes] if kind == "quality" else ()
    words = caption.words(titles, credit, synthetic=synthetic, classes=named, names=sources)
    key = [*classes.values()]
    return _png(caption.framed(Image.fromarray(colours), words, pixel=pixel, stops=stops, colours=key), words)


@contextmanager
def _opened(source: Path | Sequence[Path], kind: Kind) -> Iterator[Any]:
    paths = [source] if isinstance(source, Path) else [*source]
    try:
        if len(paths) == 1:
            with raster.opened(paths[0], raster.GEOTIFF) as file:
                yield file
        else:
            with raster.opened_bytes(mosaic([_tile(path) for path in paths], None, kind), "VRT") as file:
                yield file
    except (*raster.ERRORS, FileError) as error:
        raise OutputError("output.preview_unreadable", path=paths[0], cause=str(error)) from error


def _tile(path: Path) -> Tile:
    with raster.opened(path, raster.GEOTIFF, raster.ALONE) as file:
        return Tile(path.resolve(), Grid(Box.from_metres(*file.bounds), cell_quanta(file.transform.a)))


def _size(rows: int, cols: int) -> tuple[int, int]:
    """Return the size of the map in pixels: that of the raster, or less to fit the picture."""
    scale = min(1.0, LONGEST / cols, (LONGEST - caption.HEIGHT) / rows)
    return max(1, round(rows * scale)), max(1, round(cols * scale))


def _filled(file: Any, kind: Kind) -> Window:
    """Return the part to draw: all, or what holds anything if that is much less, and a little around it."""
    rows, cols = min(file.height, _COARSE), min(file.width, _COARSE)
    if kind == "quality":  # it tells of every cell, and of those without terrain that they have none
        valid = file.read(1, out_shape=(rows, cols)) != VOID
    else:
        valid = file.dataset_mask(out_shape=(rows, cols)) > 0
    down, across = np.flatnonzero(valid.any(axis=1)), np.flatnonzero(valid.any(axis=0))
    whole = Window(0, 0, file.width, file.height)
    if not len(down):
        return whole
    top, bottom, left, right = (
        down[0] / rows,
        (down[-1] + 1) / rows,
        across[0] / cols,
        (across[-1] + 1) / cols,
    )
    if max(bottom - top, right - left) > _MOSTLY:
        return whole
    around = 0.05 * max(bottom - top, right - left)
    first_row, first_col = int(max(top - around, 0) * file.height), int(max(left - around, 0) * file.width)
    last_row, last_col = min(bottom + around, 1) * file.height, min(right + around, 1) * file.width
    return Window(first_col, first_row, math.ceil(last_col) - first_col, math.ceil(last_row) - first_row)


def _heights(file: Any, window: Window, rows: int, cols: int) -> NDArray[np.float32]:
    read = file.read(1, window=window, out_shape=(rows, cols), resampling=Resampling.average)
    heights: NDArray[np.float32] = read.astype(np.float32)
    heights[read == file.nodata] = np.nan  # a masked array would read everything once more
    return heights


def _picture(file: Any, window: Window, rows: int, cols: int) -> NDArray[np.uint8]:
    """Return the colours on white, shape (rows, cols, 3).

    The nearest overview's pixels are taken as they are: averaging once more would mix in the colour of what
    is transparent, and draw a dark rim.
    """
    bands = file.read(window=window, out_shape=(4, rows, cols), resampling=Resampling.nearest)
    opacity = bands[3] / np.float32(255)
    out = np.empty((rows, cols, 3), np.uint8)
    for band in range(3):
        out[..., band] = _bytes(bands[band] * opacity + 255 * (1 - opacity))
    return out


def _states(
    file: Any, window: Window, rows: int, cols: int, classes: Mapping[int, tuple[int, int, int]]
) -> NDArray[np.uint8]:
    """Return the colours of codes, white beyond all sheets, shape (rows, cols, 3)."""
    read = file.read(1, window=window, out_shape=(rows, cols), resampling=Resampling.nearest, masked=True)
    none = max(classes) + 1
    colours = np.full((none + 1, 3), 255, np.uint8)
    for code, colour in classes.items():
        colours[code] = colour
    picked: NDArray[np.uint8] = colours[np.ma.filled(read.astype(np.int64), none)]
    return picked


def _tint(heights: NDArray[np.float32], pixel: float) -> NDArray[np.uint8]:
    """Return the colours of heights on a hillshade, white where there are none, shape (rows, cols, 3).

    By strips, whose arrays stay in the cache: several times as fast as all rows at once.
    """
    levels = [stop for stop, _ in HEIGHT_COLOURS]
    tints = np.array([colour for _, colour in HEIGHT_COLOURS], np.float32)
    out = np.empty((*heights.shape, 3), np.uint8)
    for top in range(0, len(heights), _STRIP):
        above = min(top, 1)
        light = _shade(heights[top - above : top + _STRIP + 1], pixel)[above : above + _STRIP]
        strip, colours = heights[top : top + _STRIP], out[top : top + _STRIP]
        known = np.isfinite(strip)
        for band in range(3):
            tint = np.interp(strip, levels, tints[:, band]) * light
            colours[..., band] = _bytes(np.where(known, tint, 255.0))
    return out


def _shade(heights: NDArray[np.float32], pixel: float) -> NDArray[np.float32]:
    """Return a factor for colours: 1 on flat ground, down to 0.5 in the shade, up to 1.2 in the sun.

    The cosine of the angle between a wall to the north-west and the ground's normal, so that steep canopies
    do not turn black as with the light of a real sun.
    The slopes are drawn steeper where a pixel is wide, since averaging has flattened them: by the fourth root
    of its width in units of 2 m, so 2.7 times for a whole prefecture at 100 m.
    """
    steeper = max(1.0, pixel / 2) ** 0.25
    south, east = (_slope(heights, axis) * (steeper / pixel) for axis in (0, 1))
    lit = 0.5**0.5 * (south + east) / np.sqrt(1 + south**2 + east**2)
    light: NDArray[np.float32] = 1 + lit * np.where(lit < 0, 0.5, 0.2)
    return light


def _slope(heights: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Return the mean difference to the neighbours before and behind; to one beside nodata, 0 between."""
    steps = np.diff(heights, axis=axis)
    edge = np.full_like(heights.take([0], axis), np.nan)
    before = np.concatenate([edge, steps], axis)
    behind = np.concatenate([steps, edge], axis)
    before, behind = (np.where(np.isnan(a), b, a) for a, b in ((before, behind), (behind, before)))
    mean: NDArray[np.float32] = np.nan_to_num((before + behind) / 2)
    return mean


def _bytes(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    values = np.rint(values)
    return np.clip(values, 0, 255, out=values).astype(np.uint8)


def _png(picture: Image.Image, words: caption.Words) -> bytes:
    info = PngInfo()
    info.add_itxt("Title", marked(words.title))
    if words.credit:
        info.add_itxt("Source", marked(words.credit))
    buffer = io.BytesIO()
    # Runs of equal bytes alone: about as small as by default, in a quarter of the time.
    picture.save(buffer, "PNG", pnginfo=info, compress_type=zlib.Z_RLE)
    return buffer.getvalue()
