"""Disks that are full, faulty or forbidden: a clear message, whole files under final names, and nothing else."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from runs import SAMPLE, Delivery, grid, gridded, leftovers, rasters

from hyogo_pc.main import main
from pointcloud import pipeline
from pointcloud.errors import OutputError
from pointcloud.io import put
from pointcloud.io.las.reader import read_header
from pointcloud.params.grid import GridParams


def fails(number: int, after: int, call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a call to the system that is refused from the one after ``after`` on."""
    calls = 0

    def refused(*arguments: object) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            raise OSError(number, os.strerror(number))
        return call(*arguments)

    return refused


@pytest.mark.parametrize(
    ("step", "number", "said"),
    [
        ("write", errno.ENOSPC, "the disk is full"),
        ("write", errno.EIO, "reports a fault"),
        ("sync", errno.ENOSPC, "the disk is full"),
        ("open", errno.EROFS, "the disk is read-only"),
        ("rename", errno.EIO, "reports a fault"),
    ],
)
def test_a_disk_that_refuses_ends_the_run(
    step: str,
    number: int,
    said: str,
    delivery: Delivery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In the middle of the third sheet: what was finished before is whole and recorded, and stays."""
    out = tmp_path / "out"
    before = 7 if step != "rename" else 8  # a sheet is three rasters and its record
    with monkeypatch.context() as patch:
        patch.setattr(put.SYSTEM, step, fails(number, before, getattr(put.SYSTEM, step)))
        code = main(["grid", *map(str, delivery.arguments(out, 1))])
        printed = capsys.readouterr()
    assert code == 1
    assert said in printed.err
    assert "Traceback" not in printed.err
    assert delivery.wrong(out) == []
    assert 0 < len(rasters(out)) < len(delivery.good)
    assert leftovers(out) == []
    assert main(["grid", *map(str, delivery.arguments(out, 1))]) == 0
    assert delivery.missing(out) == set()


def test_a_file_that_cannot_be_replaced_costs_its_sheet_alone(
    delivery: Delivery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As on Windows, while a viewer has it open."""
    out = tmp_path / "out"
    square = sorted(delivery.files)[3]
    rename = put.SYSTEM.rename

    def denied(source: Path, target: Path) -> None:
        if target.name == f"DEM_{square}_1g.tif":
            raise PermissionError(errno.EACCES, "in use")
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(put.SYSTEM, "windows", True)
        patch.setattr(put.SYSTEM, "sleep", lambda _: None)
        patch.setattr(put.SYSTEM, "rename", denied)
        code = main(["grid", *map(str, delivery.arguments(out, 1))])
    said = capsys.readouterr().out
    assert code == 1
    assert f"FAILED sheet {square}: " in said
    assert "another program has it open" in said
    assert delivery.wrong(out) == []
    assert set(delivery.good) - set(rasters(out)) == {f"DEM_{square}_1g.tif", f"CS_{square}_1g.tif"}
    assert leftovers(out) == []


def test_a_spill_that_finds_no_room_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is at fault, not the input."""
    header = read_header(SAMPLE / "05PE5533.laz")
    path = tmp_path / "0.spill"

    class Full(type(path)):  # type: ignore[misc]
        def open(self, *arguments: Any, **options: Any) -> Any:
            file = super().open(*arguments, **options)
            if "w" in arguments[0]:
                file.close()
                return _Full(self)
            return file

    with pytest.raises(OutputError) as caught:
        pipeline.reduce(header, GridParams().reduce, scratch=Full(path))
    assert caught.value.message == "output.disk_full"
    assert list(tmp_path.iterdir()) == []


class _Full:
    """A file on a disk with little room."""

    def __init__(self, path: Path) -> None:
        self.file = open(path, "wb", buffering=0)  # noqa: PTH123, SIM115
        self.close, self.tell = self.file.close, self.file.tell

    def write(self, data: memoryview) -> int:
        if self.file.tell() > 50_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self.file.write(data[:20_000])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB; skips where none can be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if not mount or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_full_disk(jobs: int, delivery: Delivery, small_disk: Path, tmp_path: Path) -> None:
    """Really full: spills or rasters find no room; with more of it the same command finishes."""
    out = small_disk / "out"
    (small_disk / "ballast").write_bytes(bytes(4 * 2**20 - 150_000))
    done = grid(*delivery.arguments(out, jobs))
    assert done.returncode == 1
    assert "the disk is full" in done.stderr
    assert delivery.wrong(out) == []
    assert len(rasters(out)) < len(delivery.good)
    assert leftovers(out) == []
    (small_disk / "ballast").unlink()
    gridded(*delivery.arguments(out, jobs))
    assert delivery.missing(out) == set()


@pytest.mark.skipif(sys.platform == "win32", reason="folders are not closed by modes there")
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_folder_that_cannot_be_written(lang: str, delivery: Delivery, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    if os.geteuid() == 0:  # root may write anywhere but where the system forbids it
        closed = Path("/proc/self/closed")
    else:
        closed.mkdir(mode=0o555)
    done = grid("--lang", lang, *delivery.arguments(closed / "out", 1))
    assert done.returncode == 1
    assert str(closed / "out") in done.stderr
    assert {"en": "cannot be made or written", "ja": "作成または書き込みできません"}[lang] in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2


def test_a_file_in_place_of_the_output_folder(delivery: Delivery, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    done = grid(*delivery.arguments(tmp_path / "out", 1))
    assert done.returncode == 2
    assert "out" in done.stderr
    done = grid(*delivery.arguments(tmp_path / "out" / "in it", 1))
    assert done.returncode == 1
    assert "cannot be made or written" in done.stderr
    assert (tmp_path / "out").read_text() == "a file"


@pytest.mark.soak
def test_without_a_place_for_compiled_code(delivery: Delivery, tmp_path: Path) -> None:
    """Slower, with a note, and the same bytes."""
    (tmp_path / "file").write_text("no folder")
    cache = {"HYOGO_PC_CACHE": str(tmp_path / "file" / "cache")}
    done = gridded(*delivery.arguments(tmp_path / "out", 1), **cache)
    assert "no folder for compiled code can be written" in done.stderr
    assert delivery.wrong(tmp_path / "out") == []
    assert delivery.missing(tmp_path / "out") == set()
