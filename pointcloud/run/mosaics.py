"""One file over all sheets of a product, and one picture of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import Box, Grid, cell_quanta
from pointcloud.gridding.report import Report
from pointcloud.io import names, put
from pointcloud.io.rasters import preview, qml, vrt
from pointcloud.params.grid import GridParams, Product
from pointcloud.params.styles import STYLES
from pointcloud.run import overview
from pointcloud.run.record import Record


def write(
    record: Record, params: GridParams, crs: SpatialReference | None, report: Report, credit: str
) -> None:
    """Write a mosaic of each product and resolution, and a picture of each product, over all that the folder holds.

    Those of a product that is no longer there are removed.
    """
    wkt = crs.wkt if crs else None
    for product in params.products:
        for resolution in params.resolutions:
            mosaic = _write_mosaic(record, product, resolution, wkt)
            if mosaic:
                report.mosaics.append(mosaic)
            if resolution != params.resolutions[0]:  # an earlier run may have had no coarser one
                put.remove(record.out / names.preview_name(product, resolution))
    with ThreadPoolExecutor(2) as pool:  # a picture takes some 100 MB while it is made
        pictures = [
            pool.submit(_write_picture, record.out, product, params.resolutions[0], credit, report.synthetic)
            for product in params.products
            if record.out / names.mosaic_name(product, params.resolutions[0]) in report.mosaics
        ]
        report.pictures.extend(picture.result() for picture in pictures)


def _kind(product: Product) -> vrt.Kind:
    if product == "quality":
        return "quality"
    return "rgba" if product in STYLES else "heights"


def _write_mosaic(record: Record, product: Product, resolution: float, crs_wkt: str | None) -> Path | None:
    folder = names.folder(product, resolution)
    held = record.written(folder)
    target = record.out / names.mosaic_name(product, resolution)
    behind = None  # codes and counts have no mean: a quality mosaic is read from the sheets' own overviews
    if product != "quality":
        behind = overview.write(record.out, folder, resolution, held, crs_wkt, _kind(product))
    if not held:
        put.remove(target)
        put.remove(record.out / names.preview_name(product, resolution))
        put.remove(record.out / names.style_name(product, resolution))
        return None
    cell = cell_quanta(resolution)
    tiles = [
        vrt.Tile(
            Path(folder, names.file_name(product, code, resolution)),
            Grid(Box.from_metres(*sheet.bounds), cell),
        )
        for code, sheet in held.items()
    ]
    put.put(target, vrt.mosaic(tiles, crs_wkt, _kind(product), behind))
    if product == "quality":
        put.put(record.out / names.style_name(product, resolution), qml.qgis_style())
    return target


def _write_picture(out: Path, product: Product, resolution: float, credit: str, synthetic: bool) -> Path:
    """Write the picture of a product from its coarsest mosaic: finer ones would look the same at its size."""
    target = out / names.preview_name(product, resolution)
    source = out / names.mosaic_name(product, resolution)
    title = f"{product.upper()} {resolution:g} m"
    put.put(target, preview.preview(source, _kind(product), title=title, credit=credit, synthetic=synthetic))
    return target
