"""``hyogo-pc status``: how a run goes, or went."""

from __future__ import annotations

from pathlib import Path

import click

from hyogo_pc import options
from hyogo_pc.progress import clock
from pointcloud.messages import say
from pointcloud.plaintext import to_json


@click.command("status", help=say("status.help"), short_help=say("status.short_help"))
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@options.as_json
@click.pass_context
def command(context: click.Context, /, out: Path, as_json: bool) -> None:
    """Print what the record of an output folder says; the catalogue holds the help."""
    from dataclasses import asdict

    from pointcloud.run.status import status

    found = status(out)
    if as_json:
        click.echo(to_json(asdict(found) | {"left": found.left}, indent=1))
    else:
        values = {
            "host": found.run["host"],
            "process": found.run["process"],
            "started": _local(found.run["started"]),
            "ended": _local(found.run["ended"]),
        }
        if found.running:
            click.echo(say("status.running", **values))
        else:
            click.echo(say(f"status.run_{found.run['ended_as'] or 'killed'}", **values))
        click.echo(say("status.progress", done=found.done, planned=found.planned))
        if found.done and found.seconds > 0:
            click.echo(say("status.pace", rate=found.done / found.seconds * 3600))
        if found.left is not None:
            click.echo(say("status.left", left=clock(found.left)))
        for state, count in found.states.items():
            click.echo(say(f"status.sheets_{state}", count=count))
        for folder, count in found.rasters.items():
            click.echo(say("status.rasters", folder=folder, count=count))
        for code, why in found.failures.items():
            click.echo(say("grid.failed", sheet=code, why=why))
        for label, why in found.bad_files.items():
            click.echo(say("convert.failed", label=label, why=why))
    if found.failures or found.bad_files:
        context.exit(1)


def _local(time: object) -> str:
    """Return a time of the record as the clock on the wall shows it; empty if there is none."""
    from datetime import datetime

    return datetime.fromisoformat(str(time)).astimezone().isoformat(" ", "seconds") if time else ""
