"""Damage that only decoding shows, and everything a decoder may throw."""

from __future__ import annotations

import os
import random
import struct
from pathlib import Path

import lazrs
import numpy as np
import pytest
from las_files import POINTS_AT, field, joined, patch, read, record_at, refused, same, write

from pointcloud.errors import FileError
from pointcloud.io.guard import decoding, open_input
from pointcloud.io.las import decode
from pointcloud.io.las.reader import iter_points, read_header
from pointcloud.kernels.points import canonical


def terrain(path: Path, point_format: int, count: int = 60_000) -> Path:
    """Write something like terrain in the order of a scan: it compresses as real files do."""
    rng = np.random.default_rng(3)
    at = np.arange(count)
    x = at % 400 * 500 + rng.integers(0, 300, count)
    y = at // 400 * 500 + rng.integers(0, 300, count)
    z = 200_000 + 30_000 * np.sin(at / 4000) + rng.integers(0, 15_000, count)
    return write(path, point_format, raw=np.array([x, y, z]).astype(np.int32), gps_time=at * 1e-5)


@pytest.mark.parametrize("point_format", [1, 3, 6, 7])
def test_flipped_bits_never_give_points_outside_the_box(tmp_path: Path, point_format: int) -> None:
    """A flip is refused, or harmless, or moves points within the box: only a checksum could tell the last.

    In formats 6–10, which are stored in layers, a flip in the layer of classes changes classes and no more.
    """
    path = terrain(tmp_path / "a.laz", point_format)
    header, sound, data = read_header(path), read(path), path.read_bytes()
    chosen = random.Random(point_format)
    first, last = header.points_at + 8, field(path, header.points_at, "q")
    refusals = 0
    for _ in range(40):
        damaged = bytearray(data)
        damaged[chosen.randrange(first, last)] ^= 1 << chosen.randrange(8)
        path.write_bytes(damaged)
        try:
            points = joined(read_header(path))
        except FileError as error:
            refusals += error.values["path"] == path
            continue
        assert points.count == sound.count
        assert header.limits.west <= points.e.min()
        assert points.e.max() < header.limits.east
        assert header.limits.south < points.n.min()
        assert points.n.max() <= header.limits.north
        assert points.z.min() >= 200_000 * 10 - 300_000 - 110
        assert points.z.max() <= 245_000 * 10 + 110
    assert refusals >= 12


@pytest.mark.parametrize("point_format", [1, 6])
def test_flipped_bits_of_the_chunk_table_are_refused_or_harmless(tmp_path: Path, point_format: int) -> None:
    """The decoder allocates what the table asks for: an unguarded flip there can end the process."""
    path = terrain(tmp_path / "a.laz", point_format)
    sound, data = read(path), path.read_bytes()
    table = field(path, field(path, POINTS_AT, "I"), "q")
    for bit in range(8 * table, 8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            assert same(read(path), sound)
        except FileError:
            continue


def test_flipped_bits_of_the_laszip_record_are_refused_or_harmless(tmp_path: Path) -> None:
    path = write(tmp_path / "a.laz")
    sound, data, at = read(path), path.read_bytes(), record_at(path, 22204)
    for bit in range(8 * at, 8 * (at + 40)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        try:
            assert same(read(path), sound)
        except FileError:
            continue


@pytest.mark.parametrize("layer", range(9))
@pytest.mark.parametrize("chunk", [1_000, 100_000])
def test_layer_that_claims_gigabytes_is_refused(tmp_path: Path, layer: int, chunk: int) -> None:
    path = write(tmp_path / "a.laz", count=60_000)
    patch(path, field(path, POINTS_AT, "I") + 8 + 30 + 4 + 4 * layer, "I", 2**32 - 1)
    assert refused(path, "file.chunk", chunk=chunk).values["number"] == 1


def test_last_chunk_that_claims_other_points_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.laz", count=60_000)
    patch(path, 247, "Q", 59_999)
    assert refused(path, "file.chunk").values["number"] == 2


def test_table_of_no_chunks_for_a_file_of_variable_ones_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.laz")
    patch(path, record_at(path, 22204) + 12, "I", 2**32 - 1)
    with pytest.raises(FileError):
        read(path)


class PanicException(BaseException):
    """As pyo3 raises it: not an Exception."""


@pytest.mark.parametrize(
    "thrown",
    [
        PanicException("index out of bounds"),
        ValueError("bad\nvalue"),
        struct.error("unpack requires"),
        RuntimeError("x"),
        AssertionError(),
        lazrs.LazrsError("IoError"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        EOFError(),
    ],
    ids=lambda thrown: type(thrown).__name__,
)
def test_whatever_a_decoder_throws_comes_out_as_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, thrown: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise thrown

    path = write(tmp_path / "竹田.laz")
    monkeypatch.setattr(decode.lazrs, "decompress_points_with_chunk_table", fail)
    error = refused(path, "file.decoder")
    assert type(thrown).__name__ in str(error)
    assert error.__cause__ is thrown


def test_real_panic_of_the_decoder_comes_out_as_one_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.laz", 1)
    record = read_header(path).laszip
    assert record is not None
    with pytest.raises(FileError, match="PanicException"), open_input(path), decoding(path):
        lazrs.decompress_points_with_chunk_table(bytes(10), record.data, bytearray(28), [(1, 99)])


@pytest.mark.parametrize("thrown", [KeyboardInterrupt, SystemExit, MemoryError])
def test_interrupts_and_want_of_memory_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, thrown: type[BaseException]
) -> None:
    def fail(*_: object) -> None:
        raise thrown

    path = write(tmp_path / "a.laz")
    monkeypatch.setattr(decode.lazrs, "decompress_points_with_chunk_table", fail)
    with pytest.raises(thrown):
        read(path)


@pytest.mark.parametrize("suffix", [".las", ".laz"])
def test_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", count=150_000)
    points = iter_points(read_header(path), chunk=50_000)
    next(points)
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))
    with pytest.raises(FileError, match="changed while it was read"):
        list(points)


@pytest.mark.parametrize("suffix", [".las", ".laz"])
def test_file_that_shrinks_while_it_is_read_is_named_as_changed(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", count=150_000)
    points = iter_points(read_header(path), chunk=50_000)
    next(points)
    os.truncate(path, path.stat().st_size // 3)
    with pytest.raises(FileError) as caught:
        list(points)
    assert caught.value.message == "file.changed"


@pytest.mark.parametrize("how", ["read", "readinto"])
def test_read_error_of_the_disk_is_named(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.las")
    with open_input(path) as (file, _):
        os.dup2(os.open(tmp_path, os.O_RDONLY), file.fileno())  # a folder, whose reading fails
        with pytest.raises(FileError, match=r"a\.las cannot be read: IsADirectoryError"):
            file.read() if how == "read" else file.readinto(bytearray(20_000))
        os.dup2(os.open(path, os.O_RDONLY), file.fileno())


@pytest.mark.parametrize(
    "thrown", [ValueError("a kernel"), OverflowError("a parameter"), OSError(28, "No space left", "out.tif")]
)
@pytest.mark.parametrize("suffix", [".las", ".laz"])
def test_what_is_not_the_files_fault_is_not_called_damage(
    suffix: str, thrown: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kernels are compiled while files are open, and results are written."""

    def fail(*_: object) -> None:
        raise thrown

    path = write(tmp_path / f"a{suffix}")
    with pytest.raises(type(thrown)) as caught, open_input(path):
        raise thrown
    assert caught.value is thrown
    monkeypatch.setattr(canonical, "canonical_exact", fail)
    monkeypatch.setattr(canonical, "canonical_rounded", fail)
    with pytest.raises(type(thrown)) as caught:
        read(path)
    assert caught.value is thrown


def test_what_is_not_the_files_fault_may_come_of_a_change(tmp_path: Path) -> None:
    path = write(tmp_path / "a.las")

    def fail() -> None:
        os.utime(path, ns=(1, 1))
        raise ValueError

    with pytest.raises(FileError, match="changed while it was read"), open_input(path):
        fail()
