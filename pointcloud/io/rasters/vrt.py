"""The mosaic of a folder of sheets: one VRT that GIS programs open in place of hundreds of files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import PurePath
from typing import Literal

from rasterio.errors import CRSError

from pointcloud.geo.lattice import Box, Grid
from pointcloud.io.rasters.cogdriver import BLOCK, gdal_crs
from pointcloud.params.grid import NODATA, QUALITY_BANDS, QUALITY_UNITS

Kind = Literal["heights", "rgba", "quality", "codes"]

_BANDS: dict[Kind, tuple[str, ...]] = {
    "heights": ("Gray",),
    "rgba": ("Red", "Green", "Blue", "Alpha"),
    "codes": ("Gray",),
    "quality": ("Gray", *("Undefined",) * (len(QUALITY_BANDS) - 1)),
}
_TYPES: dict[Kind, str] = {"heights": "Float32", "rgba": "Byte", "quality": "Float32", "codes": "Byte"}
_DESCRIPTIONS: dict[Kind, tuple[str, ...]] = {"quality": QUALITY_BANDS}
_UNITS: dict[Kind, tuple[str, ...]] = {"heights": ("m",), "quality": QUALITY_UNITS, "codes": ("",)}
_NODATA: dict[Kind, float] = {"heights": NODATA, "quality": NODATA, "codes": 0.0}


@dataclass(frozen=True, slots=True)
class Tile:
    """A file of a mosaic.

    Parameters
    ----------
    path : PurePath
        Relative to the folder of the VRT; an absolute path is written as it is.
    grid : Grid
        The cells of the file.
    """

    path: PurePath
    grid: Grid


def mosaic(tiles: Iterable[Tile], crs_wkt: str | None, kind: Kind, overview: PurePath | None = None) -> bytes:
    """Return a VRT over files made by `pointcloud.io.rasters.cog`.

    It spans all of them; what none covers is nodata, or transparent. Files are listed by name, so the order
    of ``tiles`` does not show. Sizes and types are stated, so that a program opens a file only to draw it.

    Parameters
    ----------
    tiles : iterable of Tile
        At least one, of any sizes, all of one resolution. Later names lie on top, should files overlap.
    crs_wkt : str or None
        The coordinate reference system of all of them, if known; written as WKT 1, which old programs read.
    kind : {"heights", "rgba", "quality", "codes"}
        One band of float32 with nodata -9999; red, green, blue and alpha; the bands of a quality raster; one band of
        bytes with nodata 0.
    overview : PurePath, optional
        File with the same bands over the same box in larger cells, to be read when zoomed out.

    Returns
    -------
    bytes
        XML in UTF-8.

    Raises
    ------
    ValueError
        If there are no tiles, or tiles of several resolutions.
    """
    ordered = sorted(tiles, key=lambda tile: tile.path.as_posix())
    lattices = {(tile.grid.cell, tile.grid.origin, tile.grid.per_unit) for tile in ordered}
    if len(lattices) != 1:
        raise ValueError(f"a mosaic needs tiles of one resolution and lattice, not of {len(lattices)}")
    whole = Grid(_union([tile.grid.box for tile in ordered]), *lattices.pop())
    lines = [
        f'<VRTDataset rasterXSize="{whole.cols}" rasterYSize="{whole.rows}">',
        *_georeference(whole, crs_wkt),
        '  <Metadata><MDI key="AREA_OR_POINT">Area</MDI></Metadata>',
    ]
    for band, colour in enumerate(_BANDS[kind], start=1):
        lines.append(f'  <VRTRasterBand dataType="{_TYPES[kind]}" band="{band}">')
        if kind in _DESCRIPTIONS:
            lines.append(f"    <Description>{_DESCRIPTIONS[kind][band - 1]}</Description>")
        if kind in _UNITS:
            lines.append(f"    <NoDataValue>{_NODATA[kind]:.0f}</NoDataValue>")
            if unit := _UNITS[kind][band - 1]:
                lines.append(f"    <UnitType>{unit}</UnitType>")
        lines.append(f"    <ColorInterp>{colour}</ColorInterp>")
        for tile in ordered:
            lines += _source(tile, band, whole, _TYPES[kind])
        if overview:
            lines += _overview(overview, band)
        lines.append("  </VRTRasterBand>")
    lines.append("</VRTDataset>")
    return "\n".join([*lines, ""]).encode()


def _union(boxes: list[Box]) -> Box:
    return Box(
        min(box.west for box in boxes),
        min(box.south for box in boxes),
        max(box.east for box in boxes),
        max(box.north for box in boxes),
    )


def _georeference(grid: Grid, crs_wkt: str | None) -> Iterator[str]:
    crs = gdal_crs(crs_wkt)
    if crs is not None:
        try:
            wkt = crs.to_wkt(version="WKT1_GDAL")
        except CRSError:  # three-dimensional ones have no WKT 1
            wkt = crs.to_wkt(version="WKT2_2019")
        yield f"  <SRS>{escape(wkt, quote=False)}</SRS>"
    transform = ", ".join(repr(float(value)) for value in grid.transform.to_gdal())
    yield f"  <GeoTransform>{transform}</GeoTransform>"


def _overview(path: PurePath, band: int) -> Iterator[str]:
    yield "    <Overview>"
    yield f'      <SourceFilename relativeToVRT="1">{escape(path.as_posix(), quote=False)}</SourceFilename>'
    yield f"      <SourceBand>{band}</SourceBand>"
    yield "    </Overview>"


def _source(tile: Tile, band: int, whole: Grid, dtype: str) -> Iterator[str]:
    rows, cols = whole.slices(tile.grid.box)
    size = f'xSize="{tile.grid.cols}" ySize="{tile.grid.rows}"'
    relative = int(not tile.path.is_absolute())
    yield "    <SimpleSource>"
    yield (
        f'      <SourceFilename relativeToVRT="{relative}">{escape(tile.path.as_posix(), quote=False)}</SourceFilename>'
    )
    yield f"      <SourceBand>{band}</SourceBand>"
    yield (
        f'      <SourceProperties RasterXSize="{tile.grid.cols}" RasterYSize="{tile.grid.rows}"'
        f' DataType="{dtype}" BlockXSize="{BLOCK}" BlockYSize="{BLOCK}"/>'
    )
    yield f'      <SrcRect xOff="0" yOff="0" {size}/>'
    yield f'      <DstRect xOff="{cols.start}" yOff="{rows.start}" {size}/>'
    yield "    </SimpleSource>"
