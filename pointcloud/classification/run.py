"""A run that classifies: each file again with the classes of its points, alike whatever files it is split into."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pointcloud import pipeline
from pointcloud.classification.made import is_foreign, made, note
from pointcloud.errors import FileError, ParameterError
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import Box, cell_quanta
from pointcloud.gridding.inventory import Inventory, Source, take_inventory
from pointcloud.ground import objects, smrf
from pointcloud.ground.objects import Lonely, RoofParams, Roofs
from pointcloud.ground.smrf import Classified
from pointcloud.io import put
from pointcloud.io.cloudheader import CloudHeader, PointChunk
from pointcloud.io.clouds import pdal, text_as_laz
from pointcloud.io.clouds.text import TextHeader
from pointcloud.io.las import write
from pointcloud.io.las.header import LasHeader
from pointcloud.io.spill.cloud import Cloud
from pointcloud.io.spill.spill import load
from pointcloud.params.grid import WATER_CLASS, ReduceParams
from pointcloud.params.smrf import SmrfParams
from pointcloud.run.lock import locked

UNCLASSIFIED, GROUND, LOW, MEDIUM, HIGH, BUILDING, NOISE = 1, 2, 3, 4, 5, 6, 7
_KEPT = (NOISE, WATER_CLASS, 18)
"""Classes that points keep: what a supplier calls noise or water is neither ground nor plant."""


ISOLATED = 5
"""As many as common practice has it, in cubes of the same size."""


@dataclass(frozen=True)
class ClassifyRequest:
    """What the user asks for.

    Parameters
    ----------
    inputs : tuple of str
        Files, folders or globs.
    out : Path
        Folder for the new files.
    params : SmrfParams
    heights : tuple of float
        Heights above ground in metres from which on a point is low, medium and high vegetation (classes 3, 4, 5);
        empty for none.
    roofs : RoofParams, optional
        When points are a building (class 6); without it, none is.
    isolated : int
        Points in the air are noise if there are at most so many in and around their cube; 0 for never. See
        :mod:`pointcloud.ground.objects`.
    crs : SpatialReference, optional
        Of files that state none.
    jobs : int
        Cores to use.
    to_crs : SpatialReference, optional
        That points of all files are brought into while they are classified; files keep the coordinates they have.
    """

    inputs: tuple[str, ...]
    out: Path
    params: SmrfParams
    heights: tuple[float, ...] = ()
    roofs: RoofParams | None = None
    isolated: int = ISOLATED
    crs: SpatialReference | None = None
    jobs: int = 1
    to_crs: SpatialReference | None = None

    def __post_init__(self) -> None:
        rising = all(0.0 < low < high < math.inf for low, high in pairwise(self.heights))
        if self.heights and (len(self.heights) != 3 or not rising):
            raise ParameterError("classify.heights", heights=", ".join(f"{h:g}" for h in self.heights))

    @property
    def halo(self) -> int:
        """How far around a file points decide the classes of its own, in quanta."""
        return smrf.halo(self.params) + self.around

    @property
    def around(self) -> int:
        """How far around a file its terrain must be known, in quanta."""
        return self.roofs.halo if self.roofs else 0


@dataclass
class ClassifyReport:
    """What came of it: points of each class by file written, and why others were not."""

    written: dict[Path, dict[int, int]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def prepare(request: ClassifyRequest) -> Inventory:
    """Read all headers.

    Raises
    ------
    ParameterError
        If two files would get one name, an input or a file of others would be overwritten, or there are no points.
    CrsError
        If the files do not share one usable CRS.
    """
    inventory = take_inventory(
        request.inputs, (), crs=request.crs, to_crs=request.to_crs, vertical=None, needs_zone=False
    )
    if not inventory.sources and not inventory.bad:
        raise ParameterError("run.nothing")
    seen: dict[str, Path] = {}
    files = made(request.out)
    for source in inventory.sources:
        name, path = _output_name(source.header), source.header.path
        if name.lower() in seen:
            raise ParameterError("classify.same_name", first=seen[name.lower()], second=path)
        if (request.out / name).resolve() == path.resolve():
            raise ParameterError("classify.overwrite", path=path)
        if is_foreign(request.out / name, files):
            raise ParameterError("classify.foreign", path=request.out / name)
        seen[name.lower()] = path
    return inventory


def classify(request: ClassifyRequest, tell: Callable[[str, int, int], None]) -> ClassifyReport:
    """Write every file with the classes of its points; ``tell`` hears each name, how many are done, and of how many.

    Raises
    ------
    ParameterError, CrsError
        As :func:`prepare` does.
    OutputError
        If ``out`` cannot be written, or another run is at work in it.
    """
    inventory = prepare(request)
    report = ClassifyReport(failed={str(bad.path): str(bad.error) for bad in inventory.bad})
    with locked(request.out):
        put.sweep(request.out, own=True)
        scratch = request.out / ".scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        pool = ThreadPoolExecutor(request.jobs) if request.jobs > 1 else None
        try:
            _Run(request, inventory, scratch, pool, report).run(tell)
        finally:
            if pool:
                pool.shutdown(cancel_futures=True)
            put.sweep(request.out, own=True)
            shutil.rmtree(scratch, ignore_errors=True)
    return report


class _Run:
    """Files from north to south; each is reduced when the first that lies near it is classified."""

    def __init__(
        self,
        request: ClassifyRequest,
        inventory: Inventory,
        scratch: Path,
        pool: Executor | None,
        report: ClassifyReport,
    ) -> None:
        self.request, self.scratch, self.pool, self.report = request, scratch, pool, report
        self.crs = inventory.crs
        self.sources = sorted(inventory.sources, key=lambda source: (-source.box.north, source.box.west))
        reach = request.halo
        self.near = {
            source.key: [o for o in self.sources if o.limits.touches(source.limits.grow(reach))]
            for source in self.sources
        }
        self.spills: dict[str, Path | None] = {}
        self.made: dict[str, LasHeader] = {}

    def run(self, tell: Callable[[str, int, int], None]) -> None:
        for number, source in enumerate(self.sources):
            try:
                self._classify(source)
            except FileError as error:
                self.report.failed[source.key] = str(error)
            self._release(self.sources[number + 1 :])
            tell(source.header.path.name, number + 1, len(self.sources))

    def _spill(self, source: Source) -> Path | None:
        """Return where the reduced points of a file are, or ``None`` if it is damaged."""
        if source.key not in self.spills:
            path = self.scratch / f"{len(self.spills):06d}.spill"
            params = ReduceParams(cell_quanta(1.0), candidates=True)
            try:
                header = source.header if isinstance(source.header, TextHeader) else self._header(source)
                pipeline.reduce(header, params, scratch=path, pool=self.pool)
                self.spills[source.key] = path
            except FileError as error:
                self.spills[source.key] = None
                self.report.failed[source.key] = str(error)
        return self.spills[source.key]

    def _header(self, source: Source) -> LasHeader:
        """Return the header of a file, or of the LAS file that PDAL makes of one of another kind."""
        header = source.header
        if isinstance(header, LasHeader):
            return header
        if source.key not in self.made:
            assert isinstance(header, pdal.PdalHeader)
            folder = self.scratch / f"{len(self.made):06d}"
            folder.mkdir()
            self.made[source.key] = pdal.to_las(header, folder / _output_name(header))
        return self.made[source.key]

    def _classify(self, source: Source) -> None:
        paths = [self._spill(other) for other in self.near[source.key]]
        if self.spills[source.key] is None:
            return
        cloud = Cloud([load(path) for path in paths if path is not None])
        found = _Found.of(cloud, source.limits, self.request, self.pool)
        counts: NDArray[np.int64] = np.zeros(256, np.int64)

        def classes(points: PointChunk) -> NDArray[np.uint8]:
            given = _classes(points, found, self.request.heights)
            counts[:] += np.bincount(given, minlength=256)
            return given

        header, out, parallel = source.header, self.request.out, self.pool is not None
        if isinstance(header, TextHeader):
            staged, size = text_as_laz.stage_classes(header, out, classes, self.crs, parallel=parallel)
        else:
            staged, size = write.stage_classes(self._header(source), out, classes, parallel=parallel)
        target = out / _output_name(header)
        note(out, target.name, size)
        put.publish(staged, target, size=size)
        if source.key in self.made:
            self.made[source.key].path.unlink()
        self.report.written[target] = {int(k): int(counts[k]) for k in np.flatnonzero(counts)}

    def _release(self, rest: list[Source]) -> None:
        """Delete what no file to come needs."""
        needed = {near.key for source in rest for near in self.near[source.key]}
        for key, path in self.spills.items():
            if path is not None and key not in needed:
                path.unlink(missing_ok=True)


def _output_name(header: CloudHeader) -> str:
    if isinstance(header, TextHeader):
        return text_as_laz.output_name(header)
    if isinstance(header, pdal.PdalHeader):
        return f"{header.path.stem}.las"
    assert isinstance(header, LasHeader)
    return write.output_name(header)


@dataclass(frozen=True)
class _Found:
    """All that the classes of a file's points follow from."""

    terrain: Classified
    isolated: Lonely
    roofs: Roofs | None

    @classmethod
    def of(cls, cloud: Cloud, box: Box, request: ClassifyRequest, pool: Executor | None) -> _Found:
        wide = box.grow(request.around)
        terrain = smrf.classify(cloud, wide, request.params, pool)
        isolated = objects.lonely(cloud, wide, request.isolated, pool)
        roofs = None
        if request.roofs:
            roofs = objects.find_roofs(cloud, terrain, box, request.roofs, isolated, pool)
        return cls(terrain, isolated, roofs)


def _classes(points: PointChunk, found: _Found, heights: tuple[float, ...]) -> NDArray[np.uint8]:
    """Return the class of each point."""
    east, north = int(points.e[0]), int(points.n[0])
    xy = np.column_stack((points.e - east, points.n - north)).astype(np.int32)
    above, ground = found.terrain.heights(xy, points.z, east, north)
    out = np.full(points.count, UNCLASSIFIED, np.uint8)
    for least, number in zip(heights, (LOW, MEDIUM, HIGH), strict=False):
        out[above >= least] = number
    if found.roofs:
        out[found.roofs.holds(xy, points.z, above, east, north)] = BUILDING
    out[ground] = GROUND
    out[found.terrain.noise(xy, points.z, east, north)] = NOISE
    out[(above > objects.IN_THE_AIR) & found.isolated.holds(xy, points.z, east, north)] = NOISE
    kept = np.isin(points.classification, _KEPT) | points.withheld
    return np.where(kept, points.classification, out)
