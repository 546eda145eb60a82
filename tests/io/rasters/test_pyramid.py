"""Rasters that wait with their overviews: by any windows, in memory and on the disk, the same file."""

from __future__ import annotations

import errno
import io
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.io import MemoryFile

from pointcloud.errors import OutputError
from pointcloud.geo.lattice import Box, Grid, cell_quanta
from pointcloud.io.rasters.cogfile import cog_file
from pointcloud.io.rasters.pyramid import CODES, HEIGHTS, PICTURE, Content, halved, numbers

ROWS, COLS = 1301, 2499
GRID = Grid(Box.from_metres(0, -ROWS, COLS, 0), cell_quanta(1))
KINDS = {"heights": HEIGHTS, "aspect": numbers("°", mean=False), "picture": PICTURE, "codes": CODES}


def cells(content: Content) -> np.ndarray:
    rng = np.random.default_rng(3)
    if content.is_picture:
        array = rng.integers(0, 256, (ROWS, COLS, 4), np.uint8)
        array[..., 3] = np.where(rng.random((ROWS, COLS)) < 0.3, 0, 255)
        array[array[..., 3] == 0] = 0
        return array
    if content is CODES:
        return rng.integers(0, 4, (ROWS, COLS), np.uint8)
    heights = rng.uniform(0, 900, (ROWS, COLS)).astype(np.float32)
    heights[rng.random((ROWS, COLS)) < 0.3] = np.nan
    return heights


def windows(side: int) -> list[tuple[int, int]]:
    return [(row, col) for row in range(0, ROWS, side) for col in range(0, COLS, side)]


def made(content: Content, at: Sequence[tuple[int, int]], side: int, scratch: Path | None = None) -> bytes:
    array = cells(content)
    with cog_file(GRID, None, content, tags={"A": "b"}, scratch=scratch) as file:
        for row, col in at:
            file.write(array[row : row + side, col : col + side], row, col)
        return bytes(file.encode()) if scratch is None else file.finish().read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_neither_windows_nor_their_order_nor_the_place_show(kind: str, tmp_path: Path) -> None:
    content = KINDS[kind]
    expected = made(content, windows(512), 512)
    mixed = windows(1024)
    random.Random(4).shuffle(mixed)
    assert made(content, mixed, 1024) == expected
    assert made(content, mixed, 1024, tmp_path) == expected
    with cog_file(GRID, None, content, tags={"A": "b"}) as file:
        file.write_whole(cells(content))
        assert bytes(file.encode()) == expected
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", KINDS)
def test_overviews_are_the_kernels(kind: str) -> None:
    content = KINDS[kind]
    array = cells(content)
    level = np.ascontiguousarray(array if array.ndim == 3 else array[..., np.newaxis])
    if content.units:
        level = np.where(np.isnan(level), np.float32(-9999), level)
    with MemoryFile(made(content, windows(512), 512)) as memory:
        with memory.open() as file:
            assert file.overviews(1) == [2, 4, 8]
            np.testing.assert_array_equal(np.moveaxis(file.read(), 0, 2), level)
        for number in range(3):
            level = halved(level, content)
            with memory.open(overview_level=number) as file:
                np.testing.assert_array_equal(np.moveaxis(file.read(), 0, 2), level)
    assert level.shape[:2] == (163, 313)


def test_statistics_do_not_depend_on_windows() -> None:
    for at in (windows(512), windows(512)[::-1]):
        with MemoryFile(made(HEIGHTS, at, 512)) as memory, memory.open() as file:
            tags = file.tags(1)
        assert float(tags["STATISTICS_MEAN"]) == pytest.approx(
            np.nanmean(cells(HEIGHTS).astype(float)), abs=1e-6
        )


@pytest.mark.parametrize(("row", "col", "shape"), [(4, 0, (8, 8)), (0, 0, (12, 8)), (8, 2, (8, 8))])
def test_windows_must_fit_the_overviews(row: int, col: int, shape: tuple[int, int]) -> None:
    with (
        cog_file(GRID, None, HEIGHTS, tags={}) as file,
        pytest.raises(ValueError, match="steps of 8"),
    ):
        file.write(np.zeros(shape, np.float32), row, col)


@pytest.mark.parametrize("level", range(4))
def test_what_the_disk_lost_is_found(level: int, tmp_path: Path) -> None:
    with cog_file(GRID, None, PICTURE, tags={}, scratch=tmp_path) as file:
        file.write_whole(cells(PICTURE))
        (path,) = tmp_path.rglob(f"{level}.bin")
        with path.open("r+b") as waiting:
            waiting.seek(1000)
            waiting.write(b"\x01\x02\x03\x04" * 5)
        with pytest.raises(OutputError, match="contents differ"):
            file.finish()
    assert not list(tmp_path.iterdir())


class Full(io.FileIO):
    """A file on a disk with room for little more."""

    def write(self, data: Any) -> int:
        if self.tell() > 1000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(memoryview(data)[:700])


def test_a_full_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: Callable[..., Any] = lambda path, *_, **__: Full(path, "wb")  # noqa: E731
    monkeypatch.setattr(Path, "open", opened)
    with (
        pytest.raises(OutputError, match="disk is full"),
        cog_file(GRID, None, PICTURE, tags={}, scratch=tmp_path) as file,
    ):
        file.write_whole(cells(PICTURE))
    monkeypatch.undo()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_gone_says_so(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="folder"),
        cog_file(GRID, None, PICTURE, tags={}, scratch=tmp_path / "gone"),
    ):
        pass


def test_nothing_is_left_in_memory() -> None:
    names = []
    with cog_file(GRID, None, CODES, tags={}) as file:
        file.write_whole(cells(CODES))
        names += [file.pyramid.vrt(), file.pyramid.vrt().replace(".vrt", ".bin")]
    for name in names:
        with pytest.raises(rasterio.errors.RasterioIOError):
            rasterio.open(name)
