"""A dense sheet: memory follows the raster, not the points."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pointcloud.lattice import Box

ROOT = Path(__file__).resolve().parents[2]
SHEET = Box.from_metres(20_000, -166_500, 22_000, -165_000)


@pytest.mark.soak
def test_a_sheet_of_twelve_points_a_square_metre_stays_under_a_gibibyte(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from make_tile import benchmark_tile  # type: ignore[import-not-found]

    assert benchmark_tile(tmp_path / "05PE551.laz", sheet_box=SHEET, density=12.0) > 30_000_000
    command = [
        sys.executable,
        "-m",
        "hyogo_pc",
        "grid",
        str(tmp_path / "05PE551.laz"),
        "-o",
        str(tmp_path / "out"),
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    subprocess.run([*command, "-r", "1", "-r", "0.5"], check=True, capture_output=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert peak == before or peak < 2**20  # KiB; the largest child so far
    assert len(list((tmp_path / "out").glob("*/*.tif"))) == 6
