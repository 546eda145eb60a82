"""The options that say what `grid` makes and `plan` plans, and the request that they make."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hyogo_pc import options as shared
from pointcloud.messages import say
from pointcloud.params.grid import COMPRESSIONS, PRODUCTS

if TYPE_CHECKING:
    from pointcloud.gridding.run import Request
    from pointcloud.params.grid import GridParams

LEVELS = ("50000", "5000", "2500", "1000", "500", "250", "none")

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "-o", "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help=say("grid.out")
    ),
    click.option("--ground", multiple=True, metavar="INPUT", help=say("grid.ground")),
    click.option(
        "-r",
        "--resolution",
        "resolutions",
        type=float,
        multiple=True,
        metavar="M",
        help=say("grid.resolution"),
    ),
    click.option(
        "-p",
        "--product",
        "products",
        type=click.Choice(PRODUCTS, case_sensitive=False),
        multiple=True,
        help=say("grid.product"),
    ),
    click.option(
        "--sheet",
        "level",
        type=click.Choice(LEVELS),
        default="2500",
        show_default=True,
        help=say("grid.sheet"),
    ),
    click.option(
        "--tile-size", type=float, default=1000.0, show_default=True, metavar="M", help=say("grid.tile_size")
    ),
    click.option("--area", multiple=True, metavar="AREA", help=say("grid.area")),
    click.option("--crs", metavar="CRS", help=say("grid.crs")),
    shared.columns,
    shared.to_crs,
    shared.vertical,
    shared.geoid,
    click.option(
        "--ground-class",
        "ground_classes",
        type=click.IntRange(0, 255),
        multiple=True,
        help=say("grid.ground_class"),
    ),
    click.option(
        "--exclude-class",
        "excluded_classes",
        type=click.IntRange(0, 255),
        multiple=True,
        help=say("grid.exclude_class"),
    ),
    click.option("--exclude-overlap", is_flag=True, help=say("grid.exclude_overlap")),
    shared.classify,
    shared.preset,
    click.option(
        "--pipeline",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help=say("pdal.pipeline"),
    ),
    click.option("--max-gap", type=float, metavar="M", help=say("grid.max_gap")),
    click.option("--dsm-max-gap", type=float, metavar="M", help=say("grid.dsm_max_gap")),
    click.option("--water-gap", type=float, metavar="M", help=say("grid.water_gap")),
    click.option("--precision", type=float, metavar="M", help=say("grid.precision")),
    click.option("--compress", type=click.Choice(COMPRESSIONS), help=say("grid.compress")),
    shared.credit,
    click.option(
        "--params", "params_file", type=click.Path(path_type=Path, dir_okay=False), help=say("grid.params")
    ),
    click.option("--jobs", type=click.IntRange(1), metavar="N", help=say("grid.jobs")),
    shared.scheduler,
    click.option("--scan-extents", is_flag=True, help=say("grid.scan_extents")),
)


def gridding(command: F) -> F:
    """Give a command the options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def request_of(options: dict[str, Any]) -> Request:
    """Return the request that the options make, once everything heavy may be imported."""
    from pointcloud.errors import ParameterError
    from pointcloud.gridding.run import Request

    if not options["inputs"] and not options["ground"] and not options.get("density"):
        raise ParameterError("grid.no_input")
    return Request(
        inputs=options["inputs"],
        ground=options["ground"],
        out=options["out"],
        params=params_of(options),
        level=options["level"],
        tile_size=options["tile_size"],
        area=options["area"],
        crs=shared.crs_of(options),
        to_crs=shared.to_crs_of(options),
        vertical=shared.vertical_of(options),
        credit=options["credit"],
        jobs=options["jobs"] or os.cpu_count() or 1,
        redo=options.get("redo", False),
        scan_extents=options["scan_extents"],
        reference=options.get("reference"),
        scheduler=options["scheduler"],
        columns=options["columns"],
        exclude_overlap=options["exclude_overlap"],
    )


def params_of(options: dict[str, Any]) -> GridParams:
    """Return the parameters: the defaults, over them those of ``--params``, over them the options given."""
    from pointcloud.errors import ParameterError
    from pointcloud.params import pdal_stages
    from pointcloud.params.grid import GridParams, read_params
    from pointcloud.params.smrf import PRESET

    names = (
        *("resolutions", "products", "ground_classes", "excluded_classes"),
        *("max_gap", "dsm_max_gap", "water_gap", "precision", "compress"),
    )
    values = read_params(options["params_file"]) if options["params_file"] else {}
    values |= {name: options[name] for name in names if options[name] not in (None, ())}
    if options["pipeline"]:
        values["pipeline"] = pdal_stages.read(options["pipeline"])
    method = options["classify"]
    if method in pdal_stages.FILTERS:
        if options["preset"] or "classify" in values:
            raise ParameterError("pdal.two_methods", method=method)
        values["pipeline"] = pdal_stages.with_ground(values.get("pipeline", ""), method)
    elif options["preset"]:
        values["classify"] = PRESET[options["preset"]]
    elif method:
        values.setdefault("classify", PRESET["general"])
    if options["geoid"]:
        from pointcloud.io.geoid import read_geoid

        values["geoid"] = read_geoid(options["geoid"]).file
    return GridParams(**values)
