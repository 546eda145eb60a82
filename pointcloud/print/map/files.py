"""DEM files to a site map: which place, which land, which cells of which files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pointcloud.errors import ParameterError
from pointcloud.geo import crs as crs_room
from pointcloud.geo import places, presumed_crs
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.places import Place
from pointcloud.io.dems import doubts
from pointcloud.io.dems.dem import DemFile, credits_of, find_dems, look
from pointcloud.messages import say
from pointcloud.print.map import panel
from pointcloud.print.map.design import Bounds, Design, Frame, Ground, frame
from pointcloud.print.map.heights import covered, read_ground, where
from pointcloud.print.map.sitemap import SiteMap, compose, ignore, require_sense
from pointcloud.print.vectors.overlay import read_overlays

_READ = 0.1
"""The share of reading in all that is done."""


@dataclass(frozen=True)
class MapRequest:
    """What the user asks for.

    Parameters
    ----------
    inputs : tuple of str
        DEM files, folders or patterns.
    design : Design
    place : str
        As :func:`pointcloud.geo.places.parse` takes it; empty for all of the DEM.
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


def make_map(
    request: MapRequest, warn: Callable[[str], None] = ignore, tell: Callable[[str, float], None] = ignore
) -> SiteMap:
    """Draw the map that a request asks for.

    Parameters
    ----------
    request : MapRequest
    warn : callable
        Hears what the map's maker should know, as soon as it is known; the map has all of it in the end.
    tell : callable
        Hears what is at work, and the share of all that is done.

    Raises
    ------
    ParameterError
        If the request cannot be met: no such place, a box that does not fit, no height on the map.
    FileError
        If a file cannot be read.
    CrsError
        If the DEM states no CRS and the request none, or an overlay's cannot be brought to it.
    """
    warnings: list[str] = []

    def note(text: str) -> None:
        warnings.append(text)
        warn(text)

    files = [look(path) for path in find_dems(request.inputs)]
    system = _system(files, request, note)
    for remark in doubts.require_sound(files, system.wkt):
        note(str(remark))
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
    require_sense(placed, covered(files), files[0].cell)
    _require_overlap(request, files, placed, spot)
    ground, used = read_ground(
        files, placed, design, system, request.nodata, lambda share: tell("read", _READ * share)
    )
    synthetic = any(file.synthetic for file in used)
    design = replace(design, credit=design.credit or ", ".join(credits_of(used)))
    if not design.credit and not synthetic:
        note(say("map.no_credit"))
    made = compose(
        *(replace(ground, synthetic=synthetic), placed, design, layers),
        threads=request.threads,
        warn=note,
        tell=lambda step, share: tell(step, _READ + (1 - _READ) * share),
    )
    made.warnings = warnings
    return made


def _system(files: Sequence[DemFile], request: MapRequest, note: Callable[[str], None]) -> SpatialReference:
    """Return the CRS that a file states, or that the user does, or that the place of the first file tells."""
    stating = next((file for file in files if file.crs_wkt is not None), None)
    if stating is not None and stating.crs_wkt is not None:
        stated = crs_room.from_wkt(stating.crs_wkt, file=str(stating.path))
    elif request.crs is not None:
        stated = request.crs
    else:
        deduced = presumed_crs.deduce(files[0].path.name, covered(files[:1]))
        for message, values in deduced.warnings:
            note(say(message, **values))
        stated = deduced.crs
    return replace(stated, vertical=stated.vertical or request.vertical)


def _require_overlap(request: MapRequest, files: Sequence[DemFile], placed: Frame, spot: _Spot) -> None:
    """Make sure that files reach the map; where they would with E and N exchanged, say so."""
    box = covered(files)
    if _touch(box, placed.bounds):
        return
    n, e = spot.centre
    if places.numbers(request.place) and _touch(box, (e, n, e, n)):
        raise ParameterError("map.swapped", **where(files, placed), swapped=f"{e:.10g},{n:.10g}")
    raise ParameterError("map.outside", **where(files, placed))


def _touch(one: Bounds, other: Bounds) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


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
        west, south, east, north = covered(files)
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
