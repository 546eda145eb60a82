"""How far points lie along a line and beside it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pointcloud.kernels.jit import kernel


@kernel
def beside(
    e: NDArray[np.float64],
    n: NDArray[np.float64],
    vertices: NDArray[np.float64],
    starts: NDArray[np.float64],
    half: float,
    distance: NDArray[np.float64],
    offset: NDArray[np.float64],
    kept: NDArray[np.bool_],
) -> None:
    """Find the nearest place of a line for each point.

    Parameters
    ----------
    e, n : (points,)
        Metres from any origin.
    vertices : (vertices, 2)
        Of the line, from the same origin; no two that follow each other are equal.
    starts : (vertices,)
        Distance of each vertex along the line.
    half : float
        Farthest that a point may lie from the line, in metres; a point this far is still kept.
    distance, offset : (points,)
        Out: metres along the line of the nearest place, the first of several, and from there to the point, negative
        to the right of the line; for points that are kept.
    kept : (points,)
        Out: whether a point lies near enough, and neither before the line's begin nor beyond its end.
    """
    last = vertices.shape[0] - 2
    for p in range(e.size):
        best, along, side, past = math.inf, 0.0, 1.0, False
        for k in range(last + 1):
            de, dn = vertices[k + 1, 0] - vertices[k, 0], vertices[k + 1, 1] - vertices[k, 1]
            pe, pn = e[p] - vertices[k, 0], n[p] - vertices[k, 1]
            length = starts[k + 1] - starts[k]
            t = (pe * de + pn * dn) / (length * length)
            held = min(max(t, 0.0), 1.0)
            re, rn = pe - held * de, pn - held * dn
            square = re * re + rn * rn
            if square < best:
                best, along = square, starts[k] + held * length
                side = 1.0 if de * pn - dn * pe >= 0.0 else -1.0
                past = (k == 0 and t < 0.0) or (k == last and t > 1.0)
        far = math.sqrt(best)
        distance[p], offset[p] = along, side * far
        kept[p] = not past and far <= half
