"""Options that several commands have, worded once."""

from __future__ import annotations

import re
from pathlib import Path

import click

from pointcloud.messages import say
from pointcloud.params import COMPRESSIONS
from pointcloud.places import HYOGO_ZONE
from pointcloud.smrfparams import METHODS, PRESETS

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
as_json = click.option("--json", "as_json", is_flag=True, help=say("cli.json"))
zone = click.option(
    "--zone",
    type=click.IntRange(1, 19),
    default=HYOGO_ZONE,
    show_default=True,
    metavar="N",
    help=say("places.zone"),
)


class PlaceCommand(click.Command):
    """A command with a PLACE, which may begin with a minus."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; a space before a minus keeps ``-500,-78000`` from being taken for options."""
        return super().parse_args(ctx, [f" {arg}" if re.match(r"-[\d.]", arg) else arg for arg in args])


def crs_wkt(text: str) -> str:
    """Return the WKT of a CRS in metres that a user names."""
    from pointcloud import crs

    system = crs.from_user(text)
    crs.require_metres(system, "--crs")
    return system.wkt
