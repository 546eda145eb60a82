"""Points in the overlap of flight lines are counted and told by every command, and left out when asked for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from runs import pixels, write_cloud
from text_manners import slope

from hyogo_pc.main import main
from pointcloud.io.clouds.readers import iter_points, read_header

SQUARE = ("--sheet", "none", "--tile-size", "50", "--jobs", "1")
LIFT = 3.0
"""Metres by which the points of the overlap are too high."""


def marked(path: Path, point_format: int) -> Path:
    """Write the hillside, and each fourth point once more, higher and marked as overlap; others synthetic and key."""
    e, n, z, _ = slope()
    again = np.arange(e.size) % 4 == 0
    e, n, z = np.append(e, e[again]), np.append(n, n[again] + 0.01), np.append(z, z[again] + LIFT)
    overlap = np.arange(e.size) >= again.size
    synthetic, key = np.arange(e.size) < 30, np.arange(e.size) < 7
    marks = {"synthetic": synthetic, "key_point": key}
    if point_format >= 6:
        marks["overlap"] = overlap
    classes = np.where(overlap, 12, 2) if point_format < 6 else 2
    return write_cloud(path, e, n, z, classes, point_format=point_format, **marks)


@pytest.mark.parametrize("point_format", [1, 6])
@pytest.mark.parametrize("suffix", ["las", "laz"])
def test_marks_are_counted_and_overlap_left_out(
    suffix: str, point_format: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = marked(tmp_path / f"a.{suffix}", point_format)
    (chunk,) = iter_points(read_header(path))
    assert chunk.marks == (30, 7, 400)
    assert not chunk.withheld.any()
    assert main(["info", "--json", str(path)]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["files"]
    assert entry["marked"] == {"synthetic": 30, "key": 7, "overlap": 400}
    report = tmp_path / "check.json"
    main(["check", str(path), "--json", str(report)])
    assert "check.overlap_points" in report.read_text()
    assert "400" in capsys.readouterr().out
    heights = {}
    for option in ("", "--exclude-overlap"):
        out = tmp_path / f"out{option}"
        assert (
            main(
                ["grid", str(path), "-o", str(out), "-p", "dsm", "-r", "1", *SQUARE, *filter(None, [option])]
            )
            == 0
        )
        said = "".join(capsys.readouterr())
        assert "400 as overlap" in said
        assert ("400 withheld" in said) is bool(option)
        (raster,) = (out / "DSM_1g").glob("*.tif")
        heights[option] = pixels(raster)
    lifted = heights[""] - heights["--exclude-overlap"]
    assert np.nanmax(lifted) > LIFT - 0.5
    assert 300 < np.count_nonzero(lifted > 1) <= 400


def test_class_12_is_no_overlap_in_late_formats(tmp_path: Path) -> None:
    e, n, z, _ = slope()
    path = write_cloud(tmp_path / "a.las", e, n, z, 12)
    (chunk,) = iter_points(read_header(path))
    assert chunk.marks == (0, 0, 0)


def test_rasters_are_made_again_when_overlap_is_to_be_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = marked(tmp_path / "a.las", 6)
    command = ["grid", str(path), "-o", str(tmp_path / "out"), "-p", "dsm", "-r", "1", *SQUARE]
    assert main(command) == 0
    (raster,) = (tmp_path / "out" / "DSM_1g").glob("*.tif")
    before = pixels(raster)
    assert main([*command, "--exclude-overlap"]) == 0
    assert not np.array_equal(pixels(raster), before, equal_nan=True)
