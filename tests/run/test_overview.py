"""The small raster behind a mosaic of many sheets: what it shows, who reads it, and when it is written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import laspy
import numpy as np
import numpy.typing as npt
import pytest
import rasterio
from rasterio.errors import RasterioError
from runs import Delivery, leftovers, pixels, rasters

from hyogo_pc.main import main
from pointcloud.params.grid import NODATA
from pointcloud.run import overview

CELLS = 10
"""Cells of a sheet, along a side, in one of the overview: the most up to 20 m that divide 50 m of 1 m cells."""
PRODUCTS = ("DSM", "DEM", "CS")


def grid(folder: Path, out: Path, delivery: Delivery, *more: str) -> None:
    assert main(["grid", str(folder), "-o", str(out), "--jobs", "1", *delivery.options, *more]) == 0


def of(out: Path, product: str) -> Path:
    return out / f"{product}_1g_overview.tif"


def blocks(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the cells (rows, cols, cells of the overview's cell) of a band."""
    rows, cols = (side // CELLS for side in values.shape)
    parts = values.reshape(rows, CELLS, cols, CELLS).swapaxes(1, 2)
    return parts.reshape(rows, cols, CELLS * CELLS)


@pytest.fixture(scope="module")
def made(delivery: Delivery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The eight sheets, taken for many, and beside them their input; to be copied."""
    folder = tmp_path_factory.mktemp("overview")
    shutil.copytree(delivery.folder, folder / "in")
    with pytest.MonkeyPatch.context() as context:
        context.setattr(overview, "MANY", 8)
        grid(folder / "in", folder / "out", delivery, "--water-gap", "3")  # voids are wanted
    return folder


@pytest.fixture
def out(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the rasters, with the input beside them."""
    monkeypatch.setattr(overview, "MANY", 8)
    return Path(shutil.copytree(made, tmp_path / "copy") / "out")


@pytest.mark.parametrize("product", ["DSM", "DEM"])
def test_a_height_is_the_mean_of_the_valid_heights_beneath(product: str, made: Path) -> None:
    """The wanted values are the sheets' own, put together here without the mosaic."""
    whole = np.full((100, 200), np.nan, np.float64)
    for path in (made / "out" / f"{product}_1g").glob("*.tif"):
        with rasterio.open(path) as sheet:
            row, col = round(-77_900 - sheet.bounds.top), round(sheet.bounds.left - 44_000)
            values = sheet.read(1).astype(np.float64)
        whole[row : row + 50, col : col + 50] = np.where(values == NODATA, np.nan, values)
    parts = blocks(whole)
    valid = np.isfinite(parts).sum(axis=2)
    assert (valid < CELLS**2).any(), "some cells hold voids"
    sums = np.where(np.isfinite(parts), parts, 0.0).sum(axis=2)
    wanted = np.where(valid > 0, sums / np.maximum(valid, 1), NODATA)
    found = pixels(of(made / "out", product))[0]
    assert found.shape == (100 // CELLS, 200 // CELLS)
    np.testing.assert_allclose(found, wanted, rtol=2e-6)


def test_a_cell_without_a_height_beneath_is_void(made: Path, tmp_path: Path) -> None:
    sheet = next((made / "out" / "DEM_1g").glob("*.tif"))
    part = overview._read(sheet, (5, 5), "heights")
    assert np.isfinite(part).any()
    copy = tmp_path / "void.tif"
    with rasterio.open(sheet) as source:
        values, profile = source.read(), source.profile
    values[0, :20, :30] = NODATA
    with rasterio.open(copy, "w", **profile) as target:
        target.write(values)
    assert np.array_equal(np.isnan(overview._read(copy, (5, 5), "heights"))[:2, :3], np.ones((2, 3), bool))


def test_a_colour_is_one_of_those_beneath(made: Path) -> None:
    cells, found = pixels(made / "out" / "CS_1g.vrt"), pixels(of(made / "out", "CS"))
    beneath = np.stack([blocks(band) for band in cells], axis=-1)
    same = (beneath == np.moveaxis(found, 0, -1)[:, :, None, :]).all(axis=-1)
    assert same.any(axis=2).all()


def test_it_covers_what_the_mosaic_covers(made: Path) -> None:
    for product in PRODUCTS:
        with (
            rasterio.open(made / "out" / f"{product}_1g.vrt") as mosaic,
            rasterio.open(of(made / "out", product)) as small,
        ):
            assert small.bounds == mosaic.bounds
            assert small.crs == mosaic.crs
            assert small.res == (CELLS, CELLS)
            assert mosaic.overviews(1) == [CELLS]


@pytest.mark.parametrize("product", PRODUCTS)
def test_zoomed_out_no_sheet_is_opened(product: str, out: Path) -> None:
    """They are not even there."""
    (out / f"{product}_1g").rename(out.parent / "away")
    with rasterio.open(out / f"{product}_1g.vrt") as mosaic:
        small = mosaic.read(out_shape=(mosaic.count, 100 // CELLS, 200 // CELLS))
        assert np.array_equal(small, pixels(of(out, product)))
        with pytest.raises(RasterioError):
            mosaic.read()


def test_it_is_not_written_anew_while_the_rasters_are_the_same(delivery: Delivery, out: Path) -> None:
    before = {product: of(out, product).stat().st_mtime_ns for product in PRODUCTS}
    grid(out.parent / "in", out, delivery, "--water-gap", "3")
    assert {product: of(out, product).stat().st_mtime_ns for product in PRODUCTS} == before


def test_it_is_written_anew_when_a_raster_is_another(delivery: Delivery, out: Path) -> None:
    """A file is lifted by 3 m: so are the cells of its sheet, but for those at the border all of them by as much."""
    before, bytes_before = pixels(of(out, "DSM"))[0], of(out, "DSM").read_bytes()
    path = out.parent / "in" / delivery.files["E0044100_S0077950"].name
    las = laspy.read(path)
    las.z = las.z + 3.0
    las.write(path)
    grid(out.parent / "in", out, delivery, "--water-gap", "3")
    lifted = pixels(of(out, "DSM"))[0] - before
    np.testing.assert_allclose(lifted[1:4, 11:14], 3.0, atol=1e-3)
    far = np.ones(lifted.shape, bool)
    far[:6, 9:16] = False
    assert not lifted[far].any()
    assert of(out, "DSM").read_bytes() != bytes_before
    assert leftovers(out) == []


def test_it_goes_when_the_sheets_are_few(
    delivery: Delivery, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the mosaic no longer speaks of it."""
    monkeypatch.setattr(overview, "MANY", 9)
    grid(out.parent / "in", out, delivery, "--water-gap", "3")
    for product in PRODUCTS:
        assert not of(out, product).exists()
        with rasterio.open(out / f"{product}_1g.vrt") as mosaic:
            assert mosaic.overviews(1) == []
            assert np.isfinite(mosaic.read()).all()
    assert len(rasters(out)) == 24


def test_a_damaged_one_is_written_anew(delivery: Delivery, out: Path) -> None:
    good = of(out, "DEM").read_bytes()
    of(out, "DEM").write_bytes(good[:100])
    grid(out.parent / "in", out, delivery, "--water-gap", "3")
    assert of(out, "DEM").read_bytes() == good
