"""Files that GIS programs open as meant, and that are the same bytes wherever they are made."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import rasterio.shutil
from pyproj.crs import CompoundCRS
from rasterio._err import CPLE_AppDefinedError
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import RasterioIOError
from rasterio.io import MemoryFile

from pointcloud.errors import OutputError
from pointcloud.geo.lattice import Box, Grid, cell_quanta
from pointcloud.io.rasters import cog
from pointcloud.params.grid import COMPRESSIONS, Compression

WEST, NORTH = 44000.0, -76500.0
ZONE_V = CRS.from_epsg(6673).to_wkt(version="WKT2_2019")
TAGS = {"SYNTHETIC": "YES", "CREDIT": '兵庫県 & <架空の城> = "1"\n2行目', "ALGORITHM": "1"}


def grid(rows: int, cols: int, resolution: float = 1) -> Grid:
    box = Box.from_metres(WEST, NORTH - rows * resolution, WEST + cols * resolution, NORTH)
    return Grid(box, cell_quanta(resolution))


def heights(rows: int, cols: int) -> np.ndarray:
    """A slope with a hole, to the millimetre."""
    array = np.add.outer(np.arange(rows) * 0.25, np.arange(cols) * 0.125).round(3).astype(np.float32)
    array[rows // 4 : rows // 2, cols // 4 : cols // 2] = np.nan
    return array


def picture(rows: int, cols: int) -> np.ndarray:
    array = np.zeros((rows, cols, 4), np.uint8)
    array[..., 0] = np.arange(cols) % 256
    array[..., 1] = 90
    array[..., 3] = 255
    array[: rows // 2, : cols // 3] = 0
    return array


@contextmanager
def opened(data: bytes, **options: Any) -> Iterator[Any]:
    with MemoryFile(data) as memory, memory.open(driver="GTiff", **options) as file:
        yield file


@pytest.mark.parametrize("compress", COMPRESSIONS)
def test_heights_come_back(compress: Compression) -> None:
    array = heights(700, 1100)
    before = array.copy()
    data = cog.encode_heights(array, grid(700, 1100, 0.5), ZONE_V, tags=TAGS, compress=compress)
    assert np.array_equal(array, before, equal_nan=True)
    with opened(data) as file:
        assert file.dtypes == ("float32",)
        assert file.nodata == -9999
        assert file.crs.to_epsg() == 6673
        assert file.transform.to_gdal() == (WEST, 0.5, 0, NORTH, 0, -0.5)
        assert file.block_shapes == [(512, 512)]
        assert file.tags()["AREA_OR_POINT"] == "Area"
        assert {key: file.tags()[key] for key in TAGS} == TAGS
        assert file.units == ("m",)
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.compression == (None if compress == "none" else rasterio.enums.Compression[compress])
        read = file.read(1)
    assert np.array_equal(np.where(read == -9999, np.nan, read), array, equal_nan=True)


def test_statistics_are_of_the_valid_cells() -> None:
    array = heights(300, 200)
    with opened(cog.encode_heights(array, grid(300, 200), None, tags={})) as file:
        tags = {key: float(value) for key, value in file.tags(1).items()}
    wide = array.astype(np.float64)
    assert tags["STATISTICS_MINIMUM"] == np.nanmin(wide)
    assert tags["STATISTICS_MAXIMUM"] == np.nanmax(wide)
    assert tags["STATISTICS_MEAN"] == pytest.approx(np.nanmean(wide), abs=1e-6)
    assert tags["STATISTICS_STDDEV"] == pytest.approx(np.nanstd(wide), abs=1e-6)
    assert tags["STATISTICS_VALID_PERCENT"] == pytest.approx(100 * np.isfinite(wide).mean(), rel=1e-3)


def test_statistics_of_high_and_flat_ground_are_exact() -> None:
    array = np.full((400, 300), 1234.567, np.float32)
    array[0, 0] = np.nan
    array[1, 1] += 1
    with opened(cog.encode_heights(array, grid(400, 300), None, tags={})) as file:
        deviation = float(file.tags(1)["STATISTICS_STDDEV"])
    assert deviation == pytest.approx(np.nanstd(array.astype(np.float64)), abs=1e-6)


def test_a_sheet_without_heights_has_no_statistics() -> None:
    array = np.full((600, 600), np.nan, np.float32)
    with opened(cog.encode_heights(array, grid(600, 600), ZONE_V, tags={})) as file:
        assert not [key for key in file.tags(1) if key.startswith("STATISTICS")]
        assert (file.read(1) == -9999).all()


def test_overviews_average_what_is_not_nodata() -> None:
    array = np.full((1024, 2048), 10, np.float32)
    array[::2, ::2] = 30
    array[:, :512] = np.nan
    array[::2, 0:512:2] = 7
    data = cog.encode_heights(array, grid(1024, 2048), ZONE_V, tags={})
    with opened(data) as file:
        assert file.overviews(1) == [2, 4]
    with opened(data, overview_level=0) as file:
        level = file.read(1)
        assert file.block_shapes == [(512, 512)]
    assert (level[:, :256] == 7).all()
    assert (level[:, 256:] == 15).all()


def test_pictures_come_back() -> None:
    array = picture(700, 1100)
    with opened(cog.encode_rgba(array, grid(700, 1100), ZONE_V, tags=TAGS)) as file:
        assert file.colorinterp == (
            ColorInterp.red,
            ColorInterp.green,
            ColorInterp.blue,
            ColorInterp.alpha,
        )
        assert file.mask_flag_enums[0] == [MaskFlags.per_dataset, MaskFlags.alpha]
        assert file.nodata is None
        assert {key: file.tags()[key] for key in TAGS} == TAGS
        assert not [key for key in file.tags(1) if key.startswith("STATISTICS")]
        assert np.array_equal(np.moveaxis(file.read(), 0, 2), array)


def test_overviews_of_pictures_average_what_is_not_transparent() -> None:
    array = np.zeros((1024, 1024, 4), np.uint8)
    array[::2, ::2] = 200, 100, 50, 255
    with opened(cog.encode_rgba(array, grid(1024, 1024), ZONE_V, tags={}), overview_level=0) as file:
        level = file.read()
    assert (level == np.array([200, 100, 50, 255], np.uint8)[:, None, None]).all()


@pytest.mark.parametrize("code", [6673, 2447, 10166])
@pytest.mark.parametrize("version", ["WKT2_2019", "WKT1_GDAL"])
def test_the_code_of_the_crs_is_kept(code: int, version: str) -> None:
    wkt = CRS.from_epsg(code).to_wkt(version=version)
    with opened(cog.encode_heights(heights(30, 20), grid(30, 20), wkt, tags={})) as file:
        assert file.crs.to_epsg() == code


def test_a_crs_without_a_code_keeps_those_of_its_parts() -> None:
    wkt = CompoundCRS("two parts", ["EPSG:2447", "EPSG:6695"]).to_wkt()
    with opened(cog.encode_heights(heights(30, 20), grid(30, 20), wkt, tags={})) as file:
        parts = pyproj.CRS.from_wkt(file.crs.to_wkt()).sub_crs_list
    assert [part.to_epsg() for part in parts] == [2447, 6695]


def test_a_code_that_gdal_does_not_know_leaves_the_parameters() -> None:
    wkt = ZONE_V.replace('ID["EPSG",6673]]', 'ID["EPSG",999999]]')
    with opened(cog.encode_heights(heights(30, 20), grid(30, 20), wkt, tags={})) as file:
        assert "Japan Plane Rectangular CS V" in file.crs.to_wkt()


def test_without_a_crs_none_is_written() -> None:
    with opened(cog.encode_heights(heights(30, 20), grid(30, 20), None, tags={})) as file:
        assert file.crs is None


def test_files_are_classic_tiffs() -> None:
    for data in (
        cog.encode_heights(heights(600, 600), grid(600, 600), ZONE_V, tags={}),
        cog.encode_rgba(picture(600, 600), grid(600, 600), ZONE_V, tags={}),
    ):
        assert data[:4] == b"II*\0"
        with opened(data) as file:
            assert file.compression is rasterio.enums.Compression.deflate
            assert file.tags(ns="IMAGE_STRUCTURE")["PREDICTOR"] == "2"


def digests(threads: int = 1, tags: dict[str, str] = TAGS) -> list[str]:
    rows, cols = 1200, 1500
    files = [
        cog.encode_heights(heights(rows, cols), grid(rows, cols), ZONE_V, tags=tags, threads=threads),
        cog.encode_rgba(picture(rows, cols), grid(rows, cols), ZONE_V, tags=tags, threads=threads),
    ]
    return [hashlib.sha256(data).hexdigest() for data in files]


def digests_elsewhere(folder: Path, **environment: str) -> list[str]:
    """The same in a fresh process with settings of GDAL that somebody may have made."""
    script = "import test_cog; print(*test_cog.digests())"
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": path, **environment},
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return run.stdout.split()


def test_the_same_bytes_in_any_process_by_any_number_of_threads(tmp_path: Path) -> None:
    expected = digests()
    assert digests(threads=3) == expected
    assert digests(tags=dict(reversed(TAGS.items()))) == expected
    assert digests_elsewhere(tmp_path) == expected
    settings = {
        "COMPRESS_OVERVIEW": "LZW",
        "CPL_TMPDIR": str(tmp_path),
        "GDAL_CACHEMAX": "2",
        "GDAL_NUM_THREADS": "ALL_CPUS",
        "GDAL_PAM_ENABLED": "YES",
        "GDAL_TIFF_DEFLATE_SUBCODEC": "ZLIB",
        "GDAL_TIFF_ENDIANNESS": "BIG",
        "GDAL_TIFF_OVR_BLOCKSIZE": "128",
        "GTIFF_ALPHA": "PREMULTIPLIED",
        "INTERLEAVE_OVERVIEW": "BAND",
        "OSR_WKT_FORMAT": "WKT2",
        "PHOTOMETRIC_OVERVIEW": "MINISWHITE",
        "PREDICTOR_OVERVIEW": "3",
        "ZLEVEL_OVERVIEW": "9",
    }
    assert digests_elsewhere(tmp_path, **settings) == expected
    assert [*tmp_path.iterdir()] == []


def test_arrays_that_do_not_fit_the_grid() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        cog.encode_heights(heights(30, 20), grid(20, 30), None, tags={})
    with pytest.raises(ValueError, match="float64"):
        cog.encode_heights(heights(30, 20).astype(np.float64), grid(30, 20), None, tags={})
    with pytest.raises(ValueError, match="does not fit"):
        cog.encode_rgba(picture(30, 20)[..., :3], grid(30, 20), None, tags={})


@pytest.mark.parametrize("error", [RasterioIOError("no room"), CPLE_AppDefinedError(3, 1, "no room")])
def test_what_gdal_raises_is_an_output_error(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    def copy(_: object, name: str, **options: object) -> None:
        names.append(name)
        with rasterio.open(name, "w", driver="GTiff", width=1, height=1, count=1, dtype="uint8") as file:
            file.write(np.ones((1, 1, 1), np.uint8))
        raise error

    monkeypatch.setattr(rasterio.shutil, "copy", copy)
    with pytest.raises(OutputError, match=r"30 rows and 20 columns.*no room"):
        cog.encode_heights(heights(30, 20), grid(30, 20), None, tags={})
    assert not rasterio.shutil.exists(names[0])  # cleaned up


def test_a_crs_that_cannot_be_understood_is_an_output_error() -> None:
    with pytest.raises(OutputError):
        cog.encode_heights(heights(30, 20), grid(30, 20), "PROJCS[nonsense", tags={})


def test_the_gil_is_free_while_gdal_works() -> None:
    """Another thread gets its turns all the time; held while GDAL copies, it would wait most of the time."""
    array = np.tile(picture(1500, 2000), (2, 1, 1))
    turns = [time.perf_counter()]
    done = threading.Event()

    def tick() -> None:
        while not done.wait(0.001):
            turns.append(time.perf_counter())

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.perf_counter()
    cog.encode_rgba(array, grid(3000, 2000), None, tags={})
    elapsed = time.perf_counter() - start
    done.set()
    thread.join()
    assert np.diff(turns).max() < 0.5 * elapsed


def test_real_terrain_is_half_its_size(shared_data: Path) -> None:
    with rasterio.open(shared_data / "dem_archaeology" / "TM1_564_146.tif") as file:
        array = file.read(1).round(3)
    data = cog.encode_heights(array, grid(*array.shape), ZONE_V, tags={})
    assert len(data) < 0.5 * array.nbytes
    with opened(data) as file:
        assert np.array_equal(file.read(1), array)


Encode = Callable[..., bytes]


@pytest.mark.parametrize(("encode", "array"), [(cog.encode_heights, heights), (cog.encode_rgba, picture)])
@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (513, 3), (511, 512)])
def test_sheets_of_any_size(encode: Encode, array: Callable[..., Any], shape: tuple[int, int]) -> None:
    values = array(*shape)
    with opened(encode(values, grid(*shape), ZONE_V, tags={})) as file:
        assert file.shape == shape
        read = file.read()
    assert np.array_equal(read[0], np.nan_to_num(values, nan=-9999) if values.ndim == 2 else values[..., 0])


def test_codes_are_not_averaged_in_overviews() -> None:
    array = np.where(np.indices((1200, 1300)).sum(axis=0)[..., None] % 2, 4.0, 1.0).astype(np.float32)
    array = np.concatenate([array, array], axis=2)
    array[:300, :, 1] = np.nan
    data = cog.encode_bands(array, grid(1200, 1300), ZONE_V, bands=("a", "b"), units=("", "m"), tags=TAGS)
    with opened(data) as file:
        assert file.overviews(1) == file.overviews(2) != []
        assert {key: file.tags()[key] for key in TAGS} == TAGS
        assert file.tags(1)["STATISTICS_MEAN"] == "2.500000"
        assert file.tags(2)["STATISTICS_VALID_PERCENT"] == "75"
    with opened(data, overview_level=0) as file:
        assert set(np.unique(file.read(1))) <= {1.0, 4.0}


def test_bands_must_fit_their_names() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        cog.encode_bands(
            np.zeros((2, 2, 3), np.float32), grid(2, 2), None, bands=("a",), units=("",), tags={}
        )
