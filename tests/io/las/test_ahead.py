"""LAZ decoded by a process of its own: the same records and errors, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import laspy
import numpy as np
import pytest
from las_files import POINTS_AT, field, joined, patch, recompress, refused, same, write

from pointcloud.errors import FileError
from pointcloud.io.las import ahead, records
from pointcloud.io.las.header import LasHeader
from pointcloud.io.las.reader import iter_points, iter_records, read_header

MANY = (ahead.SLOTS + 3) * ahead.CHUNK + 1

pytestmark = pytest.mark.usefixtures("_decoded_ahead")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that are started."""
    processes: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def noted(*args: object, **options: object) -> subprocess.Popen[bytes]:
        processes.append(popen(*args, **options))  # type: ignore[call-overload]
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)
    return processes


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of more chunks than there are slots; one point differs from the next."""
    number = np.arange(MANY, dtype=np.int32)
    raw = np.array([number % 100_000, number // 100, number % 977])
    return write(tmp_path_factory.mktemp("large") / "a.laz", raw=raw)


def begun(path: Path) -> LasHeader:
    """Begin to decode a file, and return its header."""
    ahead.begin(path)
    return read_header(path)


def decoded(header: LasHeader) -> list[np.ndarray]:
    """Return copies of the parts that come."""
    parts = ahead.decode(header)
    assert parts is not None
    return [part.copy() for part in parts]


def here(header: LasHeader) -> np.ndarray:
    with header.path.open("rb") as file:
        parts = records.read(file, header, 1_000_000, parallel=False, whole=False)
        return np.concatenate([part.copy() for part in parts])


@pytest.mark.parametrize("point_format", [0, 3, 6, 7, 8])
def test_records_are_the_same(tmp_path: Path, point_format: int) -> None:
    header = begun(write(tmp_path / "a.laz", point_format, count=60_000))
    assert np.array_equal(np.concatenate(decoded(header)), here(header))


@pytest.mark.parametrize("sizes", [[1], [70_000, 1, 450_000, 3], [1_700_000]])
def test_chunks_of_their_own_sizes_are_the_same(tmp_path: Path, sizes: list[int]) -> None:
    source = write(tmp_path / "a.las", count=sum(sizes))
    header = begun(recompress(source, tmp_path / "b.laz", sizes))
    assert np.array_equal(np.concatenate(decoded(header)), here(header))


def test_points_too_long_for_a_slot_come_in_smaller_chunks(tmp_path: Path) -> None:
    path = write(tmp_path / "a.laz", 8, count=250_000)
    las = laspy.read(path)
    las.add_extra_dim(laspy.ExtraBytesParams("more", "30u1"))
    las["more"] = np.random.default_rng(3).integers(0, 255, (len(las), 30)).astype(np.uint8)
    las.write(path)
    header = begun(path)
    assert header.record_length * header.count > ahead.SLOT
    parts = decoded(header)
    assert max(part.size for part in parts) <= ahead.SLOT
    assert np.array_equal(np.concatenate(parts), here(header))


def test_slots_are_used_again_only_when_they_are_free(large: Path) -> None:
    """The decoder could be done with all of them before the first is looked at."""
    header = begun(large)
    parts = ahead.decode(header)
    assert parts is not None
    expected = here(header)
    start = 0
    for part in parts:
        if start == 0:
            time.sleep(2.5)
        assert np.array_equal(part, expected[start : start + len(part)])
        start += len(part)
    assert start == header.count


def test_points_are_the_same(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    header = begun(write(tmp_path / "a.laz", count=60_000))
    assert same(joined(header), joined(header, parallel=False))
    assert len(started) == 1


def test_what_was_begun_serves_once_and_only_for_what_it_decodes(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    header = begun(write(tmp_path / "a.laz", count=60_000))
    assert len(list(iter_records(header, whole=True))) == 1
    joined(header, chunk=ahead.CHUNK - 1)
    joined(header, parallel=False)
    assert ahead._begun
    joined(header)
    assert not ahead._begun
    joined(header)
    assert len(started) == 1


def test_small_files_are_not_begun(
    tmp_path: Path, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.laz")
    monkeypatch.setattr(ahead, "LEAST", path.stat().st_size + 1)
    ahead.begin(path)
    assert not started
    monkeypatch.setattr(ahead, "LEAST", path.stat().st_size)
    ahead.begin(path)
    assert len(started) == 1


def test_a_damaged_file_is_refused_in_the_same_words(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    path = write(tmp_path / "a.laz", count=60_000)
    at = field(path, POINTS_AT, "I") + 8 + 30  # the points that the first chunk says it holds
    patch(path, at, "I", 12)
    ahead.begin(path)
    there = refused(path, "file.chunk")
    assert len(started) == 1
    assert str(refused(path, "file.chunk", parallel=False)) == str(there)
    assert started[0].poll() is not None


def test_what_the_decoder_throws_is_told_in_the_same_words(tmp_path: Path) -> None:
    path = write(tmp_path / "a.laz", 3, count=2000)
    patch(path, field(path, POINTS_AT, "I") + 100, "100s", bytes(100))
    ahead.begin(path)
    there = refused(path, "file.decoder")
    assert not ahead._begun
    assert str(there) == str(refused(path, "file.decoder", parallel=False))


@pytest.mark.parametrize("parallel", [False, True])
def test_points_outside_of_a_file_that_changes_meanwhile_are_no_damage(
    tmp_path: Path, parallel: bool
) -> None:
    number = np.arange(ahead.CHUNK + 50_000, dtype=np.int32)
    header = read_header(write(tmp_path / "a.laz", raw=np.array([number, number, number])))
    east, north, top = header.maxs
    ahead.begin(header.path)
    lying = replace(header, maxs=(east - 49.9, north, top))  # of which the first chunk knows nothing
    points = iter_points(lying, chunk=ahead.CHUNK, parallel=parallel)
    next(points)
    os.utime(header.path, ns=(header.modified_ns + 10**9,) * 2)
    with pytest.raises(FileError) as caught:
        next(points)
    assert caught.value.message == "file.changed"


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_decoding_goes_on_here_if_the_process_is_lost(
    taken: int, large: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    """Killed for want of memory, say: each point comes once, wherever that was."""
    wanted = np.concatenate([points.e for points in iter_points(read_header(large))])
    points = iter_points(begun(large))
    found = [next(points).e.copy() for _ in range(taken)]
    started[0].kill()
    started[0].wait()
    found += [part.e for part in points]
    assert np.array_equal(np.concatenate(found), wanted)
    assert len(started) == 1


def test_a_lost_process_makes_no_damage_sound(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    path = write(tmp_path / "a.laz", count=300_000)
    header = begun(path)
    started[0].kill()
    data = bytearray(path.read_bytes())
    data[header.points_at + 400] ^= 255
    path.write_bytes(data)
    with pytest.raises(FileError):
        list(iter_points(replace(header, modified_ns=path.stat().st_mtime_ns)))


def test_stopping_early_ends_the_process(large: Path, started: list[subprocess.Popen[bytes]]) -> None:
    points = iter_points(begun(large))
    next(points)
    assert started[0].poll() is None
    points.close()  # type: ignore[attr-defined]
    assert started[0].poll() is not None


def test_what_was_begun_and_is_not_asked_for_is_ended(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    ahead.begin(write(tmp_path / "a.laz"))
    ahead.give_up()
    assert started[0].poll() is not None


def test_what_was_begun_of_a_file_that_changed_since_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.laz", count=60_000)
    ahead.begin(path)
    first = read_header(path)
    process = ahead._begun[path].process
    while process.stdout is not None and not process.stdout.peek(1):  # type: ignore[attr-defined]
        time.sleep(0.01)
    write(path, count=70_000)
    os.utime(path, ns=(first.modified_ns + 10**9,) * 2)
    assert refused(path, "file.changed")


def test_nothing_is_begun_of_what_is_not_there(tmp_path: Path) -> None:
    ahead.begin(tmp_path / "none.laz")
    assert not ahead._begun


@pytest.mark.parametrize("why", ["refused", "embedded"])
def test_where_no_process_can_be_started_decoding_is_done_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    header = read_header(write(tmp_path / "a.laz", count=60_000))

    def refuse(*_: object, **__: object) -> None:
        assert why == "refused"
        raise OSError("no more processes")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    if why == "embedded":
        monkeypatch.setattr(sys, "executable", str(tmp_path / "qgis-bin.exe"))
    ahead.begin(header.path)
    assert not ahead._begun
    assert same(joined(header), joined(header, parallel=False))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups of this kind")
def test_ctrl_c_is_not_for_the_decoder(large: Path, started: list[subprocess.Popen[bytes]]) -> None:
    points = iter_points(begun(large))
    next(points)
    assert os.getpgid(started[0].pid) != os.getpgid(0)
    points.close()  # type: ignore[attr-defined]


ORPHAN = """
import sys, time
from pathlib import Path
from pointcloud.io.las import ahead
ahead.LEAST = 0
ahead.begin(Path(sys.argv[1]))
print(ahead._begun[Path(sys.argv[1])].process.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_decoder_ends_with_who_asked_for_it(large: Path) -> None:
    asker = subprocess.Popen([sys.executable, "-c", ORPHAN, str(large)], stdout=subprocess.PIPE)
    assert asker.stdout is not None
    state = Path("/proc", asker.stdout.readline().decode().strip(), "stat")
    assert state.exists()
    time.sleep(1.0)
    asker.send_signal(signal.SIGKILL)
    asker.wait()
    asker.stdout.close()
    for _ in range(100):
        if not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("it is still there")
