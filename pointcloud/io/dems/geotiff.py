"""GeoTIFFs of others: heights or colours, south-up or without a CRS, placed by a world file beside them.

Nothing is resampled: a raster whose cells are neither square nor upright is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import ColorInterp

from pointcloud.errors import FileError
from pointcloud.geo import crs as crs_room
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import QUANTA_PER_DEGREE, QUANTA_PER_METRE, Box, Grid
from pointcloud.io import raster
from pointcloud.io.dems.gridded import Gridded
from pointcloud.io.dems.textgrid import SENTINELS, height_remarks
from pointcloud.io.guard import open_input
from pointcloud.io.member import Member
from pointcloud.io.remark import Remark
from pointcloud.io.textstyle import TAG

WORLD_FILES = (".tfw", ".tifw", ".tiffw", ".wld")
"""Endings of the files that say where a raster of the same name lies."""

_MOST_CELLS = 400_000_000
_STRIP = 256  # rows
_LOWEST_REAL = -1e30  # GDAL's and Esri's lowest float32 stand for nothing
_KEPT = (TAG, "REGISTRATION", "PRODUCT", "SHEET", "CREDIT")
_TOLERANCE = 0.02  # of a cell


def read_geotiff(member: Member, sentinels: Sequence[float] = SENTINELS) -> Gridded:
    """Return a GeoTIFF as it is, turned north-up.

    Parameters
    ----------
    member : Member
    sentinels : sequence of float
        Heights that stand for none, besides the nodata value that the file states.

    Raises
    ------
    FileError
        If it cannot be read, has other bands than one of heights or three or four of colours, no position, or cells
        that are neither square nor upright.
    """
    with _opened(member) as file:
        shape = (file.height, file.width)
        if file.height * file.width > _MOST_CELLS:
            raise FileError("geotiff.large", path=member.label, rows=shape[0], cols=shape[1])
        transform, remarks = _transform(file, member)
        reference = _reference(file, member.label)
        grid, flipped = _grid(transform, shape, reference, member.label)
        if file.count == 1 and ColorInterp.palette not in file.colorinterp:
            array: NDArray[Any] = _heights(file, sentinels)
            remarks += height_remarks(member.label, array)
        elif file.count in (3, 4) and set(file.dtypes) == {"uint8"}:
            array = _colours(file)
        else:
            raise FileError(
                "geotiff.bands",
                path=member.label,
                count=file.count,
                dtype=", ".join(sorted(set(file.dtypes))),
            )
        tags = {key: value for key, value in file.tags().items() if key in _KEPT}
    array = np.ascontiguousarray(array[::-1]) if flipped else array
    return Gridded(array, grid, member.digest(), reference, tags, tuple(remarks))


@contextmanager
def _opened(member: Member) -> Iterator[Any]:
    """Open a GeoTIFF and nothing else."""
    try:
        if member.inner:
            with raster.opened_bytes(member.read()) as file:
                yield file
        else:
            with open_input(member.path), raster.opened(member.path, raster.GEOTIFF, raster.ALONE) as file:
                yield file
    except raster.ERRORS as error:
        cause = " ".join(str(error.__cause__ or error).split())
        raise FileError("geotiff.unreadable", path=member.label, cause=cause) from error


def header(file: Any, label: str) -> tuple[Grid, SpatialReference] | None:
    """Return where an open raster lies, if it says so itself and its rows run from north to south.

    Raises
    ------
    FileError
        If its cells are neither square nor upright, or its CRS cannot be read.
    """
    reference = _reference(file, label)
    if reference is None or file.transform == Affine.identity():
        return None
    grid, flipped = _grid(file.transform, (file.height, file.width), reference, label)
    return None if flipped else (grid, reference)


def _transform(file: Any, member: Member) -> tuple[Affine, list[Remark]]:
    """Return where the raster lies: by the file itself, or by a world file."""
    world = member.sibling(*WORLD_FILES)
    stated = None if file.transform == Affine.identity() else file.transform
    by_world = _world(world) if world else None
    if stated is None and by_world is None:
        raise FileError("geotiff.no_place", path=member.label, name=f"{member.stem}.tfw")
    if stated and by_world:
        apart = max(abs(a - b) for a, b in zip(stated[:6], by_world[:6], strict=True))
        if apart > 1e-6 * max(1.0, abs(stated.c), abs(stated.f)):
            named = {"path": member.label, "world": world.name if world else ""}
            return stated, [Remark.of("geotiff.world_differs", **named)]
    return stated or by_world or Affine.identity(), []


def _world(member: Member) -> Affine:
    text = member.head(4096).decode("ascii", "replace")
    try:
        a, d, b, e, c, f = (float(part) for part in text.split()[:6])
    except ValueError:
        raise FileError("geotiff.world", path=member.label) from None
    return Affine(a, b, c - (a + b) / 2, d, e, f - (d + e) / 2)  # it states the first cell's centre


def _reference(file: Any, label: str) -> SpatialReference | None:
    if file.crs is None:
        return None
    wkt = file.crs.to_wkt()
    if "LOCAL_CS" in wkt or "ENGCRS" in wkt:  # units without a place
        return None
    return crs_room.from_wkt(wkt, file=label)


def _grid(
    transform: Affine, shape: tuple[int, int], reference: SpatialReference | None, label: str
) -> tuple[Grid, bool]:
    """Return where the cells lie, and whether rows run from south to north."""
    cell_x, cell_y = transform.a, transform.e
    square = abs(abs(cell_y) - cell_x) <= 1e-6 * cell_x
    if transform.b or transform.d or cell_x <= 0 or not square:
        raise FileError("geotiff.cells", path=label, x=f"{cell_x:g}", y=f"{cell_y:g}")
    rows, cols = shape
    geographic = reference is not None and not reference.is_projected
    per_unit = QUANTA_PER_DEGREE if geographic else QUANTA_PER_METRE
    cell = round(cell_x * per_unit)
    top = transform.f if cell_y < 0 else transform.f + rows * cell_y
    west, north = round(transform.c * per_unit), round(top * per_unit)
    drift = abs(cell_x * per_unit - cell) * max(rows, cols)
    if cell < 2 or drift > _TOLERANCE * cell:
        raise FileError("geotiff.fine", path=label, cell=repr(cell_x))
    box = Box(west, north - rows * cell, west + cols * cell, north)
    return Grid(box, cell, (west % cell, north % cell), per_unit), cell_y > 0


def _heights(file: Any, sentinels: Sequence[float]) -> NDArray[np.float32]:
    """Return heights strip by strip: nodata and sentinels as NaN, scale and offset applied."""
    out = np.empty((file.height, file.width), np.float32)
    for top in range(0, file.height, _STRIP):
        rows = min(_STRIP, file.height - top)
        out[top : top + rows] = heights_in(file, (top, 0, rows, file.width), sentinels)
    return out


def heights_in(
    file: Any, window: tuple[int, int, int, int], sentinels: Sequence[float] = SENTINELS
) -> NDArray[np.float32]:
    """Return the heights in a window (row, column, rows, columns) of an open raster, NaN for nodata and sentinels."""
    row, col, rows, cols = window
    part = ((row, row + rows), (col, col + cols))
    stated = [value for value in (*sentinels, file.nodata) if value is not None]
    void = np.array(
        [*stated, *np.array(stated, np.float32)], np.float64
    )  # as doubles, and as float32 holds them
    values = file.read(1, window=part).astype(np.float64)
    known = ~np.isin(values, void) & (values > _LOWEST_REAL)
    if (file.scales[0], file.offsets[0]) != (1.0, 0.0):  # -0.0 + 0.0 would lose its sign
        values = values * file.scales[0] + file.offsets[0]
    mask = file.read_masks(1, window=part) > 0
    return np.where(known & mask, values, np.nan).astype(np.float32)


def _colours(file: Any) -> NDArray[np.uint8]:
    """Return colours with alpha; without a band of it, what the file calls nodata is transparent."""
    out = np.empty((file.height, file.width, 4), np.uint8)
    out[..., :3] = np.moveaxis(file.read((1, 2, 3)), 0, 2)
    out[..., 3] = file.read(4) if file.count == 4 else file.dataset_mask()
    return out
