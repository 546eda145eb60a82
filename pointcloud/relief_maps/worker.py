"""One DEM file to its relief maps, staged under private names: the step that any worker may take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pointcloud import relief
from pointcloud.io import put
from pointcloud.io.dems.dem import DemFile, Terrain
from pointcloud.io.rasters.cogfile import IN_MEMORY, CogFile, cog_file
from pointcloud.io.rasters.pyramid import PICTURE, numbers
from pointcloud.io.remark import Remark
from pointcloud.machine import memory
from pointcloud.params.grid import ALGORITHM
from pointcloud.params.styles import STYLES
from pointcloud.plaintext import to_json
from pointcloud.relief_maps.request import ReliefRequest
from pointcloud.run.items import Made, Staged
from pointcloud.version import __version__

WINDOW = 2048
"""Side of a window in cells, four blocks of a file: its arrays are 17 to 34 MB each, and halos add 2 to 16 %."""


@dataclass(frozen=True)
class ReliefJob:
    """All that the maps of a file are made from.

    Parameters
    ----------
    request : ReliefRequest
    file : DemFile
    near : tuple of DemFile
        The file, and those that its surroundings reach into.
    targets : mapping of str to Path
        The final name of each style that is to be made.
    scratch : Path
        A folder on the volume of the results.
    tell : callable, optional
        Hears of the share that is done.
    """

    request: ReliefRequest
    file: DemFile
    near: tuple[DemFile, ...]
    targets: Mapping[str, Path]
    scratch: Path
    tell: Callable[[float], None] | None = None


def halo(request: ReliefRequest, file: DemFile) -> int:
    """Return how many cells around a file decide its maps."""
    return max(relief.halo(style, file.cell, params) for style, params in request.styles.items())


def make_maps(job: ReliefJob, *, pool: Executor | None = None, threads: int = 1) -> Made:
    """Make and stage the maps of one file. If that fails, nothing of them is left.

    Raises
    ------
    FileError
        If a DEM cannot be read.
    OutputError
        If a map cannot be written.
    """
    file, made = job.file, Made()
    doubts: list[Remark] = []
    try:
        with ExitStack() as stack:
            terrain = stack.enter_context(Terrain(job.near, job.request.nodata, doubts.append))
            outs = {style: stack.enter_context(_out(job, style, terrain, threads)) for style in job.targets}
            windows, reach = list(_windows(file)), halo(job.request, file)
            for number, (row, col, rows, cols) in enumerate(windows, start=1):
                dem = terrain.read(file, row - reach, col - reach, rows + 2 * reach, cols + 2 * reach)
                inner = (slice(reach, reach + rows), slice(reach, reach + cols))
                for style, out in outs.items():
                    out.write(_shown(job, style, dem, inner, threads), row, col)
                if job.tell:
                    job.tell(number / len(windows))
            for style, out in outs.items():
                target = job.targets[style]
                made.staged.append(Staged(style.upper(), target.name, *out.stage(target)))
    except BaseException:
        for staged in made.staged:
            put.discard(staged.path)
        raise
    made.remarks, made.peak = tuple(doubts), memory.peak()
    return made


def _windows(file: DemFile) -> Iterator[tuple[int, int, int, int]]:
    """Yield row, column, rows and columns of each window."""
    for row in range(0, file.rows, WINDOW):
        for col in range(0, file.cols, WINDOW):
            yield row, col, min(WINDOW, file.rows - row), min(WINDOW, file.cols - col)


def _shown(
    job: ReliefJob, style: str, dem: NDArray[Any], inner: tuple[slice, slice], threads: int
) -> NDArray[Any]:
    """Return a style of the inner part of a window."""
    request = job.request
    if np.isnan(dem[inner]).all():
        shape = dem[inner].shape
        return np.full(shape, np.nan) if request.numbers else np.zeros((*shape, 4), np.uint8)
    draw: Any = relief.layer if request.numbers else relief.picture
    shown: NDArray[Any] = draw(style, dem, job.file.cell, request.styles[style], threads=threads)
    return shown[inner]


def _out(job: ReliefJob, style: str, terrain: Terrain, threads: int) -> AbstractContextManager[CogFile]:
    request, file = job.request, job.file
    unit = STYLES[style].unit if request.numbers else None
    small = file.rows * file.cols * len(request.styles) <= IN_MEMORY
    return cog_file(
        file,
        file.crs_wkt or request.crs_wkt,
        PICTURE if unit is None else numbers(unit, mean=style != "aspect"),
        tags=_tags(request, file, style, terrain),
        scratch=None if small else job.scratch,
        compress=request.compress,
        threads=threads,
    )


def _tags(request: ReliefRequest, file: DemFile, style: str, terrain: Terrain) -> dict[str, str]:
    """Return what a raster says of itself, as those of a grid do; the credit of the DEM goes on."""
    params = asdict(cast("Any", request.styles[style]))
    near = terrain.around(file, relief.halo(style, file.cell, request.styles[style]))
    tags = {
        "TIFFTAG_SOFTWARE": f"hyogo-pc {__version__}",
        "PRODUCT": style.upper(),
        "ALGORITHM": str(ALGORITHM[style]),
        "PARAMETERS": to_json({style: params}, sort_keys=True),
        "INPUTS": to_json([{"name": other.path.name} for other in near]),
    }
    if request.credit or file.credit:
        tags["CREDIT"] = request.credit or file.credit
    if file.synthetic:
        tags["SYNTHETIC"] = "YES"
    return tags
