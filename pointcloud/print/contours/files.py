"""Contours as files for a GIS or CAD: GeoPackage and DXF."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely

from pointcloud.errors import ParameterError
from pointcloud.io.put import put
from pointcloud.print.contours.trace import Contour
from pointcloud.print.paper.libraries import need

SUFFIXES = (".gpkg", ".dxf")

DXF_LAYERS = ("CONTOUR", "CONTOUR_INDEX", "CONTOUR_DEPRESSION", "CONTOUR_INDEX_DEPRESSION")
"""Layers of a DXF: plain, index, and both again for depressions."""


def write_contours(lines: Sequence[Contour], path: Path, crs_wkt: str | None = None) -> None:
    """Write contours, three-dimensional, as the suffix says.

    A GeoPackage has the layer ``contours`` with ``elevation`` in metres, ``is_index`` and ``depression``; a DXF has the
    layers of :data:`DXF_LAYERS` and no CRS.

    Parameters
    ----------
    lines : sequence of Contour
    path : Path
        ``.gpkg`` or ``.dxf``.
    crs_wkt : str, optional

    Raises
    ------
    ParameterError
        If the suffix is another one, or pyogrio is not installed.
    OutputError
        If the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ParameterError("map.contour_suffix", path=path, suffixes=", ".join(SUFFIXES))
    heights = np.array([line.level for line in lines], np.float64)
    index = np.array([line.index for line in lines], bool)
    depression = np.array([line.depression for line in lines], bool)
    out = io.BytesIO()
    pyogrio = need("pyogrio.raw")
    options = {"geometry_type": "LineString Z", "layer": "contours"}
    geometry = _three_dimensional(lines)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="'crs' was not provided")
        if suffix == ".gpkg":
            columns = {"elevation": heights, "is_index": index, "depression": depression}
            pyogrio.write(
                *(out, geometry, [*columns.values()], [*columns]), driver="GPKG", crs=crs_wkt, **options
            )
        else:
            names = np.array(DXF_LAYERS, object)[index + 2 * depression]
            pyogrio.write(out, geometry, [names], ["Layer"], driver="DXF", crs=None, **options)
    put(path, out.getvalue())


def _three_dimensional(lines: Sequence[Contour]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    made = [np.column_stack([line.points, np.full(len(line.points), line.level)]) for line in lines]
    wkb = np.empty(len(lines), object)
    wkb[:] = [shapely.to_wkb(shapely.LineString(points)) for points in made]
    return wkb
