"""Point clouds of a check, and what the loop over files and sheets asks for and tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pointcloud.check.clouds import CloudFacts, CloudJob, examine
from pointcloud.check.control import ControlPoint
from pointcloud.check.finding import Finding, Severity, of_error
from pointcloud.check.report import Report
from pointcloud.check.request import PLAIN, TILE, Request, Watcher
from pointcloud.check.sheet import SheetFacts, SheetFile, SheetJob, weigh
from pointcloud.errors import FileError
from pointcloud.geo import sheets
from pointcloud.geo.boxindex import BoxIndex
from pointcloud.geo.lattice import Box
from pointcloud.geo.sheets import Sheet
from pointcloud.io.cloudheader import CloudHeader
from pointcloud.io.clouds.summary import Survey
from pointcloud.run.loop import Task

_ALONE = "file:"
"""Begins the names of what stands for a sheet where there are no cells: files in degrees or feet."""


@dataclass
class Cloud:
    """A point cloud that can be read as far as its header.

    Parameters
    ----------
    stated : CloudHeader
        As it is.
    survey : Survey
        Of the header with a box that can be believed, and with the CRS that the user states.
    all_ground : bool
    facts : CloudFacts, optional
        Once the points were read.
    """

    stated: CloudHeader
    survey: Survey
    all_ground: bool
    facts: CloudFacts | None = None

    @property
    def box(self) -> Box:
        """Where its points lie, as its header says or its points do."""
        return self.survey.header.box

    @property
    def zone(self) -> int | None:
        """Plane rectangular zone, if it is known and all lies among its sheets."""
        crs = self.survey.crs
        return crs.zone if crs and sheets.GRID.contains(self.box) else None

    @property
    def metric(self) -> bool:
        """Whether its coordinates are metres of the place that is stated, as far as can be told."""
        crs = self.survey.crs
        if self.survey.refused:
            return False
        if crs is None:
            return all(remark.message != "crs.degrees" for remark in self.survey.remarks)
        return crs.is_projected and abs(crs.unit_factor - 1.0) < 1e-9

    @property
    def named_level(self) -> str | None:
        """Level of the sheet that its name states, if it lies there."""
        found = [sheet for sheet in sheets.find_code(self.stated.path.name) if sheet.box.touches(self.box)]
        return max(found, key=lambda sheet: sheets.overlap(sheet.box, self.box)).level if found else None

    def sheets(self, level: str) -> Iterable[Sheet]:
        """Yield the sheets, or plain squares, that it lies on."""
        if self.zone and level != PLAIN:
            return sheets.sheets_touching(self.box, self.zone, level)
        return sheets.squares(self.box, TILE)


class Steps:
    """Hands out the reading of files and the weighing of sheets; see :class:`pointcloud.run.loop.Steps`."""

    def __init__(
        self,
        request: Request,
        clouds: dict[str, Cloud],
        control: Sequence[ControlPoint],
        scratch: Path,
        watcher: Watcher,
        report: Report,
    ) -> None:
        self.request, self.clouds, self.scratch = request, clouds, scratch
        self.watcher, self.report = watcher, report
        self.places = np.array([(point.e, point.n) for point in control], np.float64).reshape(-1, 2)
        self.numbers = {key: number for number, key in enumerate(clouds)}
        self.plans: dict[str, Sheet] = {}
        self.needs: dict[str, tuple[str, ...]] = {}
        self.sheets: dict[str, SheetFacts] = {}
        self.shared: dict[tuple[str, str], tuple[int, int]] = {}

    def plan(self, reach: int) -> tuple[list[str], Mapping[str, tuple[str, ...]]]:
        """Return the sheets, north to south, and the files within ``reach`` quanta of each."""
        metric = [key for key, cloud in self.clouds.items() if cloud.metric]
        for key in metric:
            for sheet in self.clouds[key].sheets(self.request.level):
                self.plans[sheet.code] = sheet
        index = BoxIndex(self.clouds[key].survey.header.limits for key in metric)
        for code, sheet in self.plans.items():
            near = [metric[k] for k in index.touching(sheet.box.grow(reach))]
            zones = {self.clouds[key].zone for key in near}
            alike = sheet.zone is None or zones == {sheet.zone}
            self.needs[code] = tuple(near if alike else self._of_zone(near, sheet.zone))
        order = sorted(self.plans, key=lambda code: (-self.plans[code].box.north, self.plans[code].box.west))
        for key in self.clouds.keys() - metric:
            self.needs[_ALONE + key] = (key,)
        return order + [code for code in self.needs if code.startswith(_ALONE)], self.needs

    def _of_zone(self, keys: Iterable[str], zone: int | None) -> list[str]:
        """Return the files of one zone: coordinates repeat in every other."""
        return [key for key in keys if self.clouds[key].zone == zone]

    def _path(self, key: str) -> Path:
        return self.scratch / f"{self.numbers[key]:06d}.check"

    def reduce(self, file: str) -> Task:
        """Return the task that reads a file."""
        cloud, request = self.clouds[file], self.request
        job = CloudJob(
            cloud.survey.header,
            cloud.all_ground,
            request.ground_classes,
            self.places,
            request.limits,
            self._path(file),
            cloud.metric,
        )
        return Task("reduce", file, examine, (job,))

    def make(self, sheet: str) -> Task:
        """Return the task that weighs a sheet."""
        files = []
        for key in self.needs[sheet]:
            facts = self.clouds[key].facts
            if facts and sheet in self.plans:
                all_ground = self.clouds[key].all_ground
                files.append(SheetFile(key, self._path(key), all_ground, facts.numbered, facts.box))
        on = [file for file in files if file.box.touches(self.plans[sheet].box)]
        if not on:
            return Task("make", sheet, _nothing, ())
        job = SheetJob(sheet, self.plans[sheet].box, tuple(files), self.request.limits)
        return Task("make", sheet, weigh, (job,))

    def reduced(self, file: str, result: CloudFacts) -> None:
        """Take what the points of a file say."""
        self.clouds[file].facts = result
        self.watcher.done(self.clouds[file].stated.path.name)

    def made(self, sheet: str, result: SheetFacts | None) -> None:
        """Take the figures of a sheet."""
        if result is None:
            return
        self.sheets[sheet] = result
        for pair, (same, both) in result.shared.items():
            held = self.shared.get(pair, (0, 0))
            self.shared[pair] = (held[0] + same, held[1] + both)

    def failed(self, kind: str, key: str, error: BaseException | None) -> None:
        """Note that a file cannot be read; what is no fault of a file ends the check."""
        if isinstance(error, FileError) and kind == "reduce":
            self.report.findings.append(of_error(error, key))
        elif error is None:
            self.report.findings.append(Finding.of(Severity.ERROR, "check.worker_lost", key))
        else:
            raise error
        if kind == "reduce":
            self.watcher.done(self.clouds[key].stated.path.name)

    def release(self, file: str) -> None:
        """Delete the scratch of a file."""
        self._path(file).unlink(missing_ok=True)

    def near(self, k: int) -> npt.NDArray[np.float64]:
        """Return the points (m, 3) around a control point, each once: tiles may overlap."""
        parts = [c.facts.near[k] for c in self.clouds.values() if c.facts and k in c.facts.near]
        return np.unique(np.concatenate(parts), axis=0) if parts else np.empty((0, 3))


def _nothing(pool: Executor | None = None, threads: int = 1) -> None:
    """Weigh a sheet that no file has points on."""
