"""The same points loose, in a ZIP and as text give the same rasters, and every command takes or refuses them alike."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from runs import pixels, write_cloud
from text_manners import SHEET, manners, slope

import pointcloud as pc
from hyogo_pc.main import main
from pointcloud.errors import DataWarning

MANNERS = manners()
SQUARE = ("--sheet", "none", "--tile-size", "50", "--jobs", "1")


def grid(source: Path, out: Path, *more: str) -> int:
    """Make a DEM in this process; return the exit code."""
    return main(["grid", str(source), "-o", str(out), "-p", "dem", "-r", "1", *SQUARE, *more])


def dem(out: Path) -> np.ndarray:
    """Return the only DEM of a folder."""
    (path,) = (out / "DEM_1g").glob("*.tif")
    return pixels(path)


def as_las(path: Path) -> Path:
    """Write the hillside as LAS or LAZ."""
    e, n, z, classes = slope()
    return write_cloud(path, e, n, z, classes)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_is_as_good_as_its_files(
    method: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loose = as_las(tmp_path / "loose" / f"{SHEET}.laz")
    packed = tmp_path / "packed" / "delivery.zip"
    packed.parent.mkdir()
    with zipfile.ZipFile(packed, "w", method) as file:
        file.write(loose, f"LP/{loose.name}")
    for kind, source in (("loose", loose), ("packed", packed)):
        assert grid(source, tmp_path / "out" / kind) == 0
        assert main(["classify", str(source), "-o", str(tmp_path / "classes" / kind), "--jobs", "1"]) == 0
    first, second = (sorted((tmp_path / "out" / kind).rglob("*.tif")) for kind in ("loose", "packed"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    first, second = (sorted((tmp_path / "classes" / kind).glob("*.laz")) for kind in ("loose", "packed"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    capsys.readouterr()
    assert main(["info", "--json", str(packed)]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["files"]
    assert (entry["points"], entry["error"]) == (1600, None)
    report = tmp_path / "check.json"
    codes = [main(["check", str(source), "--json", str(report)]) for source in (loose, packed)]
    assert codes[0] == codes[1]
    tables = []
    for source in (loose, packed):
        table = tmp_path / f"{source.stem}.csv"
        line = ("--line", "45005,-77690 45030,-77670")
        assert main(["profile", *line, "--width", "3", "--points", str(source), "-o", str(table)]) == 0
        tables.append(table.read_bytes())
    assert tables[0] == tables[1]
    assert tables[0].count(b"\n") > 20


def test_a_class_in_a_text_counts_if_somebody_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert grid(as_las(tmp_path / "a.las"), tmp_path / "las") == 0
    expected = dem(tmp_path / "las")
    path = tmp_path / f"{SHEET}_org.txt"
    path.write_bytes(MANNERS["header with a class"].content)
    assert grid(path, tmp_path / "header") == 0
    assert np.array_equal(dem(tmp_path / "header"), expected, equal_nan=True)
    path.write_bytes(MANNERS["class behind"].content)
    capsys.readouterr()
    assert grid(path, tmp_path / "stated", "--columns", "x y z class") == 0
    assert "columns" not in capsys.readouterr().err
    assert np.array_equal(dem(tmp_path / "stated"), expected, equal_nan=True)
    path.write_bytes(MANNERS["x y z"].content)
    swapped = ["classify", str(path), "-o", str(tmp_path / "swapped"), "--columns", "y x z", "--jobs", "1"]
    assert main(swapped) != 0  # the name says where the points must lie
    path.write_bytes(MANNERS["class behind"].content)
    capsys.readouterr()
    grid(path, tmp_path / "told")
    said = "".join(capsys.readouterr())
    assert path.name in said
    assert "x y z -" in said


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_command_refuses_the_same_text(
    language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "points.txt"
    path.write_text("1 -2.5 3.5 7\n2 -2.5 3.5 8\n")
    for command in (
        ["grid", str(path), "-o", str(tmp_path / "a"), *SQUARE],
        ["plan", str(path), "-o", str(tmp_path / "b"), *SQUARE[:4]],
        ["classify", str(path), "-o", str(tmp_path / "c")],
        ["info", str(path)],
    ):
        code = main(["--lang", language, *command])
        said = "".join(capsys.readouterr())
        assert code != 0
        assert "--columns" in said
        assert path.name in said


def test_a_notebook_is_told_too(tmp_path: Path) -> None:
    path = tmp_path / f"{SHEET}_org.txt"
    path.write_bytes(MANNERS["class behind"].content)
    with pytest.warns(DataWarning, match="x y z -"):
        pc.read(path, resolution=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cloud = pc.read(path, resolution=1.0, columns="x y z class")
    assert np.isfinite(pc.dem(cloud, resolution=1.0).array).mean() > 0.8
