"""Rings of terrain: without cracks, with its own heights, with its holes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import scenes

from pointcloud.api.raster import Raster
from pointcloud.geo.lattice import Box, Grid, quanta
from pointcloud.view import level_of_detail, terrain
from pointcloud.view.heights import ArrayHeights
from pointcloud.view.level_of_detail import Frame


def source(heights: scenes.Floats) -> ArrayHeights:
    rows, cols = heights.shape
    box = Box.from_metres(scenes.WEST, scenes.NORTH - rows, scenes.WEST + cols, scenes.NORTH)
    return ArrayHeights(Raster(heights, Grid(box, quanta(1)), "EPSG:6673", "dem"))


def surfaces(heights: scenes.Floats, frames: list[Frame], every: int = 1) -> list[terrain.Surface]:
    model = source(heights)
    layers = terrain.load(model, frames)
    return [
        item for item in terrain.surfaces(model, layers, 1.0, None, every=every) if item.picture is not None
    ]


def rough(side: int = 257) -> scenes.Floats:
    return np.random.default_rng(3).uniform(0.0, 50.0, (side, side))


NEAR, WHOLE = Frame(100, 110, 140, 150, 1), Frame(0, 0, 256, 256, 1)


@pytest.mark.parametrize("every", [1, 2, 4])
def test_rings_have_no_cracks(every: int) -> None:
    frames = level_of_detail.frames(NEAR, WHOLE, most=4000, every=every)
    assert [frame.step for frame in frames] == [1, 2, 4][: len(frames)] + [8, 16][: len(frames) - 3]
    assert len(frames) >= 3
    edges: Counter[frozenset[tuple[float, ...]]] = Counter()
    area = 0.0
    for surface in surfaces(rough(), frames, every):
        corners = surface.points[surface.triangles]
        a, b = corners[:, 1, :2] - corners[:, 0, :2], corners[:, 2, :2] - corners[:, 0, :2]
        doubled = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
        assert (doubled > 0).all()  # anticlockwise from above
        area += doubled.sum() / 2
        for first, second in ((0, 1), (1, 2), (2, 0)):
            pairs = corners[:, [first, second]].tolist()
            edges.update(frozenset((tuple(p), tuple(q))) for p, q in pairs)
    points = {point for edge in edges for point in edge}
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    for edge, count in edges.items():
        outer = any(
            all(point[axis] == limit for point in edge)
            for axis, limit in ((0, west), (0, east), (1, south), (1, north))
        )
        assert count == (1 if outer else 2), edge
    assert area == pytest.approx((east - west) * (north - south))


def test_corners_have_the_heights_of_their_cells() -> None:
    heights = rough()
    for surface in surfaces(heights, level_of_detail.frames(NEAR, WHOLE, most=4000)):
        col = np.rint(surface.points[:, 0] - scenes.WEST - 0.5).astype(int)
        row = np.rint(scenes.NORTH - surface.points[:, 1] - 0.5).astype(int)
        assert (surface.points[:, 2] == heights[row, col]).all()


def test_near_has_full_detail() -> None:
    first = level_of_detail.frames(NEAR, WHOLE, most=4000)[0]
    assert first.step == 1
    assert first.covers(NEAR)


def test_small_land_is_one_ring() -> None:
    assert level_of_detail.frames(NEAR, WHOLE) == [WHOLE]


def test_land_that_is_too_much_is_coarser() -> None:
    frames = level_of_detail.frames(WHOLE, WHOLE, most=20_000)
    assert [frame.step for frame in frames] == [2]


def test_holes_stay_holes() -> None:
    heights = scenes.hill()
    heights[60:80, 90:120] = np.nan
    (surface,) = surfaces(heights, [Frame(0, 0, 199, 199, 1)])
    corners = surface.points[surface.triangles][..., :2].mean(1)
    inside = (corners[:, 0] > scenes.WEST + 90) & (corners[:, 0] < scenes.WEST + 120)
    inside &= (corners[:, 1] < scenes.NORTH - 60) & (corners[:, 1] > scenes.NORTH - 80)
    assert not inside.any()
    assert len(surface.triangles) == 2 * (199 * 199 - 21 * 31)


def test_floor_of_a_hole_is_just_below_its_rim() -> None:
    heights = scenes.hill()
    heights[60:80, 90:120] = np.nan
    model = source(heights)
    layers = terrain.load(model, [Frame(0, 0, 199, 199, 1)])
    floors = [item for item in terrain.surfaces(model, layers, 1.0, 50.0) if item.colour == terrain.FLOOR]
    levels = np.unique(floors[0].points[:, 2])
    rim = min(
        heights[59, 89:121].min(),
        heights[80, 89:121].min(),
        heights[59:81, 89].min(),
        heights[59:81, 120].min(),
    )
    assert levels == pytest.approx([50.0, rim - 0.4])


def test_height_between_cells_is_bilinear() -> None:
    heights = scenes.hill()
    model = source(heights)
    layers = terrain.load(model, [Frame(0, 0, 199, 199, 1)])
    e, n = np.array([scenes.WEST + 40.75]), np.array([scenes.NORTH - 30.5])
    wanted = 0.75 * heights[30, 40] + 0.25 * heights[30, 41]
    assert terrain.heights_at(model, layers, e, n) == pytest.approx([wanted])
