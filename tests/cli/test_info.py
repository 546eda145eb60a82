"""``hyogo-pc info``: the table, the JSON, and files that cannot be read."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from las_files import BOX, COUNT_14, SYSTEM, patch, write
from pyproj import CRS

from hyogo_pc import info
from hyogo_pc.translate import columns
from pointcloud import messages
from pointcloud.errors import ParameterError
from pointcloud.io.clouds.classes import class_name
from pointcloud.io.clouds.summary import survey
from pointcloud.io.las.reader import read_header

ZONE_V = CRS.from_epsg(6673).name  # newer editions of the EPSG register name it otherwise


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(info.command, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def entries(*arguments: str | Path) -> list[dict[str, Any]]:
    found = json.loads(run("--json", *arguments).output)
    assert found["format"] == info.JSON_FORMAT
    return list(found["files"])


@pytest.fixture
def tile(tmp_path: Path) -> Path:
    """Four points in three cells, of a sheet of zone V that its name states."""
    raw = np.array([[0, 100, 1500, 99_999], [0, 999, 0, 50_000], [1, 2, 3, 4_000]], np.int32)
    return write(
        tmp_path / "竹田05MF513.laz",
        raw=raw,
        classification=np.array([1, 2, 2, 64], np.uint8),
        withheld=np.array([0, 0, 1, 0], np.uint8),
    )


def test_table_names_all_there_is(tile: Path) -> None:
    lines = run(tile).output.splitlines()
    assert lines[0] == str(tile)
    rows = {line[2:21].strip(): line[21:].strip() for line in lines[1:]}
    assert rows == {
        "Format": "LAZ (LAS 1.4), point format 6",
        "Points": "4",
        "Extent E": "44000.000 to 44099.999",
        "Extent N": "-78000.000 to -77950.000",
        "Extent H": "0.001 to 4.000",
        "Density": "1.33 points per square metre, of the 1 m cells that hold any",
        "CRS": f"not stated; taken for EPSG:6673  {ZONE_V}",
        "Height datum": "not stated",
        "Sheet by the name": "05MF513",
        "Sheets 5000": "05MF51 05MF61",
        "Sheets 2500": "05MF513 05MF611",
        "Class 1": "unclassified              1   25.0 %",
        "Class 2": "ground                    2   50.0 %",
        "Class 64": "user-defined              1   25.0 %",
        "Withheld": "1",
    }


def test_japanese_columns_are_aligned(tile: Path) -> None:
    messages.set_language("ja")
    lines = run(tile).output.splitlines()[1:]
    starts = {columns(line) - columns(line.split("  ", 2)[-1].lstrip()) for line in lines}
    assert len(starts) == 1
    classes = [line for line in lines if line.startswith("  クラス")]
    assert [line.split()[2] for line in classes] == ["未分類", "地表面", "利用者定義"]
    assert len({columns(line) for line in classes}) == 1


def test_json_holds_the_same(tile: Path) -> None:
    (entry,) = entries(tile)
    assert entry == {
        "path": str(tile),
        "error": None,
        "remarks": [],
        "size": tile.stat().st_size,
        "version": "1.4",
        "point_format": 6,
        "compressed": True,
        "points": 4,
        "synthetic": False,
        "scale": [0.001] * 3,
        "offset": [44000.0, -78000.0, 0.0],
        "extent": {
            **{"west": 44000.0, "south": -78000.0, "lowest": 0.001},
            **{"east": 44099.999, "north": -77950.0, "highest": 4.0, "from": "points"},
        },
        "density": {"points_per_m2": pytest.approx(4 / 3), "of": "cells"},
        "classes": [
            {"code": 1, "name": "unclassified", "points": 1},
            {"code": 2, "name": "ground", "points": 2},
            {"code": 64, "name": "user-defined", "points": 1},
        ],
        "withheld": 1,
        "marked": {"synthetic": 0, "key": 0, "overlap": 0},
        "crs": {
            **{"horizontal": "EPSG:6673", "vertical": None},
            **{"name": ZONE_V, "stated": False},
        },
        "sheets": {"5000": ["05MF51", "05MF61"], "2500": ["05MF513", "05MF611"]},
        "named_sheets": ["05MF513"],
        "reader": None,
    }


def test_json_is_documented(tile: Path) -> None:
    (entry,) = entries(tile)
    for key in [*entry, *entry["extent"], *entry["density"], *entry["classes"][0], *entry["crs"]]:
        assert f"``{key}``" in (info.__doc__ or "")


def test_headers_only_does_not_decode(tile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("pointcloud.io.clouds.summary.iter_points", fail)
    (entry,) = entries(tile, "--headers-only")
    assert entry["classes"] is entry["withheld"] is None
    assert entry["extent"]["from"] == "header"
    assert entry["density"]["of"] == "extent"
    assert entry["density"]["points_per_m2"] == pytest.approx(4 / (99.999 * 50))
    text = run(tile, "--headers-only").output
    assert "Extent by the header E" in text
    assert "of the whole extent" in text
    assert "Class" not in text


def test_bad_file_takes_one_line_and_the_others_go_on(tmp_path: Path) -> None:
    good = write(tmp_path / "b.laz")
    bad = write(tmp_path / "a.las")
    patch(bad, COUNT_14, "Q", 1001)
    result = run(tmp_path)
    assert result.exit_code == 1
    first, rest = result.output.split("\n\n")
    assert (
        first
        == f"{bad} is cut short, or its header lies: 1001 points of 30 bytes are claimed, 1000 are "
        + ("there. Copy it again, or ask for a new delivery.")
    )
    assert rest.startswith(str(good))
    wrong, right = entries(tmp_path)
    assert wrong["error"]["message"] == "file.cut"
    assert wrong["error"]["text"] == first
    assert wrong["points"] is None
    assert wrong.keys() == right.keys()
    assert run(good).exit_code == 0


def test_what_looks_wrong_is_said_in_words(tmp_path: Path) -> None:
    path = write(tmp_path / "05OE283.laz")
    patch(path, BOX, "d", 45000.0)
    patch(path, SYSTEM, "32s", b"SYNTHETIC")
    (entry,) = entries(path)
    assert entry["synthetic"] is True
    assert [remark["message"] for remark in entry["remarks"]] == [
        "file.box_large",
        "crs.assumed_zone",
        "doubt.name_elsewhere",
    ]
    text = run(path).output
    for remark in entry["remarks"]:
        assert f"  Note               {remark['text']}" in text
    assert "  Made up            SYNTHETIC\n" in text


def test_stated_crs_and_a_name_of_another_sheet(tmp_path: Path) -> None:
    import laspy

    path = write(tmp_path / "05OE283.laz")
    las = laspy.read(path)
    las.header.add_crs(CRS.from_epsg(6673))
    las.write(path)
    (entry,) = entries(path)
    assert entry["crs"]["stated"] is True
    assert [remark["message"] for remark in entry["remarks"]] == ["doubt.name_elsewhere"]
    assert entry["sheets"]["2500"] == ["05MF513"]


def test_no_points(tmp_path: Path) -> None:
    (entry,) = entries(write(tmp_path / "a.laz", count=0))
    assert (entry["points"], entry["extent"], entry["density"], entry["classes"]) == (0, None, None, None)
    assert run(tmp_path / "a.laz").exit_code == 0


def test_extent_too_large_to_count_cells(tmp_path: Path) -> None:
    raw = np.array([[0, 50_000_000], [0, 50_000_000], [0, 0]], np.int32)
    (entry,) = entries(write(tmp_path / "a.laz", raw=raw))
    assert entry["density"] == {"points_per_m2": pytest.approx(2 / 50_000**2), "of": "extent"}


def test_every_cell_of_the_edges_is_counted(tmp_path: Path) -> None:
    """A box that begins and ends on whole metres, and points that its rounding lets lie outside."""
    raw = np.array([[0, 10_000, 10_000, 0], [0, 0, 10_000, 10_000], [0, 0, 0, 0]], np.int32)
    path = write(tmp_path / "a.las", raw=raw)
    patch(path, BOX, "dd", 44009.99, 44000.01)
    content = survey(read_header(path)).content
    assert content is not None
    assert content.cells == 4


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_class_has_a_name(language: str) -> None:
    messages.set_language(language)
    names = [class_name(code) for code in range(256)]
    assert len(set(names[:23])) == 23
    assert set(names[23:64]) == {messages.say("info.class_reserved")}
    assert set(names[64:]) == {messages.say("info.class_user")}


def test_input_that_is_missing_is_a_mistake_of_use(tmp_path: Path) -> None:
    with pytest.raises(ParameterError):
        run(tmp_path / "nothing.laz")


def test_help_loads_neither_numpy_nor_the_library() -> None:
    heavy = ("numpy", "numba", "lazrs", "laspy", "pyproj", "rasterio")
    code = f"import sys, hyogo_pc.info; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_real_files(shared_data: Path) -> None:
    found = {Path(entry["path"]).name: entry for entry in entries(shared_data / "jp_shizuoka")}
    tile = found["08OF4060_NW.laz"]
    assert tile["named_sheets"] == ["08OF4060"]
    assert tile["sheets"] == {"5000": ["08OF40"], "2500": ["08OF403"]}
    assert {entry["code"]: entry["points"] for entry in tile["classes"]} == {1: 2_000_866, 2: 572_454}
    assert tile["density"]["points_per_m2"] == pytest.approx(86.06, abs=0.01)
    assert tile["remarks"] == []
