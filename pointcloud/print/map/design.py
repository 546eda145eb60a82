"""What a map should be like, and which land it then shows."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pointcloud import messages, relief
from pointcloud.errors import ParameterError
from pointcloud.geo.crs import SpatialReference
from pointcloud.params.styles import STYLES, StyleParams
from pointcloud.print.contours import trace
from pointcloud.print.map import layout
from pointcloud.print.paper.page import Rect

Bounds = tuple[float, float, float, float]
"""West, south, east, north in metres."""

FINEST_DPI, COARSEST_DPI = 100, 600

DEFAULT_SCALE = 1000
"""Of a map around a point, of which nobody said how large it is."""


@dataclass(frozen=True)
class Design:
    """What a map should be like.

    Parameters
    ----------
    scale : float, optional
        Denominator, 1000 for 1:1000; without it the largest usual one at which the site fits.
    paper : {'A4', 'A3', 'A2'}
    orientation : {'auto', 'landscape', 'portrait'}
        ``auto`` is that in which the site is drawn larger.
    dpi : float
        Pixels an inch of the relief, and of a PNG.
    style : str
        A name of :data:`pointcloud.params.styles.STYLES`.
    params : StyleParams, optional
        Values of the style; those of the registry without.
    interval : float, optional
        Metres between contours; 0 for none. Without it what scale and data bear.
    smooth, shortest : float
        See :func:`pointcloud.print.contours.trace.contour_lines`.
    magnetic : float, optional
        Magnetic declination in degrees from true north, east positive.
    title, author, credit : str
        ``credit`` is source and licence; the map says that it was made by processing that.
    date : datetime.date, optional
        Today's without it.
    language : {'en', 'ja'}, optional
        That in use without it.
    font : Path, optional
        A font file to try first.
    """

    scale: float | None = None
    paper: str = "A4"
    orientation: Literal["auto", "landscape", "portrait"] = "auto"
    dpi: float = 350.0
    style: str = "cs"
    params: StyleParams | None = None
    interval: float | None = None
    smooth: float = trace.SMOOTH
    shortest: float = trace.SHORTEST
    magnetic: float | None = None
    title: str = ""
    author: str = ""
    credit: str = ""
    date: datetime.date | None = None
    language: str | None = None
    font: Path | None = None

    def __post_init__(self) -> None:
        if self.paper not in layout.PAPERS:
            raise ParameterError(
                "params.choice", name="paper", value=self.paper, choices=", ".join(layout.PAPERS)
            )
        if self.orientation not in layout.ORIENTATIONS:
            choices = ", ".join(layout.ORIENTATIONS)
            raise ParameterError("params.choice", name="orientation", value=self.orientation, choices=choices)
        if self.style not in STYLES:
            raise ParameterError("params.choice", name="style", value=self.style, choices=", ".join(STYLES))
        if not FINEST_DPI <= self.dpi <= COARSEST_DPI:
            raise ParameterError(
                "params.range", name="dpi", value=self.dpi, least=FINEST_DPI, most=COARSEST_DPI
            )
        if self.scale is not None and not 10 <= self.scale <= 1_000_000:
            raise ParameterError("params.range", name="scale", value=self.scale, least=10, most=1_000_000)

        for name in ("interval", "smooth", "shortest"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise ParameterError("map.length", name=name, value=value)

    @property
    def tongue(self) -> str:
        """The map's language."""
        return self.language or messages.language()


@dataclass(frozen=True)
class Frame:
    """Which land is drawn where.

    Parameters
    ----------
    sheet : layout.Sheet
    scale : float
    bounds : (west, south, east, north)
        Metres; what the map shows.
    missing : str
        What to say where the site does not fit, else nothing.
    """

    sheet: layout.Sheet
    scale: float
    bounds: Bounds
    missing: str = ""

    @property
    def window(self) -> Rect:
        """The map on the page."""
        return Rect(*self.sheet.map_edges)

    def on_page(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return E and N (n, 2) in metres as x and y on the page in millimetres."""
        west, south, _, _ = self.bounds
        corner = np.array([self.window.left, self.window.bottom])
        moved: NDArray[np.float64] = corner + (points - (west, south)) * (1000 / self.scale)
        return moved

    @property
    def pixel(self) -> float:
        """Metres in a millimetre of the page."""
        return self.scale / 1000


def frame(
    design: Design,
    centre: tuple[float, float],
    extent: tuple[float, float] | None,
    panel: Callable[[layout.Sheet], float],
) -> Frame:
    """Return what land a sheet shows.

    Parameters
    ----------
    design : Design
    centre : (e, n)
        Metres; the middle of the map.
    extent : (width, height), optional
        Metres of the site that should be on the sheet; a bare point without.
    panel : callable
        Takes a sheet without one, and returns the height of the panel below the map in millimetres, on A4.

    Raises
    ------
    ParameterError
        If no usual scale lets the site fit.
    """
    landscape, portrait = (_sheet(design.paper, upright, panel) for upright in (False, True))
    if design.orientation == "auto":
        sheet = landscape if extent is None else layout.better(*extent, landscape, portrait)
    else:
        sheet = portrait if design.orientation == "portrait" else landscape
    scale, missing = design.scale, ""
    if scale is None:
        scale = DEFAULT_SCALE if extent is None else layout.fitting_scale(*extent, sheet)
        if scale is None:
            raise ParameterError("map.too_large", width=extent[0], height=extent[1])  # type: ignore[index]
    elif extent is not None and not sheet.holds(*extent, scale):
        missing = _what_would_fit(design, extent, scale, sheet, panel)
    _, _, wide, high = sheet.map_edges
    by = (wide * scale / 2000, high * scale / 2000)
    bounds = (centre[0] - by[0], centre[1] - by[1], centre[0] + by[0], centre[1] + by[1])
    return Frame(sheet, float(scale), bounds, missing)


def _sheet(name: str, portrait: bool, panel: Callable[[layout.Sheet], float]) -> layout.Sheet:
    return layout.Sheet(name, portrait, panel(layout.Sheet(name, portrait, 0.0)))


def _what_would_fit(
    design: Design,
    extent: tuple[float, float],
    scale: float,
    sheet: layout.Sheet,
    panel: Callable[[layout.Sheet], float],
) -> str:
    """Say that a site does not fit, and at which scale or on which paper it would."""
    _, _, wide, high = sheet.map_edges
    fitting = layout.fitting_scale(*extent, sheet)
    others = [
        messages.say("map.paper_portrait" if portrait else "map.paper_landscape", paper=name)
        for name in layout.PAPERS
        for portrait in (False, True)
        if _sheet(name, portrait, panel).holds(*extent, scale)
    ]
    return messages.say(
        "map.no_fit",
        width=extent[0],
        height=extent[1],
        scale=scale,
        wide=wide * scale / 1000,
        high=high * scale / 1000,
        paper=design.paper,
        fitting=f"1:{fitting:,}" if fitting else "-",
        others=", ".join(others) or messages.say("map.no_paper"),
    )


@dataclass(frozen=True)
class Ground:
    """Heights around a map.

    Parameters
    ----------
    heights : float array (rows, cols)
        Metres, NaN at nodata, row 0 in the north; as far beyond the map as relief and contours reach.
    west, north : float
        Metres: the corner of the first cell.
    cell : float
        Metres.
    crs : SpatialReference, optional
    synthetic : bool
        Whether the place is made up.
    own : float, optional
        Metres: cells of the DEM itself, where those here are means of several.
    """

    heights: NDArray[np.float32] | NDArray[np.float64]
    west: float
    north: float
    cell: float
    crs: SpatialReference | None = None
    synthetic: bool = False
    own: float | None = None

    def within(self, bounds: Bounds) -> tuple[slice, slice]:
        """Return the rows and columns that lie in W, S, E, N."""
        west, south, east, north = bounds
        rows, cols = self.heights.shape
        top, bottom = (math.floor((self.north - y) / self.cell) for y in (north, south))
        left, right = (math.floor((x - self.west) / self.cell) for x in (west, east))
        return slice(max(top, 0), min(bottom + 1, rows)), slice(max(left, 0), min(right + 1, cols))


def reach(design: Design, cell: float) -> int:
    """Return how many cells beyond its edges decide what a map shows."""
    around = relief.halo(design.style, cell, design.params)
    return max(around, trace.halo(design.smooth, cell)) + 2
