"""Several sources as one: the better untouched, the lesser shifted towards it, windows equal to the whole."""

from __future__ import annotations

import numpy as np
import pytest

import pointcloud as pc
from pointcloud.api.raster import Raster
from pointcloud.errors import ParameterError
from pointcloud.geo.lattice import QUANTA_PER_DEGREE, Box, Grid, cell_quanta
from pointcloud.geo.projections import transformer

WEST, NORTH, SIDE = 40000.0, -57000.0, 200.0
FEATHER = 30.0


def truth(e: np.ndarray, n: np.ndarray) -> np.ndarray:
    """A hill of some 40 m, smooth enough that 5 m cells hold it to a few centimetres."""
    return 100 + 20 * np.sin(e / 45) + 15 * np.cos(n / 60) + 0.1 * (e - WEST)


def raster(cell: float, box: tuple[float, float, float, float], shift: float = 0.0) -> Raster:
    grid = Grid(Box.from_metres(*box), cell_quanta(cell))
    west, _, _, north = box
    e, n = west + (np.arange(grid.cols) + 0.5) * cell, north - (np.arange(grid.rows) + 0.5) * cell
    z = truth(*np.meshgrid(e, n)) + shift
    return Raster(z.astype(np.float32), grid, "EPSG:6673", "dem")


def area(margin: float = 0.0) -> tuple[float, float, float, float]:
    return WEST - margin, NORTH - SIDE - margin, WEST + SIDE + margin, NORTH + margin


def sources(bias: float = 1.5) -> list[Raster]:
    """1 m with a hole and only in the west; 5 m, too high by a bias, without a corner in the south-east."""
    fine = raster(1.0, area())
    fine.array[:, 120:] = np.nan
    fine.array[60:110, 30:80] = np.nan
    coarse = raster(5.0, area(20), bias)
    coarse.array[30:, 40:] = np.nan
    return [fine, coarse]


def expected(grid: Grid) -> np.ndarray:
    west, _, _, north = grid.box.bounds
    e = west + (np.arange(grid.cols) + 0.5) * grid.resolution
    n = north - (np.arange(grid.rows) + 0.5) * grid.resolution
    return truth(*np.meshgrid(e, n))


def test_the_better_source_is_not_altered_and_the_band_tells_whose_each_cell_is() -> None:
    fine, coarse = sources()
    heights, source = pc.mosaic([fine, coarse], feather=FEATHER)
    known = ~np.isnan(fine.array)
    assert np.array_equal(heights.array[known], fine.array[known])
    assert np.array_equal(source.array == 1, known)
    assert np.array_equal(source.array == 0, np.isnan(heights.array))
    assert (source.array[60:110, 30:80] == 2).all()
    assert (source.array[160:, 185:] == 0).all()
    assert (heights.array.dtype, source.array.dtype) == (np.float32, np.uint8)


def test_the_joint_is_level_and_the_shift_fades() -> None:
    fine, coarse = sources(bias=1.5)
    heights, source = pc.mosaic([fine, coarse], feather=FEATHER)
    off = heights.array - expected(heights.grid)
    filled = source.array == 2
    assert (
        np.abs(off[:100, 120]).max() < 0.06
    )  # half a metre from the joint: bilinear 5 m cells, and 1.5 m * 0.002
    assert np.abs(np.diff(heights.array[:100, 118:122] - expected(heights.grid)[:100, 118:122])).max() < 0.06
    assert off[20:80, 120 + 14] == pytest.approx(0.75, abs=0.06)  # halfway
    assert off[20:80, 120 + 31 :] == pytest.approx(1.5, abs=0.06)  # beyond the feather it is as it was
    assert np.abs(off[60:110, 30:80]).max() < 1.5  # within the hole nothing is further off than the source
    assert filled.any()
    plain, _ = pc.mosaic([fine, coarse], feather=0.0)
    assert plain.array[50, 120] - expected(plain.grid)[50, 120] == pytest.approx(1.5, abs=0.06)


HALF = 0.6530  # of the weight of a straight joint at half the feather, in cells


def test_the_rule_by_hand() -> None:
    """One better cell beside lesser ones: its weight against that of a straight joint at half the feather."""
    better, lesser = (np.full((1, 12), value, np.float32) for value in (np.nan, 10.0))
    better[0, 0] = 14.0
    grid = Grid(Box.from_metres(0, 0, 12, 1), cell_quanta(1.0))
    heights, _ = pc.mosaic([Raster(better, grid), Raster(lesser, grid)], feather=8.0)
    weight = np.maximum(1 / np.arange(1, 12) - 1 / 8, 0) ** 2
    assert heights.array[0, 1:] == pytest.approx(10 + 4 * weight / (weight + HALF / 8), abs=0.001)


def test_two_differences_are_weighted_by_distance() -> None:
    better, lesser = np.full((1, 7), np.nan, np.float32), np.zeros((1, 7), np.float32)
    better[0, 0], better[0, 6] = 1.0, 3.0
    grid = Grid(Box.from_metres(0, 0, 7, 1), cell_quanta(1.0))
    heights, _ = pc.mosaic([Raster(better, grid), Raster(lesser, grid)], feather=10.0)
    near, far = (1 / 2 - 1 / 10) ** 2, (1 / 4 - 1 / 10) ** 2
    assert heights.array[0, 2] == pytest.approx((near * 1 + far * 3) / (near + far + HALF / 10), abs=0.001)


def test_three_sources_and_windows_equal_the_whole() -> None:
    fine, coarse = sources()
    fine.array[rng(1).random(fine.array.shape) < 0.02] = np.nan
    middle = raster(2.0, area(), -0.7)
    middle.array[20:60, 50:80] = np.nan
    order = [fine, middle, coarse]
    whole = pc.mosaic(order, feather=FEATHER)
    assert set(np.unique(whole[1].array)) == {0, 1, 2, 3}
    for west, south, east, north in (
        (0, 0, 70, 50),
        (70, 33, 131, 200),
        (110, 40, 111, 41),
        (131, 0, 200, 90),
    ):
        bounds = (WEST + west, NORTH - SIDE + south, WEST + east, NORTH - SIDE + north)
        part = pc.mosaic(order, feather=FEATHER, bounds=bounds)
        for one, other in zip(part, whole, strict=True):
            cut = other.array[other.grid.slices(one.grid.box)]
            assert np.array_equal(one.array, cut, equal_nan=True)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_source_in_degrees() -> None:
    """The national DEM in degrees: heights by the truth at each cell's place."""
    cell = 2000  # 0.2 seconds
    lon, lat = transformer("EPSG:6673", "EPSG:6668")(WEST + SIDE / 2, NORTH - SIDE / 2)
    col, row = round(lon * QUANTA_PER_DEGREE / cell), round(lat * QUANTA_PER_DEGREE / cell)
    box = Box((col - 40) * cell, (row - 40) * cell, (col + 40) * cell, (row + 40) * cell)
    grid = Grid(box, cell, (0, 0), QUANTA_PER_DEGREE)
    x = (np.arange(80) + 0.5) * cell + box.west
    y = box.north - (np.arange(80) + 0.5) * cell
    e, n = transformer("EPSG:6668", "EPSG:6673")(*np.meshgrid(x / QUANTA_PER_DEGREE, y / QUANTA_PER_DEGREE))
    national = Raster(truth(e, n).astype(np.float32), grid, "EPSG:6668", "dem")
    fine = raster(1.0, area())
    fine.array[50:150, 50:150] = np.nan
    heights, source = pc.mosaic([fine, national], feather=0.0)
    assert (source.array[50:150, 50:150] == 2).all()
    assert np.abs(heights.array - expected(heights.grid)).max() < 0.08


def test_a_shore_is_not_guessed_beyond() -> None:
    """A cell needs every neighbour with a weight; nothing is taken from the void beside."""
    lesser = raster(5.0, area())
    lesser.array[:, 20] = np.nan
    best = raster(1.0, area())
    best.array[:] = np.nan
    heights, _ = pc.mosaic([best, lesser], feather=FEATHER)
    centres = (20.5 - 1) * 5, (20.5 + 1) * 5
    void = np.isnan(heights.array[100])
    columns = np.arange(200) + 0.5
    inside = (columns > centres[0]) & (columns < centres[1])
    assert np.array_equal(void[3:-3], inside[3:-3])


def test_what_a_mosaic_cannot_be_made_of() -> None:
    with pytest.raises(ParameterError, match=r"sources|元データ"):
        pc.mosaic([])
    with pytest.raises(ParameterError, match="feather"):
        pc.mosaic(sources(), feather=-1.0)
