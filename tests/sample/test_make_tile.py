"""The large tile that the benchmark reads."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import laspy
import numpy as np
import pytest

from pointcloud.geo.lattice import Box

SMALL = Box.from_metres(20_000, -165_300, 20_400, -165_000)


@pytest.fixture(scope="module")
def make_tile() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "make_tile.py"
    spec = importlib.util.spec_from_file_location("make_tile", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_tile"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("point_format", [6, 3])
@pytest.mark.parametrize("share", [0.4, 0.7])
def test_density_and_ground_share_are_met(
    make_tile: ModuleType, tmp_path: Path, point_format: int, share: float
) -> None:
    path = tmp_path / "tile.laz"
    count = make_tile.benchmark_tile(path, sheet_box=SMALL, ground_share=share, point_format=point_format)
    tile = laspy.read(path)
    assert len(tile) == count
    assert tile.header.point_format.id == point_format
    assert count / (400 * 300) == pytest.approx(4.0, rel=0.1)
    assert (np.asarray(tile.classification) == 2).mean() == pytest.approx(share, rel=0.1)
    assert np.all(np.diff(tile.gps_time) >= 0)
    assert tile.number_of_returns.max() >= 3
    west, south, east, north = SMALL.bounds
    assert np.all((tile.x >= west) & (tile.x < east - 1e-6) & (tile.y > south + 1e-6) & (tile.y <= north))


def test_the_same_seed_makes_the_same_bytes(make_tile: ModuleType, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        make_tile.benchmark_tile(tmp_path / name, sheet_box=SMALL, seed=seed)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()


def test_an_impossible_share_is_refused(make_tile: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"0\.05"):
        make_tile.benchmark_tile(tmp_path / "tile.laz", sheet_box=SMALL, ground_share=0.05)
