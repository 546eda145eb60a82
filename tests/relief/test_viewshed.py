"""Viewsheds against lines of sight drawn one by one in exact fractions, and against what must be seen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from surfaces import rough

import pointcloud as pc
from pointcloud import relief
from pointcloud.errors import ParameterError
from pointcloud.geo.lattice import Box, Grid
from pointcloud.params.viewshed import EARTH, SightParams
from pointcloud.relief.viewshed import SEEN, UNSEEN, Eye, Sight

Floats = NDArray[np.float64]


def crossings(dem: Floats, eye: tuple[int, int], row: int, col: int) -> Iterator[tuple[float, float]]:
    """Where a ray crosses lines between neighbouring centres: share of the way, and height there."""
    down, right = row - eye[0], col - eye[1]
    for whole, other, upright in ((right, down, False), (down, right, True)):
        for step in range(1, abs(whole)):
            side = Fraction(step * other, abs(whole))
            before, part = math.floor(side), side - math.floor(side)
            ahead = step if whole > 0 else -step
            ends = [
                (ahead, before + k) if upright else (before + k, ahead) for k in ((0, 1) if part else (0,))
            ]
            heights = [dem[eye[0] + v, eye[1] + u] for v, u in ends]
            known = [height for height in heights if not math.isnan(height)]
            if len(known) == 2:
                yield step / abs(whole), known[0] + float(part) * (known[1] - known[0])
            elif known:
                yield step / abs(whole), known[0]


def one_by_one(dem: Floats, resolution: float, eye: tuple[int, int], params: SightParams) -> Floats:
    """The height that a target needs on every cell, by its definition."""
    fall = (1.0 - params.refraction) / (2.0 * EARTH) if params.curved else 0.0
    above, out = dem[eye] + params.eye_height, np.full(dem.shape, np.nan)
    for row, col in np.argwhere(np.isfinite(dem)):
        way = math.hypot(row - eye[0], col - eye[1]) * resolution
        if way <= params.radius:
            ground = dem[row, col] - fall * way**2
            lines = [
                (height - fall * (share * way) ** 2 - above) / share + above - ground
                for share, height in crossings(dem, eye, row, col)
            ]
            out[row, col] = max([0.0, *lines])
    return out


def needed(dem: Floats, resolution: float, eye: tuple[int, int], params: SightParams) -> Floats:
    rows, cols = (slice(0, side) for side in dem.shape)
    return Sight(dem, resolution, params).needed(Eye(*eye), rows, cols)


@pytest.mark.parametrize("eye", [(20, 31), (0, 0), (51, 69), (48, 3)])
@pytest.mark.parametrize(
    ("resolution", "params"),
    [
        (1.0, SightParams()),
        (0.5, SightParams(eye_height=0.0, radius=20.0, curved=False)),
        (30.0, SightParams(eye_height=12.0, radius=1e4, refraction=0.0)),
    ],
)
def test_every_line_of_sight(eye: tuple[int, int], resolution: float, params: SightParams) -> None:
    dem = rough(52, 70)
    dem[eye] = 305.0
    got, want = needed(dem, resolution, eye, params), one_by_one(dem, resolution, eye, params)
    assert np.array_equal(np.isnan(got), np.isnan(want))
    np.testing.assert_allclose(got, want, atol=1e-9)
    assert np.array_equal(got == 0.0, want == 0.0)
    assert 0.02 < np.nanmean(got == 0.0) < 0.98


def test_nothing_is_passed_over_on_long_rays() -> None:
    """Rays of many blocks: what the blocks skip must not change a bit."""
    y, x = np.mgrid[:260, :300]
    dem = (
        80.0 + 25.0 * np.sin(x / 31.0) * np.cos(y / 23.0) + np.random.default_rng(2).normal(0.0, 0.2, x.shape)
    )
    scene = Sight(dem, 1.0, SightParams())
    plain = Sight(dem, 1.0, SightParams())
    plain._small.fill(np.inf)
    plain._large.fill(np.inf)
    for eye in (Eye(130, 150), Eye(3, 290)):
        whole = slice(0, 260), slice(0, 300)
        assert np.array_equal(scene.needed(eye, *whole), plain.needed(eye, *whole))


def test_a_wall_hides_as_triangles_say() -> None:
    dem = np.zeros((1, 40))
    dem[0, 10] = 3.0
    got = needed(dem, 1.0, (0, 0), SightParams(eye_height=1.0, curved=False))[0]
    assert got[:11].tolist() == [0.0] * 11
    np.testing.assert_allclose(got[11:], 1.0 + 2.0 * np.arange(11, 40) / 10.0)


def test_level_ground_and_an_even_slope_hide_nothing() -> None:
    east = np.arange(60.0)[np.newaxis, :].repeat(50, 0)
    for dem in (np.zeros((50, 60)), 100.0 + 0.25 * east):
        assert (needed(dem, 1.0, (25, 30), SightParams(eye_height=0.5, curved=False)) == 0.0).all()


def test_the_earth_is_round() -> None:
    """From 10 m up the sea is seen to the horizon, √(2 R h / (1 - k)); beyond, what is hidden grows."""
    sea = np.zeros((1, 300))
    got = needed(sea, 100.0, (0, 0), SightParams(eye_height=10.0, radius=1e5))[0]
    horizon = math.sqrt(2.0 * EARTH * 10.0 / (1.0 - 0.133))
    assert np.flatnonzero(got > 0.0)[0] * 100.0 == pytest.approx(horizon, abs=150.0)
    beyond = 290 * 100.0 - horizon
    assert got[290] == pytest.approx(beyond**2 * (1.0 - 0.133) / (2.0 * EARTH), rel=0.02)


def test_seen_is_seen_back() -> None:
    """With one height for eyes and targets, sight is mutual (but for ties)."""
    dem, height = rough(40, 40, holes=False), 2.0
    params = SightParams(eye_height=height, target_height=height, curved=False)
    b = (30, 33)
    for place in ((12, 9), (5, 36), (22, 20)):
        one = needed(dem, 1.0, place, params)[b] <= height
        other = needed(dem, 1.0, b, params)[place] <= height
        assert one == other


def test_void_is_unknown_and_hides_nothing() -> None:
    dem = np.full((9, 21), 10.0)
    dem[:, 8:12] = np.nan
    seen = relief.viewshed(dem, 1.0, [(4, 2)])
    assert np.isnan(seen[:, 8:12]).all()
    assert (seen[:, 12:] == 1.0).all()
    with pytest.raises(ParameterError, match="no height"):
        relief.viewshed(dem, 1.0, [(4, 9)])


def test_windows_and_threads_leave_no_trace() -> None:
    dem = rough(150, 130)
    dem[70, 60] = 320.0
    scene, eye = Sight(dem.astype(np.float32), 1.0, SightParams()), Eye(70, 60)
    whole = scene.needed(eye, slice(0, 150), slice(0, 130), threads=3)
    for rows, cols in ((slice(40, 90), slice(0, 130)), (slice(71, 150), slice(61, 64))):
        assert np.array_equal(scene.needed(eye, rows, cols), whole[rows, cols], equal_nan=True)


def test_several_eyes_are_counted() -> None:
    dem = rough(60, 60)
    eyes = [(10, 10), (50, 20), (30, 50)]
    for eye in eyes:
        dem[eye] = 312.0
    params = SightParams(radius=30.0, target_height=1.0)
    parts = [relief.viewshed(dem, 1.0, [eye], params) for eye in eyes]
    both = relief.viewshed(dem, 1.0, eyes, params)
    known = np.isfinite(parts).any(axis=0)
    assert np.array_equal(both, np.where(known, np.nansum(parts, axis=0), np.nan), equal_nan=True)
    assert np.nanmax(both) >= 2.0
    least = relief.viewshed(dem, 1.0, eyes, params, shown="needed")
    assert np.array_equal(least <= 1.0, both >= 1.0)


def test_the_picture_tells_seen_from_unseen() -> None:
    dem = np.zeros((60, 60))
    dem[20:40, 30] = 8.0
    picture = relief.viewshed(dem, 1.0, [(30, 10)], shown="picture")
    assert tuple(picture[30, 20]) == (*SEEN[0], 255)
    assert tuple(picture[30, 55]) == (*UNSEEN, 255)
    far = relief.viewshed(dem, 1.0, [(30, 10)], SightParams(radius=5.0), shown="picture")
    assert tuple(far[30, 20]) == (0, 0, 0, 0)


def test_from_the_library() -> None:
    grid = Grid(Box.from_metres(45000, -77600, 45060, -77550), 10_000)
    terrain = pc.Raster(rough(50, 60, holes=False).astype(np.float32), grid, "EPSG:6673", "dem")
    got = pc.viewshed(terrain, (45010.0, -77580.25), "45040,-77599.5", eye_height=3.0, radius=40.0)
    params = SightParams(eye_height=3.0, radius=40.0)
    want = relief.viewshed(terrain.array, 1.0, [(30, 10), (49, 40)], params)
    assert np.array_equal(got.array, want, equal_nan=True)
    assert (got.name, got.grid) == ("viewshed", grid)
    for bad in ((44999.0, -77580.0), "takeda"):
        with pytest.raises(ParameterError, match="no height there"):
            pc.viewshed(terrain, bad)
    with pytest.raises(ParameterError, match="no place"):
        pc.viewshed(terrain)
    with pytest.raises(ParameterError, match="refraction"):
        pc.viewshed(terrain, (45010.0, -77580.0), refraction=2.0)
