"""One file over all rasters of a folder, how QGIS shows it, and one picture of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pointcloud.geo.lattice import Box, Grid, cell_quanta
from pointcloud.io import names, put
from pointcloud.io.rasters import preview, qml, vrt
from pointcloud.io.remark import Remark
from pointcloud.run import overview
from pointcloud.run.entries import ItemRecord
from pointcloud.run.record import Record
from pointcloud.run.report import Report


@dataclass(frozen=True)
class Series:
    """All rasters of one folder, of which there is one mosaic.

    Parameters
    ----------
    folder : str
        ``DEM_1g``.
    kind : {"heights", "rgba", "quality", "codes"}
    crs_wkt : str or None
    title, credit : str
        Of the picture.
    synthetic : bool
        Whether the place is made up.
    pictured : bool
        Whether there is a picture.
    overviewed : bool
        Whether one small raster stands for many when zoomed out; codes and counts have no mean.
    sources : tuple of str
        What codes stand for, from 1 on.
    """

    folder: str
    kind: vrt.Kind
    crs_wkt: str | None
    title: str
    credit: str
    synthetic: bool
    pictured: bool = True
    overviewed: bool = True
    sources: tuple[str, ...] = ()


def write(
    record: Record,
    series: Sequence[Series],
    report: Report,
    *,
    stale: Callable[[str], bool] = lambda folder: True,
    tell: Callable[[Remark], None] = lambda remark: None,
) -> None:
    """Write a mosaic of each folder, and pictures, over all that the output folder holds.

    Those of a folder in which nothing is left are removed.

    Parameters
    ----------
    record : Record
    series : sequence of Series
    report : Report
        Hears of what is written.
    stale : callable
        Says of a folder whether what is there already must be written again.
    tell : callable
        Hears of what the user should know.

    Raises
    ------
    OutputError
        If a raster cannot be read, or something not be written.
    """
    pictures: list[tuple[Series, Path, Path, bool]] = []
    for each in series:
        mosaic, picture = record.out / f"{each.folder}.vrt", record.out / f"{each.folder}.png"
        held = record.written(each.folder)
        behind = _overview(record, each, held)
        if not held:
            for path in (mosaic, picture, mosaic.with_suffix(".qml")):
                put.remove(path)
            continue
        if stale(each.folder) or not mosaic.exists():
            put.put(mosaic, vrt.mosaic(_tiles(record, each, held, tell), each.crs_wkt, each.kind, behind))
            style = _style(each)
            if style:
                put.put(mosaic.with_suffix(".qml"), style)
        report.mosaics.append(mosaic)
        if not each.pictured:  # an earlier run may have had no coarser one
            put.remove(picture)
        else:
            pictures.append((each, mosaic, picture, stale(each.folder) or not picture.exists()))
    with ThreadPoolExecutor(2) as pool:  # a picture takes some 100 MB while it is made
        report.pictures.extend(pool.map(lambda one: _draw(*one), pictures))


def _overview(record: Record, series: Series, held: dict[str, ItemRecord]) -> Path | None:
    if not series.overviewed or series.kind in ("quality", "codes"):
        return None
    resolution = names.resolution_of(series.folder.partition("_")[2])
    assert resolution is not None
    return overview.write(record.out, series.folder, resolution, held, series.crs_wkt, series.kind)


def _tiles(
    record: Record, series: Series, held: dict[str, ItemRecord], tell: Callable[[Remark], None]
) -> list[vrt.Tile]:
    """Return the rasters of a folder that lie on its usual lattice."""
    tiles = list(_placed(series.folder, held))
    lattices = Counter(_lattice(tile.grid) for tile in tiles)
    usual = min(lattices, key=lambda lattice: (-lattices[lattice], lattice))
    fitting = [tile for tile in tiles if _lattice(tile.grid) == usual]
    if len(fitting) < len(tiles):
        tell(Remark.of("convert.two_lattices", folder=series.folder, count=len(tiles) - len(fitting)))
    return fitting


def _placed(folder: str, held: dict[str, ItemRecord]) -> Iterator[vrt.Tile]:
    for code, item in held.items():
        raster = item.rasters[folder]
        if raster.grid:
            grid = _grid(raster.grid)
        else:
            resolution = names.resolution_of(folder.partition("_")[2])
            assert resolution is not None
            grid = Grid(Box.from_metres(*item.bounds), cell_quanta(resolution))
        yield vrt.Tile(Path(raster.path(folder, code)), grid)


def _lattice(grid: Grid) -> tuple[int, tuple[int, int], int]:
    return grid.cell, grid.origin, grid.per_unit


def _grid(values: Any) -> Grid:
    east, north = values["origin"]
    return Grid(Box(**values["box"]), values["cell"], (east, north), values["per_unit"])


def _style(series: Series) -> bytes | None:
    """Return how QGIS shows a mosaic, where its values are no heights."""
    if series.kind == "quality":
        return qml.qgis_style()
    if series.kind == "codes":
        return qml.paletted(qml.source_colours(len(series.sources)), dict(enumerate(series.sources, start=1)))
    return None


def _draw(series: Series, mosaic: Path, picture: Path, due: bool) -> Path:
    """Draw a picture, if it is due; return its path."""
    if not due:
        return picture
    drawn = preview.preview(
        mosaic,
        series.kind,
        title=series.title,
        credit=series.credit,
        synthetic=series.synthetic,
        sources=series.sources,
    )
    put.put(picture, drawn)
    return picture
