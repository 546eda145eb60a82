"""Slope and curvature against closed forms, and what nodata must not do to them."""

from __future__ import annotations

from dataclasses import replace

import cs_reference as reference
import numpy as np
import pytest
from numpy.typing import NDArray

from pointcloud.params.grid import HYOGO_CS
from pointcloud.relief import layers
from pointcloud.relief.bands import Gaussian

ROUGH = replace(HYOGO_CS, sigma=0.0)
"""No smoothing."""

Floats = NDArray[np.float64]


def grid(rows: int, cols: int, resolution: float = 1.0) -> tuple[Floats, Floats]:
    """Easting and northing of the cell centres in metres."""
    x, y = np.meshgrid((np.arange(cols) + 0.5) * resolution, -(np.arange(rows) + 0.5) * resolution)
    return x, y


def test_slope_is_gdaldems() -> None:
    dem = np.random.default_rng(4).normal(500.0, 3.0, (12, 15))
    found = layers(dem, 0.5).slope[1:-1, 1:-1]
    assert found == pytest.approx(reference.gdaldem_slope(dem, 0.5)[1:-1, 1:-1], abs=1e-9)


def test_slope_beside_nodata_is_horns_weighted_plane() -> None:
    rng = np.random.default_rng(5)
    dem = rng.normal(500.0, 3.0, (20, 22))
    # No two voids touch, so that every 3 × 3 still spans a plane.
    dem[::3, ::4] = np.nan
    wanted, valid = reference.horn_slope(dem, 2.0), np.isfinite(dem)
    assert layers(dem, 2.0).slope[valid] == pytest.approx(wanted[valid], abs=1e-9)


@pytest.mark.parametrize("resolution", [1.0, 0.5])
@pytest.mark.parametrize("params", [HYOGO_CS, ROUGH])
def test_a_quadratic_has_its_curvature(resolution: float, params: object) -> None:
    x, y = grid(64, 70, resolution)
    a, b, c = 0.013, 0.02, -0.031
    dem = 700.0 + 0.3 * x - 0.2 * y + a * x * x + b * x * y + c * y * y
    found = layers(dem, resolution, params)  # type: ignore[arg-type]
    inner = slice(26, -26)
    assert found.curvature[inner, inner] == pytest.approx(-2.0 * (a + c), abs=1e-9)
    rise = np.hypot(0.3 + 2 * a * x + b * y, -0.2 + b * x + 2 * c * y)
    assert found.slope[1:-1, 1:-1] == pytest.approx(np.degrees(np.arctan(rise))[1:-1, 1:-1], abs=1e-6)


def test_ridges_are_positive_and_valleys_negative() -> None:
    x, _ = grid(60, 60)
    ridge = 100.0 - 0.5 * np.abs(x - 30.0)
    assert layers(ridge, 1.0).curvature[30, 30] > 0.05
    assert layers(-ridge, 1.0).curvature[30, 30] < -0.05


def _order(errors: list[float]) -> float:
    return float(np.log2(errors[0] / errors[1]))


def test_curvature_of_a_sphere_converges_with_order_two() -> None:
    radius, errors = 50.0, []
    for resolution in (1.0, 0.5):
        n = round(40.0 / resolution)
        x, y = grid(n, n, resolution)
        x, y = x - 20.0, y + 20.0
        z = np.sqrt(radius**2 - x**2 - y**2)
        exact = 2.0 / z + (x**2 + y**2) / z**3
        found = layers(z, resolution, ROUGH).curvature
        near = (np.abs(x) < 10.0) & (np.abs(y) < 10.0)
        errors.append(float(np.abs(found - exact)[near].mean()))
    assert _order(errors) == pytest.approx(2.0, abs=0.1)


def test_curvature_of_a_smoothed_sine_converges_with_order_two() -> None:
    """The Gaussian damps a sine by a known factor, so what is left is the error of the differences."""
    k, errors = 2.0 * np.pi / 20.0, []
    for resolution in (1.0, 0.5):
        rows, cols = round(30.0 / resolution), round(60.0 / resolution)
        x, y = grid(rows, cols, resolution)
        z = np.sin(k * x) + 0.0 * y
        weights = Gaussian.of(3.0, 12.0, resolution).moments[0]
        offsets = (np.arange(weights.size) - weights.size // 2) * resolution
        damped = float((weights * np.cos(k * offsets)).sum())
        inner = (slice(round(13 / resolution), -round(13 / resolution)),) * 2
        found = layers(z, resolution).curvature[inner]
        errors.append(float(np.abs(found - damped * k * k * z[inner]).max()))
        assert damped == pytest.approx(np.exp(-0.5 * (3.0 * k) ** 2), rel=2e-3)
    assert _order(errors) == pytest.approx(2.0, abs=0.1)


def _holes(kind: str, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Cells to leave out; names say the shape."""
    rng = np.random.default_rng(6)
    rows, cols = np.indices(shape)
    masks = {
        "none": np.zeros(shape, dtype=bool),
        "speckle": rng.random(shape) < 0.4,
        "sparse": rng.random(shape) < 0.97,
        "rare": rng.random(shape) < 0.997,
        "river": np.abs(rows - 20 - 6 * np.sin(cols / 7.0)) < 5,
        "chessboard": (rows + cols) % 2 == 0,
        "rows": rows % 14 != 0,
        "diagonals": (rows - cols) % 14 != 0,
        "pairs": ~((rows % 14 == 3) & (cols % 14 < 2)),
        "far trios": ~(((rows % 15 == 0) & (cols % 15 == 0)) | ((rows % 15 == 11) & (cols % 15 >= 11))),
        "one cell": (rows != 17) | (cols != 5),
    }
    return masks[kind]


@pytest.mark.parametrize("params", [HYOGO_CS, ROUGH])
@pytest.mark.parametrize(
    "kind",
    [
        *("none", "speckle", "sparse", "rare", "river", "chessboard"),
        *("rows", "diagonals", "pairs", "far trios", "one cell"),
    ],
)
def test_a_plane_with_holes_stays_a_plane(kind: str, params: object) -> None:
    """Curvature 0 at every valid cell; the plane's slope wherever its window tells of it."""
    x, y = grid(41, 47)
    dem = 1500.0 + 0.8 * x - 0.45 * y
    dem[_holes(kind, dem.shape)] = np.nan
    valid = np.isfinite(dem)
    found = layers(dem, 1.0, params)  # type: ignore[arg-type]
    for layer in found:
        assert np.array_equal(np.isfinite(layer), valid)
    assert found.smoothed[valid] == pytest.approx(dem[valid], abs=1e-8)
    assert np.abs(found.curvature[valid]).max() < 1e-8
    steepest = np.degrees(np.arctan(np.hypot(0.8, 0.45)))
    known = _known(dem, 12 if params is HYOGO_CS else 1)
    assert found.slope[valid & known] == pytest.approx(steepest, rel=1e-6)
    assert (found.slope[valid] <= steepest * (1 + 1e-6)).all()
    assert known.any() == (kind in (TOLD if params is HYOGO_CS else TOLD_NEAR))


TOLD_NEAR = {"none", "speckle", "river", "chessboard"}
"""Holes that leave three cells in general position in some 3 × 3."""
TOLD = TOLD_NEAR | {"sparse", "rare", "diagonals", "far trios"}
"""Holes that leave them in some window of the smoothing."""


def _known(dem: Floats, reach: int) -> NDArray[np.bool_]:
    """Valid cells whose window holds three valid cells that are not on one line."""
    known = np.zeros(dem.shape, dtype=bool)
    for y, x in zip(*np.nonzero(np.isfinite(dem)), strict=True):
        top, left = max(y - reach, 0), max(x - reach, 0)
        rows, cols = np.nonzero(np.isfinite(dem[top : y + reach + 1, left : x + reach + 1]))
        known[y, x] = np.linalg.matrix_rank(np.column_stack([rows - rows[0], cols - cols[0]])) == 2
    return known


def test_a_neighbours_plane_counts_only_beside_a_plane_of_ones_own() -> None:
    """Columns 7 cells apart do not see each other, but the void cells between them see both."""
    x, y = grid(30, 47)
    dem = 900.0 + 0.8 * x - 0.45 * y
    dem[:, ~np.isin(np.arange(47) % 20, (3, 10))] = np.nan
    found = layers(dem, 1.0, replace(HYOGO_CS, truncation=6.0))
    valid = np.isfinite(dem)
    assert np.abs(found.curvature[valid]).max() < 1e-8
    assert found.slope[valid] == pytest.approx(np.degrees(np.arctan(0.45)), rel=1e-6)


def test_a_single_row_has_the_slope_along_it() -> None:
    dem = (200.0 + 0.5 * np.arange(40.0))[None, :]
    found = layers(dem, 1.0)
    assert found.slope == pytest.approx(np.degrees(np.arctan(0.5)), rel=1e-9)
    assert np.abs(found.curvature).max() < 1e-9
    column = layers(dem.T, 1.0)
    assert column.slope == pytest.approx(np.degrees(np.arctan(0.5)), rel=1e-9)


def test_a_lone_cell_is_flat() -> None:
    found = layers(np.array([[432.1]]), 1.0)
    assert (found.smoothed[0, 0], found.slope[0, 0], found.curvature[0, 0]) == (432.1, 0.0, 0.0)


def test_far_cells_tell_the_slope_of_a_lone_one() -> None:
    dem = np.full((30, 30), np.nan)
    x, y = grid(30, 30)
    for row, col in ((10, 10), (21, 22), (20, 5)):
        dem[row, col] = 1000.0 + 0.3 * x[row, col] + 0.4 * y[row, col]
    assert layers(dem, 1.0).slope[10, 10] == pytest.approx(np.degrees(np.arctan(0.5)), rel=1e-6)


def test_curvature_at_a_shore_is_that_of_the_fitted_planes() -> None:
    """On curved ground too, and at its full strength: the void beside it is not a cliff."""
    x, y = grid(18, 20, 3.0)
    dem = 60.0 + 8.0 * np.sin(x / 9.0) * np.cos(y / 11.0)
    dem[:, 12:] = np.nan
    dem[5:8, 3:6] = np.nan
    wanted = reference.curvature(reference.smoothed(dem, reference.kernel(3.0, 12.0, 3.0)), 3.0)
    valid = np.isfinite(dem)
    assert layers(dem, 3.0).curvature[valid] == pytest.approx(wanted[valid], abs=1e-9)
