"""A site map: relief, contours and overlays on one sheet of paper, true to scale, from arrays.

>>> from pointcloud import dem, read
>>> from pointcloud.print import site_map
>>> made = site_map(dem(read("tile.laz")), scale=500, title="Sample Castle")   # doctest: +SKIP
>>> made.write("castle.pdf")                                                   # doctest: +SKIP
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pointcloud import messages, relief
from pointcloud.api.raster import Raster
from pointcloud.errors import ParameterError
from pointcloud.geo import crs as crs_room
from pointcloud.geo.crs import SpatialReference
from pointcloud.io.put import put
from pointcloud.print.contours import trace as contour_room
from pointcloud.print.contours.files import write_contours
from pointcloud.print.contours.trace import Contour
from pointcloud.print.map import draw, furniture, layout, panel
from pointcloud.print.map.design import Bounds, Design, Frame, Ground, frame
from pointcloud.print.map.title_block import Facts
from pointcloud.print.paper import save
from pointcloud.print.paper.fonts import Fonts
from pointcloud.print.paper.page import Page
from pointcloud.print.vectors.overlay import Overlay

_SHOWN = 5
"""Labels that a warning names."""

_CONTOURS, _RELIEF = 0.3, 0.6
"""The shares of the work that are done after contours and after relief."""

_SMALLEST, _LARGEST = 10.0, 25.0
"""Millimetres on paper: of a whole DEM, and of a cell."""


def ignore(*heard: object) -> None:
    """Hear and do nothing."""


@dataclass
class SiteMap:
    """A map that is ready to be written.

    Parameters
    ----------
    page : Page
        With the layers ``relief``, ``contours``, ``overlay`` and ``frame``.
    frame : Frame
    design : Design
    contours : list of Contour
        As drawn, but whole.
    crs : SpatialReference, optional
    warnings : list of str
        What its maker should know.
    """

    page: Page
    frame: Frame
    design: Design
    contours: list[Contour]
    crs: SpatialReference | None
    warnings: list[str] = field(default_factory=list)

    def write(self, path: str | Path) -> list[Path]:
        """Write the map as PDF, PNG (with a world file) or SVG, by the suffix; return the files.

        Raises
        ------
        ParameterError
            If the suffix is another one.
        OutputError
            If a file cannot be written.
        """
        path = Path(path)
        names = {"title": self.design.title, "author": self.design.author}
        save.write(self.page, path, dpi=self.design.dpi, **names)
        if path.suffix.lower() != ".png":
            return [path]
        world = path.with_suffix(".pgw")
        put(world, self.world().encode("ascii"))
        return [path, world]

    def write_contours(self, path: str | Path) -> Path:
        """Write the contours as GeoPackage or DXF; see :func:`pointcloud.print.contours.files.write_contours`."""
        crs = None if self.crs is None else SpatialReference(self.crs.horizontal).wkt
        write_contours(self.contours, Path(path), crs)
        return Path(path)

    def world(self) -> str:
        """Return the world file of the PNG: six lines, the pixel's sides and the centre of the first pixel."""
        side = 25.4 / self.design.dpi * self.frame.pixel
        west, south, _, _ = self.frame.bounds
        window = self.frame.window
        left = west - window.left * self.frame.pixel + side / 2
        top = south + (self.page.height - window.bottom) * self.frame.pixel - side / 2
        return "".join(f"{value:.10f}\n" for value in (side, 0.0, 0.0, -side, left, top))


def compose(
    ground: Ground,
    placed: Frame,
    design: Design,
    overlays: Sequence[Overlay] = (),
    *,
    threads: int = 1,
    warn: Callable[[str], None] = ignore,
    tell: Callable[[str, float], None] = ignore,
) -> SiteMap:
    """Draw a map.

    Parameters
    ----------
    ground : Ground
        Reaching :func:`reach` cells beyond the map where there is terrain.
    placed : Frame
    design : Design
    overlays : sequence of Overlay
    threads : int
    warn : callable
        Hears what the map's maker should know, before anything is drawn.
    tell : callable
        Hears what is at work, and the share that is done.

    Raises
    ------
    ParameterError
        If there is no height on the map, a value cannot be used, texts do not fit, or no font has all letters.
    """
    if not np.isfinite(ground.heights[ground.within(placed.bounds)]).any():
        edges = ", ".join(f"{edge:.0f}" for edge in placed.bounds)
        raise ParameterError("map.empty", map=edges)
    interval = (
        contour_room.usual_interval(placed.scale, ground.cell) if design.interval is None else design.interval
    )
    design = replace(design, interval=interval, date=design.date or datetime.date.today())
    made = SiteMap(
        Page(*placed.sheet.size, Fonts(design.tongue, design.font)), placed, design, [], ground.crs
    )
    for text in _doubts(ground, placed, interval, overlays):
        warn(text)
    if interval:
        made.contours = contour_room.contour_lines(
            *(ground.heights, ground.west, ground.north, ground.cell, interval),
            smooth=design.smooth,
            shortest=design.shortest,
            threads=threads,
            tell=lambda share: tell("contours", _CONTOURS * share),
        )
    pixels, place = draw.resampled(
        lambda rows: _shade(ground, design, rows, threads), ground, placed, design.dpi, made.page.height
    )
    made.page.layer("relief").picture(pixels, place, placed.window)
    tell("relief", _RELIEF)
    draw.contour_lines(made.page.layer("contours"), made.contours, placed)
    if left_out := draw.overlays(made.page.layer("overlay"), overlays, placed):
        warn(_unlabelled(left_out))
    top = made.page.layer("frame")
    furniture.edges(top, placed)
    depressions = any(line.depression for line in made.contours)
    panel.draw(top, Facts(design, placed, ground, tuple(overlays), depressions))
    tell("lines", 1.0)
    return made


def _unlabelled(names: Sequence[str]) -> str:
    """Say which labels find no room; of many the first."""
    shown = messages.say("map.and").join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
    return messages.say("map.no_label_room", count=len(names), names=shown)


def _shade(ground: Ground, design: Design, rows: slice, threads: int) -> NDArray[np.uint8]:
    """Return the relief of some rows of the ground."""
    around = relief.halo(design.style, ground.cell, design.params)
    first = max(0, rows.start - around)
    dem = ground.heights[first : rows.stop + around]
    shown = relief.picture(design.style, dem, ground.cell, design.params, threads=threads)
    return shown[rows.start - first :][: rows.stop - rows.start]


def _doubts(ground: Ground, placed: Frame, interval: float, overlays: Sequence[Overlay]) -> Iterator[str]:
    """Yield what the maker of a map should know."""
    if placed.missing:
        yield placed.missing
    bearable = contour_room.bearable(ground.cell)
    if 0 < interval < bearable * (1 - 1e-9):
        yield messages.say("map.interval_fine", interval=interval, cell=ground.cell, bearable=bearable)
    for layer in overlays:
        if not layer.touches(placed.bounds):
            yield messages.say("map.overlay_outside", name=layer.name)
        elif not layer.stated:
            yield messages.say("map.overlay_assumed", name=layer.name)


def require_sense(placed: Frame, covered: Bounds, cell: float) -> None:
    """Make sure that a scale shows land: neither a DEM of a few millimetres, nor a cell as large as a hand.

    Raises
    ------
    ParameterError
        If it does not; the message says which scale would.
    """
    west, south, east, north = covered
    size = max(east - west, north - south)
    if size / placed.pixel < _SMALLEST:
        best = layout.fitting_scale(east - west, north - south, placed.sheet) or placed.scale
        raise ParameterError(
            "map.scale_small", scale=placed.scale, size=size, paper=size / placed.pixel, fitting=best
        )
    if cell / placed.pixel > _LARGEST:
        best = next((scale for scale in layout.SCALES if cell * 1000 / scale <= _LARGEST), layout.SCALES[-1])
        raise ParameterError(
            "map.scale_large", scale=placed.scale, cell=cell, paper=cell / placed.pixel, fitting=best
        )


def site_map(
    terrain: Raster,
    design: Design | None = None,
    *,
    centre: tuple[float, float] | None = None,
    bounds: Bounds | None = None,
    overlays: Sequence[Overlay] = (),
    synthetic: bool = False,
    threads: int = 1,
    **values: object,
) -> SiteMap:
    """Return the print-ready map of a terrain model in memory.

    Parameters
    ----------
    terrain : Raster
        Heights, as :func:`pointcloud.dem` gives them.
    design : Design, optional
        What it should be like.
    centre : (e, n), optional
        The middle of the map, in metres.
    bounds : (west, south, east, north), optional
        What must be on the map; without both, the whole terrain.
    overlays : sequence of Overlay
        In the terrain's CRS.
    synthetic : bool
        Whether the place is made up: the map then says so.
    threads : int
    **values
        Single values of the design by name: ``scale=500``.

    Raises
    ------
    ParameterError
        If a value cannot be used, the box does not fit, or the map would be empty.

    Examples
    --------
    >>> site_map(terrain, scale=500, title="Sample Castle").write("castle.pdf")   # doctest: +SKIP
    """
    design = replace(design or Design(), **values)  # type: ignore[arg-type]
    extent = None
    if centre is None:
        west, south, east, north = bounds or terrain.bounds
        centre, extent = ((west + east) / 2, (south + north) / 2), (east - west, north - south)
    system = None if terrain.crs is None else _system(terrain.crs)
    ground = Ground(
        terrain.array, terrain.bounds[0], terrain.bounds[3], terrain.resolution, system, synthetic
    )
    placed = frame(design, centre, extent, panel.heights(design, overlays, ground))
    if placed.missing and bounds is not None:
        raise ParameterError("map.box_no_fit", text=placed.missing)
    require_sense(placed, terrain.bounds, terrain.resolution)
    warnings: list[str] = []
    made = compose(ground, placed, design, overlays, threads=threads, warn=warnings.append)
    made.warnings = warnings
    return made


def _system(text: str) -> SpatialReference:
    return crs_room.from_epsg(int(text[5:])) if text.startswith("EPSG:") else crs_room.from_wkt(text)
