"""Stations along a line, heights at them, and the points beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pointcloud.errors import ParameterError
from pointcloud.params.grid import Sampling
from pointcloud.surface import section

WEST, NORTH = 44_000.0, -77_000.0
BENT = np.array([(44_010.25, -77_030.0), (44_030.75, -77_012.5), (44_041.0, -77_044.0)])


def surface(function: Any, cell: float, rows: int = 60, cols: int = 60) -> NDArray[np.float64]:
    """A function of E and N (from the corner) at cell centres."""
    east = (np.arange(cols) + 0.5) * cell
    south = (np.arange(rows) + 0.5) * cell
    return np.asarray(function(east[None, :], -south[:, None]), np.float64)


def heights(
    array: NDArray[Any], cell: float, at: section.Stations, method: Sampling = "bilinear"
) -> NDArray[np.float64]:
    return section.take(array, section.places((WEST, NORTH), cell, at.e, at.n), method=method)


def test_stations_are_steps_vertices_and_the_end() -> None:
    found = section.stations([(0, 0), (3, 4), (3, 9.2)], 2.0)
    np.testing.assert_allclose(found.distance, [0, 2, 4, 5, 6, 8, 10, 10.2])
    np.testing.assert_allclose(found.e, [0, 1.2, 2.4, 3, 3, 3, 3, 3])
    np.testing.assert_allclose(found.n, [0, 1.6, 3.2, 4, 5, 7, 9, 9.2])


def test_vertices_are_stations_to_the_bit() -> None:
    found = section.stations(BENT, 0.3)
    for e, n in BENT:
        assert ((found.e == e) & (found.n == n)).sum() == 1


def test_a_step_that_ends_on_a_vertex_makes_one_station() -> None:
    found = section.stations([(0, 0), (0.3, 0), (0.9, 0)], 0.1)
    assert len(found.distance) == 10
    assert (np.diff(found.distance) > 0.09).all()


def test_repeated_vertices_count_once() -> None:
    line = section.polyline([(0, 0), (0, 0), (1, 1), (1, 1), (0, 0)])
    np.testing.assert_array_equal(line, [(0, 0), (1, 1), (0, 0)])


@pytest.mark.parametrize("cell", [1.0, 0.5])
def test_a_plane_is_exact(cell: float) -> None:
    dem = surface(lambda e, n: 100.0 + 0.3 * e - 0.7 * n, cell, 120, 120)
    at = section.stations(BENT, cell)
    wanted = 100.0 + 0.3 * (at.e - WEST) - 0.7 * (at.n - NORTH)
    np.testing.assert_allclose(heights(dem, cell, at), wanted, rtol=1e-12)


def test_a_quadratic_surface_is_exact_but_for_its_curvature() -> None:
    """Between centres a chord lies u(1 - u) / 2 times the second derivative above the parabola, each way."""
    dem = surface(lambda e, n: 0.02 * e**2 + 0.05 * n**2 + 0.04 * e * n, 1.0)
    at = section.stations(BENT, 0.37)
    e, n = at.e - WEST, at.n - NORTH
    u, v = (e - 0.5) % 1.0, (n - 0.5) % 1.0
    chord = 0.02 * u * (1 - u) + 0.05 * v * (1 - v)
    wanted = 0.02 * e**2 + 0.05 * n**2 + 0.04 * e * n + chord
    np.testing.assert_allclose(heights(dem, 1.0, at), wanted, rtol=1e-10)


def test_through_centres_heights_are_those_of_the_cells() -> None:
    rng = np.random.default_rng(1)
    dem = rng.uniform(0, 100, (60, 60))
    at = section.stations([(WEST + 3.5, NORTH - 20.5), (WEST + 33.5, NORTH - 20.5)], 1.0)
    np.testing.assert_array_equal(heights(dem, 1.0, at), dem[20, 3:34])


def test_a_void_empties_all_places_that_weigh_it_and_no_other() -> None:
    dem = surface(lambda e, n: 10.0 + e + n, 1.0)
    dem[20, 30] = np.nan
    rng = np.random.default_rng(2)
    e, n = WEST + rng.uniform(25, 36, 4000), NORTH - rng.uniform(15, 26, 4000)
    found = section.take(dem, section.places((WEST, NORTH), 1.0, e, n))
    near = (np.abs(e - WEST - 30.5) < 1) & (np.abs(NORTH - n - 20.5) < 1)
    np.testing.assert_array_equal(np.isnan(found), near)


def test_beside_a_void_a_row_of_centres_keeps_its_heights() -> None:
    dem = surface(lambda e, n: 10.0 + e + n, 1.0)
    dem[21, :] = np.nan
    at = section.stations([(WEST + 3.25, NORTH - 20.5), (WEST + 33.25, NORTH - 20.5)], 0.1)
    assert np.isfinite(heights(dem, 1.0, at)).all()


def test_beyond_the_outer_centres_there_is_no_height() -> None:
    dem = np.ones((4, 4))
    at = section.stations([(WEST - 1, NORTH - 2), (WEST + 5, NORTH - 2)], 0.25)
    inside = (at.e >= WEST + 0.5) & (at.e <= WEST + 3.5)
    np.testing.assert_array_equal(np.isfinite(heights(dem, 1.0, at)), inside)


def test_nearest_is_the_cell_that_holds_the_place() -> None:
    rng = np.random.default_rng(3)
    dem = rng.uniform(0, 100, (60, 60))
    dem[10, 10] = np.nan
    e, n = rng.uniform(-2, 62, 3000), rng.uniform(-2, 62, 3000)
    found = section.take(dem, section.places((WEST, NORTH), 1.0, WEST + e, NORTH - n), method="nearest")
    row, col = np.floor(n).astype(int), np.floor(e).astype(int)
    inside = (row >= 0) & (row < 60) & (col >= 0) & (col < 60)
    wanted = np.where(inside, dem[row.clip(0, 59), col.clip(0, 59)], np.nan)
    np.testing.assert_array_equal(found, wanted)


def test_a_window_has_the_heights_of_the_whole() -> None:
    dem = surface(lambda e, n: np.sin(e) + n, 1.0)
    at = section.places((WEST, NORTH), 1.0, WEST + np.linspace(12, 18, 50), NORTH - np.linspace(22, 28, 50))
    part = dem[20:31, 10:21]
    np.testing.assert_array_equal(section.take(part, at, top=20, left=10), section.take(dem, at))


def brute(line: NDArray[np.float64], e: float, n: float) -> tuple[float, float, bool]:
    """Distance along, distance beside and whether the point lies beyond an end, by search along the line."""
    best = (np.inf, 0.0)
    at = section.starts(line)
    for k in range(len(line) - 1):
        a, b = line[k], line[k + 1]
        t = np.clip(np.dot((e, n) - a, b - a) / np.dot(b - a, b - a), 0, 1)
        far = float(np.hypot(*((e, n) - a - t * (b - a))))
        if far < best[0]:
            best = (far, float(at[k] + t * (at[k + 1] - at[k])))
    first, last = line[1] - line[0], line[-1] - line[-2]
    before = best[1] == 0 and np.dot((e, n) - line[0], first) < 0
    beyond = best[1] >= at[-1] and np.dot((e, n) - line[-1], last) > 0
    return best[1], best[0], bool(before or beyond)


def test_points_beside_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(4)
    e, n = rng.uniform(44_000, 44_050, 3000), rng.uniform(-77_055, -77_000, 3000)
    found = section.beside(BENT, e, n, 6.0)
    wanted = [brute(BENT, x, y) for x, y in zip(e, n, strict=True)]
    kept = [k for k, (_, far, out) in enumerate(wanted) if far <= 3.0 and not out]
    assert len(kept) > 200
    np.testing.assert_array_equal(found.index, kept)
    np.testing.assert_allclose(found.distance, [wanted[k][0] for k in kept], atol=1e-9)
    np.testing.assert_allclose(np.abs(found.offset), [wanted[k][1] for k in kept], atol=1e-9)


def test_the_left_of_a_line_is_positive() -> None:
    found = section.beside([(0, 0), (10, 0)], [5, 5, -0.1, 10.1], [0.5, -0.5, 0, 0], 1.0)
    np.testing.assert_array_equal(found.index, [0, 1])  # those half the width away, none beyond the ends
    np.testing.assert_array_equal(found.offset, [0.5, -0.5])


@pytest.mark.parametrize(
    "line", [[(0, 0)], [(1, 1), (1, 1)], [(0, np.nan), (1, 1)], [(0, 0, 0), (1, 1, 1)], []]
)
def test_what_is_no_line_is_refused(line: Any) -> None:
    with pytest.raises(ParameterError):
        section.polyline(line)


@pytest.mark.parametrize("step", [0.0, -1.0, np.nan, np.inf, 1e-9])
def test_steps_that_lead_nowhere_are_refused(step: float) -> None:
    with pytest.raises(ParameterError, match="spacing"):
        section.stations([(0, 0), (10, 0)], step)


def test_a_width_must_be_positive() -> None:
    with pytest.raises(ParameterError, match="width"):
        section.beside([(0, 0), (10, 0)], [1.0], [1.0], 0.0)
