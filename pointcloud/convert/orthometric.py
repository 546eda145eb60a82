"""Ellipsoidal heights of a raster to heights above the geoid, cell by cell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pointcloud.convert.georeference import Place
from pointcloud.errors import CrsError
from pointcloud.geo import projections
from pointcloud.geo.lattice import QUANTA_PER_METRE, Grid
from pointcloud.io import geoid
from pointcloud.io.dems.gridded import Gridded
from pointcloud.io.textstyle import TAG
from pointcloud.params.grid import GeoidFile

_STRIP = 256  # rows
_DECIMALS = 3


def lowered(
    gridded: Gridded, here: Place, file: GeoidFile, vertical: str | None, label: str
) -> tuple[Gridded, Place]:
    """Return a raster with the geoid's height taken from each cell at its centre, rounded to 1 mm, and its datum.

    Parameters
    ----------
    gridded : Gridded
        Ellipsoidal heights.
    here : Place
    file : GeoidFile
    vertical : str, optional
        Height datum that the user states.
    label : str
        What messages call the raster.

    Raises
    ------
    CrsError
        If the heights are stated to be above a geoid, the CRS does not suit, or the new datum is not clear.
    FileError
        If a cell with a height lies outside the geoid.
    """
    geoid.require_ellipsoidal(here.crs, label)
    model = geoid.of_file(file)
    datum = geoid.datum(model, vertical)
    array = gridded.array.copy()
    for top in range(0, array.shape[0], _STRIP):
        strip = array[top : top + _STRIP]
        rows, cols = np.nonzero(~np.isnan(strip))
        if rows.size:
            place = _degrees(gridded.grid, here, rows + top, cols)
            strip[rows, cols] = np.round(strip[rows, cols] - model.at(*place, label), _DECIMALS)
    tags = {name: value for name, value in gridded.tags.items() if name != TAG}
    return replace(gridded, array=array, tags=tags), here._replace(crs=replace(here.crs, vertical=datum))


def _degrees(
    grid: Grid, here: Place, rows: NDArray[np.int64], cols: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return longitude and latitude of the centres of cells."""
    e = grid.box.west + cols * grid.cell + grid.cell // 2
    n = grid.box.north - rows * grid.cell - grid.cell // 2
    if grid.per_unit == QUANTA_PER_METRE:
        return geoid.Plane.of(here.crs.horizontal).degrees(e, n)
    if not projections.is_modern(here.crs.horizontal):
        raise CrsError("geoid.crs", crs=here.crs.label)
    return e / grid.per_unit, n / grid.per_unit
