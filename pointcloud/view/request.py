"""What a view shows, as a user asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pointcloud.api.raster import Raster
from pointcloud.errors import ParameterError
from pointcloud.geo.places import Place
from pointcloud.view.camera import Aim, Camera
from pointcloud.view.points import BUDGET, Colouring
from pointcloud.view.sunlight import Sun

RADIUS = 300.0
"""Metres around a bare point that are seen in full detail."""
SIZE = (1920, 1080)
LIT = frozenset({"hillshade", "multi-hillshade", "shaded-heights", "vat", "combined-vat"})
"""Styles that hold light and shade themselves."""


@dataclass(frozen=True)
class Label:
    """A name on a pole at E, N in metres."""

    text: str
    e: float
    n: float


@dataclass(frozen=True)
class ViewRequest:
    """What is to be seen.

    Parameters
    ----------
    place : Place
    dem, dsm : tuple of path, or Raster
        Files, folders or patterns; the surface is drawn over the terrain.
    drape : str, optional
        A style of relief, or the path of a raster or picture; plain ground without.
    points : tuple of path
        Point clouds.
    columns : str
        What the columns of texts of points are; empty to tell it by their values.
    colouring : str
        Of points: class, height or rgb.
    budget : int
        Points that are drawn at most.
    radius : float, optional
        Metres around the place in full detail; that of the site or sheet without.
    surroundings : float, optional
        Metres beyond that are drawn, coarser and coarser.
    exaggeration : float
        Heights are drawn so many times as high.
    dsm_opacity : float
        0 to 1.
    contours : float, optional
        Metres between contours.
    section : ((e, n), (e, n)), optional
        The land on the right of the line from the first to the second is cut away.
    labels : tuple of Label
        Besides the name of the place, unless ``named`` is off.
    named : bool
    sun : Sun, 'usual' or 'none'
        Usual is light from the north-west, as on maps, but none with styles that hold light and shade themselves.
    aim : Aim
    camera : Camera, optional
        Instead of an aim.
    nodata : float, optional
        A height that is nodata besides what files say.
    crs_wkt : str, optional
        CRS of a DEM that states none.
    title, credit : str
        For the strip below; the name of the place, and what the files say, without.
    synthetic : bool
        Whether the data are made up although the files do not say so.
    threads : int
    """

    place: Place
    dem: tuple[str | Path, ...] | Raster
    dsm: tuple[str | Path, ...] | Raster | None = None
    drape: str | None = None
    points: tuple[str | Path, ...] = ()
    columns: str = ""
    colouring: Colouring = "class"
    budget: int = BUDGET
    radius: float | None = None
    surroundings: float | None = None
    exaggeration: float = 1.0
    dsm_opacity: float = 0.5
    contours: float | None = None
    section: tuple[tuple[float, float], tuple[float, float]] | None = None
    labels: tuple[Label, ...] = ()
    named: bool = True
    sun: Sun | Literal["usual", "none"] = "usual"
    aim: Aim = field(default_factory=Aim)
    camera: Camera | None = None
    nodata: float | None = None
    crs_wkt: str | None = None
    title: str = ""
    credit: str = ""
    synthetic: bool = False
    threads: int = 1

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("radius", self.radius, 1.0, 50_000.0),
            ("surroundings", self.surroundings, 0.0, 200_000.0),
            ("exaggeration", self.exaggeration, 0.1, 20.0),
            ("dsm-opacity", self.dsm_opacity, 0.05, 1.0),
            ("contours", self.contours, 0.05, 1000.0),
            ("budget", self.budget, 1, 50_000_000),
        ):
            if value is not None and not least <= value <= most:
                raise ParameterError("params.range", name=name, value=value, least=least, most=most)
        if self.section is not None and self.section[0] == self.section[1]:
            raise ParameterError("view.section_point")

    @property
    def light(self) -> Sun | None:
        """What the land is lit by."""
        if isinstance(self.sun, Sun):
            return self.sun
        return Sun() if self.sun == "usual" and self.drape not in LIT else None
