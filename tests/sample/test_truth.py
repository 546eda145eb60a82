"""The true surface holds what a castle hill and its valley are made of."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio

from pointcloud.sample import EPSG, SEED, TRUTH, truth, truth_grid, truth_tif
from pointcloud.sample.castle import LEVEL, TERRACES, place
from pointcloud.sample.place import EAST, NORTH, SOUTH, WEST
from pointcloud.sample.valley import POND

from .conftest import COMMITTED


def at_castle(u: float, v: float) -> float:
    x, y = place(u, v)
    return float(truth(np.array([WEST + x]), np.array([SOUTH + y]))[0])


def test_the_keep_platform_stands_above_the_main_bailey() -> None:
    keep, bailey = at_castle(-10.0, 3.0), at_castle(-10.0, -10.0)
    assert keep == pytest.approx(LEVEL + 8.4, abs=0.05)
    assert keep - bailey == pytest.approx(5.6, abs=0.1)


def test_walls_are_vertical_and_two_to_ten_metres_high() -> None:
    # Across the outline of each terrace, a millimetre outside and inside.
    heights = []
    for terrace in TERRACES:
        ring = np.array(terrace.corners)
        for start, end in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            (u, v), (du, dv) = 0.5 * (start + end), (end - start) / np.hypot(*(end - start))
            heights.append(
                abs(at_castle(u - 1e-3 * dv, v + 1e-3 * du) - at_castle(u + 1e-3 * dv, v - 1e-3 * du))
            )
    walls = np.array([height for height in heights if height > 0.5])
    assert ((walls >= 2.0) & (walls <= 10.5)).sum() > 35
    assert walls.max() > 8.0
    assert walls.max() < 11.0


@pytest.mark.parametrize(
    ("outside", "inside", "across"),
    [((40.0, -1.0), (16.0, -1.0), 3.0), ((96.0, 7.0), (80.0, 7.0), 1.5), ((-46.0, 4.0), (-24.0, 4.0), 4.0)],
    ids=["main gate", "second gate", "west gate"],
)
def test_a_gate_leads_through_the_wall_without_a_step(
    outside: tuple[float, float], inside: tuple[float, float], across: float
) -> None:
    walk = np.linspace(outside, inside, 200)
    through = np.array([at_castle(u, v) for u, v in walk])
    assert np.abs(np.diff(through)).max() < 0.2
    assert abs(through[0] - through[-1]) > across


def test_the_river_is_forty_metres_of_void_and_the_pond_is_void() -> None:
    n = np.arange(SOUTH, SOUTH + 120.0, 0.1)
    for e in (WEST + 50.0, WEST + 400.0, WEST + 750.0):
        width = 0.1 * np.isnan(truth(np.full(n.size, e), n)).sum()
        assert 39.5 <= width <= 41.0
    assert np.isnan(truth(np.array([WEST + POND[0]]), np.array([SOUTH + POND[1]])))[0]


def test_flanks_are_steep_and_the_plain_is_level() -> None:
    z, _ = truth_grid()
    slope = np.degrees(np.arctan(np.hypot(*np.gradient(z))))
    assert np.nanmean((slope > 25) & (slope < 42)) > 0.3
    assert np.nanmean(slope < 3) > 0.25
    assert np.nanmax(z) - np.nanmin(z) > 130


def test_paddies_climb_in_level_terraces() -> None:
    n = np.arange(SOUTH + 230.0, SOUTH + 350.0, 0.05)
    z = truth(np.full(n.size, WEST + 130.0), n)
    risers = np.abs(np.diff(z)) > 0.5
    assert 6 <= risers.sum() <= 14
    assert (np.abs(np.diff(z)) < 1e-9).mean() > 0.95


def test_truth_keeps_the_shape_and_is_void_outside() -> None:
    e, n = np.meshgrid([WEST - 1.0, WEST + 5.0, EAST + 1.0], [NORTH - 5.0, NORTH + 1.0])
    z = truth(e, n)
    assert z.shape == (2, 3)
    assert np.isfinite(z).tolist() == [[False, True, False], [False, False, False]]


def test_another_seed_is_another_landscape_with_the_same_castle() -> None:
    z, _ = truth_grid()
    other, _ = truth_grid(SEED + 1)
    assert np.nanmean(np.abs(z - other)) > 1.0
    x, y = place(-10.0, 3.0)
    where = np.array([WEST + x]), np.array([SOUTH + y])
    assert truth(*where, SEED) == truth(*where, SEED + 1)


def test_the_raster_is_the_truth_at_cell_centres() -> None:
    with rasterio.open(COMMITTED / TRUTH) as raster:
        band = raster.read(1)
        west, _, _, north = raster.bounds
        assert raster.crs.to_epsg() == EPSG
        assert raster.tags()["SYNTHETIC"] == "YES"
        assert (raster.dtypes[0], raster.nodata) == ("float32", -9999.0)
    rows, cols = np.indices(band.shape)
    e, n = west + cols + 0.5, north - rows - 0.5
    z = truth(e, n)
    assert np.array_equal(band == -9999.0, np.isnan(z))
    assert np.nanmax(np.abs(np.where(band == -9999.0, np.nan, band) - z)) < 0.0006


def test_the_committed_raster_is_what_the_generator_makes() -> None:
    with (
        rasterio.open(COMMITTED / TRUTH) as kept,
        rasterio.MemoryFile(truth_tif()) as file,
        file.open() as made,
    ):
        assert kept.transform == made.transform
        assert kept.tags() == made.tags()
        # sin and exp may differ in the last bit between processors: a millimetre, here and there.
        difference = np.abs(kept.read(1) - made.read(1))
        assert difference.max() < 0.0015
        assert (difference > 0).mean() < 1e-4
