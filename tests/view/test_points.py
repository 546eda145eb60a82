"""Points: thinned fairly, in any order, coloured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scenes

from pointcloud.errors import CrsError, ParameterError
from pointcloud.geo.lattice import Box
from pointcloud.view import points
from pointcloud.view.build import build

BOX = Box.from_metres(scenes.WEST, scenes.NORTH - 200, scenes.WEST + 200, scenes.NORTH)


def test_thinned_fairly_whatever_the_order(tmp_path: Path) -> None:
    files = [scenes.las(tmp_path / f"{seed}.las", 30_000, seed) for seed in (1, 2)]
    whole = points.sample(files, BOX, 60_000)
    few, turned = (points.sample(order, BOX, 2000) for order in (files, files[::-1]))
    assert len(few.points) == 2000
    assert (few.points == turned.points).all()
    assert (few.read, few.inside) == (60_000, len(whole.points))
    assert set(map(tuple, few.points)) <= set(map(tuple, whole.points))
    halves = few.points[:, 0] < scenes.WEST + 100
    assert 900 < halves.sum() < 1100
    assert set(np.unique(few.classes)) == {2, 5}  # noise is left out
    assert few.points[:, 0].max() < scenes.WEST + 200


def test_thinning_is_said(tmp_path: Path) -> None:
    cloud = scenes.las(tmp_path / "cloud.las", 30_000, 1)
    model = build(scenes.request(scenes.dem(tmp_path), points=(cloud,), budget=500))
    assert len(model.clouds[0].points) == 500
    assert any("500 of them are drawn" in note for note in model.notes)
    assert {entry.text for entry in model.words.key} == {"ground", "high vegetation"}


def test_colours_of_the_file(tmp_path: Path) -> None:
    cloud = scenes.las(tmp_path / "cloud.las", 1000, 1, point_format=7)
    model = build(scenes.request(scenes.dem(tmp_path), points=(cloud,), colouring="rgb"))
    assert np.unique(model.clouds[0].colours, axis=0).tolist() == [[255, 128, 0]]


def test_colours_of_heights_span_the_view(tmp_path: Path) -> None:
    cloud = scenes.las(tmp_path / "cloud.las", 5000, 1)
    model = build(scenes.request(scenes.dem(tmp_path), points=(cloud,), colouring="height"))
    drawn = model.clouds[0]
    low, high = drawn.points[:, 2].argmin(), drawn.points[:, 2].argmax()
    assert drawn.colours[low].tolist() == list(points.HEIGHTS[0])
    assert drawn.colours[high].tolist() == list(points.HEIGHTS[-1])
    assert [entry.text for entry in model.words.key] == ["100 m", "120 m"]


def test_file_without_colours_is_refused(tmp_path: Path) -> None:
    cloud = scenes.las(tmp_path / "cloud.las", 100, 1)
    with pytest.raises(ParameterError, match="holds no colours"):
        points.sample([cloud], BOX, 100, coloured=True)


def test_points_elsewhere_are_refused(tmp_path: Path) -> None:
    cloud = scenes.las(tmp_path / "cloud.las", 100, 1)
    far = Box.from_metres(0, 0, 100, 100)
    with pytest.raises(ParameterError, match="None of the 100 points"):
        points.sample([cloud], far, 100)


def test_points_of_another_zone_are_refused(tmp_path: Path) -> None:
    cloud = scenes.las(tmp_path / "cloud.las", 100, 1, epsg=6676)
    with pytest.raises(CrsError, match="EPSG:6676"):
        points.sample([cloud], BOX, 100, reference="EPSG:6673")
