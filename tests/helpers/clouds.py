"""Point clouds for tests, in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pointcloud.geo.lattice import Box
from pointcloud.io.spill.cloud import Cloud
from pointcloud.io.spill.reduce import Reducer
from pointcloud.io.spill.spill import Spill
from pointcloud.params.grid import GridParams

Array = npt.NDArray[Any]


def spill_of(
    e: Array,
    n: Array,
    z: Array,
    classes: Array | int = 2,
    params: GridParams | None = None,
    name: str = "points",
    *,
    all_ground: bool = False,
) -> Spill:
    """Reduce points (metres) to a spill in memory."""
    qe, qn, qz = (np.rint(np.asarray(v, np.float64) * 1e4).astype(np.int64) for v in (e, n, z))
    box = Box(int(qe.min()), int(qn.min()) - 1, int(qe.max()) + 1, int(qn.max()))
    reducer = Reducer(box, (params or GridParams((1.0, 0.5))).reduce, name=name, all_ground=all_ground)
    kinds = np.broadcast_to(np.asarray(classes, np.uint8), qe.shape).copy()
    half = len(qe) // 2
    for part in (slice(0, half), slice(half, None)):  # two chunks, so that chunks are always tested
        reducer.add(
            qe[part], qn[part], qz[part].astype(np.int32), kinds[part], np.zeros(len(qe[part]), np.uint8)
        )
    return reducer.finish(name, 0, name, synthetic=False)


def cloud_of(
    e: Array, n: Array, z: Array, classes: Array | int = 2, params: GridParams | None = None
) -> Cloud:
    """Return points (metres) as a cloud."""
    return Cloud([spill_of(e, n, z, classes, params)])


def scatter(
    rng: np.random.Generator, count: int, bounds: tuple[float, float, float, float]
) -> tuple[Array, Array]:
    """Return random places in a box W, S, E, N, whole millimetres."""
    west, south, east, north = bounds
    e = np.round(rng.uniform(west, east, count), 3)
    n = np.round(rng.uniform(south, north, count), 3)
    return e, n
