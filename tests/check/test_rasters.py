"""Every defect of text grids and rasters is found, named and worded in both languages."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from deliveries import found, one
from grid_files import SHEET, hill, text_grid, tiff

from pointcloud.check import Report, Severity, delivery

NAME = "DEM_05LF901_1g.txt"
ROWS, COLS = 1500, 2000


def small(rows: int = 150, cols: int = 200, corner: tuple[float, float] = SHEET, **options: object) -> str:
    return text_grid(hill(rows, cols), corner, **options)


def written(tmp_path: Path, text: str, name: str = NAME) -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


def check(*inputs: Path, **options: object) -> Report:
    return delivery(inputs, **options)


@pytest.fixture(scope="module")
def sheet() -> np.ndarray:
    return np.round(np.add.outer(np.arange(ROWS)[::-1] * 0.01, np.arange(COLS) * 0.02), 2)


def test_a_sound_raster(tmp_path: Path, sheet: np.ndarray) -> None:
    path = tiff(
        tmp_path / "DEM_05LF901_1g.tif",
        sheet.astype(np.float32),
        Affine(1, 0, 40000, 0, -1, -57000),
        crs="EPSG:6673",
    )
    report = check(path)
    assert found(report) == set()
    (raster,) = report.rasters.values()
    assert (raster.sheet, raster.product, raster.cells.void, raster.lowest) == ("05LF901", "dem", 0.0, 0.0)


def test_omitted_cells_are_counted(tmp_path: Path) -> None:
    z = hill(150, 200)
    z[40, 30:40] = np.nan
    report = check(written(tmp_path, text_grid(z, (44_000, -77_550)), "DEM_05MF51QA_1g.txt"))
    cells = one(report, "check.raster_cells")
    assert (cells.values["held"], cells.values["full"], cells.severity) == (29_990, 30_000, Severity.NOTE)
    assert found(report) == {"check.raster_cells", "check.raster_no_crs"}


@pytest.mark.parametrize(("ending", "message"), [("\n", "check.raster_short"), ("", "check.raster_cut")])
def test_rows_that_are_missing(tmp_path: Path, ending: str, message: str) -> None:
    lines = small(corner=(44_000, -77_550)).splitlines()
    path = written(tmp_path, "\n".join(lines[: 200 * 120]) + ending, "DEM_05MF51QA_1g.txt")
    short = one(check(path), message)
    assert (short.values["north"], short.values["south"], short.values["west"]) == (30, 0, 0)


def test_a_line_cut_in_the_middle(tmp_path: Path) -> None:
    assert one(check(written(tmp_path, small()[:-12])), "textgrid.columns").severity == Severity.ERROR


def test_rows_beyond_the_sheet(tmp_path: Path) -> None:
    path = written(tmp_path, small(152, 200, (44_000, -77_552)), "DEM_05MF51QA_1g.txt")
    assert one(check(path), "check.raster_beyond").values["south"] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (small().replace("40010.500", "4001O.500", 1), "textgrid.letters"),
        ("E N z\n" + small(), "textgrid.header"),
        ("", "textgrid.empty"),
        (small() + "40000.500 -58499.500 99.00\n", "textgrid.twice"),
        (small(corner=(76_000, -144_000)), "convert.elsewhere"),
        (text_grid(hill(150, 200), row=lambda e, n, z: f"{n:.3f} {e:.3f} {z:.2f}"), "convert.swapped_sheet"),
        (text_grid(np.full((150, 200), 5000.0)), "textgrid.range"),
        (text_grid(np.full((150, 200), np.nan), blank="-9999.00"), "check.raster_void"),
        (small(node=True), "textgrid.nodes"),
        (small() + "40000.500 -58499.500 {first}\n", "textgrid.repeated"),
        (small(75, 100, cell=2.0), "textgrid.other_cell"),
    ],
)
def test_text_grids(tmp_path: Path, text: str, message: str) -> None:
    first = text.splitlines()[0].split()[-1] if text else ""
    one(check(written(tmp_path, text.replace("{first}", first))), message)


def test_land_below_the_sea_is_land(tmp_path: Path) -> None:
    z = np.full((150, 200), -2.5)
    report = check(written(tmp_path, text_grid(z, (44_000, -77_550)), "DEM_05MF51QA_1g.txt"))
    assert found(report) == {"check.raster_no_crs"}
    assert next(iter(report.rasters.values())).lowest == -2.5


def test_in_zips(tmp_path: Path) -> None:
    path = tmp_path / "05lf90.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("日本/DEM_05LF901_1g.txt", small())
        archive.writestr("日本/DEM_05LF902_1g.txt", small(corner=(42_000, -58_500)).encode()[:-20])
        archive.writestr("../bad.txt", small())
        archive.writestr("tile.las", b"LASF")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(path.read_bytes()[:-50])
    report = check(tmp_path)
    assert len(report.rasters) == 1
    for message in ("archive.broken", "archive.traversal", "textgrid.columns", "file.short_header"):
        one(report, message)


def test_copies_and_versions(tmp_path: Path) -> None:
    first = written(tmp_path, small(corner=(44_000, -77_550)), "DEM_05MF51QA_1g.txt")
    (tmp_path / "b").mkdir()
    copy = written(tmp_path / "b", small(corner=(44_000, -77_550)), "dem_05mf51qa_1g.TXT")
    duplicate = one(check(tmp_path), "check.duplicate_file")
    assert {duplicate.subject, duplicate.values["first"]} == {str(first), str(copy)}
    copy.write_text(text_grid(hill(150, 200, seed=1), (44_000, -77_550)), encoding="ascii")
    assert "check.overlap" in found(check(tmp_path))


def test_a_sheet_without_a_raster(tmp_path: Path) -> None:
    for col in range(3):
        for row in range(3):
            if (col, row) != (1, 1):
                corner = (44_000 + 200 * col, -77_550 - 150 * row)
                written(tmp_path, small(corner=corner), f"DEM_05MF51{'QRS'[row]}{'ABC'[col]}_1g.txt")
    assert one(check(tmp_path), "check.hole").subject == "05MF51RB"


def test_voids_with_and_without_water(tmp_path: Path) -> None:
    z = hill(150, 200)
    z[20:70, 20:70] = np.nan
    z[100:140:2, ::2] = np.nan
    path = written(tmp_path, text_grid(z, (44_000, -77_550)), "DEM_05MF51QA_1g.txt")
    report = delivery(path)
    cells = report.rasters[str(path)].cells
    assert (cells.cells, cells.empty) == (30_000, 2_500 + 2_000)
    assert 2_000 <= cells.land_empty < 2_100
    z[::2] = np.nan
    path.write_text(text_grid(z, (44_000, -77_550)), encoding="ascii")
    assert one(delivery(path), "check.raster_voids").severity == Severity.WARNING


def test_control_points_on_rasters(tmp_path: Path, sheet: np.ndarray) -> None:
    place = Affine(1, 0, 40000, 0, -1, -57000)
    path = tiff(tmp_path / "DEM_05LF901_1g.tif", sheet.astype(np.float32), place, crs="EPSG:6673")
    control = tmp_path / "control.csv"
    z = [0.02 * (e - 40000.5) + 0.01 * (n + 58499.5) for e, n in ((40100, -57200), (40100.25, -57200.5))]
    rows = [f"A,40100,-57200,{z[0] - 0.3:.4f}", f"B,40100.25,-57200.5,{z[1] - 0.3:.4f}", "C,40000.1,-58400,1"]
    control.write_text("\n".join(rows), encoding="utf-8")
    report = check(path, control=control)
    told = {r.point.name: r.difference for r in report.residuals}
    assert told == {"A": pytest.approx(0.3, abs=1e-3), "B": pytest.approx(0.3, abs=1e-3), "C": None}
    assert report.control["DEM 1 m"].count == 2
    assert one(report, "check.control_off_rasters").subject == "DEM 1 m"


def test_a_zone_at_odds_with_the_name(tmp_path: Path, sheet: np.ndarray) -> None:
    place = Affine(1, 0, 40000, 0, -1, -57000)
    path = tiff(tmp_path / "DEM_05LF901_1g.tif", sheet.astype(np.float32), place, crs="EPSG:6672")
    assert one(check(path), "convert.wrong_zone").severity == Severity.ERROR
