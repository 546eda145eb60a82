"""The same verdict about the same file in every command that can take it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import misplaced
import pytest
from misplaced import CASES

from hyogo_pc.main import main
from pointcloud import messages
from pointcloud.doubt import place
from pointcloud.errors import HyogoError
from pointcloud.geo.crs import SpatialReference
from pointcloud.io.las.reader import read_header

Arguments = Callable[[Path, Path, str], list[str | Path]]

_LINE = "45005,-77690 45020,-77690"

CLOUD_COMMANDS: dict[str, Arguments] = {
    "grid": lambda file, out, level: ["grid", file, "-o", out, "--sheet", level, "--jobs", "1"],
    "plan": lambda file, out, level: ["plan", file, "-o", out, "--sheet", level],
    "classify": lambda file, out, _: ["classify", file, "-o", out, "--jobs", "1"],
    "profile": lambda file, out, _: ["profile", "--points", file, "--line", _LINE, "-o", out / "a.csv"],
}
DEM_COMMANDS: dict[str, Arguments] = {
    "relief": lambda file, out, _: ["relief", file, "-o", out, "--style", "slope", "--jobs", "1"],
    "viewshed": lambda file, out, _: ["viewshed", "45010,-77690", "--dem", file, "-o", out / "a.tif"],
    "map": lambda file, out, _: ["map", file, "-o", out / "a.png"],
    "profile": lambda file, out, _: ["profile", file, "--line", _LINE, "-o", out / "a.csv"],
    "convert": lambda file, out, _: ["convert", file, "-o", out, "--jobs", "1"],
    "mosaic": lambda file, out, _: ["mosaic", misplaced.dem(file.parent.with_name("best")), file, "-o", out],
}


def written(out: Path) -> list[str]:
    """Return what was made, but for records and the like."""
    made = (".tif", ".png", ".csv", ".las", ".laz", ".vrt")
    return [path.name for path in out.rglob("*") if path.suffix in made] if out.exists() else []


def words(case: str, file: Path) -> str:
    """Return what must be said of a case: its verdict, which names the file, up to the first value."""
    text = messages.say(f"doubt.{CASES[case][5]}", **{"path": file.name}, **dict.fromkeys(_NAMES, "\0"))
    return text.split("\0")[0]


_NAMES = (
    "crs",
    "x",
    "y",
    "factor",
    "other",
    "name",
    "ground",
    "km",
    "lat",
    "lon",
    "zone",
    "given",
    "sheet",
    "zones",
)


@pytest.mark.parametrize("command", CLOUD_COMMANDS)
@pytest.mark.parametrize("case", CASES)
def test_clouds(tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str, command: str) -> None:
    stem, west, south, factor, code, _ = CASES[case]
    file, out = misplaced.cloud(tmp_path / "in", stem, west, south, factor, code), tmp_path / "out"
    level = "none" if code in (3857, 32653) else "2500"
    exit_code = main([str(each) for each in CLOUD_COMMANDS[command](file, out, level)])
    said = capsys.readouterr()
    assert exit_code == 2
    assert words(case, file) in said.err + said.out
    assert written(out) == []


@pytest.mark.parametrize("case", CASES)
def test_info_and_check(tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str) -> None:
    stem, west, south, factor, code, verdict = CASES[case]
    file = misplaced.cloud(tmp_path, stem, west, south, factor, code)
    main(["info", "--json", str(file)])
    (entry,) = json.loads(capsys.readouterr().out)["files"]
    assert f"doubt.{verdict}" in [remark["message"] for remark in entry["remarks"]]
    assert main(["check", "--jobs", "1", str(file)]) == 1
    assert words(case, file) in capsys.readouterr().out


@pytest.mark.parametrize("command", DEM_COMMANDS)
@pytest.mark.parametrize("case", CASES)
def test_dems(tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str, command: str) -> None:
    stem, west, south, factor, code, _ = CASES[case]
    file, out = misplaced.dem(tmp_path / "in", stem, west, south, factor, code), tmp_path / "out"
    out.mkdir()
    exit_code = main([str(each) for each in DEM_COMMANDS[command](file, out, "")])
    said = capsys.readouterr()
    assert exit_code in (1, 2)
    told = said.err + said.out
    own = case == "zone_of_name" and command == "convert"  # which names the sheet's zone in words of its own
    assert (words(case, file) if not own else file.name) in told
    assert written(out) == []


@pytest.mark.parametrize("case", CASES)
def test_check_of_rasters(tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str) -> None:
    stem, west, south, factor, code, _ = CASES[case]
    file = misplaced.dem(tmp_path, stem, west, south, factor, code)
    assert main(["check", "--jobs", "1", str(file)]) == 1
    assert file.name in capsys.readouterr().out


@pytest.mark.parametrize("case", ["swapped", "utm", "millimetres", "tenfold", "elsewhere"])
def test_what_a_user_states_is_doubted_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    stem, west, south, factor, _, _ = CASES[case]
    file, out = misplaced.cloud(tmp_path / "in", stem, west, south, factor, None), tmp_path / "out"
    assert main(["grid", str(file), "-o", str(out), "--crs", "5", "--jobs", "1"]) == 2
    assert words(case, file) in capsys.readouterr().err
    assert written(out) == []
    file, out = misplaced.dem(tmp_path / "in", stem, west, south, factor, None), tmp_path / "maps"
    assert main(["relief", str(file), "-o", str(out), "--crs", "5", "--style", "slope", "--jobs", "1"]) == 2
    assert words(case, file) in capsys.readouterr().err


def test_a_name_elsewhere_is_told_and_the_raster_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = misplaced.cloud(tmp_path / "in", "05OE283"), tmp_path / "out"
    assert main(["grid", str(file), "-o", str(out), "-p", "dem", "--sheet", "500", "--jobs", "1"]) == 0
    assert "05OE283.las: its name says sheet 05OE283" in capsys.readouterr().err
    assert written(out)
    assert main(["check", "--jobs", "1", str(file)]) == 3
    assert "its name says sheet 05OE283" in capsys.readouterr().out


def test_what_is_right_is_made_without_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = misplaced.cloud(tmp_path / "in", "05MF513"), tmp_path / "out"
    assert main(["grid", str(file), "-o", str(out), "-p", "dem", "--sheet", "500", "--jobs", "1"]) == 0
    said = "".join(capsys.readouterr())
    assert "its coordinates" not in said
    assert written(out)


def test_coordinates_at_their_limits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A writer with a scale of 0.01 mm and no offset holds 21,474.83647 m at most: what was east of it is there."""
    import laspy
    import numpy as np

    file = misplaced.cloud(tmp_path / "in", "a", 21_460.0, -166_000.0)
    las = laspy.read(file)
    x, fine = np.asarray(las.x).copy(), laspy.LasHeader(version="1.4", point_format=6)
    fine.scales, fine.offsets = np.full(3, 0.00001), np.array([0.0, -166_000.0, 0.0])
    fine.vlrs, fine.global_encoding.wkt = las.header.vlrs, True
    clamped = laspy.LasData(fine)
    clamped.X = np.clip(np.rint(x / 0.00001), -(2**31), 2**31 - 1).astype(np.int32)
    clamped.y, clamped.z, clamped.classification = las.y, las.z, las.classification
    clamped.write(file)
    assert (np.asarray(clamped.X) == 2**31 - 1).sum() > 100
    out = tmp_path / "out"
    assert main(["grid", str(file), "-o", str(out), "-p", "dem", "--sheet", "500", "--jobs", "1"]) == 1
    assert "21474.8365" in "".join(capsys.readouterr())
    assert written(out) == []
    assert main(["check", "--jobs", "1", str(file)]) == 1
    assert "21474.8365" in capsys.readouterr().out


def test_files_beyond_all_sheets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beyond 160 km east there are no sheets, but it may be lawful: nothing is made, and that is said."""
    beyond = misplaced.cloud(tmp_path / "in", "beyond", 165_000.0, -77_700.0)
    out = tmp_path / "out"
    assert main(["grid", str(beyond), "-o", str(out), "-p", "dem", "--sheet", "500", "--jobs", "1"]) == 2
    assert "--sheet none" in capsys.readouterr().err
    misplaced.cloud(tmp_path / "in", "within")
    assert (
        main(["grid", str(tmp_path / "in"), "-o", str(out), "-p", "dem", "--sheet", "500", "--jobs", "1"])
        == 0
    )
    assert "beyond.las" in "".join(capsys.readouterr())


def test_one_missing_or_broken_file_never_ends_a_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = misplaced.cloud(tmp_path, "05MF513")
    broken = tmp_path / "broken.las"
    broken.write_bytes(good.read_bytes()[:500])
    inputs = [str(good), str(tmp_path / "missing.las"), str(broken)]
    assert main(["check", "--jobs", "1", *inputs, "--ground", str(tmp_path / "no.las")]) == 1
    said = capsys.readouterr().out
    for name in ("missing.las", "broken.las", "no.las"):
        assert name in said
    assert "1,800" in said


def test_2447_beside_6673(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JGD2000 and JGD2011 are one place in zone V, in relief and mosaic as in grid."""
    folder = tmp_path / "in"
    misplaced.dem(folder, "a", code=2447)
    misplaced.dem(folder, "b", west=misplaced.EAST + misplaced.SIDE)
    assert main(["relief", str(folder), "-o", str(tmp_path / "maps"), "--style", "slope", "--jobs", "1"]) == 0
    assert sorted(written(tmp_path / "maps"))[:2] == ["a_SLOPE.tif", "b_SLOPE.tif"]
    out = tmp_path / "joined"
    lesser = misplaced.dem(tmp_path / "lesser", "c", south=misplaced.NORTH - misplaced.SIDE, code=2447)
    assert main(["mosaic", str(folder), str(lesser), "-o", str(out), "--jobs", "1"]) == 0
    capsys.readouterr()
    import rasterio

    (path,) = out.glob("DEM*/*.tif")
    with rasterio.open(path) as file:
        assert file.crs.to_epsg() == 6673
        heights = file.read(1, masked=True)
    assert heights.count() == 3 * misplaced.SIDE**2
    assert (heights.compressed() == 100).all()


def test_points_and_terrain_of_a_view(tmp_path: Path) -> None:
    from pointcloud.view import heights, points

    file = misplaced.cloud(tmp_path, "a", misplaced.NORTH, misplaced.EAST)
    assert place.judge("a.las", (0, 0, 1, 1), SpatialReference("EPSG:6673"))
    with pytest.raises(HyogoError) as caught:
        points._check(read_header(file), None)
    assert caught.value.message == "doubt.swapped"
    with pytest.raises(HyogoError) as caught, heights.opened([misplaced.dem(tmp_path, "b", *misplaced.UTM)]):
        pass
    assert caught.value.message == "doubt.utm"
