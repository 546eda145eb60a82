"""``report.html``: an output folder on one page that opens anywhere, with a map of its sheets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from pointcloud.messages import language, say
from pointcloud.run.record import ItemRecord, Record
from pointcloud.run.report import Report

FILE_NAME = "report.html"

_COLOURS = {
    "written": "#7fb069",
    "empty": "#9cc5e0",
    "sparse": "#e6e2d3",
    "beyond": "#f5f5f5",
    "failed": "#d1495b",
}
_WIDTH = 900  # pixels of the map
_STYLE = """
body { font: 15px/1.5 "Yu Gothic UI", "Hiragino Sans", "Noto Sans JP", system-ui, sans-serif;
  margin: 2em auto; max-width: 60em; padding: 0 1em; color: #222; }
table { border-collapse: collapse; } td, th { padding: .15em .8em .15em 0; text-align: left; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
svg { background: #fafafa; border: 1px solid #ccc; max-width: 100%; height: auto; }
.key { display: inline-block; width: .9em; height: .9em; border: 1px solid #888; margin: 0 .3em 0 1em; }
code { font-size: 90%; overflow-wrap: anywhere; } .failed { color: #b02a3c; }
"""


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
    body = [f"<h1>{escape(title)}</h1>", *_figures(record, report), *_map(record), *_failures(record, report)]
    body += _parameters(record)
    return document(title, body)


def document(title: str, body: Iterable[str], style: str = "") -> bytes:
    """Return a page that needs no other file, as UTF-8.

    Parameters
    ----------
    title : str
        As plain text.
    body : iterable of str
        HTML.
    style : str
        CSS besides what all pages share.
    """
    return (
        f'<!DOCTYPE html>\n<html lang="{language()}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_STYLE}{style}</style></head><body>\n" + "\n".join(body) + "\n</body></html>\n"
    ).encode("utf-8", "backslashreplace")


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
        f'<tr><th>{escape(name)}</th><td class="number">{escape(value)}</td></tr>'
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
    yield f"<h2>{escape(say('page.map'))}</h2><p>"
    for state, colour in _COLOURS.items():
        if counts[state]:
            name = escape(say(f"page.state_{state}"))
            yield f'<span class="key" style="background:{colour}"></span>{name}: {counts[state]:,}'
    yield f'</p><svg viewBox="0 0 {_WIDTH} {(north - south) * scale:.1f}" width="{_WIDTH}">'
    for code, sheet in sorted(record.items.items()):
        state = _state(sheet)
        w, s, e, n = sheet.bounds
        place = (
            f'x="{(w - west) * scale:.2f}" y="{(north - n) * scale:.2f}" '
            f'width="{(e - w) * scale:.2f}" height="{(n - s) * scale:.2f}"'
        )
        words = escape(": ".join(filter(None, (code, say(f"page.state_{state}"), sheet.failure))))
        yield f'<rect {place} fill="{_COLOURS[state]}" stroke="#666" stroke-width="0.5"><title>{words}</title></rect>'
    yield "</svg>"


def _failures(record: Record, report: Report) -> Iterator[str]:
    failed = {code: sheet.failure for code, sheet in sorted(record.items.items()) if sheet.failure}
    if not failed and not report.bad_files:
        return
    yield f'<h2 class="failed">{escape(say("page.failures"))}</h2><ul>'
    for file, why in report.bad_files.items():
        yield f"<li><code>{escape(Path(file).name)}</code>: {escape(why)}</li>"
    for code, why in failed.items():
        yield f"<li><code>{escape(code)}</code>: {escape(why)}</li>"
    yield "</ul>"


def _parameters(record: Record) -> Iterator[str]:
    yield f"<h2>{escape(say('page.parameters'))}</h2>"
    for folder, values in sorted(record.parameters.items()):
        shown = {name: value for name, value in values.items() if not isinstance(value, Mapping)}
        lines = "".join(
            f"<tr><th>{escape(name)}</th><td>{_value(value)}</td></tr>" for name, value in shown.items()
        )
        yield f"<h3>{escape(folder)}</h3><table>{lines}</table>"


def _value(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else "-" if value is None else str(value)
    return f"<code>{escape(text)}</code>"
