"""``report.html``: an output folder on one page that opens anywhere, with a map of its sheets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pointcloud.messages import say
from pointcloud.plaintext import to_html
from pointcloud.run.entries import ItemRecord
from pointcloud.run.record import Record
from pointcloud.run.report import Report
from pointcloud.webpage import document, swatch

FILE_NAME = "report.html"

_COLOURS = {
    "written": "#7fb069",
    "empty": "#9cc5e0",
    "sparse": "#e6e2d3",
    "beyond": "#f5f5f5",
    "failed": "#d1495b",
}
_WIDTH = 900  # pixels of the map


def page(record: Record, report: Report) -> bytes:
    """Return the page as UTF-8; every name in it is escaped.

    Parameters
    ----------
    record : Record
        Of the whole folder.
    report : Report
        Of the run that has just ended.
    """
    title = say("page.title")
    body = [
        f"<h1>{to_html(title)}</h1>",
        *_figures(record, report),
        *_map(record),
        *_failures(record, report),
    ]
    body += _parameters(record)
    return document(title, body)


def _state(sheet: ItemRecord) -> str:
    states = {raster.state for raster in sheet.rasters.values()}
    if sheet.failure:
        return "failed"
    return next((state for state in _COLOURS if state in states), "beyond")


def _figures(record: Record, report: Report) -> Iterator[str]:
    rasters = Counter(
        folder
        for sheet in record.items.values()
        for folder, raster in sheet.rasters.items()
        if raster.state == "written"
    )
    size = sum(raster.size for sheet in record.items.values() for raster in sheet.rasters.values())
    rows = {
        say("page.ended"): str(record.run.get("started", ""))[:19],
        **report.figures,
        say("page.size"): f"{size / 1e6:,.1f} MB",
    }
    rows |= {folder: say("page.rasters", count=count) for folder, count in sorted(rasters.items())}
    yield table(rows)


def table(rows: Mapping[str, str]) -> str:
    """Return a table of names and figures."""
    lines = (
        f'<tr><th>{to_html(name)}</th><td class="number">{to_html(value)}</td></tr>'
        for name, value in rows.items()
    )
    return f"<table>{''.join(lines)}</table>"


def _map(record: Record) -> Iterator[str]:
    """Yield the sheets as rectangles, north up, with code and state on hovering."""
    if not record.items:
        return
    bounds = [sheet.bounds for sheet in record.items.values()]
    west, south = min(b[0] for b in bounds), min(b[1] for b in bounds)
    east, north = max(b[2] for b in bounds), max(b[3] for b in bounds)
    scale = _WIDTH / (east - west)
    counts = Counter(_state(sheet) for sheet in record.items.values())
    yield f"<h2>{to_html(say('page.map'))}</h2><p>"
    for state, colour in _COLOURS.items():
        if counts[state]:
            name = to_html(say(f"page.state_{state}"))
            yield f"{swatch(colour)}{name}: {counts[state]:,}"
    yield f'</p><svg viewBox="0 0 {_WIDTH} {(north - south) * scale:.1f}" width="{_WIDTH}">'
    for code, sheet in sorted(record.items.items()):
        state = _state(sheet)
        w, s, e, n = sheet.bounds
        place = (
            f'x="{(w - west) * scale:.2f}" y="{(north - n) * scale:.2f}" '
            f'width="{(e - w) * scale:.2f}" height="{(n - s) * scale:.2f}"'
        )
        words = to_html(": ".join(filter(None, (code, say(f"page.state_{state}"), sheet.failure))))
        yield f'<rect {place} fill="{_COLOURS[state]}" stroke="#666" stroke-width="0.5"><title>{words}</title></rect>'
    yield "</svg>"


def _failures(record: Record, report: Report) -> Iterator[str]:
    failed = {code: sheet.failure for code, sheet in sorted(record.items.items()) if sheet.failure}
    if not failed and not report.bad_files:
        return
    yield f'<h2 class="failed">{to_html(say("page.failures"))}</h2><ul>'
    for file, why in report.bad_files.items():
        yield f"<li><code>{to_html(Path(file).name)}</code>: {to_html(why)}</li>"
    for code, why in failed.items():
        yield f"<li><code>{to_html(code)}</code>: {to_html(why)}</li>"
    yield "</ul>"


def _parameters(record: Record) -> Iterator[str]:
    yield f"<h2>{to_html(say('page.parameters'))}</h2>"
    for folder, values in sorted(record.parameters.items()):
        shown = {name: value for name, value in values.items() if not isinstance(value, Mapping)}
        lines = "".join(
            f"<tr><th>{to_html(name)}</th><td>{_value(value)}</td></tr>" for name, value in shown.items()
        )
        yield f"<h3>{to_html(folder)}</h3><table>{lines}</table>"


def _value(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else "-" if value is None else str(value)
    return f"<code>{to_html(text)}</code>"
