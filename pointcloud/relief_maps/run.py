"""DEM files to relief files: window by window, each with the terrain around it, in bounded memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pointcloud import relief
from pointcloud.errors import FileError, ParameterError
from pointcloud.io.dems.dem import DemFile, Terrain, find_dems, look
from pointcloud.io.rasters.cogfile import IN_MEMORY, CogFile, cog_file
from pointcloud.io.rasters.pyramid import PICTURE, numbers
from pointcloud.params.grid import ALGORITHM, Compression
from pointcloud.params.styles import STYLES, StyleParams
from pointcloud.run.scratch import scratch_folder
from pointcloud.version import __version__

WINDOW = 2048
"""Side of a window in cells, four blocks of a file: its arrays are 17 to 34 MB each, and halos add 2 to 16 %."""

_FILES = (".tif", ".tiff")

Tell = Callable[[str, float], None]
"""Hears of a file at work and the share of all cells that is done."""


@dataclass(frozen=True)
class ReliefRequest:
    """What the user asks for.

    Parameters
    ----------
    inputs : tuple of str
        Files, folders or patterns.
    out : Path
        A folder, or with one input and one style a ``.tif``.
    styles : mapping of str to StyleParams
        Values of each style to make.
    numbers : bool
        Numbers instead of pictures.
    nodata : float, optional
        A height that is nodata besides what the files say.
    crs_wkt : str, optional
        CRS of files that state none.
    compress, credit
        As for grids.
    threads : int
    """

    inputs: tuple[str, ...]
    out: Path
    styles: Mapping[str, StyleParams]
    numbers: bool = False
    nodata: float | None = None
    crs_wkt: str | None = None
    compress: Compression = "deflate"
    credit: str = ""
    threads: int = 1


@dataclass
class ReliefReport:
    """What came of it: files written, and the errors of those that failed."""

    written: list[Path] = field(default_factory=list)
    failed: list[FileError] = field(default_factory=list)


def make_relief(request: ReliefRequest, tell: Tell) -> ReliefReport:
    """Make every style of every file. A file that fails leaves nothing under a final name; the others are made.

    Raises
    ------
    ParameterError
        If the request cannot be met.
    OutputError
        If a result cannot be written.
    """
    if request.numbers:
        for style in request.styles:
            if STYLES[style].unit is None:
                numeric = ", ".join(name for name, item in STYLES.items() if item.unit is not None)
                raise ParameterError("relief.only_picture", style=style, choices=numeric)
    report, files = ReliefReport(), []
    for path in find_dems(request.inputs):
        try:
            files.append(look(path))
        except FileError as error:
            report.failed.append(error)
    if not files:
        return report
    targets = _targets(request, files)
    folder = next(iter(targets.values())).parent
    total = sum(file.rows * file.cols for file in files)
    done = 0.0
    with scratch_folder(folder) as scratch, Terrain(files, request.nodata) as terrain:
        for file in files:
            try:
                for share in _make(request, file, terrain, scratch, targets, report):
                    tell(file.path.name, (done + share * file.rows * file.cols) / total)
            except FileError as error:
                report.failed.append(error)
            done += file.rows * file.cols
    return report


def _targets(request: ReliefRequest, files: list[DemFile]) -> dict[tuple[Path, str], Path]:
    """Return the final name of each style of each file."""
    single = request.out.suffix.lower() in _FILES and not request.out.is_dir()
    if single and len(files) * len(request.styles) > 1:
        raise ParameterError("dem.one_file", path=request.out, files=len(files), styles=len(request.styles))
    targets: dict[tuple[Path, str], Path] = {}
    taken = {file.path.resolve(): file.path for file in files}
    for file in files:
        for style in request.styles:
            target = request.out if single else request.out / file_name(file.path.stem, style)
            place = target.resolve()
            if place in taken:
                raise ParameterError("dem.same_name", path=file.path, target=target, other=taken[place])
            taken[place] = file.path
            targets[file.path, style] = target
    return targets


def file_name(stem: str, style: str) -> str:
    """Return the name of a style of a file: ``CS_05MF513_1g.tif`` of ``DEM_05MF513_1g``, else ``name_CS.tif``."""
    kind, _, rest = stem.partition("_")
    named = kind.upper() in ("DEM", "DSM") and rest
    return f"{style.upper()}_{rest}.tif" if named else f"{stem}_{style.upper()}.tif"


def _make(
    request: ReliefRequest,
    file: DemFile,
    terrain: Terrain,
    scratch: Path,
    targets: Mapping[tuple[Path, str], Path],
    report: ReliefReport,
) -> Iterator[float]:
    """Make all styles of one file, and yield the share that is done after each window."""
    halo = max(relief.halo(style, file.cell, params) for style, params in request.styles.items())
    with ExitStack() as stack:
        outs = {
            style: stack.enter_context(_out(request, file, style, terrain, scratch))
            for style in request.styles
        }
        windows = list(_windows(file))
        for number, (row, col, rows, cols) in enumerate(windows, start=1):
            dem = terrain.read(file, row - halo, col - halo, rows + 2 * halo, cols + 2 * halo)
            inner = (slice(halo, halo + rows), slice(halo, halo + cols))
            for style, out in outs.items():
                out.write(_shown(request, style, dem, inner, file.cell), row, col)
            yield number / len(windows)
        for style, out in outs.items():
            target = targets[file.path, style]
            out.publish(target)
            report.written.append(target)


def _windows(file: DemFile) -> Iterator[tuple[int, int, int, int]]:
    """Yield row, column, rows and columns of each window."""
    for row in range(0, file.rows, WINDOW):
        for col in range(0, file.cols, WINDOW):
            yield row, col, min(WINDOW, file.rows - row), min(WINDOW, file.cols - col)


def _shown(
    request: ReliefRequest, style: str, dem: NDArray[Any], inner: tuple[slice, slice], cell: float
) -> NDArray[Any]:
    """Return a style of the inner part of a window."""
    if np.isnan(dem[inner]).all():
        shape = dem[inner].shape
        return np.full(shape, np.nan) if request.numbers else np.zeros((*shape, 4), np.uint8)
    draw: Any = relief.layer if request.numbers else relief.picture
    shown: NDArray[Any] = draw(style, dem, cell, request.styles[style], threads=request.threads)
    return shown[inner]


def _out(
    request: ReliefRequest, file: DemFile, style: str, terrain: Terrain, scratch: Path
) -> AbstractContextManager[CogFile]:
    unit = STYLES[style].unit if request.numbers else None
    small = file.rows * file.cols * len(request.styles) <= IN_MEMORY
    return cog_file(
        file,
        file.crs_wkt or request.crs_wkt,
        PICTURE if unit is None else numbers(unit, mean=style != "aspect"),
        tags=_tags(request, file, style, terrain),
        scratch=None if small else scratch,
        compress=request.compress,
        threads=request.threads,
    )


def _tags(request: ReliefRequest, file: DemFile, style: str, terrain: Terrain) -> dict[str, str]:
    """Return what a raster says of itself, as those of a grid do; the credit of the DEM goes on."""
    params = asdict(cast("Any", request.styles[style]))
    near = terrain.around(file, relief.halo(style, file.cell, request.styles[style]))
    tags = {
        "TIFFTAG_SOFTWARE": f"hyogo-pc {__version__}",
        "PRODUCT": style.upper(),
        "ALGORITHM": str(ALGORITHM[style]),
        "PARAMETERS": json.dumps({style: params}, sort_keys=True, ensure_ascii=False),
        "INPUTS": json.dumps([{"name": name} for name in near], ensure_ascii=False),
    }
    if request.credit or file.credit:
        tags["CREDIT"] = request.credit or file.credit
    if file.synthetic:
        tags["SYNTHETIC"] = "YES"
    return tags
