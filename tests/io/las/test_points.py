"""Points: quanta, classes and flags, the same however they are decoded."""

from __future__ import annotations

import gc
import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import laspy
import numpy as np
import pytest
from las_files import (
    FORMAT,
    POINTS_AT,
    field,
    joined,
    patch,
    preferred,
    read,
    recompress,
    record_at,
    refused,
    same,
    write,
)

from pointcloud.errors import FileError
from pointcloud.io import guard
from pointcloud.io.las import decode
from pointcloud.io.las.reader import file_sha256, iter_points, read_header

RNG = np.random.default_rng(7)
EXTREMES = np.array([-(2**31) + 1, -(2**31) + 2, -1, 0, 1, 2**31 - 2, 12345, -54321], np.int32)


def half_even(raw: int, scale: str, offset: str) -> int:
    """Return a coordinate in quanta, by exact arithmetic on decimal numbers."""
    return round((raw * Fraction(scale) + Fraction(offset)) * 10_000)


@pytest.mark.parametrize("offset", ["0", "44000", "-78000", "-1234567.8901", "0.0001"])
@pytest.mark.parametrize("scale", ["1", "0.1", "0.01", "0.001", "0.0001", "0.0025"])
def test_whole_quanta_are_exact(tmp_path: Path, scale: str, offset: str) -> None:
    few = EXTREMES if float(scale) <= 0.001 else EXTREMES // 2**16
    raw = np.array([few, few[::-1], few // 2**5])
    height = offset if abs(float(offset)) < 1e5 else "-12.3456"
    shifts = float(offset), float(offset), float(height)
    points = read(write(tmp_path / "a.las", scale=float(scale), offset=shifts, raw=raw))
    columns = zip((points.e, points.n, points.z), raw, (offset, offset, height), strict=True)
    for values, column, shift in columns:
        assert values.tolist() == [half_even(int(value), scale, shift) for value in column]


@pytest.mark.parametrize("scale", [0.00025, 1e-6, 0.0003, 1 / 3, 0.0010000000474974513])
@pytest.mark.parametrize("offset", [-78000.0, 0.00005, 1234.56789])
def test_other_scales_round_half_to_even_in_float64(tmp_path: Path, scale: float, offset: float) -> None:
    raw = RNG.integers(-100_000, 100_000, (3, 2000)).astype(np.int32)
    points = read(write(tmp_path / "a.las", scale=scale, offset=(offset,) * 3, raw=raw))
    for values, column in zip((points.e, points.n, points.z), raw, strict=True):
        assert np.array_equal(values, np.rint((column * scale + offset) * 10_000).astype(np.int64))


def test_ties_go_to_the_even_quantum(tmp_path: Path) -> None:
    raw = np.array([[1, 3, 5, 7, -1, -3]] * 3, np.int32)
    points = read(write(tmp_path / "a.las", scale=0.00005, offset=(0, 0, 0), raw=raw))
    assert points.e.tolist() == [0, 2, 2, 4, 0, -2]


def test_one_point_is_the_same_in_files_of_two_scales(tmp_path: Path) -> None:
    centimetres = RNG.integers(0, 10_000, (3, 500)).astype(np.int32)
    coarse = read(write(tmp_path / "a.las", scale=0.01, offset=(100, 200, 0), raw=centimetres))
    fine = read(write(tmp_path / "b.las", scale=0.0001, offset=(0, 0, 0), raw=centimetres * 100 + 10**6))
    assert np.array_equal(coarse.e, fine.e)
    assert np.array_equal(coarse.n, fine.n + 10**6)


@pytest.mark.parametrize("suffix", [".las", ".laz"])
@pytest.mark.parametrize("point_format", [0, 3, 5])
def test_old_formats_keep_class_and_flags_in_one_byte(tmp_path: Path, point_format: int, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", point_format, count=256)
    las = laspy.read(path)
    las.points.array["raw_classification"] = np.arange(256)
    las.write(path)
    points = read(path)
    assert points.classification.tolist() == [code % 32 for code in range(256)]
    assert points.withheld.tolist() == [code >= 128 for code in range(256)]


@pytest.mark.parametrize("suffix", [".las", ".laz"])
@pytest.mark.parametrize("point_format", [6, 7, 10])
def test_new_formats_keep_class_and_flags_apart(tmp_path: Path, point_format: int, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", point_format, count=256)
    las = laspy.read(path)
    las.classification = np.arange(256)
    las.points.array["classification_flags"] = np.arange(256)
    las.write(path)
    points = read(path)
    assert points.classification.tolist() == list(range(256))
    assert points.withheld.tolist() == [bool(flags & 4) for flags in range(256)]


@pytest.mark.parametrize("point_format", [1, 3, 6, 7])
def test_points_are_the_same_however_they_are_decoded(tmp_path: Path, point_format: int) -> None:
    path = write(tmp_path / "a.laz", point_format, count=130_000)
    las = laspy.read(path)
    las.write(tmp_path / "b.las")
    expected = read(tmp_path / "b.las")
    for chunk in (10_000, 12_500, 40_000, 60_000, 1_000_000):
        for parallel in (True, False):
            assert same(read(path, chunk=chunk, parallel=parallel), expected)
    assert same(read(tmp_path / "b.las", chunk=999), expected)


@pytest.mark.parametrize("point_format", [0, 6])
def test_chunks_hold_no_more_than_asked_for_and_their_extremes(tmp_path: Path, point_format: int) -> None:
    path = write(tmp_path / "a.laz", point_format, count=120_000)
    for chunk in iter_points(read_header(path), chunk=30_000):
        assert chunk.count <= 30_000
        for values, low, high in zip((chunk.e, chunk.n, chunk.z), chunk.lows, chunk.highs, strict=True):
            assert (low, high) == (values.min(), values.max())


@pytest.mark.parametrize("point_format", [1, 6])
def test_chunks_of_their_own_sizes(tmp_path: Path, point_format: int) -> None:
    las = write(tmp_path / "a.las", point_format, count=30_000)
    path = recompress(las, tmp_path / "a.laz", [1, 20_000, 7, 9_992])
    assert read_header(path).chunk_size == 0
    expected = read(las)
    for chunk in (100, 8_000, 50_000):
        assert same(read(path, chunk=chunk), expected)
    lengths = [part.count for part in iter_points(read_header(path), chunk=9_999)]
    assert lengths == [1, 9_999, 9_999, 2, 9_999]


@pytest.mark.parametrize("point_format", [1, 6])
def test_a_chunk_size_of_nothing_says_that_it_varies(tmp_path: Path, point_format: int) -> None:
    las = write(tmp_path / "a.las", point_format, count=30_000)
    path = recompress(las, tmp_path / "a.laz", [1, 20_000, 7, 9_992])
    patch(path, record_at(path, 22204) + 12, "I", 0)
    assert read_header(path).chunk_size == 0
    for chunk in (100, 8_000, 50_000):
        assert same(read(path, chunk=chunk), read(las))
    fixed = write(tmp_path / "b.laz", point_format, count=120_000)
    patch(fixed, record_at(fixed, 22204) + 12, "I", 0)  # a lie: the table holds no numbers of points
    with pytest.raises(FileError):
        joined(read_header(fixed))


def test_files_without_chunks(tmp_path: Path) -> None:
    """LASzip 1 wrote such files: all points in one run, no table."""
    las = write(tmp_path / "a.las", 1, count=20_000)
    path = recompress(las, tmp_path / "a.laz", [20_000], variable=False)
    patch(path, record_at(path, 22204), "H", 1)
    data = path.read_bytes()
    at = field(path, POINTS_AT, "I")
    table = field(path, at, "q")
    path.write_bytes(data[:at] + data[at + 8 : table])
    assert read_header(path).chunk_size == 0
    assert same(read(path, chunk=3_000), read(las))
    path.write_bytes(path.read_bytes()[:-1000])
    refused(path, "file.decoder", chunk=3_000)


def test_a_stream_ends_where_the_points_end(tmp_path: Path) -> None:
    """A chunk too large to decode whole is decoded as a stream, which must not run on into the table."""
    las = write(tmp_path / "a.las", 1, count=20_000)
    path = recompress(las, tmp_path / "a.laz", [20_000])
    patch(path, 107, "I", 20_001)
    with pytest.raises(FileError):
        joined(read_header(path), chunk=1_000)


def test_table_at_the_end_of_a_file_written_to_a_pipe(tmp_path: Path) -> None:
    path = write(tmp_path / "a.laz")
    before = read(path)
    at = field(path, POINTS_AT, "I")
    table = field(path, at, "q")
    patch(path, at, "q", -1)
    path.write_bytes(path.read_bytes() + table.to_bytes(8, "little"))
    assert same(read(path), before)


def test_classes_and_heights_are_all_that_is_decoded_of_new_formats(tmp_path: Path) -> None:
    """Layers that are not used are skipped: damage in them does no harm."""
    times = RNG.random(1000)
    path = write(tmp_path / "a.laz", gps_time=times)
    before, data = read(path), bytearray(path.read_bytes())
    points_at = field(path, POINTS_AT, "I")
    length = field(path, points_at + 8 + 30 + 4 + 4 * 8, "I")  # of the layer of times, the last of nine
    end = field(path, points_at, "q")
    data[end - length : end] = bytes(length)
    path.write_bytes(data)
    assert not np.array_equal(laspy.read(path).gps_time, times)
    assert same(read(path), before)


def test_stopping_early_closes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[io.FileIO] = []

    class Remembered(guard._Raw):
        def __init__(self, path: Path) -> None:
            super().__init__(path)
            opened.append(self)

    header = read_header(write(tmp_path / "a.laz", count=100_000))
    monkeypatch.setattr(guard, "_Raw", Remembered)
    points = iter_points(header, chunk=50_000)
    next(points)
    assert not opened[0].closed
    points.close()  # type: ignore[attr-defined]
    assert opened[0].closed
    for _ in iter_points(header, chunk=50_000):
        break
    gc.collect()
    assert opened[1].closed


def test_chunk_must_hold_a_point(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="positive"):
        next(iter_points(read_header(write(tmp_path / "a.las")), chunk=0))


def test_decoder_is_handed_the_whole_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.laz", count=120_000)
    handed: list[int] = []
    decompress = decode.lazrs.decompress_points_with_chunk_table

    def count(
        source: object, record: object, target: object, table: list[tuple[int, int]], chosen: object
    ) -> None:
        handed.extend(points for points, _ in table)
        decompress(source, record, target, table, chosen)

    monkeypatch.setattr(decode.lazrs, "decompress_points_with_chunk_table", count)
    read(path)
    assert handed == [50_000, 50_000, 20_000]


def test_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.las"
    path.write_bytes(b"abc")
    assert file_sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_sha256(str(path)) == file_sha256(path)
    with pytest.raises(FileError, match="no such file"):
        file_sha256(tmp_path / "b.las")


@pytest.fixture(params=[0, 6])
def grown(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file that is longer than when its header was read."""
    path = write(tmp_path / "a.las", request.param, preferred(request.param))
    yield path
    assert path.read_bytes()[FORMAT] == request.param


def test_file_that_changes_after_its_header_was_read_is_refused(grown: Path) -> None:
    header = read_header(grown)
    grown.write_bytes(grown.read_bytes() + b"more")
    with pytest.raises(FileError, match="changed while it was read") as caught:
        joined(header)
    assert caught.value.message == "file.changed"
