"""Ground among points without classes: what it finds, and that any window, order and thread finds the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clouds import cloud_of, scatter

from pointcloud import pipeline
from pointcloud.errors import ParameterError
from pointcloud.geo.lattice import Box
from pointcloud.ground import smrf
from pointcloud.io.spill.cloud import Cloud
from pointcloud.params.grid import GridParams, read_params
from pointcloud.params.smrf import PRESET, PRESETS, SmrfParams

WEST, SOUTH, EAST, NORTH = 45_000.0, -77_200.0, 45_200.0, -77_000.0
SMALL = SmrfParams(window=6.0, max_gap=30.0, fill_gap=6.0)


def place(rng: np.random.Generator, around: float = 0.0, per_m2: float = 2.0) -> tuple[np.ndarray, ...]:
    """E, N, Z of a slope with houses, trees, a pond and low noise, and what each point truly is (2, 1 or 7)."""
    bounds = WEST - around, SOUTH - around, EAST + around, NORTH + around
    count = round((bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) * per_m2)
    e, n = scatter(rng, count, bounds)
    ground = 100 + 0.2 * (e - WEST) + 2 * np.sin(n / 11)
    z, truth = ground + rng.normal(0, 0.03, count), np.full(count, 2)
    house = (np.abs((e - WEST) % 40 - 20) < 5) & (np.abs((n - SOUTH) % 50 - 25) < 4)
    z[house], truth[house] = z[house] + 6, 1
    tree = ~house & (rng.random(count) < 0.2)
    z[tree] += rng.uniform(2, 15, tree.sum())
    truth[tree] = 1
    low = rng.random(count) < 3e-4
    z[low], truth[low] = ground[low] - rng.uniform(10, 60, low.sum()), 7
    dry = np.hypot(e - WEST - 120, n - SOUTH - 60) > 12
    return e[dry], n[dry], np.round(z[dry], 3), truth[dry]


def answers(
    cloud: Cloud, box: Box, params: SmrfParams, pool: ThreadPoolExecutor | None = None
) -> tuple[np.ndarray, ...]:
    """Which points of a window are ground, in an order of their own: E, N, Z quanta."""
    found = smrf.classify(cloud, box, params, pool)
    xy, z = found.clip(box)
    xyz = np.column_stack((xy + np.array([(box.west + box.east) // 2, (box.south + box.north) // 2]), z))
    return found.surface.heights, xyz[np.lexsort(xyz.T)]


def test_finds_ground_and_noise() -> None:
    e, n, z, truth = place(np.random.default_rng(0))
    cloud = cloud_of(e, n, z)
    found = smrf.classify(cloud, cloud.extent, SMALL)
    q = np.rint(np.column_stack((e, n, z)) * 1e4).astype(np.int64)
    east, north = int(q[0, 0]), int(q[0, 1])
    xy, height = (q[:, :2] - (east, north)).astype(np.int32), q[:, 2].astype(np.int32)
    above, ground = found.heights(xy, height, east, north)
    noise = found.noise(xy, height, east, north)
    assert (ground == (truth == 2)).mean() > 0.985
    assert noise[truth == 7].mean() > 0.9
    assert not noise[truth != 7].any()
    assert not ground[(truth == 1) & (above > 1)].any()


def test_the_second_terrain_is_the_same_whole_or_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    e, n, z, _ = place(np.random.default_rng(0))
    cloud = cloud_of(e, n, z)
    touched, found = [], []
    kernel = smrf.kernels.touched

    def noted(changed: np.ndarray, widths: np.ndarray, widest: float, out: np.ndarray) -> None:
        kernel(changed, widths, widest, out)
        touched.append((changed.sum(), out.mean()))

    def some_taken_back(*arguments: Any) -> None:
        flags = arguments[2].ravel()
        flags[np.flatnonzero(flags)[::60]] = False

    monkeypatch.setattr(smrf.kernels, "touched", noted)
    monkeypatch.setattr(smrf, "_take_back", some_taken_back)
    for share in (-1.0, 2.0):  # all of it, parts of it, whatever the share of squares with another point
        monkeypatch.setattr(smrf, "_MANY", share)
        found.append(smrf.classify(cloud, cloud.extent, SMALL).surface.heights)
    assert len(touched) == 1
    assert touched[0][0] > 0
    assert touched[0][1] < 1
    assert np.array_equal(found[0], found[1], equal_nan=True)


@pytest.mark.parametrize("quantum", [1.0, 0.001])
def test_any_window_order_and_number_of_threads_finds_the_same(quantum: float) -> None:
    rng = np.random.default_rng(1)
    reach = smrf.halo(SMALL)
    e, n, z, _ = place(rng, reach / 1e4 + 10)
    e, n = np.round(e / quantum) * quantum, np.round(n / quantum) * quantum
    box = Box.from_metres(WEST, SOUTH, EAST, NORTH)
    cloud = cloud_of(e, n, z)
    surface, ground = answers(cloud, box, SMALL)
    with ThreadPoolExecutor(3) as pool:
        threaded = answers(cloud, box, SMALL, pool)
    assert np.array_equal(surface, threaded[0], equal_nan=True)
    assert np.array_equal(ground, threaded[1])
    rim, side = smrf._RIM, 20_000
    for part in (
        Box.from_metres(WEST, SOUTH, WEST + 50, SOUTH + 40),
        Box.from_metres(WEST + 110, SOUTH + 50, WEST + 150, SOUTH + 90),
    ):
        west, south, east, north = part.grow(reach).bounds
        near = (e >= west) & (e <= east) & (n >= south) & (n <= north)
        order = rng.permutation(int(near.sum()))
        alone = answers(cloud_of(e[near][order], n[near][order], z[near][order]), part, SMALL)
        rows = slice((box.north - part.north) // side, (box.north - part.south) // side + 2 * rim)
        cols = slice((part.west - box.west) // side, (part.east - box.west) // side + 2 * rim)
        assert np.array_equal(alone[0], surface[rows, cols], equal_nan=True)
        inside = (ground[:, 0] >= part.west) & (ground[:, 0] < part.east)
        inside &= (ground[:, 1] > part.south) & (ground[:, 1] <= part.north)
        assert np.array_equal(alone[1], ground[inside])


def test_the_edge_of_the_points_is_the_same_whatever_lies_far_away() -> None:
    e, n, z, _ = place(np.random.default_rng(4))
    box = Box.from_metres(WEST, SOUTH, EAST, NORTH)
    alone = answers(cloud_of(e, n, z), box, SMALL)
    far = (np.append(v, x) for v, x in zip((e, n, z), (WEST - 900, NORTH + 900, 0.0), strict=True))
    surface, ground = answers(cloud_of(*far), box, SMALL)
    assert np.array_equal(ground, alone[1])
    assert np.array_equal(surface, alone[0], equal_nan=True)


def test_a_halo_that_is_too_small_does_make_a_difference() -> None:
    rng = np.random.default_rng(2)
    e, n, z, _ = place(rng, 90)
    part = Box.from_metres(WEST + 100, SOUTH + 40, WEST + 140, SOUTH + 80)
    found = []
    for reach in (smrf.halo(SMALL), 2 * 10_000):
        west, south, east, north = part.grow(reach).bounds
        near = (e >= west) & (e <= east) & (n >= south) & (n <= north)
        extra = [[WEST - 90.0, EAST + 90.0], [SOUTH - 90.0, NORTH + 90.0], [100.0, 100.0]]
        found.append(
            answers(
                cloud_of(*(np.append(v[near], x) for v, x in zip((e, n, z), extra, strict=True))), part, SMALL
            )
        )
    assert not np.array_equal(found[0][0], found[1][0], equal_nan=True)


@pytest.mark.parametrize(("width", "kept"), [(11.0, False), (30.0, True)])
def test_roofs_up_to_the_stated_width_go(width: float, kept: bool) -> None:
    e, n = np.meshgrid(np.arange(WEST, WEST + 120, 0.7), np.arange(SOUTH, SOUTH + 120, 0.7))
    roof = (np.abs(e - WEST - 60) < width / 2) & (np.abs(n - SOUTH - 60) < 40)
    cloud = cloud_of(e.ravel(), n.ravel(), np.where(roof, 8.0, 0.0).ravel())
    assert SMALL.widest == 12.0
    found = smrf.classify(cloud, cloud.extent, SMALL)
    row, col = (
        (found.surface.grid.box.north - round((SOUTH + 60) * 1e4)) // 20_000,
        (round((WEST + 60) * 1e4) - found.surface.grid.box.west) // 20_000,
    )
    assert (found.surface.heights[row, col] > 4) == kept


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_keep_a_plane_whole(preset: str) -> None:
    e, n = scatter(np.random.default_rng(3), 30_000, (WEST, SOUTH, WEST + 100, SOUTH + 100))
    cloud = cloud_of(e, n, np.round(0.6 * (e - WEST) - 0.3 * (n - SOUTH), 3))
    xy, _ = smrf.classify(cloud, cloud.extent, PRESET[preset]).clip(cloud.extent)  # type: ignore[index]
    assert len(xy) > 0.995 * len(e)


def test_nothing_and_next_to_nothing() -> None:
    for count in (1, 2, 3):
        cloud = cloud_of(WEST + 3.0 * np.arange(count), SOUTH + np.arange(count) ** 2.0, np.zeros(count))
        xy, _ = smrf.classify(cloud, Box.from_metres(WEST, SOUTH, EAST, NORTH), SMALL).clip(cloud.extent)
        assert len(xy) <= count
        beyond = Box.from_metres(EAST + 500, SOUTH, EAST + 600, NORTH)
        assert len(smrf.classify(cloud, beyond, SMALL).clip(beyond)[0]) == 0


def test_values_out_of_range_are_named() -> None:
    with pytest.raises(ParameterError, match=r"window 0\.5"):
        replace(SMALL, window=0.5)
    with pytest.raises(ParameterError, match="smaller than its cells"):
        replace(SMALL, window=2.0, cell=3.0)


def test_a_parameter_file_changes_single_values_of_a_preset(tmp_path: Path) -> None:
    file = tmp_path / "params.toml"
    file.write_text('[classify]\npreset = "forest"\nwindow = 12\n', encoding="utf-8")
    assert GridParams(**read_params(file)).classify == replace(PRESET["forest"], window=12.0)
    for wrong, said in (
        ('preset = "desert"', "preset cannot be 'desert'"),
        ("preset = 3", "preset cannot be 3"),
        ("wingspan = 3", "no wingspan; there are preset, cell, window"),
        ("window = true", "window cannot be True"),
        ("window = 1000", "window"),
    ):
        file.write_text(f"[classify]\n{wrong}\n", encoding="utf-8")
        with pytest.raises(ParameterError, match=said):
            read_params(file)
    file.write_text('classify = "smrf"\n', encoding="utf-8")
    with pytest.raises(ParameterError, match="classify cannot be 'smrf'"):
        read_params(file)


def test_the_halo_of_a_run_holds_that_of_the_filter() -> None:
    plain, found = GridParams((1.0,), ("dem",)), GridParams((1.0,), ("dem",), classify=SMALL)
    assert pipeline.reach(found) == pipeline.reach(plain) + smrf.halo(SMALL)
    assert found.reduce.candidates
    assert found.of("dem")["classify"] == asdict(SMALL)
    assert "ground_classes" not in found.of("dem")
