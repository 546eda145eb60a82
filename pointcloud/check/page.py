"""The report of a check as one HTML page that needs no other file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pointcloud.check import tables
from pointcloud.check.report import Report
from pointcloud.check.request import Limits
from pointcloud.geo import sheets
from pointcloud.messages import say
from pointcloud.plaintext import to_html
from pointcloud.webpage import document, swatch

_WIDTH = 900  # pixels of the map
_MOST = 500  # findings of one kind that are shown
_ROWS = 5000  # of a table
_COLOURS = {"good": "#7fb069", "bad": "#e8a33d", "hole": "#d1495b"}
_STYLE = """
.error { color: #b02a3c; } .warning { color: #9a6200; } .note { color: #456; }
.badge { white-space: nowrap; font-weight: bold; } p.verdict { font-size: 120%; font-weight: bold; }
.wide { overflow-x: auto; } .wide td, .wide th { font-size: 90%; }
table.findings td { border-top: 1px solid #ddd; overflow-wrap: anywhere; }
th.number { text-align: right; }
"""


class _Square(NamedTuple):
    """A sheet on the map: its code, where it lies, its state, and what hovering tells."""

    code: str
    bounds: tuple[float, float, float, float]
    state: str
    words: str


def page(report: Report, limits: Limits) -> bytes:
    """Return the page as UTF-8; every name in it is escaped."""
    title = say("check.title")
    verdict = f'<p class="verdict {report.severity.name.lower()}">{to_html(tables.verdict(report))}</p>'
    body = [f"<h1>{to_html(title)}</h1>", verdict]
    body += [
        f"<p>{to_html(line)}</p>" for line in (*report.inputs, tables.summary(report), tables.counts(report))
    ]
    body += [*_findings(report), *_map(report, limits)]
    for table in tables.tables(report, limits):
        body += _table(table)
    if report.other:
        names = ", ".join(report.other[:_MOST])
        body.append(f"<p>{to_html(say('check.other', count=len(report.other), names=names))}</p>")
    return document(title, body, _STYLE)


def _findings(report: Report) -> Iterator[str]:
    yield f"<h2>{to_html(say('check.findings'))}</h2>"
    if not report.findings:
        yield f"<p>{to_html(say('check.none'))}</p>"
        return
    yield '<table class="findings"><tr>'
    yield "".join(f"<th>{to_html(say(f'check.column_{name}'))}</th>" for name in ("severity", "text"))
    yield "</tr>"
    for group in tables.alike(report.findings):
        for finding in group[:_MOST]:
            grade = finding.severity.name.lower()
            badge = f'<td class="badge {grade}">{to_html(finding.severity.label)}</td>'
            yield f"<tr>{badge}<td>{to_html(str(finding))}</td></tr>"
        if len(group) > _MOST:
            names = ", ".join(finding.subject for finding in group[_MOST : 2 * _MOST])
            more = say("check.more", count=len(group) - _MOST, names=names)
            yield f"<tr><td></td><td>{to_html(more)}</td></tr>"
    yield "</table>"


def _map(report: Report, limits: Limits) -> Iterator[str]:
    """Yield the sheets as rectangles, north up, coloured by the share of cells without points."""
    squares = list(_squares(report, limits))
    if not squares:
        return
    west, south = min(square.bounds[0] for square in squares), min(square.bounds[1] for square in squares)
    east, north = max(square.bounds[2] for square in squares), max(square.bounds[3] for square in squares)
    scale = min(_WIDTH / (east - west), _WIDTH / (north - south))
    width, height = (east - west) * scale, (north - south) * scale
    yield f"<h2>{to_html(say('check.map'))}</h2><p>"
    for state, colour in _COLOURS.items():
        if any(square.state == state for square in squares):
            yield swatch(colour) + to_html(say(f"check.key_{state}"))
    yield f'</p><svg viewBox="0 0 {width:.1f} {height:.1f}" width="{width:.0f}">'
    for square in squares:
        w, s, e, n = square.bounds
        place = (
            f'x="{(w - west) * scale:.2f}" y="{(north - n) * scale:.2f}" '
            f'width="{(e - w) * scale:.2f}" height="{(n - s) * scale:.2f}"'
        )
        look = f'fill="{_COLOURS[square.state]}" stroke="#666" stroke-width="0.5"'
        yield f"<rect {place} {look}><title>{to_html(square.words)}</title></rect>"
        if (e - w) * scale > 9 * len(square.code):
            x, y = ((w + e) / 2 - west) * scale, (north - (s + n) / 2) * scale
            text = f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-size="13">'
            yield f"{text}{to_html(square.code)}</text>"
    yield "</svg>"


def _squares(report: Report, limits: Limits) -> Iterator[_Square]:
    for sheet in report.sheets.values():
        void = sheet.metre.land_void
        state = "good" if void is None or void <= limits.void else "bad"
        told = f"{sheet.code}: {void:.1%}" if void is not None else sheet.code
        yield _Square(sheet.code, sheet.box.bounds, state, told)
    for finding in report.findings:
        if finding.code == "check.hole":
            yield _Square(finding.subject, sheets.parse(finding.subject).bounds, "hole", str(finding))


def _table(table: tables.Table) -> Iterator[str]:
    yield f'<h2>{to_html(table.title)}</h2><div class="wide"><table><tr>'
    classes = ["" if place < table.words else ' class="number"' for place in range(len(table.header))]
    yield "".join(f"<th{kind}>{to_html(name)}</th>" for kind, name in zip(classes, table.header, strict=True))
    yield "</tr>"
    for row in table.rows[:_ROWS]:
        cells = (f"<td{kind}>{to_html(field)}</td>" for kind, field in zip(classes, row, strict=True))
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</table></div>"
    if len(table.rows) > _ROWS:
        yield f"<p>{to_html(say('check.more_rows', count=len(table.rows) - _ROWS))}</p>"
