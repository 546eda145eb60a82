"""A dense sheet: memory follows the raster, not the points."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pointcloud.geo.lattice import Box

ROOT = Path(__file__).resolve().parents[2]
SHEET = Box.from_metres(20_000, -166_500, 22_000, -165_000)


@pytest.mark.soak
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="the system tells no peak of a process that has ended")
def test_a_sheet_of_twelve_points_a_square_metre_stays_under_a_gibibyte(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from make_tile import benchmark_tile  # type: ignore[import-not-found]
    from process import measure  # type: ignore[import-not-found]

    tile = tmp_path / "05PE551.laz"
    assert benchmark_tile(tile, sheet_box=SHEET, density=12.0) > 30_000_000
    command = [sys.executable, "-m", "hyogo_pc", "grid", str(tile), "-o", str(tmp_path / "out")]
    assert measure([*command, "-r", "1", "-r", "0.5"]).peak < 1024
    assert len(list((tmp_path / "out").glob("*/*.tif"))) == 6
