"""The kernels once more without the JIT, and with bounds checks: what compiled code does not say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RELIEF = [
    f"tests/relief/test_{name}.py" for name in ("cs", "smooth", "derivatives", "hillshade", "curvature")
]
LOOKING = [
    *(
        f"tests/relief/test_openness.py::{name}"
        for name in ("test_level_ground", "test_local_dominance_is_the_mean_over_the_ring")
    ),
    "tests/relief/test_horizons.py::test_every_ray",
]
SIGHT = [
    "tests/relief/test_viewshed.py::test_every_line_of_sight",
    "tests/relief/test_viewshed.py::test_the_earth_is_round",
]
QUICK = [
    *("tests/kernels", "tests/surface/test_water.py", "tests/surface/test_dsm.py"),
    *(*RELIEF, *LOOKING, *SIGHT, "tests/relief/test_render.py::test_small_arrays"),
]
ALL = ["tests/kernels", "tests/surface", "tests/relief"]


@pytest.mark.soak
@pytest.mark.parametrize(
    ("variable", "tests"), [("NUMBA_DISABLE_JIT", QUICK), ("NUMBA_BOUNDSCHECK", ALL)], ids=["plain", "bounds"]
)
def test_kernels_pass_in_this_mode(variable: str, tests: list[str], tmp_path: Path) -> None:
    env = os.environ | {variable: "1", "HYOGO_PC_CACHE": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
