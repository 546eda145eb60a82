"""What the user asks of a check, and the limits that it judges by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pointcloud.geo.crs import SpatialReference

PLAIN = "none"
"""The level that stands for plain square tiles."""

TILE = 1000.0
"""Metres: side of these."""


@dataclass(frozen=True)
class Limits:
    """From where on a figure is worth a warning.

    Parameters
    ----------
    lowest, highest : float
        Heights of Japan's land, and some more, in metres.
    void : float
        Share of cells without a point, water left aside (欠測率).
    lines : float
        Metres between flight lines (コース間較差).
    control : float
        Metres of mean and RMSE at control points.
    repeated : float
        Share of points that come twice.
    water : float
        Metres: a hole in all returns at least so wide is taken for water.
    gap : float
        Metres between two files from which on a strip is missing.
    spread, step : float
        Metres: standard deviation of heights in a cell of 2 m, and difference to the cells beside it, up to which it
        is level enough to compare flight lines.
    """

    lowest: float = -100.0
    highest: float = 4000.0
    void: float = 0.10
    lines: float = 0.30
    control: float = 0.25
    repeated: float = 0.01
    water: float = 15.0
    gap: float = 3.0
    spread: float = 0.10
    step: float = 0.30


@dataclass(frozen=True)
class Request:
    """What the user asks for.

    Parameters
    ----------
    inputs : tuple of str
        Files, folders or patterns; ZIPs are looked into.
    ground : tuple of str
        Point clouds that hold ground points only.
    control : Path, optional
        CSV of control points: name, E, N, H.
    crs : SpatialReference, optional
        Of files that state none.
    level : str
        Of the sheets that figures are given for.
    ground_classes : tuple of int
    columns : str
        What the columns of texts of points are; empty to tell it by their values.
    jobs : int
        Files to read at a time.
    limits : Limits
    """

    inputs: tuple[str, ...]
    ground: tuple[str, ...] = ()
    control: Path | None = None
    crs: SpatialReference | None = None
    level: str = "2500"
    ground_classes: tuple[int, ...] = (2,)
    columns: str = ""
    jobs: int = 1
    limits: Limits = Limits()


class Watcher(Protocol):
    """Who is told how a check goes."""

    def planned(self, files: int) -> None:
        """Hear how many files there are to read."""

    def done(self, name: str) -> None:
        """Hear that a file has been read."""


class Silent:
    """A watcher that tells nobody."""

    def planned(self, files: int) -> None:
        """Hear how many files there are to read."""

    def done(self, name: str) -> None:
        """Hear that a file has been read."""
