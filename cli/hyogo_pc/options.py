"""Options that several commands have, worded once."""

from __future__ import annotations

import click

from pointcloud.messages import say

METHODS = ("smrf",)
PRESETS = ("general", "forest", "town", "site")

classify = click.option("--classify", type=click.Choice(METHODS), help=say("ground.classify"))
preset = click.option("--preset", type=click.Choice(PRESETS), help=say("ground.preset"))
as_json = click.option("--json", "as_json", is_flag=True, help=say("cli.json"))
