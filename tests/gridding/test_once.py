"""Every input is decoded once, however many sheets need it, and nothing of it that is not used."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import laspy
import numpy as np
import pytest
from runs import SAMPLE, gridded, plugin, rasters, tiles, town

from pointcloud.io.las import decode
from pointcloud.io.las.reader import read_header

COUNT = """
import os
import pointcloud.io.las.reader as reader

whole = reader.iter_points


def counted(header, **options):
    with open(os.environ["DECODED"], "a", encoding="utf-8") as log:
        log.write(f"{header.path.parent.name}/{header.path.name}\\t{os.getpid()}\\n")
    yield from whole(header, **options)


reader.iter_points = counted
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_file_is_decoded_once_in_a_run_over_many_sheets(jobs: int, tmp_path: Path) -> None:
    columns = town(np.random.default_rng(1), (44_000, -78_000, 44_200, -77_850), 0.5)
    files = tiles(tmp_path / "in", columns, 40.0)
    log = tmp_path / "decoded.txt"
    gridded(
        tmp_path / "in", "-o", tmp_path / "out", "--sheet", "none", "--tile-size", "50",
        "--max-gap", "30", "--jobs", str(jobs),
        **plugin(tmp_path / "plugin", COUNT), DECODED=str(log),
    )  # fmt: skip
    decoded = [line.split("\t") for line in log.read_text(encoding="utf-8").splitlines()]
    assert Counter(name for name, _ in decoded) == {f"in/{path.name}": 1 for path in files.values()}
    assert len({process for _, process in decoded}) <= jobs
    assert len(rasters(tmp_path / "out")) == 3 * 4 * 3


def test_a_pair_and_its_sheets_are_decoded_once_each(tmp_path: Path) -> None:
    """Files of one name in two folders are two files."""
    log = tmp_path / "decoded.txt"
    gridded(
        SAMPLE, "--ground", SAMPLE / "ground", "-o", tmp_path / "out", "--sheet", "250", "--area", "05PE552",
        **plugin(tmp_path / "plugin", COUNT), DECODED=str(log),
    )  # fmt: skip
    names = [line.split("\t")[0] for line in log.read_text(encoding="utf-8").splitlines()]
    assert sorted(names) == [
        "ground/05PE5525.laz",
        "original/05PE5525.laz",
        "sample_tiles/05PE5524.laz",
        "sample_tiles/05PE5534.laz",
        "sample_tiles/05PE5535.laz",
    ]


@pytest.mark.parametrize("parallel", [True, False])
def test_of_layered_formats_only_what_is_used_is_decoded(parallel: bool, tmp_path: Path) -> None:
    """What is skipped keeps the value of a chunk's first point."""
    count = 5_000
    rng = np.random.default_rng(2)
    header = laspy.LasHeader(version="1.4", point_format=8)
    header.scales = np.full(3, 0.001)
    las = laspy.LasData(header)
    las.X, las.Y, las.Z = rng.integers(0, 100_000, (3, count)).astype(np.int32)
    las.classification = rng.integers(0, 20, count).astype(np.uint8)
    las.return_number = np.ones(count, np.uint8)
    skipped = {
        "intensity": rng.integers(0, 60_000, count),
        "user_data": rng.integers(0, 200, count),
        "scan_angle": rng.integers(-9_000, 9_000, count),
        "point_source_id": rng.integers(0, 60_000, count),
        "gps_time": rng.uniform(0, 1e6, count),
        "red": rng.integers(0, 60_000, count),
        "nir": rng.integers(0, 60_000, count),
    }
    for name, values in skipped.items():
        setattr(las, name, values)
    path = tmp_path / "points.laz"
    las.write(path)
    found = read_header(path)
    assert found.laszip is not None
    with path.open("rb") as file:
        parts = [part.copy() for part in decode.decode(file, found, found.laszip, count, parallel=parallel)]
    records = np.concatenate(parts).view(header.point_format.dtype()).reshape(-1)
    for name in ("X", "Y", "Z", "classification"):
        assert np.array_equal(records[name], las.points.array[name])
    assert {name for name in skipped if len(np.unique(records[name])) > 1} == set()
