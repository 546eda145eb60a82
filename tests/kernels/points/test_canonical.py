"""Raw records to quanta, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from pointcloud.kernels.points import canonical

COUNT = 300
STEPS, SHIFTS = np.array([10, 100, 1]), np.array([440_000_000, -5, 0])
SCALES, OFFSETS = np.array([1e-3, 1e-2, 1e-4]), np.array([44_000.0, -0.0005, 0.0])


@pytest.mark.parametrize("length", [20, 28, 34, 61])
@pytest.mark.parametrize(
    ("kernel", "scale", "offset"),
    [(canonical.canonical_exact, STEPS, SHIFTS), (canonical.canonical_rounded, SCALES, OFFSETS)],
)
def test_records_of_any_bytes(kernel, scale, offset, length: int) -> None:  # type: ignore[no-untyped-def]
    records = np.random.default_rng(length).integers(0, 256, (COUNT, length), np.uint8)
    records[0, :12] = 0xFF
    records[1, :12] = [0, 0, 0, 0x80] * 3
    records[2, :12] = [0xFF, 0xFF, 0xFF, 0x7F] * 3
    e, n, z, classification, withheld = (
        np.empty(COUNT, kind) for kind in (np.int64, np.int64, np.int32, np.uint8, np.bool_)
    )
    extremes = np.empty((2, 3), np.int64)
    kernel(records, 15, 0x1F, 0x80, scale, offset, e, n, z, classification, withheld, extremes)
    expected = records[:, :12].copy().view("<i4").astype(np.int64) * STEPS + SHIFTS
    assert np.array_equal(e, expected[:, 0])
    assert np.array_equal(n, expected[:, 1])
    assert np.array_equal(z, expected[:, 2])
    assert np.array_equal(classification, records[:, 15] & 31)
    assert np.array_equal(withheld, records[:, 15] >= 128)
    assert np.array_equal(extremes, [expected.min(axis=0), expected.max(axis=0)])


def test_heights_beyond_an_int32_show_in_the_extremes() -> None:
    records = np.zeros((1, 30), np.uint8)
    records[0, 8:12] = [0xFF, 0xFF, 0xFF, 0x7F]
    out = [np.empty(1, kind) for kind in (np.int64, np.int64, np.int32, np.uint8, np.bool_)]
    extremes = np.empty((2, 3), np.int64)
    canonical.canonical_exact(
        records, 16, 0xFF, 4, np.array([1, 1, 10]), np.zeros(3, np.int64), *out, extremes
    )
    assert extremes[1, 2] == (2**31 - 1) * 10


@pytest.mark.parametrize("units", [(1.0, 1.0, 1.0), (10_000.0, 1.0, 10_000.0)])
def test_what_is_still_to_be_moved_is_not_rounded(units: tuple[float, float, float]) -> None:
    records = np.random.default_rng(0).integers(0, 256, (COUNT, 30), np.uint8)
    records[0, :12] = 0xFF
    scale, offset = np.array([1e-3, 1e-9, 1e-2]), np.array([44_000.1, 134.0, -0.3])
    x, y = np.empty(COUNT), np.empty(COUNT)
    z, classification, withheld = (np.empty(COUNT, kind) for kind in (np.int32, np.uint8, np.bool_))
    extremes = np.empty((2, 3))
    canonical.unrounded(
        records, 16, 0xFF, 4, scale, offset, np.array(units), x, y, z, classification, withheld, extremes
    )
    raw = records[:, :12].copy().view("<i4")
    expected = (raw * scale + offset) * units
    assert np.array_equal(x, expected[:, 0])
    assert np.array_equal(y, expected[:, 1])
    heights = np.rint(expected[:, 2]).astype(np.int64)
    assert np.array_equal(z, heights.astype(np.int32))
    assert np.array_equal(extremes[0], [*expected[:, :2].min(axis=0), heights.min()])
    assert np.array_equal(extremes[1], [*expected[:, :2].max(axis=0), heights.max()])
    assert np.array_equal(classification, records[:, 16])
    assert np.array_equal(withheld, records[:, 15] & 4 != 0)
