"""Options that several commands have, worded once."""

from __future__ import annotations

import click

from pointcloud.messages import say

as_json = click.option("--json", "as_json", is_flag=True, help=say("cli.json"))
