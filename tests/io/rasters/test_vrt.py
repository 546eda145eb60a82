"""The mosaic shows, cell by cell, what its files hold."""

from __future__ import annotations

import random
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import numpy as np
import pyproj
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, Resampling

from pointcloud.geo.lattice import Box, Grid, cell_quanta
from pointcloud.io.rasters import cog, vrt
from pointcloud.params.grid import QUALITY_BANDS, QUALITY_UNITS

ZONE_V = CRS.from_epsg(6673).to_wkt(version="WKT2_2019")


def grid(west: float, north: float, cols: int, rows: int, resolution: float = 1) -> Grid:
    box = Box.from_metres(west, north - rows * resolution, west + cols * resolution, north)
    return Grid(box, cell_quanta(resolution))


# Two sheets of different sizes side by side, and one apart in the south-east.
GRIDS = {
    "DEM_1g/DEM_05MF511_1g.tif": grid(44000, -75000, 700, 600),
    "DEM_1g/DEM_05MF512_1g.tif": grid(44700, -75100, 300, 200),
    "DEM_1g/架空の城 <&>'\".tif": grid(45200, -75900, 64, 32),
}


def tiles() -> list[vrt.Tile]:
    return [vrt.Tile(PurePath(name), tile) for name, tile in GRIDS.items()]


def write(folder: Path, kind: vrt.Kind, crs_wkt: str | None = ZONE_V) -> tuple[Path, np.ndarray]:
    """Write sheets and mosaic; return its path and the array, shape (bands, rows, cols), that it must be."""
    draw = np.random.default_rng(0)
    heights = kind == "heights"
    expected = np.full((1, 932, 1264), -9999.0) if heights else np.zeros((4, 932, 1264))
    for name, tile in GRIDS.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if heights:
            array = draw.uniform(0, 500, tile.shape).astype(np.float32)
            array[:5, :7] = np.nan
            data = cog.encode_heights(array, tile, crs_wkt, tags={})
            values = np.nan_to_num(array, nan=-9999)[np.newaxis]
        else:
            array = draw.integers(0, 256, (*tile.shape, 4), np.uint8)
            data = cog.encode_rgba(array, tile, crs_wkt, tags={})
            values = np.moveaxis(array, 2, 0)
        path.write_bytes(data)
        west, _, _, north = tile.box.bounds
        top, left = round(-75000 - north), round(west - 44000)
        expected[:, top : top + tile.rows, left : left + tile.cols] = values
    path = folder / "出力.vrt"
    path.write_bytes(vrt.mosaic(tiles(), crs_wkt, kind))
    return path, expected


def test_heights(tmp_path: Path) -> None:
    path, expected = write(tmp_path, "heights")
    with rasterio.open(path, driver="VRT") as file:
        assert file.dtypes == ("float32",)
        assert file.nodata == -9999
        assert file.crs.to_epsg() == 6673
        assert file.transform.to_gdal() == (44000, 1, 0, -75000, 0, -1)
        assert file.units == ("m",)
        assert np.array_equal(file.read(), expected.astype(np.float32))


def test_pictures(tmp_path: Path) -> None:
    path, expected = write(tmp_path, "rgba")
    with rasterio.open(path, driver="VRT") as file:
        assert file.colorinterp == (
            ColorInterp.red,
            ColorInterp.green,
            ColorInterp.blue,
            ColorInterp.alpha,
        )
        assert file.nodata is None
        assert np.array_equal(file.read(), expected)


def test_a_coarse_look_averages_what_is_not_nodata(tmp_path: Path) -> None:
    path, _ = write(tmp_path, "heights")
    with rasterio.open(path, driver="VRT") as file:
        coarse = file.read(1, out_shape=(233, 316), resampling=Resampling.average, masked=True)
    assert coarse.mask.any()
    assert 0 <= coarse.min() < coarse.max() <= 500


def test_the_folder_may_be_moved(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    path, expected = write(tmp_path / "a", "heights")
    moved = (tmp_path / "a").rename(tmp_path / "別の場所") / path.name
    with rasterio.open(moved, driver="VRT") as file:
        assert np.array_equal(file.read(), expected.astype(np.float32))


def test_absolute_paths_stay(tmp_path: Path) -> None:
    path, expected = write(tmp_path, "heights")
    there = [vrt.Tile(path.parent / tile.path, tile.grid) for tile in tiles()]
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "x.vrt").write_bytes(vrt.mosaic(there, ZONE_V, "heights"))
    with rasterio.open(other / "x.vrt", driver="VRT") as file:
        assert np.array_equal(file.read(), expected.astype(np.float32))


def test_the_order_of_the_tiles_does_not_show() -> None:
    shuffled = tiles()
    random.Random(1).shuffle(shuffled)
    assert shuffled != tiles()
    assert vrt.mosaic(shuffled, ZONE_V, "rgba") == vrt.mosaic(tiles(), ZONE_V, "rgba")


def test_windows_paths_get_forward_slashes() -> None:
    where = grid(0, 0, 2, 2)
    on_windows = vrt.mosaic([vrt.Tile(PureWindowsPath("DEM_1g\\図.tif"), where)], None, "heights")
    assert on_windows == vrt.mosaic([vrt.Tile(PurePosixPath("DEM_1g/図.tif"), where)], None, "heights")
    assert 'relativeToVRT="1">DEM_1g/図.tif<'.encode() in on_windows
    drive = vrt.mosaic([vrt.Tile(PureWindowsPath("C:\\出力\\図.tif"), where)], None, "heights")
    assert 'relativeToVRT="0">C:/出力/図.tif<'.encode() in drive


def test_half_metre_edges_are_exact(tmp_path: Path) -> None:
    tile = vrt.Tile(PurePath("x.tif"), grid(44000.25, -75000.75, 4, 4, 0.25))
    (tmp_path / "x.vrt").write_bytes(vrt.mosaic([tile], None, "heights"))
    with rasterio.open(tmp_path / "x.vrt", driver="VRT") as file:
        assert file.transform.to_gdal() == (44000.25, 0.25, 0, -75000.75, 0, -0.25)
        assert file.crs is None


def test_the_crs_is_written_for_old_programs_where_it_can_be() -> None:
    compound = CRS.from_epsg(10166).to_wkt(version="WKT2_2019")
    assert b"<SRS>COMPD_CS[" in vrt.mosaic(tiles(), compound, "heights")
    spatial = pyproj.CRS.from_epsg(6673).to_3d().to_wkt()
    assert b"<SRS>PROJCRS[" in vrt.mosaic(tiles(), spatial, "heights")


def test_tiles_of_several_resolutions_or_none() -> None:
    with pytest.raises(ValueError, match="one resolution"):
        vrt.mosaic([], ZONE_V, "heights")
    finer = vrt.Tile(PurePath("x.tif"), grid(0, 0, 2, 2, 0.5))
    with pytest.raises(ValueError, match="not of 2"):
        vrt.mosaic([*tiles(), finer], ZONE_V, "heights")


def test_quality_keeps_its_bands_by_name(tmp_path: Path) -> None:
    where = grid(44000, -75000, 8, 6)
    array = np.random.default_rng(0).uniform(0, 9, (6, 8, 5)).astype(np.float32)
    array[2, 3, 1] = np.nan
    data = cog.encode_bands(array, where, ZONE_V, bands=QUALITY_BANDS, units=QUALITY_UNITS, tags={})
    (tmp_path / "a.tif").write_bytes(data)
    (tmp_path / "a.vrt").write_bytes(vrt.mosaic([vrt.Tile(PurePath("a.tif"), where)], ZONE_V, "quality"))
    for name, driver in (("a.tif", "GTiff"), ("a.vrt", "VRT")):
        with rasterio.open(tmp_path / name, driver=driver) as file:
            assert file.descriptions == QUALITY_BANDS
            assert file.units == (None, "m", "m", None, None)
            assert file.nodatavals == (-9999,) * 5
            assert np.array_equal(file.read(), np.moveaxis(np.nan_to_num(array, nan=-9999), 2, 0))
