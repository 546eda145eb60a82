"""What holds for every style: bits that no window changes, the DEM's mask, one look at both resolutions."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from surfaces import centres, rough

from pointcloud import relief
from pointcloud.errors import ParameterError
from pointcloud.params import styles
from pointcloud.params.csmap import CsParams
from pointcloud.params.styles import STYLES

NUMBERS = [name for name, style in STYLES.items() if style.unit is not None]


@pytest.mark.parametrize("style", STYLES)
def test_a_window_with_its_halo_gives_the_same_bits(style: str) -> None:
    dem = rough(190, 184)
    whole = relief.picture(style, dem, 1.0)
    n = relief.halo(style, 1.0)
    for top, left, rows, cols in ((n, n, 40, 17), (n + 23, n + 11, 70, 60)):
        cut = dem[top - n : top + rows + n, left - n : left + cols + n]
        part = relief.picture(style, cut, 1.0)[n : n + rows, n : n + cols]
        assert np.array_equal(part, whole[top : top + rows, left : left + cols])


@pytest.mark.parametrize("style", NUMBERS)
def test_windows_and_threads_change_no_bit_of_the_numbers(style: str) -> None:
    dem = rough(150, 160)
    whole = relief.layer(style, dem, 0.5, threads=3)
    assert np.array_equal(whole, relief.layer(style, dem.astype(np.float64), 0.5), equal_nan=True)
    n = relief.halo(style, 0.5)
    if 2 * n + 20 < 150:
        cut = dem[: 20 + n, : 31 + n]
        found = relief.layer(style, cut, 0.5)[:20, :31]
        assert np.array_equal(found, whole[:20, :31], equal_nan=True)


@pytest.mark.parametrize("style", STYLES)
def test_a_cell_less_of_halo_would_not_do(style: str) -> None:
    """The halo is no larger than it must be: what lies at its rim decides something somewhere."""
    n = relief.halo(style, 1.0)
    dem = rough(2 * n + 1, 2 * n + 1, holes=False)
    other = dem.copy()
    other[0, :] = other[-1, :] = other[:, 0] = other[:, -1] = np.nan
    if style in ("cs", "curvature", "profile-curvature", "plan-curvature", "local-relief"):
        assert not np.array_equal(relief.picture(style, dem, 1.0)[n, n], (0, 0, 0, 0))
        changed = _numbers(style, dem)[n, n] != _numbers(style, other)[n, n]
        assert changed


def _numbers(style: str, dem: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    return relief.curvature(dem, 1.0) if style == "cs" else relief.layer(style, dem, 1.0)


@pytest.mark.parametrize("style", STYLES)
def test_the_mask_is_the_dems(style: str) -> None:
    dem = rough(70, 75)
    dem[3, 4] = np.inf
    valid = np.isfinite(dem)
    found = relief.picture(style, dem.astype(np.float32), 2.0)
    assert found.shape == (70, 75, 4)
    assert np.array_equal(found[..., 3] == 255, valid)
    assert not found[~valid].any()
    if style in NUMBERS:
        assert np.array_equal(np.isfinite(relief.layer(style, dem, 2.0)), valid)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (0, 3), (65, 2)])
def test_small_arrays(style: str, shape: tuple[int, int]) -> None:
    dem = np.full(shape, 12.5, np.float32)
    found = relief.picture(style, dem, 1.0)
    level = relief.picture(style, np.full((90, 90), 12.5), 1.0)[45, 45]
    assert found.shape == (*shape, 4)
    assert (found == level).all()


@pytest.mark.parametrize("style", STYLES)
def test_both_resolutions_look_alike(style: str) -> None:
    """Means over a smooth hill agree to a few grey levels."""
    found = []
    for resolution in (1.0, 0.5):
        east, north = centres(round(160 / resolution), round(160 / resolution), resolution)
        dem = 300.0 + 12.0 * np.sin(east / 11.0) * np.cos(north / 13.0) + 0.1 * east
        cut = round(45 / resolution)
        picture = relief.picture(style, dem, resolution)[cut:-cut, cut:-cut, :3]
        blocks = 70 if resolution == 1.0 else 140
        picture = picture[:blocks, :blocks].reshape(70, blocks // 70, 70, blocks // 70, 3)
        found.append(picture.mean(axis=(1, 3)))
    assert np.abs(found[0] - found[1]).mean() < 3.0


def test_level_ground_is_white_where_it_should_be() -> None:
    level = np.full((60, 60), 3.0)
    for style in ("cs", "slope", "aspect", "curvature", "local-relief", "sky-view"):
        assert relief.picture(style, level, 1.0)[30, 30].tolist() == [255, 255, 255, 255], style


@pytest.mark.parametrize("style", NUMBERS)
def test_values_by_name(style: str) -> None:
    dem = rough(60, 60, holes=False)
    params = STYLES[style].params
    names = asdict(params)  # type: ignore[call-overload]
    for name, value in names.items():
        if isinstance(value, dict):
            name, value = f"{name}.radius", value["radius"]
        if isinstance(value, str):
            new: float | str = {"linear": "nearest", "nearest": "linear"}[value]
        else:
            new = {"directions": 8, "azimuth": 200.0}.get(name, value * 0.8 if value else 2.0)
        changed = styles.changed(params, {name: new})
        assert changed != params
        assert not np.array_equal(relief.layer(style, dem, 1.0, changed), relief.layer(style, dem, 1.0)), name


@pytest.mark.parametrize(
    ("style", "settings", "text"),
    [
        ("slope", {"radius": 3.0}, "no value called radius"),
        ("sky-view", {"radius": float("nan")}, "radius is nan"),
        ("sky-view", {"directions": 8.5}, "whole number"),
        ("sky-view", {"directions": 80}, "out of range"),
        ("sky-view", {"sampling": 3.0}, "sampling '3.0' is unknown"),
        (
            "combined-vat",
            {"flat.sampling": "cubic"},
            "sampling 'cubic' is unknown: choose from linear, nearest",
        ),
        ("combined-vat", {"flat": 3.0}, "no value called flat"),
        ("combined-vat", {"flat.altitude": 95.0}, "altitude 95 is out of range"),
        ("cs", {"slope.width": 3.0}, "slope.width"),
        ("cs", {"sigma": -3.0}, "sigma is -3.0 m"),
    ],
)
def test_values_that_cannot_be(style: str, settings: dict[str, float | str], text: str) -> None:
    with pytest.raises(ParameterError, match=text):
        styles.changed(STYLES[style].params, settings)


def test_styles_that_are_not_there() -> None:
    with pytest.raises(ParameterError, match="style"):
        relief.picture("red-relief", np.zeros((3, 3)), 1.0)
    with pytest.raises(ParameterError, match="picture without numbers"):
        relief.layer("cs", np.zeros((3, 3)), 1.0)
    with pytest.raises(TypeError, match="CsParams"):
        relief.picture("cs", np.zeros((3, 3)), 1.0, STYLES["vat"].params)
    assert isinstance(STYLES["cs"].params, CsParams)
