"""The national DEM onto our lattice: meshes in degrees, bilinear at the centres of metric cells, cut to sheets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pointcloud.convert.georeference import Place
from pointcloud.convert.request import Request
from pointcloud.convert.worker import as_input, parameters, stage, taken
from pointcloud.errors import CrsError, HyogoError, ParameterError
from pointcloud.geo import sheets
from pointcloud.geo.crs import SpatialReference, transformer
from pointcloud.geo.lattice import QUANTA_PER_DEGREE, QUANTA_PER_METRE, Box, Grid, cell_quanta
from pointcloud.geo.sheets import Sheet
from pointcloud.io import names
from pointcloud.io.dems.gml import KINDS, read_gml
from pointcloud.io.dems.gridded import Gridded
from pointcloud.io.member import Member
from pointcloud.run.entries import Input
from pointcloud.run.items import InputFile, Made

_METRES = {400: 1.0, 2_000: 5.0, 4_000: 10.0}
"""Metric cell for each cell in quanta of a degree: 0.04, 0.2 and 0.4 seconds."""

_MOST_CELLS = 500_000_000  # 2 GB
_STRIP = 256  # rows
_EDGE = 33  # points along each edge of a box, when it is brought into another system


@dataclass(frozen=True)
class Mesh:
    """One mesh.

    Parameters
    ----------
    gridded : Gridded
        In degrees.
    source : Input
        Its file, as the record names it.
    file : InputFile
        And as one that decides what a sheet holds.
    """

    gridded: Gridded
    source: Input
    file: InputFile


@dataclass(frozen=True)
class MeshSheet:
    """A sheet, its cells, and the meshes that reach it.

    Parameters
    ----------
    sheet : Sheet
    folder : str
        ``DEM_5g``.
    resolution : float
        Metres.
    meshes : tuple of Mesh
        All of one cell size.
    system : str
        That they are in.
    """

    sheet: Sheet
    folder: str
    resolution: float
    meshes: tuple[Mesh, ...]
    system: str


def read_meshes(members: Sequence[Member], failed: Callable[[Member, HyogoError], None]) -> list[Mesh]:
    """Read the national DEM; ``failed`` hears of files of no use.

    Raises
    ------
    ParameterError
        If they are more than fit into memory.
    """
    meshes: list[Mesh] = []
    cells = 0
    for member in members:
        try:
            gridded = read_gml(member)
        except HyogoError as error:
            failed(member, error)
            continue
        cells += gridded.array.size
        if cells > _MOST_CELLS:
            raise ParameterError("convert.many_meshes", count=len(members))
        meshes.append(Mesh(gridded, taken(member, gridded.sha256), as_input(member)))
    return meshes


def mesh_sheets(meshes: Sequence[Mesh], request: Request) -> list[MeshSheet]:
    """Return the sheets that meshes reach, those of one cell size together, from north to south.

    Raises
    ------
    ParameterError
        If the resolution does not divide the sheets.
    CrsError
        If the target is no plane rectangular zone, or meshes of one cell size are in different systems.
    """
    groups: dict[int, list[Mesh]] = {}
    for mesh in meshes:
        groups.setdefault(mesh.gridded.grid.cell, []).append(mesh)
    return [sheet for group in groups.values() for sheet in _sheets(group, request)]


def _sheets(meshes: Sequence[Mesh], request: Request) -> Iterator[MeshSheet]:
    """Yield the sheets that meshes of one cell size reach."""
    system, target = _common(meshes), request.crs
    if target is None or target.zone is None:
        raise CrsError("run.no_zone", crs=target.label if target else "-")
    resolution = resolution_for(meshes[0].gridded.grid.cell, request)
    forward = transformer(system, target.horizontal)
    wanted: dict[str, tuple[Sheet, list[Mesh]]] = {}
    for mesh in meshes:
        for sheet in sheets.sheets_touching(_bounds(mesh.gridded.grid, forward), target.zone, request.level):
            wanted.setdefault(sheet.code, (sheet, []))[1].append(mesh)
    for sheet, near in sorted(wanted.values(), key=lambda one: (-one[0].box.north, one[0].box.west)):
        yield MeshSheet(sheet, names.folder("dem", resolution), resolution, tuple(near), system)


def make_mesh_sheet(wanted: MeshSheet, request: Request) -> Made:
    """Interpolate and stage the raster of a sheet.

    A cell whose centre lies between four known ones of one kind is interpolated; the better kind comes first
    (5A over 5B over 5C). Otherwise it stays void: nothing is guessed beyond a shore.
    """
    assert request.crs is not None
    sheet, target = wanted.sheet, request.crs
    grid = Grid(sheet.box, cell_quanta(wanted.resolution))
    here = Place(SpatialReference(target.horizontal, request.vertical), sheet, ())
    made = stage(
        Gridded(interpolated(wanted.meshes, grid, wanted.system, target), grid, ""),
        request,
        (wanted.folder, sheet.code, sheet),
        here.crs.wkt,
        parameters(here, "dem"),
        tuple(mesh.source for mesh in wanted.meshes),
        (),
        {"RESAMPLING": "bilinear"},
    )
    return replace(made, remarks=())


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


def _common(meshes: Sequence[Mesh]) -> str:
    systems = {mesh.gridded.crs.horizontal: mesh for mesh in meshes if mesh.gridded.crs}
    if len(systems) > 1:
        (a_crs, a), (b_crs, b) = sorted(systems.items(), key=lambda item: item[0])[:2]
        raise CrsError("crs.differ", a=a.source.name, a_crs=a_crs, b=b.source.name, b_crs=b_crs)
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
) -> NDArray[np.float32]:
    """Return heights at the centres of metric cells.

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
    cell = meshes[0].gridded.grid.cell / QUANTA_PER_DEGREE
    for top in range(0, grid.rows, _STRIP):
        rows = np.arange(top, min(top + _STRIP, grid.rows))
        n = north - (rows + 0.5) * grid.resolution
        lon, lat = backward(*np.meshgrid(e, n))
        x, y = lon / cell - 0.5, -lat / cell - 0.5  # in cells, from the meridian and the equator
        strip = out[rows[0] : rows[-1] + 1]
        for kind in _by_kind(meshes):
            _fill(strip, x, y, kind)
    return out


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
) -> None:
    """Interpolate where a strip is void still; ``x`` and ``y`` are places in cells."""
    col, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    left, top = int(col.min()), int(row.min())
    window = np.full((int(row.max()) - top + 2, int(col.max()) - left + 2), np.nan)
    held = [_paste(window, left, top, mesh.gridded) for mesh in meshes]
    if not any(held):
        return
    right, down = x - col, y - row
    i, j = row - top, col - left
    upper = window[i, j] * (1.0 - right) + window[i, j + 1] * right
    lower = window[i + 1, j] * (1.0 - right) + window[i + 1, j + 1] * right
    heights = np.round(upper * (1.0 - down) + lower * down, 3).astype(np.float32)
    np.copyto(strip, heights, where=np.isnan(strip) & ~np.isnan(heights))


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
