"""In which system a raster lies, and on which sheet: by its name, its coordinates and what it states, held together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from pointcloud.convert.kinds import NameFacts
from pointcloud.doubt.place import judge
from pointcloud.doubt.verdict import require
from pointcloud.errors import CrsError, FileError, ParameterError
from pointcloud.geo import crs as crs_room
from pointcloud.geo import presumed_crs, sheets
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box
from pointcloud.geo.presumed_crs import HYOGO, OVERSHOOT
from pointcloud.geo.sheets import Sheet
from pointcloud.io.dems.gridded import Gridded
from pointcloud.io.remark import Remark


class Place(NamedTuple):
    """Where a raster lies.

    ``crs`` is its system, ``sheet`` the sheet that it is (``None`` for degrees, or what is no sheet), ``remarks``
    what the user should check.
    """

    crs: SpatialReference
    sheet: Sheet | None
    remarks: tuple[Remark, ...]


def place(
    gridded: Gridded,
    facts: NameFacts,
    label: str,
    given: SpatialReference | None,
    vertical: str | None,
) -> Place:
    """Return where a raster lies.

    Parameters
    ----------
    gridded : Gridded
    facts : NameFacts
        What its name says.
    label : str
        What messages call it.
    given : SpatialReference, optional
        What the user states.
    vertical : str, optional
        Height datum that the user states.

    Raises
    ------
    CrsError
        If nothing tells the system, or two things tell different ones.
    FileError
        If the coordinates do not lie in the sheet of the name.
    """
    stated = gridded.crs
    if stated and given and not crs_room.same_place(stated, given):
        raise CrsError("convert.crs_differs", file=label, stated=stated.label, given=given.label)
    reference = stated or given
    if reference and not reference.is_projected and gridded.grid.per_unit != QUANTA_PER_METRE:
        return Place(_with_height(reference, vertical, label), None, _doubted(gridded, label, reference))
    box = gridded.grid.box
    if reference:
        crs_room.require_metres(reference, label)
        _check_zone(reference, facts.sheets, label)
    fitting = [sheet for sheet in facts.sheets if _lies_in(box, sheet)]
    if facts.sheets and not fitting:
        _refuse_elsewhere(box, facts.sheets, label)
    remarks: tuple[Remark, ...] = ()
    if reference is None and fitting:
        reference = crs_room.from_user(str(fitting[0].zone))
    elif reference is None:
        swapped = Box(box.south, box.west, box.north, box.east)
        if HYOGO.contains(swapped) and not HYOGO.contains(box):
            raise CrsError("convert.swapped", file=label, **_centre(box))
        deduced = presumed_crs.deduce(label, box.bounds)
        reference = deduced.crs
        remarks = tuple(Remark.of(name, **values) for name, values in deduced.warnings)
    remarks += _doubted(gridded, label, reference)
    sheet = (
        max(fitting, key=lambda one: sheets.overlap(one.box, box)) if fitting else _exact(box, reference.zone)
    )
    return Place(_with_height(reference, vertical, label), sheet, remarks)


def _doubted(gridded: Gridded, label: str, reference: SpatialReference) -> tuple[Remark, ...]:
    """Return what to warn of; raise what forbids to use a raster where it is said to lie."""
    box, unit = gridded.grid.box, gridded.grid.per_unit
    bounds = box.west / unit, box.south / unit, box.east / unit, box.north / unit
    return Remark.of_verdicts(require(judge(label, bounds, reference), label), label)


def _with_height(reference: SpatialReference, vertical: str | None, label: str) -> SpatialReference:
    if vertical and reference.vertical and reference.vertical != vertical:
        raise CrsError(
            "crs.heights_differ", a=label, a_crs=reference.vertical, b="--vertical", b_crs=vertical
        )
    return replace(reference, vertical=vertical or reference.vertical)


def _check_zone(reference: SpatialReference, named: Sequence[Sheet], label: str) -> None:
    if named and reference.zone and all(sheet.zone != reference.zone for sheet in named):
        sheet = named[0]
        values: dict[str, object] = {"sheet": sheet.code, "zone": sheet.zone, "given": reference.zone}
        raise CrsError("convert.wrong_zone", file=label, crs=reference.label, **values)


def _refuse_elsewhere(box: Box, named: Sequence[Sheet], label: str) -> None:
    """Raise what the matter is with data that do not lie in the sheet of their name."""
    swapped = Box(box.south, box.west, box.north, box.east)
    for sheet in named:
        if _lies_in(swapped, sheet):
            raise CrsError("convert.swapped_sheet", file=label, sheet=sheet.code, **_centre(box))
    sheet = named[0]
    west, south, east, north = box.bounds
    level = sheet.level
    try:
        middle = (box.west + box.east) // 2, (box.south + box.north) // 2
        found = sheets.sheet_at(*middle, sheet.zone or 0, level).code
    except ParameterError:
        found = "-"
    raise FileError(
        "convert.elsewhere",
        file=label,
        sheet=sheet.code,
        w=f"{west:.1f}",
        s=f"{south:.1f}",
        e=f"{east:.1f}",
        n=f"{north:.1f}",
        found=found,
    )


def _lies_in(box: Box, sheet: Sheet) -> bool:
    return sheet.box.touches(box) and sheet.box.grow(OVERSHOOT).contains(box)


def _exact(box: Box, zone: int | None) -> Sheet | None:
    """Return the sheet that a box is, if it is one."""
    if zone is None or not sheets.GRID.contains(box):
        return None
    for level in sheets.LEVELS:
        sheet = sheets.sheet_at(box.west, box.north, zone, level)
        if sheet.box == box:
            return sheet
    return None


def _centre(box: Box) -> dict[str, object]:
    west, south, east, north = box.bounds
    return {"x": f"{(west + east) / 2:.1f}", "y": f"{(south + north) / 2:.1f}"}
