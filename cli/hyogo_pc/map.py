"""``hyogo-pc map``: a site map for paper."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hyogo_pc import options as shared
from hyogo_pc.progress import shares, warn
from hyogo_pc.relief import chosen_styles
from pointcloud.errors import ParameterError
from pointcloud.messages import say
from pointcloud.params import styles
from pointcloud.params.csmap import PRESETS
from pointcloud.plaintext import marked
from pointcloud.print.map.layout import ORIENTATIONS, PAPERS

if TYPE_CHECKING:
    from pointcloud.print.map.design import Design
    from pointcloud.print.map.files import MapRequest

_DRAWN = 0.5
"""The share of drawing; the rest is writing."""

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("map", help=say("map.help"), short_help=say("map.short_help"))
@click.argument("inputs", metavar="DEM…", nargs=-1)
@click.option("-o", "--out", "outs", type=_FILE, metavar="OUT", multiple=True, help=say("map.out"))
@click.option("--at", "place", metavar="PLACE", default="", help=say("map.at"))
@click.option("--scale", callback=shared.scale_of, metavar="N", help=say("map.scale_option"))
@click.option(
    "--paper",
    type=click.Choice(PAPERS, case_sensitive=False),
    default="A4",
    show_default=True,
    help=say("map.paper"),
)
@click.option(
    "--orientation",
    type=click.Choice(ORIENTATIONS),
    default="auto",
    show_default=True,
    help=say("map.orientation"),
)
@click.option("--dpi", type=float, default=350.0, show_default=True, help=say("map.dpi"))
@click.option(
    "--style",
    type=click.Choice(list(styles.STYLES), case_sensitive=False),
    default="cs",
    show_default=True,
    help=say("map.style_option"),
)
@click.option("--preset", metavar="NAME", default=PRESETS[0], help=say("relief_command.preset"))
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help=say("relief_command.set"))
@click.option("--interval", type=float, metavar="M", help=say("map.interval"))
@click.option("--smooth", type=float, metavar="M", default=2.0, show_default=True, help=say("map.smooth"))
@click.option(
    "--shortest", type=float, metavar="M", default=10.0, show_default=True, help=say("map.shortest")
)
@click.option("--contours", type=_FILE, metavar="FILE", multiple=True, help=say("map.contours_out"))
@click.option(
    "--overlay",
    "overlays",
    type=click.Path(path_type=Path),
    metavar="FILE",
    multiple=True,
    help=say("map.overlay"),
)
@click.option("--label", metavar="FIELD", help=say("map.label"))
@click.option("--magnetic", metavar="DEGREES", help=say("map.magnetic"))
@click.option("--title", metavar="TEXT", default="", help=say("map.title"))
@click.option("--author", metavar="TEXT", default="", help=say("map.author"))
@click.option("--date", callback=shared.date_of, metavar="DATE", help=say("map.date_option"))
@click.option("--credit", metavar="TEXT", default="", help=say("map.credit_option"))
@click.option("--zone", type=click.IntRange(1, 19), metavar="N", help=say("map.zone_option"))
@shared.dem_crs
@click.option("--vertical", metavar="CRS", help=say("map.vertical"))
@shared.dem_nodata
@click.option("--font", type=_FILE, metavar="FILE", help=say("map.font"))
@shared.threads
def command(outs: tuple[Path, ...], contours: tuple[Path, ...], **options: Any) -> None:
    """Draw a site map; the catalogue holds the help."""
    if not options["inputs"] or not (outs or contours):
        raise ParameterError("map.no_input")
    _check_names(outs, contours)
    from pointcloud.print.map.files import make_map

    request, written = _request(options), list[Path]()
    with shares(say("map.bar")) as tell:
        made = make_map(request, warn, lambda step, share: tell(step, _DRAWN * share))
        for number, path in enumerate((*outs, *contours), start=1):
            written += made.write(path) if number <= len(outs) else [made.write_contours(path)]
            tell(path.name, _DRAWN + (1 - _DRAWN) * number / len((*outs, *contours)))
    west, south, east, north = made.frame.bounds
    size = {"width": east - west, "height": north - south}
    drawn = say("map.drawn", scale=made.frame.scale, paper=made.design.paper, **size)
    lines = say("map.drawn_contours", interval=made.design.interval) if made.design.interval else ""
    click.echo(drawn + lines, err=True)
    for path in written:
        click.echo(marked(path))


def _check_names(outs: tuple[Path, ...], contours: tuple[Path, ...]) -> None:
    """Refuse suffixes that there are no formats for, before anything is drawn."""
    for path in outs:
        if path.suffix.lower() not in (".pdf", ".png", ".svg"):
            raise ParameterError("print.suffix", path=path, suffixes=".pdf, .png, .svg")
    for path in contours:
        if path.suffix.lower() not in (".gpkg", ".dxf"):
            raise ParameterError("map.contour_suffix", path=path, suffixes=".gpkg, .dxf")


def _request(options: dict[str, Any]) -> MapRequest:
    from pointcloud.geo import crs
    from pointcloud.print.map.files import MapRequest

    system = shared.crs_of(options)
    if system is not None:
        crs.require_metres(system, "--crs")
    return MapRequest(
        inputs=options["inputs"],
        design=_design(options),
        place=options["place"],
        zone=options["zone"],
        overlays=options["overlays"],
        label=options["label"],
        crs=system,
        vertical=shared.vertical_of(options),
        nodata=options["nodata"],
        threads=options["jobs"] or os.cpu_count() or 1,
    )


def _design(options: dict[str, Any]) -> Design:
    from pointcloud.print.map.design import Design
    from pointcloud.print.map.north import declination

    style = options["style"]
    same = (
        "scale",
        "orientation",
        "dpi",
        "style",
        "interval",
        "smooth",
        "shortest",
        "title",
        "author",
        "date",
    )
    return Design(
        **{name: options[name] for name in (*same, "paper", "credit", "font")},
        params=chosen_styles((style,), options["preset"], options["settings"])[style],
        magnetic=declination(options["magnetic"]) if options["magnetic"] else None,
    )
