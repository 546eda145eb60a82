"""Headers: what is read from sound files, and every lie that is caught before a decoder sees the file."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from pathlib import Path

import laspy
import numpy as np
import pytest
from las_files import (
    BOX,
    COUNT,
    COUNT_14,
    ENCODING,
    EVLRS,
    EVLRS_AT,
    FORMAT,
    HEADER_SIZE,
    MINOR,
    OFFSET,
    POINTS_AT,
    RECORD_LENGTH,
    RETURNS,
    SCALE,
    SYSTEM,
    VLRS,
    field,
    joined,
    patch,
    read,
    record_at,
    refused,
    same,
    write,
)

from pointcloud.errors import FileError
from pointcloud.geo.lattice import Box
from pointcloud.io import guard
from pointcloud.io.las.reader import box_remarks, iter_points, read_header

Change = Callable[[Path], object]


@pytest.mark.parametrize("suffix", [".las", ".laz"])
@pytest.mark.parametrize("point_format", range(11))
def test_every_point_format_is_read_as_laspy_reads_it(tmp_path: Path, point_format: int, suffix: str) -> None:
    path = write(tmp_path / f"点群{suffix}", point_format)
    header, points, expected = read_header(path), read(path), laspy.read(path)
    assert (header.point_format, header.compressed) == (point_format, suffix == ".laz")
    assert header.version == tuple(expected.header.version)
    assert header.count == points.count == 1000
    assert header.record_length == expected.header.point_format.size
    assert np.array_equal(points.e, expected.X * np.int64(10) + 440_000_000)
    assert np.array_equal(points.n, expected.Y * np.int64(10) - 780_000_000)
    assert np.array_equal(points.z, expected.Z * 10)
    assert np.array_equal(points.classification, expected.classification)


@pytest.mark.parametrize(
    ("minor", "point_format"), [(0, 0), (0, 1), (1, 1), (1, 0), (2, 3), (3, 3), (4, 3), (4, 7)]
)
def test_every_version_is_read(tmp_path: Path, minor: int, point_format: int) -> None:
    written = f"1.{max(minor, 2)}" if point_format < 6 else "1.4"
    path = write(tmp_path / "a.las", point_format, written)
    before = read(path)
    patch(path, MINOR, "B", minor)
    assert read_header(path).version == (1, minor)
    assert same(read(path), before)


def test_numbers_and_names_of_the_header(tmp_path: Path) -> None:
    path = write(tmp_path / "a.laz", scale=0.01, offset=(-1000.5, 2000.25, -3.0), count=70_000)
    patch(path, SYSTEM, "32s", b"SYNTHETIC, made up")
    header = read_header(path)
    assert header.scales == (0.01, 0.01, 0.01)
    assert header.offsets == (-1000.5, 2000.25, -3.0)
    assert header.mins == (-1000.5, 2000.25, -3.0)
    assert header.maxs == pytest.approx((-900.51, 2100.24, 96.99))
    assert (header.chunk_size, header.synthetic, header.size) == (50_000, True, path.stat().st_size)
    assert header.crs is None
    assert header.warnings == ()


def test_box_holds_its_edges_and_limits_the_rounding(tmp_path: Path) -> None:
    raw = np.array([[0, 1000], [0, 1000], [0, 0]], np.int32)
    header = read_header(write(tmp_path / "a.las", raw=raw))
    assert header.box == Box(440_000_000, -780_000_001, 440_010_001, -779_990_000)
    assert header.slack == (110, 110, 110)
    assert header.limits == Box(440_000_000 - 110, -780_000_111, 440_010_111, -779_990_000 + 110)


def cut(by: int) -> Change:
    return lambda path: path.write_bytes(path.read_bytes()[:-by])


def grow(by: int) -> Change:
    return lambda path: path.write_bytes(path.read_bytes() + bytes(by))


def put(at: int, form: str, *values: float) -> Change:
    return lambda path: patch(path, at, form, *values)


BOTH: list[tuple[Change, str]] = [
    (lambda path: path.write_bytes(b""), "file.empty"),
    (lambda path: path.write_text("x y z\n1 2 3\n"), "file.signature"),
    (lambda path: path.write_text("県の点群データ\n", encoding="cp932"), "file.signature"),
    (lambda path: path.write_bytes(path.read_bytes()[:100]), "file.short_header"),
    (lambda path: path.write_bytes(path.read_bytes()[:300]), "file.short_header"),
    (put(24, "BB", 2, 0), "file.version"),
    (put(MINOR, "B", 5), "file.version"),
    (put(HEADER_SIZE, "H", 227), "file.header_size"),
    (put(POINTS_AT, "I", 200), "file.points_at"),
    (put(POINTS_AT, "I", 2**31), "file.points_at"),
    (put(VLRS, "I", 2_000_000), "file.vlr_count"),
    (put(EVLRS, "I", 2_000_000), "file.evlr_count"),
    (put(EVLRS_AT, "QI", 2**40, 1), "file.evlr_count"),
    (put(FORMAT, "B", 11), "file.point_format"),
    (put(FORMAT, "B", 0x46), "file.point_format"),
    (put(MINOR, "B", 2), "file.format_version"),
    (put(RECORD_LENGTH, "H", 29), "file.record_length"),
    (put(COUNT, "I", 7), "file.two_counts"),
    (put(SCALE, "d", 0.0), "file.scale_zero"),
    (put(SCALE + 8, "d", math.nan), "file.scale"),
    (put(SCALE + 16, "d", -0.01), "file.scale_negative"),
    (put(OFFSET, "d", math.inf), "file.offset"),
    (put(OFFSET + 8, "d", math.nan), "file.offset"),
    (put(OFFSET, "d", 1e300), "file.range"),
    (put(SCALE + 8, "d", 1e6), "file.range"),
    (put(BOX, "d", math.nan), "file.box_invalid"),
    (put(BOX, "dd", 1.0, 2.0), "file.box_invalid"),
    (put(BOX, "dd", 1e308, -1e308), "file.box_invalid"),
    (put(BOX, "dd", 44050.0, 44000.0), "file.outside_box"),
]

LAS: list[tuple[Change, str]] = [
    (cut(30), "file.cut"),
    (cut(1), "file.cut"),
    (cut(30 * 999), "file.cut"),
    (put(COUNT_14, "Q", 1001), "file.cut"),
    (put(COUNT_14, "Q", 2**60), "file.cut"),
    (put(COUNT_14, "Q", 999), "file.count_low"),
    (put(COUNT_14, "Q", 0), "file.count_low"),
    (grow(30), "file.count_low"),
    (put(RECORD_LENGTH, "H", 31), "file.cut"),
    (put(FORMAT, "B", 0x86), "file.laszip_missing"),
]

LAZ: list[tuple[Change, str]] = [
    (cut(1), "file.decoder"),
    (cut(30), "file.chunk_table"),
    (lambda path: path.write_bytes(path.read_bytes()[: field(path, POINTS_AT, "I") + 4]), "file.chunk_table"),
    (put(COUNT_14, "Q", 50_001), "file.chunk_count"),
    (put(COUNT_14, "Q", 0), "file.chunk_count"),
    (put(COUNT_14, "Q", 999), "file.chunk"),
    (put(COUNT_14, "Q", 1001), "file.chunk"),
    (put(FORMAT, "B", 0x87), "file.record_length"),
    (put(RECORD_LENGTH, "H", 31), "file.laszip_items"),
    (put(VLRS, "I", 0), "file.laszip_missing"),
    (lambda path: patch(path, record_at(path, 22204), "H", 9), "file.laszip_record"),
    (lambda path: patch(path, record_at(path, 22204) + 12, "I", 100), "file.chunk_count"),
    (lambda path: patch(path, record_at(path, 22204) + 32, "H", 900), "file.laszip_record"),
    (lambda path: patch(path, record_at(path, 22204) + 32, "H", 0), "file.laszip_items"),
    (lambda path: patch(path, record_at(path, 22204) + 34, "H", 6), "file.laszip_items"),
    (lambda path: patch(path, field(path, POINTS_AT, "I"), "q", 2**40), "file.chunk_table"),
    (lambda path: patch(path, field(path, POINTS_AT, "I"), "q", 2**63 - 1), "file.chunk_table"),
    (
        lambda path: patch(path, field(path, field(path, POINTS_AT, "I"), "q") + 4, "I", 2**32 - 1),
        "file.chunk_count",
    ),
]


@pytest.mark.parametrize(("change", "message"), BOTH + LAS)
def test_las_that_lies_is_refused(tmp_path: Path, change: Change, message: str) -> None:
    path = write(tmp_path / "丁目.las")
    change(path)
    refused(path, message)


@pytest.mark.parametrize(("change", "message"), BOTH + LAZ)
def test_laz_that_lies_is_refused(tmp_path: Path, change: Change, message: str) -> None:
    path = write(tmp_path / "丁目.laz")
    change(path)
    refused(path, message)


def test_record_that_reaches_into_the_points_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.laz")
    patch(path, record_at(path, 22204) - 34, "H", 60_000)
    assert refused(path, "file.vlr_length").values["limit"] == field(path, POINTS_AT, "I")


def test_extended_record_beyond_the_end_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.las")
    at = path.stat().st_size
    record = struct.pack("<H16sHQ32s", 0, b"LASF_Projection", 2112, 2**62, b"")
    path.write_bytes(path.read_bytes() + record)
    patch(path, EVLRS_AT, "QI", at, 1)
    refused(path, "file.evlr_length")


def test_oldest_versions_state_the_count_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.las", 1)
    patch(path, COUNT, "I", 1001)
    assert refused(path, "file.cut").values["held"] == 1000


def test_folder_with_the_name_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.laz").mkdir()
    with pytest.raises(FileError, match="is a folder"):
        read_header(tmp_path / "x.laz")


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such file"):
        read_header(tmp_path / "無い.laz")


def test_file_that_another_program_holds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.las")

    def locked(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(guard, "_Raw", locked)
    with pytest.raises(FileError, match=r"cannot be read: PermissionError: Permission denied\. Check"):
        read_header(path)


def remarks(path: Path) -> list[str]:
    return [remark.message for remark in read_header(path).warnings]


def test_count_only_in_the_old_place_is_taken_with_a_remark(tmp_path: Path) -> None:
    path = write(tmp_path / "a.las", 3, "1.4")
    patch(path, COUNT, "I", 1000)
    patch(path, COUNT_14, "Q", 0)
    assert remarks(path) == ["file.legacy_count"]
    assert read(path).count == 1000


def test_file_without_points_is_read_with_a_remark(tmp_path: Path) -> None:
    for name in ("a.las", "a.laz"):
        path = write(tmp_path / name, count=0)
        header = read_header(path)
        assert (header.count, remarks(path)) == (0, ["file.no_points"])
        assert list(iter_points(header)) == []


def test_more_returns_than_points_are_a_remark(tmp_path: Path) -> None:
    path = write(tmp_path / "a.las", 1)
    patch(path, RETURNS, "I", 1001)
    assert remarks(path) == ["file.returns"]


def test_box_that_begins_at_zero_is_a_remark_and_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.laz", offset=(44000.0, 78000.0, 0.0))
    before = read(path)
    patch(path, BOX + 8, "d", 0.0)
    patch(path, BOX + 24, "d", 0.0)
    assert remarks(path) == ["file.box_zero"]
    assert same(read(path), before)


def test_box_that_is_too_large_is_read_and_remarked_after(tmp_path: Path) -> None:
    path = write(tmp_path / "a.las")
    patch(path, BOX, "d", 44500.0)
    header = read_header(path)
    points = joined(header)
    (remark,) = box_remarks(header, points.lows, points.highs)
    assert remark.message == "file.box_large"
    assert remark.values["axis"] == "X"
    assert float(str(remark.values["excess"])) == pytest.approx(400, abs=1)
    assert "a.las" in str(remark)
    patch(path, BOX, "d", field(write(tmp_path / "b.las"), BOX, "d") + 0.9)
    assert box_remarks(read_header(path), points.lows, points.highs) == ()


def test_lying_box_can_be_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path / "a.laz")
    before = read(path)
    patch(path, BOX, "dd", 44050.0, 44000.0)
    assert same(read(path, check_box=False), before)
    patch(path, BOX, "dd", math.nan, math.nan)
    assert remarks(path) == ["file.box_invalid"]
    header = read_header(path)
    assert same(joined(header, check_box=False), before)
    with pytest.raises(FileError):
        _ = header.box


def test_point_outside_the_box_is_named_with_its_value(tmp_path: Path) -> None:
    raw = np.zeros((3, 500), np.int32)
    path = write(tmp_path / "a.las", raw=raw)
    patch(path, field(path, POINTS_AT, "I") + 30 * 77 + 8, "i", -5_000_000)
    values = refused(path, "file.outside_box").values
    assert (values["count"], values["axis"], values["value"]) == (1, "Z", "-5000.000")
    patch(path, field(path, POINTS_AT, "I") + 30 * 78 + 8, "i", -(2**31) + 1)
    assert refused(path, "file.height").values["low"] == "-2147484"
    patch(path, field(path, POINTS_AT, "I") + 30 * 79 + 8, "i", -(2**31))
    assert refused(path, "doubt.clamped").values["axis"] == "Z"


@pytest.mark.parametrize("beyond", [10, 11, 12])
def test_rounding_of_the_box_is_a_scale_step_and_a_centimetre(tmp_path: Path, beyond: int) -> None:
    raw = np.array([[0, 100], [0, 100], [0, 100]], np.int32)
    path = write(tmp_path / "a.las", raw=raw)
    patch(path, BOX, "d", 44000.1 - beyond * 0.001)
    if beyond > 11:
        refused(path, "file.outside_box")
    else:
        assert read(path).count == 2


def test_bytes_after_the_points_that_belong_to_nothing_are_a_remark(tmp_path: Path) -> None:
    path = write(tmp_path / "a.las")
    before = read(path)
    grow(29)(path)
    assert remarks(path) == ["file.trailing"]
    assert same(read(path), before)


def test_waveforms_inside_the_file_end_the_points(tmp_path: Path) -> None:
    path = write(tmp_path / "a.las", 4)
    before = read(path)
    end = path.stat().st_size
    grow(5000)(path)
    patch(path, ENCODING, "H", 2)
    patch(path, 227, "Q", end)
    assert remarks(path) == []
    assert same(read(path), before)


def test_record_whose_owner_is_no_text_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.las"
    vlr = laspy.VLR("x", 7, "", b"\xff" * 40)
    header = laspy.LasHeader(version="1.2", point_format=1)
    header.vlrs.append(vlr)
    las = laspy.LasData(header)
    las.X = las.Y = las.Z = np.arange(50, dtype=np.int32)
    las.write(path)
    patch(
        path, record_at(path, 7) - 54, "H16sHH32s", 0, b"\xff\xfe\x80\x81" * 4, 7, 40, b"\x93\xfa\x96\x7b" * 8
    )
    with pytest.raises(UnicodeDecodeError):
        laspy.read(path)
    assert read(path).count == 50
