"""Headers that lie about where the points are."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from runs import pixels, rasters, write_cloud
from squares import SOUTH, SQUARES, WEST, cloud, made, run


def test_a_header_that_claims_too_much_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The empty land it claims is neither made nor listed."""
    path = cloud(tmp_path / "a.las")
    patch_box(path, east=WEST + 800, north=SOUTH + 50, south=SOUTH - 400)
    code, text = run(capsys, path, "-o", tmp_path / "out", *SQUARES)
    assert code == 0
    assert made(tmp_path / "out") == {"E0044000_S0078000"}
    assert "hold nothing" not in text
    assert "a.las" in text
    assert "750.0" in text, "how far the header is off"


def test_a_header_that_claims_too_little_needs_scan_extents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = cloud(tmp_path / "a.las", side=100.0)
    good = run(capsys, path, "-o", tmp_path / "good", *SQUARES)[0]
    assert good == 0
    patch_box(path, east=WEST + 30, north=SOUTH + 100, south=SOUTH)
    code, text = run(capsys, path, "-o", tmp_path / "out", *SQUARES)
    assert code == 1
    assert "FAILED a.las" in text
    code, text = run(capsys, path, "-o", tmp_path / "scan", *SQUARES, "--scan-extents")
    assert code == 0, text
    assert made(tmp_path / "scan") == made(tmp_path / "good")
    for name, raster in rasters(tmp_path / "good").items():
        assert np.array_equal(pixels(raster), pixels(rasters(tmp_path / "scan")[name]))


def test_points_that_rounding_puts_beyond_the_header_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By less than a centimetre, and yet in another block of cells."""
    edge = 44_032.0  # a whole number of 128 m and 256 m
    e = np.append(np.linspace(edge - 30, edge - 0.5, 300), edge + 0.004)
    n = np.append(np.tile([SOUTH + 1.0, SOUTH + 11.0, SOUTH + 21.0], 100), SOUTH + 5.5)
    path = write_cloud(tmp_path / "a.las", e, n, np.full(301, 7.0), 2)
    patch_box(path, east=edge - 0.001, north=SOUTH + 21, south=SOUTH + 1)
    code, text = run(capsys, path, "-o", tmp_path / "out", *SQUARES, "--dsm-max-gap", "0")
    assert code == 0, text
    assert pixels(rasters(tmp_path / "out")["DSM_E0044000_S0078000_1g.tif"])[0, -6, 32] == 7.0


def patch_box(path: Path, east: float, north: float, south: float) -> None:
    data = bytearray(path.read_bytes())
    west = struct.unpack_from("<d", data, 187)[0]
    struct.pack_into("<4d", data, 179, east, west, north, south)
    path.write_bytes(data)
