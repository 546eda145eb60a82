"""Rasters converted with a geoid: each cell by itself, the datum of the grid, never twice."""

from __future__ import annotations

from pathlib import Path

import geoids
import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine
from grid_files import gml, hill, opened, text_grid

from hyogo_pc.main import main

CORNER = (41000, -58400)
Z = hill(40, 60) + 40
OUT = Path("DEM_1g", "DEM_05LF901_1g.tif")


@pytest.fixture(scope="module")
def geoid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rough geoid over the sheet."""
    return geoids.write_gtx(tmp_path_factory.mktemp("geoid") / "gsigeo2011.gtx", geoids.heights(121))


def convert(out: Path, *arguments: str | Path, code: int = 0) -> Path:
    assert main(["convert", *map(str, arguments), "-o", str(out)]) == code
    return out


def text(path: Path) -> Path:
    path.write_text(text_grid(Z, CORNER))
    return path


def lowered(geoid: Path) -> np.ndarray:
    """The heights as PROJ lowers them at the cell centres."""
    e, n = np.meshgrid(CORNER[0] + 0.5 + np.arange(60), CORNER[1] + 39.5 - np.arange(40))
    lon, lat = pyproj.Transformer.from_crs(6673, 6668, always_xy=True).transform(e, n)
    shift = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad"
        f' +step +proj=vgridshift +grids="{geoid}" +step +proj=unitconvert +xy_in=rad +xy_out=deg'
    )
    return np.round(shift.transform(lon, lat, Z.astype(np.float32).astype(float))[2], 3).astype(np.float32)


def test_heights_are_those_of_proj_and_the_datum_is_written(tmp_path: Path, geoid: Path) -> None:
    out = convert(tmp_path / "out", text(tmp_path / "DEM_05LF901_1g.txt"), "--geoid", geoid)
    array = opened(out / OUT)[0]
    known = ~np.isnan(array)
    assert known.sum() == Z.size
    assert np.array_equal(array[known].reshape(Z.shape), lowered(geoid))
    with rasterio.open(out / OUT) as file:
        assert pyproj.CRS(file.crs.to_wkt()).sub_crs_list[1].to_epsg() == 6695
        assert "gsigeo2011.gtx" in file.tags()["GEOID"]
        assert "TEXT_FORMAT" not in file.tags()


def test_a_part_equals_that_of_the_whole(tmp_path: Path, geoid: Path) -> None:
    whole = convert(tmp_path / "whole", text(tmp_path / "DEM_05LF901_1g.txt"), "--geoid", geoid)
    part = tmp_path / "part" / "DEM_05LF901_1g.txt"
    part.parent.mkdir()
    part.write_text(text_grid(Z[10:13, 7:11], (CORNER[0] + 7, CORNER[1] + 27)))
    one, other = opened(whole / OUT)[0], opened(convert(tmp_path / "out", part, "--geoid", geoid) / OUT)[0]
    known = ~np.isnan(other)
    assert known.sum() == 12
    assert np.array_equal(one[known], other[known])


def test_a_raster_in_degrees(tmp_path: Path, geoid: Path) -> None:
    path = tmp_path / "a.tif"
    transform = Affine(0.001, 0, 134.5, 0, -0.001, 35.5)
    profile = {"driver": "GTiff", "height": 5, "width": 4, "count": 1, "dtype": "float32", "nodata": -9999}
    with rasterio.open(path, "w", **profile, crs="EPSG:6668", transform=transform) as file:
        file.write(np.full((5, 4), 100, np.float32), 1)
    convert(tmp_path / "out", path, "--geoid", geoid)
    (made,) = (tmp_path / "out").glob("DEM_*/*.tif")
    assert 55 < opened(made)[0].mean() < 70


def test_a_rerun_keeps_and_sees_another_geoid(
    tmp_path: Path, geoid: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = text(tmp_path / "DEM_05LF901_1g.txt")
    out = convert(tmp_path / "out", source, "--geoid", geoid)
    before = (out / OUT).stat().st_mtime_ns
    convert(out, source, "--geoid", geoid)
    assert (out / OUT).stat().st_mtime_ns == before
    own = geoids.write_gtx(tmp_path / "gsigeo2011.gtx", geoids.heights(121, seed=1))
    capsys.readouterr()
    convert(out, source, "--geoid", own, code=1)
    assert "geoid.sha256" in capsys.readouterr().out
    assert (out / OUT).stat().st_mtime_ns == before


def test_national_heights_are_not_lowered(
    tmp_path: Path, geoid: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "FG-GML-5235-37-62-DEM5A-20200101.xml"
    path.write_bytes(gml(hill(10, 15), "52353762", (35.0, 134.0)))
    convert(tmp_path / "out", path, "--geoid", geoid, code=1)
    assert "twice" in capsys.readouterr().out


def test_a_stated_datum_is_not_lowered(
    tmp_path: Path, geoid: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = text(tmp_path / "DEM_05LF901_1g.txt")
    once = convert(tmp_path / "once", source, "--geoid", geoid)
    convert(tmp_path / "out", once / OUT, "--geoid", geoid, code=1)
    assert "twice" in capsys.readouterr().out


def test_outside_the_geoid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = geoids.write_gtx(tmp_path / "gsigeo2011.gtx", geoids.heights(10, 10))
    convert(tmp_path / "out", text(tmp_path / "DEM_05LF901_1g.txt"), "--geoid", small, code=1)
    assert "outside the geoid gsigeo2011.gtx" in capsys.readouterr().out
    assert not list((tmp_path / "out").rglob("*.tif"))


def test_text_is_not_lowered_on_its_way_back(tmp_path: Path, geoid: Path) -> None:
    convert(tmp_path / "out", text(tmp_path / "a.txt"), "--to", "text", "--geoid", geoid, code=2)
