"""``hyogo-pc mosaic``: several DEMs into one, the best first."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hyogo_pc import options as shared
from hyogo_pc import progress, summary
from pointcloud.messages import say

if TYPE_CHECKING:
    from pointcloud.mosaics.request import MosaicReport, Request

PRODUCTS = ("dem", "dsm")
LEVELS = ("50000", "5000", "2500", "1000", "500", "250")


@click.command("mosaic", help=say("mosaic.help"), short_help=say("mosaic.short_help"))
@click.argument("sources", metavar="SOURCE…", nargs=-1, required=True)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help=say("convert.out")
)
@click.option(
    "--feather", type=float, default=50.0, show_default=True, metavar="M", help=say("mosaic.feather")
)
@click.option(
    "-p",
    "--product",
    type=click.Choice(PRODUCTS, case_sensitive=False),
    default=PRODUCTS[0],
    show_default=True,
    help=say("mosaic.product"),
)
@click.option(
    "--sheet",
    "level",
    type=click.Choice(LEVELS),
    default="2500",
    show_default=True,
    help=say("mosaic.sheet"),
)
@click.option("--area", multiple=True, metavar="AREA", help=say("mosaic.area"))
@click.option("--whole", is_flag=True, help=say("mosaic.whole"))
@click.option("--crs", metavar="CRS", help=say("mosaic.crs"))
@shared.vertical
@shared.compress
@shared.credit
@click.option("--jobs", type=click.IntRange(1), metavar="N", help=say("mosaic.jobs"))
@click.option("--redo", is_flag=True, help=say("mosaic.redo"))
@click.pass_context
def command(context: click.Context, /, **options: Any) -> None:
    """Make a mosaic; the catalogue holds the help."""
    from pointcloud.mosaics.run import mosaic

    request = _request(options)
    try:
        report = mosaic(request, _Progress(None, _LINES))
    except KeyboardInterrupt:
        click.echo(say("grid.stopped", out=request.out), err=True)
        raise
    _tell(report)
    if report.failed or report.bad_files or report.nothing:
        context.exit(1)


def _request(options: dict[str, Any]) -> Request:
    from pointcloud.mosaics.request import Request

    return Request(
        **options
        | {
            "crs": shared.crs_of(options),
            "vertical": shared.vertical_of(options),
            "jobs": options["jobs"] or min(os.cpu_count() or 1, 4),
        }
    )


_LINES = progress.Lines("mosaic.sheet_made", "", "mosaic.planned", always=True)


class _Progress(progress.Progress):
    """Says on stderr how far a mosaic is, a line a sheet."""

    def converting(self, source: str, count: int, kept: int) -> None:
        """Say that files of a source are converted first."""
        click.echo(say("mosaic.converting", source=source, count=count, kept=kept), err=True)


def _tell(report: MosaicReport) -> None:
    """Say on stdout what came of it."""
    values = {"count": len(report.written), "seconds": report.seconds, "kept": report.kept}
    click.echo(say("mosaic.done", **values))
    total = sum(report.cells)
    if total:
        for number, name in enumerate(report.sources, start=1):
            percent = 100 * report.cells[number] / total
            click.echo(say("mosaic.share", number=number, name=name, percent=percent))
        click.echo(say("mosaic.none", percent=100 * report.cells[0] / total))
    for code, why in report.failed.items():
        click.echo(say("grid.failed", sheet=code, why=why))
    for label, why in report.bad_files.items():
        click.echo(say("convert.failed", label=label, why=why))
    for line in summary.where(report.out, report.mosaics, report.pictures):
        click.echo(line)
