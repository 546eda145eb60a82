"""The coordinate reference system of a file that states none, by its name and by where its points lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pointcloud.errors import CrsError
from pointcloud.geo import sheets
from pointcloud.geo.crs import Notice, SpatialReference, of_zone, to_latlon
from pointcloud.geo.lattice import Box, quanta

Bounds = tuple[float, float, float, float]
"""West, south, east, north, as the file has its first and second coordinate."""

HYOGO = Box.from_metres(-40_000, -210_000, 120_000, -30_000)
"""Rows L–Q, columns D–G of zone V: the 50000 sheets that hold Hyogo."""

OVERSHOOT = quanta(100)
"""How far points may lie outside the sheet that names their file: deliveries overlap by tens of metres."""

_FOOT = 0.3048


@dataclass(frozen=True, slots=True)
class Deduction:
    """The system that a file without one must be in.

    Parameters
    ----------
    crs : SpatialReference
        The system.
    how : {'name', 'extent'}
        Found by the sheet code in the file's name, or by the coordinates lying where Hyogo's do.
    sheet : Sheet or None
        The sheet that the name states, if that decided.
    warnings : tuple of Notice
        What the user should check.
    """

    crs: SpatialReference
    how: Literal["name", "extent"]
    sheet: sheets.Sheet | None
    warnings: tuple[Notice, ...]


def deduce(file: str, bounds: Bounds) -> Deduction:
    """Return the system of a file that states none.

    It is the zone of a sheet code in the file's name if the coordinates lie in that sheet; else zone V if
    they lie in the rows and columns of Hyogo's sheets, with a warning.

    Parameters
    ----------
    file : str
        Name of the file, with or without its folder.
    bounds : Bounds
        Extent of its points.

    Raises
    ------
    CrsError
        If neither holds; the message says whether east and north look swapped, or the unit looks wrong.
    """
    named = sheets.find_code(file)
    box = Box.from_metres(*bounds)
    fitting = [sheet for sheet in named if _lies_in(box, sheet)]
    if fitting:
        best = max(fitting, key=lambda sheet: sheets.overlap(sheet.box, box))
        if len({sheet.zone for sheet in fitting}) == 1:
            return Deduction(of_zone(best.zone or 0), "name", best, ())
    swapped = Box(box.south, box.west, box.north, box.east)
    for sheet in named:
        if _lies_in(swapped, sheet):
            raise CrsError("crs.swapped_sheet", file=file, sheet=sheet.code, **_centre(bounds))
    _refuse_units(file, bounds, named)
    if HYOGO.contains(box):
        e, n = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
        latitude, longitude = to_latlon(e, n, 5)
        place: dict[str, object] = {"file": file, "lat": f"{latitude:.4f}", "lon": f"{longitude:.4f}"}
        return Deduction(of_zone(5), "extent", None, (("crs.assumed_zone", place),))
    if HYOGO.contains(swapped):
        raise CrsError("crs.swapped", file=file, **_centre(bounds))
    raise CrsError("crs.missing", file=file, **_centre(bounds))


def _lies_in(box: Box, sheet: sheets.Sheet) -> bool:
    return sheet.box.grow(OVERSHOOT).contains(box)


def _centre(bounds: Bounds) -> dict[str, object]:
    """Return the values of a message that shows where the points are."""
    west, south, east, north = bounds
    return {"x": f"{(west + east) / 2:z.3f}", "y": f"{(south + north) / 2:z.3f}"}


def _refuse_units(file: str, bounds: Bounds, named: Sequence[sheets.Sheet]) -> None:
    """Raise an error where coordinates look like degrees, or like feet in the sheet that the name states."""
    west, south, east, north = bounds
    x, y = max(abs(west), abs(east)), max(abs(south), abs(north))
    small = east - west <= 2 and north - south <= 2
    if small and 2 < max(x, y) <= 180 and min(x, y) <= 90:  # what lies around 0,0 has a local origin
        raise CrsError("crs.degrees", file=file, **_centre(bounds))
    feet = Box.from_metres(*(edge * _FOOT for edge in bounds))
    for sheet in named:
        if _lies_in(feet, sheet):
            raise CrsError("crs.feet", file=file, sheet=sheet.code, **_centre(bounds))
