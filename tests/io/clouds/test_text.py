"""Texts of points: every number as it stands, whatever the manner; damage by its line."""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from point_texts import SHEET, hillside, packed, text, write_text

from pointcloud import messages
from pointcloud.errors import FileError
from pointcloud.io import member
from pointcloud.io.clouds.headercache import HeaderCache
from pointcloud.io.clouds.readers import iter_points, read_header, sha256

ORIGINAL, GROUND = hillside()
QUANTA = [np.rint(column * 10_000).astype(np.int64) for column in ORIGINAL]


def points(path: Path, chunk: int = 1_000_000) -> list[np.ndarray]:
    chunks = list(iter_points(read_header(path), chunk=chunk))
    return [np.concatenate([getattr(each, name) for each in chunks]) for name in ("e", "n", "z")]


@pytest.mark.parametrize("chunk", [7, 1000, 1_000_000])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_point_comes_as_it_stands(
    chunk: int, end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member, "_PIECE", 1000)
    path = write_text(tmp_path / "a_org.txt", ORIGINAL, end=end)
    assert all(np.array_equal(a, b) for a, b in zip(points(path, chunk), QUANTA, strict=True))


def test_the_header_is_what_the_points_are(tmp_path: Path) -> None:
    path = write_text(tmp_path / f"{SHEET}_org.txt", ORIGINAL)
    header = read_header(path)
    assert header.count == len(ORIGINAL[0])
    assert header.mins == tuple(float(column.min()) for column in ORIGINAL)
    assert header.maxs == tuple(float(column.max()) for column in ORIGINAL)
    assert (header.size, header.modified_ns) == (path.stat().st_size, path.stat().st_mtime_ns)
    assert sha256(header) == hashlib.sha256(path.read_bytes()).hexdigest()
    chunks = list(iter_points(header, chunk=999))
    assert all((chunk.classification == 1).all() and not chunk.withheld.any() for chunk in chunks)
    assert chunks[0].lows == tuple(int(column[:999].min()) for column in QUANTA)
    assert pickle.loads(pickle.dumps(header)) == header


@pytest.mark.parametrize(
    "row",
    [
        "1.0001 -2.5 3.25\n",
        "7,1.0001,-2.5,3.25\n",
        "7,1.0001,-2.5,3.25,2\n",
        "7\t1.0001\t-2.5\t3.25\t2",
        "\ufeff7, 1.0001, -2.5, 3.25, 2 \r\n\r\n",
        "7,1.00010,-2.50000,3.25000,2\r\n\x1a",
        "\n\n7,+1.0001,-2.5,3.25,2\n",
    ],
)
def test_manners_of_writing(row: str, tmp_path: Path) -> None:
    path = tmp_path / "点群_org.txt"
    path.write_bytes(row.encode())
    assert [int(column[0]) for column in points(path)] == [10001, -25000, 32500]


@pytest.mark.parametrize(
    ("name", "ground"),
    [
        ("a_grd.txt", True),
        ("A_GRD.TXT", True),
        ("a_ground.csv", True),
        ("a_org.txt", False),
        ("grd.txt", False),
    ],
)
def test_the_name_says_whether_all_is_ground(name: str, ground: bool, tmp_path: Path) -> None:
    assert read_header(write_text(tmp_path / name, GROUND)).all_ground is ground


def test_a_text_in_a_zip_reads_as_a_loose_one(tmp_path: Path) -> None:
    content = text(ORIGINAL)
    inner = packed(tmp_path / "inner.zip", {"b/x_org.txt": content}).read_bytes()
    path = packed(tmp_path / "納品 2021.zip", {"オリジナル/x_org.txt": content, "p/inner.zip": inner})
    for route in (path / "オリジナル" / "x_org.txt", path / "p" / "inner.zip" / "b" / "x_org.txt"):
        header = read_header(route)
        assert sha256(header) == hashlib.sha256(content.encode()).hexdigest()
        assert (header.size, header.stamp[0]) == (len(content), path.stat().st_size)
        assert all(np.array_equal(a, b) for a, b in zip(points(route), QUANTA, strict=True))
    with pytest.raises(FileError) as caught:
        read_header(path / "y_org.txt")
    assert caught.value.message == "file.missing"


LONG = "".join(f"{i},{40000 + i % 2000}.25,{-58000 + i // 2000}.75,12.34,1\n" for i in range(1, 2_000_001))


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text with letters in row two million."""
    path = tmp_path_factory.mktemp("long") / f"{SHEET}_org.txt"
    path.write_text(LONG[: LONG.rindex("12.34")] + "12.3O,1\n")
    return path


@pytest.mark.parametrize("language", ["en", "ja"])
def test_letters_in_row_two_million(language: str, letters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_chosen", language)
    with pytest.raises(FileError) as caught:
        read_header(letters)
    said = str(caught.value)
    assert "2,000,000" in said
    assert "12.3O" in said
    assert str(letters) in said
    assert "\n" not in said


BAD = {
    "": "pointtext.empty",
    "\n\n": "pointtext.empty",
    "number of points: 7\n": "pointtext.header",
    "1 2\n": "pointtext.header",
    "1,2,3O,4\n1,2,3,4\n2,3,4,5\n": "pointtext.letters",
    "1,2,3O\n1,2,3\n": "pointtext.header",
    "1,2,3,4,5,6\n": "doubt.columns_unknown",
    "7\n1 2 3\n1 2 4\n": "file.points_missing",
    "1,2,3,4,1\n2,2,3\n": "pointtext.columns",
    "1,2,3,4,1\n2,2,3,4,1,9\n": "pointtext.columns",
    "1,2,3,4,1\n2,2,x,4,1\n": "pointtext.letters",
    "1,2,3,nan,1\n": "pointtext.nan",
    "1.5,2.5,4.5\n2.5,2.5,4e500\n": "pointtext.letters",
    "1,123456789012345,3,4,1\n": "pointtext.letters",
    "1,2,3,300000,1\n": "file.height",
    "1,0,0,4,1\n2,300000,0,4,1\n": "reduce.extent",
}


@pytest.mark.parametrize("content", BAD)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_is_wrong_is_said_in_one_line(
    content: str, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_chosen", language)
    path = tmp_path / "城 跡_org.txt"
    path.write_text(content)
    with pytest.raises(FileError) as caught:
        read_header(path)
    assert caught.value.message == BAD[content]
    assert "\n" not in str(caught.value)
    assert "城 跡_org.txt" in str(caught.value)


def test_a_grid_is_no_cloud(tmp_path: Path) -> None:
    path = tmp_path / "DEM_05LF901_1g.txt"
    path.write_text("40000.5 -58499.5 3.25\n")
    with pytest.raises(FileError) as caught:
        read_header(path)
    assert caught.value.message == "pointtext.grid"


def test_a_file_that_changes_after_its_header_was_read_is_refused(tmp_path: Path) -> None:
    for path in (
        write_text(tmp_path / "a_org.txt", ORIGINAL),
        packed(tmp_path / "a.zip", {"a_org.txt": "1 2 3"}),
    ):
        header = read_header(path / "a_org.txt" if path.suffix == ".zip" else path)
        os.utime(path, ns=(1, 1))
        with pytest.raises(FileError) as caught:
            list(iter_points(header))
        assert caught.value.message == "file.changed"


def test_headers_come_back_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYOGO_PC_CACHE", str(tmp_path / "cache"))
    loose = write_text(tmp_path / "a_org.txt", ORIGINAL)
    route = packed(tmp_path / "a.zip", {"a_grd.txt": text(GROUND)}) / "a_grd.txt"
    headers = [read_header(path) for path in (loose, route)]
    HeaderCache("stated").keep(headers)
    assert [HeaderCache("stated").find(path) for path in (loose, route)] == headers
    os.utime(tmp_path / "a.zip", ns=(1, 1))
    assert HeaderCache("stated").find(route) is None
