"""Values that cannot be are told as such, before any file is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pointcloud.errors import ParameterError
from pointcloud.params.grid import GridParams, read_params


@pytest.mark.parametrize("code", [-1, 256, 10**21, 10**400, -(10**400)])
@pytest.mark.parametrize("name", ["ground_classes", "excluded_classes"])
def test_classes_are_bytes(name: str, code: int) -> None:
    with pytest.raises(ParameterError, match=f"{name.replace('_', '-')[:-2]} .* is out of range: 0 to 255"):
        GridParams(**{name: (2, code)})
    assert GridParams(ground_classes=(0, 255)).ground_classes == (0, 255)


@pytest.mark.parametrize(
    "text",
    [
        "ground_classes = [2, inf]",
        "ground_classes = [nan]",
        "ground_classes = [[2]]",
        "ground_classes = [2, {a = 1}]",
        "max_gap = []",
        "max_gap = 2024-01-01",
        "cs = 7",
        "cs = [[1]]",
        "classify = 'forest'",
        "pipeline = {}",
        "products = [1]",
        "resolutions = [1.0, nan]",
        "resolutions = [1e400]",
        "compress = [1]",
    ],
)
def test_values_of_another_kind(text: str, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError):
        GridParams(**read_params(path))
