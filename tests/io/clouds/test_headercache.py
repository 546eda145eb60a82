"""Headers that were read before are not read again, until the file changes."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from runs import SAMPLE, write_cloud

from pointcloud.io.clouds.headercache import HeaderCache
from pointcloud.io.las.reader import read_header


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HYOGO_PC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("path", sorted(SAMPLE.rglob("*.laz")), ids=lambda path: path.name)
def test_a_header_comes_back_as_it_was_read(path: Path) -> None:
    header = read_header(path)
    assert HeaderCache("stated").find(path) is None
    HeaderCache("stated").keep([header])
    assert HeaderCache("stated").find(path) == header
    assert HeaderCache("scanned").find(path) is None


def test_remarks_come_back(tmp_path: Path) -> None:
    """A file without a CRS and with a doubtful box has something to say."""
    path = write_cloud(
        tmp_path / "a.las", np.array([0.0, 9.0]), np.array([0.0, 9.0]), np.array([1.0, 2.0]), wkt=None
    )
    header = read_header(path)
    assert header.warnings
    HeaderCache("stated").keep([header])
    found = HeaderCache("stated").find(path)
    assert found is not None
    assert [str(remark) for remark in found.warnings] == [str(remark) for remark in header.warnings]


def test_a_file_that_has_changed_is_read_anew(tmp_path: Path) -> None:
    path = write_cloud(tmp_path / "a.laz", np.array([0.0]), np.array([0.0]), np.array([1.0]))
    HeaderCache("stated").keep([read_header(path)])
    os.utime(path, ns=(1, 1))
    assert HeaderCache("stated").find(path) is None
    path.unlink()
    assert HeaderCache("stated").find(path) is None


def test_a_broken_cache_is_thrown_away_and_rebuilt(cache: Path, tmp_path: Path) -> None:
    path = write_cloud(tmp_path / "a.laz", np.array([0.0]), np.array([0.0]), np.array([1.0]))
    header = read_header(path)
    for damage in (b"no database" * 99, None):
        HeaderCache("stated").keep([header])
        file = cache / "headers.sqlite"
        file.write_bytes(damage or file.read_bytes()[:4096])
        assert HeaderCache("stated").find(path) is None
        HeaderCache("stated").keep([header])
        assert HeaderCache("stated").find(path) == header


@pytest.mark.parametrize("text", ["", "7", "[" * 99_999, "{}", '{"crs": 7, "scales": 1}', '{"layout": []}'])
def test_a_record_that_makes_no_sense_counts_for_nothing(text: str, cache: Path, tmp_path: Path) -> None:
    path = write_cloud(tmp_path / "a.laz", np.array([0.0]), np.array([0.0]), np.array([1.0]))
    HeaderCache("stated").keep([read_header(path)])
    with sqlite3.connect(cache / "headers.sqlite") as database:
        database.execute("UPDATE headers SET header = ?", [text])
    database.close()
    assert HeaderCache("stated").find(path) is None


def test_an_unwritable_cache_is_done_without(cache: Path, tmp_path: Path) -> None:
    path = write_cloud(tmp_path / "a.laz", np.array([0.0]), np.array([0.0]), np.array([1.0]))
    (cache / "headers.sqlite").mkdir(parents=True)
    HeaderCache("stated").keep([read_header(path)])
    assert HeaderCache("stated").find(path) is None
