"""Options that several commands have, worded once."""

from __future__ import annotations

import datetime
import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pointcloud.errors import ParameterError
from pointcloud.geo.places import HYOGO_ZONE
from pointcloud.messages import say
from pointcloud.params.grid import COMPRESSIONS
from pointcloud.params.smrf import METHODS, PRESETS

if TYPE_CHECKING:
    from pointcloud.geo.crs import SpatialReference

classify = click.option("--classify", type=click.Choice(METHODS), help=say("ground.classify"))
preset = click.option("--preset", type=click.Choice(PRESETS), help=say("ground.preset"))
geoid = click.option(
    "--geoid", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help=say("geoid.option")
)
reference = click.option(
    "--reference",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="DEM",
    help=say("reference.option"),
)
compress = click.option(
    "--compress",
    type=click.Choice(COMPRESSIONS),
    default=COMPRESSIONS[0],
    show_default=True,
    help=say("cli.compress"),
)
threads = click.option("--jobs", type=click.IntRange(1), metavar="N", help=say("cli.threads"))
scheduler = click.option("--scheduler", default="", metavar="ADDRESS", help=say("grid.scheduler"))
columns = click.option("--columns", default="", metavar="NAMES", help=say("pointtext.option"))
to_crs = click.option("--to-crs", metavar="CRS", help=say("transform.option"))
vertical = click.option("--vertical", metavar="CRS", help=say("grid.vertical"))
credit = click.option("--credit", default="", metavar="TEXT", help=say("grid.credit"))
dem_crs = click.option("--crs", metavar="CRS", help=say("relief_command.crs"))
dem_nodata = click.option("--nodata", type=float, metavar="HEIGHT", help=say("relief_command.nodata"))
as_json = click.option("--json", "as_json", is_flag=True, help=say("cli.json"))
zone = click.option(
    "--zone",
    type=click.IntRange(1, 19),
    default=HYOGO_ZONE,
    show_default=True,
    metavar="N",
    help=say("places.zone"),
)


def scale_of(_context: click.Context, _option: click.Parameter, text: str | None) -> float | None:
    """Return the denominator of a scale, written as such, as 1:N or as 1/N."""
    if text is None:
        return None
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    found = re.fullmatch(r"(?:1[:/])?(\d{1,3}(?:,\d{3})+|\d+(?:\.\d*)?)", plain)
    scale = float(found[1].replace(",", "")) if found else 0.0
    if not scale:
        raise ParameterError("cli.scale", text=text)
    return scale


def date_of(_context: click.Context, _option: click.Parameter, text: str | None) -> datetime.date | None:
    """Return a day: year, month and day, with hyphens, slashes or dots between them, or with 年月日."""
    if text is None:
        return None
    plain = unicodedata.normalize("NFKC", text).strip()
    found = re.fullmatch(r"(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?", plain)
    try:
        if found:
            return datetime.date(*map(int, found.groups()))
    except ValueError:  # no such day
        pass
    raise ParameterError("cli.date", text=text)


class PlaceCommand(click.Command):
    """A command with a PLACE, which may begin with a minus."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; a space before a minus keeps ``-500,-78000`` from being taken for options."""
        return super().parse_args(ctx, [f" {arg}" if re.match(r"-[\d.]", arg) else arg for arg in args])


def crs_wkt(text: str | None) -> str | None:
    """Return the WKT of a CRS in metres that a user names, if one is named."""
    if not text:
        return None
    from pointcloud.geo import crs

    system = crs.from_user(text)
    crs.require_metres(system, "--crs")
    return system.wkt


def crs_of(options: Mapping[str, Any]) -> SpatialReference | None:
    """Return the CRS of ``--crs``, if one is named."""
    from pointcloud.geo import crs

    return crs.from_user(options["crs"]) if options["crs"] else None


def to_crs_of(options: Mapping[str, Any]) -> SpatialReference | None:
    """Return the CRS of ``--to-crs``, if one is named."""
    from pointcloud.geo import crs, transform

    if not options["to_crs"]:
        return None
    found = crs.from_user(options["to_crs"])
    transform.target_plane(found)
    return found


def vertical_of(options: Mapping[str, Any]) -> str | None:
    """Return the height datum of ``--vertical``, if one is named."""
    from pointcloud.geo import crs

    return crs.vertical_from_user(options["vertical"]) if options["vertical"] else None


def begin_decoding(inputs: Sequence[str], jobs: int | None) -> None:
    """Let a lone LAZ file be decoded while the rest of the program is imported."""
    if len(inputs) == 1 and inputs[0].lower().endswith(".laz") and (jobs or os.cpu_count() or 1) > 1:
        from pointcloud.io.las import ahead

        ahead.begin(Path(inputs[0]))
