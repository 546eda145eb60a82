"""The CS relief map as a picture: the blend, the mask, the bits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cs_reference as reference
import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from pointcloud import messages, relief
from pointcloud.errors import ParameterError
from pointcloud.kernels.relief import blend
from pointcloud.params.csmap import CsParams, Ramp
from pointcloud.relief import HYOGO_CS, bands, cs, halo, layers, ramps

WHITE, BLACK = (255, 255, 255), (0, 0, 0)
Floats = NDArray[np.float64]


def terrain(rows: int, cols: int, *, holes: bool = True) -> Floats:
    """Hills of all wavelengths; with voids of all shapes if asked for."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:rows, :cols]
    dem = 300.0 + 25.0 * np.sin(x / 9.0) * np.cos(y / 13.0) + rng.normal(0.0, 0.4, (rows, cols))
    if holes:
        dem[rng.random(dem.shape) < 0.02] = np.nan
        dem[np.abs(y - 0.4 * x - 10) < 4] = np.nan
        dem[rows // 2 :, cols // 2 : cols // 2 + 20] = np.nan
        dem[rows // 2 :: 7, cols // 2 + 9] = 290.0
    return dem


def test_the_whole_chain_against_numpy() -> None:
    rng = np.random.default_rng(8)
    dem = 400.0 + rng.normal(0.0, 2.0, (22, 26)).cumsum(axis=1)
    dem[9:13, 8:15] = np.nan
    dem[3, 5] = dem[0, 0] = np.nan
    wanted = reference.cs(dem, 3.0, HYOGO_CS)
    found = cs(dem, 3.0)
    valid = np.isfinite(dem)
    assert np.abs(found[valid, :3] - wanted[valid]).max() <= 0.5 + 1e-4
    assert (found[valid, 3] == 255).all()
    assert (found[~valid] == 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 37), (37, 1), (2, 2), (70, 3), (0, 5), (5, 0)])
def test_small_arrays(shape: tuple[int, int]) -> None:
    dem = np.full(shape, 12.5)
    if dem.size > 4:
        dem.flat[dem.size // 2] = np.nan
    found = cs(dem, 1.0)
    assert found.shape == (*shape, 4)
    assert np.array_equal(found[..., 3], np.where(np.isfinite(dem), 255, 0))
    flat = cs(np.full((40, 40), 12.5), 1.0)[20, 20]
    assert (found[np.isfinite(dem)] == flat).all()


def test_no_terrain_at_all() -> None:
    assert not cs(np.full((30, 30), np.nan), 1.0).any()


def test_infinity_is_nodata() -> None:
    dem = terrain(30, 30)
    other = dem.copy()
    dem[4, 5], dem[20, 3] = np.inf, -np.inf
    other[4, 5] = other[20, 3] = np.nan
    assert np.array_equal(cs(dem, 1.0), cs(other, 1.0))


@pytest.mark.parametrize("resolution", [1.0, 2.5])
def test_a_window_with_its_halo_gives_the_same_bits(resolution: float) -> None:
    dem = terrain(90, 84)
    whole, whole_layers = cs(dem, resolution), layers(dem, resolution)
    n = halo("cs", resolution, HYOGO_CS)
    for top, left, rows, cols in ((20, 20, 31, 17), (33, 41, 9, 30), (n, n, 1, 1), (45, 38, 20, 25)):
        window = (slice(top - n, top + rows + n), slice(left - n, left + cols + n))
        here = (slice(top, top + rows), slice(left, left + cols))
        part = cs(dem[window], resolution)[n : n + rows, n : n + cols]
        assert np.array_equal(part, whole[here])
        for part_layer, layer in zip(layers(dem[window], resolution), whole_layers, strict=True):
            cut = part_layer[n : n + rows, n : n + cols]
            assert np.array_equal(cut, layer[here], equal_nan=True)


def test_a_halo_that_is_too_small_makes_a_difference() -> None:
    dem = terrain(60, 60, holes=False)
    whole = layers(dem, 1.0).curvature[20:40, 20:40]
    n = halo("cs", 1.0, HYOGO_CS)
    assert n == 13
    assert halo("cs", 0.5, HYOGO_CS) == 25
    for halo_cells, same in ((n, True), (n - 1, False)):
        part = layers(
            dem[20 - halo_cells : 40 + halo_cells, 20 - halo_cells : 40 + halo_cells], 1.0
        ).curvature
        assert np.array_equal(part[halo_cells:-halo_cells, halo_cells:-halo_cells], whole) is same


def test_bands_and_threads_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    dem = terrain(75, 60)
    whole = cs(dem, 2.0)
    assert np.array_equal(cs(dem, 2.0, threads=3), whole)
    for rows in (1, 7, 1000):
        monkeypatch.setattr(bands, "ROWS", rows)
        assert np.array_equal(cs(dem, 2.0), whole)
        assert np.array_equal(cs(dem, 2.0, threads=2), whole)


def test_strips_leave_no_trace() -> None:
    """Columns beyond the kernels' strips: each part of a wide DEM equals itself alone."""
    dem = np.tile(terrain(5, 60, holes=False), (1, 20))
    dem[2, 511:514] = dem[:, 900] = np.nan
    whole = cs(dem, 3.0)
    n = halo("cs", 3.0, HYOGO_CS)
    for left in (480, 505, 889, 1100):
        assert np.array_equal(cs(dem[:, left - n : left + 40 + n], 3.0)[:, n:-n], whole[:, left : left + 40])


def test_strips_without_nodata_leave_no_trace() -> None:
    """Rows 7 cells apart: each cell sees its own row alone, its void neighbours two of them."""
    params = replace(HYOGO_CS, truncation=6.0)
    dem = np.full((22, 700), np.nan)
    dem[::7] = np.random.default_rng(9).normal(50.0, 1.0, (4, 700))
    whole = layers(dem, 1.0, params).curvature
    assert halo("cs", 1.0, params) == 7
    assert np.array_equal(layers(dem[:, 290:350], 1.0, params).curvature[7, 7:-7], whole[7, 297:343])


def test_layout_and_type_do_not_matter() -> None:
    dem = terrain(40, 44).astype(np.float32)
    wanted = cs(dem.astype(np.float64), 1.0)
    assert np.array_equal(cs(dem, 1.0), wanted)
    assert np.array_equal(cs(np.asfortranarray(dem), 1.0), wanted)
    wide = np.full((40, 90), 5.0, dtype=np.float32)
    wide[:, 3:47] = dem
    assert np.array_equal(cs(wide[:, 3:47], 1.0), wanted)


def test_out_is_filled_and_returned() -> None:
    dem = terrain(20, 20)
    out = np.full((20, 20, 4), 9, dtype=np.uint8)
    assert cs(dem, 1.0, out=out) is out
    assert np.array_equal(out, cs(dem, 1.0))


def test_one_place_looks_alike_at_both_resolutions() -> None:
    def dem(resolution: float) -> Floats:
        n = round(60.0 / resolution)
        x, y = np.meshgrid(*[(np.arange(n) + 0.5) * resolution] * 2)
        return 200.0 + 12.0 * np.sin(x / 11.0) * np.cos(y / 17.0) + 3.0 * np.sin(x / 5.0 + y / 6.0)

    def difference(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Floats:
        averaged = second[..., :3].reshape(60, 2, 60, 2, 3).mean(axis=(1, 3))
        return np.abs(first[..., :3] - averaged)[13:-13, 13:-13]

    coarse, fine = dem(1.0), dem(0.5)
    levels = difference(cs(coarse, 1.0), cs(fine, 0.5))
    assert levels.mean() < 1.0
    assert np.percentile(levels, 95) < 3.0
    # Taking cells for metres, as pixel-based tools do, is another picture.
    assert difference(cs(coarse, 1.0), cs(fine, 1.0)).mean() > 10.0


def test_ridges_are_red_valleys_blue_flat_ground_near_white() -> None:
    x = np.mgrid[:80, :80][1].astype(float)
    ridge = cs(100.0 - 0.6 * np.abs(x - 40.0), 1.0)[40, 40].astype(int)
    valley = cs(100.0 + 0.6 * np.abs(x - 40.0), 1.0)[40, 40].astype(int)
    assert ridge[0] > ridge[2] + 30
    assert valley[2] > valley[0] + 30
    assert cs(np.full((40, 40), 3.0), 1.0)[20, 20, :3].min() >= 245
    greys = [cs(np.tan(np.radians(a)) * x[:40, :40], 1.0)[20, 20, :3].mean() for a in (0, 15, 30, 45, 60)]
    assert greys == sorted(greys, reverse=True)
    assert greys[-1] < 160


def test_the_quick_arctangent() -> None:
    angles = np.concatenate([np.linspace(0.0, 89.99, 2000), [45.0, 45.0 + 1e-12, 44.999999]])
    found = np.empty_like(angles)
    blend._degrees(np.tan(np.radians(angles)) ** 2, found)
    assert np.abs(found - angles).max() < 1.3e-6
    blend._degrees(np.array([np.inf, 0.0]), found[:2])
    assert found[:2].tolist() == [90.0, 0.0]


def test_ramps_become_steps() -> None:
    one = Ramp(-0.1, 0.1, ((10, 20, 200), (250, 250, 250), (200, 30, 0)), 0.25)
    two = Ramp(-0.2, 0.05, ((0, 0, 0), (90, 80, 70)), 0.75)
    params = CsParams(3.0, 12.0, curvature=(one, two))
    values = np.linspace(-0.3, 0.3, 241)
    found = np.tile(ramps.base(params), (values.size, 1))
    for start, scale, *added in ramps.steps((one, two)):
        found += np.clip((values - start) * scale, 0.0, 1.0)[:, None] * np.array(added)
    assert found == pytest.approx(reference.shade(one, values) + reference.shade(two, values), abs=1e-9)
    assert ramps.steps(()).shape == (0, 5)


def test_any_set_of_layers() -> None:
    dem = terrain(30, 30)
    grey = CsParams(0.0, 0.0, elevation=(Ramp(0.0, 255.0, (BLACK, WHITE), 1.0),))
    dem[5, 5], dem[6, 6] = 100.4, 100.6
    assert cs(dem, 1.0, grey)[5, 5].tolist() == [100, 100, 100, 255]
    assert cs(dem, 1.0, grey)[6, 6].tolist() == [101, 101, 101, 255]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"sigma": -1.0}, "sigma is -1.0 m"),
        ({"truncation": float("nan")}, "truncation is nan m"),
        ({"slope": ()}, "sum to 0.5"),
        ({"elevation": (Ramp(5.0, 5.0, (BLACK, WHITE), 0.125),)}, "from 5.0 to 5.0"),
        ({"elevation": (Ramp(0.0, 5.0, (BLACK,), 0.125),)}, "has 1 colours"),
        ({"elevation": (Ramp(0.0, 5.0, (BLACK, (0, 0, 256)), 0.125),)}, "(0, 0, 256)"),
        ({"elevation": (Ramp(0.0, 5.0, (BLACK, WHITE), -0.125),)}, "weight -0.125"),
    ],
)
def test_parameters_that_cannot_be_drawn(change: dict[str, object], text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        replace(HYOGO_CS, **change)  # type: ignore[arg-type]
    assert text in str(caught.value)


def test_arguments_that_cannot_be_used() -> None:
    dem = np.zeros((4, 5))
    for bad in (np.zeros(4), np.zeros((4, 5), dtype=np.int16), np.zeros((4, 5), dtype=">f8")):
        with pytest.raises(ParameterError, match="float32 or float64"):
            cs(bad, 1.0)
        with pytest.raises(ParameterError, match="float32 or float64"):
            layers(bad, 1.0)
    for resolution in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ParameterError, match="resolution"):
            cs(dem, resolution)
        with pytest.raises(ParameterError, match="resolution"):
            halo("cs", resolution, HYOGO_CS)
    for out in (np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5, 4)), np.zeros((4, 10, 4), np.uint8)[:, ::2]):
        with pytest.raises(ParameterError, match="contiguous"):
            cs(dem, 1.0, out=out)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="0 threads"):
        cs(dem, 1.0, threads=0)


def test_messages_in_japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_chosen", "ja")
    with pytest.raises(ParameterError, match="解像度が 0"):
        relief.cs(np.zeros((2, 2)), 0.0)


def test_real_terrain_in_windows(shared_data: Path) -> None:
    with rasterio.open(shared_data / "dem_archaeology" / "TM1_564_146.tif") as file:
        dem = file.read(1)[200:330, 500:640]
    dem[np.abs(np.subtract.outer(np.arange(130.0), np.arange(140.0)) + 20) < 8] = np.nan
    whole = cs(dem, 1.0, threads=2)
    n = halo("cs", 1.0, HYOGO_CS)
    for top, left in ((20, 30), (40, 25), (60, 65)):
        part = cs(dem[top - n : top + 50 + n, left - n : left + 60 + n], 1.0)[n:-n, n:-n]
        assert np.array_equal(part, whole[top : top + 50, left : left + 60])
    assert np.array_equal(whole[..., 3] == 255, np.isfinite(dem))
