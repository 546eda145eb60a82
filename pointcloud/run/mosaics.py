"""One file over all sheets of a product, and one picture of it."""

from __future__ import annotations

from pathlib import Path

from pointcloud.crs import SpatialReference
from pointcloud.io import names, preview, put, vrt
from pointcloud.lattice import Box, Grid, cell_quanta
from pointcloud.params import GridParams, Product
from pointcloud.run.manifest import Manifest
from pointcloud.run.report import Report


def write(
    manifest: Manifest, params: GridParams, crs: SpatialReference | None, report: Report, credit: str
) -> None:
    """Write the mosaic and the picture of each product of a run, over all sheets that its folder holds."""
    for product in params.products:
        for resolution in params.resolutions:
            _write_one(manifest, product, resolution, crs, report, credit)


def _write_one(
    manifest: Manifest,
    product: Product,
    resolution: float,
    crs: SpatialReference | None,
    report: Report,
    credit: str,
) -> None:
    folder = names.folder(product, resolution)
    held = manifest.products[folder]["sheets"]
    target = manifest.out / names.mosaic_name(product, resolution)
    picture = manifest.out / names.preview_name(product, resolution)
    if not held:
        return
    cell = cell_quanta(resolution)
    entries = [
        vrt.Tile(
            Path(folder, names.file_name(product, code, resolution)), Grid(Box.from_metres(*bounds), cell)
        )
        for code, bounds in held.items()
    ]
    kind: vrt.Kind = "rgba" if product == "cs" else "heights"
    put.put(target, vrt.mosaic(entries, crs.wkt if crs else None, kind))
    report.mosaics.append(target)
    title = f"{product.upper()} {resolution:g} m"
    data = preview.preview(target, kind, title=title, credit=credit, synthetic=report.synthetic)
    put.put(picture, data)
    report.pictures.append(picture)
