"""Smoothing: the Gaussian where the window is whole, the weighted plane where it is not."""

from __future__ import annotations

import cs_reference as reference
import numpy as np
import pytest
from scipy.ndimage import correlate1d

from pointcloud.params.grid import HYOGO_CS
from pointcloud.relief import layers
from pointcloud.relief.bands import Gaussian, reach_cells


def test_reach_is_the_truncation_in_whole_cells() -> None:
    assert [reach_cells(3.0, 12.0, r) for r in (0.2, 0.5, 1.0, 5.0, 12.0, 13.0)] == [60, 24, 12, 2, 1, 0]
    assert reach_cells(0.0, 12.0, 1.0) == 0


def test_weights_are_a_gaussian_in_metres() -> None:
    coarse, fine = Gaussian.of(3.0, 12.0, 1.0), Gaussian.of(3.0, 12.0, 0.5)
    assert coarse.moments[0].sum() == pytest.approx(1.0, abs=1e-15)
    assert fine.moments[0][::2] / fine.moments[0][24] == pytest.approx(
        coarse.moments[0] / coarse.moments[0][12]
    )
    # Variance in square metres; the cut at four sigma takes 0.1 % of it.
    assert coarse.moments[2].sum() == pytest.approx(9.0, rel=2e-3)
    assert fine.moments[2].sum() * 0.25 == pytest.approx(9.0, rel=2e-3)


@pytest.mark.parametrize("resolution", [1.0, 0.5, 2.5])
def test_whole_windows_are_convolved(resolution: float) -> None:
    dem = np.random.default_rng(1).normal(800.0, 5.0, (60, 70))
    weights = Gaussian.of(3.0, 12.0, resolution).moments[0]
    wanted = correlate1d(correlate1d(dem, weights, axis=0), weights, axis=1)
    reach = weights.size // 2
    inner = (slice(reach, 60 - reach), slice(reach, 70 - reach))
    assert layers(dem, resolution).smoothed[inner] == pytest.approx(wanted[inner], abs=1e-11)


def test_windows_with_nodata_get_the_weighted_plane() -> None:
    rng = np.random.default_rng(2)
    dem = rng.normal(300.0, 4.0, (18, 21))
    dem[rng.random(dem.shape) < 0.35] = np.nan
    dem[4:9, 6:13] = np.nan
    weights = reference.kernel(3.0, 12.0, 3.0)
    wanted = reference.smoothed(dem, weights)[1:-1, 1:-1]
    found = layers(dem, 3.0).smoothed
    valid = np.isfinite(dem)
    assert np.array_equal(np.isfinite(found), valid)
    assert found[valid] == pytest.approx(wanted[valid], abs=1e-9)


def test_a_void_on_a_slope_has_no_rim() -> None:
    """Plain normalised convolution is off by 1.4 m beside a straight shore on 30 degrees."""
    y, x = np.mgrid[:40, :50].astype(float)
    dem = 500.0 + np.tan(np.radians(30.0)) * x + 0.0 * y
    dem[:, 30:] = np.nan
    assert layers(dem, 1.0).smoothed[:, :30] == pytest.approx(dem[:, :30], abs=1e-9)


def test_no_smoothing() -> None:
    dem = np.random.default_rng(3).normal(100.0, 1.0, (9, 12))
    dem[3, 4] = np.nan
    params = type(HYOGO_CS)(0.0, 12.0, HYOGO_CS.elevation, HYOGO_CS.slope, HYOGO_CS.curvature)
    assert np.array_equal(layers(dem, 1.0, params).smoothed, dem, equal_nan=True)
