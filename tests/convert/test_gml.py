"""GML of 基盤地図情報: where its cells lie, what may be left out, and what strangers may not do."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
from grid_files import gml, opened, run

from pointcloud import messages
from pointcloud.geo import crs
from pointcloud.io.dems.gml import kind_of, mesh_corner

MESH = "52345610"
LON, LAT = 134 + 6 * 7.5 / 60, 52 / 1.5 + 5 * 5 / 60 + 30 / 3600
CORNER = (LON, LAT)
NAME = "FG-GML-5234-56-10-DEM5A-20161001.xml"


def hill(rows: int = 150, cols: int = 225) -> np.ndarray:
    y, x = np.mgrid[:rows, :cols]
    z = np.round(100 + 20 * np.sin(x / 30) + 10 * np.cos(y / 20), 2)
    z[0, 3] = 0.0
    return z


def wrote(folder: Path, data: bytes, name: str = NAME) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    return path


def why(tmp_path: Path, data: bytes) -> str:
    report, _ = run(tmp_path / "out", wrote(tmp_path / "in", data))
    assert not report.written
    assert {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()} <= {"hyogo-pc.json"}
    (said,) = report.failed.values()
    assert "\n" not in said
    return said


def test_a_mesh_stays_in_degrees(tmp_path: Path) -> None:
    z = hill()
    z[4:9, 5:7] = np.nan
    report, listener = run(tmp_path / "out", wrote(tmp_path, gml(z, MESH, CORNER)))
    assert (report.failed, listener.names) == ({}, [])
    (path,) = report.written
    assert path == tmp_path / "out" / "DEM_5A" / "DEM_52345610_5A.tif"
    array, transform, tags = opened(path)
    assert np.array_equal(array, z.astype(np.float32), equal_nan=True)
    assert transform.a == pytest.approx(0.2 / 3600, abs=1e-15)
    assert (transform.c, transform.f) == pytest.approx((LON, LAT + 30 / 3600), abs=1e-12)
    assert (tags["MESH"], tags["KIND"]) == ("52345610", "5A")
    with rasterio.open(path) as file:
        assert file.crs.to_epsg() == 6668


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (NAME, "5A"),
        ("fg-gml-523456-dem10b-20161001.XML", "10B"),
        ("FG-GML-5234-56-10-DEM1A-2024.xml", "1A"),
        ("x.xml", ""),
    ],
)
def test_kinds_by_name(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_corners_of_meshes() -> None:
    per_degree = 36_000_000
    for code, lon, lat in (("5234", 134, 52 / 1.5), ("523456", LON, LAT - 30 / 3600), (MESH, LON, LAT)):
        corner = mesh_corner(code)
        assert corner is not None
        assert (corner[0] / per_degree, corner[1] / per_degree) == pytest.approx((lon, lat), abs=1e-12)
    assert mesh_corner("523") is None


def test_leading_cells_are_passed_over_and_trailing_ones_absent(tmp_path: Path) -> None:
    z = hill()
    path = wrote(tmp_path, gml(z, MESH, CORNER, start=225 * 2 + 17, absent=300))
    report, listener = run(tmp_path / "out", path)
    array, _, _ = opened(report.written[0])
    expected = z.astype(np.float32).ravel()
    expected[: 225 * 2 + 17] = np.nan
    expected[-300:] = np.nan
    assert np.array_equal(array.ravel(), expected, equal_nan=True)
    assert listener.names == ["gml.short"]


@pytest.mark.parametrize("encoding", ["UTF-8", "Shift_JIS", "UTF-16"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    data = gml(hill(), MESH, CORNER, encoding=encoding)
    report, _ = run(tmp_path / "out", wrote(tmp_path, data), kind="gml")
    assert np.array_equal(opened(report.written[0])[0], hill().astype(np.float32))


def test_meshes_side_by_side_make_one_map(tmp_path: Path) -> None:
    east = (LON + 45 / 3600, LAT)
    inner = tmp_path / "FG-GML-5234-56-DEM5A.zip"
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr(NAME, gml(hill(), MESH, CORNER))
        file.writestr(NAME.replace("10-DEM", "11-DEM"), gml(hill() + 5, "52345611", east))
        file.writestr("fmdid15-3101.xml", "<?xml version='1.0'?><MD_Metadata/>")
    outer = tmp_path / "PackDLMap.zip"
    with zipfile.ZipFile(outer, "w") as file:
        file.write(inner, inner.name)
    report, _ = run(tmp_path / "out", outer)
    assert (len(report.written), report.failed) == (2, {})
    array, _, _ = opened(tmp_path / "out" / "DEM_5A.vrt")
    assert np.array_equal(array, np.hstack([hill(), hill() + 5]).astype(np.float32))


def plane(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    return 100 + 3000 * (lon - LON) - 2000 * (lat - LAT)


def plane_meshes(tmp_path: Path, kinds: str = "5A") -> list[Path]:
    """Two meshes of a plane in degrees: bilinear interpolation gives it back exactly."""
    paths = []
    for step, code in ((0, MESH), (1, "52345611")):
        west = LON + step * 45 / 3600
        lon, lat = np.meshgrid(
            west + (np.arange(225) + 0.5) * 0.2 / 3600, LAT + 30 / 3600 - (np.arange(150) + 0.5) * 0.2 / 3600
        )
        name = f"FG-GML-5234-56-1{step}-DEM{kinds}-2016.xml"
        paths.append(wrote(tmp_path, gml(np.round(plane(lon, lat), 4), code, (west, LAT)), name))
    return paths


def test_onto_our_lattice_bilinear_and_without_a_seam(tmp_path: Path) -> None:
    paths = plane_meshes(tmp_path)
    report, _ = run(tmp_path / "out", *paths, crs=crs.from_user("5"))
    assert report.failed == {}
    array, transform, _ = opened(tmp_path / "out" / "DEM_5g.vrt")
    assert transform.a == 5
    rows, cols = np.nonzero(~np.isnan(array))
    e, n = transform.c + (cols + 0.5) * 5, transform.f - (rows + 0.5) * 5
    lon, lat = crs.transformer("EPSG:6673", "EPSG:6668")(e, n)
    assert len(rows) > 80_000  # 2.29 x 0.92 km, of 25 m2 each
    assert np.abs(array[rows, cols] - plane(lon, lat)).max() < 0.006  # texts are to the centimetre
    middle = (lon > LON + 44.9 / 3600) & (lon < LON + 45.1 / 3600)
    assert middle.sum() > 100  # the joint of the meshes is filled
    for path in report.written:
        with rasterio.open(path) as file:
            assert (file.width, file.height) == (400, 300)


def test_the_better_kind_comes_first(tmp_path: Path) -> None:
    z = np.full((150, 225), 10.0)
    z[:, 100:] = np.nan
    a = wrote(tmp_path, gml(z, MESH, CORNER))
    b = wrote(tmp_path, gml(np.full((150, 225), 20.0), MESH, CORNER), NAME.replace("5A", "5B"))
    run(tmp_path / "out", b, a, crs=crs.from_user("5"))
    array, _, _ = opened(tmp_path / "out" / "DEM_5g.vrt")
    assert set(np.unique(array[~np.isnan(array)])) == {10.0, 20.0}
    assert 0.4 < np.mean(array[~np.isnan(array)] == 10) < 0.5


def test_a_resolution_that_does_not_divide_the_sheets(tmp_path: Path) -> None:
    from pointcloud.errors import ParameterError

    with pytest.raises(ParameterError, match="does not divide"):
        run(
            tmp_path / "out",
            wrote(tmp_path, gml(hill(), MESH, CORNER)),
            crs=crs.from_user("5"),
            resolution=7.0,
        )


GOOD = gml(hill(), MESH, CORNER)
DTD = '<!DOCTYPE Dataset [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n'
EXTERNAL = '<!DOCTYPE Dataset [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n'
DEFECTS = {
    "entities": (gml(hill(), MESH, CORNER, extra=DTD), "DTD", "DTD"),
    "external": (gml(hill(), MESH, CORNER, extra=EXTERNAL), "DTD", "DTD"),
    "doctype": (gml(hill(), MESH, CORNER, extra='<!DOCTYPE Dataset SYSTEM "x.dtd">\n'), "DTD", "DTD"),
    "cut": (GOOD[: len(GOOD) // 2], "damaged or cut short", "途中で切れ"),
    "undefined entity": (GOOD.replace(b"<mesh>", b"<mesh>&x;"), "damaged", "破損"),
    "letters": (GOOD.replace("地表面,".encode(), "地表面,1O".encode(), 7), "holds no number", "数値ではありません"),
    "corners": (GOOD.replace(b"<gml:high>224", b"<gml:high>223"), "contradicts itself", "矛盾"),
    "mesh": (GOOD.replace(b"<mesh>52345610", b"<mesh>52345611"), "52345611", "52345611"),
    "order": (gml(hill(), MESH, CORNER, order="+x+y"), "+x+y", "+x+y"),
    "system": (gml(hill(), MESH, CORNER, system="fguuid:tokyo.bl"), "tokyo", "tokyo"),
    "many": (GOOD.replace(b"<gml:startPoint>0 0", b"<gml:startPoint>5 0"), "do not fit", "収まりません"),
    "huge": (GOOD.replace(b"<gml:high>224 149", b"<gml:high>99999 99999"), "contradicts", "矛盾"),
    "encoding": (GOOD.replace(b'"UTF-8"', b'"EUC-KR"'), "euc-kr", "euc-kr"),
    "no dem": (b"<?xml version='1.0'?><Dataset/>", "no DEM", "数値標高モデルではありません"),
    "numbers": (GOOD.replace(b"<gml:low>0 0", b"<gml:low>zero"), "two numbers", "二つの数値"),
}  # fmt: skip


@pytest.mark.parametrize("defect", DEFECTS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_defects_are_said(
    defect: str, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_chosen", language)
    data, *said = DEFECTS[defect]
    changed = data != GOOD
    assert changed  # not in one line: to show how two such texts differ takes minutes
    found = why(tmp_path, data)
    assert said[language == "ja"] in found
    assert NAME in found
