"""Damaged files, killed processes, interrupts: what is finished is whole, and what is not is named."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from runs import Delivery, begin, grid, gridded, leftovers, plugin, rasters

SQUARE = "E0044100_S0078000"
"""The square, and so the file, that something happens to."""

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="no signals here")


def flip(path: Path) -> None:
    """Change bytes among the compressed points."""
    data = bytearray(path.read_bytes())
    middle = len(data) * 2 // 3
    for place in range(middle, middle + 40):
        data[place] ^= 0xFF
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-500])


def behead(path: Path) -> None:
    path.write_bytes(b"XXXX" + path.read_bytes()[4:])


def narrow(path: Path) -> None:
    """Let the header claim a smaller box than the points fill."""
    data = bytearray(path.read_bytes())
    struct.pack_into("<d", data, 179, struct.unpack_from("<d", data, 179)[0] - 10.0)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "jobs"),
    [
        (flip, 2),
        pytest.param(flip, 1, marks=pytest.mark.soak),
        (cut, 1),
        pytest.param(cut, 2, marks=pytest.mark.soak),
        (narrow, 1),
    ],
)
def test_a_damaged_file_is_named_and_costs_its_sheets_alone(
    damage: Callable[[Path], None], jobs: int, delivery: Delivery, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    shutil.copytree(delivery.folder, folder)
    bad = folder / delivery.files[SQUARE].name
    damage(bad)
    out = tmp_path / "out"
    done = grid(folder, "-o", out, "--jobs", str(jobs), *delivery.options)
    assert done.returncode == 1
    assert f"FAILED {bad.name}: " in done.stdout
    assert f"FAILED sheet {SQUARE}: not made, because {bad.name} on it cannot be used" in done.stdout
    assert delivery.missing(out) == {SQUARE}
    assert done.stdout.count("FAILED sheet") == 1
    far = {name for name, path in rasters(out).items() if path.read_bytes() == delivery.good[name]}
    assert {name for name in rasters(out) if "E0044000" in name} <= far
    lacking = next(line for line in done.stdout.splitlines() if "lack a neighbour" in line)
    assert "E0044050_S0078000 (S, E)" in lacking
    assert leftovers(out) == []


def test_a_file_without_a_usable_header_costs_the_sheet_in_its_name(
    delivery: Delivery, tmp_path: Path
) -> None:
    """Another file lies on the sheet too; it must not be made of that alone."""
    folder = tmp_path / "in"
    shutil.copytree(delivery.folder, folder)
    bad = folder / "05MF51TA.laz"
    bad.write_bytes(b"XXXX")
    out = tmp_path / "out"
    done = grid(folder, "-o", out, "--jobs", "1", "--sheet", "250", "--max-gap", "20")
    assert done.returncode == 1
    assert f"FAILED {bad.name}: " in done.stdout
    assert f"FAILED sheet 05MF51TA: not made, because {bad.name} on it" in done.stdout
    assert rasters(out) == {}


def test_nothing_but_damaged_files(tmp_path: Path) -> None:
    """They are named, and no output folder is made or touched."""
    (tmp_path / "in").mkdir()
    for name in ("a.laz", "b.las"):
        (tmp_path / "in" / name).write_bytes(b"XXXX")
    done = grid(tmp_path / "in", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "FAILED a.laz: " in done.stdout
    assert "FAILED b.las: " in done.stdout
    assert not (tmp_path / "out").exists()


DIE = """
import os, signal
import pointcloud.pipeline as pipeline
import pointcloud.io.put as put
from pathlib import Path

marker = Path(os.environ["MARKER"])


def once():
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


if os.environ["WHERE"] == "reduce":
    whole = pipeline.reduce

    def reduce(header, *arguments, **options):
        spill = whole(header, *arguments, **options)
        if os.environ["WHAT"] in header.path.name:
            once()
        return spill

    pipeline.reduce = reduce
else:
    stage = put.stage

    def staged(folder, name, data):
        path = stage(folder, name, data)
        if os.environ["WHAT"] in name:
            once()
        return path

    put.stage = staged
"""


@needs_signals
@pytest.mark.parametrize("where", ["make", pytest.param("reduce", marks=pytest.mark.soak)])
def test_a_killed_worker_changes_nothing(where: str, delivery: Delivery, tmp_path: Path) -> None:
    what = delivery.files[SQUARE].name if where == "reduce" else f"DEM_{SQUARE}"
    marker, out = tmp_path / "marker", tmp_path / "out"
    settings = plugin(tmp_path / "plugin", DIE) | {"MARKER": str(marker), "WHERE": where, "WHAT": what}
    done = gridded(*delivery.arguments(out), **settings)
    assert marker.exists()
    assert "FAILED" not in done.stdout
    assert delivery.wrong(out) == []
    assert delivery.missing(out) == set()
    assert leftovers(out) == []


ALWAYS = """
import os
import pointcloud.gridding.worker as worker

make, reduce = worker.make_sheet, worker.reduce_file


def make_sheet(job, reduced, **options):
    if os.environ["WHAT"] == job.sheet.code:
        os._exit(3)
    return make(job, reduced, **options)


def reduce_file(header, *arguments, **options):
    if os.environ["WHAT"] == header.path.name:
        os._exit(3)
    return reduce(header, *arguments, **options)


for function in (make_sheet, reduce_file):
    function.__module__ = "pointcloud.gridding.worker"
    setattr(worker, function.__name__, function)
"""


@pytest.mark.parametrize("what", ["sheet", pytest.param("file", marks=pytest.mark.soak)])
def test_what_always_kills_its_worker_is_found_and_listed(
    what: str, delivery: Delivery, tmp_path: Path
) -> None:
    culprit = SQUARE if what == "sheet" else delivery.files[SQUARE].name
    out = tmp_path / "out"
    done = grid(*delivery.arguments(out), **plugin(tmp_path / "plugin", ALWAYS), WHAT=culprit)
    assert done.returncode == 1
    named = f"FAILED sheet {culprit}: " if what == "sheet" else f"FAILED {culprit}: "
    assert f"{named}{culprit}: the process working on it died" in done.stdout
    assert done.stdout.count("FAILED") == (1 if what == "sheet" else 2)
    assert delivery.missing(out) == {SQUARE}
    assert leftovers(out) == []


SLOW = """
import time
import pointcloud.io.put as put

stage = put.stage


def staged(folder, name, data):
    time.sleep(0.3)
    return stage(folder, name, data)


put.stage = staged
"""


def wait_for(what: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def children(process: subprocess.Popen[str]) -> list[int]:
    """Return the processes that a process has started."""
    tasks = Path(f"/proc/{process.pid}/task")
    return [int(pid) for task in tasks.glob("*/children") for pid in task.read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no list of processes here")
def test_workers_end_with_their_parent(delivery: Delivery, tmp_path: Path) -> None:
    """Killed outright, it leaves whole files; the next run cleans up and finishes."""
    out = tmp_path / "out"
    process = begin(*delivery.arguments(out), **plugin(tmp_path / "plugin", SLOW))
    try:
        wait_for(lambda: rasters(out))
        workers = children(process)
        assert len(workers) >= 2
        process.send_signal(signal.SIGKILL)
        wait_for(lambda: not any(map(alive, workers)), 5.0)
        final = {name: path.read_bytes() for name, path in rasters(out).items()}
        time.sleep(0.5)
        assert {name: path.read_bytes() for name, path in rasters(out).items()} == final
    finally:
        process.kill()
        process.communicate()
    assert final
    assert delivery.wrong(out) == []
    assert delivery.missing(out)
    gridded(*delivery.arguments(out))
    assert delivery.wrong(out) == []
    assert delivery.missing(out) == set()
    assert leftovers(out) == []


@needs_signals
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c(jobs: int, delivery: Delivery, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = begin(*delivery.arguments(out, jobs), **plugin(tmp_path / "plugin", SLOW))
    try:
        wait_for(lambda: rasters(out))
        os.killpg(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "Interrupted."
    assert "Traceback" not in said
    assert delivery.wrong(out) == []
    assert delivery.missing(out)
    assert leftovers(out) == []
    gridded(*delivery.arguments(out, jobs))
    assert delivery.wrong(out) == []
    assert delivery.missing(out) == set()


@needs_signals
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no list of processes here")
def test_ctrl_c_while_workers_start(delivery: Delivery, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = begin(*delivery.arguments(out))
    try:
        wait_for(lambda: len(children(process)) >= 2)
        os.killpg(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in said
    assert leftovers(out) == []


def test_a_second_run_in_the_same_folder_is_refused(delivery: Delivery, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = begin(*delivery.arguments(out), **plugin(tmp_path / "plugin", SLOW))
    try:
        wait_for(lambda: rasters(out))
        second = grid(*delivery.arguments(out))
        assert second.returncode == 1
        assert "another run is at work in this folder" in second.stderr
        assert process.poll() is None, "the first run goes on"
        assert {".scratch", ".hyogo-pc.lock"} <= set(leftovers(out)), "with all that it needs"
    finally:
        process.kill()
        process.communicate()
    assert delivery.wrong(out) == []
