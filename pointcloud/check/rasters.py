"""One raster of a delivery, text grids among them: what it holds, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
import numpy.typing as npt

from pointcloud.check.control import ControlPoint, bilinear
from pointcloud.check.finding import Finding, Severity, of_error, of_remark
from pointcloud.check.request import Request
from pointcloud.check.sheet import Cells
from pointcloud.convert.georeference import Place, place
from pointcloud.convert.kinds import NameFacts, name_facts
from pointcloud.convert.request import Kind
from pointcloud.convert.request import Request as Conversion
from pointcloud.convert.worker import read
from pointcloud.errors import HyogoError
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, metres
from pointcloud.geo.sheets import Sheet
from pointcloud.io.dems.gridded import Gridded
from pointcloud.io.member import Member
from pointcloud.io.textstyle import TAG
from pointcloud.params.typed import require
from pointcloud.surface import water
from pointcloud.textfile import parsed

_FINEST = QUANTA_PER_METRE // 10


@dataclass
class RasterFacts:
    """What a raster holds; it is also a :class:`pointcloud.gridding.delivery.Placed`.

    Parameters
    ----------
    key : str
        Path, and name inside a ZIP.
    format : str
        ``text``, ``gml``, ``lem`` or ``geotiff``.
    size : int
        Bytes.
    sha256 : str
    product : str
        ``dem``, ``dsm``, ``cs``, or empty if neither name nor content tells.
    box : Box
    resolution : float
        Metres, or degrees.
    rows, cols : int
    crs : SpatialReference or None
    stated : bool
        Whether the file itself states it.
    sheet : str
    cells : Cells
    lowest, highest : float or None
    near : dict of int to float or None
        Height at each control point within the raster.
    """

    key: str
    format: str
    size: int
    sha256: str
    product: str
    box: Box
    resolution: float
    rows: int
    cols: int
    metric: bool
    crs: SpatialReference | None
    stated: bool
    sheet: str
    cells: Cells
    lowest: float | None
    highest: float | None
    near: dict[int, float | None] = field(default_factory=dict)

    @property
    def kind(self) -> object:
        """Rasters of different products or cells may cover the same."""
        return self.product, self.resolution, self.metric

    @property
    def likeness(self) -> object:
        """The content itself."""
        return self.sha256


def examine_raster(
    member: Member, kind: Kind, request: Request, control: Sequence[ControlPoint]
) -> tuple[RasterFacts | None, list[Finding]]:
    """Read a raster; return what it holds, if it can be read, and what is wrong with it."""
    facts = name_facts(member.stem)
    try:
        gridded = read(member, kind, Conversion(inputs=(), out=member.path.parent, crs=request.crs), facts)
    except HyogoError as error:
        return None, [of_error(error, member.place)]
    findings = [of_remark(remark, member.place) for remark in gridded.remarks]
    here: Place | None = None
    try:
        here = place(gridded, facts, member.label, None if kind == "gml" else request.crs, None)
        findings += [of_remark(remark, member.place) for remark in here.remarks]
    except HyogoError as error:
        findings.append(of_error(error, member.place))
    held = _facts(member, kind, gridded, facts, here, request, control)
    findings += _judged(member, gridded, held, here, request)
    return held, findings


def _facts(
    member: Member,
    kind: Kind,
    gridded: Gridded,
    facts: NameFacts,
    here: Place | None,
    request: Request,
    control: Sequence[ControlPoint],
) -> RasterFacts:
    grid = gridded.grid
    known = gridded.array[..., 3] > 0 if gridded.is_picture else np.isfinite(gridded.array)
    metric = grid.per_unit == QUANTA_PER_METRE
    heights = not gridded.is_picture and bool(known.any())
    product = facts.product or ("cs" if gridded.is_picture else "")
    return RasterFacts(
        key=member.place,
        format=kind,
        size=member.size,
        sha256=gridded.sha256,
        product=product,
        box=grid.box,
        resolution=grid.resolution,
        rows=grid.rows,
        cols=grid.cols,
        metric=metric,
        crs=here.crs if here else None,
        stated=gridded.crs is not None,
        sheet=here.sheet.code if here and here.sheet else "",
        cells=_cells(known, grid.cell, request.limits.water if metric else 0.0),
        lowest=float(gridded.array[known].min()) if heights else None,
        highest=float(gridded.array[known].max()) if heights else None,
        near=dict(_near(gridded, control)) if heights and metric and product != "dsm" else {},
    )


def _cells(known: npt.NDArray[np.bool_], cell: int, gap: float) -> Cells:
    """Count cells; what a hole at least ``gap`` metres wide covers is taken for water (0: nothing is)."""
    empty = ~known
    count = np.count_nonzero
    wet = np.zeros_like(empty)
    across = gap * QUANTA_PER_METRE / cell
    if gap and cell >= _FINEST and across >= 2 and empty.any():
        wet = water.voids(known.astype(np.uint8), across)
    return Cells(known.size, int(count(empty)), int(count(~wet)), int(count(empty & ~wet)))


def _near(gridded: Gridded, control: Sequence[ControlPoint]) -> Iterator[tuple[int, float | None]]:
    """Yield the heights at control points within the raster."""
    west, south, east, north = gridded.grid.box.bounds
    cell = gridded.grid.resolution
    for k, point in enumerate(control):
        if west <= point.e < east and south < point.n <= north:
            col, row = (point.e - west) / cell - 0.5, (north - point.n) / cell - 0.5
            yield k, bilinear(gridded.array, col, row)


def _judged(
    member: Member, gridded: Gridded, held: RasterFacts, here: Place | None, request: Request
) -> Iterator[Finding]:
    """Yield what the figures of a raster say against it."""
    key = member.place
    if not gridded.is_picture and np.isinf(gridded.array).any():
        count = int(np.count_nonzero(np.isinf(gridded.array)))
        yield Finding.of(Severity.WARNING, "check.raster_infinite", key, count=count)
    if not held.cells.cells or held.cells.empty == held.cells.cells:
        yield Finding.of(Severity.ERROR, "check.raster_void", key)
        return
    if here and not held.stated and held.metric and not request.crs:
        yield Finding.of(Severity.NOTE, "check.raster_no_crs", key, crs=here.crs.label)
    void = held.cells.land_void
    if void is not None and void > request.limits.void:
        share, limit = f"{void:.1%}", f"{request.limits.void:.0%}"
        yield Finding.of(Severity.WARNING, "check.raster_voids", key, share=share, limit=limit)
    named = here.sheet if here else None
    if named and name_facts(member.stem).sheets:
        yield from _counted(key, gridded, held, named)


def _counted(key: str, gridded: Gridded, held: RasterFacts, sheet: Sheet) -> Iterator[Finding]:
    """Yield what is wrong with the number of cells: whole rows or columns missing or too many, cells left out."""
    cell = gridded.grid.cell
    box = _listed(gridded) or gridded.grid.box
    lack = (
        box.west - sheet.box.west,
        box.south - sheet.box.south,
        sheet.box.east - box.east,
        sheet.box.north - box.north,
    )
    sides = dict(zip(("west", "south", "east", "north"), (edge // cell for edge in lack), strict=True))
    full = (sheet.box.east - sheet.box.west) // cell * ((sheet.box.north - sheet.box.south) // cell)
    known = held.cells.cells - held.cells.empty
    counts: dict[str, object] = {"held": known, "full": full, "sheet": sheet.code}
    if min(lack) <= -cell:
        over = {side: max(-count, 0) for side, count in sides.items()}
        yield Finding.of(Severity.WARNING, "check.raster_beyond", key, **over, **counts)
    if max(lack) >= cell:
        short = {side: max(count, 0) for side, count in sides.items()}
        ended = _ended(gridded)
        code = "check.raster_short" if ended else "check.raster_cut"
        yield Finding.of(Severity.WARNING if ended else Severity.ERROR, code, key, **short, **counts)
    elif known != full:
        values = counts | {"lacking": full - known}
        yield Finding.of(Severity.NOTE, "check.raster_cells", key, **values)


def _style(gridded: Gridded) -> dict[str, object]:
    """Return how a text was written; nothing for other rasters."""
    try:
        found = parsed(json.loads, gridded.tags.get(TAG, "{}")) if gridded.crs is None else {}
    except ValueError:  # a tag that was edited
        return {}
    return found if isinstance(found, dict) else {}


def _listed(gridded: Gridded) -> Box | None:
    """Return what the rows of a text cover; ``None`` for other rasters."""
    bounds = _style(gridded).get("bounds")
    try:
        require(tuple[float, float, float, float], bounds)
    except ValueError:
        return None
    half = metres(gridded.grid.cell) / 2
    west, east, south, north = cast("list[float]", bounds)
    return Box.from_metres(west - half, south - half, east + half, north + half)


def _ended(gridded: Gridded) -> bool:
    """Whether the last line of a text is ended, as those of a file that was not cut are."""
    return _style(gridded).get("ended") is not False
