"""Whole runs on texts of points: the rasters are those of the same points as LAS; what is wrong costs one line."""

from __future__ import annotations

from pathlib import Path

import laspy
import numpy as np
import pytest
from point_texts import SHEET, hillside, packed, text, write_las, write_text
from runs import leftovers, pixels, rasters

from hyogo_pc.main import main
from pointcloud.geo.crs import SpatialReference
from pointcloud.io.clouds.readers import read_header
from pointcloud.run.record import Record

ORIGINAL, GROUND = hillside()
NAMES = f"{SHEET}_org.txt", f"{SHEET}_grd.txt"


def gridded(out: Path, *arguments: str | Path, code: int = 0) -> Path:
    assert main(["grid", *map(str, arguments), "-o", str(out), "--jobs", "1"]) == code
    return out


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """The rasters of the same points as LAS, in two files."""
    folder = tmp_path_factory.mktemp("las")
    original, ground = write_las(folder / "o.las", ORIGINAL), write_las(folder / "g.las", GROUND)
    out = gridded(folder / "out", original, "--ground", ground)
    return {name: pixels(path) for name, path in rasters(out).items()}


def alike(out: Path, expected: dict[str, np.ndarray]) -> bool:
    found = rasters(out)
    return (
        len(found) == 3
        and found.keys() == expected.keys()
        and all(np.array_equal(pixels(path), expected[name]) for name, path in found.items())
    )


def test_a_folder_of_both_texts(tmp_path: Path, expected: dict[str, np.ndarray]) -> None:
    for name, columns in zip(NAMES, (ORIGINAL, GROUND), strict=True):
        write_text(tmp_path / "納品 データ" / name, columns)
    (tmp_path / "納品 データ" / "readme.txt").write_text("利用規約")
    assert alike(gridded(tmp_path / "出力 先", tmp_path / "納品 データ"), expected)


def test_ground_given_as_such_whatever_its_name(tmp_path: Path, expected: dict[str, np.ndarray]) -> None:
    original, ground = write_text(tmp_path / "a.csv", ORIGINAL), write_text(tmp_path / "b.xyz", GROUND)
    assert alike(gridded(tmp_path / "out", original, "--ground", ground), expected)


def test_text_and_las_in_one_run(tmp_path: Path, expected: dict[str, np.ndarray]) -> None:
    original, ground = write_las(tmp_path / "a.las", ORIGINAL), write_text(tmp_path / NAMES[1], GROUND)
    assert alike(gridded(tmp_path / "out", original, ground), expected)


@pytest.mark.parametrize("encoding", ["utf-8", "cp932"])
def test_a_zip_with_japanese_names(encoding: str, tmp_path: Path, expected: dict[str, np.ndarray]) -> None:
    raw = [f"標高表/{name}".encode(encoding) for name in NAMES]
    holders = ["o" * len(raw[0]), "g" * len(raw[1])]
    contents = dict(zip(holders, (text(ORIGINAL), text(GROUND)), strict=True))
    path = packed(tmp_path / "a.zip", {**contents, "readme.txt": "x"})
    data = path.read_bytes()
    for holder, name in zip(holders, raw, strict=True):
        data = data.replace(holder.encode(), name)
    path.write_bytes(data)
    out = gridded(tmp_path / "out", path)
    assert alike(out, expected)
    inputs = {
        each.name for each in next(iter(next(iter(Record.load(out).items.values())).rasters.values())).inputs
    }
    assert inputs == set(NAMES)
    before = {name: path.stat().st_mtime_ns for name, path in rasters(out).items()}
    gridded(out, path)
    assert {name: path.stat().st_mtime_ns for name, path in rasters(out).items()} == before
    assert main(["verify", str(out), "--deep", str(path)]) == 0


def test_processes_read_from_the_zip_by_themselves(tmp_path: Path, expected: dict[str, np.ndarray]) -> None:
    path = packed(tmp_path / "a.zip", {NAMES[0]: text(ORIGINAL), NAMES[1]: text(GROUND)})
    arguments = ["grid", str(path), "-o", str(tmp_path / "out"), "--jobs", "2", "--sheet", "none"]
    assert main([*arguments, "--tile-size", "20"]) == 0
    found = np.concatenate([pixels(path).ravel() for path in sorted((tmp_path / "out").glob("DEM_1g/*.tif"))])
    whole = expected[f"DEM_{SHEET[:7]}_1g.tif"]
    assert np.array_equal(np.sort(found[found != -9999]), np.sort(whole[whole != -9999]))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_letters_keep_their_sheet_from_being_written_and_no_other(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_text(tmp_path / "in" / NAMES[1], GROUND)
    bad = write_text(tmp_path / "in" / "05LF902_org.txt", ORIGINAL)
    bad.write_text(bad.read_text().replace(",", ";", 1))
    out = tmp_path / "out"
    assert main(["--lang", language, "grid", str(tmp_path / "in"), "-o", str(out), "--jobs", "1"]) == 1
    told = capsys.readouterr()
    (line,) = [line for line in told.out.splitlines() if "05LF902_org.txt" in line and ";" in line]
    assert ("点の行" if language == "ja" else "no row of points") in line
    assert {name[4:11] if name[:2] != "CS" else name[3:10] for name in rasters(out)} == {"05LF901"}
    assert leftovers(out) == []


def test_points_with_easting_and_northing_exchanged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_text(tmp_path / NAMES[0], [ORIGINAL[1], ORIGINAL[0], ORIGINAL[2]])
    for crs in ([], ["--crs", "EPSG:6673"]):
        out = tmp_path / f"out{len(crs)}"
        assert main(["grid", str(path), "-o", str(out), "-p", "dsm", "--jobs", "1", *crs]) == 0
        assert "id y x z -" in "".join(capsys.readouterr())  # the name says where the points must lie
        assert rasters(out)
        stated = ["--columns", "id x y z -"]
        assert main(["grid", str(path), "-o", str(tmp_path / "no"), *crs, *stated]) == 2
        assert "swapped" in capsys.readouterr().err
    assert not rasters(tmp_path / "no")


def test_a_zone_that_the_name_denies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_text(tmp_path / NAMES[0], ORIGINAL)
    assert main(["grid", str(path), "-o", str(tmp_path / "out"), "--crs", "EPSG:6674"]) == 2
    assert "zone 5" in capsys.readouterr().err


def test_a_damaged_zip_is_named_and_the_rest_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = packed(tmp_path / "in" / "good.zip", {NAMES[1]: text(GROUND)})
    bad = packed(tmp_path / "in" / "bad.zip", {"x_grd.txt": text(GROUND)})
    bad.write_bytes(good.read_bytes()[:-40])
    sly = packed(tmp_path / "in" / "sly.zip", {"../../y_org.txt": "1 2 3", "../readme.md": "x"})
    out = gridded(tmp_path / "out", tmp_path / "in", code=1)
    told = capsys.readouterr().out
    assert len(rasters(out)) == 3
    assert sum("bad.zip" in line for line in told.splitlines()) == 1
    assert sum(sly.name in line for line in told.splitlines()) == 1
    assert "leads out" in told
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}


def test_info_tells_of_a_text_and_of_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_text(tmp_path / NAMES[0], ORIGINAL)
    (tmp_path / "b.zip").write_bytes(b"PK")
    assert main(["info", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert f"{len(ORIGINAL[0]):,}" in told
    assert "text, columns id x y z -" in told
    assert "b.zip is damaged or no ZIP" in told


def test_a_zip_without_points_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = packed(tmp_path / "dem.zip", {"DEM_05LF901_1g.txt": "40000.5 -58499.5 3.25\n"})
    assert main(["info", str(path)]) == 2
    assert "_org.txt" in capsys.readouterr().err


def test_classify_writes_laz_that_grids_alike(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {NAMES[0]: text(ORIGINAL)})
    assert main(["classify", str(path), "-o", str(tmp_path / "classified"), "--jobs", "1"]) == 0
    made = tmp_path / "classified" / f"{SHEET}_org.laz"
    points = laspy.read(made)
    assert np.array_equal(points.X, np.rint((ORIGINAL[0] - 40000) * 10_000))
    assert read_header(made).crs == SpatialReference("EPSG:6673")
    direct = gridded(tmp_path / "direct", path, "--classify", "smrf", "-p", "dem")
    again = gridded(tmp_path / "again", made, "-p", "dem")
    name = f"DEM_{SHEET[:7]}_1g.tif"
    assert np.array_equal(pixels(rasters(direct)[name]), pixels(rasters(again)[name]))
