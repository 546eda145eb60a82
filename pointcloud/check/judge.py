"""What the figures of point clouds, sheets and the delivery as a whole say against it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import shapely

from pointcloud.check.clouds import CloudFacts
from pointcloud.check.control import POINTS, Residual, Statistics
from pointcloud.check.finding import Finding, Severity, of_error, of_remark
from pointcloud.check.rasters import RasterFacts
from pointcloud.check.request import Limits
from pointcloud.check.sheet import Differences, SheetFacts
from pointcloud.errors import CrsError
from pointcloud.geo import crs as crs_room
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import Box
from pointcloud.gridding.delivery import Findings
from pointcloud.io.cloudheader import CloudHeader, box_remarks
from pointcloud.io.las.header import LasHeader
from pointcloud.params.grid import WATER_CLASS

_NOTE, _WARNING, _ERROR = Severity.NOTE, Severity.WARNING, Severity.ERROR
_RESERVED = {True: range(23, 64), False: range(13, 32)}
"""Class codes that the ASPRS has given no meaning, for formats from 6 on and before; 8 and 12 are old ones."""

_NOISY = 0.1
_FEWEST = 1000  # square metres of a sheet that its figures are judged by
_CLOSING = 25.0  # metres: narrower strips between files are looked at


def of_cloud(
    header: CloudHeader, facts: CloudFacts, *, all_ground: bool, metric: bool, limits: Limits
) -> Iterator[Finding]:
    """Yield what the points of a file say against it."""
    key = str(header.path)
    total = header.count
    for remark in box_remarks(header, facts.lows, facts.highs):
        yield of_remark(remark, key)
    yield from _of_classes(
        key,
        facts,
        total,
        late=isinstance(header, LasHeader) and header.point_format >= 6,
        all_ground=all_ground,
    )
    if facts.repeated:
        share = facts.repeated / total
        grade = _WARNING if share > limits.repeated else _NOTE
        yield Finding.of(grade, "check.repeated_points", key, count=facts.repeated, share=f"{share:.2%}")
    if not metric:
        return
    if facts.low:
        yield Finding.of(_ERROR, "check.heights_below", key, count=facts.low, limit=f"{limits.lowest:g}")
    if facts.high:
        yield Finding.of(_ERROR, "check.heights_above", key, count=facts.high, limit=f"{limits.highest:g}")
    for count, low, high in facts.strays:
        yield Finding.of(_WARNING, "check.strays", key, count=count, low=low, high=high)


def _of_classes(
    key: str, facts: CloudFacts, total: int, *, late: bool, all_ground: bool
) -> Iterator[Finding]:
    odd = {code: n for code, n in facts.classes.items() if code in _RESERVED[late]}
    if odd:
        codes = ", ".join(map(str, odd))
        yield Finding.of(_WARNING, "check.classes_reserved", key, codes=codes, count=sum(odd.values()))
    noise = sum(facts.classes.get(code, 0) for code in (7, 18))
    if noise > _NOISY * total:
        yield Finding.of(_WARNING, "check.classes_noise", key, share=f"{noise / total:.0%}")
    if facts.withheld == total:
        yield Finding.of(_WARNING, "check.all_withheld", key)
    if facts.marks.overlap:
        share = f"{facts.marks.overlap / total:.1%}"
        yield Finding.of(_NOTE, "check.overlap_points", key, count=facts.marks.overlap, share=share)
    if facts.marks.synthetic:
        yield Finding.of(_NOTE, "check.synthetic_points", key, count=facts.marks.synthetic)
    used = sum(n for code, n in facts.classes.items() if code not in (7, 18, WATER_CLASS))
    if not all_ground and facts.ground and facts.ground >= used:
        yield Finding.of(_NOTE, "check.ground_only", key)


def of_sheet(facts: SheetFacts, limits: Limits, *, ground_known: bool) -> Iterator[Finding]:
    """Yield what the figures of a sheet say."""
    void = facts.metre.land_void
    if void is not None and void > limits.void and facts.metre.land >= _FEWEST:
        share, limit = f"{void:.1%}", f"{limits.void:.0%}"
        yield Finding.of(_WARNING, "check.sheet_voids", facts.code, share=share, limit=limit)
    if ground_known and not facts.ground and facts.metre.land >= _FEWEST:
        yield Finding.of(_WARNING, "check.sheet_groundless", facts.code, count=facts.points)
    for (a, b), differences in facts.pairs.items():
        if abs(differences.mean) > limits.lines:
            values = _words(differences) | {"a": a, "b": b, "limit": f"{limits.lines:.2f}"}
            yield Finding.of(_ERROR, "check.sheet_lines", facts.code, **values)


def of_lines(pairs: Mapping[tuple[int, int], Differences], limits: Limits) -> Iterator[Finding]:
    """Yield what flight lines say against each other over the whole delivery."""
    for (a, b), differences in pairs.items():
        values = _words(differences) | {"a": a, "b": b, "limit": f"{limits.lines:.2f}"}
        if abs(differences.mean) > limits.lines:
            yield Finding.of(_ERROR, "check.lines", "", **values)
        elif differences.deviation > limits.lines:
            yield Finding.of(_WARNING, "check.lines_spread", "", **values)


def _words(differences: Differences) -> dict[str, object]:
    mean, deviation = f"{differences.mean:+.3f}", f"{differences.deviation:.3f}"
    return {"count": differences.count, "mean": mean, "deviation": deviation}


def of_ids(files: Mapping[str, CloudFacts]) -> Iterator[Finding]:
    """Yield which files cannot be told apart by flight line, and why."""
    for key, facts in files.items():
        if not any(facts.ids):
            yield Finding.of(_NOTE, "check.no_line_ids", key)
        elif not facts.numbered:
            yield Finding.of(_NOTE, "check.many_line_ids", key, count=len(facts.ids))


def of_ground(
    files: Mapping[str, CloudFacts], separate: Sequence[Box], classes: Sequence[int]
) -> Iterator[Finding]:
    """Yield which files lack ground points, with none of a separate delivery over them."""
    covers = [facts.box for facts in files.values() if facts.ground] + list(separate)
    bare = {key: facts for key, facts in files.items() if not facts.ground}
    if bare and not covers:
        unclassified = all(set(facts.classes) <= {0, 1} for facts in bare.values())
        code = "check.unclassified" if unclassified else "check.no_ground"
        names = ", ".join(map(str, classes))
        yield Finding.of(_WARNING, code, "", count=len(bare), classes=names)
        return
    for key, facts in bare.items():
        box = facts.box
        east, north = (box.west + box.east) // 2, (box.south + box.north) // 2
        middle = Box(east, north - 1, east + 1, north)
        water = set(facts.classes) <= {WATER_CLASS, 7, 18}
        if not water and not any(other.contains(middle) for other in covers):
            yield Finding.of(_WARNING, "check.groundless", key)


def of_systems(
    files: Mapping[str, tuple[CloudHeader, SpatialReference | None]], given: SpatialReference | None
) -> Iterator[Finding]:
    """Yield what is the matter with the coordinate reference systems of point clouds.

    Of each file, its header and the system that it lies in, stated or not.
    """
    references = {key: reference for key, (_, reference) in files.items() if reference is not None}
    for key, (header, reference) in files.items():
        if not given and header.crs is None and reference is not None:
            yield Finding.of(_WARNING, "check.no_crs", key, crs=reference.label)
    if references:
        try:
            _, notices = crs_room.common(references)
        except CrsError as error:
            yield of_error(error, "")
            notices = ()
        for name, values in notices:
            yield Finding.of(_NOTE, name, "", **values)
        if all(reference.vertical is None for reference in references.values()):
            yield Finding.of(_NOTE, "check.no_height_datum", "", count=len(references))


def of_formats(headers: Iterable[CloudHeader]) -> Iterator[Finding]:
    """Yield a finding if files differ in version or point format."""
    las = [header for header in headers if isinstance(header, LasHeader)]
    kinds = Counter(("{}.{}".format(*header.version), header.point_format) for header in las)
    if len(kinds) > 1:
        listed = ", ".join(f"LAS {v} / {f}: {count}" for (v, f), count in sorted(kinds.items()))
        yield Finding.of(_NOTE, "check.formats_mixed", "", kinds=listed)


def of_headers(found: Findings) -> Iterator[Finding]:
    """Yield overlaps, holes and gaps."""
    for a, b in found.overlaps:
        yield Finding.of(_WARNING, "check.overlap", a, other=b)
    for code in found.holes:
        yield Finding.of(_WARNING, "check.hole", code)
    for code in found.gaps:
        yield Finding.of(_WARNING, "check.gap", code)


def of_shared(shared: Mapping[tuple[str, str], tuple[int, int]]) -> Iterator[Finding]:
    """Yield which files hold the same points."""
    for (a, b), (same, both) in shared.items():
        yield Finding.of(_WARNING, "check.shared_points", a, other=b, same=same, both=both)


def of_strips(boxes: Mapping[str, Box], limits: Limits) -> Iterator[Finding]:
    """Yield narrow strips without any file between files that lie beside each other."""
    if len(boxes) < 2:
        return
    union = shapely.union_all([shapely.box(*box.bounds) for box in boxes.values()])
    closed = union.buffer(_CLOSING / 2, join_style="mitre").buffer(-_CLOSING / 2, join_style="mitre")
    lost = closed.difference(union)
    for part in getattr(lost, "geoms", [lost]):
        if part.is_empty or part.buffer(-limits.gap / 2).is_empty:
            continue
        west, south, east, north = part.bounds
        near = [key for key, box in boxes.items() if shapely.box(*box.bounds).distance(part) < 0.01]
        values = {"w": f"{west:.1f}", "s": f"{south:.1f}", "e": f"{east:.1f}", "n": f"{north:.1f}"}
        names = ", ".join(Path(key).name for key in near[:4])
        yield Finding.of(_WARNING, "check.strip", "", names=names, width=f"{_width(part):.1f}", **values)


def _width(part: shapely.Geometry) -> float:
    """Return the width of the rectangle that has the area and outline of a shape."""
    half = part.length / 2
    return float(half - math.sqrt(max(half * half - 4 * part.area, 0.0))) / 2


def of_control(
    residuals: Sequence[Residual], statistics: Mapping[str, Statistics], limits: Limits
) -> Iterator[Finding]:
    """Yield what control points say."""
    told = {r.point.name for r in residuals if r.z is not None}
    missed = sorted({r.point.name for r in residuals if r.z is None} - told)
    if missed:
        names = ", ".join(missed[:20])
        yield Finding.of(_NOTE, "check.control_missed", "", count=len(missed), names=names)
    for source, figures in statistics.items():
        if max(abs(figures.mean), figures.rmse) > limits.control:
            yield Finding.of(
                _ERROR,
                "check.control_off_points" if source == POINTS else "check.control_off_rasters",
                source,
                count=figures.count,
                mean=f"{figures.mean:+.3f}",
                rmse=f"{figures.rmse:.3f}",
                limit=f"{limits.control:.2f}",
            )


def of_raster_systems(rasters: Iterable[RasterFacts]) -> Iterator[Finding]:
    """Yield a finding if rasters lie in systems that differ in place."""
    references = {raster.key: raster.crs for raster in rasters if raster.crs and raster.metric}
    if references:
        try:
            crs_room.common(references)
        except CrsError as error:
            yield of_error(error, "")
