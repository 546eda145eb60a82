"""Which cells wait for a wider window, and what is left in the arrays of those that do not."""

from __future__ import annotations

import numpy as np
import pytest

from pointcloud.kernels.tin import interpolation
from pointcloud.kernels.tin.triangle import OPEN, TOO_WIDE

HEIGHT, SKIPPED = 5.0, True


@pytest.mark.parametrize("factor", [1, 2])
def test_cells_that_wait(factor: int) -> None:
    work = np.full((4, 6), HEIGHT)
    skip = np.zeros(work.shape, np.bool_)
    work[0, 0], work[0, 2], work[0, 4], work[2, 2] = (
        interpolation.UNSEEN,
        OPEN,
        TOO_WIDE,
        interpolation.UNSEEN,
    )
    skip[2, 2] = SKIPPED
    pending = np.zeros((4 // factor, 6 // factor), np.bool_)
    interpolation.settle(work, None, skip, pending)
    assert np.argwhere(pending).tolist() == [[0, 0], [0, 2 // factor]]
    assert np.argwhere(np.isnan(work)).tolist() == [[0, 0], [0, 2], [0, 4], [2, 2]]
    assert (work[~np.isnan(work)] == HEIGHT).all()


def test_cells_whose_width_waits() -> None:
    work, widths = np.full((2, 3), HEIGHT), np.full((2, 3), 7.0)
    widths[0, 1], widths[1, 2], work[1, 2] = -3.0, -np.inf, TOO_WIDE
    pending = np.zeros(work.shape, np.bool_)
    interpolation.settle(work, widths, np.zeros(work.shape, np.bool_), pending)
    assert np.argwhere(pending).tolist() == [[0, 1]]
    assert np.array_equal(work, [[HEIGHT] * 3, [HEIGHT, HEIGHT, np.nan]], equal_nan=True)
    assert np.array_equal(widths, [[7.0, 3.0, 7.0], [7.0, 7.0, np.nan]], equal_nan=True)
