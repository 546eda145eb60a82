"""``hyogo-pc plan``: what `grid` would make, and what that takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hyogo_pc.grid_options import gridding, request_of
from pointcloud.messages import say

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("plan", help=say("plan.help"), short_help=say("plan.short_help"))
@click.argument("inputs", metavar="[INPUT…]", nargs=-1)
@gridding
@click.option("--density", type=click.FloatRange(0.01, 10_000), metavar="N", help=say("plan.density"))
@click.option("--json", "json_file", type=_FILE, help=say("plan.json"))
@click.option("--geojson", "geojson_file", type=_FILE, help=say("plan.geojson"))
@click.pass_context
def command(
    context: click.Context,
    /,
    density: float | None,
    json_file: Path | None,
    geojson_file: Path | None,
    **options: Any,
) -> None:
    """Print and save what there is to make; the catalogue holds the help."""
    from hyogo_pc import summary
    from pointcloud.errors import ParameterError
    from pointcloud.gridding import forecast, forecast_files
    from pointcloud.io import put

    given = bool(options["inputs"] or options["ground"])
    if given and density:
        raise ParameterError("plan.density_and_input")
    request = request_of({**options, "density": density})
    if density:
        found = forecast.forecast_area(request, density)
    else:
        found = forecast.forecast(request)
    if json_file:
        put.put(json_file, forecast_files.as_json(found, request).encode())
    if geojson_file:
        put.put(geojson_file, forecast_files.as_geojson(found).encode())
    click.echo(summary.of_forecast(found, request))
    if found.inventory.bad:
        context.exit(1)
