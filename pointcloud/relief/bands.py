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
from pointcloud.kernels.relief import curvature, gaussian, local_planes, slope

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
    """Some rows of a DEM, and what is computed of them when it is asked for.

    Its arrays are good until the next band of the same workspace.

    Parameters
    ----------
    rows : slice
        Which rows of the DEM.
    space : Workspace
    dem : array
        The whole of it.
    """

    rows: slice
    space: Workspace
    dem: Dem

    @property
    def count(self) -> int:
        """Number of rows."""
        return int(self.rows.stop) - int(self.rows.start)

    @property
    def pad(self) -> Floats:
        """The heights in float64 with a margin of m cells, ``(n + 2 m, cols + 2 m)``; NaN outside the DEM too."""
        return self.space.padded(self)

    @property
    def smooth(self) -> Floats:
        """Smoothed heights with a margin of one cell, ``(n + 2, cols + 2)``."""
        return self.space.smoothed(self)[0]

    @property
    def rank(self) -> NDArray[np.uint8]:
        """How they came about, ``(n + 2, cols + 2)``: see :mod:`pointcloud.kernels.relief.local_planes`."""
        return self.space.smoothed(self)[1]

    @property
    def gradient(self) -> Floats:
        """The planes where they were fitted, ``(2, n + 2, cols + 2)``."""
        return self.space.gradient

    @property
    def heights(self) -> Floats:
        """The heights without their margin, ``(n, cols)``."""
        margin = self.space.gaussian.reach + 1
        return self.pad[margin : margin + self.count, margin:-margin]

    def steepness(self, side: float = slope.HORN) -> Floats:
        """Return the squared tangent of the slope, ``(n, cols)``."""
        out = self.space.room("steepness")[: self.count]
        slope.steepness(self.pad, self.rank, self.gradient, self.space.resolution, side, out)
        return out

    def curvature(self) -> Floats:
        """Return the general curvature of the smoothed heights in 1/m, ``(n, cols)``."""
        out = self.space.room("curvature")[: self.count]
        curvature.curvature(self.pad, self.smooth, self.rank, self.gradient, self.space.resolution, out)
        return out

    def bends(self) -> tuple[Floats, Floats]:
        """Return profile and plan curvature of the smoothed heights in 1/m, ``(n, cols)`` each."""
        profile, plan = (self.space.room(name)[: self.count] for name in ("profile", "plan"))
        curvature.directional(
            self.pad, self.smooth, self.rank, self.gradient, self.space.resolution, profile, plan
        )
        return profile, plan

    def rises(self) -> Floats:
        """Return the rise over run to the east and to the south by Horn, ``(2, n, cols)``."""
        cols = self.space.cols
        # Contiguous whatever the count: Numba compiles a function anew for each memory layout.
        out = self.space.slopes[: 2 * self.count * cols].reshape(2, self.count, cols)
        slope.rises(self.pad, self.rank, self.gradient, self.space.resolution, out[0], out[1])
        return out

    def trends(self) -> Floats:
        """Return the rise over run of the smoothed heights to the east and to the south, ``(2, n, cols)``."""
        cols = self.space.cols
        out = self.space.trends[: 2 * self.count * cols].reshape(2, self.count, cols)
        space = self.space
        slope.trends(self.pad, self.smooth, self.rank, self.gradient, space.resolution, out[0], out[1])
        return out

    def trends_near_nodata(self, near: int) -> Floats:
        """Return :meth:`trends` in the columns in which a cell has nodata so near, else NaN.

        On whole terrain these are the columns at the edges; to smooth the others takes as long as to look around in
        three directions.
        """
        cols, margin = self.space.cols, self.space.gaussian.reach + 1
        void: NDArray[np.bool_] = np.logical_or.reduce(np.isnan(self.wide(near)))
        wanted = np.logical_or.reduce([void[shift : shift + cols] for shift in range(2 * near + 1)])
        runs = _runs(wanted, 2 * margin)
        if sum(last - first + 2 * margin for first, last in runs) > cols:
            return self.trends()
        out = self.space.trends[: 2 * self.count * cols].reshape(2, self.count, cols)
        out[:] = math.nan
        for first, last in runs:
            left, right = max(first - margin, 0), min(last + margin, cols)
            space = Workspace(right - left, self.space.gaussian, self.space.resolution)
            part = space.band(self.dem[:, left:right], self.rows).trends()
            out[:, :, first:last] = part[:, :, first - left : last - left]
        return out

    def wide(self, margin: int) -> Floats:
        """Return the heights with another margin, ``(n + 2 margin, cols + 2 margin)``."""
        out = self.space.room("wide", margin)[: self.count + 2 * margin]
        return _gathered(self.dem, self.rows, margin, out)


class Workspace:
    """Room for one band, used again for the next: fresh pages cost up to 2 ns a cell, of 18.

    Parameters
    ----------
    cols : int
        Columns of the DEM.
    gaussian : Gaussian
        Smooths every band.
    resolution : float
        Side of a cell in metres.
    """

    def __init__(self, cols: int, gaussian: Gaussian, resolution: float) -> None:
        margin = gaussian.reach + 1
        self.cols, self.gaussian, self.resolution = cols, gaussian, resolution
        self.pad = np.empty((ROWS + 2 * margin, cols + 2 * margin))
        self.columns = np.empty((ROWS + 2, cols + 2 * margin))
        self.smooth = np.empty((ROWS + 2, cols + 2))
        self.rank = np.empty((ROWS + 2, cols + 2), dtype=np.uint8)
        self.gradient = np.empty((2, ROWS + 2, cols + 2))
        self.slopes, self.trends = np.empty(2 * ROWS * cols), np.empty(2 * ROWS * cols)
        self.rooms: dict[tuple[str, int], Floats] = {}
        self.is_padded = self.is_smoothed = False

    def room(self, name: str, margin: int = 0) -> Floats:
        """Return an array for a whole band with a margin, the same one for the same name."""
        key = (name, margin)
        if key not in self.rooms:
            self.rooms[key] = np.empty((ROWS + 2 * margin, self.cols + 2 * margin))
        return self.rooms[key]

    def band(self, dem: Dem, rows: slice) -> Band:
        """Return the band of these rows of ``dem``; it is good until the next call."""
        self.is_padded = self.is_smoothed = False
        return Band(rows, self, dem)

    def padded(self, band: Band) -> Floats:
        """Return the heights of the band with the margin that its smoothing needs."""
        margin = self.gaussian.reach + 1
        pad = self.pad[: band.count + 2 * margin]
        if not self.is_padded:
            _gathered(band.dem, band.rows, margin, pad)
            self.is_padded = True
        return pad

    def smoothed(self, band: Band) -> tuple[Floats, NDArray[np.uint8]]:
        """Return the smoothed heights of the band and their ranks."""
        smoothed, rank = self.smooth[: band.count + 2], self.rank[: band.count + 2]
        if not self.is_smoothed:
            pad = self.padded(band)
            gaussian.convolve(pad, self.gaussian.moments[0], self.columns[: band.count + 2], smoothed)
            if local_planes.mark(pad, smoothed, rank):
                self._fit(pad, smoothed, rank)
            self.is_smoothed = True
        return smoothed, rank

    def _fit(self, pad: Floats, smoothed: Floats, rank: NDArray[np.uint8]) -> None:
        mask, heights = np.empty_like(pad), np.empty_like(pad)
        local_planes.split(pad, mask, heights)
        moments = np.empty((14, pad.shape[1]))
        local_planes.fit(pad, mask, heights, self.gaussian.moments, moments, smoothed, rank, self.gradient)


def _runs(wanted: NDArray[np.bool_], apart: int) -> list[tuple[int, int]]:
    """Return first and last + 1 of the runs of what is wanted; those less than ``apart`` apart are one."""
    places = np.flatnonzero(wanted)
    cuts = np.flatnonzero(np.diff(places) > apart) + 1
    return [(int(run[0]), int(run[-1]) + 1) for run in np.split(places, cuts) if run.size]


def _gathered(dem: Dem, rows: slice, margin: int, out: Floats) -> Floats:
    """Copy rows of ``dem`` and a margin around them into ``out``, and return it."""
    first, last = max(rows.start - margin, 0), min(rows.stop + margin, dem.shape[0])
    gaussian.gather(_contiguous(dem[first:last]), rows.start - margin - first, -margin, out)
    return out


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
        space = Workspace(cols, gaussian, resolution)
        while True:
            try:
                top = tops.popleft()
            except IndexError:
                return
            use(space.band(dem, slice(top, min(top + ROWS, rows))))

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
