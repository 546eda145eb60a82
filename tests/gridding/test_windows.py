"""Any window of any points: made alone, of the files within reach, it equals the whole to the bit.

What `test_seams` shows of whole runs, here in memory, so that thousands of odd clouds can be tried: lattices on
cell centres and corners, cocircular points, holes about as wide as the gap, a few points in a hectare.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from clouds import spill_of

from pointcloud import pipeline
from pointcloud.geo.lattice import Box
from pointcloud.io.spill.cloud import Cloud
from pointcloud.params.grid import GridParams

Array = npt.NDArray[Any]

E, N = 44_100.0, -77_940.0
"""The corner that four windows share."""


def params(rng: np.random.Generator) -> GridParams:
    return GridParams(
        (1.0, 0.5),
        (("dsm", "dem", "cs"), ("dem",))[rng.integers(2)],
        max_gap=float(rng.choice([3, 8, 20, 40, 75])),
        dsm_max_gap=float(rng.choice([0, 2, 5, 7.3])),
        water_gap=float(rng.choice([0, 4, 10, 15.5])),
    )


def places(rng: np.random.Generator, reach: float, gap: float) -> Array:
    """Return E, N of odd points within ``reach`` metres of the corner: (2, points)."""
    per_m2 = rng.choice([0.002, 0.01, 0.05, 0.3, 1.5])
    count = int(np.clip((2 * reach) ** 2 * per_m2, 5, 30_000))
    points = rng.uniform(-reach, reach, (2, count))
    quantum = rng.choice([0, 5, 2, 1, 0.5, 0.25, 0.1, 0.01, 0.001])
    if quantum:
        points = np.round(points / quantum) * quantum
    if rng.random() < 0.2:
        points = skewed(rng, reach)
    if rng.random() < 0.2:
        points = ring(rng, points, gap)
    for _ in range(rng.integers(5)):
        points = without(points, rng.uniform(-reach, reach, 2) * 0.6, rng.uniform(1, gap))
    return points + np.array([[E], [N]])


def skewed(rng: np.random.Generator, reach: float) -> Array:
    """Return a lattice, each row of it moved on by up to a metre, some of it missing."""
    step = rng.choice([2.0, 3.0, 5.0])
    along = np.arange(-int(reach / step) - 2, int(reach / step) + 3)
    cols, rows = (values.ravel() for values in np.meshgrid(along, along))
    points = np.stack((step * cols + 0.5 * rows * rng.integers(3), step * rows))
    kept = (np.abs(points).max(axis=0) < reach) & (rng.random(len(rows)) < rng.choice([1, 0.9, 0.5]))
    return np.asarray(points[:, kept])


def ring(rng: np.random.Generator, points: Array, gap: float) -> Array:
    """Return the points with a hole as wide as the gap, or nearly, and 200 points on its rim."""
    radius = gap / 2 + rng.choice([0.0, -0.01, 0.01])
    middle = rng.uniform(-10, 10, 2)
    turn = rng.uniform(0, 2 * np.pi, 200)
    rim = middle[:, np.newaxis] + radius * np.stack((np.cos(turn), np.sin(turn)))
    return np.concatenate((without(points, middle, radius * 1.01), np.round(rim, 3)), axis=1)


def without(points: Array, middle: Array, radius: float) -> Array:
    return np.asarray(points[:, np.hypot(*(points - middle[:, np.newaxis])) > radius])


def differences(seed: int) -> list[str]:
    """Return where the four windows of an odd cloud differ from the whole."""
    rng = np.random.default_rng(seed)
    wanted = params(rng)
    side = int(rng.choice([20, 30, 50]))
    e, n = places(rng, side + wanted.max_gap + rng.uniform(20, 50), wanted.max_gap)
    z = np.round(100 + rng.normal(0, 5, len(e)) + 0.3 * (e - E), 3)
    classes = rng.choice(np.array([2, 2, 2, 1, 9, 7], np.uint8), len(e))
    file = np.stack((e, n)) // rng.choice([17.0, 33.0, 60.0])
    _, owner = np.unique(file, axis=1, return_inverse=True)
    owner = owner.ravel()
    spills = [
        spill_of(*(values[owner == number] for values in (e, n, z, classes)), wanted, str(number))
        for number in range(owner.max() + 1)
    ]
    whole = list(
        pipeline.make(Box.from_metres(E - side, N - side, E + side, N + side), Cloud(spills), wanted)
    )
    found = []
    for west, south in ((E - side, N - side), (E, N - side), (E - side, N), (E, N)):
        box = Box.from_metres(west, south, west + side, south + side)
        near = [spill for spill in spills if spill.info.box.touches(box.grow(pipeline.reach(wanted)))]
        rng.shuffle(near)  # type: ignore[arg-type]
        alone = pipeline.make(box, Cloud(near), wanted) if near else ()
        for full, part in zip(whole, alone, strict=False):
            expected = None if full.array is None else full.array[full.grid.slices(box)]
            if not same(part.array, expected):
                found.append(f"{seed}: {part.product} {part.grid.resolution} at {west}, {south}")
    return found


def same(array: Array | None, expected: Array | None) -> bool:
    """Whether two rasters hold the same; ``None`` is one without any."""
    if array is None or expected is None:
        return all(part is None or not held(part).any() for part in (array, expected))
    return np.array_equal(array, expected, equal_nan=array.dtype.kind == "f")


def held(array: Array) -> Array:
    return ~np.isnan(array) if array.dtype.kind == "f" else array[..., 3] > 0


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_windows_of_odd_clouds(first: int) -> None:
    assert [text for seed in range(first, first + 20) for text in differences(seed)] == []


@pytest.mark.soak
@pytest.mark.parametrize("first", range(1000, 3000, 100))
def test_windows_of_thousands_of_odd_clouds(first: int) -> None:
    assert [text for seed in range(first, first + 100) for text in differences(seed)] == []


def test_a_reach_that_is_too_small_does_make_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests above would notice."""
    reach = pipeline.reach
    monkeypatch.setattr(pipeline, "reach", lambda wanted: reach(wanted) // 2)
    assert [seed for seed in range(24, 40) if differences(seed)]
