"""What came of a check: findings and figures, as values and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from pointcloud.check.clouds import CloudFacts
from pointcloud.check.control import Residual, Statistics
from pointcloud.check.finding import Finding, Severity, worst
from pointcloud.check.rasters import RasterFacts
from pointcloud.check.sheet import Cells, Differences, SheetFacts
from pointcloud.geo.lattice import metres
from pointcloud.io.cloudheader import CloudHeader
from pointcloud.io.las.header import LasHeader
from pointcloud.messages import language

JSON_FORMAT = 1
"""Raised by one whenever a key of the JSON goes or changes its meaning; a new key does not count."""


@dataclass(frozen=True)
class CloudEntry:
    """A point cloud: its header, the system it lies in, and what its points say (``None`` if they cannot be read)."""

    header: CloudHeader
    all_ground: bool
    crs: str | None
    facts: CloudFacts | None


@dataclass
class Report:
    """The findings and figures of a delivery.

    Parameters
    ----------
    inputs : tuple of str
        As they were given.
    findings : list of Finding
        The worst first.
    clouds : dict of str to CloudEntry
        Point clouds whose header can be read, by path.
    rasters : dict of str to RasterFacts
        Rasters that can be read, by path (and name inside a ZIP).
    files : int
        Files looked at, those that cannot be read included.
    sheets : dict of str to SheetFacts
        Sheets that hold points, north to south.
    lines : dict of (int, int) to Differences
        Pairs of flight lines.
    residuals : list of Residual
    control : dict of str to Statistics
        By what is compared.
    other : list of str
        Files of other kinds, which were not looked at.
    seconds : float
    """

    inputs: tuple[str, ...]
    findings: list[Finding] = field(default_factory=list)
    clouds: dict[str, CloudEntry] = field(default_factory=dict)
    rasters: dict[str, RasterFacts] = field(default_factory=dict)
    files: int = 0
    sheets: dict[str, SheetFacts] = field(default_factory=dict)
    lines: dict[tuple[int, int], Differences] = field(default_factory=dict)
    residuals: list[Residual] = field(default_factory=list)
    control: dict[str, Statistics] = field(default_factory=dict)
    other: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def severity(self) -> Severity:
        """The worst of all findings."""
        return worst(self.findings)

    def count(self, severity: Severity) -> int:
        """Return how many findings are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    @property
    def points(self) -> int:
        """Points of all files that could be read."""
        return sum(entry.header.count for entry in self.clouds.values() if entry.facts)

    @property
    def classes(self) -> dict[int, int]:
        """Points of each class over all files."""
        found: dict[int, int] = {}
        for entry in self.clouds.values():
            for code, count in entry.facts.classes.items() if entry.facts else ():
                found[code] = found.get(code, 0) + count
        return dict(sorted(found.items()))

    def to_json(self) -> dict[str, Any]:
        """Return everything as plain values; ``docs/commands.md`` says what each key means."""
        return {
            "format": JSON_FORMAT,
            "language": language(),
            "inputs": list(self.inputs),
            "severity": self.severity.name.lower(),
            "counts": {severity.name.lower(): self.count(severity) for severity in Severity},
            "findings": [_finding(finding) for finding in self.findings],
            "clouds": [_cloud(key, entry) for key, entry in self.clouds.items()],
            "classes": {str(code): count for code, count in self.classes.items()},
            "rasters": [_raster(raster) for raster in self.rasters.values()],
            "sheets": [_sheet(sheet) for sheet in self.sheets.values()],
            "lines": [_line(pair, found) for pair, found in self.lines.items()],
            "control": {
                "statistics": {source: asdict(figures) for source, figures in self.control.items()},
                "residuals": [_residual(residual) for residual in self.residuals],
            },
            "other": self.other,
        }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity.name.lower(),
        "code": finding.code,
        "subject": finding.subject,
        "values": {name: _plain(value) for name, value in finding.items},
        "text": str(finding),
    }


def _plain(value: object) -> object:
    return value if isinstance(value, (int, float, str, bool, type(None))) else str(value)


def _cloud(key: str, entry: CloudEntry) -> dict[str, Any]:
    header, facts = entry.header, entry.facts
    held: dict[str, Any] = {
        "path": key,
        "size": header.size,
        "version": "{}.{}".format(*header.version) if isinstance(header, LasHeader) else None,
        "point_format": header.point_format if isinstance(header, LasHeader) else None,
        "compressed": isinstance(header, LasHeader) and header.compressed,
        "points": header.count,
        "ground_delivery": entry.all_ground,
        "crs": entry.crs,
        "crs_stated": header.crs is not None,
        "readable": facts is not None,
    }
    if facts:
        (west, south, low), (east, north, high) = facts.lows, facts.highs
        held |= {
            "extent": [metres(value) for value in (west, south, east, north)],
            "heights": [metres(low), metres(high)],
            "classes": {str(code): count for code, count in facts.classes.items()},
            "withheld": facts.withheld,
            "marked": facts.marks._asdict(),
            "ground": facts.ground,
            "lines": {str(line): count for line, count in facts.ids.items()} if facts.numbered else None,
            "repeated": facts.repeated,
        }
    return held


def _cells(cells: Cells) -> dict[str, Any]:
    return {
        "cells": cells.cells,
        "empty": cells.empty,
        "void": cells.void,
        "land": cells.land,
        "land_empty": cells.land_empty,
        "land_void": cells.land_void,
    }


def _raster(raster: RasterFacts) -> dict[str, Any]:
    return {
        "path": raster.key,
        "format": raster.format,
        "size": raster.size,
        "sha256": raster.sha256,
        "product": raster.product,
        "sheet": raster.sheet,
        "resolution": raster.resolution,
        "rows": raster.rows,
        "cols": raster.cols,
        "crs": raster.crs.label if raster.crs else None,
        "crs_stated": raster.stated,
        "heights": None if raster.lowest is None else [raster.lowest, raster.highest],
        "cells": _cells(raster.cells),
    }


def _sheet(sheet: SheetFacts) -> dict[str, Any]:
    return {
        "code": sheet.code,
        "bounds": list(sheet.box.bounds),
        "covered": sheet.covered,
        "points": sheet.points,
        "points_per_m2": sheet.density,
        "cells_1m": _cells(sheet.metre),
        "cells_50cm": _cells(sheet.half),
        "ground": sheet.ground,
        "ground_cells_1m": sheet.ground_cells,
        "lines": [_line(pair, found) for pair, found in sheet.pairs.items()],
    }


def _line(pair: tuple[int, int], found: Differences) -> dict[str, Any]:
    return {
        "lines": list(pair),
        "cells": found.count,
        "mean": found.mean,
        "deviation": found.deviation,
        "most": found.worst,
        "beyond": found.beyond,
    }


def _residual(residual: Residual) -> dict[str, Any]:
    point = residual.point
    return {
        "name": point.name,
        "e": point.e,
        "n": point.n,
        "h": point.h,
        "source": residual.source,
        "z": residual.z,
        "points": residual.count,
        "difference": residual.difference,
    }
