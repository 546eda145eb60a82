"""The sample tiles are sound: the check says of them what is true, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hyogo_pc.check import command
from pointcloud import messages
from pointcloud.check import Report, delivery
from pointcloud.sample import LINES

SAMPLE = Path(__file__).resolve().parents[2] / "sample_tiles"
TRUE = {"check.no_crs", "check.no_height_datum", "check.formats_mixed"}


@pytest.fixture(scope="module")
def report() -> Report:
    return delivery(SAMPLE, ground=[SAMPLE / "ground"])


def test_only_what_is_true(report: Report) -> None:
    assert {finding.code for finding in report.findings} == TRUE
    (no_crs,) = (finding for finding in report.findings if finding.code == "check.no_crs")
    assert no_crs.subject.endswith("05PE5533.laz")


def test_points_and_sheets(report: Report) -> None:
    assert report.points == 1_048_165
    assert list(report.sheets) == ["05PE551", "05PE552"]
    sheet = report.sheets["05PE551"]
    assert sheet.metre.cells == round(sheet.covered * 3_000_000) == 360_000
    assert sheet.half.cells == 4 * sheet.metre.cells


def test_flight_lines_differ_as_they_were_made_to(report: Report) -> None:
    offsets = {line.number: line.offset for line in LINES}
    assert set(report.lines) == {(1, 2), (2, 3)}
    for (a, b), found in report.lines.items():
        assert found.count > 1000
        assert found.mean == pytest.approx(offsets[b] - offsets[a], abs=0.002)
        assert 0.01 < found.deviation < 0.03
        assert found.beyond == 0


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_terminal_page_and_json_say_the_same(tmp_path: Path, language: str) -> None:
    messages.set_language(language)
    page, values = tmp_path / "報告.html", tmp_path / "報告.json"
    arguments = [str(SAMPLE / "05PE5533.laz"), "--html", str(page), "--json", str(values), "--jobs", "1"]
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 3, done.output
    told = json.loads(values.read_text(encoding="utf-8"))
    html = page.read_text(encoding="utf-8")
    assert (told["format"], told["language"], told["severity"]) == (1, language, "warning")
    for finding in told["findings"]:
        assert finding["text"] in html
        assert finding["text"] in done.stdout
