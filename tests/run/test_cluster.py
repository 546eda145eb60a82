"""Runs on real Dask workers: the same bytes, lost workers and schedulers, clusters that cannot be used."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from runs import Delivery, begin, environment, grid, gridded, leftovers, plugin, rasters

from pointcloud.errors import ClusterError
from pointcloud.params.grid import GridParams
from pointcloud.run import cluster

pytest.importorskip("distributed")
SQUARE = "E0044100_S0078000"
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="no signals here")


@dataclass
class Cluster:
    """A scheduler of its own, and workers."""

    folder: Path
    scheduler: subprocess.Popen[bytes]
    address: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add(self, *options: str, settings: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a worker with one thread."""
        worker = start(
            self.folder,
            "worker",
            self.address,
            "--nthreads",
            "1",
            "--memory-limit",
            "0",
            "--no-dashboard",
            "--local-directory",
            str(self.folder),
            *options,
            settings=settings,
        )
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        """End all of it."""
        for process in (*self.workers, self.scheduler):
            process.terminate()
        for process in (*self.workers, self.scheduler):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def start(
    folder: Path, role: str, *arguments: str, settings: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    with (folder / f"{role} {time.monotonic_ns()}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", role, *arguments],
            stdout=log,
            stderr=log,
            env=environment(**(settings or {})),
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler without workers."""
    folder = tmp_path / "dask"
    folder.mkdir()
    file = folder / "scheduler.json"
    scheduler = start(
        folder, "scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", ":0",
        "--scheduler-file", str(file),
    )  # fmt: skip
    for _ in range(300):
        if file.exists() and file.stat().st_size:
            break
        time.sleep(0.1)
    made = Cluster(folder, scheduler, json.loads(file.read_text())["address"])
    yield made
    made.stop()


def wait_for_rasters(out: Path, count: int) -> None:
    for _ in range(1200):
        if len(rasters(out)) >= count:
            return
        time.sleep(0.05)
    raise AssertionError(f"{len(rasters(out))} rasters after a minute")


SLOW = """
import time
import pointcloud.pipeline as pipeline

make = pipeline.make


def slow(*arguments, **options):
    time.sleep(0.7)
    return make(*arguments, **options)


pipeline.make = slow
"""


def test_two_workers_make_the_same_bytes(dask: Cluster, delivery: Delivery, tmp_path: Path) -> None:
    dask.add("--nworkers", "2")
    out = tmp_path / "out"
    gridded(*delivery.arguments(out), "--scheduler", dask.address)
    assert delivery.wrong(out) == []
    assert delivery.missing(out) == set()
    assert leftovers(out) == []


@pytest.mark.soak
@needs_signals
def test_a_worker_killed_amid_a_run_costs_nothing(dask: Cluster, delivery: Delivery, tmp_path: Path) -> None:
    slow = plugin(tmp_path / "slow", SLOW)
    first = dask.add("--no-nanny", settings=slow)
    dask.add("--no-nanny", settings=slow)
    out = tmp_path / "out"
    run = begin(*delivery.arguments(out), "--scheduler", dask.address)
    wait_for_rasters(out, 3)
    first.send_signal(signal.SIGKILL)
    said, _ = run.communicate(timeout=120)
    assert run.returncode == 0, said
    assert delivery.wrong(out) == []
    assert delivery.missing(out) == set()
    assert leftovers(out) == []


DIE = f"""
import os
import pointcloud.gridding.worker as worker

make = worker.make_sheet


def make_sheet(job, *arguments, **options):
    if job.sheet.code == {SQUARE!r}:
        os._exit(9)
    return make(job, *arguments, **options)


make_sheet.__module__ = "pointcloud.gridding.worker"
make_sheet.__qualname__ = "make_sheet"
worker.make_sheet = make_sheet
"""


@pytest.mark.soak
def test_a_sheet_that_kills_every_worker_is_found_and_the_rest_is_made(
    dask: Cluster, delivery: Delivery, tmp_path: Path
) -> None:
    """It takes two of four workers with it, not all."""
    die = plugin(tmp_path / "die", DIE)
    for _ in range(4):
        dask.add("--no-nanny", settings=die)
    out = tmp_path / "out"
    done = grid(*delivery.arguments(out), "--scheduler", dask.address)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"FAILED sheet {SQUARE}: " in done.stdout
    failed = next(line for line in done.stdout.splitlines() if "FAILED sheet" in line)
    assert "the process working on it died, twice" in failed
    assert delivery.missing(out) == {SQUARE}
    assert delivery.wrong(out) == []
    assert [worker.poll() is None for worker in dask.workers].count(True) == 2


@pytest.mark.soak
@needs_signals
def test_a_killed_scheduler_is_said_and_another_run_takes_over(
    dask: Cluster, delivery: Delivery, tmp_path: Path
) -> None:
    slow = plugin(tmp_path / "slow", SLOW)
    for _ in range(2):
        dask.add("--no-nanny", settings=slow)
    out = tmp_path / "out"
    run = begin(*delivery.arguments(out), "--scheduler", dask.address)
    wait_for_rasters(out, 3)
    dask.scheduler.send_signal(signal.SIGKILL)
    said, _ = run.communicate(timeout=120)
    assert run.returncode == 1, said
    assert f"{dask.address}: the Dask scheduler is gone" in said
    assert "Traceback" not in said
    made = set(rasters(out))
    assert 3 <= len(made) < len(delivery.good)
    times = {name: path.stat().st_mtime_ns for name, path in rasters(out).items()}
    dask.stop()
    gridded(*delivery.arguments(out, jobs=1))
    assert delivery.wrong(out) == []
    assert delivery.missing(out) == set()
    assert leftovers(out) == []
    kept = {name for name in made if rasters(out)[name].stat().st_mtime_ns == times[name]}
    assert len(kept) >= len(made) - 3, "what was finished is not made again"


def test_no_scheduler(delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT", 1)
    with pytest.raises(ClusterError, match="no Dask scheduler answers there"):
        cluster.DaskPool("tcp://127.0.0.1:1", tmp_path, GridParams())


def test_no_worker(dask: Cluster, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="no worker that can be used"):
        cluster.DaskPool(dask.address, tmp_path, GridParams(), patience=0.1)


def test_a_worker_of_another_version_is_refused(dask: Cluster, tmp_path: Path) -> None:
    other = "import pointcloud.version\npointcloud.version.__version__ = '0.0.1'\n"
    dask.add(settings=plugin(tmp_path / "other", other))
    with pytest.raises(ClusterError, match=r"last refused: tcp://.*: hyogo-pc 0\.0\.1"):
        cluster.DaskPool(dask.address, tmp_path, GridParams(), patience=30)


def test_a_worker_that_does_not_see_the_folder_says_so(tmp_path: Path) -> None:
    assert cluster.probe(str(tmp_path / "gone"), "probe-1") == (cluster.__version__, False)
    (tmp_path / "probe-1").write_text("probe-1", encoding="utf-8")
    assert cluster.probe(str(tmp_path), "probe-1") == (cluster.__version__, True)
    assert [path.name for path in tmp_path.iterdir()] == ["probe-1"]
