"""What a run writes down of itself: lines of JSON for programs, and a page for people."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from runs import Delivery

from hyogo_pc.main import main
from pointcloud import messages
from pointcloud.gridding import recipe
from pointcloud.gridding.report import GridReport as Report
from pointcloud.io import put
from pointcloud.run.entries import ItemRecord, Raster, State
from pointcloud.run.record import Record
from pointcloud.run.report_page import page

SQUARE = "E0044100_S0078000"


def grid(folder: Path, out: Path, delivery: Delivery, *more: str | Path) -> int:
    return main(["grid", str(folder), "-o", str(out), "--jobs", "1", *delivery.options, *map(str, more)])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# --- log


def test_a_line_of_json_for_each_event(delivery: Delivery, tmp_path: Path) -> None:
    began = datetime.now(UTC)
    assert grid(delivery.folder, tmp_path / "out", delivery, "--log", tmp_path / "記録.jsonl") == 0
    events = lines(tmp_path / "記録.jsonl")
    assert Counter(event["event"] for event in events) == {
        "planned": 1,
        "outstanding": 1,
        "reduce": 8,
        "make": 8,
        "ended": 1,
    }
    assert [event["event"] for event in events[:2]] == ["planned", "outstanding"]
    assert (events[0]["files"], events[0]["points"], events[0]["sheets"]) == (8, 20_000, 8)
    assert events[1]["reasons"] == {"new": 8}
    assert {event["key"] for event in events if event["event"] == "make"} == set(delivery.files)
    assert {event["key"] for event in events if event["event"] == "reduce"} == {
        path.name for path in delivery.files.values()
    }
    assert all(event["seconds"] > 0 for event in events if event["event"] == "make")
    times = [datetime.fromisoformat(event["time"]) for event in events]
    assert times == sorted(times)
    assert all(abs((time - began).total_seconds()) < 120 for time in times)
    assert (events[-1]["event"], events[-1]["how"]) == ("ended", "done")


def test_a_second_run_is_added(delivery: Delivery, tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert grid(delivery.folder, tmp_path / "out", delivery, "--log", log) == 0
    first = log.read_bytes()
    assert grid(delivery.folder, tmp_path / "out", delivery, "--log", log) == 0
    assert log.read_bytes().startswith(first)
    events = lines(log)[first.count(b"\n") :]
    assert [event["event"] for event in events] == ["planned", "outstanding", "ended"]
    assert (events[1]["sheets"], events[1]["kept"]) == (0, 8)


def test_failures_are_logged_with_their_reasons(delivery: Delivery, tmp_path: Path) -> None:
    """A file that cannot be decoded, one that has no header, and what they cost."""
    folder, log = tmp_path / "in", tmp_path / "log"
    shutil.copytree(delivery.folder, folder)
    bad = folder / delivery.files[SQUARE].name
    data = bytearray(bad.read_bytes())
    middle = slice(len(data) * 2 // 3, len(data) * 2 // 3 + 40)
    data[middle] = bytes(byte ^ 0xFF for byte in data[middle])
    bad.write_bytes(data)
    (folder / "無題.laz").write_bytes(b"XXXX")
    assert grid(folder, tmp_path / "out", delivery, "--log", log) == 1
    events = lines(log)
    assert list(events[0]["bad_files"]) == [str(folder / "無題.laz")]
    (unread,) = (event for event in events if event["event"] == "bad")
    assert unread["key"] == bad.name
    assert bad.name in unread["why"]
    (failed,) = (event for event in events if event["event"] == "failed")
    assert failed["key"] == SQUARE
    assert failed["why"] == f"not made, because {bad.name} on it cannot be used"


@pytest.mark.parametrize(
    ("error", "how", "code"), [(KeyboardInterrupt(), "KeyboardInterrupt", 130), (None, "OutputError", 1)]
)
def test_the_last_line_says_how_it_ended(
    error: BaseException | None,
    how: str,
    code: int,
    delivery: Delivery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def raises(*_: object, **__: object) -> None:
        raise error or put.refusal(tmp_path / "x.tif", OSError(28, "No space left on device"))

    monkeypatch.setattr(recipe, "make_sheet", raises)
    assert grid(delivery.folder, tmp_path / "out", delivery, "--log", tmp_path / "log") == code
    last = lines(tmp_path / "log")[-1]
    assert (last["event"], last["how"]) == ("ended", how)
    assert ("the disk is full" in last["why"]) == (how == "OutputError")


def test_warnings_are_logged(delivery: Delivery, tmp_path: Path) -> None:
    folder, log = tmp_path / "in", tmp_path / "log"
    shutil.copytree(delivery.folder, folder)
    assert grid(folder, tmp_path / "out", delivery) == 0
    (folder / delivery.files[SQUARE].name).unlink()
    assert grid(folder, tmp_path / "out", delivery, "--log", log) == 0
    remarks = [event for event in lines(log) if event["event"] == "remark"]
    assert {event["message"] for event in remarks} == {"run.fewer_inputs"}
    assert all(delivery.files[SQUARE].name in event["text"] for event in remarks)


def test_a_log_that_cannot_be_written_stops_the_run_before_it_begins(
    delivery: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a file").touch()
    log = tmp_path / "a file" / "log"
    assert grid(delivery.folder, tmp_path / "out", delivery, "--log", log) == 1
    said = capsys.readouterr().err
    assert f"--log {log}: cannot be written" in said
    assert not (tmp_path / "out").exists()


# --- page


class Page(HTMLParser):
    """Reads a page: its elements, what they say, and whether each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.titles: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title" and "svg" in self.open:
            self.titles.append(data)
        elif data.strip():
            self.texts.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all elements of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]


def read(out: Path) -> Page:
    return Page((out / "report.html").read_text(encoding="utf-8"))


def test_the_page_shows_each_sheet_where_it_lies(delivery: Delivery, tmp_path: Path) -> None:
    assert grid(delivery.folder, tmp_path / "out", delivery) == 0
    shown = read(tmp_path / "out")
    places = {(float(r["x"] or 0), float(r["y"] or 0)) for r in shown.of("rect")}
    assert places == {(x, y) for x in (0.0, 225.0, 450.0, 675.0) for y in (0.0, 225.0)}
    north_west = next(k for k, r in enumerate(shown.of("rect")) if (r["x"], r["y"]) == ("0.00", "0.00"))
    assert shown.titles[north_west] == "E0044000_S0077950: made"
    assert {"8", "20,000", "8 rasters", "Parameters", "DEM_1g", "max_gap", "EPSG:6673"} <= set(shown.texts)
    assert "Failures" not in shown.texts


def test_the_page_needs_nothing_else(delivery: Delivery, tmp_path: Path) -> None:
    """No script, no file, no network: it can be sent by mail."""
    assert grid(delivery.folder, tmp_path / "out", delivery) == 0
    shown = read(tmp_path / "out")
    assert not {"script", "link", "img", "iframe", "a", "object"} & {tag for tag, _ in shown.elements}
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "http:" not in text
    assert "https:" not in text
    assert "@import" not in text
    assert "url(" not in text


def test_names_are_escaped(delivery: Delivery, tmp_path: Path) -> None:
    """A file that calls itself an element, and closes others, in a folder that does too."""
    name = "<b>&\"'<script>alert(1)< title>.laz"
    folder, out = tmp_path / "in & <i>", tmp_path / "out & <u>"
    shutil.copytree(delivery.folder, folder)
    bad = (folder / delivery.files[SQUARE].name).rename(folder / name)
    bad.write_bytes(bad.read_bytes()[:-500])
    assert grid(folder, out, delivery, "--credit", "<s>&") == 1
    shown = read(out)
    assert not {"b", "i", "u", "s", "script"} & {tag for tag, _ in shown.elements}
    assert any(name in text for text in shown.texts)
    assert f"{SQUARE}: failed: not made, because {name} on it cannot be used" in shown.titles
    assert "Failures" in shown.texts


STATES: tuple[State, ...] = ("written", "empty", "sparse", "beyond")


def a_record(out: Path) -> Record:
    """Return a record with a sheet of each state, and a failed one that holds an old raster."""
    record = Record(out, {"DEM_1g": {"crs": None, "resolutions": [1.0, 0.5]}})
    for k, state in enumerate((*STATES, "failed")):
        held: State = "written" if state == "failed" else state  # type: ignore[assignment]
        sheet = ItemRecord(f"sheet {k}", (k * 10.0, 0.0, k * 10.0 + 10, 10.0))
        sheet.rasters["DEM_1g"] = Raster(held, {}, {}, (), 1_000_000)
        sheet.failure = "a <reason> & more" if state == "failed" else ""
        record.items[sheet.code] = sheet
    return record


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            (
                "made",
                "water, or no points",
                "hardly touched, not written",
                "claimed by a header, no points",
                "failed",
            ),
        ),
        (
            "ja",
            (
                "作成済み",
                "水面、または点なし",
                "点がごくわずかで書き出さず",
                "ヘッダーの範囲だけで点なし",
                "失敗",
            ),
        ),
    ],
)
def test_every_state_has_a_colour_and_a_word(
    lang: str, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_chosen", lang)
    shown = Page(page(a_record(tmp_path), Report(tmp_path)).decode())
    assert shown.of("html")[0]["lang"] == lang
    assert len({rect["fill"] for rect in shown.of("rect")}) == 5
    wanted = [f"sheet {k}: {word}" for k, word in enumerate(words)]
    wanted[-1] += ": a <reason> & more"
    assert shown.titles == wanted
    assert {square["fill"] for square in shown.of("path")} == {rect["fill"] for rect in shown.of("rect")}
    for word in words:
        assert any(text.startswith(f"{word}: 1") for text in shown.texts)


def test_a_folder_without_sheets_has_a_page_too(tmp_path: Path) -> None:
    shown = Page(page(Record(tmp_path), Report(tmp_path)).decode())
    assert shown.of("svg") == []
    assert "Parameters" in shown.texts
