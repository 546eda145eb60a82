"""``hyogo-pc grid``: point clouds to rasters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hyogo_pc import options as shared
from hyogo_pc.grid_options import gridding, request_of
from pointcloud.messages import say
from pointcloud.params.pdal_stages import FILTERS


@click.command("grid", help=say("grid.help"), short_help=say("grid.short_help"))
@click.argument("inputs", metavar="INPUT…", nargs=-1)
@gridding
@shared.reference
@click.option("--log", "log_file", type=click.Path(path_type=Path, dir_okay=False), help=say("grid.log"))
@click.option("--redo", is_flag=True, help=say("grid.redo"))
@click.option("--dry-run", is_flag=True, help=say("grid.dry_run"))
@click.pass_context
def command(context: click.Context, /, dry_run: bool, log_file: Path | None, **options: Any) -> None:
    """Make rasters of point clouds; the catalogue holds the help."""
    if not (dry_run or options["pipeline"] or options["scheduler"] or options["classify"] in FILTERS):
        shared.begin_decoding(options["inputs"], options["jobs"])
    from hyogo_pc import progress, summary
    from pointcloud.gridding.run import grid, prepare
    from pointcloud.run.log import Log

    request = request_of(options)
    if dry_run:
        click.echo(summary.of_plan(*prepare(request), request))
        return
    try:
        with progress.open_progress(progress.GRID) as watcher:
            if log_file:
                with Log(log_file, watcher) as log:
                    report = grid(request, log)
            else:
                report = grid(request, watcher)
    except KeyboardInterrupt:
        click.echo(say("grid.stopped", out=request.out), err=True)
        raise
    click.echo(summary.of_report(report, request.params))
    if not report.ok:
        context.exit(1)
