"""A small delivery, and what an undisturbed run makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from runs import Delivery, gridded, rasters, tiles, town

BOUNDS = (44_000.0, -78_000.0, 44_200.0, -77_900.0)
OPTIONS = ("--sheet", "none", "--tile-size", "50", "--max-gap", "20", "--water-gap", "10")


@pytest.fixture(scope="session")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    """The delivery; its files are not to be changed."""
    folder = tmp_path_factory.mktemp("delivery")
    parts = tiles(folder / "in", town(np.random.default_rng(3), BOUNDS, 1.0), 50.0)
    files = {f"E{col * 50:07d}_S{-row * 50:07d}": path for (col, row), path in parts.items()}
    assert len(files) == 8
    gridded(folder / "in", "-o", folder / "out", "--jobs", "1", *OPTIONS)
    good = {name: path.read_bytes() for name, path in rasters(folder / "out").items()}
    assert len(good) == 8 * 3
    return Delivery(folder / "in", files, OPTIONS, good)
