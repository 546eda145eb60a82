"""``hyogo-pc viewshed``: what can be seen from a place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hyogo_pc import options as shared
from hyogo_pc.progress import shares
from pointcloud.errors import ParameterError
from pointcloud.messages import say
from pointcloud.params.viewshed import SHOWN, SightParams
from pointcloud.plaintext import marked

if TYPE_CHECKING:
    from pointcloud.relief_maps.viewshed import ViewshedReport

_USUAL = SightParams()


@click.command(
    "viewshed",
    cls=shared.PlaceCommand,
    help=say("viewshed.help"),
    short_help=say("viewshed.short_help"),
)
@click.argument("spots", metavar="PLACE…", nargs=-1, required=True)
@click.option("--dem", "dems", metavar="DEM", multiple=True, required=True, help=say("viewshed.dem"))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT",
    required=True,
    help=say("viewshed.out"),
)
@click.option(
    "--show", type=click.Choice(SHOWN), default=SHOWN[0], show_default=True, help=say("viewshed.show")
)
@click.option(
    "--eye-height",
    type=float,
    default=_USUAL.eye_height,
    show_default=True,
    metavar="M",
    help=say("viewshed.eye_height"),
)
@click.option(
    "--target-height",
    type=float,
    default=_USUAL.target_height,
    show_default=True,
    metavar="M",
    help=say("viewshed.target_height"),
)
@click.option(
    "--radius", type=float, default=_USUAL.radius, show_default=True, metavar="M", help=say("viewshed.radius")
)
@click.option(
    "--refraction",
    type=float,
    default=_USUAL.refraction,
    show_default=True,
    metavar="K",
    help=say("viewshed.refraction"),
)
@click.option("--flat", is_flag=True, help=say("viewshed.flat"))
@shared.dem_nodata
@shared.dem_crs
@shared.compress
@shared.credit
@shared.threads
def command(spots: tuple[str, ...], **options: Any) -> None:
    """Make a viewshed; the catalogue holds the help."""
    params = SightParams(
        options["eye_height"],
        options["target_height"],
        options["radius"],
        options["refraction"],
        not options["flat"],
    )
    if options["out"].suffix.lower() not in (".tif", ".tiff"):
        raise ParameterError("viewshed.suffix", path=options["out"])
    from pointcloud.relief_maps.viewshed import ViewshedRequest, make_viewshed

    request = ViewshedRequest(
        places=spots,
        dems=options["dems"],
        out=options["out"],
        params=params,
        shown=options["show"],
        nodata=options["nodata"],
        crs_wkt=shared.crs_wkt(options["crs"]),
        compress=options["compress"],
        credit=options["credit"],
        threads=options["jobs"] or os.cpu_count() or 1,
    )
    with shares() as tell:
        report = make_viewshed(request, tell)
    _tell(report, params)
    for path in report.written:
        click.echo(marked(path))


def _tell(report: ViewshedReport, params: SightParams) -> None:
    """Say where the eyes are and how much they see."""
    for spot in report.viewpoints:
        heights = {"ground": f"{spot.ground:.1f}", "eye": f"{spot.ground + params.eye_height:.1f}"}
        click.echo(
            say("viewshed.stands", place=spot.name, e=f"{spot.x:.1f}", n=f"{spot.y:.1f}", **heights), err=True
        )
    if report.known:
        share = 100.0 * report.seen / report.known
        click.echo(say("viewshed.share", share=share, area=report.known * report.cell**2 / 1e6), err=True)
