"""The layers of a CS relief map, as numbers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pointcloud.params.csmap import CsParams
from pointcloud.params.grid import HYOGO_CS
from pointcloud.relief.bands import Band, Dem, Floats, Gaussian, check_dem, check_resolution, each_band


class Layers(NamedTuple):
    """What a CS relief map shows; float64 arrays ``(rows, cols)``, NaN exactly where the DEM is nodata.

    Attributes
    ----------
    smoothed : array
        The DEM smoothed with the Gaussian, in metres; beside nodata, the height of the Gaussian-weighted
        least-squares plane over the valid cells of the window.
    slope : array
        Slope of the DEM itself in degrees, by Horn (1981); beside nodata, of the least-squares plane that
        Horn's weights describe, over the valid cells.
    curvature : array
        General curvature -(z_xx + z_yy) of ``smoothed`` in 1/m, positive where convex. ArcGIS's *Curvature*
        has the same sign and is 100 times this.
    """

    smoothed: Floats
    slope: Floats
    curvature: Floats


def layers(dem: Dem, resolution: float, params: CsParams = HYOGO_CS, *, threads: int = 1) -> Layers:
    """Return smoothed DEM, slope and curvature.

    Parameters
    ----------
    dem : (rows, cols) array of float32 or float64
        Heights in metres, NaN (or infinity) at nodata, row 0 in the north. Its edge counts as nodata.
    resolution : float
        Side of a cell in metres.
    params : CsParams
        Its lengths are used.
    threads : int
        Bands of rows are shared out to so many threads; the result does not depend on it.

    Raises
    ------
    ParameterError
        If ``dem`` has another shape or type, the resolution is not positive, or ``threads`` is below 1.
    """
    check_dem(dem)
    check_resolution(resolution)
    result = Layers(*(np.empty(dem.shape) for _ in Layers._fields))

    def use(band: Band) -> None:
        smoothed = band.smooth[1:-1, 1:-1]
        result.smoothed[band.rows] = np.where(np.isnan(band.heights), np.nan, smoothed)
        result.slope[band.rows] = np.degrees(np.arctan(np.sqrt(band.steepness())))
        result.curvature[band.rows] = band.curvature()

    each_band(dem, resolution, Gaussian.of(params.sigma, params.truncation, resolution), threads, use)
    return result
