"""What a run did, or would do, in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pointcloud.messages import say

if TYPE_CHECKING:
    from pointcloud.params import GridParams
    from pointcloud.run.grid import Request
    from pointcloud.run.inventory import Inventory
    from pointcloud.run.plan import Plan
    from pointcloud.run.report import Report

_MANY = 20


def of_plan(inventory: Inventory, plan: Plan, request: Request) -> str:
    """Return what a run would make."""
    from pointcloud import pipeline
    from pointcloud.lattice import metres

    params = request.params
    points = sum(source.header.count for source in inventory.sources)
    lines = [
        say("grid.planned", files=len(inventory.sources), points=points, sheets=len(plan.sheets)),
        say("grid.plan_crs", crs=inventory.crs.label if inventory.crs else "-"),
        say(
            "grid.plan_params",
            products=", ".join(product.upper() for product in params.products),
            resolutions=", ".join(f"{r:g} m" for r in params.resolutions),
            halo=metres(pipeline.reach(params)),
        ),
    ]
    for code, sheet in plan.sheets.items():
        west, south, east, north = sheet.bounds
        lines.append(
            say("grid.plan_sheet", sheet=code, w=west, s=south, e=east, n=north, files=len(plan.needs[code]))
        )
    lines += [say("grid.warning", text=remark) for remark in inventory.remarks]
    lines += [say("grid.bad_file", file=bad.path.name, why=bad.error) for bad in inventory.bad]
    return "\n".join(lines)


def of_report(report: Report, params: GridParams) -> str:
    """Return what a run did."""
    return "\n".join(_lines(report, params))


def _lines(report: Report, params: GridParams) -> Iterator[str]:
    rasters = sum(len(folders) for folders in report.written.values())
    yield say("grid.done", sheets=len(report.written), rasters=rasters, seconds=report.seconds)
    counts = report.counts
    yield say(
        "grid.points_found" if params.classify else "grid.points",
        points=counts["points"],
        used=counts["used"],
        ground=counts["ground"],
        excluded=counts["excluded"],
        withheld=counts["withheld"],
    )
    if report.peak:
        yield say("grid.memory", mib=report.peak / 2**20)
    yield from _each("grid.empty", report.empty)
    yield from _each("grid.no_terrain", report.no_terrain)
    yield from _each("grid.sparse", [f"{code} ({share:.2%})" for code, share in report.sparse.items()])
    sides = [
        f"{code} ({', '.join(say(f'grid.side_{side}') for side in missing)})"
        for code, missing in report.neighbours.items()
    ]
    yield from _each("grid.neighbours", sides)
    if report.ground_only and params.water_gap and params.products != ("dsm",):
        yield say("grid.ground_only")
    if params.products != ("dsm",) and report.counts["ground"]:
        yield from _each("grid.groundless", report.groundless)
    for file, why in report.bad_files.items():
        yield say("grid.bad_file", file=Path(file).name, why=why)
    for sheet, why in report.failed.items():
        yield say("grid.failed", sheet=sheet, why=why)
    if report.mosaics:
        yield say("grid.where", out=report.out)
        for path in report.mosaics:
            yield f"  {path}"
        yield say("grid.pictures")
        for path in report.pictures:
            yield f"  {path}"


def _each(message: str, items: list[str]) -> Iterator[str]:
    """Yield one line that names the first of ``items`` and counts the rest, if there are any."""
    if items:
        more = say("grid.more", count=len(items) - _MANY) if len(items) > _MANY else ""
        yield say(message, count=len(items), names=", ".join(items[:_MANY]) + more)
