"""A lone LAZ file is decoded while the command starts: at most once, to the same rasters, and never for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from runs import leftovers, rasters
from squares import SQUARES, cloud

from hyogo_pc.main import main
from pointcloud.io.las import ahead

OPTIONS = {"grid": SQUARES, "classify": ()}

pytestmark = pytest.mark.usefixtures("_decoded_ahead")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files for which a process is started."""
    paths: list[Path] = []
    start = ahead._Decoder.__init__

    def noted(decoder: ahead._Decoder, path: Path) -> None:
        paths.append(path)
        start(decoder, path)

    monkeypatch.setattr(ahead._Decoder, "__init__", noted)
    return paths


@pytest.mark.parametrize("command", ["grid", "classify"])
def test_decoding_begins_before_the_program_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    begun: list[Path] = []
    monkeypatch.setattr(ahead, "begin", begun.append)
    path = cloud(tmp_path / "a.laz")
    for jobs in ("1", "2"):
        assert main([command, str(path), "-o", str(tmp_path / jobs), "--jobs", jobs, *OPTIONS[command]]) == 0
    assert begun == [path]


def grid(path: Path, out: Path, *more: str) -> dict[str, bytes]:
    assert main(["grid", str(path), "-o", str(out), *SQUARES, *more]) == 0
    assert leftovers(out) == []
    return {name: file.read_bytes() for name, file in rasters(out).items()}


def test_rasters_are_the_same(tmp_path: Path, started: list[Path]) -> None:
    path = cloud(tmp_path / "a.laz")
    ahead_of_us = grid(path, tmp_path / "two", "--jobs", "2")
    assert started == [path]
    assert grid(path, tmp_path / "one", "--jobs", "1") == ahead_of_us
    assert started == [path]
    assert not ahead._begun


def test_points_that_are_classified_are_the_same(tmp_path: Path, started: list[Path]) -> None:
    path = cloud(tmp_path / "a.laz")
    for jobs in ("1", "2"):
        assert main(["classify", str(path), "-o", str(tmp_path / jobs), "--jobs", jobs]) == 0
    assert started == [path]
    assert (tmp_path / "1" / "a.laz").read_bytes() == (tmp_path / "2" / "a.laz").read_bytes()


def test_what_workers_will_decode_is_given_up(four: Path, tmp_path: Path, started: list[Path]) -> None:
    rasters_of_workers = grid(four, tmp_path / "two", "--jobs", "2")
    assert started == [four]
    assert not ahead._begun
    assert grid(four, tmp_path / "one", "--jobs", "1") == rasters_of_workers


@pytest.mark.parametrize(
    "more",
    [("--dry-run",), ("--scheduler", "tcp://127.0.0.1:1", "--crs", "none"), ("--pipeline", "none.json")],
)
def test_nothing_is_begun_that_is_not_decoded_here(
    tmp_path: Path, started: list[Path], more: tuple[str, ...]
) -> None:
    main(
        ["grid", str(cloud(tmp_path / "a.laz")), "-o", str(tmp_path / "out"), *SQUARES, "--jobs", "2", *more]
    )
    assert started == []


def test_a_folder_is_not_begun(tmp_path: Path, started: list[Path]) -> None:
    """Even if its name ends like a file's."""
    folder = tmp_path / "in.laz"
    folder.mkdir()
    cloud(folder / "a.laz")
    grid(folder, tmp_path / "out", "--jobs", "2")
    assert started == []
