"""``hyogo-pc convert``: rasters as they come to ours, and back to text."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hyogo_pc import options as shared
from hyogo_pc import progress, summary
from pointcloud.messages import say

if TYPE_CHECKING:
    from pointcloud.convert.request import ConvertReport, Request

KINDS = ("text", "gml", "lem", "geotiff")
TARGETS = ("cog", "text", "flagged-text")
PRODUCTS = ("dsm", "dem", "cs")
LEVELS = ("50000", "5000", "2500", "1000", "500", "250")
_MANY = 20
_LINES = progress.Lines("convert.done", "", "convert.kept", needs_result=True)


@click.command("convert", help=say("convert.help"), short_help=say("convert.short_help"))
@click.argument("inputs", metavar="INPUT…", nargs=-1, required=True)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help=say("convert.out")
)
@click.option("--from", "kind", type=click.Choice(KINDS), help=say("convert.from"))
@click.option(
    "--to",
    "target",
    type=click.Choice(TARGETS),
    default="cog",
    show_default=True,
    help=say("convert.to"),
)
@click.option(
    "-p",
    "--product",
    type=click.Choice(PRODUCTS, case_sensitive=False),
    help=say("convert.product_option"),
)
@click.option("--crs", metavar="CRS", help=say("convert.crs"))
@shared.vertical
@shared.geoid
@shared.reference
@click.option("-r", "--resolution", type=float, metavar="M", help=say("convert.resolution"))
@click.option(
    "--sheet",
    "level",
    type=click.Choice(LEVELS),
    default="2500",
    show_default=True,
    help=say("convert.sheet"),
)
@click.option("--swap", is_flag=True, help=say("convert.swap"))
@click.option("--nodata", type=float, multiple=True, metavar="M", help=say("convert.nodata"))
@shared.compress
@shared.credit
@click.option("--jobs", type=click.IntRange(1), metavar="N", help=say("convert.jobs"))
@click.pass_context
def command(context: click.Context, /, target: str, **options: Any) -> None:
    """Convert rasters; the catalogue holds the help."""
    from pointcloud.convert.run import convert, to_text

    text = target != "cog"
    request = _request(options | {"flagged": target == "flagged-text"}, text=text)
    try:
        with progress.open_progress(_LINES) as watcher:
            report = (to_text if text else convert)(request, watcher)
    except KeyboardInterrupt:
        click.echo(say("grid.stopped", out=request.out), err=True)
        raise
    _tell(report, text=text)
    if report.failed or report.nothing:
        context.exit(1)


def _request(options: dict[str, Any], *, text: bool) -> Request:
    from pointcloud.convert.request import Request
    from pointcloud.errors import ParameterError
    from pointcloud.io.geoid import read_geoid
    from pointcloud.params.grid import COARSEST, FINEST

    resolution = options["resolution"]
    if resolution is not None and not FINEST <= resolution <= COARSEST:
        raise ParameterError("params.range", name="resolution", value=resolution, least=FINEST, most=COARSEST)
    for value in options["nodata"]:
        if not value <= -999:
            raise ParameterError("convert.nodata_high", value=f"{value:g}")
    if text and (options["geoid"] or options["reference"]):
        raise ParameterError("geoid.to_text")
    return Request(
        **options
        | {
            "geoid": read_geoid(options["geoid"]).file if options["geoid"] else None,
            "crs": shared.crs_of(options),
            "vertical": shared.vertical_of(options),
            "jobs": options["jobs"] or min(os.cpu_count() or 1, 4),
        }
    )


def _tell(report: ConvertReport, *, text: bool) -> None:
    """Say on stdout what came of it."""
    count = len(report.written)
    if text:
        click.echo(say("convert.texts", count=count, identical=report.identical, seconds=report.seconds))
    else:
        click.echo(say("convert.rasters", count=count, seconds=report.seconds))
    if report.kept:
        click.echo(say("convert.done_kept", kept=report.kept))
    if report.passed:
        more = say("grid.more", count=len(report.passed) - _MANY) if len(report.passed) > _MANY else ""
        click.echo(
            say("convert.passed", count=len(report.passed), names=", ".join(report.passed[:_MANY]) + more)
        )
    for label, why in report.failed.items():
        click.echo(say("convert.failed", label=label, why=why))
    if report.reference:
        click.echo(str(report.reference))
    for line in summary.where(report.out, report.mosaics, report.pictures):
        click.echo(line)
