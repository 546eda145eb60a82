"""What a run did, or would do, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pointcloud.messages import say
from pointcloud.plaintext import marked

if TYPE_CHECKING:
    from pointcloud.gridding.forecast import Forecast
    from pointcloud.gridding.inventory import Inventory
    from pointcloud.gridding.plan import Plan
    from pointcloud.gridding.report import GridReport
    from pointcloud.gridding.run import Request
    from pointcloud.params.grid import GridParams

_MANY = 20


def of_plan(inventory: Inventory, plan: Plan, request: Request) -> str:
    """Return what a run would make."""
    from pointcloud import pipeline
    from pointcloud.geo.lattice import metres

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


def of_forecast(forecast: Forecast, request: Request) -> str:
    """Return what a run would make and take."""
    return "\n".join(_forecast_lines(forecast, request))


def _forecast_lines(forecast: Forecast, request: Request) -> Iterator[str]:
    from hyogo_pc.progress import clock
    from pointcloud import pipeline
    from pointcloud.geo.lattice import metres

    expected, params = forecast.estimate, request.params
    files, to_make = len(forecast.inventory.sources), len(expected.sheets)
    yield say("grid.planned", files=files, points=expected.points, sheets=len(forecast.plan.sheets))
    if to_make < len(forecast.plan.sheets):
        yield say("grid.kept", kept=len(forecast.plan.sheets) - to_make, sheets=to_make)
    crs = forecast.inventory.crs
    yield say("grid.plan_crs", crs=crs.label if crs else "-")
    yield say(
        "grid.plan_params",
        products=", ".join(product.upper() for product in params.products),
        resolutions=", ".join(f"{r:g} m" for r in params.resolutions),
        halo=metres(pipeline.reach(params)),
    )
    yield say("plan.time", time=clock(expected.wall), jobs=request.jobs, cpu=expected.cpu / 3600)
    yield say("plan.memory", mib=expected.memory / 2**20, all=request.jobs * expected.memory / 2**30)
    for folder, size in expected.space.items():
        yield say("plan.space", folder=folder, size=_bytes(size))
    values = {
        "out": request.out,
        "size": _bytes(sum(expected.space.values())),
        "scratch": _bytes(expected.scratch),
        "free": _bytes(expected.free),
    }
    yield say("plan.disk", **values) if expected.enough else say("plan.disk_short", **values)
    if expected.strips:
        yield say("plan.strips", scratch=_bytes(expected.scratch))
    findings = forecast.findings
    yield from _each(
        "plan.duplicates", [" = ".join(Path(n).name for n in twins) for twins in findings.duplicates]
    )
    yield from _each("plan.overlaps", [" / ".join(Path(n).name for n in pair) for pair in findings.overlaps])
    yield from _each("plan.holes", list(findings.holes))
    yield from _each("plan.gaps", list(findings.gaps))
    for remark in forecast.inventory.remarks:
        yield say("grid.warning", text=remark)
    for bad in forecast.inventory.bad:
        yield say("grid.bad_file", file=bad.path.name, why=bad.error)


def _bytes(size: float) -> str:
    """Return a size with the unit that suits it."""
    for unit in ("MB", "GB"):
        size /= 1000 if unit == "GB" else 1e6
        if size < 1000:
            return f"{size:,.1f} {unit}"
    return f"{size / 1000:,.1f} TB"


def of_report(report: GridReport, params: GridParams) -> str:
    """Return what a run did."""
    return "\n".join(_lines(report, params))


def _lines(report: GridReport, params: GridParams) -> Iterator[str]:
    rasters = sum(len(folders) for folders in report.made.values())
    yield say("grid.done", sheets=len(report.made), rasters=rasters, seconds=report.seconds)
    if report.kept:
        yield say("grid.done_kept", kept=report.kept)
    counts = report.counts
    if counts["points"] or not report.kept:
        yield say(
            "grid.points_found" if report.candidates else "grid.points",
            points=counts["points"],
            used=counts["used"],
            ground=counts["ground"],
            excluded=counts["excluded"],
            withheld=counts["withheld"],
        )
    if report.marks:
        yield say("grid.marked", **report.marks._asdict())
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
    if report.reference:
        yield str(report.reference)
    yield from where(report.out, report.mosaics, report.pictures)


def where(out: Path, mosaics: Sequence[Path], pictures: Sequence[Path]) -> Iterator[str]:
    """Yield what to open."""
    if mosaics:
        yield say("grid.where", out=out)
        yield from (f"  {marked(path)}" for path in mosaics)
    if pictures:
        yield say("grid.pictures")
        yield from (f"  {marked(path)}" for path in pictures)


def _each(message: str, items: list[str]) -> Iterator[str]:
    """Yield one line that names the first of ``items`` and counts the rest, if there are any."""
    if items:
        more = say("grid.more", count=len(items) - _MANY) if len(items) > _MANY else ""
        yield say(message, count=len(items), names=", ".join(items[:_MANY]) + more)
