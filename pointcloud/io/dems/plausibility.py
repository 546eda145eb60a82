"""What looks wrong with the heights of DEMs and does not keep them from being read: told once, as a warning."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import DataWarning
from pointcloud.io.remark import Remark

MARKS = (-9999.0, -32767.0, -32768.0, -99999.0, float(np.finfo(np.float32).min), -3.4e38)
"""Numbers that programs write for nodata; no ground is as low as the first of them."""

Window = tuple[int, int, int, int]
"""Top, left, bottom, right in cells of a file."""


class Doubts:
    """Looks at all heights that are read, and remembers what to warn of.

    Parameters
    ----------
    tell : callable
        Hears of each doubt; it warns by default.
    """

    def __init__(self, tell: Callable[[Remark], None] | None = None) -> None:
        self._tell = tell or warn
        self._marks: set[float] = set()
        self._held: set[Path] = set()
        self._void: dict[Path, Window] = {}

    def see(self, path: Path, window: Window, heights: NDArray[Any], void: NDArray[np.bool_]) -> None:
        """Look at a window of a file before its nodata, ``void``, is taken away; warn of marks of nodata in it."""
        if path not in self._held:
            if void.all():
                seen = self._void.get(path, window)
                pairs = zip((min, min, max, max), seen, window, strict=True)
                self._void[path] = tuple(pick(a, b) for pick, a, b in pairs)  # type: ignore[assignment]
                return
            self._held.add(path)
        if heights.min(initial=0.0, where=~void) > MARKS[0]:
            return
        for mark in MARKS:
            value = heights.dtype.type(mark)
            if mark not in self._marks and ((heights == value) & ~void).any():
                self._marks.add(mark)
                self._tell(Remark.of("dem.mark", path=path, mark=f"{float(value):.9g}"))

    def end(self, shapes: Sequence[tuple[Path, int, int]]) -> None:
        """Warn of files, given with rows and columns, that were read whole and hold no height."""
        empty = [
            path
            for path, rows, cols in shapes
            if path not in self._held and self._void.get(path) == (0, 0, rows, cols)
        ]
        if empty:
            more = f" (+{len(empty) - 1})" if len(empty) > 1 else ""
            self._tell(Remark.of("dem.all_void", path=f"{empty[0]}{more}"))


def warn(remark: Remark) -> None:
    """Give a remark to whoever hears the warnings of Python."""
    warnings.warn(DataWarning(str(remark)), stacklevel=3)
