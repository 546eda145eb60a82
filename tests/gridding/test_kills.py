"""A run that is killed again and again ends as one that was left alone, and repeats only what was in flight."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runs import begin, gridded, leftovers, plugin, tiles, town

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no list of processes here"),
]

BOUNDS = (44_000.0, -78_000.0, 44_400.0, -77_600.0)
SHEETS = 64
OPTIONS = ("--sheet", "none", "--tile-size", "50", "--max-gap", "20", "--water-gap", "10")
JOBS = 2
SLOTS = JOBS + 1
"""Tasks in flight at a time."""
MOMENTS = (3, 13, 23, 33, 43, 53, 61)
"""Sheets made when a kill comes: 5 % to 95 % of all."""

WATCH = """
import os, time
import pointcloud.io.put as put
import pointcloud.gridding.worker as worker

make, stage = worker.make_sheet, put.stage


def note(*words):
    handle = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(handle, (" ".join(map(str, words)) + "\\n").encode())
    os.close(handle)


def make_sheet(job, reduced, **options):
    note("begin", os.getpid(), job.sheet.code)
    made = make(job, reduced, **options)
    note("end", os.getpid(), job.sheet.code)
    return made


def staged(folder, name, data):
    path = stage(folder, name, data)
    time.sleep(0.03)  # so that kills meet sheets of which a part is staged
    return path


make_sheet.__module__ = "pointcloud.gridding.worker"
worker.make_sheet, put.stage = make_sheet, staged
"""
"""Makes each worker note which sheets it begins and ends."""


@dataclass
class Soak:
    """A delivery of many small sheets, its undisturbed outcome, and a run that is to be killed."""

    folder: Path
    clean: Path
    out: Path

    @property
    def settings(self) -> dict[str, str]:
        """What makes its processes take notes."""
        return plugin(self.out.parent / "plugin", WATCH) | {"NOTES": str(self.notes)}

    @property
    def notes(self) -> Path:
        """The file of these notes."""
        return self.out.parent / "notes"

    @property
    def log(self) -> Path:
        """The file of the run's own log."""
        return self.out.parent / "log"

    @property
    def arguments(self) -> tuple[str | Path, ...]:
        """The command, the same each time."""
        return (self.folder, "-o", self.out, "--jobs", str(JOBS), "--log", self.log, *OPTIONS)

    def events(self) -> list[dict[str, Any]]:
        """Return the events logged so far; a kill may have cut off the last."""
        text = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def made(self) -> Counter[str]:
        """Return how often each sheet was made and recorded."""
        return Counter(event["key"] for event in self.events() if event["event"] == "make")

    def begun(self) -> dict[str, str]:
        """Return the sheets begun and not ended, by the worker at them."""
        found: dict[str, str] = {}
        for line in self.notes.read_text().splitlines() if self.notes.exists() else ():
            what, pid, code = line.split()
            if what == "begin":
                found[pid] = code
            else:
                found.pop(pid, None)
        return found

    def begins(self) -> int:
        """Return how often a worker began a sheet."""
        return sum(line.startswith("begin") for line in self.notes.read_text().splitlines())


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The delivery, and what an undisturbed run makes of it."""
    folder = tmp_path_factory.mktemp("soak")
    parts = tiles(folder / "in", town(np.random.default_rng(5), BOUNDS, 0.5), 50.0)
    assert len(parts) == SHEETS
    gridded(folder / "in", "-o", folder / "out", "--jobs", "1", *OPTIONS)
    return folder


@pytest.fixture
def soak(clean: Path, tmp_path: Path) -> Soak:
    return Soak(clean / "in", clean / "out", tmp_path / "out")


def wait_for_sheet_in_flight(soak: Soak, process: subprocess.Popen[str], moment: int) -> dict[str, str]:
    """Wait until so many sheets are made and a worker that lives is at another; return who is at which."""
    end = time.monotonic() + 120
    while process.poll() is None:
        assert time.monotonic() < end, "waited in vain"
        if len(soak.made()) >= moment:
            alive = {pid: code for pid, code in soak.begun().items() if Path(f"/proc/{pid}").exists()}
            if alive:
                return alive
        time.sleep(0.01)
    pytest.fail("the run ended before its time: " + process.communicate()[0])


def recorded(out: Path) -> Iterator[tuple[str, Any]]:
    """Yield the records in a folder, without times, memory, and which process it was."""
    for path in sorted(out.glob("record/*.json")):
        values = json.loads(path.read_text(encoding="utf-8"))
        assert set(values["made"]) == {"finished", "software", "seconds", "peak_mib"}
        values["made"] = values["made"]["software"]
        for raster in values["rasters"].values():
            for each in raster["inputs"]:
                del each["modified_ns"]
        yield path.name, values
    values = json.loads((out / "hyogo-pc.json").read_text(encoding="utf-8"))
    assert values["run"].pop("ended_as") == "done"
    yield "hyogo-pc.json", (values["schema"], values["parameters"])


def contents(out: Path) -> dict[str, bytes]:
    """Return rasters, mosaics, overviews and pictures."""
    kinds = {".tif", ".vrt", ".png"}
    return {
        path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.suffix in kinds
    }


def assert_as_undisturbed(soak: Soak) -> None:
    found, wanted = contents(soak.out), contents(soak.clean)
    assert sum(name.endswith("_1g.tif") for name in wanted) == 3 * SHEETS
    assert sorted(found) == sorted(wanted)
    assert [name for name in wanted if found[name] != wanted[name]] == []
    assert dict(recorded(soak.out)) == dict(recorded(soak.clean))
    assert leftovers(soak.out) == []


@pytest.mark.parametrize("whom", ["parent", "group"])
def test_killed_seven_times_and_resumed(whom: str, soak: Soak) -> None:
    """Each run goes on where the one before was killed, with the same command."""
    in_flight = begins = 0
    for moment in MOMENTS:
        process = begin(*soak.arguments, **soak.settings)
        try:
            wait_for_sheet_in_flight(soak, process, moment)
        finally:
            (os.kill if whom == "parent" else os.killpg)(process.pid, signal.SIGKILL)
            process.communicate(timeout=60)  # workers hold its pipe: they have ended with it
        assert process.returncode == -signal.SIGKILL
        in_flight += bool(soak.begun())
        begins += soak.begins()
        soak.notes.write_text("")
    assert in_flight >= 5, "most of the kills were to meet a sheet amid its making"
    gridded(*soak.arguments, **soak.settings)
    assert_as_undisturbed(soak)

    assert SHEETS < begins + soak.begins() <= SHEETS + len(MOMENTS) * SLOTS
    assert set(soak.made().values()) == {1}, "what is logged as made is made once"
    runs = [event for event in soak.events() if event["event"] == "outstanding"]
    assert len(runs) == len(MOMENTS) + 1
    assert runs[0]["sheets"] == SHEETS
    made = 0
    for k, run in enumerate(runs):
        assert run["kept"] + run["sheets"] == SHEETS
        assert made <= run["kept"] <= made + k, (
            "a kill may come after a sheet's record and before its log line"
        )
        made += sum(1 for event in of_run(soak.events(), k) if event["event"] == "make")


def of_run(events: list[dict[str, Any]], number: int) -> Iterator[dict[str, Any]]:
    """Yield the events of one of the runs in a log."""
    run = -1
    for event in events:
        run += event["event"] == "planned"
        if run == number:
            yield event


def test_workers_killed_seven_times(soak: Soak) -> None:
    """The run goes on by itself: what was in flight is tried once more, one at a time."""
    process = begin(*soak.arguments, **soak.settings)
    in_flight = 0
    try:
        for moment in MOMENTS:
            pid, code = next(iter(wait_for_sheet_in_flight(soak, process, moment).items()))
            os.kill(int(pid), signal.SIGKILL)
            in_flight += soak.begun().get(pid) == code
        said, _ = process.communicate(timeout=120)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0, said
    assert "FAILED" not in said
    assert in_flight >= 5, "most of the kills were to meet a sheet amid its making"
    assert_as_undisturbed(soak)
    assert Counter(soak.made().values()) == {1: SHEETS}
    assert SHEETS + in_flight <= soak.begins() <= SHEETS + len(MOMENTS) * SLOTS


def test_killed_while_the_mosaics_are_made(soak: Soak) -> None:
    """All sheets are recorded: the next run makes none, and what belongs to the whole."""
    process = begin(*soak.arguments, **soak.settings)
    end = time.monotonic() + 120
    try:
        while len(soak.made()) < SHEETS or not list(soak.out.glob("*.vrt")):
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.01)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    gridded(*soak.arguments, **soak.settings)
    assert soak.begins() == SHEETS
    assert_as_undisturbed(soak)
