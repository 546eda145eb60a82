"""Rasters that are kept open while windows of them are read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from pointcloud.io import raster

_MOST = 16
CACHE = 64 * 1024**2
"""Bytes of blocks that GDAL keeps of them."""


class OpenFiles:
    """The rasters that were used last, opened on demand and closed at the end; for a single thread.

    Parameters
    ----------
    opener : callable
        Opens a raster; what it raises goes through.
    settings : mapping
        GDAL's, that hold until the end.
    """

    def __init__(self, opener: Callable[[Path], Any], settings: Mapping[str, object]) -> None:
        self._opener = opener
        self._open: OrderedDict[Path, Any] = OrderedDict()
        self._env = raster.environment({"GDAL_CACHEMAX": CACHE, **settings})

    def __enter__(self) -> OpenFiles:
        self._env.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._open:
            self._open.popitem()[1].close()
        self._env.__exit__(kind, error, trace)

    def __getitem__(self, path: Path) -> Any:
        """Return the open raster of a path."""
        if path not in self._open:
            if len(self._open) >= _MOST:
                self._open.popitem(last=False)[1].close()
            self._open[path] = self._opener(path)
        self._open.move_to_end(path)
        return self._open[path]
