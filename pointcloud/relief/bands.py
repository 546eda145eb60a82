"""A band of rows, from heights to smoothed heights, slope and curvature: what all reliefs begin with.

Bands bound the memory and are what threads share out. They leave no trace: every cell is computed from the
cells within its halo, in the same order, whatever the band.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import ParameterError
from pointcloud.kernels import planes, smooth, terrain

Floats = NDArray[np.float64]
Dem = NDArray[np.float32] | NDArray[np.float64]

ROWS = 64
"""Rows of a band: its arrays are 1 MB each at 2,000 columns; two smoothed rows more are 3 %."""


@dataclass(frozen=True, slots=True)
class Gaussian:
    """A Gaussian cut to a square window, on the cells of one resolution.

    Parameters
    ----------
    reach : int
        Cells from the centre to the side of the window.
    moments : (3, 2 reach + 1) array
        The weights g at the offsets k = -reach … reach, which sum to 1; k g; k² g.
    """

    reach: int
    moments: Floats

    @classmethod
    def of(cls, sigma: float, truncation: float, resolution: float) -> Gaussian:
        """Return the Gaussian with these lengths in metres, sampled at the cells' centres."""
        reach = reach_cells(sigma, truncation, resolution)
        k = np.arange(-reach, reach + 1, dtype=np.float64)
        raw = [math.exp(-0.5 * (float(d) * resolution / sigma) ** 2) if d else 1.0 for d in k]
        weights = np.array(raw) / math.fsum(raw)
        return cls(reach, np.array([weights, k * weights, k * k * weights]))


def reach_cells(sigma: float, truncation: float, resolution: float) -> int:
    """Return how many whole cells lie within the truncation, 0 where nothing is smoothed."""
    return math.floor(truncation / resolution + 1e-9) if sigma > 0.0 else 0


@dataclass(frozen=True, slots=True)
class Band:
    """Some rows of a relief.

    Parameters
    ----------
    rows : slice
        Which rows of the DEM.
    pad : (n + 2 m, cols + 2 m) array
        Their heights in float64 with a margin of m cells on each side; NaN at nodata and outside the DEM.
    smooth : (n + 2, cols + 2) array
        Smoothed heights, with a margin of one cell.
    steepness : (n, cols) array
        Squared tangent of the slope.
    curvature : (n, cols) array
        General curvature of the smoothed heights in 1/m.
    """

    rows: slice
    pad: Floats
    smooth: Floats
    steepness: Floats
    curvature: Floats

    @property
    def heights(self) -> Floats:
        """The heights without their margin, ``(n, cols)``."""
        rows, cols = self.steepness.shape
        margin = (self.pad.shape[0] - rows) // 2
        return self.pad[margin : margin + rows, margin : margin + cols]


class Workspace:
    """Room for one band, used again for the next: fresh pages cost up to 2 ns a cell, of 18.

    Parameters
    ----------
    cols : int
        Columns of the DEM.
    gaussian : Gaussian
        Smooths every band.
    """

    def __init__(self, cols: int, gaussian: Gaussian) -> None:
        margin = gaussian.reach + 1
        self.gaussian = gaussian
        self.pad = np.empty((ROWS + 2 * margin, cols + 2 * margin))
        self.columns = np.empty((ROWS + 2, cols + 2 * margin))
        self.smooth = np.empty((ROWS + 2, cols + 2))
        self.rank = np.empty((ROWS + 2, cols + 2), dtype=np.uint8)
        self.gradient = np.empty((2, ROWS + 2, cols + 2))
        self.steepness = np.empty((ROWS, cols))
        self.curvature = np.empty((ROWS, cols))

    def compute(self, dem: Dem, rows: slice, resolution: float) -> Band:
        """Return the band of these rows of ``dem``; it is good until the next call."""
        margin = self.gaussian.reach + 1
        count = rows.stop - rows.start
        pad, smoothed, rank = self.pad[: count + 2 * margin], self.smooth[: count + 2], self.rank[: count + 2]
        first, last = max(rows.start - margin, 0), min(rows.stop + margin, dem.shape[0])
        smooth.gather(_contiguous(dem[first:last]), rows.start - margin - first, -margin, pad)
        smooth.convolve(pad, self.gaussian.moments[0], self.columns[: count + 2], smoothed)
        if planes.mark(pad, smoothed, rank):
            self._fit(pad, smoothed, rank)
        steepness, curvature = self.steepness[:count], self.curvature[:count]
        terrain.steepness(pad, rank, self.gradient, resolution, steepness)
        terrain.curvature(pad, smoothed, rank, self.gradient, resolution, curvature)
        return Band(rows, pad, smoothed, steepness, curvature)

    def _fit(self, pad: Floats, smoothed: Floats, rank: NDArray[np.uint8]) -> None:
        mask, heights = np.empty_like(pad), np.empty_like(pad)
        planes.split(pad, mask, heights)
        moments = np.empty((14, pad.shape[1]))
        planes.fit(pad, mask, heights, self.gaussian.moments, moments, smoothed, rank, self.gradient)


def each_band(
    dem: Dem, resolution: float, gaussian: Gaussian, threads: int, use: Callable[[Band], None]
) -> None:
    """Hand every band of ``dem`` to ``use``, in up to ``threads`` threads.

    Raises
    ------
    ParameterError
        If ``threads`` is less than 1.
    """
    if threads < 1:
        raise ParameterError("relief.threads", value=threads)
    rows, cols = dem.shape
    tops = deque(range(0, rows, ROWS))

    def run() -> None:
        space = Workspace(cols, gaussian)
        while True:
            try:
                top = tops.popleft()
            except IndexError:
                return
            use(space.compute(dem, slice(top, min(top + ROWS, rows)), resolution))

    if threads == 1 or len(tops) < 2:
        run()
        return
    with ThreadPoolExecutor(max_workers=min(threads, len(tops))) as pool:
        for done in [pool.submit(run) for _ in range(min(threads, len(tops)))]:
            done.result()


def _contiguous(part: Dem) -> Dem:
    return part if part.flags.c_contiguous else part.copy()


def check_resolution(resolution: float) -> None:
    """Raise ParameterError unless the resolution is a length."""
    if not 0.0 < resolution < math.inf:
        raise ParameterError("relief.resolution", value=resolution)


def check_dem(dem: Dem) -> None:
    """Raise ParameterError unless ``dem`` is a two-dimensional array of native floats."""
    if dem.ndim != 2 or dem.dtype not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ParameterError("relief.array", dtype=dem.dtype, shape=dem.shape)
