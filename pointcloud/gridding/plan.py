"""Which sheets a run makes, and which files each of them needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pointcloud import pipeline
from pointcloud.errors import ParameterError
from pointcloud.geo import sheets
from pointcloud.geo.boxindex import BoxIndex
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, metres, quanta
from pointcloud.geo.sheets import Sheet
from pointcloud.gridding.inventory import Inventory, Source
from pointcloud.params.grid import GridParams
from pointcloud.run.area import Area

NO_SHEETS = "none"
"""The level that stands for plain square tiles."""


@dataclass(frozen=True)
class Plan:
    """What a run makes.

    Parameters
    ----------
    sheets : dict of str to Sheet
        By code, north to south and west to east.
    needs : dict of str to tuple of str
        Keys of the sources that lie within reach of each sheet.
    wanted : frozenset of str
        Sheets named by the user, which are written however little there is on them.
    """

    sheets: dict[str, Sheet]
    needs: dict[str, tuple[str, ...]]
    wanted: frozenset[str]


def make_plan(
    inventory: Inventory, params: GridParams, level: str, tile_size: float, area: Area | None
) -> Plan:
    """Return which sheets there are to make, those that a bad file lies on included: they will be named as failed.

    Parameters
    ----------
    inventory : Inventory
    params : GridParams
    level : str
        A level of the map sheets, or :data:`NO_SHEETS`.
    tile_size : float
        Side in metres of the square tiles where there are no sheets.
    area : Area, optional
        Only sheets that it touches are made; those that it names are made however little there is on them.

    Raises
    ------
    ParameterError
        If a resolution does not divide the sheets' sides, or the area touches no input.
    """
    _check_divides(params, level, tile_size)
    found: dict[str, Sheet] = {}
    boxes = [source.box for source in inventory.sources] + [box for bad in inventory.bad for box in bad.boxes]
    for box in boxes:
        for sheet in _sheets(box, inventory, level, tile_size):
            if area is None or area.touches(sheet.box):
                found[sheet.code] = sheet
    if area and not found:
        raise ParameterError("run.area_empty")
    ordered = sorted(found.values(), key=lambda sheet: (-sheet.box.north, sheet.box.west))
    reach = pipeline.reach(params)
    needs = {
        sheet.code: tuple(source.key for source in inventory.near(sheet.box.grow(reach))) for sheet in ordered
    }
    wanted = frozenset(sheet.code for sheet in ordered if area and area.names(sheet))
    return Plan({sheet.code: sheet for sheet in ordered}, needs, wanted)


def bare_plan(area: Area, zone: int, params: GridParams, level: str) -> Plan:
    """Return the sheets of an area of which no file is at hand yet; each is taken to come as a file of its own.

    Raises
    ------
    ParameterError
        If a resolution does not divide the sheets' sides, or there is no sheet.
    """
    _check_divides(params, level, 1.0)
    found = {
        sheet.code: sheet
        for box in area.bounds()
        for sheet in sheets.sheets_touching(box, zone, level)
        if area.touches(sheet.box)
    }
    if not found:
        raise ParameterError("run.area_empty")
    ordered = sorted(found.values(), key=lambda sheet: (-sheet.box.north, sheet.box.west))
    index, reach = BoxIndex(sheet.box for sheet in ordered), pipeline.reach(params)
    needs = {
        sheet.code: tuple(ordered[k].code for k in index.touching(sheet.box.grow(reach))) for sheet in ordered
    }
    return Plan({sheet.code: sheet for sheet in ordered}, needs, frozenset())


def _sheets(box: Box, inventory: Inventory, level: str, tile_size: float) -> Iterable[Sheet]:
    if level == NO_SHEETS:
        return sheets.squares(box, tile_size)
    assert inventory.crs is not None
    assert inventory.crs.zone is not None
    return sheets.sheets_touching(box, inventory.crs.zone, level)


def _check_divides(params: GridParams, level: str, tile_size: float) -> None:
    sides = (tile_size, tile_size) if level == NO_SHEETS else sheets.size(level)
    for cell in params.cells:
        for side in sides:
            if quanta(side) % cell:
                raise ParameterError("run.divides", resolution=metres(cell), side=side)


def missing_neighbours(sheet: Sheet, inventory: Inventory, bad: Collection[str]) -> tuple[str, ...]:
    """Return the sides (north, south, east, west) beyond which no file but ``bad`` ones lies: terrain ends there.

    A strip a metre wide along the side is looked at; a sheet that the data do not fill to that side has none missing
    there, because its terrain ends inside the sheet.
    """
    metre = QUANTA_PER_METRE
    box = sheet.box
    strips = {
        "north": (Box(box.west, box.north - metre, box.east, box.north), (0, metre)),
        "south": (Box(box.west, box.south, box.east, box.south + metre), (0, -metre)),
        "east": (Box(box.east - metre, box.south, box.east, box.north), (metre, 0)),
        "west": (Box(box.west, box.south, box.west + metre, box.north), (-metre, 0)),
    }
    missing = []
    for side, (inside, (dx, dy)) in strips.items():
        beyond = Box(inside.west + dx, inside.south + dy, inside.east + dx, inside.north + dy)
        if _any_sound(inventory.on(inside), bad) and not _any_sound(inventory.on(beyond), bad):
            missing.append(side)
    return tuple(missing)


def _any_sound(sources: Iterable[Source], bad: Collection[str]) -> bool:
    return any(source.key not in bad for source in sources)
