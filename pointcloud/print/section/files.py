"""Files to sections: DEMs, DSMs and point clouds cut along lines; and sections as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import CrsError, ParameterError
from pointcloud.geo import crs as crs_room
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import Box
from pointcloud.gridding.inventory import Inventory, take_inventory
from pointcloud.io.dems import doubts
from pointcloud.io.dems.dem import DemFile, Terrain, credits_of, find_dems, look
from pointcloud.io.put import put
from pointcloud.io.remark import Remark
from pointcloud.io.transects import MOST_POINTS, heights_along, points_along
from pointcloud.params.grid import Sampling
from pointcloud.plaintext import to_csv
from pointcloud.print.vectors.lines import Line, read_lines
from pointcloud.surface.section import PointsAlong, Section, stations

_MOSTLY = 0.5
"""Share of a line without heights that is worth a word."""

_STEP = 0.5
"""Metres between stations where there is no raster to tell."""


@dataclass(frozen=True)
class SectionRequest:
    """What to cut.

    Parameters
    ----------
    lines : tuple of str
        Vertices or files; see :func:`pointcloud.print.vectors.lines.read_lines`.
    dem, dsm : tuple of str
        Rasters: files, folders or patterns.
    points, ground : tuple of str
        Point clouds; those of ``ground`` hold ground points only, whatever their class.
    width : float
        Of the band that points are taken from, metres.
    step : float, optional
        Metres between stations; without, the smallest cell of the rasters.
    method : str
        Of :data:`pointcloud.params.grid.SAMPLINGS`.
    crs : SpatialReference, optional
        Of files that state none.
    nodata : float, optional
        A height that is nodata besides what the files say.
    most_points : int
        Points that are kept of a section.
    columns : str
        What the columns of texts of points are; empty to tell it by their values.
    """

    lines: tuple[str, ...]
    dem: tuple[str, ...] = ()
    dsm: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    ground: tuple[str, ...] = ()
    width: float = 1.0
    step: float | None = None
    method: Sampling = "bilinear"
    crs: SpatialReference | None = None
    nodata: float | None = None
    most_points: int = MOST_POINTS
    columns: str = ""


@dataclass(frozen=True)
class Cut:
    """What was cut.

    Parameters
    ----------
    sections : tuple of Section
    crs : SpatialReference or None
    synthetic : bool
        Whether a file calls itself made-up.
    credit : str
        Sources and licences that the files state.
    remarks : tuple of Remark
        What to tell the user.
    """

    sections: tuple[Section, ...]
    crs: SpatialReference | None
    synthetic: bool
    credit: str
    remarks: tuple[Remark, ...]


def cut(request: SectionRequest) -> Cut:
    """Cut DEMs, DSMs and point clouds along lines.

    Raises
    ------
    ParameterError
        If nothing is there to cut, or a line is none or crosses no data.
    FileError
        If a file cannot be read.
    CrsError
        If the files differ in CRS.
    """
    models = {"dem": [look(path) for path in find_dems(request.dem)] if request.dem else []}
    models["dsm"] = [look(path) for path in find_dems(request.dsm)] if request.dsm else []
    rasters = [*models["dem"], *models["dsm"]]
    stated = _stated(rasters, request.crs)
    unsure = doubts.require_sound(rasters, stated.wkt if stated else None)
    clouds = take_inventory(
        request.points,
        request.ground,
        crs=stated,
        vertical=None,
        needs_zone=False,
        columns=request.columns,
    )
    if not rasters and not clouds.sources:
        raise ParameterError("section.no_data")
    crs = _common(rasters, clouds, request.crs)
    lines = read_lines(request.lines, crs)
    step = min((file.cell for file in rasters), default=_STEP) if request.step is None else request.step
    along, remarks = _points(request, clouds, lines)
    heights: list[dict[str, NDArray[np.float64]]] = [{} for _ in lines]
    at = [stations(line.vertices, step) for line in lines]
    for model, files in models.items():
        if files:
            with Terrain(files, request.nodata) as terrain:
                for held, where in zip(heights, at, strict=True):
                    held[model] = heights_along(terrain, where, request.method)
    sections = tuple(
        Section(line.name, line.vertices, where, held, points)
        for line, where, held, points in zip(lines, at, heights, along, strict=True)
    )
    for section in sections:
        if section.range is None:
            raise ParameterError("section.nothing", line=section.name, **_places(section, rasters, clouds))
    remarks += [*unsure, *_doubts(sections)]
    synthetic = any(file.synthetic for file in rasters) or any(s.header.synthetic for s in clouds.sources)
    credit = " / ".join(credits_of(rasters))
    return Cut(sections, crs, synthetic, credit, (*clouds.remarks, *remarks))


def _stated(rasters: Sequence[DemFile], given: SpatialReference | None) -> SpatialReference | None:
    """Return the CRS that files without one are taken to have."""
    references = _references(rasters)
    if not references:
        return given
    common, _ = crs_room.common(references)
    if given is not None and not crs_room.same_place(common, given):
        file = next(iter(references))
        raise CrsError("run.crs_differs", file=file, stated=common.label, given=given.label)
    return common


def _references(rasters: Sequence[DemFile]) -> dict[str, SpatialReference]:
    return {
        str(file.path): crs_room.from_wkt(file.crs_wkt, file=file.path.name)
        for file in rasters
        if file.crs_wkt
    }


def _common(
    rasters: Sequence[DemFile], clouds: Inventory, given: SpatialReference | None
) -> SpatialReference | None:
    """Return the one CRS of all; the heights of rasters and points must not differ in datum either."""
    references = _references(rasters)
    if clouds.crs is not None and clouds.sources:
        references[clouds.sources[0].key] = clouds.crs
    return crs_room.common(references)[0] if references else given


def _points(
    request: SectionRequest, clouds: Inventory, lines: Sequence[Line]
) -> tuple[Sequence[PointsAlong | None], list[Remark]]:
    """Return the points along each line, and what to say about them."""
    remarks: list[Remark] = []
    boxes = [_box(line).grow(round(request.width * 10_000)) for line in lines]
    for bad in clouds.bad:
        if not bad.boxes or any(box.touches(claim) for box in boxes for claim in bad.boxes):
            raise bad.error
        remarks.append(Remark.of(bad.error.message, **bad.error.values))
    if not clouds.sources:
        return [None] * len(lines), remarks
    files = [(source.header, source.all_ground) for source in clouds.sources]
    found = points_along(files, [line.vertices for line in lines], request.width, most=request.most_points)
    for line, points in zip(lines, found, strict=True):
        if points.z.size < points.found:
            remarks.append(
                Remark.of("section.thinned", line=line.name, shown=points.z.size, found=points.found)
            )
    return found, remarks


def _doubts(sections: Sequence[Section]) -> Iterator[Remark]:
    """Yield what to say of lines of which most lies where a model has no height."""
    for section in sections:
        for model, heights in section.heights.items():
            share = float(np.isnan(heights).mean())
            if share > _MOSTLY:
                yield Remark.of(
                    "section.mostly_void", line=section.name, model=model.upper(), share=f"{share:.0%}"
                )


def _box(line: Line) -> Box:
    (west, south), (east, north) = line.vertices.min(axis=0), line.vertices.max(axis=0)
    return Box.from_metres(west, south, east, north)


def _places(section: Section, rasters: Sequence[DemFile], clouds: Inventory) -> dict[str, object]:
    """Return where a line lies, and where the data do."""
    boxes = [
        (t.c, t.f - file.rows * file.cell, t.c + file.cols * file.cell, t.f)
        for file in rasters
        for t in [file.transform]
    ]
    boxes += [source.box.bounds for source in clouds.sources]
    edges = np.array(boxes)
    box = (*edges[:, :2].min(axis=0), *edges[:, 2:].max(axis=0))
    begin, end = section.line[0], section.line[-1]
    return {
        "begin": f"{begin[0]:.1f},{begin[1]:.1f}",
        "end": f"{end[0]:.1f},{end[1]:.1f}",
        "box": ", ".join(f"{edge:.1f}" for edge in box),
    }


def table(sections: Sequence[Section]) -> bytes:
    """Return sections as CSV: line, distance, easting, northing and the height of each model, nodata empty.

    Metres with three decimals. It is UTF-8; with a byte order mark where a name needs it, since Excel takes it for
    cp932 without.
    """
    models = [name for name in ("dem", "dsm") if any(name in section.heights for section in sections)]

    def columns(section: Section) -> list[NDArray[np.float64]]:
        at = section.at
        void = np.full(at.e.shape, np.nan)
        return [at.distance, at.e, at.n, *(section.heights.get(model, void) for model in models)]

    rows = (row for section in sections for row in _rows(section.name, columns(section)))
    return _csv(["line", "distance", "easting", "northing", *models], rows)


def points_table(sections: Sequence[Section]) -> bytes:
    """Return the points of sections as CSV: line, distance, offset (negative to the right), height, LAS class."""
    held = [(section.name, section.points) for section in sections if section.points is not None]
    rows = (
        f"{row},{code}"
        for name, points in held
        for row, code in zip(
            _rows(name, [points.distance, points.offset, points.z]), points.classification, strict=True
        )
    )
    return _csv(["line", "distance", "offset", "height", "class"], rows)


def _rows(name: str, columns: Sequence[NDArray[np.float64]]) -> Iterator[str]:
    """Yield rows that begin with a name, numbers with three decimals."""
    quoted = to_csv(name)
    for values in zip(*columns, strict=True):
        yield ",".join([quoted, *("" if np.isnan(value) else f"{value + 0.0:.3f}" for value in values)])


def _csv(heading: Sequence[str], rows: Iterable[str]) -> bytes:
    text = "\r\n".join([",".join(heading), *rows]) + "\r\n"
    return text.encode("utf-8" if text.isascii() else "utf-8-sig")


def write_table(sections: Sequence[Section], path: Path) -> list[Path]:
    """Write sections as CSV (:func:`table`), and their points (:func:`points_table`) to ``NAME_points.csv``.

    Returns
    -------
    list of Path
        The files: one, or two where there are points.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    put(path, table(sections))
    if all(section.points is None for section in sections):
        return [path]
    beside = path.with_stem(f"{path.stem}_points")
    put(beside, points_table(sections))
    return [path, beside]
