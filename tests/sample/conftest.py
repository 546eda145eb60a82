"""The committed sample tiles, read once, and one small delivery of the generator."""

from __future__ import annotations

from pathlib import Path

import laspy
import numpy as np
import pytest

from pointcloud import sample

COMMITTED = Path(__file__).resolve().parents[2] / "sample_tiles"

Tiles = dict[str, laspy.LasData]


@pytest.fixture(scope="session")
def committed() -> Tiles:
    """Every committed tile by its name within the delivery."""
    return {
        path.relative_to(COMMITTED).as_posix(): laspy.read(path) for path in sorted(COMMITTED.rglob("*.laz"))
    }


@pytest.fixture(scope="session")
def classified(committed: Tiles) -> Tiles:
    """The tiles that carry classes: all but the pair."""
    return {name: tile for name, tile in committed.items() if "/" not in name}


@pytest.fixture(scope="session")
def whole(classified: Tiles) -> dict[str, np.ndarray]:
    """E, N, z, class and flight line of every point of the classified tiles."""
    tiles = classified.values()
    return {
        "e": np.concatenate([np.round(tile.x, 3) for tile in tiles]),
        "n": np.concatenate([np.round(tile.y, 3) for tile in tiles]),
        "z": np.concatenate([np.round(tile.z, 3) for tile in tiles]),
        "class": np.concatenate([np.asarray(tile.classification) for tile in tiles]),
        "line": np.concatenate([np.asarray(tile.point_source_id) for tile in tiles]),
    }


@pytest.fixture(scope="session")
def sparse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A delivery of the default seed with few pulses, so that making it again is quick."""
    folder = tmp_path_factory.mktemp("sparse")
    sample.write(folder, density=0.06)
    return folder
