"""CS relief map (CS立体図): curvature and slope, seen at once.

Method: Toda Kenichiro, Nagano Prefecture Forestry Research Center, 2012 (砂防学会誌 65(2)) and 2014
(日本森林学会誌 56(2)). Lengths are metres and ranges are fixed, so that resolutions look alike and
sheets match. The layers are summed in floating point and rounded to 8 bits once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import ParameterError
from pointcloud.kernels.relief import blend
from pointcloud.kernels.relief.slope import CENTRAL, HORN
from pointcloud.params.csmap import CsParams
from pointcloud.params.grid import HYOGO_CS
from pointcloud.relief import ramps
from pointcloud.relief.bands import (
    Band,
    Dem,
    Gaussian,
    check_dem,
    check_resolution,
    each_band,
)

Rgba = NDArray[np.uint8]


def cs(
    dem: Dem,
    resolution: float,
    params: CsParams = HYOGO_CS,
    *,
    out: Rgba | None = None,
    threads: int = 1,
) -> Rgba:
    """Return the CS relief map (CS立体図) of a DEM: colours, red where convex, blue where concave, dark where steep.

    Σ wᵢ cᵢ(xᵢ), rounded to 8 bits once: each layer i takes its colour c from a ramp over height (m), slope (degrees,
    Horn 1981) or the curvature of the smoothed DEM (1/m), and the weights w sum to 1. Toda (2012), 砂防学会誌 65(2);
    (2014), 日本森林学会誌 56(2).

    Parameters
    ----------
    dem : (rows, cols) array of float32 or float64
        Heights in metres, NaN (or infinity) at nodata, row 0 in the north. Its edge counts as nodata: give
        :func:`pointcloud.relief.halo` cells more on each side and cut them off where the terrain goes on.
    resolution : float
        Side of a cell in metres.
    params : CsParams
        Lengths, ranges, colours and weights.
    out : (rows, cols, 4) array of uint8, optional
        Receives the result; contiguous.
    threads : int
        Bands of rows are shared out to so many threads; the result does not depend on it.

    Returns
    -------
    (rows, cols, 4) array of uint8
        Red, green, blue, alpha; alpha is 255 where the DEM is finite, and all four are 0 elsewhere.

    Raises
    ------
    ParameterError
        If an array has another shape or type, the resolution is not positive, or ``threads`` is below 1.
    """
    check_dem(dem)
    check_resolution(resolution)
    wanted = (*dem.shape, 4)
    if out is None:
        out = np.empty(wanted, dtype=np.uint8)
    if out.shape != wanted or out.dtype != np.uint8 or not out.flags.c_contiguous:
        raise ParameterError("relief.out", dtype=out.dtype, shape=out.shape, wanted=wanted)
    packed: NDArray[np.uint32] = out.view("<u4")[:, :, 0]
    base = ramps.base(params) - (0.5 if params.rounding == "down" else 0.0)
    side = HORN if params.gradient == "horn" else CENTRAL
    elevation, slope, bend = (ramps.steps(s) for s in (params.elevation, params.slope, params.curvature))

    def use(band: Band) -> None:
        work = np.empty((4, blend.STRIP))
        steepness, curvature, part = band.steepness(side), band.curvature(), packed[band.rows]
        blend.blend(band.pad, steepness, curvature, base, elevation, slope, bend, work, part)

    each_band(dem, resolution, Gaussian.of(params.sigma, params.truncation, resolution), threads, use)
    return out
