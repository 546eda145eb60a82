"""What systems and other programs leave beside files is passed over, by every reader of folders alike."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from las_files import write

from pointcloud.io.archive import open_inputs
from pointcloud.io.clouds.files import find_files
from pointcloud.io.dems.dem import find_dems
from pointcloud.io.names import is_litter

LITTER = (
    "._05MF513.las",
    ".DS_Store",
    "Thumbs.db",
    "thumbs.DB",
    "desktop.ini",
    "~$05MF513.las",
    "._a.tif",
    "~$a.txt",
)


@pytest.mark.parametrize("name", LITTER)
def test_litter_is_told_by_its_name(name: str) -> None:
    assert is_litter(name)


@pytest.mark.parametrize(
    "name", ["05MF513.las", "~05MF513.las", "a.b.laz", "Thumbs.db.las", "城 跡_org.txt", "-o.las"]
)
def test_other_names_are_no_litter(name: str) -> None:
    assert not is_litter(name)


def test_all_readers_of_folders_pass_it_over(tmp_path: Path) -> None:
    good = write(tmp_path / "05MF513.las")
    raster = tmp_path / "a.tif"
    raster.write_bytes(b"II*\0")
    for name in LITTER:
        (tmp_path / name).write_bytes(b"\0\5\x16\7" + bytes(78))
    packed = tmp_path / "texts.zip"
    with zipfile.ZipFile(packed, "w") as file:
        for name in (*LITTER, "a_org.txt"):
            file.writestr(name, "1 2 3\n")
    assert find_files([tmp_path]) == [good, packed / "a_org.txt"]
    assert find_files([f"{tmp_path}/*.las"]) == [good]
    assert find_dems([tmp_path]) == [raster]
    with open_inputs([tmp_path]) as found:
        assert sorted(member.name for member in found.members) == ["05MF513.las", "a.tif", "a_org.txt"]
