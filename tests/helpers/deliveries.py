"""Deliveries for tests of the check: tiles on the smallest sheets, made by the formats' rules, and their findings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import laspy
import numpy as np
import numpy.typing as npt
from laspy.vlrs.known import WktCoordinateSystemVlr
from pyproj import CRS

from pointcloud import messages
from pointcloud.check import Finding, Report, delivery
from pointcloud.check.control import POINTS

Array = npt.NDArray[Any]

WEST, NORTH = 44_000, -77_400
"""North-west corner of the sheets 05MF51QA, QB … RA …: 200 by 150 m each."""


def code(col: int, row: int) -> str:
    """The sheet in a column and row from that corner."""
    return f"05MF51{'QRST'[row]}{'ABCD'[col]}"


def lattice(col: int = 0, row: int = 0, step: float = 1.0, width: float = 200, height: float = 150) -> Array:
    """Places (n, 2) in the middle of cells of a tile."""
    e, n = np.meshgrid(np.arange(step / 2, width, step), np.arange(step / 2, height, step))
    west, north = WEST + 200 * col, NORTH - 150 * row
    return np.column_stack((west + e.ravel(), north - n.ravel()))


def hill(places: Array) -> Array:
    """A gentle slope, in whole centimetres."""
    return np.round(100 + 0.02 * (places[:, 0] - WEST) + 0.01 * (places[:, 1] - NORTH), 2)


def mostly_ground(count: int) -> Array:
    """Classes: ground, and every tenth point a tree."""
    return np.where(np.arange(count) % 10, 2, 5)


def cloud(
    path: Path,
    places: Array,
    z: Array | float | None = None,
    *,
    point_format: int = 6,
    crs: str | None = "EPSG:6673",
    scale: float = 0.001,
    **fields: Any,
) -> Path:
    """Write points; nine of ten of class 2, all of flight line 1, unless stated otherwise."""
    header = laspy.LasHeader(version="1.4" if point_format >= 6 else "1.2", point_format=point_format)
    header.scales, header.offsets = np.full(3, scale), np.array([WEST, NORTH, 0.0])
    if crs:
        header.global_encoding.wkt = True
        header.vlrs.append(WktCoordinateSystemVlr(CRS(crs).to_wkt("WKT1_GDAL")))
    las = laspy.LasData(header)
    las.x, las.y = places.T
    las.z = hill(places) if z is None else np.broadcast_to(z, len(places))
    count = len(places)
    las.return_number = las.number_of_returns = np.ones(count, np.uint8)
    if point_format in (1, 3, 6, 7):
        las.gps_time = np.arange(count) / 1000
    for name, value in {"classification": mostly_ground(count), "point_source_id": 1, **fields}.items():
        las[name] = np.broadcast_to(value, count)
    path.parent.mkdir(parents=True, exist_ok=True)
    las.write(path)
    return path


def tile(folder: Path, col: int = 0, row: int = 0, suffix: str = ".las", **options: Any) -> Path:
    """Write the tile of a sheet: a point in the middle of every cell of 1 m."""
    return cloud(folder / f"{code(col, row)}{suffix}", lattice(col, row), **options)


def found(report: Report) -> set[str]:
    """The codes of what was found, but for what is said of every delivery without a height datum."""
    return {finding.code for finding in report.findings} - {"check.no_height_datum"}


def one(report: Report, name: str) -> Finding:
    """The only finding of a code; its text is there in both languages, in one line, and names what it is about."""
    (finding,) = (finding for finding in report.findings if finding.code == name)
    texts = set()
    for language in messages.LANGUAGES:
        messages.set_language(language)
        text = str(finding)
        assert "\n" not in text
        assert finding.subject == POINTS or Path(finding.subject).name in text
        texts.add(text)
    messages.set_language("en")
    assert len(texts) == len(messages.LANGUAGES)
    return finding


def check(*inputs: Path, **options: Any) -> Report:
    """Check inputs, with figures for the smallest sheets."""
    given: Sequence[Path] = inputs
    return delivery(given, **{"level": "250", **options})
