"""Many sheets: what a second process brings, what a run keeps and holds, what `plan` foretells, what a sheet costs.

    python benchmarks/run.py [--folder FOLDER] [--quick]

Makes a delivery of 6 x 6 sheets of the 1000 level (70 M points at 4/m²) and smaller ones, grids them with one process
and two, and prints wall seconds, points decoded, scratch and memory. Two runs side by side, which share nothing but the
machine, tell what a second process could bring at most. Then 3,000 sheets: `plan`, and a run whose work is empty, on
local processes and on a Dask scheduler with two workers.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from make_tile import benchmark_tile
from process import Cost, measure

from pointcloud.geo import sheets
from pointcloud.geo.lattice import Box
from pointcloud.params.grid import GridParams
from pointcloud.run.entries import ItemRecord
from pointcloud.run.loop import Task, run
from pointcloud.run.pools import ProcessPool
from pointcloud.run.record import Record

CORNER = (20_000, -165_000)
"""West and north edge of every delivery: sheets in the open sea."""

SIX = ("-r", "1", "-r", "0.5")
COUNT = 3_000


def delivery(folder: Path, level: str, side: int, density: float) -> Path:
    """Make ``side`` x ``side`` tiles of a level, one a sheet, unless they are there."""
    width, height = sheets.size(level)
    for row in range(side):
        for col in range(side):
            west, north = CORNER[0] + col * width, CORNER[1] - row * height
            box = Box.from_metres(west, north - height, west + width, north)
            path = folder / f"tile {row} {col}.laz"
            if not path.exists():
                folder.mkdir(parents=True, exist_ok=True)
                part = path.with_suffix(".part.laz")
                benchmark_tile(part, sheet_box=box, density=density, seed=row * side + col)
                part.rename(path)
    return folder


@dataclass
class Outcome:
    """What a run cost, what its log says, and the most bytes that its scratch held."""

    cost: Cost
    events: list[dict[str, Any]]
    scratch: int
    peak: int


def grid_run(tiles: Path, out: Path, level: str, jobs: int) -> Outcome:
    """Grid a delivery into a fresh folder."""
    shutil.rmtree(out, ignore_errors=True)
    log = out.with_suffix(".log")
    log.unlink(missing_ok=True)
    program = (sys.executable, "-m", "hyogo_pc", "grid", tiles, "-o", out, "--sheet", level, *SIX)
    with watched(out / ".scratch") as most:
        cost = measure([*map(str, program), "--jobs", str(jobs), "--log", str(log)])
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    made = Record.load(out).items.values()
    return Outcome(cost, events, most[0], max(sheet.made["peak_mib"] for sheet in made))


@contextmanager
def watched(folder: Path) -> Iterator[list[int]]:
    """Give the most bytes that a folder held, looking ten times a second."""
    most, done = [0], threading.Event()

    def look() -> None:
        while not done.wait(0.1):
            total = 0
            for parent, _, names in os.walk(folder):  # which passes over what vanishes meanwhile
                for name in names:
                    with suppress(OSError):
                        total += (Path(parent) / name).stat().st_size
            most[0] = max(most[0], total)

    thread = threading.Thread(target=look)
    thread.start()
    yield most
    done.set()
    thread.join()


def scale(folder: Path, side: int) -> None:
    """Print what two processes bring over one, and what was foretold."""
    tiles = delivery(folder / f"1000 {side}", "1000", side, 4.0)
    plan = folder / "plan.json"
    foretold = {}
    for jobs in (1, 2):
        options = ("--sheet", "1000", *SIX, "--jobs", str(jobs), "--json", str(plan))
        measure([sys.executable, "-m", "hyogo_pc", "plan", str(tiles), "-o", str(folder / "no"), *options])
        foretold[jobs] = json.loads(plan.read_text(encoding="utf-8"))
    runs = {jobs: grid_run(tiles, folder / f"out {jobs}", "1000", jobs) for jobs in (1, 2)}
    one, two = runs[1], runs[2]
    points = foretold[1]["points"]
    print(f"{side * side} sheets, {points / 1e6:.1f} M points, six rasters each")
    for jobs, outcome in runs.items():
        seconds = foretold[jobs]["seconds"]
        print(
            f"  {jobs} processes: {outcome.cost.wall:.1f} s, foretold {seconds:.1f} s"
            f" ({seconds / outcome.cost.wall - 1:+.0%})"
        )
    print(f"  two processes are {one.cost.wall / two.cost.wall:.2f} times one")
    with ThreadPoolExecutor(2) as pool:
        start = time.perf_counter()
        list(pool.map(lambda name: grid_run(tiles, folder / name, "1000", 1), ("out 3", "out 4")))
        both = time.perf_counter() - start
    print(
        f"  two runs of one process each, side by side, do {2 * one.cost.wall / both:.2f} times the work of one"
    )
    read = [event["key"] for event in two.events if event["event"] == "reduce"]
    print(f"  files decoded {len(read)}, of {len(set(read))}: {len(read) / len(set(read)):.2f} times each")
    row = foretold[2]["scratch"] / 1e6
    print(f"  scratch at most {two.scratch / 1e6:.0f} MB (foretold {row:.0f} MB)")


def memory(folder: Path) -> None:
    """Print the peak of any process over numbers of sheets and densities."""
    print("peak of a process, two processes, sheets of 400 x 300 m, six rasters")
    for side, density in ((2, 4.0), (8, 4.0), (2, 40.0)):
        tiles = delivery(folder / f"500 {side} {density:g}", "500", side, density)
        outcome = grid_run(tiles, folder / "out m", "500", 2)
        print(f"  {side * side:3d} sheets of {density:g}/m²: {outcome.peak} MiB")


def plan_of_many(folder: Path) -> None:
    """Print what `plan` costs for so many sheets of which there are no data."""
    width, height = sheets.size("2500")
    cols, rows = 50, COUNT // 50
    box = f"0,{-rows * height},{cols * width},0"
    command = [
        sys.executable,
        "-m",
        "hyogo_pc",
        "plan",
        "--area",
        box,
        "--crs",
        "EPSG:6673",
        "--density",
        "4",
    ]
    costs = [measure([*command, *SIX, "-o", str(folder / "no")]) for _ in range(3)]
    wall, peak = (statistics.median(getattr(cost, key) for cost in costs) for key in ("wall", "peak"))
    print(f"plan of {COUNT:,} sheets without data: {wall:.1f} s, {peak:.0f} MiB")


def nothing(*_: object, **__: object) -> None:
    """Take the place of all work."""


class Empty:
    """Steps whose tasks do nothing, but are recorded."""

    def __init__(self, out: Path) -> None:
        self.record = Record(out)

    def reduce(self, file: str) -> Task:
        return Task("reduce", file, nothing, ())

    def make(self, sheet: str) -> Task:
        return Task("make", sheet, nothing, ())

    def reduced(self, file: str, result: Any) -> None:
        pass

    def made(self, sheet: str, result: Any) -> None:
        self.record.put(ItemRecord(sheet, (0.0, 0.0, 1.0, 1.0)))

    def failed(self, kind: str, key: str, error: BaseException | None) -> None:
        raise RuntimeError(f"{key}: {error}")

    def release(self, file: str) -> None:
        pass


def empty_run(folder: Path, name: str, open_pool: Callable[[Path], Any]) -> None:
    """Print what a sheet costs whose work is empty: its file, itself, its record."""
    cols = 50
    needs = {
        f"{row:03d}{col:03d}": [
            f"{r:03d}{c:03d}"
            for r in range(max(row - 1, 0), min(row + 2, COUNT // cols))
            for c in range(max(col - 1, 0), min(col + 2, cols))
        ]
        for row in range(COUNT // cols)
        for col in range(cols)
    }
    out = folder / f"empty {name}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    pool = open_pool(out)
    ready: Future[Any] = pool.submit(nothing)
    ready.result()
    start = time.perf_counter()
    run(list(needs), needs, Empty(out), pool)
    seconds = time.perf_counter() - start
    pool.close()
    print(f"{COUNT:,} sheets of empty work, {name}: {seconds:.1f} s, {seconds / COUNT * 1000:.1f} ms a sheet")
    Record(out).start(COUNT)
    start = time.perf_counter()
    Record.load(out)
    print(f"  their record is read in {time.perf_counter() - start:.2f} s")


@contextmanager
def dask(folder: Path) -> Iterator[str]:
    """Give the address of a scheduler with two workers."""
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    quiet: Mapping[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": os.environ}
    program = (sys.executable, "-m", "dask")
    scheduler = ("scheduler", "--port", "0", "--dashboard-address", ":0", "--scheduler-file", str(file))
    processes = [subprocess.Popen([*program, *scheduler], **quiet)]
    while not (file.exists() and file.stat().st_size):
        time.sleep(0.1)
    address = json.loads(file.read_text())["address"]
    worker = ("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0")
    processes += [
        subprocess.Popen([*program, *worker, "--local-directory", str(folder)], **quiet) for _ in range(2)
    ]
    yield address
    for process in reversed(processes):
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--quick", action="store_true", help="smaller deliveries")
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="hyogo-pc-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    plan_of_many(folder)
    empty_run(folder, "two local processes", lambda _: ProcessPool(2))
    with dask(folder) as address:
        from pointcloud.run.cluster import DaskPool

        empty_run(folder, "two Dask workers", lambda out: DaskPool(address, out, GridParams()))
    scale(folder, 3 if chosen.quick else 6)
    memory(folder)
    if chosen.folder is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
