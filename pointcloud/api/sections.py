"""Sections through rasters in memory, without files: what a notebook uses.

>>> import pointcloud as pc
>>> cut = pc.profile([(44_800, -77_600), (45_100, -77_500)], dem=dem)   # doctest: +SKIP
>>> cut.at.distance, cut.heights["dem"]                                 # doctest: +SKIP
"""

from __future__ import annotations

import numpy.typing as npt

from pointcloud.api.raster import Raster
from pointcloud.errors import ParameterError
from pointcloud.params.grid import Sampling
from pointcloud.surface import section


def profile(
    line: npt.ArrayLike,
    *,
    step: float | None = None,
    method: Sampling = "bilinear",
    name: str = "A",
    **models: Raster,
) -> section.Section:
    """Return a section: the heights of rasters along a line.

    Parameters
    ----------
    line : array_like (vertices, 2)
        Easting and northing of two or more vertices, in metres.
    step : float, optional
        Metres between stations; the smallest cell of the rasters without. Vertices and the end are stations too.
    method : {'bilinear', 'nearest'}
        How a height is taken from a raster.
    name : str
        Of the line, for drawings.
    **models : Raster
        ``dem=``, ``dsm=``, one at least.

    Returns
    -------
    Section
        ``at.distance``, ``at.e``, ``at.n`` and ``heights["dem"]`` are arrays of one length; NaN for nodata.

    Raises
    ------
    ParameterError
        If there is no raster, or the line is none.

    See Also
    --------
    pointcloud.surface.section : the rules, and points beside a line
    pointcloud.print.profile_pages : drawings
    """
    if not models:
        raise ParameterError("section.no_data")
    vertices = section.polyline(line)
    cell = min(model.resolution for model in models.values())
    at = section.stations(vertices, cell if step is None else step)
    heights = {}
    for key, model in models.items():
        west, _, _, north = model.bounds
        places = section.places((west, north), model.resolution, at.e, at.n)
        heights[key] = section.take(model.array, places, method=method)
    return section.Section(name, vertices, at, heights)
