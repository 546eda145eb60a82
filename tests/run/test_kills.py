"""Whatever command fills a folder: killed at random and resumed, it ends as one that was left alone."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from runs import environment, leftovers, tiles, town

pytestmark = pytest.mark.soak

KILLS = 20
SEED = int(os.environ.get("HYOGO_PC_SEED", time.time() // 86_400))
"""Another one each day; a failure names it."""


@dataclass(frozen=True)
class Job:
    """A command that makes many items of a folder."""

    command: tuple[str, ...]
    deliver: Callable[[Path], int]
    """Fills the folder; returns how many items that makes."""

    def run(self, folder: Path, out: Path) -> subprocess.Popen[str]:
        """Begin the command in a group of its own."""
        name, *options = self.command
        return subprocess.Popen(
            [sys.executable, "-m", "hyogo_pc", name, str(folder), "-o", str(out), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(),
            start_new_session=True,
        )


def dems(folder: Path) -> int:
    """400 sheets of 50 x 40 cells that lie side by side."""
    rng = np.random.default_rng(1)
    heights = 200.0 + np.cumsum(np.cumsum(rng.normal(0.0, 0.02, (800, 1000)), 0), 1).astype(np.float32)
    folder.mkdir()
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "nodata": -9999.0, "crs": "EPSG:6673"}
    for row in range(20):
        for col in range(20):
            part = heights[40 * row : 40 * row + 40, 50 * col : 50 * col + 50]
            place = Affine(1.0, 0.0, 45_000.0 + 50 * col, 0.0, -1.0, -77_000.0 - 40 * row)
            path = folder / f"DEM_{row:02d}{col:02d}_1g.tif"
            with rasterio.open(path, "w", width=50, height=40, transform=place, **profile) as file:
                file.write(part, 1)
    return 400


def clouds(folder: Path) -> int:
    """100 tiles of a town."""
    return len(tiles(folder, town(np.random.default_rng(2), (44_000, -78_000, 44_400, -77_600), 0.5), 40.0))


JOBS = {
    "relief": Job(("relief", "--style", "cs", "--style", "slope", "--jobs", "2"), dems),
    "classify": Job(("classify", "--window", "10", "--jobs", "2"), clouds),
}


def contents(out: Path) -> dict[str, bytes]:
    """Return what was made."""
    return {path.name: path.read_bytes() for path in out.iterdir() if path.suffix in (".tif", ".laz")}


def records(out: Path) -> dict[str, Any]:
    """Return the record of each item, without times and memory."""
    found = {}
    for path in (out / "record").glob("*.json"):
        values = json.loads(path.read_text(encoding="utf-8"))
        del values["made"]
        found[path.name] = values
    return found


def stamps(out: Path) -> dict[str, int]:
    """Return when each file that is recorded was made."""
    files = (raster["name"] for item in records(out).values() for raster in item["rasters"].values())
    return {name: (out / name).stat().st_mtime_ns for name in files}


def kill_at(process: subprocess.Popen[str], out: Path, moment: int, whom: Callable[[int, int], None]) -> None:
    """Kill a run, or its whole group, once so many items are recorded."""
    end = time.monotonic() + 300
    while process.poll() is None and len(list(out.glob("record/*.json"))) < moment:
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)
    whom(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no groups of processes here")
@pytest.mark.parametrize("name", JOBS)
def test_killed_twenty_times_and_resumed(name: str, tmp_path: Path) -> None:
    rng = random.Random(f"{SEED} {name}")
    job, folder, out = JOBS[name], tmp_path / "in", tmp_path / "out"
    count = job.deliver(folder)
    clean = job.run(folder, tmp_path / "clean")
    said, _ = clean.communicate(timeout=600)
    assert clean.returncode == 0, said
    wanted = contents(tmp_path / "clean")
    assert len(wanted) == count * (2 if name == "relief" else 1)
    amid = 0
    before: dict[str, int] = {}
    for moment in sorted(rng.sample(range(2, count), KILLS)):
        process = job.run(folder, out)
        kill_at(process, out, moment, rng.choice([os.kill, os.killpg]))
        amid += process.returncode == -signal.SIGKILL
        now = stamps(out)
        assert {name: now.get(name) for name in before} == before, f"made again, seed {SEED}"
        before = now
    assert amid >= KILLS - 2, f"kills were to come before the end, seed {SEED}"
    last = job.run(folder, out)
    said, _ = last.communicate(timeout=600)
    assert last.returncode == 0, said
    after = stamps(out)
    assert {name: after[name] for name in before} == before, f"made again, seed {SEED}"
    assert contents(out) == wanted, f"seed {SEED}"
    assert records(out) == records(tmp_path / "clean"), f"seed {SEED}"
    assert leftovers(out) == []
    for command, words in (("verify", str(len(wanted))), ("status", "finished")):
        done = subprocess.run(
            [sys.executable, "-m", "hyogo_pc", command, str(out)],
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
        )
        assert (done.returncode, words in done.stdout) == (0, True), done.stdout + done.stderr
