"""Of which layers a mosaic is made, on which cells, and on which sheets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pointcloud.errors import CrsError, ParameterError
from pointcloud.geo import sheets
from pointcloud.geo.crs import SpatialReference, common
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, metres, quanta
from pointcloud.geo.projections import same_place, transformer
from pointcloud.geo.sheets import Sheet
from pointcloud.io.dems.tiles import Tile
from pointcloud.mosaics.request import Request
from pointcloud.mosaics.sources import Source, is_metric
from pointcloud.run.area import read_area
from pointcloud.surface.mosaic import MOST, reach

_EDGE = 33  # points along each edge of a box, when it is brought into another system
_METRES_PER_DEGREE = 111_000.0


@dataclass(frozen=True)
class LayerFiles:
    """Tiles of one source and one lattice, and the boxes in the mosaic's metres that hold them.

    ``side`` is that of their cells in metres: between two tiles a height depends on both.
    """

    source: int
    tiles: tuple[Tile, ...]
    boxes: tuple[Box, ...]
    side: float

    def near(self, box: Box) -> tuple[Tile, ...]:
        """Return the tiles that can decide a height in a box."""
        box = box.grow(quanta(2 * self.side))
        return tuple(tile for tile, held in zip(self.tiles, self.boxes, strict=True) if held.touches(box))


@dataclass(frozen=True)
class Plan:
    """What there is to make.

    Parameters
    ----------
    crs : SpatialReference
    cell : int
        In quanta.
    layers : tuple of LayerFiles
        The best first.
    sheets : tuple of Sheet
        From north to south.
    beyond : int
        Sheets that only lesser sources reach, and that are not made.
    """

    crs: SpatialReference
    cell: int
    layers: tuple[LayerFiles, ...]
    sheets: tuple[Sheet, ...]
    beyond: int

    @property
    def synthetic(self) -> bool:
        """Whether a source calls itself made-up."""
        return any(tile.tags.get("SYNTHETIC") == "YES" for layer in self.layers for tile in layer.tiles)

    def halo(self, feather: float) -> int:
        """Return how far around a sheet something can decide it, in quanta."""
        cells = (len(self.layers) - 1) * reach(feather, metres(self.cell))
        return (cells + 1) * self.cell


def make_plan(request: Request, sources: list[Source]) -> Plan:
    """Return what there is to make.

    Raises
    ------
    ParameterError
        If the best source's cells are not on our lattice or do not divide the sheets, or no sheet is left.
    CrsError
        If the best source is in no plane rectangular zone, or height datums differ.
    """
    groups = [group for source in sources for group in _groups(source)]
    if len(groups) > MOST:
        raise ParameterError("mosaic.many", count=len(groups), most=MOST)
    best = groups[0][1][0]
    crs = SpatialReference(_horizontal(groups[0][1]), _vertical(request, groups))
    if crs.zone is None or not is_metric(best):
        raise CrsError("mosaic.no_zone", file=best.path.name, crs=best.crs.label)
    _check_lattice(best, request.level)
    layers = tuple(_layer(number, held, crs.horizontal) for number, held in groups)
    reached = _sheets((box for layer in layers for box in layer.boxes), crs.zone, request.level)
    chosen = reached
    if request.area:
        area = read_area(request.area, crs)
        chosen = {code: sheet for code, sheet in reached.items() if area.touches(sheet.box)}
    elif not request.whole:
        first = (box for layer in layers if layer.source == 1 for box in layer.boxes)
        chosen = _sheets(first, crs.zone, request.level)
    if not chosen:
        raise ParameterError("run.area_empty")
    ordered = sorted(chosen.values(), key=lambda sheet: (-sheet.box.north, sheet.box.west))
    beyond = 0 if request.area else len(reached) - len(chosen)
    return Plan(crs, best.grid.cell, layers, tuple(ordered), beyond)


def _groups(source: Source) -> list[tuple[int, list[Tile]]]:
    """Return the tiles of a source by lattice, the finest first; of the national DEM 5A before 5B before 5C."""
    found: dict[tuple[object, ...], list[Tile]] = {}
    systems: dict[
        str, None
    ] = {}  # of those in which equal coordinates are one place, the first stands for all
    for tile in source.tiles:
        known = (each for each in systems if same_place(each, tile.crs.horizontal))
        system = next(known, tile.crs.horizontal)
        systems.setdefault(system)
        key = (_side(tile), tile.tags.get("KIND", ""), system, tile.grid.origin)
        found.setdefault(key, []).append(tile)
    ordered = sorted(found.items(), key=lambda item: (item[0][:3], str(item[0][3])))
    return [(source.number, held) for _, held in ordered]


def _horizontal(tiles: list[Tile]) -> str:
    """Return the one system of tiles in which equal coordinates are one place: of 2447 and 6673 the newer."""
    return common({str(tile.path): SpatialReference(tile.crs.horizontal) for tile in tiles})[0].horizontal


def _vertical(request: Request, groups: list[tuple[int, list[Tile]]]) -> str | None:
    """Return the height datum of all tiles: two of them are never mixed, nor one taken for the other."""
    known: dict[str, str] = {request.vertical: "--vertical"} if request.vertical else {}
    for _, held in groups:
        for tile in held:
            if tile.crs.vertical:
                known.setdefault(tile.crs.vertical, str(tile.path))
    if len(known) > 1:
        (a_crs, a), (b_crs, b) = list(known.items())[:2]
        raise CrsError("crs.heights_differ", a=a, a_crs=a_crs, b=b, b_crs=b_crs)
    return next(iter(known), None)


def _check_lattice(best: Tile, level: str) -> None:
    grid = best.grid
    if grid.origin != (0, 0):
        east, north = (metres(edge) for edge in grid.origin)
        raise ParameterError(
            "mosaic.lattice", path=best.path, cell=grid.resolution, east=f"{east:g}", north=f"{north:g}"
        )
    for side in sheets.size(level):
        if grid.cell % 2 or (side * QUANTA_PER_METRE) % grid.cell:
            raise ParameterError("run.divides", resolution=grid.resolution, side=side)


def _layer(number: int, held: list[Tile], crs: str) -> LayerFiles:
    system = held[0].crs.horizontal
    move = None if same_place(system, crs) else transformer(system, crs)
    boxes = tuple(tile.grid.box if move is None else _moved(tile, move) for tile in held)
    return LayerFiles(number, tuple(held), boxes, _side(held[0]))


def _side(tile: Tile) -> float:
    """Return the side of a tile's cells in metres."""
    return tile.grid.resolution * (1.0 if is_metric(tile) else _METRES_PER_DEGREE)


def _moved(tile: Tile, move: Callable[..., tuple[Any, ...]]) -> Box:
    """Return the box in metres that holds a tile of another system."""
    box, unit = tile.grid.box, tile.grid.per_unit
    west, south, east, north = (edge / unit for edge in (box.west, box.south, box.east, box.north))
    x, y = np.linspace(west, east, _EDGE), np.linspace(south, north, _EDGE)
    along = np.concatenate((x, x, np.full(_EDGE, west), np.full(_EDGE, east)))
    up = np.concatenate((np.full(_EDGE, south), np.full(_EDGE, north), y, y))
    e, n = move(along, up)
    edges = math.floor(e.min()) - 1, math.floor(n.min()) - 1, math.ceil(e.max()) + 1, math.ceil(n.max()) + 1
    return Box.from_metres(*edges)


def _sheets(boxes: Iterable[Box], zone: int, level: str) -> dict[str, Sheet]:
    return {sheet.code: sheet for box in boxes for sheet in sheets.sheets_touching(box, zone, level)}
