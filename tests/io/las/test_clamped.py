"""Integers at their limit are no places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from las_files import write

from pointcloud.errors import FileError
from pointcloud.io.las.reader import iter_points, read_header


def points(path: Path, axis: int, limit: int, scale: float, point_format: int = 6) -> Path:
    rng = np.random.default_rng(1)
    raw = rng.integers(-1000, 1000, (3, 500)).astype(np.int32)
    raw[axis, 100:103] = limit
    return write(path, point_format, scale=scale, offset=(0.0, 0.0, 0.0), raw=raw)


@pytest.mark.parametrize("suffix", ["las", "laz"])
@pytest.mark.parametrize("scale", [0.00001, 0.0001, 0.00012])
@pytest.mark.parametrize("limit", [2**31 - 1, -(2**31)])
@pytest.mark.parametrize(("axis", "name"), [(0, "X"), (1, "Y"), (2, "Z")])
def test_refused(tmp_path: Path, axis: int, name: str, limit: int, scale: float, suffix: str) -> None:
    path = points(tmp_path / f"a.{suffix}", axis, limit, scale)
    with pytest.raises(FileError) as caught:
        list(iter_points(read_header(path)))
    assert caught.value.message == "doubt.clamped"
    assert caught.value.values["axis"] == name
    assert caught.value.values["count"] == 3
    assert caught.value.values["value"] == f"{limit * scale:.4f}"
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("scale", [0.00001, 0.0001, 0.00012])
@pytest.mark.parametrize("limit", [2**31 - 2, -(2**31) + 1])
def test_a_step_before_it_is_a_place(tmp_path: Path, limit: int, scale: float) -> None:
    path = points(tmp_path / "a.las", 0, limit, scale, 3)
    (chunk,) = iter_points(read_header(path))
    assert chunk.count == 500
