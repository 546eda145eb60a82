"""The height of the geoid at places in degrees: each point by itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import kernel

Doubles = npt.NDArray[np.float64]


@kernel
def undulations(
    lon: Doubles,
    lat: Doubles,
    corner: Doubles,
    heights: npt.NDArray[np.float32],
    out: Doubles,
) -> None:
    """Interpolate the geoid bilinearly, as PROJ's ``vgridshift`` does: of the four nodes, those that are known count.

    Parameters
    ----------
    lon, lat : float64 arrays (points,)
        Degrees.
    corner : float64 array (4,)
        Longitude and latitude of the south-western node, and the steps to the east and to the north, in degrees.
    heights : float32 array (rows, cols)
        Metres at the nodes, row 0 in the south; NaN where they are not known.
    out : float64 array (points,)
        Filled with metres; NaN outside the grid, or where none of the four is known.
    """
    rows, cols = heights.shape
    near = 1e-9  # of a step: a point on the outermost line of nodes is inside, whatever the rounding
    for i in range(lon.shape[0]):
        x, y = (lon[i] - corner[0]) / corner[2], (lat[i] - corner[1]) / corner[3]
        out[i] = np.nan
        if not (-near <= x <= cols - 1 + near and -near <= y <= rows - 1 + near):
            continue
        x, y = min(max(x, 0.0), cols - 1.0), min(max(y, 0.0), rows - 1.0)
        col, row = int(x), int(y)
        x -= col
        y -= row
        value = total = 0.0
        known = 0
        for k in range(4):
            right, up = k & 1, k >> 1
            height = heights[min(row + up, rows - 1), min(col + right, cols - 1)]
            if height == height:
                weight = (x if right else 1.0 - x) * (y if up else 1.0 - y)
                value += height * weight
                total += weight
                known += 1
        if known == 4:
            out[i] = value
        elif total > 0.0:
            out[i] = value / total
