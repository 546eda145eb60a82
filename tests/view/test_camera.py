"""Cameras: by direction, at eye height, as a file."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import scenes

from pointcloud.errors import ParameterError
from pointcloud.geo import places
from pointcloud.view.build import build
from pointcloud.view.camera import Aim, Camera, load, save
from pointcloud.view.request import ViewRequest

SIZE = (800, 600)


def test_projection_of_known_points() -> None:
    camera = Camera((0.0, -100.0, 0.0), (0.0, 0.0, 0.0), 90.0)
    found = camera.project(
        np.array([(0, 0, 0), (50, 0, 0), (0, 0, 100), (0, 100, 0), (0, -200, 0)], float), SIZE
    )
    assert found[:4].tolist() == pytest.approx(
        np.array([(400, 300, 100), (550, 300, 100), (400, 0, 100), (400, 300, 200)])
    )
    assert found[4, 2] < 0


def test_camera_from_a_direction(tmp_path: Path) -> None:
    aim = Aim(bearing=225.0, distance=300.0, height=150.0)
    camera = build(scenes.request(scenes.dem(tmp_path), aim=aim)).camera
    e, n = scenes.MIDDLE
    ground = 139.95  # of the hill between its four middle cells
    assert camera.target == pytest.approx((e, n, ground), abs=0.1)
    step = 300.0 / math.sqrt(2)
    assert camera.position == pytest.approx((e - step, n - step, camera.target[2] + 150.0))
    assert camera.heading == pytest.approx(45.0)


def test_eye_stands_on_the_ground(tmp_path: Path) -> None:
    eye, towards = (scenes.WEST + 20.5, scenes.NORTH - 30.5), (scenes.WEST + 150.5, scenes.NORTH - 30.5)
    aim = Aim(eye=eye, towards=towards, eye_height=1.6)
    camera = build(scenes.request(scenes.dem(tmp_path), aim=aim, exaggeration=2.0)).camera
    heights = scenes.hill()
    assert camera.position == pytest.approx((*eye, 2.0 * heights[30, 20] + 1.6), abs=1e-4)
    assert camera.target == pytest.approx((*towards, 2.0 * heights[30, 150] + 1.6), abs=1e-4)


def test_eye_over_a_hole_is_refused(tmp_path: Path) -> None:
    heights = scenes.hill()
    heights[20:40, 20:40] = np.nan
    aim = Aim(eye=(scenes.WEST + 30, scenes.NORTH - 30))
    with pytest.raises(ParameterError, match="no height at E 21030"):
        build(scenes.request(scenes.dem(tmp_path, heights), aim=aim))


def test_camera_in_the_ground_is_lifted_and_it_is_said(tmp_path: Path) -> None:
    aim = Aim(bearing=0.0, distance=90.0, height=-60.0)
    model = build(scenes.request(scenes.dem(tmp_path), aim=aim))
    assert model.camera.position[2] == pytest.approx(100.0 + 9.0 + 2.0, abs=1.0)
    assert any("in the ground" in note for note in model.notes)


def test_site_is_seen_from_its_first_viewpoint(tmp_path: Path) -> None:
    site = places.parse("sample")
    assert site.site is not None
    view = site.site.views[0]
    box = f"{site.e - 100},{site.n - 100},{site.e + 100},{site.n + 100}"
    flat = np.zeros((1400, 1400), np.float32)  # from E 21000, N -165000 on: it holds the site
    path = scenes.write(tmp_path / "flat.tif", flat)
    camera = build(ViewRequest(site, (path,))).camera
    assert camera.distance == pytest.approx(math.hypot(view.distance, view.height))
    assert build(ViewRequest(places.parse(box), (path,))).signs == []


def test_saved_camera_comes_back(tmp_path: Path) -> None:
    camera = Camera((21_000.123, -165_000.5, 321.0), (21_100.0, -165_100.0, 150.0), 42.0)
    path = tmp_path / "カメラ.json"
    path.write_bytes(save(camera, 1.5))
    again = load(path, 1.5)
    assert (*again.position, *again.target, again.field) == pytest.approx(
        (*camera.position, *camera.target, 42.0)
    )
    assert load(path, 3.0).position[2] == pytest.approx(642.0)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"position": [1, 2, 3]}', '{"position":[1,2,3],"target":[1,2,3],"field":30}']
)
def test_other_files_are_no_cameras(tmp_path: Path, text: str) -> None:
    path = tmp_path / "camera.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError, match="no camera file"):
        load(path, 1.0)


def test_a_turn_keeps_distance_and_height() -> None:
    camera = Camera((0.0, -100.0, 50.0), (0.0, 0.0, 0.0))
    quarter = camera.turned(90.0)
    assert quarter.position == pytest.approx((-100.0, 0.0, 50.0))
