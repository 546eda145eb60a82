"""Texts of points as other programs write them: every point where it is, or a word that says what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from text_manners import SHEET, manners, slope

from pointcloud.errors import FileError, ParameterError
from pointcloud.io import member
from pointcloud.io.clouds.headercache import HeaderCache
from pointcloud.io.clouds.readers import iter_points, read_header

MANNERS = manners()


@pytest.mark.parametrize("piece", [700, 4 << 20])
@pytest.mark.parametrize("name", MANNERS)
def test_points_are_read_as_they_are(
    name: str, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member, "_PIECE", piece)
    manner = MANNERS[name]
    path = tmp_path / f"{SHEET}_org.txt"
    path.write_bytes(manner.content)
    header = read_header(path)
    e, n, z, classes = slope()
    chunks = list(iter_points(header, chunk=333))
    found = [np.concatenate([getattr(chunk, axis) for chunk in chunks]) for axis in ("e", "n", "z")]
    off = 10_001 if manner.decimals == 0 else 0
    assert np.abs(found[0] - np.rint(e * 10_000)).max() <= off
    assert np.array_equal(found[1], np.rint(n * 10_000))
    assert np.array_equal(found[2], np.rint(z * 10_000))
    assert header.form.columns.label == manner.columns
    assert bool(header.warnings) is manner.told
    stated = np.concatenate([chunk.classification for chunk in chunks])
    assert np.array_equal(stated, classes if "class" in manner.columns.split() else np.ones_like(classes))
    assert header.size == len(manner.content)


def test_columns_are_what_the_user_says(tmp_path: Path) -> None:
    e, n, z, classes = slope()
    path = tmp_path / "a.txt"
    rows = [f"{k} {b} {a} {c}" for a, b, c, k in zip(e, n, z, classes, strict=True)]
    path.write_text("\n".join(rows))
    header = read_header(path, columns="class n e z")
    (chunk,) = iter_points(header)
    assert np.array_equal(chunk.e, np.rint(e * 10_000))
    assert np.array_equal(chunk.n, np.rint(n * 10_000))
    assert np.array_equal(chunk.classification, classes)
    assert not header.warnings


def test_the_same_columns_come_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYOGO_PC_CACHE", str(tmp_path / "cache"))
    path = tmp_path / f"{SHEET}_org.txt"
    for name in ("header with a class", "names of points", "semicolons and decimal commas"):
        path.write_bytes(MANNERS[name].content)
        header = read_header(path)
        HeaderCache("stated").keep([header])
        assert HeaderCache("stated").find(path) == header


@pytest.mark.parametrize(
    ("content", "columns", "message"),
    [
        ("1 2 3 4\n", "x y z", "pointtext.stated"),
        ("1 2 3 300\n", "x y z class", "pointtext.class"),
        ("1 2 3 2.5\n", "x y z class", "pointtext.class"),
        ("1 2 3 2\n", "x y z class class", ""),
        ("1 2 3\n", "x y", ""),
        ("1 2 3\n", "x e y", ""),
        ("P 2.5 3.5 4.5\n", "x y z -", "pointtext.no_number"),
        # Whole metres that rise, and a number behind: an id and y, z and something, or x, y, z and something?
        ("1 -2.5 3.5 7\n2 -2.5 3.5 8\n", "", "doubt.columns_unknown"),
        ("1 2.5 3.5\n1 -2.5 NaN\n", "", "pointtext.nan"),
    ],
)
def test_what_cannot_be_told_is_refused(content: str, columns: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(content)
    with pytest.raises(FileError if message else ParameterError) as caught:
        read_header(path, columns=columns)
    assert caught.value.message == (message or "doubt.columns_stated")
