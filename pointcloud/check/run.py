"""A whole check: inputs to findings. Each file is read once, and every sheet weighed when its files have been."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from pointcloud import pipeline
from pointcloud.check import control as control_room
from pointcloud.check import judge
from pointcloud.check.control import ControlPoint, Residual, Statistics
from pointcloud.check.finding import Finding, Severity, of_error, of_remark, of_verdict
from pointcloud.check.rasters import RasterFacts, examine_raster
from pointcloud.check.report import CloudEntry, Report
from pointcloud.check.request import PLAIN, Request, Silent, Watcher
from pointcloud.check.sheet import Differences, reach
from pointcloud.check.tasks import Cloud, Steps
from pointcloud.convert.kinds import is_companion, kind_of
from pointcloud.convert.request import Kind
from pointcloud.errors import FileError, HyogoError, ParameterError
from pointcloud.geo import sheets
from pointcloud.geo.lattice import Box, quanta
from pointcloud.geo.sheets import Sheet
from pointcloud.gridding import delivery as header_findings
from pointcloud.gridding.estimate import Shape, overlapping
from pointcloud.gridding.inventory import Source
from pointcloud.io.archive import Found, open_inputs
from pointcloud.io.cloudheader import CloudHeader
from pointcloud.io.clouds.files import SUFFIXES, find_files
from pointcloud.io.clouds.readers import read_header, sha256
from pointcloud.io.clouds.summary import survey
from pointcloud.io.clouds.text import NAMED
from pointcloud.io.las.header import LasHeader
from pointcloud.io.member import Member
from pointcloud.run.loop import run as run_loop
from pointcloud.run.pools import opened

_READERS = 16  # headers: most of the time is waiting
_WIDEST = 50_000  # metres: a header that claims more is not believed, and the points are read for it
_MANY_SHEETS = 20_000  # that holes are looked for among
_MOSTLY = 0.8


@dataclass
class _Inputs:
    """What there is to look at."""

    clouds: list[tuple[Path, bool]]
    rasters: list[tuple[Member, Kind]]


def check(request: Request, watcher: Watcher | None = None) -> Report:
    """Look at a delivery, and return what was found.

    Parameters
    ----------
    request : Request
    watcher : Watcher, optional
        Hears of every file that has been read.

    Raises
    ------
    ParameterError
        If an input does not exist or holds nothing to check, or the control points cannot be read.
    OutputError
        If there is no room for scratch (in the system's folder for temporary files).
    """
    start = time.perf_counter()
    watcher = watcher or Silent()
    report = Report(request.inputs)
    points = control_room.read_control(request.control) if request.control else []
    with open_inputs(request.inputs, keep_going=True) as found:
        inputs = _sorted(found, request, report)
        clouds = _without_copies(_headers(inputs.clouds, request, report), report)
        points = _placed(points, clouds, report)
        watcher.planned(len(clouds) + len(inputs.rasters))
        with tempfile.TemporaryDirectory(prefix="hyogo-pc-check-", ignore_cleanup_errors=True) as scratch:
            steps = Steps(request, clouds, points, Path(scratch), watcher, report)
            _read(steps, request, Path(scratch))
        _rasters(inputs.rasters, request, points, report, watcher)
    _judge_clouds(steps, request, report)
    _judge_rasters(request, report)
    _judge_control(steps, points, request, report)
    report.findings.sort(key=lambda finding: -finding.severity)
    report.seconds = time.perf_counter() - start
    return report


def _sorted(found: Found, request: Request, report: Report) -> _Inputs:
    """Part the inputs by kind; what cannot be opened is a finding."""
    for place, error in found.refused.items():
        report.findings.append(of_error(error, place))
    ground: list[Path] = []
    for given in request.ground:
        try:
            ground += find_files([given])
        except HyogoError as error:
            report.findings.append(of_error(error, given))
    known = {path.resolve() for path in ground}
    clouds: list[tuple[Path, bool]] = []
    rasters: list[tuple[Member, Kind]] = []
    for member in found.members:
        if member.suffix in SUFFIXES or NAMED.search(member.name):
            if member.route.resolve() not in known:
                clouds.append((member.route, False))
            continue
        try:
            kind = kind_of(member, None, alone=False)
        except HyogoError as error:
            report.findings.append(replace(of_error(error, member.place), severity=Severity.NOTE))
            continue
        if kind:
            rasters.append((member, kind))
        elif not is_companion(member):
            report.other.append(member.place)
    clouds += [(path, True) for path in ground]
    report.files = len(clouds) + len(rasters)
    if not clouds and not rasters and not report.findings:
        raise ParameterError("check.nothing", inputs=", ".join(request.inputs))
    return _Inputs(clouds, rasters)


def _headers(paths: Sequence[tuple[Path, bool]], request: Request, report: Report) -> dict[str, Cloud]:
    """Read all headers; return the files that hold points."""

    def read(path: Path) -> tuple[CloudHeader, CloudHeader] | FileError:
        try:
            stated = read_header(path, columns=request.columns)
            if stated.count and _doubtful(stated):
                return stated, pipeline.scan_extent(stated)
        except FileError as error:
            return error
        return stated, stated

    with ThreadPoolExecutor(_READERS) as pool:
        headers = list(pool.map(read, [path for path, _ in paths]))
    clouds: dict[str, Cloud] = {}
    for (path, all_ground), result in zip(paths, headers, strict=True):
        key = str(path)
        if isinstance(result, FileError):
            report.findings.append(of_error(result, key))
            continue
        stated, header = result
        if request.crs and header.crs is None:
            header = replace(header, crs=request.crs)
        looked = survey(header, decode=False)
        report.findings += [of_remark(remark, key) for remark in looked.remarks]
        report.findings += [of_verdict(verdict, key) for verdict in looked.verdicts]
        label = looked.crs.label if looked.crs else None
        all_ground = all_ground or header.all_ground
        report.clouds[key] = CloudEntry(stated, all_ground, label, None)
        if header.count:
            clouds[key] = Cloud(stated, replace(looked, header=header), all_ground)
    return clouds


def _without_copies(clouds: dict[str, Cloud], report: Report) -> dict[str, Cloud]:
    """Leave out files that are copies of others: their points would count twice."""
    alike: dict[object, list[str]] = {}
    for key, cloud in clouds.items():
        header = cloud.stated
        alike.setdefault((cloud.all_ground, header.size, header.count, header.mins, header.maxs), []).append(
            key
        )
    kept = dict(clouds)
    for keys in alike.values():
        first: dict[str, str] = {}
        for key in keys if len(keys) > 1 else ():
            try:
                digest = sha256(clouds[key].stated)
            except FileError as error:
                report.findings.append(of_error(error, key))
                del kept[key]
                continue
            if digest in first:
                report.findings.append(
                    Finding.of(Severity.WARNING, "check.duplicate_file", key, first=first[digest])
                )
                del kept[key], report.clouds[key]
            first.setdefault(digest, key)
        if len(first) > 1:
            one, *others = first.values()
            values = {"other": ", ".join(others)}
            report.findings.append(Finding.of(Severity.WARNING, "check.alike_files", one, **values))
    return kept


def _doubtful(header: CloudHeader) -> bool:
    """Whether the box of a header is not to be believed."""
    if not isinstance(header, LasHeader):
        return False
    if not header.has_box or any(remark.message == "file.box_zero" for remark in header.warnings):
        return True
    return max(header.maxs[axis] - header.mins[axis] for axis in (0, 1)) > _WIDEST


def _placed(points: list[ControlPoint], clouds: dict[str, Cloud], report: Report) -> list[ControlPoint]:
    """Return the control points with E and N exchanged if only so they lie among the point clouds."""

    def within(candidates: Sequence[ControlPoint]) -> int:
        boxes = [cloud.box for cloud in clouds.values()]
        places = [(quanta(point.e), quanta(point.n)) for point in candidates]
        return sum(any(b.west <= e <= b.east and b.south <= n <= b.north for b in boxes) for e, n in places)

    exchanged = control_room.swapped(points)
    if points and clouds and not within(points) and within(exchanged):
        report.findings.append(Finding.of(Severity.WARNING, "check.control_swapped", ""))
        return exchanged
    return points


def _read(steps: Steps, request: Request, scratch: Path) -> None:
    """Read every cloud and weigh every sheet."""
    if steps.clouds:
        order, needs = steps.plan(reach(request.limits))
        with opened(request.jobs, len(steps.clouds), "", scratch) as pool:
            run_loop(order, needs, steps, pool)


def _rasters(
    rasters: Sequence[tuple[Member, Kind]],
    request: Request,
    points: Sequence[ControlPoint],
    report: Report,
    watcher: Watcher,
) -> None:
    with ThreadPoolExecutor(max(1, request.jobs)) as pool:
        results = pool.map(lambda job: examine_raster(job[0], job[1], request, points), rasters)
        for (member, _), (facts, findings) in zip(rasters, results, strict=True):
            report.findings += findings
            if facts:
                report.rasters[facts.key] = facts
            watcher.done(member.label)


def _judge_clouds(steps: Steps, request: Request, report: Report) -> None:
    """Add what the point clouds say, one by one and together."""
    clouds = {key: cloud for key, cloud in steps.clouds.items() if cloud.facts}
    facts = {key: cloud.facts for key, cloud in clouds.items() if cloud.facts}
    for key, cloud in clouds.items():
        report.clouds[key] = replace(report.clouds[key], facts=facts[key])
        report.findings += judge.of_cloud(
            cloud.stated,
            facts[key],
            all_ground=cloud.all_ground,
            metric=cloud.metric and all(remark.message != "crs.unit" for remark in cloud.survey.remarks),
            limits=request.limits,
        )
    originals = {key: held for key, held in facts.items() if not clouds[key].all_ground}
    separate = [held.box for key, held in facts.items() if clouds[key].all_ground]
    report.findings += judge.of_ids(facts)
    report.findings += judge.of_ground(originals, separate, request.ground_classes)
    report.findings += judge.of_systems(
        {key: (c.stated, c.survey.crs) for key, c in clouds.items()}, request.crs
    )
    report.findings += judge.of_formats(cloud.stated for cloud in clouds.values())
    _judge_sheets(steps, request, report)
    sources = [Source(cloud.survey.header, cloud.all_ground) for cloud in clouds.values()]
    around = _around(clouds, request)
    strips = overlapping([Shape(s.box, s.header.count) for s in sources if not s.all_ground])
    seen = header_findings.find(sources, around, strips=strips)
    report.findings += judge.of_headers(seen)
    report.findings += judge.of_shared(steps.shared)
    if not strips:
        boxes = {key: held.box for key, held in originals.items() if clouds[key].metric}
        report.findings += judge.of_strips(boxes, request.limits)


def _judge_sheets(steps: Steps, request: Request, report: Report) -> None:
    made = sorted(steps.sheets.values(), key=lambda sheet: (-sheet.box.north, sheet.box.west))
    ground_known = any(cloud.facts and cloud.facts.ground for cloud in steps.clouds.values())
    for sheet in made:
        report.sheets[sheet.code] = sheet
        report.findings += judge.of_sheet(sheet, request.limits, ground_known=ground_known)
        for pair, differences in sheet.pairs.items():
            report.lines.setdefault(pair, Differences()).add(differences)
    report.lines = dict(sorted(report.lines.items()))
    report.findings += judge.of_lines(report.lines, request.limits)


def _around(clouds: dict[str, Cloud], request: Request) -> list[Sheet]:
    """Return the sheets that holes are looked for among: those in the bounding box of the commonest zone.

    Their level is that of the codes in the files' names, if nearly all have one: of a larger sheet a tile may lack.
    """
    zones = Counter(cloud.zone for cloud in clouds.values() if cloud.zone)
    level = request.level
    named = Counter(stated for cloud in clouds.values() if (stated := cloud.named_level))
    if named and named.most_common(1)[0][1] >= _MOSTLY * len(clouds):
        level = named.most_common(1)[0][0]
    if not zones or level == PLAIN:
        return []
    zone = zones.most_common(1)[0][0]
    boxes = [cloud.box for cloud in clouds.values() if cloud.zone == zone]
    whole = Box(
        min(box.west for box in boxes),
        min(box.south for box in boxes),
        max(box.east for box in boxes),
        max(box.north for box in boxes),
    )
    width, height = sheets.size(level)
    if whole.area > _MANY_SHEETS * width * height:
        return []
    return list(sheets.sheets_touching(whole, zone, level))


def _judge_rasters(request: Request, report: Report) -> None:
    """Add what rasters say together."""
    rasters = [raster for raster in report.rasters.values() if raster.metric]
    report.findings += judge.of_raster_systems(rasters)
    for kind in sorted({raster.kind for raster in rasters}, key=str):
        group = [raster for raster in rasters if raster.kind == kind]
        seen = header_findings.find(group, _raster_sheets(group), strips=False)
        for first, *copies in seen.duplicates:
            report.findings += [
                Finding.of(Severity.WARNING, "check.duplicate_file", copy, first=first) for copy in copies
            ]
        report.findings += judge.of_headers(seen)


def _raster_sheets(group: Sequence[RasterFacts]) -> list[Sheet]:
    """Return the sheets in the bounding box of rasters that are sheets of one level."""
    own = [found for raster in group if raster.sheet for found in sheets.parse_all(raster.sheet)]
    own = [sheet for sheet in own if any(sheet.box.touches(raster.box) for raster in group)]
    levels, zones = Counter(s.level for s in own), Counter(s.zone for s in own if s.zone)
    if not own or not zones:
        return []
    level, zone = levels.most_common(1)[0][0], zones.most_common(1)[0][0]
    boxes = [raster.box for raster in group]
    west, south = min(b.west for b in boxes), min(b.south for b in boxes)
    whole = Box(west, south, max(b.east for b in boxes), max(b.north for b in boxes))
    width, height = sheets.size(level)
    if zone is None or whole.area > _MANY_SHEETS * width * height:
        return []
    return list(sheets.sheets_touching(whole, zone, level))


def _judge_control(steps: Steps, points: Sequence[ControlPoint], request: Request, report: Report) -> None:
    """Compare control points with point clouds and with rasters."""
    if steps.clouds:
        for k, point in enumerate(points):
            near = steps.near(k)
            z = control_room.plane_height(near)
            report.residuals.append(Residual(point, control_room.POINTS, z, len(near)))
    for raster in report.rasters.values():
        source = f"{(raster.product or raster.format).upper()} {raster.resolution:g} m"
        report.residuals += [Residual(points[k], source, z, 4) for k, z in raster.near.items()]
    for source in dict.fromkeys(residual.source for residual in report.residuals):
        told = [r.difference for r in report.residuals if r.source == source and r.difference is not None]
        figures = Statistics.of(told)
        if figures:
            report.control[source] = figures
    report.findings += judge.of_control(report.residuals, report.control, request.limits)
