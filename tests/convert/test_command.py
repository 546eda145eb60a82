"""``hyogo-pc convert`` as a user starts it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from grid_files import hill, text_grid

from hyogo_pc import main as cli


def command(*arguments: str | Path) -> int:
    return cli.main(["--lang", "en", "convert", *map(str, arguments)])


def wrote(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_there_and_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = text_grid(hill(20, 30), end="\n")
    source = wrote(tmp_path / "DEM_05LF901_1g.txt", text)
    assert command(source, "-o", tmp_path / "out", "--credit", "見本", "--vertical", "JGD2011") == 0
    said = capsys.readouterr()
    assert "1 rasters written" in said.out
    assert str(tmp_path / "out" / "DEM_1g.vrt") in said.out
    assert "DEM_05LF901_1g.txt -> DEM_05LF901_1g.tif" in said.err
    record = json.loads((tmp_path / "out" / "hyogo-pc.json").read_text(encoding="utf-8"))
    assert record["parameters"]["DEM_1g"]["vertical"] == "EPSG:6695"
    assert command(tmp_path / "out" / "DEM_1g", "--to", "text", "-o", tmp_path / "back") == 0
    assert "1 of them byte for byte" in capsys.readouterr().out
    assert (tmp_path / "back" / source.name).read_text() == text


def test_a_bad_file_makes_the_exit_code_1_and_the_others_are_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = wrote(tmp_path / "in" / "DEM_05LF901_1g.txt", text_grid(hill(3, 3)))
    bad = wrote(tmp_path / "in" / "DEM_05LF902_1g.txt", "1 2 x\n")
    assert command(good, bad, "-o", tmp_path / "out") == 1
    said = capsys.readouterr().out
    assert f"FAILED {bad}: DEM_05LF902_1g.txt" in said
    assert len(list((tmp_path / "out" / "DEM_1g").iterdir())) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.txt"], "missing.txt"),
        (["points.las"], "hyogo-pc grid"),
        ([".", "--nodata", "-5"], "-999"),
        (["."], "nothing here"),
        ([".", "-r", "0"], "resolution"),
        ([".", "--crs", "abc"], "names no CRS"),
    ],
)
def test_wrong_usage_is_one_line(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "points.las").write_bytes(b"LASF")
    assert command(*arguments, "-o", "out") in (1, 2)
    printed = capsys.readouterr()
    line = next(line for line in (printed.out + printed.err).splitlines() if said in line)
    assert line
    assert not (tmp_path / "out" / "DEM_1g").exists()


def test_the_second_run_adds_to_the_first(tmp_path: Path) -> None:
    for name, corner in (("DEM_05LF901_1g.txt", (40000, -58500)), ("DEM_05LF902_1g.txt", (42000, -58500))):
        assert command(wrote(tmp_path / name, text_grid(hill(3, 3), corner)), "-o", tmp_path / "out") == 0
    import rasterio

    with rasterio.open(tmp_path / "out" / "DEM_1g.vrt") as file:
        assert np.count_nonzero(file.read(1) != file.nodata) == 18
        assert file.width == 4000


def test_rasters_of_a_run_before_are_no_inputs(tmp_path: Path) -> None:
    source = wrote(tmp_path / "DEM_05LF901_1g.txt", text_grid(hill(3, 3)))
    for _ in range(2):
        assert command(tmp_path, "-o", tmp_path / "out") == 0
    assert source.exists()
    assert command(tmp_path / "out", "--to", "text", "-o", tmp_path / "out") == 0  # named, they are
    assert (tmp_path / "out" / source.name).read_bytes() == source.read_bytes()


def test_folders_of_grid_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = wrote(tmp_path / "DEM_05LF901_1g.txt", text_grid(hill(3, 3)))
    assert command(source, "-o", tmp_path / "out") == 0
    record = tmp_path / "out" / "hyogo-pc.json"
    values = json.loads(record.read_text(encoding="utf-8"))
    values["parameters"]["DEM_1g"] = {"product": "dem", "max_gap": 100.0}
    record.write_text(json.dumps(values))
    made = (tmp_path / "out" / "DEM_1g" / "DEM_05LF901_1g.tif").read_bytes()
    capsys.readouterr()
    assert command(source, "-o", tmp_path / "out") == 1
    said = capsys.readouterr().out
    assert "made otherwise" in said
    assert "max_gap: 100.0 / None" in said
    assert (tmp_path / "out" / "DEM_1g" / "DEM_05LF901_1g.tif").read_bytes() == made
    record.write_text("[]")
    assert command(source, "-o", tmp_path / "out") == 1
    assert "record" in capsys.readouterr().err
