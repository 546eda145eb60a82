"""Whole runs with a geoid: heights, datum, record; and what is refused."""

from __future__ import annotations

from pathlib import Path

import geoids
import numpy as np
import pyproj
import pytest
import rasterio
from point_texts import SHEET, hillside, write_las, write_text
from runs import pixels, rasters, write_cloud

from hyogo_pc.main import main
from pointcloud.io.geoid import Plane, read_geoid

_, GROUND = hillside()
SMOOTH = np.add.outer(np.linspace(36, 38, 91), np.linspace(0, 1, 61)).astype(np.float32)
NAME = f"DEM_{SHEET[:7]}_1g.tif"


@pytest.fixture(scope="module")
def geoid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A smooth geoid over the sheet."""
    values = np.pad(SMOOTH, ((0, 30), (0, 0)), mode="edge")
    return geoids.write_gtx(tmp_path_factory.mktemp("geoid") / "GSIGEO2011 兵庫.gtx", values)


def grid(out: Path, *arguments: str | Path, code: int = 0) -> Path:
    done = main(["grid", *map(str, arguments), "-o", str(out), "--jobs", "1", "-p", "dem", "-p", "dsm"])
    assert done == code
    return out


def lowered(columns: list[np.ndarray], geoid: Path) -> list[np.ndarray]:
    """The points as PROJ lowers them, to the quantum."""
    e, n, z = columns
    lon, lat = pyproj.Transformer.from_crs(6673, 6668, always_xy=True).transform(e, n)
    shift = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad"
        f' +step +proj=vgridshift +grids="{geoid}" +step +proj=unitconvert +xy_in=rad +xy_out=deg'
    )
    return [e, n, np.round(shift.transform(lon, lat, z)[2], 4)]


@pytest.mark.parametrize("kind", ["las", "text"])
def test_rasters_are_those_of_points_that_proj_has_lowered(kind: str, tmp_path: Path, geoid: Path) -> None:
    high = [GROUND[0], GROUND[1], GROUND[2] + 37]
    source = (
        write_text(tmp_path / f"{SHEET}_grd.txt", high)
        if kind == "text"
        else write_las(tmp_path / "a.las", high)
    )
    out = grid(tmp_path / "out", "--ground", source, "--geoid", geoid)
    plain = write_cloud(
        tmp_path / "b.las", *lowered(high, geoid), 2, scale=0.0001, offset=(40000.0, -57600.0)
    )
    expected = rasters(grid(tmp_path / "plain", "--ground", plain))
    for name, path in rasters(out).items():
        assert np.array_equal(pixels(path), pixels(expected[name]))
    with rasterio.open(rasters(out)[NAME]) as file:
        assert pyproj.CRS(file.crs.to_wkt()).sub_crs_list[1].to_epsg() == 6695
        assert read_geoid(geoid).sha256 in file.tags()["PARAMETERS"]


def test_a_rerun_sees_another_geoid(tmp_path: Path, geoid: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, own = write_las(tmp_path / "a.las", GROUND), tmp_path / geoid.name
    own.write_bytes(geoid.read_bytes())
    arguments = "--ground", source, "--geoid", own
    out = grid(tmp_path / "out", *arguments)
    before = rasters(out)[NAME].stat().st_mtime_ns
    grid(out, *arguments)
    assert rasters(out)[NAME].stat().st_mtime_ns == before
    first = pixels(rasters(out)[NAME])
    geoids.write_gtx(own, np.pad(SMOOTH + 1, ((0, 30), (0, 0)), mode="edge"))
    capsys.readouterr()
    grid(out, *arguments, code=2)
    assert "sha256" in capsys.readouterr().err
    grid(out, *arguments, "--redo")
    known = first != -9999
    assert np.abs(first[known] - pixels(rasters(out)[NAME])[known] - 1).max() < 2e-3


def test_the_datum_of_2024_by_its_name(tmp_path: Path, geoid: Path) -> None:
    own = tmp_path / "jp_gsi_jpgeo2024.gtx"
    own.write_bytes(geoid.read_bytes())
    out = grid(tmp_path / "out", "--ground", write_las(tmp_path / "a.las", GROUND), "--geoid", own)
    with rasterio.open(rasters(out)[NAME]) as file:
        assert "JGD2024" in file.crs.to_wkt()


def test_heights_above_sea_level_are_not_lowered_again(
    tmp_path: Path, geoid: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wkt = pyproj.CRS("EPSG:10166").to_wkt("WKT1_GDAL")
    source = write_cloud(tmp_path / "a.las", *GROUND, 2, wkt=wkt)
    grid(tmp_path / "out", source, "--geoid", geoid, code=2)
    assert "twice" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_outside_the_geoid_nothing_is_written(
    tmp_path: Path, geoid: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    far = geoids.write_gtx(tmp_path / "gsigeo2011.gtx", geoids.heights(10, 10))
    out = grid(tmp_path / "out", "--ground", write_las(tmp_path / "a.las", GROUND), "--geoid", far, code=1)
    (line,) = [
        line
        for line in capsys.readouterr().out.splitlines()
        if "a.las" in line and "N" in line and "E," in line
    ]
    assert "gsigeo2011.gtx" in line
    assert not rasters(out)


def test_planes_that_no_geoid_fits(tmp_path: Path, geoid: Path) -> None:
    with pytest.raises(Exception, match="transverse"):
        Plane.of("EPSG:30165")
    source = write_cloud(tmp_path / "a.las", *GROUND, 2, wkt=None)
    grid(tmp_path / "out", source, "--geoid", geoid, "--crs", "EPSG:30165", code=2)
