"""``hyogo-pc verify``: whether an output folder still holds what was made."""

from __future__ import annotations

from pathlib import Path

import click

from pointcloud.messages import say


@click.command("verify", help=say("verify.help"), short_help=say("verify.short_help"))
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--deep", "inputs", multiple=True, metavar="INPUT", help=say("verify.deep"))
@click.pass_context
def command(context: click.Context, /, out: Path, inputs: tuple[str, ...]) -> None:
    """Print what is no longer as it was recorded; the catalogue holds the help."""
    from pointcloud.run.verify import verify

    verdict = verify(out, inputs)
    for kind in ("missing", "altered", "unknown", "inputs_missing", "inputs_altered"):
        for name in getattr(verdict, kind):
            click.echo(say(f"verify.is_{kind}", name=name))
    click.echo(say("verify.rasters", count=verdict.rasters))
    if inputs:
        click.echo(say("verify.inputs", count=verdict.inputs))
    click.echo(say("verify.ok") if verdict.ok else say("verify.not_ok"))
    if not verdict.ok:
        context.exit(1)
