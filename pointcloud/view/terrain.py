"""The land as layers, one for each ring: its heights, and the picture that is laid on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pointcloud import relief
from pointcloud.io.dems import drape as drapes
from pointcloud.kernels.raster import pits
from pointcloud.params.styles import STYLES
from pointcloud.view import level_of_detail, sunlight
from pointcloud.view.heights import Heights
from pointcloud.view.level_of_detail import Frame
from pointcloud.view.model import FLOOR, GROUND, SIDE, Colour, Surface

WINDOW = 2048
"""Side in cells of the windows that a style is drawn in."""
SHARP = 8192
"""Most pixels of a picture's side: what graphics cards take."""
_PIXELS = 48_000_000

NUMBERS = np.array(
    [(0.0, 255, 250, 205), (0.25, 253, 204, 138), (0.5, 240, 130, 80), (0.75, 200, 50, 60), (1.0, 95, 0, 50)]
)
"""Colours of a raster of numbers from its lowest to its highest value: pale yellow to dark red."""
_PIT = 0.4
"""Metres of the floor of a hole below its rim."""

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]
Region = tuple[slice, slice]
Covered = Callable[[Frame, Region], bool]


@dataclass
class Layer:
    """A ring of the land.

    Parameters
    ----------
    frame : Frame
    heights : (rows, cols) float64
        At the corners, metres as in nature; NaN where there is none. Within the finer ring too.
    picture : (rows x times, cols x times, 3) uint8
        A pixel covers ``step / times`` cells.
    inner : Frame or None
        The finer ring's.
    drawn : Frame, optional
        What the picture covers, where that has more corners.
    """

    frame: Frame
    heights: Floats
    picture: Picture
    inner: Frame | None
    drawn: Frame | None = None

    def thinned(self, every: int) -> Layer:
        """Return the layer with every so many-th corner and its whole picture."""
        thin = replace(self.frame, step=self.frame.step * every)
        return Layer(thin, self.heights[::every, ::every], self.picture, self.inner, self.drawn or self.frame)

    @property
    def hollow(self) -> Region | None:
        """The corners strictly within the finer ring."""
        if self.inner is None:
            return None
        step = self.frame.step
        return (
            slice(
                (self.inner.top - self.frame.top) // step + 1, (self.inner.bottom - self.frame.top) // step
            ),
            slice(
                (self.inner.left - self.frame.left) // step + 1, (self.inner.right - self.frame.left) // step
            ),
        )


def load(
    source: Heights,
    frames: list[Frame],
    *,
    style: str | None = None,
    drape: drapes.Drape | None = None,
    threads: int = 1,
    sharp: int = SHARP,
) -> list[Layer]:
    """Return the layers of the land, from the finest outwards, without light.

    Parameters
    ----------
    source : Heights
    frames : list of Frame
    style : str, optional
        A name of :data:`pointcloud.params.styles.STYLES`; drawn from every cell, also where the land is coarse, and
        averaged.
    drape : Drape, optional
        A raster instead.
    threads : int
    sharp : int
        Most pixels of a picture's side.

    Raises
    ------
    FileError
        If a file cannot be read.
    """
    layers: list[Layer] = []
    for frame in frames:
        inner = layers[-1] if layers else None
        heights = np.full(frame.shape, np.nan)
        picture = np.full((*frame.shape, 3), GROUND, np.uint8)
        layer = Layer(frame, heights, picture, inner.frame if inner else None)
        for region in _windows(layer, WINDOW // frame.step or 1):
            _fill(source, layer, region, style, threads)
        if inner is not None:
            step = frame.step // inner.frame.step
            rows = slice((inner.frame.top - frame.top) // frame.step, None)
            cols = slice((inner.frame.left - frame.left) // frame.step, None)
            picked = inner.heights[::step, ::step]
            heights[rows, cols][: picked.shape[0], : picked.shape[1]] = picked
        if drape is not None:
            times = 1 if layers else _times(frame, source.cell / drape.cell, sharp)
            layer.picture = _draped(source, frame, drape, times)
        layers.append(layer)
    return layers


def _times(frame: Frame, finer: float, sharp: int) -> int:
    """Return how many pixels of a drape to take to a cell, in a row."""
    rows, cols = frame.shape
    most = min(sharp // max(rows, cols), int((_PIXELS / (rows * cols)) ** 0.5))
    return max(1, min(round(finer * frame.step), most, 16))


def _windows(layer: Layer, side: int) -> Iterator[Region]:
    """Yield regions of corners that cover a ring; those that the finer ring hides are left out."""
    rows, cols = layer.frame.shape
    hollow = layer.hollow
    side = max(side // 4, 64) if hollow else side
    for top in range(0, rows, side):
        for left in range(0, cols, side):
            bottom, right = min(top + side, rows), min(left + side, cols)
            if hollow is not None:
                high, wide = hollow
                down = high.start + 2 <= top and bottom <= high.stop - 2
                if down and wide.start + 2 <= left and right <= wide.stop - 2:
                    continue
            yield slice(top, bottom), slice(left, right)


def _fill(source: Heights, layer: Layer, region: Region, style: str | None, threads: int) -> None:
    """Read a region of a ring, and draw its style from every cell of it."""
    frame, step = layer.frame, layer.frame.step
    high, wide = region[0].stop - region[0].start, region[1].stop - region[1].start
    halo = relief.halo(style, source.cell, STYLES[style].params) if style else 0
    top, left = frame.top + region[0].start * step - halo, frame.left + region[1].start * step - halo
    cells = source.read(top, left, high * step + 2 * halo, wide * step + 2 * halo)
    own = cells[halo : halo + high * step, halo : halo + wide * step]
    layer.heights[region] = own[::step, ::step]
    if style is None or np.isnan(own).all():
        return
    drawn = relief.picture(style, cells, source.cell, threads=threads)
    drawn = drawn[halo : halo + high * step, halo : halo + wide * step]
    layer.picture[region] = _averaged(drawn, step)


def _averaged(drawn: Picture, step: int) -> Picture:
    """Return the mean colour of squares of cells, (rows, cols, 3); ground colour where all are transparent."""
    rows, cols = drawn.shape[0] // step, drawn.shape[1] // step
    known = drawn[..., 3] > 0
    if step == 1:
        return np.where(known[..., None], drawn[..., :3], np.array(GROUND, np.uint8))
    parts = drawn.reshape(rows, step, cols, step, 4)
    count = known.reshape(rows, step, cols, step).sum((1, 3))[..., None]
    # Transparent cells are black: they add nothing to the sum.
    total = parts[..., :3].sum((1, 3), dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), GROUND).astype(np.uint8)


def _draped(source: Heights, frame: Frame, drape: drapes.Drape, times: int) -> Picture:
    """Return a raster on the pixels of a ring."""
    rows, cols = frame.shape
    bounds = extent(source, frame)
    values, known = drapes.laid(drape, bounds, (rows * times, cols * times), source.crs_wkt)
    if drape.numbers:
        share = (values - drape.low) / max(drape.high - drape.low, 1e-9)
        bands = [np.interp(np.nan_to_num(share), NUMBERS[:, 0], NUMBERS[:, band]) for band in (1, 2, 3)]
        values = np.stack(bands, -1).astype(np.uint8)
    values[~known] = GROUND
    return values


def extent(source: Heights, frame: Frame) -> tuple[float, float, float, float]:
    """Return west, south, east and north of a ring's picture in metres."""
    rows, cols = frame.shape
    side = frame.step * source.cell
    west, north = source.west + frame.left * source.cell, source.north - frame.top * source.cell
    return west, north - rows * side, west + cols * side, north


def heights_at(source: Heights, layers: list[Layer], e: Floats, n: Floats) -> Floats:
    """Return the heights of places in metres, bilinear in the finest layer that holds each; NaN where there is none."""
    out = np.full(np.shape(e), np.nan)
    for layer in reversed(layers):
        frame, (rows, cols) = layer.frame, layer.frame.shape
        x = ((e - source.west) / source.cell - 0.5 - frame.left) / frame.step
        y = ((source.north - n) / source.cell - 0.5 - frame.top) / frame.step
        inside = (x >= 0) & (y >= 0) & (x < cols - 1) & (y < rows - 1)
        i, j = y[inside].astype(np.int64), x[inside].astype(np.int64)
        u, v = x[inside] - j, y[inside] - i
        z = layer.heights
        upper = z[i, j] * (1 - u) + z[i, j + 1] * u
        lower = z[i + 1, j] * (1 - u) + z[i + 1, j + 1] * u
        out[inside] = upper * (1 - v) + lower * v
    return out


def shine(layers: list[Layer], cell: float, exaggeration: float, sun: sunlight.Sun) -> None:
    """Paint sunlight onto the layers: each is in the shadows of its own land and of that further out."""
    outside: Floats | None = None
    for index in range(len(layers) - 1, -1, -1):
        layer = layers[index]
        heights, side = layer.heights * exaggeration, cell * layer.frame.step
        own = sunlight.tops(heights, side, sun)
        if outside is not None:
            outside = _finer(outside, layers[index + 1].frame, layer.frame)
            np.maximum(own, outside, out=own)
        sunlight.lit(layer.picture, sunlight.brightness(heights, own, side, sun))
        if index and layer.hollow is not None:
            heights[layer.hollow] = np.nan
            around = sunlight.tops(heights, side, sun)
            outside = around if outside is None else np.maximum(around, outside)


def _finer(tops: Floats, coarse: Frame, fine: Frame) -> Floats:
    """Return the values of a coarse ring at the corners of a finer one: those of the corner to the north-west."""
    rows = (np.arange(fine.top, fine.bottom + 1, fine.step) - coarse.top) // coarse.step
    cols = (np.arange(fine.left, fine.right + 1, fine.step) - coarse.left) // coarse.step
    return tops[np.ix_(rows, cols)]


def surfaces(
    source: Heights,
    layers: list[Layer],
    exaggeration: float,
    base: float | None,
    *,
    opacity: float = 1.0,
    every: int = 1,
) -> list[Surface]:
    """Return the layers as triangles, with walls and floors where there is no ground.

    Parameters
    ----------
    source : Heights
    layers : list of Layer
    exaggeration : float
    base : float, optional
        Height of the floor under all, in metres as drawn; without it there are no walls and floors.
    opacity : float
    every : int
        Only every so many-th corner is taken, of those that `rings.frames` was asked for.
    """
    found: list[Surface] = []
    for index, whole in enumerate(layers):
        layer = whole.thinned(every) if every > 1 else whole
        outer = layers[-1].frame
        frame = layer.frame
        last = index == len(layers) - 1
        edges = (frame.top, frame.bottom, frame.left, frame.right)
        ends = (outer.top, outer.bottom, outer.left, outer.right)
        joined = tuple(not last and edge != end for edge, end in zip(edges, ends, strict=True))
        heights = layer.heights * exaggeration
        ground, covered = level_of_detail.squares(np.isfinite(heights), frame, layer.inner)
        faces = level_of_detail.triangles(heights, ground, joined)  # type: ignore[arg-type]
        points, uv = _corners(source, layer, heights)
        faces, kept = level_of_detail.compact(points, faces)
        if len(faces):
            found.append(Surface(points[kept], faces, GROUND, uv[kept], layer.picture, opacity))
        if base is not None:
            found += _pits(source, frame, heights, ground | covered, base, last)
    return found


def _lines_of(source: Heights, frame: Frame) -> tuple[Floats, Floats]:
    """Return the eastings of a ring's columns and the northings of its rows, in metres."""
    rows, cols = frame.shape
    e = source.west + (frame.left + np.arange(cols, dtype=np.float64) * frame.step + 0.5) * source.cell
    n = source.north - (frame.top + np.arange(rows, dtype=np.float64) * frame.step + 0.5) * source.cell
    return e, n


def _corners(source: Heights, layer: Layer, heights: Floats) -> tuple[Floats, NDArray[np.float32]]:
    """Return corners as E, N and height, and their places in the picture."""
    frame = layer.frame
    rows, cols = frame.shape
    e, n = _lines_of(source, frame)
    points = np.empty((rows, cols, 3))
    points[..., 0], points[..., 1], points[..., 2] = e[None, :], n[:, None], heights
    drawn = layer.drawn or frame
    high, wide = drawn.shape
    uv = np.empty((rows, cols, 2), np.float32)
    # A pixel covers a square of cells, of which the corner of triangles is the first.
    uv[..., 0] = ((np.arange(cols) * frame.step + 0.5) / (drawn.step * wide))[None, :]
    uv[..., 1] = ((np.arange(rows) * frame.step + 0.5) / (drawn.step * high))[:, None]
    return points.reshape(-1, 3), uv.reshape(-1, 2)


def _pits(
    source: Heights, frame: Frame, heights: Floats, full: NDArray[np.bool_], base: float, last: bool
) -> list[Surface]:
    """Return floors and walls of the holes of a ring, and of the outermost one the sides of the block."""
    state = np.where(full, pits.FULL, pits.OPEN).astype(np.uint8)
    floor = np.empty(full.shape)
    pits.floors(heights, state, _PIT, np.empty(full.size, np.int64), floor)
    e, n = _lines_of(source, frame)
    quads = [_level_strips(e, n, floor)]
    if last:
        quads.append(_quads(e[:1], n[:1], e[-1:], n[-1:], np.array([base])))
    walls = _walls(e, n, heights, floor, full, base, last)
    found = ((np.concatenate(quads), FLOOR), (walls, SIDE))
    return [_square_surface(corners, colour) for corners, colour in found if len(corners)]


def _level_strips(e: Floats, n: Floats, floor: Floats) -> Floats:
    """Return floors as level strips, (k, 4, 3): squares of one height that lie side by side in a row are one."""
    held = np.pad(floor, ((0, 0), (1, 1)), constant_values=np.nan)
    known = np.isfinite(held)
    changes = (held[:, 1:] != held[:, :-1]) & (known[:, 1:] | known[:, :-1])
    begins, ends = changes & known[:, 1:], changes & known[:, :-1]
    rows, first = np.nonzero(begins)
    _, last = np.nonzero(ends)
    return _quads(e[first], n[rows], e[last], n[rows + 1], floor[rows, first])


def _quads(west: Any, north: Any, east: Any, south: Any, z: Any) -> Floats:
    """Return level squares as four corners each, (n, 4, 3), anticlockwise from the north-west."""
    corners = ((west, north), (west, south), (east, south), (east, north))
    return np.stack([np.stack([x, y, z], -1) for x, y in corners], 1)


def _walls(
    e: Floats, n: Floats, heights: Floats, floor: Floats, full: NDArray[np.bool_], base: float, last: bool
) -> Floats:
    """Return upright faces between ground and floors, (m, 4, 3)."""
    edge = base if last else np.nan
    padded = np.pad(floor, 1, constant_values=edge)
    inside = np.pad(full, 1, constant_values=False)
    found = [np.empty((0, 4, 3))]
    # Edges along the rows: between the square above and that below; then those along the columns.
    for along in (0, 1):
        turned = padded if along == 0 else padded.T
        solid = inside if along == 0 else inside.T
        z = heights if along == 0 else heights.T
        before, after = turned[:-1, 1:-1], turned[1:, 1:-1]
        drop = np.where(solid[:-1, 1:-1] & ~solid[1:, 1:-1], after, np.nan)
        drop = np.where(~solid[:-1, 1:-1] & solid[1:, 1:-1], before, drop)
        i, j = np.nonzero(np.isfinite(drop) & np.isfinite(z[:, :-1]) & np.isfinite(z[:, 1:]))
        low = drop[i, j]
        if along == 0:
            a, b = (e[j], n[i]), (e[j + 1], n[i])
        else:
            a, b = (e[i], n[j]), (e[i], n[j + 1])
        ends = ((*a, z[i, j]), (*a, low), (*b, low), (*b, z[i, j + 1]))
        found.append(np.stack([np.stack(corner, -1) for corner in ends], 1))
    return np.concatenate(found)


def _square_surface(corners: Floats, colour: Colour) -> Surface:
    """Return four-cornered faces as triangles."""
    first = np.arange(0, 4 * len(corners), 4, dtype=np.int32)
    faces = np.stack([first, first + 1, first + 2, first, first + 2, first + 3], -1).reshape(-1, 3)
    return Surface(corners.reshape(-1, 3), faces, colour)
