"""What a point and a cell cost on this computer, from a short trial on the delivery itself, or on made-up points."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud import pipeline
from pointcloud.geo.lattice import Box, quanta
from pointcloud.io import names
from pointcloud.io.cloudheader import CloudHeader
from pointcloud.io.clouds import readers
from pointcloud.io.rasters import cog
from pointcloud.io.spill.cloud import Cloud
from pointcloud.io.spill.reduce import Reducer
from pointcloud.io.spill.spill import Spill
from pointcloud.params.grid import GridParams

Array = npt.NDArray[Any]

_POINTS = 1_000_000  # read for the trial
_FEW = 1_000
_SIDE = 300.0  # metres: the window that is made of them, at most
_THIN = 4  # of so many points one is used in the second trial, which tells points from cells
_RUNS = 2  # of which the faster counts: the other was held up by something else


@dataclass(frozen=True)
class Rates:
    """What things cost.

    Parameters
    ----------
    decode : float
        CPU-seconds to read, hash and reduce one point.
    point : float
        CPU-seconds that a ground point takes in the making of a sheet.
    area : float
        CPU-seconds that a square metre takes in it, whatever lies on it: of the sheet and of its halo.
    ground : float
        Share of the points that is ground.
    bytes : dict of str to float
        Size of a raster by folder (``DEM_1g``), in bytes a square metre.
    """

    decode: float
    point: float
    area: float
    ground: float
    bytes: dict[str, float]


def calibrate(params: GridParams, headers: Sequence[CloudHeader], density: float) -> Rates:
    """Return what things cost, from the first million points of the median file.

    Parameters
    ----------
    params : GridParams
    headers : sequence of CloudHeader
        The delivery; empty if there is none yet.
    density : float
        Points a square metre of the made-up points that are used if there is no delivery.

    Raises
    ------
    FileError
        If the file that is read is damaged.
    """
    if headers:
        return _measure(params, sorted(headers, key=lambda header: header.count)[len(headers) // 2])
    with tempfile.TemporaryDirectory(prefix="hyogo-pc-") as folder:
        path = Path(folder) / "points.laz"
        _write_points(path, density)
        return _measure(params, readers.read_header(path))


def _measure(params: GridParams, header: CloudHeader) -> Rates:
    first = next(
        readers.iter_points(header, chunk=_FEW, parallel=False)
    )  # loads the kernels, which is not to be timed
    _reduced(params, (first.e, first.n, first.z, first.classification, first.withheld))
    decode = math.inf
    for _ in range(_RUNS):
        start = time.process_time()
        chunk = next(readers.iter_points(header, chunk=_POINTS, parallel=False))
        columns = (chunk.e, chunk.n, chunk.z, chunk.classification, chunk.withheld)
        whole = _reduced(params, columns)
        decode = min(decode, (time.process_time() - start) / chunk.count)
    thin = _reduced(params, [np.ascontiguousarray(column[::_THIN]) for column in columns])
    window = _window(params, chunk.e, chunk.n)
    seconds, sizes = _trial(params, whole, window)
    less, _ = _trial(params, thin, window)
    worked = pipeline.terrain_window(window, params)
    many, few = (Cloud([spill]).count(worked) for spill in (whole, thin))
    point = max(seconds - less, 0.0) / max(many - few, 1)
    per_area = max(seconds - point * many, 0.0) / worked.area
    share = whole.info.ground / max(whole.info.points, 1)
    stored = {folder: size / window.area for folder, size in sizes.items()}
    return Rates(decode, point, per_area, share, stored)


def _reduced(params: GridParams, columns: Sequence[Array]) -> Spill:
    e, n = columns[0], columns[1]
    box = Box(int(e.min()), int(n.min()) - 1, int(e.max()) + 1, int(n.max()))
    reducer = Reducer(box, params.reduce)
    reducer.add(*columns)
    return reducer.finish("trial", 0, "", synthetic=False)


def _window(params: GridParams, e: Array, n: Array) -> Box:
    """Return a square of whole cells about the middle of the points: flight lines do not fill their box."""
    coarse = params.cells[0]
    east, north = (int(np.median(values)) // coarse * coarse for values in (e, n))
    reach = min(quanta(_SIDE), int(e.max() - e.min()), int(n.max() - n.min())) // 2 // coarse * coarse
    reach = max(reach, coarse)
    return Box(east - reach, north - reach, east + reach, north + reach)


def _trial(params: GridParams, spill: Spill, window: Box) -> tuple[float, dict[str, int]]:
    """Return the CPU-seconds to make and encode the rasters of a window, and their sizes."""
    seconds = []
    sizes: dict[str, int] = {}
    for _ in range(_RUNS):
        start = time.process_time()
        for made in pipeline.make(window, Cloud([spill]), params):
            if made.array is not None:
                data = cog.encode(made.array, made.grid, None, tags={}, compress=params.compress)
                sizes[names.folder(made.product, made.grid.resolution)] = len(data)
        seconds.append(time.process_time() - start)
    return min(seconds), sizes


def _write_points(path: Path, density: float) -> None:
    """Write hills under trees, half of whose points are ground, so dense."""
    import laspy

    rng = np.random.default_rng(0)
    count = _POINTS // 2
    side = (count / density) ** 0.5
    line = np.sort(rng.uniform(0, side, count))  # in the order of flight
    across = rng.uniform(0, side, count)
    ground = rng.random(count) < 0.5
    height = 200 + 20 * np.sin(line / 40) * np.cos(across / 30) + rng.normal(0, 0.05, count)
    cloud = laspy.LasData(laspy.LasHeader(version="1.4", point_format=6))
    cloud.header.scales = np.full(3, 0.001)
    cloud.x, cloud.y = line, across
    cloud.z = height + np.where(ground, 0.0, rng.uniform(0.5, 20.0, count))
    cloud.classification = np.where(ground, 2, 5).astype(np.uint8)
    cloud.return_number = np.ones(count, np.uint8)
    cloud.write(path)
