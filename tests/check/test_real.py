"""Real tiles: what the check says of them was looked at, and is so."""

from __future__ import annotations

from pathlib import Path

import pytest
from deliveries import found

from pointcloud.check import Severity, delivery


def test_surveyors_tile_of_a_gorge(shared_data: Path) -> None:
    report = delivery(shared_data / "jp_shizuoka" / "08OF4060_NW.laz")
    assert found(report) == {"check.no_line_ids", "check.repeated_points"}
    assert report.severity == Severity.NOTE
    (sheet,) = report.sheets.values()
    assert sheet.code == "08OF403"
    assert sheet.density == pytest.approx(85.8, abs=0.1)
    assert sheet.metre.land_void == pytest.approx(0.004, abs=0.001)


def test_flight_lines_of_real_flights(shared_data: Path) -> None:
    folders = [shared_data / "als_forest" / f"bcts_{number}.laz" for number in (1, 2)]
    folders.append(shared_data / "als_urban" / "ahn3_cropped_1.laz")
    for path in folders:
        pairs = [pair for pair in delivery(path).lines.values() if pair.count > 50]
        assert pairs
        assert all(abs(pair.mean) < 0.06 and pair.deviation < 0.08 for pair in pairs)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("1.2-with-color-clipped.las", "file.cut"),
        ("garbage_nVariableLength.las", "file.vlr_count"),
        ("4_6_crop.las", "crs.unit"),
        ("100-points.las", "crs.missing"),
    ],
)
def test_files_with_a_fault(shared_data: Path, name: str, message: str) -> None:
    report = delivery(shared_data / "formats" / name)
    assert message in found(report)
    assert report.severity == Severity.ERROR


def test_the_prefectures_own_raster(shared_data: Path) -> None:
    report = delivery(shared_data / "jp_hyogo")
    assert report.findings == []
    (raster,) = report.rasters.values()
    assert (raster.sheet, raster.product, raster.cells.empty) == ("05OF791", "dsm", 0)
