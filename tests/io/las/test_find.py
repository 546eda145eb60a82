"""Which files an input names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pointcloud.errors import FileError, ParameterError
from pointcloud.io.clouds.files import find_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A delivery: files of several kinds in folders."""
    root = tmp_path / "オリジナルデータ"
    (root / "2021" / "x.laz").mkdir(parents=True)
    for name in (
        "b.LAZ",
        "a.las",
        "c.copc.laz",
        "readme.txt",
        "plan.pdf",
        "2021/竹田.Las",
        "2021/x.laz/d.laz",
        "e.laz.tmp",
    ):
        (root / name).write_bytes(b"")
    return root


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_folder_is_searched_with_all_in_it(folder: Path) -> None:
    assert names(find_files([folder])) == ["d.laz", "竹田.Las", "a.las", "b.LAZ", "c.copc.laz"]


def test_order_of_the_inputs_does_not_matter_and_each_file_counts_once(folder: Path) -> None:
    inputs = [folder / "b.LAZ", str(folder), folder / "2021" / ".." / "a.las", folder / "*.las"]
    found = find_files(inputs)
    assert found == sorted(found, key=Path.resolve)
    assert len(found) == len({path.resolve() for path in found}) == 5
    assert names(find_files(inputs[::-1])) == names(found)


def test_pattern_takes_point_clouds_and_folders(folder: Path) -> None:
    assert names(find_files([f"{folder}/*"])) == names(find_files([folder]))
    assert names(find_files([f"{folder}/a.*", f"{folder}/?.copc.la[sz]"])) == ["a.las", "c.copc.laz"]
    assert names(find_files([f"{folder}/**/d.*"])) == ["d.laz"]
    assert names(find_files([f"{folder}/20*"])) == ["d.laz", "竹田.Las"]


def test_name_with_signs_of_patterns_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "[1].laz").write_bytes(b"")
    (tmp_path / "1.laz").write_bytes(b"")
    assert names(find_files([tmp_path / "[1].laz"])) == ["[1].laz"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nothing.laz", "file.missing"),
        ("plan.pdf", "file.suffix"),
        ("e.laz.tmp", "file.suffix"),
        ("*.csv", "file.none_found"),
        ("empty", "file.none_found"),
    ],
)
def test_input_that_names_nothing_is_refused_by_name(folder: Path, given: str, message: str) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(ParameterError) as caught:
        find_files([folder, folder / given])
    assert caught.value.message == message
    assert given in str(caught.value)
    if message == "file.suffix":
        assert ".las, .laz" in str(caught.value)


def test_folder_that_cannot_be_searched_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(place: object) -> None:
        raise PermissionError(13, "Permission denied", str(place))

    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(FileError, match="cannot be read: Permission denied"):
        find_files([folder])


def test_name_too_long_for_the_file_system_is_refused(tmp_path: Path) -> None:
    with pytest.raises((FileError, ParameterError)):
        find_files([tmp_path / ("x" * 5000 + ".laz")])


def test_no_inputs_name_no_files() -> None:
    assert find_files([]) == []
