"""One file of points: reduced for its neighbours, and written again with the classes of its points."""

from __future__ import annotations

import time
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pointcloud import pipeline
from pointcloud.classification.classes import Found, classes_of
from pointcloud.classification.request import ClassifyRequest
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import Box, cell_quanta
from pointcloud.io import put
from pointcloud.io.cloudheader import CloudHeader, PointChunk
from pointcloud.io.clouds import pdal, text_as_laz
from pointcloud.io.clouds.text import TextHeader
from pointcloud.io.las import write
from pointcloud.io.las.header import LasHeader
from pointcloud.io.spill.cloud import Cloud
from pointcloud.io.spill.spill import load
from pointcloud.machine import memory
from pointcloud.params.grid import ReduceParams
from pointcloud.run.items import Made, Staged

FOLDER = "CLASSIFIED"
"""What the record knows the files by; they lie in the output folder itself."""


@dataclass(frozen=True)
class Reduced:
    """What a file leaves for its neighbours and itself.

    Parameters
    ----------
    spill : Path
    header : CloudHeader
        Of the file, or of the LAS file that PDAL made of it in scratch.
    sha256 : str
    seconds : float
    """

    spill: Path
    header: CloudHeader
    sha256: str
    seconds: float


@dataclass(frozen=True)
class ClassifyJob:
    """All that the classes of a file follow from.

    Parameters
    ----------
    request : ClassifyRequest
    header : CloudHeader
        As :class:`Reduced` has it.
    limits : Box
        Where its points can lie.
    spills : tuple of Path
        Of the file and of those within reach.
    name : str
        Of the new file.
    crs : SpatialReference, optional
        Of all files.
    """

    request: ClassifyRequest
    header: CloudHeader
    limits: Box
    spills: tuple[Path, ...]
    name: str
    crs: SpatialReference | None


@dataclass(kw_only=True)
class Classification(Made):
    """A file with classes, and its points of each."""

    counts: dict[int, int] = field(default_factory=dict)


def reduce_file(
    header: CloudHeader, scratch: Path, *, pool: Executor | None = None, threads: int = 1
) -> Reduced:
    """Reduce one file to a spill on disk; what PDAL reads becomes a LAS file in scratch first.

    Raises
    ------
    FileError
        If it is damaged.
    """
    start = time.perf_counter()
    given = header
    if isinstance(header, pdal.PdalHeader):
        folder = scratch.with_suffix("")
        folder.mkdir()
        header = pdal.to_las(header, folder / output_name(header))
    params = ReduceParams(cell_quanta(1.0), candidates=True)
    spill = pipeline.reduce(header, params, scratch=scratch, pool=pool)
    sha256 = spill.info.sha256 if header is given else put.digest(given.path)
    return Reduced(scratch, header, sha256, time.perf_counter() - start)


def classify_file(job: ClassifyJob, *, pool: Executor | None = None, threads: int = 1) -> Classification:
    """Write a file with the classes of its points under a private name."""
    start = time.perf_counter()
    cloud = Cloud([load(path) for path in job.spills])
    found = Found.of(cloud, job.limits, job.request, pool)
    counts: NDArray[np.int64] = np.zeros(256, np.int64)

    def classes(points: PointChunk) -> NDArray[np.uint8]:
        given = classes_of(points, found, job.request.heights)
        counts[:] += np.bincount(given, minlength=256)
        return given

    out, parallel = job.request.out, pool is not None
    if isinstance(job.header, TextHeader):
        path, size = text_as_laz.stage_classes(job.header, out, classes, job.crs, parallel=parallel)
    else:
        assert isinstance(job.header, LasHeader)
        path, size = write.stage_classes(job.header, out, classes, parallel=parallel)
    return Classification(
        staged=[Staged(FOLDER, job.name, path, size, put.digest(path))],
        counts={int(k): int(counts[k]) for k in np.flatnonzero(counts)},
        seconds=time.perf_counter() - start,
        peak=memory.peak(),
    )


def output_name(header: CloudHeader) -> str:
    """Return the name of the new file."""
    if isinstance(header, TextHeader):
        return text_as_laz.output_name(header)
    if isinstance(header, pdal.PdalHeader):
        return f"{header.path.stem}.las"
    assert isinstance(header, LasHeader)
    return write.output_name(header)
