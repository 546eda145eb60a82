"""What the user asks of a mosaic, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pointcloud.geo.crs import SpatialReference
from pointcloud.params.grid import Compression, Product
from pointcloud.run import watcher as run
from pointcloud.run.report import Report


@dataclass(frozen=True)
class Request:
    """What the user asks for.

    Parameters
    ----------
    sources : tuple of str
        Files, folders, patterns or ZIPs, the best first.
    out : Path
    product : str
        ``dem`` or ``dsm``: what is taken from folders that hold both.
    feather : float
        Metres over which a source is shifted towards the better ones.
    level : str
        A level of the map sheets.
    area : tuple of str
        As for a grid; empty for the sheets that the best source reaches.
    whole : bool
        Also the sheets that only lesser sources reach.
    crs : SpatialReference, optional
        Of rasters that state none.
    vertical : str, optional
        Height datum, stated and never converted.
    compress : str
    credit : str
        Those of the sources by default.
    jobs : int
    redo : bool
        Give up rasters in ``out`` that were made with other parameters.
    """

    sources: tuple[str, ...]
    out: Path
    product: Product = "dem"
    feather: float = 50.0
    level: str = "2500"
    area: tuple[str, ...] = ()
    whole: bool = False
    crs: SpatialReference | None = None
    vertical: str | None = None
    compress: Compression = "deflate"
    credit: str = ""
    jobs: int = 1
    redo: bool = False

    @property
    def facts(self) -> dict[str, str]:
        """What the user states of the rasters, as tags."""
        return {"CREDIT": self.credit} if self.credit else {}


class Watcher(run.Watcher, Protocol):
    """Who is told how a mosaic goes."""

    def converting(self, source: str, count: int, kept: int) -> None:
        """Hear that so many files of a source are converted first."""


@dataclass
class MosaicReport(Report):
    """What came of a mosaic, besides what there is to say of every run.

    Parameters
    ----------
    sources : list of str
        Their names, the best first.
    cells : list of int
        Cells that each source gave in this run, and before them those that none gave.
    """

    sources: list[str] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
