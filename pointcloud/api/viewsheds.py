"""Viewsheds of rasters in memory, without files: what a notebook uses.

>>> import pointcloud as pc
>>> seen = pc.viewshed(dem, "takeda", eye_height=15)   # doctest: +SKIP
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pointcloud import relief
from pointcloud.api.raster import Raster
from pointcloud.errors import ParameterError
from pointcloud.geo import places, projections
from pointcloud.geo.lattice import quanta
from pointcloud.params.viewshed import Shown, SightParams


def viewshed(
    terrain: Raster,
    *eyes: str | tuple[float, float],
    shown: Shown = "visible",
    threads: int = 1,
    **settings: float,
) -> Raster:
    """Return what is seen of a terrain model from one place or several (可視領域).

    Parameters
    ----------
    terrain : Raster
    *eyes : str or (float, float)
        Where the eyes are: easting and northing in metres, or a place by name (``takeda``), sheet or coordinates.
        An eye stands in the middle of the cell that holds the place.
    shown : {"visible", "needed", "picture"}
        From how many eyes a target is seen; how high above the ground a target must reach to be seen from any of
        them, in metres; or a picture.
    threads : int
        The result does not depend on it.
    **settings : float
        Of :class:`pointcloud.params.viewshed.SightParams`: ``eye_height``, ``target_height``, ``radius`` in metres,
        ``refraction``, ``curved``.

    Returns
    -------
    Raster
        float32 with NaN where nothing is known: nodata, or further away than the radius; or red, green, blue, alpha.

    Raises
    ------
    ParameterError
        If an eye is not on the terrain, or a value is out of its range.

    See Also
    --------
    pointcloud.relief.viewshed : the rule
    """
    if not eyes:
        raise ParameterError("viewshed.no_place")
    grid, stand = terrain.grid, []
    for eye in eyes:
        e, n = _where(eye, terrain.crs) if isinstance(eye, str) else eye
        row = (grid.box.north - quanta(n)) // grid.cell
        col = (quanta(e) - grid.box.west) // grid.cell
        inside = 0 <= row < grid.rows and 0 <= col < grid.cols
        if not inside or not np.isfinite(terrain.array[row, col]):
            raise ParameterError("viewshed.no_ground", place=eye if isinstance(eye, str) else f"{e:g},{n:g}")
        stand.append((row, col))
    params = SightParams(**settings)  # type: ignore[arg-type]
    made = relief.viewshed(terrain.array, terrain.resolution, stand, params, shown=shown, threads=threads)
    return replace(terrain, array=made, name="viewshed")


def _where(text: str, crs: str | None) -> tuple[float, float]:
    """Return the coordinates of a place in a CRS; in its own zone where there is none."""
    zone = projections.zone(crs) if crs else None
    place = places.parse(text, zone=zone or places.HYOGO_ZONE)
    return place.xy(crs) if crs else (place.e, place.n)
