"""DEM files to a site map: which place, which land, which cells of which files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pointcloud import crs as crs_room
from pointcloud import places
from pointcloud.crs import SpatialReference
from pointcloud.errors import ParameterError
from pointcloud.io.dem import DemFile, Terrain, credits_of, find_dems, look
from pointcloud.messages import say
from pointcloud.places import Place
from pointcloud.print import panel
from pointcloud.print.design import Bounds, Design, Frame, Ground, frame, reach
from pointcloud.print.overlay import read_overlays
from pointcloud.print.sitemap import SiteMap, compose

_STRIP = 512
"""Rows read at a time where cells are averaged."""


@dataclass(frozen=True)
class MapRequest:
    """What the user asks for.

    Parameters
    ----------
    inputs : tuple of str
        DEM files, folders or patterns.
    design : Design
    place : str
        As :func:`pointcloud.places.parse` takes it; empty for all of the DEM.
    zone : int, optional
        Of coordinates; without it the DEM's.
    overlays : tuple of Path
    label : str, optional
        Field of the overlays whose texts stand beside the shapes.
    crs : SpatialReference, optional
        Of DEMs that state none.
    vertical : str, optional
        Height datum, ``EPSG:code``, of DEMs that state none.
    nodata : float, optional
        A height that is nodata besides what the files say.
    threads : int
    """

    inputs: tuple[str, ...]
    design: Design
    place: str = ""
    zone: int | None = None
    overlays: tuple[Path, ...] = ()
    label: str | None = None
    crs: SpatialReference | None = None
    vertical: str | None = None
    nodata: float | None = None
    threads: int = 1


def make_map(request: MapRequest) -> SiteMap:
    """Draw the map that a request asks for.

    Raises
    ------
    ParameterError
        If the request cannot be met: no such place, a box that does not fit, no height on the map.
    FileError
        If a file cannot be read.
    CrsError
        If the DEM states no CRS and the request none, or an overlay's cannot be brought to it.
    """
    files = [look(path) for path in find_dems(request.inputs)]
    system = _system(files[0], request)
    spot = _spot(request, files, system)
    design = request.design
    if spot.name and not design.title:
        design = replace(design, title=spot.name)
    layers = read_overlays(request.overlays, system.horizontal, request.label)
    # Which files are on the map is not known yet: there is room for the credits of all.
    said = replace(design, credit=design.credit or ", ".join(credits_of(files)))
    made_up = any(file.synthetic for file in files)
    about = Ground(np.empty((0, 0), np.float32), *spot.centre, files[0].cell, system, made_up)
    placed = frame(design, spot.centre, spot.extent, panel.heights(said, layers, about))
    if placed.missing and spot.must_fit:
        raise ParameterError("map.box_no_fit", text=placed.missing)
    ground, used = read_ground(files, placed, design, system, request.nodata)
    synthetic = any(file.synthetic for file in used)
    design = replace(design, credit=design.credit or ", ".join(credits_of(used)))
    made = compose(replace(ground, synthetic=synthetic), placed, design, layers, threads=request.threads)
    if not design.credit and not synthetic:
        made.warnings.append(say("map.no_credit"))
    return made


def _system(file: DemFile, request: MapRequest) -> SpatialReference:
    if file.crs_wkt is not None:
        stated = crs_room.from_wkt(file.crs_wkt, file=str(file.path))
    elif request.crs is not None:
        stated = request.crs
    else:
        west, north = file.transform.c, file.transform.f
        bounds = (west, north - file.rows * file.cell, west + file.cols * file.cell, north)
        stated = crs_room.deduce(file.path.name, bounds).crs
    return replace(stated, vertical=stated.vertical or request.vertical)


@dataclass(frozen=True)
class _Spot:
    """The middle of a map, what should be on it, and whether it must."""

    centre: tuple[float, float]
    extent: tuple[float, float] | None
    must_fit: bool
    name: str = ""


def _spot(request: MapRequest, files: Sequence[DemFile], system: SpatialReference) -> _Spot:
    """Return where the map is: the place asked for, or all of the DEM."""
    if not request.place:
        west, south, east, north = _covered(files)
        return _Spot(((west + east) / 2, (south + north) / 2), (east - west, north - south), False)
    zone = request.zone or system.zone
    if zone is None and (found := places.numbers(request.place)):
        return _plain_spot(request.place, found)
    place = places.parse(request.place, zone=zone or places.HYOGO_ZONE)
    centre = place.xy(system.horizontal)
    tongue = request.design.tongue
    name = (place.ja if tongue == "ja" else place.en) if place.site or place.sheets else ""
    if place.box is not None:
        west, south, east, north = place.box.bounds
        # A sheet is named for its middle: it need not be whole on the paper. A box must be.
        return _Spot(centre, (east - west, north - south), not place.sheets, name)
    side = _side(place)
    return _Spot(centre, None if side is None else (side, side), False, name)


def _side(place: Place) -> float | None:
    return None if place.radius is None else 2 * place.radius


def _plain_spot(text: str, found: list[float]) -> _Spot:
    """Return the spot of coordinates of a system that is no plane rectangular zone: two of a point, four of a box."""
    if len(found) == 2:
        return _Spot((found[0], found[1]), None, False)
    if len(found) != 4 or found[0] >= found[2] or found[1] >= found[3]:
        raise ParameterError("places.numbers", text=text.strip())
    west, south, east, north = found
    return _Spot(((west + east) / 2, (south + north) / 2), (east - west, north - south), True)


def _covered(files: Sequence[DemFile]) -> Bounds:
    """Return W, S, E, N of all files."""
    west, north = min(file.transform.c for file in files), max(file.transform.f for file in files)
    east = max(file.transform.c + file.cols * file.cell for file in files)
    south = min(file.transform.f - file.rows * file.cell for file in files)
    return west, south, east, north


def read_ground(
    files: Sequence[DemFile],
    placed: Frame,
    design: Design,
    system: SpatialReference | None,
    nodata: float | None = None,
) -> tuple[Ground, list[DemFile]]:
    """Return the heights that decide a map, and the files that they are from.

    Cells that are narrower than half a pixel of the page are averaged by whole numbers of them: paper shows no more,
    and a map of a whole district then takes no more memory than one of a castle.
    """
    first = files[0]
    cell = first.cell
    times = max(1, round(placed.pixel * 25.4 / design.dpi / cell))
    around = reach(design, cell * times) * times
    west, south, east, north = placed.bounds
    col = math.floor((west - first.transform.c) / cell) - around
    row = math.floor((first.transform.f - north) / cell) - around
    cols = _up_to(math.ceil((east - west) / cell) + 2 * around + 1, times)
    rows = _up_to(math.ceil((north - south) / cell) + 2 * around + 1, times)
    corner = first.transform.c + col * cell, first.transform.f - row * cell
    box = (corner[0], corner[1] - rows * cell, corner[0] + cols * cell, corner[1])
    used = [file for file in files if file is first or _touches(file, box)]
    with Terrain(used, nodata) as terrain:
        if times == 1:
            heights = terrain.read(first, row, col, rows, cols)
        else:
            strip = _STRIP * times
            parts = [
                _averaged(terrain.read(first, row + top, col, min(strip, rows - top), cols), times)
                for top in range(0, rows, strip)
            ]
            heights = np.concatenate(parts)
    touched = [file for file in used if _touches(file, box)]
    return Ground(heights, *corner, cell * times, system, own=cell), touched


def _up_to(count: int, times: int) -> int:
    return -(-count // times) * times


def _touches(file: DemFile, box: Bounds) -> bool:
    west, south, east, north = box
    left, top = file.transform.c, file.transform.f
    right, bottom = left + file.cols * file.cell, top - file.rows * file.cell
    return bool(left < east and west < right and bottom < north and south < top)


def _averaged(heights: NDArray[np.float32], times: int) -> NDArray[np.float32]:
    """Return the means of blocks of cells, of those that have a height."""
    rows, cols = heights.shape
    blocks = heights.reshape(rows // times, times, cols // times, times)
    known = np.isfinite(blocks)
    count = known.sum(axis=(1, 3))
    total = np.where(known, blocks, 0.0).sum(axis=(1, 3), dtype=np.float64)
    with np.errstate(invalid="ignore"):
        mean: NDArray[np.float32] = np.where(count > 0, total / count, np.nan).astype(heights.dtype)
    return mean
