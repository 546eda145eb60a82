"""``hyogo-pc check``: whether a delivery is sound, on the terminal, as a page and as JSON."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hyogo_pc import options as shared
from pointcloud.messages import say
from pointcloud.plaintext import marked, to_json

if TYPE_CHECKING:
    from pointcloud.check import Report, Request
    from pointcloud.check.tables import Table

LEVELS = ("5000", "2500", "1000", "500", "250", "none")
EXIT_CODES = {"note": 0, "warning": 3, "error": 1}
"""By the worst finding; 2 is wrong usage, as everywhere."""

_FILE = click.Path(path_type=Path, dir_okay=False)
_SHOWN = 3  # findings of a kind
_NAMED = 20  # files named beside them
_ROWS = 40  # of a table


@click.command("check", help=say("check.help"), short_help=say("check.short_help"))
@click.argument("inputs", metavar="INPUT…", nargs=-1, required=True)
@click.option("--ground", multiple=True, metavar="INPUT", help=say("check.ground"))
@click.option("--control", type=_FILE, metavar="CSV", help=say("check.control"))
@click.option("--crs", metavar="CRS", help=say("check.crs"))
@shared.columns
@click.option(
    "--sheet", "level", type=click.Choice(LEVELS), default="2500", show_default=True, help=say("check.sheet")
)
@click.option(
    "--ground-class",
    "ground_classes",
    type=click.IntRange(0, 255),
    multiple=True,
    help=say("check.ground_class"),
)
@click.option("--html", "html_file", type=_FILE, help=say("check.html"))
@click.option("--json", "json_file", type=_FILE, help=say("check.json"))
@click.option("--jobs", type=click.IntRange(1), metavar="N", help=say("check.jobs"))
@click.pass_context
def command(
    context: click.Context, /, html_file: Path | None, json_file: Path | None, **options: Any
) -> None:
    """Check a delivery; the catalogue holds the help."""
    from pointcloud.check import check, page
    from pointcloud.io import put

    request = _request(options)
    report = check(request, _Progress())
    if json_file:
        text = to_json(report.to_json(), indent=2, allow_nan=False)
        put.put(json_file, text.encode("utf-8", "backslashreplace"))
    if html_file:
        put.put(html_file, page(report, request.limits))
    click.echo("\n".join(_lines(report, request)))
    for path in (html_file, json_file):
        if path:
            click.echo(say("check.where", path=path))
    context.exit(EXIT_CODES[report.severity.name.lower()])


def _request(options: dict[str, Any]) -> Request:
    from pointcloud.check import Request

    return Request(
        **options
        | {
            "crs": shared.crs_of(options),
            "ground_classes": options["ground_classes"] or (2,),
            "jobs": options["jobs"] or os.cpu_count() or 1,
        }
    )


class _Progress:
    """Says on stderr how far a check is, a line a file."""

    def __init__(self) -> None:
        self.count = self.ended = 0

    def planned(self, files: int) -> None:
        """Take note of how many files there are to read."""
        self.count = files

    def done(self, name: str) -> None:
        """Say that a file has been read."""
        self.ended += 1
        click.echo(say("check.done", done=self.ended, count=self.count, name=name), err=True)


def _lines(report: Report, request: Request) -> Iterator[str]:
    from pointcloud.check import tables

    for table in tables.tables(report, request.limits):
        yield from _laid_out(table)
    for group in tables.alike(report.findings):
        for finding in group[:_SHOWN]:
            yield f"[{finding.severity.label}] {finding}"
        rest = [Path(finding.subject).name for finding in group[_SHOWN:]]
        if rest:
            names = ", ".join(name for name in rest[:_NAMED] if name) + (" …" if len(rest) > _NAMED else "")
            yield "  " + say("check.more", count=len(rest), names=names)
    if report.findings:
        yield ""
    if report.other:
        names = ", ".join(Path(name).name for name in report.other[:_NAMED])
        yield say("check.other", count=len(report.other), names=names)
    yield tables.summary(report)
    yield tables.counts(report)
    yield tables.verdict(report)


def _laid_out(table: Table) -> Iterator[str]:
    """Yield a table with its columns aligned by display width; of a long one the first rows."""
    from hyogo_pc.translate import columns

    rows = [tuple(map(marked, row)) for row in (table.header, *table.rows[:_ROWS])]
    widths = [max(columns(row[place]) for row in rows) for place in range(len(table.header))]
    yield table.title
    for row in rows:
        fields = []
        for place, (field, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - columns(field))
            fields.append(field + space if place < table.words else space + field)
        yield "  " + "  ".join(fields).rstrip()
    if len(table.rows) > _ROWS:
        yield "  " + say("check.more_rows", count=len(table.rows) - _ROWS)
    yield ""
