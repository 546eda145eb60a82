"""LAS and LAZ inside ZIPs, as prefectures deliver them: read where they lie, the same points to the bit."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from las_files import read, recompress, refused, same, write

from pointcloud.errors import FileError
from pointcloud.io.clouds.files import find_files
from pointcloud.io.clouds.headercache import HeaderCache
from pointcloud.io.clouds.readers import iter_points, read_header, sha256
from pointcloud.io.las.reader import file_sha256

METHODS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}


def pack(path: Path, files: dict[str, Path], method: int) -> Path:
    """Write a ZIP of files, with other bytes before each, as they mostly have."""
    with zipfile.ZipFile(path, "w", method) as file:
        for name, source in files.items():
            file.writestr(f"{name}.xml", "<metadata/>" * 50)
            file.write(source, name)
    return path


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("point_format", [1, 6])
@pytest.mark.parametrize("kind", ["las", "laz", "chunks"])
def test_points_are_those_of_the_loose_file(
    kind: str, point_format: int, method: str, tmp_path: Path
) -> None:
    las = write(tmp_path / "a.las", point_format, count=120_000)
    loose = las if kind == "las" else write(tmp_path / "a.laz", point_format, count=120_000)
    if kind == "chunks":
        loose = recompress(las, tmp_path / "b.laz", [7, 90_000, 29_993])
    packed = pack(tmp_path / "納品 30.zip", {f"点群/{loose.name}": loose}, METHODS[method])
    (route,) = find_files([packed])
    header = read_header(route)
    expected = read(loose)
    assert (header.size, header.count) == (loose.stat().st_size, 120_000)
    assert header.stamp == (packed.stat().st_size, packed.stat().st_mtime_ns)
    assert sha256(header) == file_sha256(loose)
    for chunk in (9_999, 400_000):
        for parallel in (False, True):
            assert same(read(route, chunk=chunk, parallel=parallel), expected)
    assert {path.name for path in tmp_path.iterdir()} <= {"a.las", "a.laz", "b.laz", packed.name}


def test_a_zip_in_a_zip_and_a_folder_of_zips(tmp_path: Path) -> None:
    loose = write(tmp_path / "a.laz")
    inner = pack(tmp_path / "inner.zip", {"05MF513.laz": loose}, zipfile.ZIP_STORED)
    folder = tmp_path / "in"
    folder.mkdir()
    pack(folder / "outer.zip", {"inner.zip": inner, "x/b.laz": loose}, zipfile.ZIP_DEFLATED)
    routes = find_files([folder])
    assert [route.name for route in routes] == ["05MF513.laz", "b.laz"]
    for route in routes:
        assert same(read(route), read(loose))


def test_headers_come_back_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYOGO_PC_CACHE", str(tmp_path / "cache"))
    packed = pack(tmp_path / "a.zip", {"a.laz": write(tmp_path / "a.laz")}, zipfile.ZIP_STORED)
    header = read_header(packed / "a.laz")
    HeaderCache("stated").keep([header])
    assert HeaderCache("stated").find(packed / "a.laz") == header
    os.utime(packed, ns=(1, 1))
    assert HeaderCache("stated").find(packed / "a.laz") is None
    with pytest.raises(FileError) as caught:
        list(iter_points(header))
    assert caught.value.message == "file.changed"


@pytest.mark.parametrize("method", METHODS)
def test_damage_is_told(method: str, tmp_path: Path) -> None:
    loose = write(tmp_path / "a.las", 6, count=20_000)
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    packed = pack(tmp_path / "a.zip", {"a.las": loose, "empty.laz": empty}, METHODS[method])
    data = bytearray(packed.read_bytes())
    half = len(data) // 2
    data[half : half + 4] = bytes(byte ^ 0xFF for byte in data[half : half + 4])
    packed.write_bytes(data)
    with pytest.raises(FileError) as caught:
        file_sha256(packed / "a.las")  # as every run does that makes something of it
    assert caught.value.message == "archive.member"
    refused(packed / "empty.laz", "file.empty")
    refused(packed / "no.laz", "file.missing")
