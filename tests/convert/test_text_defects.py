"""Text grids of the field: each defect is said or mended, and nothing that is there is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from grid_files import hill, run, text_grid
from text_grids import OUT, why, wrote

from pointcloud import messages

GOOD = text_grid(hill(3, 3))
DEFECTS = {
    "letters": (GOOD + "40000.500 -58490.500 12.5O\n", "line 10", "10 行目"),
    "cut": (GOOD + "40000.500 -58490", "line 10", "10 行目"),
    "exponent": (GOOD + "40000.500 -58490.500 1.0e+02\n", "line 10", "10 行目"),
    "twice": (GOOD + "40000.500 -58499.500 99.99\n", "another height", "別の標高"),
    "between": (GOOD + "40000.600 -58490.500 1.00\n", "between the cells", "格子に載りません"),
    "spread": (GOOD + "9940000.500 -58490.500 1.00\n", "line 10", "10 行目"),
    "points": (
        "40000.11 -58400.05 1\n40003.52 -58400.91 2\n40007.9 -58400.33 2\n",
        "no grid",
        "格子になって",
    ),
    "empty": ("\n\n", "no rows", "行が一つもありません"),
    "header": ("X Y Z\n" + GOOD, "no row of numbers", "見出し"),
    "two columns": ("1 2\n", "2 columns", "2 列"),
    "utf-16": (GOOD.encode("utf-16"), "no row of numbers", "数値ではありません"),
    "binary": (bytes(range(256)) * 10, "no row of numbers", "数値ではありません"),
    "elsewhere": (text_grid(hill(3, 3), (42000, -58500)), "05LF902", "05LF902"),
    "swapped": (
        text_grid(hill(3, 3), row=lambda e, n, z: f"{n:.3f} {e:.3f} {z:.2f}"),
        "--swap",
        "--swap",
    ),
}


@pytest.mark.parametrize("defect", DEFECTS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_defects_are_said(
    defect: str, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_chosen", language)
    text, *said = DEFECTS[defect]
    found = why(tmp_path, text)
    assert said[language == "ja"] in found
    assert "DEM_05LF901_1g.txt" in found


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_zone_that_contradicts_the_name(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pointcloud.geo import crs

    monkeypatch.setattr(messages, "_chosen", language)
    said = why(tmp_path, GOOD, crs=crs.from_user("4"))
    assert {"en": "zone 5", "ja": "5 系"}[language] in said


def test_swapped_without_a_sheet_in_the_name(tmp_path: Path) -> None:
    text = text_grid(hill(3, 3), (46000, -145000), row=lambda e, n, z: f"{n:.3f} {e:.3f} {z:.2f}")
    assert "--swap" in why(tmp_path, text, "hyogo.txt")


def test_the_zone_of_hyogo_is_assumed_and_said(tmp_path: Path) -> None:
    report, listener = run(tmp_path / "out", wrote(tmp_path, GOOD, "城 跡.txt"))
    assert listener.names == ["crs.assumed_zone"]
    assert report.written[0].name == "DEM_城_跡_1g.tif"


def test_letters_far_inside_a_large_file(tmp_path: Path) -> None:
    rows, cols = 1010, 2000
    lines = [
        "".join(f"{40000.5 + c:.3f} {-58499.5 + r:.3f} 1.00\n" for c in range(cols)) for r in range(rows)
    ]
    text = "".join(lines)
    at = text.index("\n", len(text) - 20 * cols)
    said = why(tmp_path, text[:at] + "\n40000.500 -57000.500 ABC" + text[at:])
    assert f"line {text[:at].count(chr(10)) + 2:,}" in said
    assert "ABC" in said


def test_points_are_no_grid_by_name(tmp_path: Path) -> None:
    assert "points" in why(tmp_path, "1,40000.1,-58000.2,3.4,1\n", "05LF901_org.txt")


def test_what_others_made_in_a_folder_is_not_overwritten(tmp_path: Path) -> None:
    run(tmp_path / "out", wrote(tmp_path, GOOD))
    before = (tmp_path / "out" / OUT).read_bytes()
    report, _ = run(tmp_path / "out", wrote(tmp_path / "b", GOOD), vertical="EPSG:6695")
    assert "vertical: None / EPSG:6695" in next(iter(report.failed.values()))
    assert (tmp_path / "out" / OUT).read_bytes() == before


def test_two_files_of_one_name_are_not_written_over_each_other(tmp_path: Path) -> None:
    first = wrote(tmp_path / "a", GOOD)
    report, _ = run(tmp_path / "out", first, wrote(tmp_path / "b", text_grid(hill(4, 4))), jobs=1)
    assert (len(report.written), len(report.failed)) == (1, 1)


SQUARE = text_grid(hill(80, 80), (40000, -58500))


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        ("40000.500 -118469.500", "first at E 40000.500, N -118469.500"),  # a raster of 60,049 rows
        ("49000.500 -58490.500", "first at E 49000.500, N -58490.500"),
        ("99000.500 -58490.500", "first at E 99000.500, N -58490.500"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_wrong_digit(
    wrong: str, at: str, first: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One height in the next prefecture would make a raster of nothing, called usable."""
    stray = f"{wrong} 12.00\n"
    lines = SQUARE.splitlines(keepends=True)
    path = wrote(
        tmp_path, "".join([*lines[:3], stray, *lines[3:]] if first else [*lines, stray]), "hyogo.txt"
    )
    report, _ = run(tmp_path / "out", path)
    (said,) = report.failed.values()
    assert "1 heights lie" in said
    assert at in said
    monkeypatch.setenv("HYOGO_PC_LIMIT_GAP", said.rpartition("gap=")[2])
    assert run(tmp_path / "more", path)[0].failed == {}


def test_what_is_far_apart_and_right(tmp_path: Path) -> None:
    """Two places a kilometre apart, a narrow corridor on the diagonal, and a sheet of few heights and sentinels."""
    apart = SQUARE + text_grid(hill(80, 80), (40900, -58500))
    corridor = "".join(f"{40000.5 + k:.3f} {-58499.5 + k // 3:.3f} 5.00\n" for k in range(3000))
    rows = text_grid(hill(1500, 60), (40000, -60000)).splitlines(keepends=True)
    kept = "".join(
        row if number < 60 else row.rpartition(" ")[0] + " -9999.00\n" for number, row in enumerate(rows[:-1])
    )
    for number, text in enumerate((apart, corridor, kept + rows[-1])):
        report, _ = run(tmp_path / f"{number}", wrote(tmp_path, text, f"{number}.txt"))
        assert report.failed == {}
