"""The same seed makes the same bytes, and the committed tiles are what the generator makes."""

from __future__ import annotations

import io
from pathlib import Path

import laspy
import numpy as np

from pointcloud import sample

from .conftest import COMMITTED


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_same_seed_makes_the_same_bytes(sparse: Path, tmp_path: Path) -> None:
    written = sample.write(tmp_path / "見本", density=0.06)
    assert files(tmp_path / "見本") == files(sparse)
    assert [path.relative_to(tmp_path / "見本").as_posix() for path in written] == sorted(files(sparse))


def test_the_creation_date_is_fixed(sparse: Path) -> None:
    for path in sparse.rglob("*.laz"):
        with laspy.open(path) as reader:
            assert str(reader.header.creation_date) == "2020-04-01"


def test_progress_is_told_once_a_line() -> None:
    calls: list[int] = []
    sample.points(density=0.01, progress=lambda: calls.append(1))
    assert len(calls) == len(sample.LINES)


def test_the_committed_tiles_are_what_the_generator_makes(tmp_path: Path) -> None:
    sample.write(tmp_path)
    made = {name: data for name, data in files(tmp_path).items() if name.endswith(".laz")}
    kept = {name: data for name, data in files(COMMITTED).items() if name.endswith(".laz")}
    assert made.keys() == kept.keys()
    for name in made:
        if made[name] != kept[name]:
            _compare(name, made[name], kept[name])


def test_another_seed_makes_other_bytes(sparse: Path, tmp_path: Path) -> None:
    sample.write(tmp_path, seed=sample.SEED + 1, density=0.06)
    first, other = files(sparse), files(tmp_path)
    assert first.keys() == other.keys()
    assert all(first[name] != other[name] for name in first)


def _compare(name: str, made: bytes, kept: bytes) -> None:
    """Another lazrs, or another processor's sine, may change bytes, but not the points."""
    a, b = (_by_key(laspy.read(io.BytesIO(data))) for data in (made, kept))
    shared = a.keys() & b.keys()
    assert len(shared) > 0.9999 * max(len(a), len(b)), name
    steps = np.array([a[key] for key in shared]) - np.array([b[key] for key in shared])
    assert (np.abs(steps) > 1).any(axis=1).mean() < 1e-4, name


def _by_key(tile: laspy.LasData) -> dict[tuple[float, int], tuple[int, int, int]]:
    keys = zip(tile.gps_time.tolist(), np.asarray(tile.return_number).tolist(), strict=True)
    values = zip(tile.X.tolist(), tile.Y.tolist(), tile.Z.tolist(), strict=True)
    return dict(zip(keys, values, strict=True))
