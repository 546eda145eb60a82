"""Options that several commands have, worded once."""

from __future__ import annotations

import click

from pointcloud.messages import say
from pointcloud.params import COMPRESSIONS
from pointcloud.smrfparams import METHODS, PRESETS

classify = click.option("--classify", type=click.Choice(METHODS), help=say("ground.classify"))
preset = click.option("--preset", type=click.Choice(PRESETS), help=say("ground.preset"))
compress = click.option(
    "--compress",
    type=click.Choice(COMPRESSIONS),
    default=COMPRESSIONS[0],
    show_default=True,
    help=say("cli.compress"),
)
as_json = click.option("--json", "as_json", is_flag=True, help=say("cli.json"))
