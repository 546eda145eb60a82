"""What a run would make and take: the plan of a delivery, or of an area of which there is none yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pointcloud.errors import ParameterError
from pointcloud.geo import sheets
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import Box
from pointcloud.gridding.calibrate import calibrate
from pointcloud.gridding.delivery import Findings, find
from pointcloud.gridding.estimate import Estimate, Shape, estimate, overlapping
from pointcloud.gridding.inventory import Inventory
from pointcloud.gridding.plan import NO_SHEETS, Plan, bare_plan
from pointcloud.gridding.recipe import GridRecipe
from pointcloud.gridding.report import GridReport
from pointcloud.gridding.request import Request
from pointcloud.gridding.run import prepare
from pointcloud.run.area import read_area, zone_named
from pointcloud.run.engine import outstanding
from pointcloud.run.items import Work
from pointcloud.run.publish import Publisher
from pointcloud.run.record import Record


@dataclass(frozen=True)
class Forecast:
    """What a run would make and take.

    Parameters
    ----------
    inventory : Inventory
    plan : Plan
        All sheets.
    reasons : dict of str to str
        Why each sheet is to be made, by code; those that are there already are left out.
    estimate : Estimate
        Of the sheets to be made.
    findings : Findings
    """

    inventory: Inventory
    plan: Plan
    reasons: Mapping[str, str]
    estimate: Estimate
    findings: Findings


def forecast(request: Request) -> Forecast:
    """Return what a run would make and take. Nothing is written.

    Raises
    ------
    ParameterError, CrsError
        If the request cannot be met, a folder with other parameters included.
    """
    inventory, plan = prepare(request)
    works = _outstanding(request, inventory, plan)
    files = [Shape(source.box, source.header.count) for source in inventory.sources]
    numbers = {source.key: number for number, source in enumerate(inventory.sources)}
    strips = overlapping(files)
    headers = [source.header for source in inventory.sources]
    expected = estimate(
        files,
        {code: plan.sheets[code] for code in works},
        {code: [numbers[key] for key in work.needs] for code, work in works.items()},
        request.params,
        calibrate(request.params, headers, 1.0),
        request.jobs,
        request.out,
        strips=strips,
    )
    around = _around(inventory, request) if request.level != NO_SHEETS else []
    findings = find(inventory.sources, around, strips=strips)
    reasons = {code: work.reason for code, work in works.items()}
    return Forecast(inventory, plan, reasons, expected, findings)


def forecast_area(request: Request, density: float) -> Forecast:
    """Return what the making of an area would take whose points, so many a square metre, are not at hand yet.

    Raises
    ------
    ParameterError
        If no area is named, or no zone follows from it.
    """
    zone = zone_named(request.area)
    assumed = SpatialReference(f"EPSG:{6668 + zone}") if zone else None  # JGD2011
    crs = request.to_crs or request.crs or assumed
    if not request.area or crs is None or crs.zone is None or request.level == NO_SHEETS:
        raise ParameterError("plan.bare")
    plan = bare_plan(read_area(request.area, crs), crs.zone, request.params, request.level)
    files = [Shape(sheet.box, round(sheet.box.area * density)) for sheet in plan.sheets.values()]
    numbers = {code: number for number, code in enumerate(plan.sheets)}
    expected = estimate(
        files,
        plan.sheets,
        {code: [numbers[other] for other in needed] for code, needed in plan.needs.items()},
        request.params,
        calibrate(request.params, [], density),
        request.jobs,
        request.out,
        strips=False,
    )
    nothing = Findings((), (), (), ())
    return Forecast(Inventory((), (), crs, ()), plan, dict.fromkeys(plan.sheets, "new"), expected, nothing)


def _outstanding(request: Request, inventory: Inventory, plan: Plan) -> dict[str, Work]:
    record = Record.load(request.out)
    recipe = GridRecipe(request, inventory, plan, GridReport.of(request.out, inventory), record)
    return outstanding(recipe, record, Publisher(record, request.facts), redo=request.redo)


def _around(inventory: Inventory, request: Request) -> list[sheets.Sheet]:
    """Return all sheets in the bounding box of the delivery."""
    boxes = [source.box for source in inventory.sources]
    if not boxes or inventory.crs is None or inventory.crs.zone is None:
        return []
    whole = Box(
        min(box.west for box in boxes),
        min(box.south for box in boxes),
        max(box.east for box in boxes),
        max(box.north for box in boxes),
    )
    return list(sheets.sheets_touching(whole, inventory.crs.zone, request.level))
