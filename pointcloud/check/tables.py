"""The figures of a check as tables of text, which terminal and page lay out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pointcloud.check.control import POINTS
from pointcloud.check.finding import Finding
from pointcloud.check.report import Report
from pointcloud.check.request import Limits
from pointcloud.check.sheet import SheetFacts
from pointcloud.geo.lattice import metres
from pointcloud.io.clouds.classes import class_name
from pointcloud.io.las.header import LasHeader
from pointcloud.messages import say


@dataclass(frozen=True)
class Table:
    """Rows of text under a title.

    Parameters
    ----------
    title : str
    header : tuple of str
    rows : tuple of tuple of str
    words : int
        How many of the first columns hold words, not figures.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int = 1


def verdict(report: Report) -> str:
    """Return whether the delivery can be used."""
    return say(f"check.verdict_{report.severity.name.lower()}")


def summary(report: Report) -> str:
    """Return how much was looked at."""
    return say(
        "check.summary",
        files=report.files,
        seconds=report.seconds,
        points=report.points,
        clouds=len(report.clouds),
        rasters=len(report.rasters),
        sheets=len(report.sheets),
    )


def counts(report: Report) -> str:
    """Return how many findings there are of each severity."""
    found = report.to_json()["counts"]
    return say("check.counts", **found)


def alike(findings: list[Finding]) -> list[list[Finding]]:
    """Return findings by severity and message, in their order: thousands of files often share one fault."""
    groups: dict[tuple[int, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.severity, finding.code), []).append(finding)
    return list(groups.values())


def tables(report: Report, limits: Limits) -> list[Table]:
    """Return the tables that have rows."""
    made = (
        _files(report),
        _classes(report),
        _sheets(report),
        _lines(report, limits),
        _control(report),
        _residuals(report),
        _rasters(report),
    )
    return [table for table in made if table.rows]


def _files(report: Report) -> Table:
    rows = []
    for key, entry in report.clouds.items():
        header, facts = entry.header, entry.facts
        form = "TXT"
        if isinstance(header, LasHeader):
            kind = "LAZ" if header.compressed else "LAS"
            form = "{} {}.{} / {}".format(kind, *header.version, header.point_format)
        lines = str(len(facts.ids)) if facts and facts.numbered else "-"
        heights = f"{metres(facts.lows[2]):.2f} … {metres(facts.highs[2]):.2f}" if facts else "-"
        ground = f"{facts.ground:,}" if facts else "-"
        system = (entry.crs or "-") + ("" if header.crs or not entry.crs else " ?")
        name = Path(key).name + (f" [{say('check.head_ground_points')}]" if entry.all_ground else "")
        rows.append((name, form, system, heights, f"{header.count:,}", ground, lines))
    names = ("file", "format", "system", "heights", "points", "ground_points", "lines_ids")
    return Table(say("check.table_files"), _heads(*names), tuple(rows), 3)


def _heads(*names: str) -> tuple[str, ...]:
    return tuple(say(f"check.head_{name}") for name in names)


def _classes(report: Report) -> Table:
    total = max(sum(report.classes.values()), 1)
    rows = tuple(
        (str(code), class_name(code), f"{count:,}", _percent(count / total))
        for code, count in report.classes.items()
    )
    return Table(say("check.table_classes"), _heads("class", "name", "points", "share"), rows, 2)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _sheets(report: Report) -> Table:
    heads = _heads(
        *("sheet_code", "covered", "points", "per_metre", "per_half", "void_metre", "void_metre_land"),
        *("void_half", "void_half_land", "ground_share"),
    )
    return Table(say("check.table_sheets"), heads, tuple(map(_sheet, report.sheets.values())))


def _sheet(sheet: SheetFacts) -> tuple[str, ...]:
    density = sheet.density
    return (
        sheet.code,
        _percent(sheet.covered),
        f"{sheet.points:,}",
        "-" if density is None else f"{density:.2f}",
        "-" if density is None else f"{density / 4:.2f}",
        _percent(sheet.metre.void),
        _percent(sheet.metre.land_void),
        _percent(sheet.half.void),
        _percent(sheet.half.land_void),
        _percent(sheet.ground_cells / sheet.metre.cells if sheet.metre.cells else None),
    )


def _lines(report: Report, limits: Limits) -> Table:
    rows = tuple(
        (
            f"{a} – {b}",
            f"{found.count:,}",
            f"{found.mean:+.3f}",
            f"{found.deviation:.3f}",
            f"{found.worst:.3f}",
            f"{found.beyond:,}",
        )
        for (a, b), found in report.lines.items()
    )
    heads = _heads("lines_ids", "cells", "mean", "deviation", "most", "beyond")
    return Table(say("check.table_lines", limit=limits.lines), heads, rows)


def _control(report: Report) -> Table:
    rows = tuple(
        (
            _source(source),
            str(f.count),
            f"{f.mean:+.3f}",
            f"{f.deviation:.3f}",
            f"{f.rmse:.3f}",
            f"{f.most:.3f}",
        )
        for source, f in report.control.items()
    )
    return Table(
        say("check.table_control"), _heads("source", "count", "mean", "deviation", "rmse", "most"), rows
    )


def _source(source: str) -> str:
    return say("check.point_clouds") if source == POINTS else source


def _residuals(report: Report) -> Table:
    rows = tuple(
        (
            r.point.name,
            _source(r.source),
            f"{r.point.h:.3f}",
            "-" if r.z is None else f"{r.z:.3f}",
            "-" if r.difference is None else f"{r.difference:+.3f}",
            str(r.count),
        )
        for r in report.residuals
    )
    heads = _heads("name", "source", "surveyed", "found", "difference", "points")
    return Table(say("check.table_residuals"), heads, rows, 2)


def _rasters(report: Report) -> Table:
    return Table(
        say("check.table_rasters"),
        _heads("file", "sheet_code", "format", "cell_size", "cells", "heights", "share", "void_metre_land"),
        tuple(_raster_rows(report)),
        3,
    )


def _raster_rows(report: Report) -> Iterator[tuple[str, ...]]:
    for raster in report.rasters.values():
        heights = "-" if raster.lowest is None else f"{raster.lowest:.2f} … {raster.highest:.2f}"
        yield (
            Path(raster.key).name,
            raster.sheet or "-",
            f"{raster.product.upper()} {raster.format}".strip(),
            f"{raster.resolution:g}",
            f"{raster.rows:,} × {raster.cols:,}",
            heights,
            _percent(1 - raster.cells.void if raster.cells.void is not None else None),
            _percent(raster.cells.land_void),
        )
