"""Folders that are not deliveries, files that are none, names that are code."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from click.testing import CliRunner
from deliveries import WEST, check, cloud, code, found, lattice, one, tile
from grid_files import tiff

from hyogo_pc.check import command
from hyogo_pc.main import main
from pointcloud import messages
from pointcloud.check import Limits, Severity, duplicate_points, page
from pointcloud.errors import ParameterError
from pointcloud.sample import TILES

SAMPLE = Path(__file__).resolve().parents[2] / "sample_tiles"


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_nothing_to_check(tmp_path: Path, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.laz").mkdir()
    assert main(["--lang", language, "check", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
    (tmp_path / "読んでください.txt").write_text("これは説明です", encoding="utf-8")
    assert main(["--lang", language, "check", str(tmp_path)]) == 2
    assert "\n" not in capsys.readouterr().err.strip()


def test_an_input_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no such file"):
        check(tmp_path / "none")


def test_a_folder_named_like_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "x.laz"
    tile(folder)
    assert found(check(tmp_path)) == found(check(folder)) == set()


def test_what_is_no_point_cloud(tmp_path: Path) -> None:
    for name, data in {"a.las": b"", "b.laz": b"LASF", "c.las": b"\0" * 500, "d.LAZ": b"PK\3\4"}.items():
        (tmp_path / name).write_bytes(data)
    report = check(tmp_path)
    assert [finding.code for finding in report.findings] == [
        *("file.empty", "file.short_header", "file.signature", "file.signature")
    ]
    assert report.severity == Severity.ERROR


class _Tags(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)


@pytest.mark.skipif(sys.platform == "win32", reason="such names cannot be made there")
def test_names_are_escaped(tmp_path: Path) -> None:
    nasty = [
        "<script>alert(1)</script>.laz",
        "'\"><img src=x onerror=y>.las",
        "&amp;{0}%s.las",
        "図郭\u202e.las",
    ]
    for name in nasty:
        (tmp_path / name.replace("/", "∕")).write_bytes(b"LASF")
    (Path(bytes(tmp_path).decode()) / "\udcff.las").write_bytes(b"")
    report = check(tmp_path)
    assert report.count(Severity.ERROR) == 5
    made = page(report, Limits())
    parser = _Tags()
    parser.feed(made.decode("utf-8"))
    assert not parser.tags & {"script", "img", "link", "iframe"}
    assert b"<script" not in made
    assert b"http:" not in made
    assert b"https:" not in made
    done = CliRunner().invoke(command, [str(tmp_path), "--json", str(tmp_path / "r.json"), "--jobs", "1"])
    assert done.exit_code == 1
    json.loads((tmp_path / "r.json").read_bytes())


def test_a_fault_of_many_files_takes_few_lines(tmp_path: Path) -> None:
    for number in range(700):
        (tmp_path / f"{number}.las").write_bytes(b"")
    out = tmp_path / "報告" / "r.html"
    out.parent.mkdir()
    done = CliRunner().invoke(command, [str(tmp_path), "--html", str(out)])
    assert done.exit_code == 1
    assert len(done.stdout.splitlines()) < 15
    assert "697" in done.stdout
    assert len(re.findall("<tr>", out.read_text(encoding="utf-8"))) < 510


def test_points_that_are_all_noise_or_one(tmp_path: Path) -> None:
    assert "check.classes_noise" in found(check(tile(tmp_path, classification=7)))
    single = cloud(tmp_path / "one.las", lattice()[:1])
    report = check(single)
    assert report.points == 1
    assert report.severity <= Severity.WARNING


def test_degrees_and_feet_are_read_all_the_same(tmp_path: Path) -> None:
    degrees = cloud(tmp_path / "d.las", np.array([[WEST, -77_400], [WEST + 1, -77_399]]), crs="EPSG:6668")
    report = check(degrees)
    assert (report.points, len(report.sheets)) == (2, 0)
    assert "crs.geographic" in found(report)


def test_not_a_number(tmp_path: Path) -> None:
    times = np.full(30_000, np.nan)
    assert found(check(tile(tmp_path, gps_time=times))) == set()
    heights = np.full((150, 200), np.nan, np.float32)
    heights[:5], heights[5, :7] = 3.5, np.inf
    path = tiff(
        tmp_path / "DEM_05MF51QA_1g.tif", heights, Affine(1, 0, 44_000, 0, -1, -77_400), crs="EPSG:6673"
    )
    report = check(path)
    assert one(report, "check.raster_infinite").values["count"] == 7
    assert json.dumps(report.to_json(), allow_nan=False)


def test_a_huge_claim_takes_no_memory(tmp_path: Path) -> None:
    places = np.array([[44_000.5, -77_999.5], [92_000.5, -30_000.5]])
    report = check(cloud(tmp_path / "far.las", np.repeat(places, 5, axis=0)), level="2500")
    assert report.points == 10
    assert sum(sheet.points for sheet in report.sheets.values()) == 10


def test_keys_on_disk_are_the_same_as_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = np.concatenate((lattice(), lattice()[:777]))
    path = cloud(tmp_path / "a.las", places, point_format=0)
    assert one(check(path), "check.repeated_points").values["count"] == 777
    monkeypatch.setattr(duplicate_points, "_AT_ONCE", 10_000)
    assert one(check(path), "check.repeated_points").values["count"] == 777


def test_processes_say_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for row in range(2):
        for col in range(3):
            tile(folder, col, row, suffix=".laz")
    (folder / f"{code(2, 1)}.laz").write_bytes(b"LASF")
    alone, together = check(folder, jobs=1), check(folder, jobs=2)
    assert alone.to_json() == together.to_json()
    assert len(alone.sheets) == 5


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    check(SAMPLE / "05PE5533.laz")
    assert not list(tmp_path.iterdir())
    assert len(TILES) == 6
