"""Compiling the kernels once, before several processes would each do it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pointcloud import pipeline
from pointcloud.io.cloud import Cloud
from pointcloud.io.reduce import Reducer
from pointcloud.io.remark import Remark
from pointcloud.kernels.jit import cache_folder
from pointcloud.lattice import QUANTA_PER_METRE, Box
from pointcloud.params import USUAL_PRODUCTS, GridParams

_SIDE = 60
_DONE = "warm"


def warm(tell: Callable[[Remark], None]) -> None:
    """Make a tiny sheet of everything, unless the cache already holds what that compiles.

    Where no cache can be written each process compiles for itself, and the user is told.
    """
    folder = cache_folder()
    if folder is None:
        tell(Remark.of("run.no_cache"))
        return
    if (folder / _DONE).exists():
        return
    tell(Remark.of("run.compiling"))
    params = GridParams((1.0, 0.5), (*USUAL_PRODUCTS, "quality"))
    box = Box.from_metres(0, 0, _SIDE, _SIDE)
    reducer = Reducer(box, params.reduce)
    rng = np.random.default_rng(0)
    places = rng.integers(1, _SIDE * QUANTA_PER_METRE, (2, 4 * _SIDE * _SIDE))
    dry = np.hypot(*(places / QUANTA_PER_METRE - _SIDE / 2)) > 12  # a pond, so that there is something void
    e, n = (values[dry].astype(np.int64) for values in places)
    z = rng.integers(0, 10 * QUANTA_PER_METRE, len(e)).astype(np.int32)
    reducer.add(e, n, z, np.full(len(e), 2, np.uint8) + (z % 3 == 0), np.zeros(len(e), np.bool_))
    cloud = Cloud([reducer.finish("warm", 0, "", synthetic=True)])
    for _ in pipeline.make(box, cloud, params):
        pass
    (folder / _DONE).touch()
