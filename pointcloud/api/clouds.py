"""Points in memory, reduced to the lattice: what a notebook makes rasters from."""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pointcloud import pipeline
from pointcloud.api.raster import Raster
from pointcloud.errors import DataWarning, ParameterError
from pointcloud.geo import crs as crs_room
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, Grid
from pointcloud.io.clouds.crs import in_one
from pointcloud.io.clouds.readers import read_header
from pointcloud.io.spill.cloud import Cloud
from pointcloud.io.spill.reduce import Reducer
from pointcloud.params.grid import QUALITY_BANDS, USUAL_PRODUCTS, VOID, GridParams
from pointcloud.params.styles import STYLES

_CHUNK = 1_000_000
_PRODUCTS = (
    *USUAL_PRODUCTS,
    "quality",
)  # what may be asked of a cloud later decides what is kept of its points


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
        box = (window(bounds) if bounds else self.box).snap(params.cells[0])
        with ThreadPoolExecutor() as pool:
            made = list(pipeline.make(box, self._cloud, params, pool))
        return [
            Raster(_or_nothing(item.array, item.grid, item.product), item.grid, self.crs, item.product)
            for item in made
        ]


def window(bounds: tuple[float, float, float, float]) -> Box:
    """Return bounds in metres as a box."""
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
    columns: str = "",
    crs: str | None = None,
    to_crs: str | None = None,
) -> PointCloud:
    """Return the cloud of LAS, LAZ or COPC files, or texts of points.

    Parameters
    ----------
    *paths : str or Path
    ground : sequence of str or Path
        Files whose every point is ground, whatever its class (separate ground deliveries).
    resolution : float
        Finest cell, in metres, that rasters will be asked for.
    ground_classes, excluded_classes : tuple of int
        Classes that are ground, and classes that are not used.
    columns : str
        What the columns of texts of points are, ``x y z class``; empty to tell it by their values.
    crs : str, optional
        Of files that state none: ``EPSG:6668``, or a zone such as ``5``.
    to_crs : str, optional
        Read files that are in another CRS into this one, point by point: a zone such as ``5``, or a code. See
        :mod:`pointcloud.geo.transform` for what can be brought into what.

    Raises
    ------
    ParameterError
        If no file is named.
    FileError
        If a file is damaged.
    CrsError
        If a file is not in metres, or two files are in CRSs that differ in place; with ``to_crs``, if a file cannot be
        brought into it.
    """
    params = GridParams((resolution,), _PRODUCTS, ground_classes, excluded_classes)
    given = [read_header(path, columns=columns) for path in (*paths, *ground)]
    if not given:
        raise ParameterError("arrays.no_file")
    assumed, target = (crs_room.from_user(text) if text else None for text in (crs, to_crs))
    headers, common, remarks = in_one(given, assumed, target)
    doubts = (remark for header in given for remark in header.warnings if remark.message.startswith("doubt."))
    for remark in (*doubts, *remarks):
        warnings.warn(DataWarning(str(remark)), stacklevel=2)
    spills = [
        pipeline.reduce(header, params.reduce, all_ground=header.all_ground or number >= len(paths))
        for number, header in enumerate(headers)
    ]
    return PointCloud(Cloud(spills), params, common)
