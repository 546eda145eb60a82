"""Runs that read another system: what is refused, what is told, what is made again, and what stays."""

from __future__ import annotations

import json
from pathlib import Path

import borders
import elsewhere
import laspy
import numpy as np
import pyproj
import pytest
import rasterio
from borders import COARSE, SHEET, SOUTH, WEST, Columns, around, grid, split, write_in
from runs import pixels, rasters, town, write_cloud

from hyogo_pc.main import main
from pointcloud import messages
from pointcloud.geo.lattice import quanta
from pointcloud.geo.sheets import sheet_at


@pytest.fixture(scope="module")
def small() -> Columns:
    """A hundred metres of the sheet's corner."""
    return borders.small()


def refusal(capsys: pytest.CaptureFixture[str], out: Path, *arguments: str | Path) -> str:
    """Return why a run is refused, in English; it must not leave anything, and say the same in Japanese."""
    said = []
    for language in messages.LANGUAGES:
        messages.set_language(language)
        assert grid(out, *arguments, code=2) == {}
        said.append(capsys.readouterr().err)
        assert not out.exists()
    messages.set_language("en")
    return said[0]


@pytest.mark.parametrize(
    ("crs", "options", "words"),
    [
        (6668, (), "its coordinates are degrees (EPSG:6668)"),
        (6674, ("--crs", "5"), "EPSG:6674"),
        (30165, ("--to-crs", "5"), "TKY2JGD"),
        (4301, ("--to-crs", "5"), "TKY2JGD"),
        (4326, ("--to-crs", "5"), "--crs EPSG:6668"),
        (32653, ("--to-crs", "5"), "--crs EPSG:6690"),
        (32653, ("--to-crs", "5", "--crs", "6668"), "--crs EPSG:6690"),
        (2448, ("--to-crs", "5"), "PatchJGD"),
        (3857, ("--to-crs", "5"), "points in EPSG:3857 cannot be read into EPSG:6673"),
        (6674, ("--to-crs", "EPSG:6668"), "into no other CRS"),
        (6674, ("--to-crs", "30165"), "into no other CRS"),
        (6674, ("--to-crs", "EPSG:6690"), "EPSG:6690"),
    ],
)
def test_what_is_refused(
    crs: int,
    options: tuple[str, ...],
    words: str,
    small: Columns,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write_in(tmp_path / "tile.las", crs, small, step=1e-7 if crs in (4301, 4326) else None)
    said = refusal(capsys, tmp_path / "out", path, *COARSE, *options)
    assert words in said


def test_latitude_first_is_named(small: Columns, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lon, lat = elsewhere.transformed(6673, 6668, small[0], small[1])
    elsewhere.write(tmp_path / "swapped.las", 6668, lat, lon, small[2])
    said = refusal(capsys, tmp_path / "out", tmp_path / "swapped.las", *COARSE, "--to-crs", "5")
    assert "swapped.las" in said
    assert "X must be longitude" in said


def test_wgs_84_that_is_said_to_be_jgd2011(
    small: Columns, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_in(tmp_path / "a.las", 4326, small)
    made = grid(tmp_path / "made", path, *COARSE, "--to-crs", "5", "--crs", "EPSG:6668")
    assert "it states EPSG:4326; taken for EPSG:6668" in capsys.readouterr().err
    same = write_in(tmp_path / "b.las", 6668, small)
    expected = grid(tmp_path / "expected", same, *COARSE, "--to-crs", "5")
    assert made
    assert all(np.array_equal(pixels(path), pixels(expected[name])) for name, path in made.items())


def test_rasters_without_moved_points_are_the_same_to_the_byte(small: Columns, tmp_path: Path) -> None:
    """Also where both realisations have the same numbers."""
    path = write_cloud(tmp_path / "a.las", *small, wkt=pyproj.CRS(2447).to_wkt("WKT1_GDAL"))
    expected = grid(tmp_path / "expected", path, *COARSE)
    made = grid(tmp_path / "made", path, *COARSE, "--to-crs", "EPSG:2447")
    assert {name: each.read_bytes() for name, each in made.items()} == {
        name: each.read_bytes() for name, each in expected.items()
    }
    with rasterio.open(next(iter(expected.values()))) as file:
        assert [set(each) for each in json.loads(file.tags()["INPUTS"])] == [{"name", "size", "sha256"}]
    newer = grid(tmp_path / "newer", path, *COARSE, "--to-crs", "5")
    for name, each in newer.items():
        assert np.array_equal(pixels(each), pixels(expected[name]))


def test_neighbours_of_another_zone_are_added_later(small: Columns, tmp_path: Path) -> None:
    """What was made stays where the new files do not reach; the border is made again, without --redo."""
    west, east = split(around(400.0, 1.0), WEST + 210.0)
    far = town(np.random.default_rng(2), (WEST - 300.0, SOUTH + 10.0, WEST - 250.0, SOUTH + 60.0), 1.0)
    folder, out = tmp_path / "in", tmp_path / "out"
    write_cloud(folder / "west.laz", *west)
    write_cloud(folder / "far.laz", *far)
    before = grid(out, folder, *COARSE)
    stamps = {name: path.stat().st_mtime_ns for name, path in before.items()}
    write_in(folder / "east.laz", 6674, east)
    after = grid(out, folder, *COARSE, "--to-crs", "5")
    kept = {name for name, path in after.items() if stamps.get(name) == path.stat().st_mtime_ns}
    assert any("05MF9957" in name for name in kept)
    assert not any(SHEET in name for name in kept)
    stamps = {name: path.stat().st_mtime_ns for name, path in after.items()}
    assert grid(out, folder, *COARSE, "--to-crs", "5").keys() == after.keys()
    assert {name: path.stat().st_mtime_ns for name, path in rasters(out).items()} == stamps
    record = json.loads((out / "record" / f"{SHEET}.json").read_text(encoding="utf-8"))
    inputs = record["rasters"]["DSM_1g"]["inputs"]
    assert {each["name"]: each.get("moved_from") for each in inputs} == {
        "east.laz": "EPSG:6674",
        "west.laz": None,
    }


def test_another_crs_of_files_that_state_none_makes_them_anew(small: Columns, tmp_path: Path) -> None:
    e, n = elsewhere.transformed(6673, 6668, small[0], small[1])
    rows = "".join(f"{a:.11f} {b:.11f} {c:.2f}\n" for a, b, c in zip(e, n, small[2], strict=True))
    path = tmp_path / "points_grd.txt"
    path.write_text(rows)
    out = tmp_path / "out"
    first = grid(out, path, *COARSE, "--to-crs", "5", "--crs", "EPSG:6668")
    stamps = {name: each.stat().st_mtime_ns for name, each in first.items()}
    again = grid(out, path, *COARSE, "--to-crs", "5", "--crs", "EPSG:4612")
    assert first.keys() == again.keys()
    assert all(each.stat().st_mtime_ns != stamps[name] for name, each in again.items())
    with rasterio.open(next(iter(again.values()))) as file:
        assert json.loads(file.tags()["INPUTS"])[0]["moved_from"] == "EPSG:4612"


def test_a_damaged_file_forbids_the_sheets_that_it_lies_on(small: Columns, tmp_path: Path) -> None:
    """One whose points are damaged, and one whose header is; another file covers the sheet beside them."""
    far = town(np.random.default_rng(2), (WEST - 700.0, SOUTH + 10.0, WEST - 650.0, SOUTH + 60.0), 1.0)
    sound = write_cloud(tmp_path / "far.laz", *far)
    for crs in (6674, 6668):
        good = write_in(tmp_path / f"good {crs}.laz", crs, small)
        points = write_in(tmp_path / f"points {crs}.laz", crs, small)
        with laspy.open(points) as reader:
            at = reader.header.offset_to_point_data + 400
        data = bytearray(points.read_bytes())
        data[at : at + 2000] = bytes(2000)
        points.write_bytes(data)
        header = write_in(tmp_path / f"header {crs}.las", crs, small)
        data = bytearray(header.read_bytes())
        header.write_bytes(data[:-10])
        for number, bad in enumerate((points, header)):
            out = tmp_path / f"{crs} {number}"
            made = grid(out, good, bad, sound, *COARSE, "--to-crs", "5", code=1)
            assert made
            assert not any(SHEET in name for name in made)
            assert any("05MF9956" in name for name in made)


@pytest.mark.parametrize("target", ["5", "EPSG:2447"])
def test_a_file_that_is_no_file_any_more_forbids_the_sheet_of_its_name(
    target: str, small: Columns, tmp_path: Path
) -> None:
    """Of another zone, whose sheet lies aslant over those of the run."""
    crs = 6674 if target == "5" else 2448
    good = write_in(tmp_path / "good.laz", crs, small)
    far = town(np.random.default_rng(2), (WEST - 9000.0, SOUTH + 10.0, WEST - 8950.0, SOUTH + 60.0), 1.0)
    sound = write_in(tmp_path / "far.laz", crs, far)
    x, y = elsewhere.transformed(6673, 6674, small[0], small[1])
    code = sheet_at(quanta(float(x[0])), quanta(float(y[0])), 6, "2500").code
    bad = tmp_path / f"{code}.las"
    bad.write_bytes(b"none")
    made = grid(tmp_path / "out", good, sound, bad, *COARSE, "--to-crs", target, code=1)
    assert made
    assert not any(SHEET in name for name in made)


def test_a_header_that_lies(small: Columns, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_in(tmp_path / "a.las", 6668, small)
    expected = grid(tmp_path / "expected", path, *COARSE, "--to-crs", "5")
    data = bytearray(path.read_bytes())
    data[187:195] = data[203:211] = bytes(8)  # the least X and Y
    path.write_bytes(data)
    said = refusal(capsys, tmp_path / "out", path, *COARSE, "--to-crs", "5")
    assert "--scan-extents" in said
    made = grid(tmp_path / "made", path, *COARSE, "--to-crs", "5", "--scan-extents")
    assert all(np.array_equal(pixels(each), pixels(expected[name])) for name, each in made.items())


def test_the_zone_that_a_name_says(small: Columns, tmp_path: Path) -> None:
    """A file without a CRS, named after its sheet of zone VI."""
    x, y = elsewhere.transformed(6673, 6674, small[0], small[1])
    code = sheet_at(quanta(float(x[0])), quanta(float(y[0])), 6, "2500").code
    stated = write_in(tmp_path / "a.las", 6674, small)
    unstated = tmp_path / f"{code}.las"
    elsewhere.write(unstated, 6674, x, y, small[2], small[3], wkt=None)
    expected = grid(tmp_path / "expected", stated, *COARSE, "--to-crs", "5")
    made = grid(tmp_path / "made", unstated, *COARSE, "--to-crs", "5")
    assert any(SHEET in name for name in made)
    assert all(np.array_equal(pixels(path), pixels(expected[name])) for name, path in made.items())


def test_heights_above_the_ellipsoid_are_told(
    small: Columns, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_in(tmp_path / "a.las", 6667, small)
    grid(tmp_path / "told", path, *COARSE, "--to-crs", "5")
    assert "above the ellipsoid" in capsys.readouterr().err
    grid(tmp_path / "stated", path, *COARSE, "--to-crs", "5", "--vertical", "JGD2011")
    assert "above the ellipsoid" not in capsys.readouterr().err
    grid(tmp_path / "compound", path, *COARSE, "--to-crs", "6673+6695")
    assert "above the ellipsoid" not in capsys.readouterr().err
    with rasterio.open(next(iter(rasters(tmp_path / "compound").values()))) as file:
        assert pyproj.CRS(file.crs.to_wkt()).sub_crs_list[1].to_epsg() == 6695


def test_height_datums_must_agree_all_the_same(
    small: Columns, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = [
        write_in(
            tmp_path / f"{vertical}.las",
            6674,
            small,
            wkt=pyproj.CRS(f"EPSG:6674+{vertical}").to_wkt("WKT1_GDAL"),
        )
        for vertical in (6694, 6695)
    ]
    said = refusal(capsys, tmp_path / "out", *both, *COARSE, "--to-crs", "5")
    assert "EPSG:6694" in said
    assert "EPSG:6695" in said


def test_a_plan_of_degrees(small: Columns, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_in(tmp_path / "a.laz", 6668, small)
    file = tmp_path / "plan.json"
    arguments = ["plan", path, "-o", tmp_path / "out", *COARSE, "--to-crs", "5", "--json", file]
    assert main([str(each) for each in arguments]) == 0
    plan = json.loads(file.read_text(encoding="utf-8"))
    assert plan["crs"] == "EPSG:6673"
    assert SHEET in plan["sheets"]
    assert plan["points"] == small[0].size
    assert plan["sheets"][SHEET]["covered"] == pytest.approx(130 * 105 / (400 * 300), rel=0.1)
    place = f"{WEST},{SOUTH},{WEST + 400},{SOUTH + 300}"
    area = ["plan", "-o", tmp_path / "out", *COARSE, "--density", "4", "--area", place, "--to-crs", "5"]
    assert main([str(each) for each in area]) == 0
