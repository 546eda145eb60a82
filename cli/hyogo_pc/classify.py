"""``hyogo-pc classify``: point clouds again, with ground and noise told apart from the rest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from hyogo_pc import options, progress
from pointcloud.messages import say

_LINES = progress.Lines("classify.file_done", "classify.file_done", "run.kept")


@click.command("classify", help=say("classify.help"), short_help=say("classify.short_help"))
@click.argument("inputs", metavar="INPUT…", nargs=-1, required=True)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help=say("classify.out")
)
@options.preset
@click.option("--window", type=float, metavar="M", help=say("classify.window"))
@click.option("--cell", type=float, metavar="M", help=say("classify.cell"))
@click.option("--slope", type=float, metavar="RATIO", help=say("classify.slope"))
@click.option("--threshold", type=float, metavar="M", help=say("classify.threshold"))
@click.option("--max-gap", type=float, metavar="M", help=say("classify.max_gap"))
@click.option("--heights", metavar="LOW,MEDIUM,HIGH", help=say("classify.heights_option"))
@click.option("--buildings", type=click.FloatRange(0.25, 2.0), metavar="M", help=say("classify.buildings"))
@click.option(
    "--isolated",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    metavar="N",
    help=say("classify.isolated"),
)
@click.option("--crs", metavar="CRS", help=say("grid.crs"))
@options.columns
@options.to_crs
@click.option("--jobs", type=click.IntRange(1), metavar="N", help=say("grid.jobs"))
@options.scheduler
@click.option("--dry-run", is_flag=True, help=say("grid.dry_run"))
@click.pass_context
def command(context: click.Context, /, dry_run: bool, **given: Any) -> None:
    """Classify; the catalogue holds the help."""
    if not dry_run:
        options.begin_decoding(given["inputs"], given["jobs"])
    from dataclasses import replace

    from pointcloud.classification.classes import GROUND
    from pointcloud.classification.run import ClassifyRequest, classify, prepare
    from pointcloud.errors import ParameterError
    from pointcloud.geo.lattice import metres
    from pointcloud.ground.objects import RoofParams
    from pointcloud.params.smrf import PRESET

    changes = {name: given[name] for name in ("window", "cell", "slope", "threshold", "max_gap")}
    params = replace(
        PRESET[given["preset"] or "general"], **{k: v for k, v in changes.items() if v is not None}
    )
    try:
        heights = tuple(float(part) for part in given["heights"].split(",")) if given["heights"] else ()
    except ValueError:
        raise ParameterError("classify.heights", heights=given["heights"]) from None
    request = ClassifyRequest(
        given["inputs"],
        given["out"],
        params,
        heights,
        RoofParams(given["buildings"]) if given["buildings"] else None,
        given["isolated"],
        options.crs_of(given),
        given["jobs"] or os.cpu_count() or 1,
        given["scheduler"],
        to_crs=options.to_crs_of(given),
        columns=given["columns"],
    )
    if dry_run:
        inventory = prepare(request)
        points = sum(source.header.count for source in inventory.sources)
        click.echo(say("classify.planned", files=len(inventory.sources), points=points))
        click.echo(say("classify.plan", halo=metres(request.halo), widest=params.widest))
        for bad in inventory.bad:
            click.echo(say("grid.bad_file", file=bad.path.name, why=bad.error))
        return
    try:
        with progress.open_progress(_LINES) as watcher:
            report = classify(request, watcher)
    except KeyboardInterrupt:
        click.echo(say("grid.stopped", out=request.out), err=True)
        raise
    for path, counts in report.classes.items():
        classes = ", ".join(f"{number}: {count:,}" for number, count in counts.items())
        click.echo(say("classify.written", path=path, classes=classes))
        if GROUND not in counts:
            click.echo(say("classify.no_ground", name=path.name))
    for file, why in {**report.failed, **report.bad_files}.items():
        click.echo(say("grid.bad_file", file=Path(file).name, why=why))
    if not report.ok:
        context.exit(1)
