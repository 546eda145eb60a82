"""Rasters from arrays of points, in memory, without files: what a notebook uses.

>>> import pointcloud as pc
>>> cloud = pc.cloud(e, n, z, classification)      # doctest: +SKIP
>>> dem = pc.dem(cloud, resolution=0.5)            # doctest: +SKIP
>>> relief = pc.cs(dem)                            # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pointcloud import pipeline, relief
from pointcloud.api.raster import Raster
from pointcloud.errors import DataWarning, ParameterError
from pointcloud.geo import crs as crs_room
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, Grid
from pointcloud.io.clouds.crs import in_one
from pointcloud.io.clouds.readers import read_header
from pointcloud.io.spill.cloud import Cloud
from pointcloud.io.spill.reduce import Reducer
from pointcloud.params.csmap import CsParams
from pointcloud.params.grid import HYOGO_CS, QUALITY_BANDS, USUAL_PRODUCTS, VOID, GridParams
from pointcloud.params.styles import STYLES, StyleParams
from pointcloud.params.styles import changed as changed_style
from pointcloud.surface import mosaic as mosaics

_CHUNK = 1_000_000
_PRODUCTS = (*USUAL_PRODUCTS, "quality")  # what may be asked later decides what is kept of the points


class PointCloud:
    """Points reduced to the lattice: what rasters are made from.

    Made by :func:`cloud` or :func:`read`. The points themselves are not kept: the highest of each cell of
    ``resolution`` is, and every ground point.
    """

    def __init__(self, cloud: Cloud, params: GridParams, crs: str | None) -> None:
        self._cloud, self.params, self.crs = cloud, params, crs

    @property
    def box(self) -> Box:
        """What the points cover."""
        return self._cloud.extent

    def rasters(self, params: GridParams, bounds: tuple[float, float, float, float] | None) -> list[Raster]:
        """Return what ``params`` ask for, over ``bounds`` (W, S, E, N in metres) or all points."""
        box = (_window(bounds) if bounds else self.box).snap(params.cells[0])
        with ThreadPoolExecutor() as pool:
            made = list(pipeline.make(box, self._cloud, params, pool))
        return [
            Raster(_or_nothing(item.array, item.grid, item.product), item.grid, self.crs, item.product)
            for item in made
        ]


def _window(bounds: tuple[float, float, float, float]) -> Box:
    box = Box.from_metres(*bounds) if all(map(math.isfinite, bounds)) else Box(0, 0, 0, 0)
    if box.empty:
        raise ParameterError("arrays.bounds", bounds=", ".join(f"{edge:g}" for edge in bounds))
    return box


def _or_nothing(array: npt.NDArray[np.generic] | None, grid: Grid, product: str) -> npt.NDArray[np.generic]:
    if array is not None:
        return array
    if product in STYLES:
        return np.zeros((*grid.shape, 4), np.uint8)
    bands = (len(QUALITY_BANDS),) if product == "quality" else ()
    out = np.full((*grid.shape, *bands), np.nan, np.float32)
    if bands:
        out[..., 0] = VOID
    return out


def cloud(
    e: npt.ArrayLike,
    n: npt.ArrayLike,
    z: npt.ArrayLike,
    classification: npt.ArrayLike | None = None,
    *,
    resolution: float = 0.5,
    ground_classes: tuple[int, ...] = (2,),
    excluded_classes: tuple[int, ...] = (7, 18),
    crs: str | None = None,
) -> PointCloud:
    """Return a cloud of points in memory.

    Parameters
    ----------
    e, n, z : array_like (points,)
        Easting, northing and height in metres; brought to 0.1 mm, half to even.
    classification : array_like (points,), optional
        LAS classes; without them every point is ground.
    resolution : float
        Finest cell, in metres, that rasters will be asked for.
    ground_classes, excluded_classes : tuple of int
        Classes that are ground, and classes that are not used.
    crs : str, optional
        Passed on to the rasters.

    Raises
    ------
    ParameterError
        If the arrays differ in length, are empty, or hold values that are not finite, or classes beyond 0 to 255.
    """
    east, north, up = (np.asarray(values, np.float64).ravel() for values in (e, n, z))
    if not len(east) == len(north) == len(up) or not len(east):
        raise ParameterError("arrays.length", e=len(east), n=len(north), z=len(up))
    most = 2**31 / QUANTA_PER_METRE
    if not (np.isfinite(east).all() and np.isfinite(north).all() and (np.abs(up) < most).all()):
        raise ParameterError("arrays.finite")
    if max(np.abs(east).max(), np.abs(north).max()) > 1e9:
        raise ParameterError("arrays.finite")
    params = GridParams((resolution,), _PRODUCTS, ground_classes, excluded_classes)
    classes = np.zeros(len(east), np.uint8) if classification is None else _classes(classification)
    if len(classes) != len(east):
        raise ParameterError("arrays.length", e=len(east), n=len(north), z=len(classes))
    qe, qn, qz = (np.rint(values * QUANTA_PER_METRE).astype(np.int64) for values in (east, north, up))
    box = Box(int(qe.min()), int(qn.min()) - 1, int(qe.max()) + 1, int(qn.max()))
    reducer = Reducer(box, params.reduce, name="points", all_ground=classification is None)
    kept = np.zeros(_CHUNK, np.uint8)
    for start in range(0, len(qe), _CHUNK):
        part = slice(start, start + _CHUNK)
        count = len(qe[part])
        reducer.add(qe[part], qn[part], qz[part].astype(np.int32), classes[part], kept[:count])
    digest = hashlib.sha256(qe.tobytes() + qn.tobytes() + qz.tobytes() + classes.tobytes()).hexdigest()
    spill = reducer.finish("points", qe.nbytes * 3 + classes.nbytes, digest, synthetic=False)
    return PointCloud(Cloud([spill]), params, crs)


def _classes(classification: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    values = np.asarray(classification).ravel()
    if values.dtype.kind not in "biuf" or not ((values >= 0) & (values <= 255) & (values % 1 == 0)).all():
        raise ParameterError("arrays.classes")
    return values.astype(np.uint8)


def read(
    *paths: str | Path,
    ground: Sequence[str | Path] = (),
    resolution: float = 0.5,
    ground_classes: tuple[int, ...] = (2,),
    excluded_classes: tuple[int, ...] = (7, 18),
    crs: str | None = None,
    to_crs: str | None = None,
) -> PointCloud:
    """Return the cloud of LAS, LAZ or COPC files.

    Parameters
    ----------
    *paths : str or Path
    ground : sequence of str or Path
        Files whose every point is ground, whatever its class (separate ground deliveries).
    resolution : float
        Finest cell, in metres, that rasters will be asked for.
    ground_classes, excluded_classes : tuple of int
        Classes that are ground, and classes that are not used.
    crs : str, optional
        Of files that state none: ``EPSG:6668``, or a zone such as ``5``.
    to_crs : str, optional
        Zone or code that files in another CRS are read into; see :mod:`pointcloud.geo.transform` for which can be.

    Raises
    ------
    ParameterError
        If no file is named.
    FileError
        If a file is damaged.
    CrsError
        If a file is not in metres, two files differ in place, or one cannot be read into ``to_crs``.
    """
    params = GridParams((resolution,), _PRODUCTS, ground_classes, excluded_classes)
    given = [read_header(path) for path in (*paths, *ground)]
    if not given:
        raise ParameterError("arrays.no_file")
    assumed, target = (crs_room.from_user(text) if text else None for text in (crs, to_crs))
    headers, common, remarks = in_one(given, assumed, target)
    for remark in remarks:
        warnings.warn(DataWarning(str(remark)), stacklevel=2)
    spills = [
        pipeline.reduce(header, params.reduce, all_ground=header.all_ground or number >= len(paths))
        for number, header in enumerate(headers)
    ]
    return PointCloud(Cloud(spills), params, common)


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
        box = _window(bounds).shift(-east, -north).snap(grid.cell).shift(east, north)
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
