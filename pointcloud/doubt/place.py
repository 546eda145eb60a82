"""Where a file says that its coordinates lie, held against where they lead and against its name.

Coordinates alone never tell the zone, and an error of a few metres or kilometres leads to another place that may be
right: what no program can know is not doubted here. River offices lawfully run one zone across the borders of
prefectures, so that a place outside of a system's area of use is no fault by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pointcloud.doubt.verdict import Grade, Verdict
from pointcloud.geo import areas, projections, sheets
from pointcloud.geo.areas import Bounds
from pointcloud.geo.crs import SpatialReference, of_zone
from pointcloud.geo.lattice import Box
from pointcloud.geo.sheets import Sheet

FAR = 100.0
"""Kilometres outside of its area of use from which on a system is refused, whatever the cause."""

OVERSHOOT = 100.0
"""Metres that points may lie outside the sheet that names their file: deliveries overlap by tens of metres."""

UNTRUE = 0.01
"""Of the scale of a map: lengths, and slopes nearly, are wrong by that share. UTM and national systems stay below."""

_APART = 30.0  # km outside from which on exchanged axes are sure: nearer, both readings can be of the border
_FITS = (
    10.0  # km outside that still fit, as they are or with a cause that is tried: the areas' edges are coarse
)
_ORIGIN = 10_000.0  # metres around 0, 0 where local coordinates lie
_NARROW = 2.0  # degrees that a file covers at most
_FACTORS = (
    10.0,
    0.1,
    100.0,
    0.01,
    1000.0,
    0.001,
)  # the smallest first: whoever fits two of them fits the smaller
_FOOT = 0.3048
_TELLING = 6  # signs of a code that is none by chance: one of four, such as 02CD, may be a number
_UTM = range(6688, 6693)  # zones 51-55 on JGD2011
_PLANE = 160_000.0, 300_000.0  # metres east and north of a zone's origin that its sheets reach


def judge(name: str, bounds: Bounds, crs: SpatialReference) -> list[Verdict]:
    """Return what speaks against the place of a file.

    Parameters
    ----------
    name : str
        Name of the file, with or without its folder: it may hold a sheet code.
    bounds : Bounds
        Extent of what is in it, in the unit of its coordinates.
    crs : SpatialReference
        As the file states it, or the user does, or as it was deduced.

    Returns
    -------
    list of Verdict
        At most one of the coordinates, and one of the name.
    """
    named = sheets.find_code(name)
    told = _of_name(named, bounds, crs) if named and crs.is_projected else None
    if told and told.grade is Grade.REFUSED:  # a name tells more than an area of hundreds of kilometres
        return [told]
    found = _of_coordinates(bounds, crs)
    if found and found.grade is Grade.REFUSED:
        return [found]
    return [verdict for verdict in (found, told) if verdict]


def _of_coordinates(bounds: Bounds, crs: SpatialReference) -> Verdict | None:
    system = crs.horizontal
    plain = areas.inside(system)
    if plain and _within(bounds, plain) and not _may_be_degrees(bounds):
        return None
    if not crs.is_projected:
        return _of_degrees(bounds, crs)
    area, covered = areas.of_use(system), areas.covered(system, bounds)
    if area is None:
        return None if covered else _verdict(Grade.REFUSED, "doubt.nowhere", bounds, crs)
    away = area.away(covered) if covered else None
    if _may_be_degrees(bounds) and any(area.away(degrees) <= FAR for degrees in _as_degrees(bounds)):
        return _verdict(Grade.REFUSED, "doubt.degrees", bounds, crs)
    if away == 0.0 and covered:
        return _of_scale(covered, bounds, crs)
    return _cause(away, bounds, crs) or _unexplained(away, covered, bounds, crs)


def _of_degrees(bounds: Bounds, crs: SpatialReference) -> Verdict | None:
    """Doubt degrees: latitude first, or no degrees at all."""
    area, covered = areas.of_use(crs.horizontal), areas.covered(crs.horizontal, bounds)
    if area is None or (covered and area.away(covered) <= _FITS):
        return None
    if _fits(crs.horizontal, _swapped(bounds)):
        return _verdict(Grade.REFUSED, "doubt.latitude_first", bounds, crs)
    if covered is None:
        return _verdict(Grade.REFUSED, "doubt.no_degrees", bounds, crs)
    return _unexplained(area.away(covered), covered, bounds, crs)


def _of_scale(covered: areas.Area, bounds: Bounds, crs: SpatialReference) -> Verdict | None:
    lon, lat = (covered.west + covered.east) / 2, (covered.south + covered.north) / 2
    scale = areas.scale(crs.horizontal, lon, lat)
    if abs(scale - 1.0) <= UNTRUE:
        return None
    ground = f"{100 / scale:.1f}"
    return _verdict(Grade.REFUSED, "doubt.scale", bounds, crs, ground=ground)


def _cause(away: float | None, bounds: Bounds, crs: SpatialReference) -> Verdict | None:
    """Return the likely cause of coordinates outside of their area, by trying; ``away`` is None for nowhere."""
    system, beyond = crs.horizontal, away is None or away > FAR
    if (away is None or away > _FITS) and _fits(system, _swapped(bounds)):
        sure = away is None or away > _APART
        grade, message = (Grade.REFUSED, "doubt.swapped") if sure else (Grade.WARNED, "doubt.maybe_swapped")
        return _verdict(grade, message, bounds, crs)
    if max(map(abs, bounds)) <= _ORIGIN:
        grade = Grade.REFUSED if beyond else Grade.WARNED
        return _verdict(grade, "doubt.local", bounds, crs)
    if not beyond:
        return None
    for code in _UTM:
        if _plane(crs) and _fits(f"EPSG:{code}", bounds) and _reaches(f"EPSG:{code}", bounds, system):
            utm = SpatialReference(f"EPSG:{code}")
            return _verdict(Grade.REFUSED, "doubt.utm", bounds, crs, other=utm.label, name=utm.name)
    if not _plane(crs) and _fits(system, _times(bounds, _FOOT)):  # nobody surveys Japan in feet
        return _verdict(Grade.REFUSED, "doubt.feet", bounds, crs)
    for factor in _FACTORS:
        if _fits(system, _times(bounds, 1 / factor)):
            message = "doubt.too_large" if factor > 1 else "doubt.too_small"
            return _verdict(Grade.REFUSED, message, bounds, crs, factor=f"{max(factor, 1 / factor):.0f}")
    if not _plane(crs) and _looks_plane(bounds):
        return _verdict(Grade.REFUSED, "doubt.plane", bounds, crs)
    return None


def _unexplained(
    away: float | None, covered: areas.Area | None, bounds: Bounds, crs: SpatialReference
) -> Verdict:
    """Return what there is to say of coordinates outside of their area for no cause that could be found."""
    if away is None or covered is None:
        return _verdict(Grade.REFUSED, "doubt.nowhere", bounds, crs)
    where = {
        "km": f"{away:.0f}",
        "lat": f"{(covered.south + covered.north) / 2:.4f}",
        "lon": f"{(covered.west + covered.east) / 2:.4f}",
    }
    if away <= FAR:
        return _verdict(Grade.NOTED, "doubt.beside", bounds, crs, **where)
    zones = [zone for zone in sheets.ZONES if _plane(crs) and _fits(of_zone(zone).horizontal, bounds)]
    if zones:
        listed = ", ".join(map(str, zones))
        return _verdict(Grade.REFUSED, "doubt.another_zone", bounds, crs, zones=listed, **where)
    return _verdict(Grade.REFUSED, "doubt.elsewhere", bounds, crs, **where)


def _of_name(named: Sequence[Sheet], bounds: Bounds, crs: SpatialReference) -> Verdict | None:
    """Hold the sheet code of a file's name against its coordinates."""
    box = Box.from_metres(*bounds)
    values: dict[str, object] = {"sheet": named[0].code}
    here = [sheet for sheet in named if sheet.box.touches(box)]
    if here:
        full = [sheet for sheet in here if _lies_in(bounds, sheet)]
        if not full or crs.zone is None or any(sheet.zone == crs.zone for sheet in here):
            return None
        values = {"sheet": full[0].code, "zone": full[0].zone, "given": crs.zone}
        return _verdict(Grade.REFUSED, "doubt.name_zone", bounds, crs, **values)
    for message, sheet, more in _readings(named, bounds, crs):
        values = {"sheet": sheet.code, **more}
        grade = Grade.NOTED if message == "doubt.name_moved" else Grade.REFUSED
        return _verdict(grade, message, bounds, crs, **values)
    if all(len(sheet.code) < _TELLING for sheet in named):
        return None
    return _verdict(Grade.WARNED, "doubt.name_elsewhere", bounds, crs, **values)


def _readings(
    named: Sequence[Sheet], bounds: Bounds, crs: SpatialReference
) -> Iterator[tuple[str, Sheet, dict[str, object]]]:
    """Yield what would bring the coordinates into the sheet of the name."""
    for sheet in named:
        if crs.zone != sheet.zone and _lies_in(_moved(bounds, crs, sheet), sheet):
            yield "doubt.name_moved", sheet, {"zone": sheet.zone}
    for sheet in named:
        if _lies_in(_swapped(bounds), sheet):
            yield "doubt.name_swapped", sheet, {}
        for factor in _FACTORS:
            if _lies_in(_times(bounds, 1 / factor), sheet):
                large = factor > 1
                yield (
                    "doubt.name_too_large" if large else "doubt.name_too_small",
                    sheet,
                    {"factor": f"{factor if large else 1 / factor:.0f}"},
                )
        if _lies_in(_times(bounds, _FOOT), sheet):
            yield "doubt.name_feet", sheet, {}
        if max(map(abs, bounds)) <= _ORIGIN:
            yield "doubt.name_offset", sheet, {}


def _moved(bounds: Bounds, crs: SpatialReference, sheet: Sheet) -> Bounds:
    """Return the corner and the opposite one of a box as they are in the zone of a sheet."""
    move = projections.transformer(crs.horizontal, of_zone(sheet.zone or 0).horizontal)
    (west, east), (south, north) = move([bounds[0], bounds[2]], [bounds[1], bounds[3]])
    return min(west, east), min(south, north), max(west, east), max(south, north)


def _lies_in(bounds: Bounds, sheet: Sheet) -> bool:
    west, south, east, north = sheet.bounds
    return _within(bounds, (west - OVERSHOOT, south - OVERSHOOT, east + OVERSHOOT, north + OVERSHOOT))


def _within(inner: Bounds, outer: Bounds) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def _fits(system: str, bounds: Bounds) -> bool:
    """Whether coordinates lie where a system is meant to be used."""
    area, covered = areas.of_use(system), areas.covered(system, bounds)
    return area is not None and covered is not None and area.away(covered) <= _FITS


def _reaches(system: str, bounds: Bounds, stated: str) -> bool:
    """Whether coordinates, taken to be in one system, lie where another is meant to be used."""
    area, covered = areas.of_use(stated), areas.covered(system, bounds)
    return area is not None and covered is not None and area.away(covered) <= FAR


def _may_be_degrees(bounds: Bounds) -> bool:
    west, south, east, north = bounds
    return east - west <= _NARROW and north - south <= _NARROW and max(map(abs, bounds)) <= 180.0


def _as_degrees(bounds: Bounds) -> Iterator[areas.Area]:
    yield areas.Area(*bounds)
    yield areas.Area(*_swapped(bounds))


def _plane(crs: SpatialReference) -> bool:
    return crs.zone is not None


def _looks_plane(bounds: Bounds) -> bool:
    east, north = _PLANE
    return _within(bounds, (-east, -north, east, north))


def _swapped(bounds: Bounds) -> Bounds:
    west, south, east, north = bounds
    return south, west, north, east


def _times(bounds: Bounds, factor: float) -> Bounds:
    west, south, east, north = bounds
    return west * factor, south * factor, east * factor, north * factor


def _verdict(grade: Grade, message: str, bounds: Bounds, crs: SpatialReference, **values: object) -> Verdict:
    west, south, east, north = bounds
    digits = 5 if _may_be_degrees(bounds) else 1
    x, y = f"{(west + east) / 2:.{digits}f}", f"{(south + north) / 2:.{digits}f}"
    return Verdict.of(grade, message, system=True, crs=crs.label, x=x, y=y, **values)
