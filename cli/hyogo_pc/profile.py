"""``hyogo-pc profile``: sections along lines, as drawings and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hyogo_pc import options as shared
from hyogo_pc.progress import warn
from pointcloud.errors import ParameterError
from pointcloud.messages import say
from pointcloud.params.grid import SAMPLINGS
from pointcloud.plaintext import marked
from pointcloud.print.paper.sizes import ORIENTATIONS, PAPERS, size

if TYPE_CHECKING:
    from pointcloud.print.section.files import Cut, SectionRequest
    from pointcloud.print.section.sheet import ProfileSheet

_TABLE = ".csv"


@click.command("profile", help=say("profile_command.help"), short_help=say("profile_command.short_help"))
@click.argument("dem", metavar="[DEM]…", nargs=-1)
@click.option(
    "--line", "lines", multiple=True, required=True, metavar="LINE", help=say("profile_command.line")
)
@click.option(
    "-o",
    "--out",
    "outs",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    required=True,
    metavar="FILE",
    help=say("profile_command.out"),
)
@click.option("--dsm", multiple=True, metavar="DSM", help=say("profile_command.dsm"))
@click.option("--points", multiple=True, metavar="INPUT", help=say("profile_command.points"))
@click.option("--ground", multiple=True, metavar="INPUT", help=say("profile_command.ground"))
@click.option(
    "--width", type=float, default=1.0, show_default=True, metavar="M", help=say("profile_command.width")
)
@click.option("--step", type=float, metavar="M", help=say("profile_command.step"))
@click.option(
    "--method",
    type=click.Choice(SAMPLINGS),
    default=SAMPLINGS[0],
    show_default=True,
    help=say("profile_command.method"),
)
@click.option("--scale", callback=shared.scale_of, metavar="N", help=say("profile_command.scale"))
@click.option(
    "--exaggeration",
    type=float,
    default=1.0,
    show_default=True,
    metavar="N",
    help=say("profile_command.exaggeration"),
)
@click.option(
    "--paper",
    type=click.Choice(list(PAPERS), case_sensitive=False),
    default="A4",
    show_default=True,
    help=say("profile_command.paper"),
)
@click.option(
    "--orientation",
    type=click.Choice(ORIENTATIONS),
    default=ORIENTATIONS[0],
    show_default=True,
    help=say("profile_command.orientation"),
)
@click.option(
    "--dpi",
    type=click.IntRange(50, 1200),
    default=350,
    show_default=True,
    metavar="N",
    help=say("profile_command.dpi"),
)
@click.option("--title", default="", metavar="TEXT", help=say("profile_command.title"))
@click.option("--author", default="", metavar="TEXT", help=say("profile_command.author"))
@click.option("--date", default="", metavar="TEXT", help=say("profile_command.date"))
@click.option("--credit", default="", metavar="TEXT", help=say("profile_command.credit"))
@click.option(
    "--font",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=say("profile_command.font"),
)
@click.option("--crs", metavar="CRS", help=say("profile_command.crs"))
@shared.columns
@click.option("--nodata", type=float, metavar="HEIGHT", help=say("profile_command.nodata"))
@click.option("--max-points", type=click.IntRange(1), metavar="N", help=say("profile_command.max_points"))
def command(**options: Any) -> None:
    """Cut and draw sections; the catalogue holds the help."""
    outs: tuple[Path, ...] = options["outs"]
    drawings = [out for out in outs if out.suffix.lower() != _TABLE]
    _check(drawings)
    from pointcloud.print.section.files import cut, write_table

    made = cut(_request(options))
    for remark in made.remarks:
        warn(remark)
    written = _draw(made, drawings, options) if drawings else []
    for out in outs:
        if out.suffix.lower() == _TABLE:
            written += write_table(made.sections, out)
    for path in written:
        click.echo(marked(path))


def _check(drawings: Sequence[Path]) -> None:
    """Miss libraries and refuse names before anything is read, not after."""
    from pointcloud.print.paper.libraries import need
    from pointcloud.print.paper.save import SUFFIXES

    for out in drawings:
        need("matplotlib")
        if out.suffix.lower() not in SUFFIXES:
            raise ParameterError("print.suffix", path=out, suffixes=", ".join((*SUFFIXES, _TABLE)))


def _request(options: dict[str, Any]) -> SectionRequest:
    from pointcloud.print.section.files import SectionRequest

    return SectionRequest(
        lines=options["lines"],
        dem=options["dem"],
        dsm=options["dsm"],
        points=options["points"],
        ground=options["ground"],
        width=options["width"],
        step=options["step"],
        method=options["method"],
        crs=shared.crs_of(options),
        nodata=options["nodata"],
        columns=options["columns"],
        **({"most_points": options["max_points"]} if options["max_points"] else {}),
    )


def _draw(made: Cut, outs: Sequence[Path], options: dict[str, Any]) -> list[Path]:
    """Write each drawing, a file a page, and return what was written."""
    from pointcloud.print.paper.fonts import Fonts
    from pointcloud.print.paper.save import write
    from pointcloud.print.section.sheet import profile_pages

    sheet = _sheet(made, options)
    if not sheet.credit and not sheet.synthetic:
        click.echo(say("grid.warning", text=say("map.no_credit")), err=True)
    pages = profile_pages(made.sections, sheet, Fonts(file=options["font"]))
    written = []
    for out in outs:
        for number, page in enumerate(pages, start=1):
            path = out if number == 1 else out.with_stem(f"{out.stem}_{number}")
            write(page, path, dpi=options["dpi"], title=sheet.headline, author=sheet.author)
            written.append(path)
    return written


def _sheet(made: Cut, options: dict[str, Any]) -> ProfileSheet:
    from pointcloud.print.section.sheet import ProfileSheet

    notes = [say("profile.points", half=f"{options['width'] / 2:g}")] * bool(
        options["points"] or options["ground"]
    )
    notes += [
        say("profile.thinned", line=section.name, shown=section.points.z.size, found=section.points.found)
        for section in made.sections
        if section.points is not None and section.points.z.size < section.points.found
    ]
    return ProfileSheet(
        paper=size(options["paper"], options["orientation"]),
        scale=options["scale"],
        exaggeration=options["exaggeration"],
        title=options["title"],
        author=options["author"],
        date=options["date"],
        credit=options["credit"] or made.credit,
        reference=f"{made.crs.name} ({made.crs.label})" if made.crs is not None else "",
        notes=(" · ".join(notes),),
        synthetic=made.synthetic,
    )
