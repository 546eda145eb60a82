"""Compiling the kernels once, before several processes would each do it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from pointcloud import pipeline
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box
from pointcloud.io.rasters.pyramid import HEIGHTS, PICTURE, halved
from pointcloud.io.remark import Remark
from pointcloud.io.spill.cloud import Cloud
from pointcloud.io.spill.reduce import Reducer
from pointcloud.kernels.jit import cache_folder
from pointcloud.params.grid import PRODUCTS, USUAL_PRODUCTS, GridParams

_SIDE = 60


def warm(tell: Callable[[Remark], None], params: GridParams) -> None:
    """Make a tiny sheet of all that is usual and all that a run asks for, unless that was compiled before.

    Where no cache can be written each process compiles for itself, and the user is told.
    """
    folder = cache_folder()
    if folder is None:
        tell(Remark.of("run.no_cache"))
        return
    wanted = {*USUAL_PRODUCTS, "quality", *params.products}
    products = tuple(product for product in PRODUCTS if product in wanted)
    names = " ".join((*products, "classify") if params.classify else products)
    done = folder / f"warm-{hashlib.sha256(names.encode()).hexdigest()[:8]}"
    if done.exists():
        return
    tell(Remark.of("run.compiling"))
    params = GridParams((1.0, 0.5), products, classify=params.classify)
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
    for content in (HEIGHTS, PICTURE):
        halved(np.zeros((2, 2, content.bands), content.dtype), content)
    with suppress(OSError):  # a full disk: compiled again the next time
        done.touch()


def warm_up(params: GridParams) -> None:
    """Compile the kernels of a run on another machine, unless that was done before."""
    warm(lambda _: None, params)
