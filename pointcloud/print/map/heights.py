"""The heights that decide a map: those of its files that lie on it, in cells that paper can show."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import ParameterError
from pointcloud.geo.crs import SpatialReference
from pointcloud.io.dems.dem import DemFile, Terrain
from pointcloud.print.map.design import Bounds, Design, Frame, Ground, reach

_SIDE = 2048
"""Cells along the side of the blocks that are read at a time: 17 MB each, and twice that on the way."""

Heights = NDArray[np.floating[Any]]
_Box = tuple[int, int, int, int]
"""Top, left, bottom, right in cells of the first file."""


def read_ground(
    files: Sequence[DemFile],
    placed: Frame,
    design: Design,
    system: SpatialReference | None,
    nodata: float | None = None,
    tell: Callable[[float], None] = lambda share: None,
) -> tuple[Ground, list[DemFile]]:
    """Return the heights that decide a map, and the files that they are from.

    Cells that are narrower than half a pixel of the page are averaged by whole numbers of them: paper shows no more,
    and a map of a whole district then takes no more memory than one of a castle. Only what files cover is held,
    however far the paper reaches beyond it; where they cover nothing of the map, that is no cell at all.

    Parameters
    ----------
    files : sequence of DemFile
    placed : Frame
    design : Design
    system : SpatialReference, optional
        Of the files.
    nodata : float, optional
        A height that is nodata besides what the files say.
    tell : callable
        Hears of the share that is read.

    Raises
    ------
    ParameterError
        If there is no height on the map.
    FileError
        If a file cannot be read.
    """
    first = files[0]
    cell = first.cell
    times = max(1, round(placed.pixel * 25.4 / design.dpi / cell))
    around = reach(design, cell * times) * times
    west, south, east, north = placed.bounds
    left = math.floor((west - first.transform.c) / cell) - around
    top = math.floor((first.transform.f - north) / cell) - around
    wanted = (
        *(top, left),
        top + math.ceil((north - south) / cell) + 2 * around + 1,
        left + math.ceil((east - west) / cell) + 2 * around + 1,
    )
    used = [file for file in files if file is first or _meet(_place(file, first), wanted)]
    touched = [file for file in used if _meet(_place(file, first), wanted)]
    box = _common([_place(file, first) for file in touched], wanted, times)
    with Terrain(used, nodata) as terrain:
        heights = _averaged(terrain, box, times, tell)
        corner = first.transform.c + box[1] * cell, first.transform.f - box[0] * cell
        ground = Ground(heights, *corner, cell * times, system, own=cell)
        if not np.isfinite(heights[ground.within(placed.bounds)]).any():
            raise ParameterError("map.void", **where(touched or files, placed))
    return ground, touched


def covered(files: Sequence[DemFile]) -> Bounds:
    """Return W, S, E, N of all files."""
    west, north = min(file.transform.c for file in files), max(file.transform.f for file in files)
    east = max(file.transform.c + file.cols * file.cell for file in files)
    south = min(file.transform.f - file.rows * file.cell for file in files)
    return west, south, east, north


def where(files: Sequence[DemFile], placed: Frame) -> dict[str, str]:
    """Return the values of a message that tells which files cover what, and what a map shows."""
    more = f" (+{len(files) - 1})" if len(files) > 1 else ""
    box, shown = (", ".join(f"{edge:.0f}" for edge in edges) for edges in (covered(files), placed.bounds))
    return {"path": f"{files[0].path}{more}", "box": box, "map": shown}


def _place(file: DemFile, first: DemFile) -> _Box:
    top = round((first.transform.f - file.transform.f) / first.cell)
    left = round((file.transform.c - first.transform.c) / first.cell)
    return top, left, top + file.rows, left + file.cols


def _meet(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _common(places: Sequence[_Box], wanted: _Box, times: int) -> _Box:
    """Return what files have of a box, in whole blocks of cells counted from the box's corner."""
    top, left, bottom, right = wanted
    if not places:
        return top, left, top, left
    begins = (max(start, min(place[k] for place in places)) for k, start in enumerate((top, left)))
    ends = (min(stop, max(place[k] for place in places)) for k, stop in ((2, bottom), (3, right)))
    first, second = (
        start + (begin - start) // times * times for begin, start in zip(begins, (top, left), strict=True)
    )
    last, final = (
        start - (start - end) // times * times for end, start in zip(ends, (top, left), strict=True)
    )
    return first, second, last, final


def _averaged(terrain: Terrain, box: _Box, times: int, tell: Callable[[float], None]) -> Heights:
    """Return the cells of a box, averaged by so many in each direction, reading block after block."""
    first = terrain.files[0]
    top, left, bottom, right = box
    rows, cols, side = (bottom - top) // times, (right - left) // times, max(1, _SIDE // times)
    exact = all(file.exact for file in terrain.files)
    out: Heights = np.empty((rows, cols), np.float32 if exact else np.float64)
    for row in range(0, rows, side):
        for col in range(0, cols, side):
            high, wide = min(side, rows - row), min(side, cols - col)
            place = top + row * times, left + col * times
            out[row : row + high, col : col + wide] = means(
                terrain.read(first, *place, high * times, wide * times), times
            )
        tell(min(row + side, rows) / rows)
    return out


def means(heights: Heights, times: int) -> Heights:
    """Return the means of blocks of cells, of those that have a height."""
    if times == 1:
        return heights
    rows, cols = heights.shape
    blocks = heights.reshape(rows // times, times, cols // times, times)
    known = np.isfinite(blocks)
    count = known.sum(axis=(1, 3))
    total = np.where(known, blocks, 0.0).sum(axis=(1, 3), dtype=np.float64)
    with np.errstate(invalid="ignore"):
        mean: Heights = np.where(count > 0, total / count, np.nan).astype(heights.dtype)
    return mean
