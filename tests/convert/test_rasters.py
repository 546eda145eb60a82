"""LEM and GeoTIFFs: with their companions, south-up, in colours, without a CRS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from grid_files import Heights, hill, lem, opened, run, tiff

from pointcloud import messages
from pointcloud.geo import crs

SHEET_5000 = Affine(100, 0, 44000, 0, -100, -75000)  # 30 x 40 cells are 05MF51, which 05MF5111 lies in


def refused(tmp_path: Path, *inputs: Path, **options: object) -> str:
    report, _ = run(tmp_path / "out", *inputs, **options)
    assert not report.written
    (said,) = report.failed.values()
    assert "\n" not in said
    return said


def test_lem_with_its_csv(tmp_path: Path) -> None:
    z = hill(300, 400).round(1)
    z[2, 3] = np.nan
    report, listener = run(tmp_path / "out", lem(tmp_path, "05LF901", z))
    assert (report.failed, listener.names) == ({}, [])
    array, transform, _ = opened(tmp_path / "out" / "DEM_5g" / "DEM_05LF901_5g.tif")
    assert transform[:6] == (5, 0, 40000, 0, -5, -57000)
    assert np.array_equal(array, z.astype(np.float32), equal_nan=True)


def test_a_folder_of_lem_takes_the_csv_for_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    lem(tmp_path / "in", "05LF901", hill(300, 400))
    report, _ = run(tmp_path / "out", tmp_path / "in")
    assert (len(report.written), report.failed, report.passed) == (1, {}, [])


def test_beyond_the_surveyed_area(tmp_path: Path) -> None:
    z = hill(300, 400).round(1)
    z[0, 0] = -111.1
    run(tmp_path / "out", lem(tmp_path, "05LF901", z))
    assert np.isnan(opened(tmp_path / "out" / "DEM_5g.vrt")[0][0, 0])


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(
    ("changes", "en", "ja"),
    [
        ({"南北方向の点数": "299"}, "contradicts", "矛盾"),
        ({"平面直角座標系番号": "25"}, "25", "25"),
        ({"区画左下X座標": "x"}, "区画左下X座標", "区画左下X座標"),
        ({"平面直角座標系番号": "4"}, "zone 5", "5 系"),
    ],
)
def test_lem_that_contradicts_itself(
    changes: dict[str, str], en: str, ja: str, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_chosen", language)
    assert {"en": en, "ja": ja}[language] in refused(
        tmp_path, lem(tmp_path, "05LF901", hill(300, 400), **changes)
    )


def test_lem_cut_short_or_alone(tmp_path: Path) -> None:
    path = lem(tmp_path, "05LF901", hill(300, 400))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2 // 2012 * 2012])
    assert "lines" in refused(tmp_path, path)
    path.write_bytes(data.replace(b"\r\n", b"X\r\n", 1))
    assert "line 1" in refused(tmp_path, path)
    (tmp_path / "05LF901.csv").unlink()
    assert "05LF901.csv" in refused(tmp_path, path)


def test_the_prefectures_elevation_raster_with_its_world_file(tmp_path: Path) -> None:
    place = tmp_path / "05MF51"
    place.mkdir()
    z = hill(30, 40).astype(np.float32)
    path = tiff(place / "alt_05mf5111.tif", z, SHEET_5000, world=True, nodata=-9999)
    report, _ = run(tmp_path / "out", place)
    assert report.passed == []
    (written,) = report.written
    array, transform, tags = opened(written)
    assert written.name == "DEM_05MF51_100g.tif"
    assert tags["SHEET"] == "05MF51"
    assert transform[:6] == SHEET_5000[:6]
    assert np.array_equal(array, z)
    with rasterio.open(written) as file:
        assert file.crs.to_epsg() == 6673
    assert path.exists()


def test_colours_become_a_cs_map(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 255, (3, 30, 40)).astype(np.uint8)
    path = tiff(tmp_path / "cs_05mf5111.tif", colours, SHEET_5000, world=True)
    report, _ = run(tmp_path / "out", path)
    array, _, _ = opened(report.written[0])
    assert report.written[0].name == "CS_05MF51_100g.tif"
    assert np.array_equal(array[:3], colours)
    assert (array[3] == 255).all()


def test_a_raster_inside_a_zip_finds_its_world_file(tmp_path: Path) -> None:
    import zipfile

    tiff(tmp_path / "alt_05MF5111.tif", hill(30, 40).astype(np.float32), SHEET_5000, world=True)
    with zipfile.ZipFile(tmp_path / "05MF51.zip", "w") as file:
        file.write(tmp_path / "alt_05MF5111.tif", "05MF51/ALT_05MF5111.TIF")
        file.write(tmp_path / "alt_05MF5111.tfw", "05MF51/alt_05mf5111.TFW")
    report, _ = run(tmp_path / "out", tmp_path / "05MF51.zip")
    assert [path.name for path in report.written] == ["DEM_05MF51_100g.tif"]


def test_south_up_is_turned(tmp_path: Path) -> None:
    z = hill(30, 40).astype(np.float32)
    path = tiff(tmp_path / "dem.tif", z[::-1].copy(), Affine(1, 0, 44000, 0, 1, -75030), crs="EPSG:6673")
    report, _ = run(tmp_path / "out", path)
    array, transform, _ = opened(report.written[0])
    assert transform[:6] == (1, 0, 44000, 0, -1, -75000)
    assert np.array_equal(array, z)


def test_whole_numbers_keep_every_height(tmp_path: Path) -> None:
    """-9999 is no uint8: nothing may be taken for it."""
    z = np.arange(256, dtype=np.uint8).reshape(16, 16)
    report, _ = run(tmp_path / "out", tiff(tmp_path / "a.tif", z, SHEET_5000, crs="EPSG:6673"))
    assert np.array_equal(opened(report.written[0])[0], z)


def test_another_system_is_kept(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a.tif", hill(4, 5).astype("f4"), Affine(1, 0, 0, 0, -1, 9), crs="EPSG:6676")
    report, _ = run(tmp_path / "out", path, vertical="EPSG:6695")
    with rasterio.open(report.written[0]) as file:
        assert "6676" in file.crs.to_wkt()
        assert "6695" in file.crs.to_wkt()


def bad(path: Path, kind: str) -> Path:
    z: Heights = hill(8, 8).astype(np.float32)
    if kind == "placeless":
        return tiff(path, z, Affine.identity(), world=False)
    if kind == "turned":
        return tiff(path, z, Affine(1, 0.1, 0, 0.1, -1, 0), crs="EPSG:6673")
    if kind == "oblong":
        return tiff(path, z, Affine(1, 0, 0, 0, -2, 0), crs="EPSG:6673")
    if kind == "bands":
        return tiff(path, np.stack([z, z]), SHEET_5000, crs="EPSG:6673")
    if kind == "vrt":
        path.write_text("<VRTDataset rasterXSize='1' rasterYSize='1'/>")
        return path
    tiff(path, z, SHEET_5000, crs="EPSG:6673")
    path.write_bytes(path.read_bytes()[:300] if kind == "cut" else b"II*\0" + b"\xff" * 50)
    return path


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(
    ("kind", "en", "ja"),
    [
        ("placeless", "world file", "ワールドファイル"),
        ("turned", "square and upright", "正方形"),
        ("oblong", "square and upright", "正方形"),
        ("bands", "2 bands", "2 バンド"),
        ("vrt", "is no raster by what it holds", "開きませんでした"),
        ("cut", "cannot be read", "読み込めません"),
        ("broken", "cannot be read", "読み込めません"),
    ],
)
def test_rasters_that_cannot_be_used(
    kind: str, en: str, ja: str, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_chosen", language)
    said = refused(tmp_path, bad(tmp_path / "x.tif", kind))
    assert {"en": en, "ja": ja}[language] in said
    assert "x.tif" in said


def test_a_stated_system_that_contradicts_the_file(tmp_path: Path) -> None:
    path = tiff(tmp_path / "a.tif", hill(4, 5).astype("f4"), SHEET_5000, crs="EPSG:6673")
    assert "EPSG:6672" in refused(tmp_path, path, crs=crs.from_user("4"))


def test_colours_and_degrees_are_no_text(tmp_path: Path) -> None:
    colours = tiff(tmp_path / "c.tif", np.zeros((3, 4, 4), np.uint8), SHEET_5000, crs="EPSG:6673")
    degrees = tiff(
        tmp_path / "d.tif",
        hill(4, 4).astype("f4"),
        Affine(1 / 3600, 0, 134, 0, -1 / 3600, 35),
        crs="EPSG:6668",
    )
    for path in (colours, degrees):
        assert "only heights" in refused(tmp_path, path, back=True)


def test_the_prefectures_own_surface(shared_data: Path, tmp_path: Path) -> None:
    """A real sheet to text and back: value for value."""
    source = shared_data / "jp_hyogo" / "DSM_05OF791_1m_from_contours.tif"
    back, _ = run(tmp_path / "text", source, back=True)
    text = back.written[0].rename(tmp_path / "text" / "DSM_05OF791_1g.txt")
    report, _ = run(tmp_path / "out", text)
    with rasterio.open(source) as file:
        expected = file.read(1, masked=True).filled(np.nan)
    got, _, _ = opened(report.written[0])
    assert np.array_equal(got, expected.astype(np.float32), equal_nan=True)
