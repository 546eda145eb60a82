"""The national DEM onto our lattice: meshes in degrees, bilinear at the centres of metric cells, cut to sheets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pointcloud import sheets
from pointcloud.convert.place import Place
from pointcloud.convert.raster import Staged, parameters, stage
from pointcloud.convert.request import Request
from pointcloud.crs import SpatialReference, transformer
from pointcloud.errors import CrsError, ParameterError
from pointcloud.io import names
from pointcloud.io.gml import KINDS
from pointcloud.io.gridded import Gridded
from pointcloud.lattice import QUANTA_PER_DEGREE, QUANTA_PER_METRE, Box, Grid, cell_quanta
from pointcloud.sheets import Sheet

_METRES = {400: 1.0, 2_000: 5.0, 4_000: 10.0}
"""Metric cell for each cell in quanta of a degree: 0.04, 0.2 and 0.4 seconds."""

_STRIP = 256  # rows
_EDGE = 33  # points along each edge of a box, when it is brought into another system


@dataclass(frozen=True)
class Mesh:
    """One mesh.

    Parameters
    ----------
    gridded : Gridded
        In degrees.
    source : dict
        Name, size and SHA-256 of its file.
    """

    gridded: Gridded
    source: dict[str, object]


def resolution_for(cell: int, request: Request) -> float:
    """Return the metric resolution for meshes of a cell in quanta of a degree.

    Raises
    ------
    ParameterError
        If it does not divide the sheets.
    """
    resolution = request.resolution or _METRES.get(cell) or max(1.0, round(cell / QUANTA_PER_DEGREE * 90_000))
    for side in sheets.size(request.level):
        if (side * QUANTA_PER_METRE) % cell_quanta(resolution):
            raise ParameterError("run.divides", resolution=resolution, side=side)
    return resolution


def onto_sheets(meshes: Sequence[Mesh], request: Request, target: SpatialReference) -> Iterator[Staged]:
    """Yield a staged raster of each sheet that meshes of one cell size reach.

    A cell whose centre lies between four known ones of one kind is interpolated; the better kind comes first
    (5A over 5B over 5C). Otherwise it stays void: nothing is guessed beyond a shore.

    Raises
    ------
    CrsError
        If the target is no plane rectangular zone, or meshes are in different systems.
    """
    system = _common(meshes)
    if target.zone is None:
        raise CrsError("run.no_zone", crs=target.label)
    cell = meshes[0].gridded.grid.cell
    resolution = resolution_for(cell, request)
    forward = transformer(system, target.horizontal)
    wanted: dict[str, Sheet] = {}
    for mesh in meshes:
        for sheet in sheets.sheets_touching(_bounds(mesh.gridded.grid, forward), target.zone, request.level):
            wanted[sheet.code] = sheet
    for sheet in sorted(wanted.values(), key=lambda one: (-one.box.north, one.box.west)):
        grid = Grid(sheet.box, cell_quanta(resolution))
        array, used = interpolated(meshes, grid, system, target)
        if used:
            here = Place(SpatialReference(target.horizontal, request.vertical), sheet, ())
            named = (
                names.folder("dem", resolution),
                names.file_name("dem", sheet.code, resolution),
                sheet.code,
            )
            yield stage(
                Gridded(array, grid, ""),
                request,
                named,
                here.crs.wkt,
                parameters(here, "dem"),
                tuple(mesh.source for mesh in used),
                (),
                {"SHEET": sheet.code, "RESAMPLING": "bilinear"},
            )


def _common(meshes: Sequence[Mesh]) -> str:
    systems = {mesh.gridded.crs.horizontal: mesh for mesh in meshes if mesh.gridded.crs}
    if len(systems) > 1:
        (a_crs, a), (b_crs, b) = sorted(systems.items(), key=lambda item: item[0])[:2]
        raise CrsError("crs.differ", a=a.source["name"], a_crs=a_crs, b=b.source["name"], b_crs=b_crs)
    return next(iter(systems))


def _bounds(grid: Grid, forward: object) -> Box:
    """Return the box in metres that holds a grid in degrees."""
    assert callable(forward)
    west, south, east, north = (
        edge / grid.per_unit for edge in (grid.box.west, grid.box.south, grid.box.east, grid.box.north)
    )
    x, y = np.linspace(west, east, _EDGE), np.linspace(south, north, _EDGE)
    along = np.concatenate((x, x, np.full(_EDGE, west), np.full(_EDGE, east)))
    up = np.concatenate((np.full(_EDGE, south), np.full(_EDGE, north), y, y))
    e, n = forward(along, up)
    return Box.from_metres(math.floor(e.min()), math.floor(n.min()), math.ceil(e.max()), math.ceil(n.max()))


def interpolated(
    meshes: Sequence[Mesh], grid: Grid, system: str, target: SpatialReference
) -> tuple[NDArray[np.float32], list[Mesh]]:
    """Return heights at the centres of metric cells, and the meshes they are from.

    Each cell depends on its own place alone, so parts of an area equal those of the whole to the bit.

    Parameters
    ----------
    meshes : sequence of Mesh
        All of one cell size.
    grid : Grid
        In metres.
    system : str
        Of the meshes.
    target : SpatialReference
        Of ``grid``.
    """
    backward = transformer(target.horizontal, system)
    west, _, _, north = grid.box.bounds
    e = west + (np.arange(grid.cols) + 0.5) * grid.resolution
    out = np.full(grid.shape, np.nan, np.float32)
    used: dict[int, Mesh] = {}
    cell = meshes[0].gridded.grid.cell / QUANTA_PER_DEGREE
    for top in range(0, grid.rows, _STRIP):
        rows = np.arange(top, min(top + _STRIP, grid.rows))
        n = north - (rows + 0.5) * grid.resolution
        lon, lat = backward(*np.meshgrid(e, n))
        x, y = lon / cell - 0.5, -lat / cell - 0.5  # in cells, from the meridian and the equator
        strip = out[rows[0] : rows[-1] + 1]
        for kind in _by_kind(meshes):
            _fill(strip, x, y, kind, used)
    return out, list(used.values())


def _by_kind(meshes: Sequence[Mesh]) -> list[list[Mesh]]:
    """Return the meshes of each kind, the best first."""
    groups: dict[str, list[Mesh]] = {}
    for mesh in meshes:
        groups.setdefault(mesh.gridded.tags.get("KIND", ""), []).append(mesh)
    order = {kind: place for place, kind in enumerate(KINDS)}
    return [groups[kind] for kind in sorted(groups, key=lambda kind: (order.get(kind, len(order)), kind))]


def _fill(
    strip: NDArray[np.float32],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    meshes: Sequence[Mesh],
    used: dict[int, Mesh],
) -> None:
    """Interpolate where a strip is void still; ``x`` and ``y`` are places in cells."""
    col, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    left, top = int(col.min()), int(row.min())
    window = np.full((int(row.max()) - top + 2, int(col.max()) - left + 2), np.nan)
    touched = []
    for mesh in meshes:
        if _paste(window, left, top, mesh.gridded):
            touched.append(mesh)
    if not touched:
        return
    right, down = x - col, y - row
    i, j = row - top, col - left
    upper = window[i, j] * (1.0 - right) + window[i, j + 1] * right
    lower = window[i + 1, j] * (1.0 - right) + window[i + 1, j + 1] * right
    heights = np.round(upper * (1.0 - down) + lower * down, 3).astype(np.float32)
    new = np.isnan(strip) & ~np.isnan(heights)
    if new.any():
        np.copyto(strip, heights, where=new)
        used.update({id(mesh): mesh for mesh in touched})


def _paste(window: NDArray[np.float64], left: int, top: int, gridded: Gridded) -> bool:
    """Copy what a mesh has of a window into it; return whether it has anything."""
    grid = gridded.grid
    mesh_left, mesh_top = grid.box.west // grid.cell, -grid.box.north // grid.cell
    rows, cols = window.shape
    first_row, last_row = max(top, mesh_top), min(top + rows, mesh_top + grid.rows)
    first_col, last_col = max(left, mesh_left), min(left + cols, mesh_left + grid.cols)
    if first_row >= last_row or first_col >= last_col:
        return False
    part = gridded.array[
        first_row - mesh_top : last_row - mesh_top, first_col - mesh_left : last_col - mesh_left
    ]
    here = window[first_row - top : last_row - top, first_col - left : last_col - left]
    np.copyto(here, part, where=np.isnan(here))
    return True
