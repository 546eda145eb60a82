"""Faults at every step of writing: a final name holds a whole file, or the one before."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pointcloud.errors import OutputError
from pointcloud.io import put

OLD, NEW = b"old" * 1000, b"new" * 2000


def raising(number: int):
    def call(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return call


def use(monkeypatch: pytest.MonkeyPatch, **calls: object) -> None:
    monkeypatch.setattr(put, "SYSTEM", put.System(**calls))


def private(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix == ".part"]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    target = tmp_path / "成果 出力" / "DEM_05MF513_1g.tif"
    put.put(target, OLD)
    return target


def test_a_file_is_written_in_folders_that_are_made(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "x.tif"
    put.put(target, memoryview(NEW))
    assert target.read_bytes() == NEW
    assert private(target.parent) == []


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    put.put(tmp_path / "x", b"")
    assert (tmp_path / "x").read_bytes() == b""


def test_a_file_is_replaced(target: Path) -> None:
    put.put(target, NEW)
    assert target.read_bytes() == NEW


@pytest.mark.parametrize("step", ["open", "write", "sync", "close", "rename", "size"])
@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EIO, "reports a fault"),
        (errno.EACCES, "you may not write there"),
        (errno.EROFS, "read-only"),
        (errno.ENAMETOOLONG, "too long"),
        (errno.ENOENT, "its folder has gone"),
        (errno.EMFILE, os.strerror(errno.EMFILE)),
    ],
)
def test_a_fault_at_any_step_leaves_the_old_file_and_nothing_else(
    target: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int, words: str
) -> None:
    use(monkeypatch, **{step: raising(number)})
    with pytest.raises(OutputError, match=words) as caught:
        put.put(target, NEW)
    assert str(target) in str(caught.value)
    assert target.read_bytes() == OLD
    assert private(target.parent) == []


def test_a_disk_that_fills_up_half_way_leaves_nothing(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [1000]

    def write(handle: int, data: memoryview) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "")
        taken = min(len(data), left[0])
        left[0] -= taken
        return os.write(handle, data[:taken])

    use(monkeypatch, write=write)
    with pytest.raises(OutputError, match="the disk is full"):
        put.put(target, NEW)
    assert target.read_bytes() == OLD
    assert private(target.parent) == []


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, write=lambda handle, data: os.write(handle, data[:7]))
    put.put(tmp_path / "x", NEW)
    assert (tmp_path / "x").read_bytes() == NEW


def test_a_folder_that_cannot_be_flushed_is_reported(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, sync_folder=raising(errno.EIO))
    with pytest.raises(OutputError, match="reports a fault"):
        put.put(target, NEW)
    assert target.read_bytes() == NEW  # renamed, so whole


def test_volumes_that_know_no_flush_are_no_fault(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, sync=raising(errno.EINVAL), sync_folder=raising(errno.ENOTSUP))
    put.put(target, NEW)
    assert target.read_bytes() == NEW


def test_an_interrupt_leaves_the_old_file_and_nothing_else(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for step in ("write", "rename"):
        use(monkeypatch, **{step: interrupt})
        with pytest.raises(KeyboardInterrupt):
            put.put(target, NEW)
        assert target.read_bytes() == OLD
        assert private(target.parent) == []


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "DEM_1g").write_bytes(b"")
    with pytest.raises(OutputError, match="a file lies where its folder should be"):
        put.put(tmp_path / "DEM_1g" / "x.tif", NEW)


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="too long"):
        put.put(tmp_path / ("図" * 300) / "x.tif", NEW)


class TestWindows:
    """What only Windows does, through the same seam."""

    def test_a_file_open_elsewhere_is_tried_again(
        self, target: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tries: list[float] = []

        def rename(staged: Path, final: Path) -> None:
            if len(tries) < 3:
                raise PermissionError(errno.EACCES, "")
            staged.replace(final)

        use(monkeypatch, windows=True, rename=rename, sleep=tries.append)
        put.put(target, NEW)
        assert target.read_bytes() == NEW
        assert tries == [0.1, 0.2, 0.4]

    def test_a_file_that_stays_open_is_named(self, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        waits: list[float] = []
        use(monkeypatch, windows=True, rename=raising(errno.EACCES), sleep=waits.append)
        with pytest.raises(OutputError, match=r"another program has it open.*QGIS"):
            put.put(target, NEW)
        assert 1 < sum(waits) < 10
        assert target.read_bytes() == OLD
        assert private(target.parent) == []

    def test_a_missing_path_of_260_characters_is_too_long(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use(monkeypatch, windows=True, open=raising(errno.ENOENT))
        with pytest.raises(OutputError, match="its folder has gone"):
            put.put(tmp_path / "x.tif", NEW)
        with pytest.raises(OutputError, match="too long"):
            put.put(tmp_path / ("x" * 260), NEW)


def test_what_was_staged_elsewhere_is_checked(tmp_path: Path) -> None:
    target = tmp_path / "x.tif"
    for damage, words in ((NEW[:-1], f"{len(NEW)} bytes.*{len(NEW) - 1} were found"), (OLD * 2, "differ")):
        staged = put.stage(tmp_path, target.name, NEW)
        sha256 = put.digest(staged)
        staged.write_bytes(damage)
        with pytest.raises(OutputError, match=words):
            put.publish(staged, target, size=len(NEW), sha256=sha256)
        assert [*tmp_path.iterdir()] == []


def test_a_staged_file_that_was_swept_away_is_an_error(tmp_path: Path) -> None:
    staged = put.stage(tmp_path, "x.tif", NEW)
    put.discard(staged)
    put.discard(staged)  # twice is no fault
    with pytest.raises(OutputError, match="has gone"):
        put.publish(staged, tmp_path / "x.tif", size=len(NEW))


def test_sweeping_takes_what_others_left_and_nothing_else(tmp_path: Path) -> None:
    own = put.stage(tmp_path, "x.tif", NEW)
    script = (
        "import sys, pathlib; from pointcloud.io import put; put.stage(pathlib.Path(sys.argv[1]), 'y', b'')"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
    keep = [tmp_path / name for name in ("DEM.tif", "notes.part", ".hidden")]
    for path in keep:
        path.write_bytes(b"")
    assert len(private(tmp_path)) == 3
    assert put.sweep(tmp_path) == 1
    assert sorted(tmp_path.iterdir()) == sorted([own, *keep])
    assert put.sweep(tmp_path / "missing") == 0


WRITER = """
import sys, pathlib
from pointcloud.io import put
target = pathlib.Path(sys.argv[1])
for turn in range(10**6):
    put.put(target, bytes([turn % 256]) * (3_000_000 + turn))
    print(turn, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "x.tif"
    draw = random.Random(0)
    for _ in range(6):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(target)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(draw.uniform(0, 0.1))
        writer.kill()
        writer.communicate()
        data = target.read_bytes()
        turn = len(data) - 3_000_000
        assert data == bytes([turn % 256]) * len(data)
        put.sweep(tmp_path)
        assert [*tmp_path.iterdir()] == [target]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB; skips where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
        )
    except OSError:
        pytest.skip("no mount command")
    if mounted.returncode:
        pytest.skip("mounting is not allowed")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full(tiny_disk: Path) -> None:
    target = tiny_disk / "x.tif"
    put.put(target, bytes(600_000))
    with pytest.raises(OutputError, match="the disk is full"):
        put.put(target, bytes(700_000))
    assert target.read_bytes() == bytes(600_000)
    assert private(tiny_disk) == []
    put.put(tiny_disk / "y.tif", bytes(300_000))  # what failed takes no room


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_refuses(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="you may not write there"):
        put.put(tmp_path / "x.tif", NEW)
    tmp_path.chmod(0o700)


def test_a_file_that_another_library_wrote_is_published(target: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.tif"
    made.write_bytes(NEW)
    staged = put.adopt(target.parent, target.name, made)
    assert not made.exists()
    assert target.read_bytes() == OLD
    put.publish(staged, target, size=len(NEW))
    assert target.read_bytes() == NEW
    assert private(target.parent) == []


@pytest.mark.parametrize("step", ["sync", "rename"])
def test_a_file_that_cannot_be_adopted_leaves_nothing(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    made = tmp_path / "made.tif"
    made.write_bytes(NEW)
    use(monkeypatch, **{step: raising(errno.ENOSPC)})
    with pytest.raises(OutputError, match="disk is full"):
        put.adopt(target.parent, target.name, made)
    assert target.read_bytes() == OLD
    assert private(target.parent) == []
    assert not made.exists()
