"""DEM files to a viewshed: the terrain around the eyes is read once, the result is written window by window."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from pointcloud import relief
from pointcloud.errors import OutputError, ParameterError
from pointcloud.geo import crs as crs_room
from pointcloud.geo import places, projections
from pointcloud.io import put
from pointcloud.io.dems import doubts
from pointcloud.io.dems.dem import DemFile, Terrain, credits_of, find_dems, look
from pointcloud.io.rasters import qml
from pointcloud.io.rasters.cogfile import cog_file
from pointcloud.io.rasters.pyramid import PICTURE, numbers
from pointcloud.messages import say
from pointcloud.params.grid import Compression
from pointcloud.params.viewshed import VIEWSHED_ALGORITHM, Shown, SightParams
from pointcloud.plaintext import to_json
from pointcloud.relief.viewshed import SEEN, UNSEEN, Eye, Sight, seen_colour
from pointcloud.run.scratch import scratch_folder
from pointcloud.version import __version__

WINDOW = 1024
"""Side of a window in cells, two blocks of a file."""

_STRIP = 512
_IN_MEMORY = 100_000_000
"""Cells of terrain that are held in memory, 400 MB; more wait in a file of the scratch folder, mapped."""
_MOST = 4_000_000_000
"""Cells of terrain: 32 km around at 1 m, 16 GB on the disk."""

_STEPS = (2.0, 5.0, 10.0, 20.0, 50.0)
"""Heights in metres at which the colours of needed heights change."""
_PALE = (226, 228, 236)

Tell = Callable[[str, float], None]
"""Hears of the file at work and the share of it that is done."""


@dataclass(frozen=True)
class ViewshedRequest:
    """What the user asks for.

    Parameters
    ----------
    places : tuple of str
        Where the eyes are, as :func:`pointcloud.geo.places.parse` takes them.
    dems : tuple of str
        Files, folders or patterns.
    out : Path
        A ``.tif``.
    params : SightParams
    shown : {"visible", "needed", "picture"}
    nodata, crs_wkt, compress, credit, threads
        As for :class:`pointcloud.relief_maps.run.ReliefRequest`.
    """

    places: tuple[str, ...]
    dems: tuple[str, ...]
    out: Path
    params: SightParams
    shown: Shown = "visible"
    nodata: float | None = None
    crs_wkt: str | None = None
    compress: Compression = "deflate"
    credit: str = ""
    threads: int = 1


@dataclass(frozen=True)
class Viewpoint:
    """An eye on the terrain: its place by name, coordinates in the DEM's CRS, and height of the ground."""

    name: str
    x: float
    y: float
    ground: float


@dataclass(frozen=True)
class ViewshedReport:
    """What came of it: files written, the viewpoints, how many cells are known and seen, and their side in metres."""

    written: tuple[Path, ...]
    viewpoints: tuple[Viewpoint, ...]
    known: int
    seen: int
    cell: float


@dataclass(frozen=True)
class _Frame:
    """Rows and columns of the result, counted from the first file's first cell; terrain is read ``margin`` further."""

    row: int
    col: int
    rows: int
    cols: int
    margin: int
    transform: Affine

    def place(self, row: int, col: int) -> Eye:
        """Return where a cell lies in the terrain that is read."""
        return Eye(row - self.row + self.margin, col - self.col + self.margin)

    def inner(self, window: slice) -> slice:
        """Return where rows or columns of the result lie in the terrain that is read."""
        return slice(window.start + self.margin, window.stop + self.margin)

    @property
    def windows(self) -> Iterator[tuple[slice, slice]]:
        for row in range(0, self.rows, WINDOW):
            for col in range(0, self.cols, WINDOW):
                yield slice(row, min(row + WINDOW, self.rows)), slice(col, min(col + WINDOW, self.cols))


def make_viewshed(request: ViewshedRequest, tell: Tell) -> ViewshedReport:
    """Make a viewshed of DEM files.

    Raises
    ------
    ParameterError
        If a place cannot be, or has no ground; or the terrain within the radius is too large.
    FileError
        If a DEM cannot be read.
    OutputError
        If the result cannot be written.
    """
    files = [look(path) for path in find_dems(request.dems)]
    doubts.warn_unsound(files, request.crs_wkt)
    if request.out.resolve() in {file.path.resolve() for file in files}:
        raise ParameterError("viewshed.onto_dem", path=request.out)
    crs_wkt = files[0].crs_wkt or request.crs_wkt
    spots = [_spot(text, crs_wkt, files[0]) for text in request.places]
    frame = _frame(files, [cell for _, cell, _ in spots], request.params.radius)
    with scratch_folder(request.out.parent) as scratch, Terrain(files, request.nodata) as terrain:
        heights = _read(terrain, files[0], frame, scratch)
        scene = Sight(heights, files[0].cell, request.params)
        eyes = [frame.place(*cell) for _, cell, _ in spots]
        for (name, _, _), eye in zip(spots, eyes, strict=True):
            if not scene.sees_from(eye):
                raise ParameterError("viewshed.no_ground", place=name)
        viewpoints = tuple(
            Viewpoint(name, *xy, float(heights[eye.row, eye.col]))
            for (name, _, xy), eye in zip(spots, eyes, strict=True)
        )
        near = _files_within(files, frame)
        known, seen = _write(
            request, scene, eyes, frame, scratch, crs_wkt, _tags(request, files, near, viewpoints), tell
        )
        del scene, heights  # a mapped file cannot be deleted on Windows
    return ViewshedReport(_styled(request, len(eyes)), viewpoints, known, seen, files[0].cell)


def _spot(text: str, crs_wkt: str | None, first: DemFile) -> tuple[str, tuple[int, int], tuple[float, float]]:
    """Return a place's name, the row and column of its cell, and its coordinates, on the lattice of a file."""
    horizontal = crs_room.from_wkt(crs_wkt, file=str(first.path)).horizontal if crs_wkt else None
    zone = projections.zone(horizontal) if horizontal else None
    place = places.parse(text, zone=zone or places.HYOGO_ZONE)
    x, y = place.xy(horizontal) if horizontal else (place.e, place.n)
    col = math.floor(round((x - first.transform.c) / first.cell, 6))
    row = math.floor(round((first.transform.f - y) / first.cell, 6))
    return place.name, (row, col), (x, y)


def _bounds(file: DemFile, first: DemFile) -> tuple[int, int, int, int]:
    """Return top, left, bottom, right of a file in cells of the first one."""
    row = round((first.transform.f - file.transform.f) / first.cell)
    col = round((file.transform.c - first.transform.c) / first.cell)
    return row, col, row + file.rows, col + file.cols


def _frame(files: Sequence[DemFile], eyes: Sequence[tuple[int, int]], radius: float) -> _Frame:
    """Return what of the files lies within the radius of an eye, as one rectangle."""
    first = files[0]
    reach = math.floor(radius / first.cell)
    bounds = [_bounds(file, first) for file in files]
    top = max(min(row for row, _ in eyes) - reach, min(each[0] for each in bounds))
    left = max(min(col for _, col in eyes) - reach, min(each[1] for each in bounds))
    bottom = min(max(row for row, _ in eyes) + reach + 1, max(each[2] for each in bounds))
    right = min(max(col for _, col in eyes) + reach + 1, max(each[3] for each in bounds))
    rows, cols = max(bottom - top, 0), max(right - left, 0)
    if rows * cols > _MOST:
        raise ParameterError("viewshed.too_large", rows=rows, cols=cols, most=round(_MOST**0.5))
    margin = relief.halo("multi-hillshade", first.cell)  # of a picture
    return _Frame(top, left, rows, cols, margin, first.transform @ Affine.translation(left, top))


def _files_within(files: Sequence[DemFile], frame: _Frame) -> list[str]:
    """Return the names of the files with cells in the frame, sorted."""
    bounds = [(file, _bounds(file, files[0])) for file in files]
    return sorted(
        file.path.name
        for file, (top, left, bottom, right) in bounds
        if top < frame.row + frame.rows and bottom > frame.row
        if left < frame.col + frame.cols and right > frame.col
    )


def _read(terrain: Terrain, first: DemFile, frame: _Frame, scratch: Path) -> NDArray[Any]:
    """Return the heights of the frame, in memory or mapped from a file."""
    margin = frame.margin
    rows, cols = frame.rows + 2 * margin, frame.cols + 2 * margin
    kind = np.dtype(np.float32 if all(file.exact for file in terrain.files) else np.float64)
    out: NDArray[Any]
    try:
        if rows * cols > _IN_MEMORY:
            mapped = np.memmap(scratch / secrets.token_hex(8), dtype=kind, mode="w+", shape=(rows, cols))
            out = np.asarray(mapped)
        else:
            out = np.empty((rows, cols), kind)
    except OSError as error:
        raise OutputError("run.out", path=scratch.parent, cause=error.strerror) from error
    for row in range(0, rows, _STRIP):
        part = out[row : row + _STRIP]
        part[:] = terrain.read(first, frame.row - margin + row, frame.col - margin, len(part), cols)
    return out


def _write(
    request: ViewshedRequest,
    scene: Sight,
    eyes: Sequence[Eye],
    frame: _Frame,
    scratch: Path,
    crs_wkt: str | None,
    tags: dict[str, str],
    tell: Tell,
) -> tuple[int, int]:
    """Write the raster; return how many cells are known, and how many of them are seen."""
    counts, metres = numbers("", mean=False), numbers("m", mean=False)
    known = seen = 0
    with cog_file(
        frame,
        crs_wkt,
        {"visible": counts, "needed": metres, "picture": PICTURE}[request.shown],
        tags=tags,
        scratch=scratch,
        compress=request.compress,
        threads=request.threads,
    ) as out:
        windows = list(frame.windows)
        for number, (rows, cols) in enumerate(windows, start=1):
            part = scene.look(eyes, frame.inner(rows), frame.inner(cols), threads=request.threads)
            out.write(scene.show(part, request.shown), rows.start, cols.start)
            known += int(np.isfinite(part.count).sum())
            seen += int((part.count > 0.0).sum())
            tell(request.out.name, number / len(windows))
        out.publish(request.out)
    return known, seen


def _tags(
    request: ViewshedRequest, files: Sequence[DemFile], near: list[str], viewpoints: Sequence[Viewpoint]
) -> dict[str, str]:
    """Return what the raster says of itself, as those of a grid do; the credit of the DEM goes on."""
    eyes = [
        {"name": point.name, "e": round(point.x, 3), "n": round(point.y, 3), "ground": round(point.ground, 3)}
        for point in viewpoints
    ]
    params = {"viewshed": asdict(request.params), "shown": request.shown, "eyes": eyes}
    tags = {
        "TIFFTAG_SOFTWARE": f"hyogo-pc {__version__}",
        "PRODUCT": "VIEWSHED",
        "ALGORITHM": str(VIEWSHED_ALGORITHM),
        "PARAMETERS": to_json(params, sort_keys=True),
        "INPUTS": to_json([{"name": name} for name in near]),
    }
    credit = request.credit or "; ".join(credits_of(files))
    if credit:
        tags["CREDIT"] = credit
    if any(file.synthetic for file in files):
        tags["SYNTHETIC"] = "YES"
    return tags


def _styled(request: ViewshedRequest, eyes: int) -> tuple[Path, ...]:
    """Write a style for QGIS beside a raster of numbers; return the files that were made."""
    if request.shown == "picture":
        return (request.out,)
    target = request.out.with_suffix(".qml")
    put.put(target, _visible(eyes) if request.shown == "visible" else _needed())
    return request.out, target


def _visible(eyes: int) -> bytes:
    """Return the style of a raster that counts eyes."""
    colours, labels = {0: UNSEEN}, {0: say("viewshed.unseen")}
    for count in range(1, eyes + 1):
        colours[count] = seen_colour(count, eyes)
        labels[count] = say("viewshed.seen") if eyes == 1 else say("viewshed.seen_from", count=count)
    return qml.paletted(colours, labels)


def _needed() -> bytes:
    """Return the style of a raster of needed heights: what is seen yellow, the more hidden the darker."""
    entries = [(0.0, SEEN[0], say("viewshed.seen"))]
    for number, metres in enumerate(_STEPS):
        fade = 1.0 - 0.8 * number / (len(_STEPS) - 1)
        red, green, blue = (
            round(fade * level + (1.0 - fade) * dark) for level, dark in zip(_PALE, UNSEEN, strict=True)
        )
        entries.append((metres, (red, green, blue), say("viewshed.up_to", metres=metres)))
    entries.append((math.inf, UNSEEN, say("viewshed.above", metres=_STEPS[-1])))
    return qml.steps(entries)
