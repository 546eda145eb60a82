"""Rasters from arrays of points, in memory, without files: what a notebook uses.

>>> import pointcloud as pc
>>> cloud = pc.cloud(e, n, z, classification)      # doctest: +SKIP
>>> dem = pc.dem(cloud, resolution=0.5)            # doctest: +SKIP
>>> relief = pc.cs(dem)                            # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pointcloud import relief
from pointcloud.api.clouds import PointCloud, window
from pointcloud.api.raster import Raster
from pointcloud.errors import ParameterError
from pointcloud.geo.lattice import Grid
from pointcloud.params.csmap import CsParams
from pointcloud.params.grid import HYOGO_CS, GridParams
from pointcloud.params.styles import STYLES, StyleParams
from pointcloud.params.styles import changed as changed_style
from pointcloud.surface import mosaic as mosaics


def dsm(
    points: PointCloud,
    resolution: float = 1.0,
    *,
    max_gap: float = 5.0,
    bounds: tuple[float, float, float, float] | None = None,
) -> Raster:
    """Return the surface model: the highest return of each cell, small gaps filled.

    Parameters
    ----------
    points : PointCloud
    resolution : float
        Metres; a multiple of the cloud's.
    max_gap : float
        Widest gap in metres that is filled; 0 for none.
    bounds : (west, south, east, north), optional
        Metres; all points without them.

    See Also
    --------
    pointcloud.surface.dsm.surface : the rule
    """
    params = _params(points, resolution, dsm_max_gap=max_gap)
    return points.rasters(replace(params, products=("dsm",)), bounds)[0]


def dem(
    points: PointCloud,
    resolution: float = 1.0,
    *,
    max_gap: float = 100.0,
    water_gap: float = 15.0,
    bounds: tuple[float, float, float, float] | None = None,
) -> Raster:
    """Return the terrain model: the Delaunay TIN of the ground points at cell centres.

    Parameters
    ----------
    points : PointCloud
    resolution : float
        Metres; a multiple of the cloud's.
    max_gap : float
        Widest gap in metres in the ground points that is bridged.
    water_gap : float
        A hole in all returns this wide (metres) stays void; 0 for never.
    bounds : (west, south, east, north), optional
        Metres; all points without them.

    See Also
    --------
    pointcloud.surface.dem.terrain : the rule
    """
    params = _params(points, resolution, max_gap=max_gap, water_gap=water_gap)
    return points.rasters(replace(params, products=("dem",)), bounds)[0]


def quality(
    points: PointCloud,
    resolution: float = 1.0,
    *,
    max_gap: float = 100.0,
    water_gap: float = 15.0,
    bounds: tuple[float, float, float, float] | None = None,
) -> Raster:
    """Return what each cell of the terrain model is made from, for the same arguments as :func:`dem`.

    Returns
    -------
    Raster
        ``array`` is float32 (rows, cols, 5): the bands of :data:`pointcloud.params.grid.QUALITY_BANDS`.

    See Also
    --------
    pointcloud.surface.quality : the bands
    """
    params = _params(points, resolution, max_gap=max_gap, water_gap=water_gap)
    return points.rasters(replace(params, products=("quality",)), bounds)[0]


def mosaic(
    sources: Sequence[Raster],
    *,
    feather: float = 50.0,
    bounds: tuple[float, float, float, float] | None = None,
) -> tuple[Raster, Raster]:
    """Return several rasters of heights as one, and which of them each cell is from.

    Parameters
    ----------
    sources : sequence of Raster
        The best first; the mosaic has its cells. Others may have larger ones, or lie in another system: they are
        interpolated bilinearly. A CRS that is not stated is the best one's.
    feather : float
        Metres over which a source is shifted towards the better ones, 0 to 500.
    bounds : (west, south, east, north), optional
        Metres; the best source's by default.

    Returns
    -------
    heights : Raster
        float32, NaN where no source has a height. Heights of the best source are its own, to the bit.
    source : Raster
        uint8: 1 for the first source, 2 for the second and so on, 0 for none.

    Raises
    ------
    ParameterError
        If there are no sources or more than 255, the feather is out of its range, or the bounds are empty.

    See Also
    --------
    pointcloud.surface.mosaic : the method
    """
    if not 1 <= len(sources) <= mosaics.MOST:
        raise ParameterError("arrays.sources", count=len(sources), most=mosaics.MOST)
    if not mosaics.NARROWEST <= feather <= mosaics.WIDEST:
        least, most = mosaics.NARROWEST, mosaics.WIDEST
        raise ParameterError("params.range", name="feather", value=feather, least=least, most=most)
    best = sources[0]
    grid = best.grid
    if bounds:
        east, north = grid.origin
        box = window(bounds).shift(-east, -north).snap(grid.cell).shift(east, north)
        grid = Grid(box, grid.cell, grid.origin)
    system = best.crs or next((source.crs for source in sources if source.crs), None) or ""
    layers = [_Layer(source) for source in sources]
    heights, source = mosaics.compose(layers, grid, system, feather)
    return Raster(heights, grid, best.crs, best.name), Raster(source, grid, best.crs, "source")


class _Layer:
    """A raster as a layer of a mosaic; see :class:`pointcloud.surface.mosaic.Layer`."""

    def __init__(self, raster: Raster) -> None:
        grid = raster.grid
        self.raster, self.crs = raster, raster.crs or ""
        self.cell, self.origin, self.per_unit = grid.cell, grid.origin, grid.per_unit
        self.top, self.left = mosaics.first_cell(grid)

    def read(self, row: int, col: int, rows: int, cols: int) -> npt.NDArray[np.float64] | None:
        """Return a window of the raster, NaN beyond it."""
        return mosaics.pasted([(self.top, self.left, self.raster.array)], row, col, rows, cols)


def cs(terrain: Raster, params: CsParams = HYOGO_CS) -> Raster:
    """Return the CS relief map of a terrain model: red ridges, blue valleys, dark slopes.

    See Also
    --------
    pointcloud.relief.cs : the method
    """
    picture = relief.cs(terrain.array, terrain.resolution, params)
    return Raster(picture, terrain.grid, terrain.crs, "cs")


def picture(
    terrain: Raster, style: str, params: StyleParams | None = None, **settings: float | str
) -> Raster:
    """Return a terrain model in a style of relief, as a picture.

    Parameters
    ----------
    terrain : Raster
    style : str
        A name of :data:`pointcloud.params.styles.STYLES`: ``slope``, ``openness``, ``vat`` …
    params : StyleParams, optional
        All values of the style; those of the registry without.
    **settings : float or str
        Single values by name, in metres, degrees, 1/m: ``radius=20``.

    See Also
    --------
    pointcloud.relief : the methods
    """
    values = _style(style, params, settings)
    return replace(
        terrain, array=relief.picture(style, terrain.array, terrain.resolution, values), name=style
    )


def layer(terrain: Raster, style: str, params: StyleParams | None = None, **settings: float | str) -> Raster:
    """Return a terrain model in a style of relief, as numbers: slope in degrees, curvature in 1/m and so on.

    Arguments are those of :func:`picture`, for the styles that have a unit; NaN where the terrain has none.
    """
    values = _style(style, params, settings)
    return replace(terrain, array=relief.layer(style, terrain.array, terrain.resolution, values), name=style)


def _style(style: str, params: StyleParams | None, settings: dict[str, float | str]) -> StyleParams:
    if style not in STYLES:
        raise ParameterError("params.choice", name="style", value=style, choices=", ".join(STYLES))
    return changed_style(STYLES[style].params if params is None else params, settings)


def _params(points: PointCloud, resolution: float, **gaps: float) -> GridParams:
    """Return the cloud's parameters at another resolution."""
    fine = points.params.resolutions[0]
    nested = GridParams((fine, resolution))
    if nested.resolutions[-1] != fine:
        raise ParameterError("arrays.finer", resolution=resolution, finest=fine)
    return replace(points.params, resolutions=(resolution,), **gaps)  # type: ignore[arg-type]
