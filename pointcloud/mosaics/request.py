"""What the user asks of a mosaic, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pointcloud.geo.crs import SpatialReference
from pointcloud.io.remark import Remark
from pointcloud.params.grid import Compression, Product


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


class Watcher(Protocol):
    """Who is told how a mosaic goes."""

    def converting(self, source: str, count: int, kept: int) -> None:
        """Hear that so many files of a source are converted first."""

    def planned(self, sheets: int, kept: int) -> None:
        """Hear how many sheets there are to make, and how many are there already, unchanged."""

    def made(self, sheet: str, shares: dict[str, float]) -> None:
        """Hear that a sheet was made, and what share of its cells each source gave."""

    def failed(self, label: str, why: str) -> None:
        """Hear that a sheet could not be made, or a file not be used."""

    def remark(self, remark: Remark) -> None:
        """Hear of something the user should know."""


@dataclass
class Report:
    """What came of a mosaic.

    Parameters
    ----------
    out : Path
    sources : list of str
        Their names, the best first.
    written : list of Path
    kept : int
        Sheets that were there already, unchanged.
    failed, bad_files : dict of str to str
        Why sheets failed, by code, and files, by path.
    mosaics, pictures : list of Path
    cells : list of int
        Cells that each source gave in this run.
    seconds : float
    """

    out: Path
    sources: list[str] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    kept: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    bad_files: dict[str, str] = field(default_factory=dict)
    mosaics: list[Path] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    seconds: float = 0.0
