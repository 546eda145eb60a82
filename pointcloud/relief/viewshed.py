"""Viewsheds (可視領域): what is seen from a point, and how high a target must be to be seen.

Every cell has a line of sight of its own, from the eye to the cell's centre, over all the lines between neighbouring
cell centres that it crosses; heights are linear between two centres. This is the method R3 of Franklin & Ray (1994),
"Higher isn't necessarily better: visibility algorithms and experiments", Advances in GIS Research 2, 751-770, which
faster methods only approximate. A cell is seen if none of these heights lies above the line of sight; one that touches
it does not hide.

Void cells hide nothing and are neither seen nor unseen. Curvature of the Earth and refraction lower a point at
distance d by (1 - k) d² / 2R (R 6370 km, k 0.133: 作業規程の準則, the correction 両差).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import ParameterError
from pointcloud.kernels.sight import lines_of_sight
from pointcloud.params.styles import Lights
from pointcloud.params.viewshed import Shown, SightParams
from pointcloud.relief import derivatives
from pointcloud.relief.bands import Dem, Floats, check_dem, check_resolution

_BAND = 32
"""Rows that a thread computes at a time."""

UNSEEN = (140, 148, 172)
"""Colour of what is not seen."""
SEEN = ((255, 214, 92), (247, 150, 48), (214, 70, 34))
"""Colours of what is seen from one place, from half of several, from all of them."""
_DEPTH, _LEAST, _MOST = 0.9, 0.35, 1.25
"""How strongly shade changes a colour, and the limits of that; level ground keeps its colour."""


@dataclass(frozen=True, slots=True)
class Eye:
    """An eye in the middle of a cell, counted from the north-west of the array."""

    row: int
    col: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What eyes see of a window; arrays ``(n, m)``, NaN where nothing is known.

    Parameters
    ----------
    count : array of float32
        From how many eyes a target is seen.
    least : array of float32
        Least height above the ground in metres that is seen from any of them.
    eyes : int
        How many there are.
    rows, cols : slice
        The window.
    """

    count: NDArray[np.float32]
    least: NDArray[np.float32]
    eyes: int
    rows: slice
    cols: slice


class Sight:
    """A terrain to be looked over from several places.

    Parameters
    ----------
    dem : (rows, cols) array of float32 or float64
        Heights in metres, NaN at nodata, row 0 in the north.
    resolution : float
        Side of a cell in metres.
    params : SightParams

    Raises
    ------
    ParameterError
        If the array has another shape or type, or the resolution is not positive.
    """

    def __init__(self, dem: Dem, resolution: float, params: SightParams) -> None:
        check_dem(dem)
        check_resolution(resolution)
        self.dem: Dem = dem if dem.flags.c_contiguous else dem.copy()
        self.resolution, self.params = resolution, params
        self._small, self._large = (self._tops(size) for size in (lines_of_sight.SMALL, lines_of_sight.LARGE))

    def _tops(self, size: int) -> Floats:
        out = np.empty([-(-side >> size) for side in self.dem.shape])
        lines_of_sight.tops(self.dem, size, out)
        return out

    def sees_from(self, eye: Eye) -> bool:
        """Whether the eye has ground to stand on."""
        inside = 0 <= eye.row < self.dem.shape[0] and 0 <= eye.col < self.dem.shape[1]
        return inside and bool(np.isfinite(self.dem[eye.row, eye.col]))

    def needed(self, eye: Eye, rows: slice, cols: slice, *, threads: int = 1) -> Floats:
        """Return how high above the ground a target must reach to be seen, for a window of the terrain.

        Parameters
        ----------
        eye : Eye
            On ground.
        rows, cols : slice
            Start and stop, within the array.
        threads : int
            The result does not depend on it.

        Returns
        -------
        (n, m) array of float64
            Metres, 0 where the ground is seen; NaN at nodata, and further away than the radius.
        """
        out = np.empty((rows.stop - rows.start, cols.stop - cols.start))
        height = float(self.dem[eye.row, eye.col]) + self.params.eye_height
        bend = self.params.bend * self.resolution**2
        reach = self.params.radius / self.resolution

        def run(first: int) -> None:
            band = out[first : first + _BAND]
            place = rows.start + first, cols.start
            lines_of_sight.needed(
                self.dem, self._small, self._large, eye.row, eye.col, height, bend, reach, *place, band
            )

        bands = range(0, len(out), _BAND)
        if threads == 1 or len(bands) < 2:
            for first in bands:
                run(first)
        else:
            with ThreadPoolExecutor(max_workers=threads) as pool:
                list(pool.map(run, bands))
        return out

    def look(self, eyes: Sequence[Eye], rows: slice, cols: slice, *, threads: int = 1) -> Seen:
        """Return what several eyes see of a window of the terrain."""
        least = np.full((rows.stop - rows.start, cols.stop - cols.start), np.nan)
        count = np.zeros(least.shape, np.float32)
        for eye in eyes:
            needed = self.needed(eye, rows, cols, threads=threads)
            count += needed <= self.params.target_height
            np.fmin(least, needed, out=least)
        count[np.isnan(least)] = np.nan
        return Seen(count, least.astype(np.float32), len(eyes), rows, cols)

    def show(self, seen: Seen, shown: Shown) -> NDArray[np.float32] | NDArray[np.uint8]:
        """Return a window as :func:`viewshed` does."""
        if shown == "picture":
            return self._paint(seen)
        return seen.count if shown == "visible" else seen.least

    def _paint(self, seen: Seen) -> NDArray[np.uint8]:
        """Return the window in colours, on a hillshade from four directions; transparent where nothing is known."""
        count, eyes, rows, cols = seen.count, seen.eyes, seen.rows, seen.cols
        margin = 1 + int(np.ceil(derivatives.MENDING.truncation / self.resolution))
        top, left = max(rows.start - margin, 0), max(cols.start - margin, 0)
        around = self.dem[top : rows.stop + margin, left : cols.stop + margin]
        light = derivatives.multi_hillshade(around, self.resolution)
        light = light[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left]
        level = np.sin(np.radians(Lights().altitude))
        factor = np.clip(1.0 + _DEPTH * (light / level - 1.0), _LEAST, _MOST)
        known = np.isfinite(count)
        colours = np.array([UNSEEN, *(seen_colour(number, eyes) for number in range(1, eyes + 1))])
        tint = colours[np.where(known, count, 0.0).astype(np.intp)]
        out = np.zeros((*count.shape, 4), np.uint8)
        out[..., :3] = np.minimum(np.rint(tint * np.where(known, factor, 0.0)[..., np.newaxis]), 255.0)
        out[..., 3] = 255 * known
        return out


def seen_colour(count: int, eyes: int) -> tuple[int, int, int]:
    """Return the colour of what is seen from some of several places."""
    if eyes == 1:
        return SEEN[0]
    place = (count - 1) / (eyes - 1) * (len(SEEN) - 1)
    i = min(int(place), len(SEEN) - 2)
    red, green, blue = (round(a + (place - i) * (b - a)) for a, b in zip(SEEN[i], SEEN[i + 1], strict=True))
    return red, green, blue


def viewshed(
    dem: Dem,
    resolution: float,
    eyes: Sequence[tuple[int, int]],
    params: SightParams | None = None,
    *,
    shown: Shown = "visible",
    threads: int = 1,
) -> NDArray[np.float32] | NDArray[np.uint8]:
    """Return what is seen of a terrain from one place or several.

    Parameters
    ----------
    dem : (rows, cols) array of float32 or float64
        Heights in metres, NaN at nodata, row 0 in the north.
    resolution : float
        Side of a cell in metres.
    eyes : sequence of (row, col)
        Cells in whose centres the eyes are.
    params : SightParams, optional
    shown : {"visible", "needed", "picture"}
        From how many places a target of ``target_height`` on a cell is seen (1 or 0 with one place); the least height
        above the ground that is seen from any of them, in metres; or a picture: unseen blue, seen yellow to red, on a
        hillshade.
    threads : int
        The result does not depend on it.

    Returns
    -------
    (rows, cols) array of float32, or (rows, cols, 4) array of uint8
        NaN or transparent at nodata, and further away than the radius from every place.

    Raises
    ------
    ParameterError
        If an eye is not on ground, or an argument cannot be.
    """
    scene = Sight(dem, resolution, params or SightParams())
    found = [Eye(row, col) for row, col in eyes]
    for eye in found:
        if not scene.sees_from(eye):
            raise ParameterError("viewshed.no_ground", place=f"{eye.row}, {eye.col}")
    rows, cols = (slice(0, side) for side in dem.shape)
    return scene.show(scene.look(found, rows, cols, threads=threads), shown)
