"""Local relief and local dominance: how a place stands out of what lies around it, as numbers.

Arguments, results and errors are those of :mod:`pointcloud.relief.derivatives`; radii are metres.
"""

from __future__ import annotations

import math

import numpy as np

from pointcloud.kernels.relief import horizon
from pointcloud.params.styles import Smoothing, Stand, Trend
from pointcloud.relief.bands import Band, Dem, Floats
from pointcloud.relief.derivatives import over_bands
from pointcloud.relief.rays import Ints, along, cells


def trend(params: Trend) -> Smoothing:
    """Return the Gaussian that stands for a radius.

    Its variance is that of a disc of the radius, so it levels the same wavelengths; unlike a box it draws no
    squares around what is steep.
    """
    return Smoothing(params.radius / 2.0, 2.0 * params.radius)


def local_relief(dem: Dem, resolution: float, *, radius: float = 20.0, threads: int = 1) -> Floats:
    """Return the local relief (局所起伏) in metres: how much higher a place lies than the trend of its surroundings.

    z - z̄, where z̄ is the DEM smoothed with a Gaussian of σ = radius / 2, beside nodata its weighted plane: the first
    two steps of Hesse (2010), "LiDAR-derived Local Relief Models", Archaeol. Prospect. 17, 67-72, known as the simple
    local relief model.
    """
    cells(radius, resolution)

    def write(band: Band, out: Floats) -> None:
        np.subtract(band.heights, band.smooth[1:-1, 1:-1], out=out)

    return over_bands(dem, resolution, write, smoothing=trend(Trend(radius)), threads=threads)


def stand_offsets(params: Stand, resolution: float) -> tuple[Ints, Ints]:
    """Return the offsets in cells, to the south and to the east, of the ring that is looked at."""
    last = cells(params.outer, resolution)
    first = min(max(1, math.ceil(params.inner / resolution - 1e-9)), last)
    found = [
        offset
        for k in range(params.directions)
        for offset in along(360.0 * k / params.directions, first, last)
    ]
    south, east = np.array(found, np.int64).T.copy()
    return south, east


def local_dominance(
    dem: Dem,
    resolution: float,
    *,
    inner: float = 10.0,
    outer: float = 20.0,
    observer: float = 1.7,
    directions: int = 16,
    threads: int = 1,
) -> Floats:
    """Return the local dominance (局所卓越度): how steeply an observer looks down on the ring around; level ground 1.

    A ratio without unit. Hesse (2016), "Visualisierung hochauflösender digitaler Geländemodelle mit LiVT": the mean
    tangent of the angles at which eyes ``observer`` metres above the ground look down on the ground between ``inner``
    and ``outer`` metres, 0 for what lies above them, weighted with the distance (the area that a sample stands for),
    over that of level ground. That is the mean of max(0, 1 + (z - zᵢ) / observer) along the directions.
    """
    params = Stand(inner, outer, observer, directions)
    south, east = stand_offsets(params, resolution)
    margin = int(max(np.abs(south).max(), np.abs(east).max()))

    def write(band: Band, out: Floats) -> None:
        horizon.stand(band.wide(margin), south, east, resolution, params.observer, band.trends(), out)

    return over_bands(dem, resolution, write, threads=threads)
