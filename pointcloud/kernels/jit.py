"""The one way a kernel is compiled.

Compiled kernels are cached on disk in a folder named by the package's version and a hash of every kernel's source:
Numba itself does not notice when a kernel that another one inlines has changed. Where no folder can be written,
kernels are compiled anew in each process.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numba
import numpy as np

from pointcloud.machine.cachedir import cache_root

P = ParamSpec("P")
R = TypeVar("R")

Int: TypeAlias = int | np.signedinteger[Any]
"""A whole number in a kernel: NumPy's where it comes from an array, Python's where the JIT is off."""


@cache
def cache_folder() -> Path | None:
    """Return the folder that holds the compiled kernels, or ``None`` where none can be written."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    digest.update(f"{numba.__version__} boundscheck={numba.config.BOUNDSCHECK}".encode())
    folder = cache_root() / f"kernels-{digest.hexdigest()[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return None
    return folder


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` on its first use: without the GIL, IEEE division, cached where possible.

    ``fastmath`` is never set: NaN and the order of sums carry meaning here.
    """
    return _compiled(function)


def inner(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel that other kernels call millions of times, and that makes no array.

    Numba counts references to the arrays that a function gets, unless it is told that none can be made in it. With that
    terrain of two points a square metre takes a quarter longer.
    """
    return _compiled(function, _nrt=False)


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile an :func:`inner` kernel into those that call it: for one so short that passing its arguments counts."""
    return _compiled(function, _nrt=False, forceinline=True)


def _compiled(function: Callable[P, R], **options: bool) -> Callable[P, R]:
    folder = cache_folder()
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder or "")
    try:
        compiled: Callable[P, R] = numba.njit(
            nogil=True, error_model="numpy", cache=folder is not None, boundscheck=None, **options
        )(function)
    finally:
        numba.config.CACHE_DIR = before
    return compiled
