"""The one way a kernel is compiled.

Compiled kernels are cached on disk in a folder named by the package's version and a hash of every kernel's source:
Numba itself does not notice when a kernel that another one inlines has changed. Where no folder can be written,
kernels are compiled anew in each process. What a cache holds is checked: a file that was cut or changed, by a full
disk or a lost connection, is thrown away, and the kernel compiled again.
"""

from __future__ import annotations

import hashlib
import pickle
import tempfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numba
import numpy as np
from numba.core import caching

from pointcloud.machine.cachedir import cache_root

P = ParamSpec("P")
R = TypeVar("R")

Int: TypeAlias = int | np.signedinteger[Any]
"""A whole number in a kernel: NumPy's where it comes from an array, Python's where the JIT is off."""


@cache
def cache_folder() -> Path | None:
    """Return the folder that holds the compiled kernels, or ``None`` where none can be written."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for source in sorted(here.rglob("*.py")):
        digest.update(f"{source.relative_to(here).as_posix()} ".encode() + source.read_bytes())
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


class _Checked(caching.IndexDataCacheFile):  # type: ignore[misc]
    """The files of one kernel's cache; each compiled form has its checksum before it."""

    def _load_data(self, name: str) -> Any:
        data = Path(self._data_path(name)).read_bytes()
        if zlib.crc32(data[4:]) != int.from_bytes(data[:4], "little"):
            raise ValueError(f"{name} is damaged")
        return pickle.loads(data[4:])

    def _save_data(self, name: str, data: Any) -> None:
        dumped = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(zlib.crc32(dumped).to_bytes(4, "little"))
            file.write(dumped)


class _Cache(caching.FunctionCache):  # type: ignore[misc]
    """A cache that never keeps a kernel from being compiled: what it cannot load or keep is compiled again."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file: Any = _Checked(self._cache_path, self._impl.filename_base, stamp)

    def load_overload(self, signature: Any, context: Any) -> Any:
        """Return the compiled form of a signature, ``None`` if there is none that is whole."""
        try:
            return super().load_overload(signature, context)
        except Exception:  # of pickle, of LLVM: whatever a damaged file leads to
            self._throw_away()
            return None

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep a compiled form, where there is room."""
        with suppress(Exception):
            super().save_overload(signature, compiled)

    def _throw_away(self) -> None:
        with suppress(OSError):
            Path(self._cache_file._index_path).unlink(missing_ok=True)


def _compiled(function: Callable[P, R], **options: bool) -> Callable[P, R]:
    compiled: Callable[P, R] = numba.njit(nogil=True, error_model="numpy", boundscheck=None, **options)(
        function
    )
    folder = cache_folder()
    if folder is None or compiled is function:  # no place for one, or no JIT
        return compiled
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder)
    try:
        with suppress(RuntimeError, OSError):  # its folder cannot be written any more
            vars(compiled)["_cache"] = _Cache(function)
    finally:
        numba.config.CACHE_DIR = before
    return compiled
