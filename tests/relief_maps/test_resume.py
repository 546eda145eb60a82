"""A folder of relief maps is gone on with: what would come out the same stays, whatever the number of processes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from surfaces import rough

from hyogo_pc.main import main

SIDE = 60


def write(path: Path, dem: NDArray[Any], col: int) -> Path:
    place = Affine(1.0, 0.0, 44_000.0 + col, 0.0, -1.0, -77_000.0)
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "nodata": -9999.0, "crs": "EPSG:6673"}
    path.parent.mkdir(parents=True, exist_ok=True)
    rows, cols = dem.shape
    with rasterio.open(path, "w", height=rows, width=cols, transform=place, **profile) as file:
        file.write(dem.astype(np.float32), 1)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five sheets in a row."""
    dem = rough(SIDE, 5 * SIDE)
    for k in range(5):
        write(tmp_path / "in" / f"DEM_{k:02d}_1g.tif", dem[:, k * SIDE : (k + 1) * SIDE], k * SIDE)
    return tmp_path / "in"


def relief(*arguments: str | Path) -> int:
    return main(["relief", *map(str, arguments)])


def stamps(out: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in out.glob("*.tif")}


def remade(folder: Path, out: Path, *options: str) -> set[str]:
    """Run again; return the names of the maps that were made anew."""
    before = stamps(out)
    assert relief(folder, "-o", out, *options) == 0
    return {name for name, stamp in stamps(out).items() if before.get(name) != stamp}


def test_what_is_there_stays(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "出力"
    assert len(remade(folder, out)) == 5
    capsys.readouterr()
    assert remade(folder, out) == set()
    said = capsys.readouterr()
    assert "5 are there already, unchanged; to make: 0" in said.err
    assert said.out == ""


def test_a_changed_sheet_costs_itself_and_its_neighbours(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    relief(folder, "-o", out)
    write(folder / "DEM_04_1g.tif", rough(SIDE, SIDE) + 1.0, 4 * SIDE)
    assert remade(folder, out) == {"CS_03_1g.tif", "CS_04_1g.tif"}


def test_a_touched_sheet_costs_nothing(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    relief(folder, "-o", out)
    os.utime(folder / "DEM_02_1g.tif", (1.0, 1.0))
    assert remade(folder, out) == set()


def test_other_values_are_made_anew_and_other_styles_beside(folder: Path, tmp_path: Path) -> None:
    """As ever, a folder may hold what was made with other values, of sheets that are not named now."""
    out, slope = tmp_path / "out", ("--style", "openness")
    assert {name[:2] for name in remade(folder, out)} == {"CS"}
    assert len(remade(folder, out, *slope)) == 5
    first = folder / "DEM_00_1g.tif"
    assert remade(first, out, *slope, "--set", "radius=5") == {"OPENNESS_00_1g.tif"}
    assert len(stamps(out)) == 10
    assert main(["verify", str(out)]) == 0


def test_a_map_that_was_deleted_or_altered_is_made_anew(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    relief(folder, "-o", out)
    (out / "CS_01_1g.tif").unlink()
    (out / "CS_03_1g.tif").write_bytes(b"altered")
    assert main(["verify", str(out)]) == 1
    assert remade(folder, out) == {"CS_01_1g.tif", "CS_03_1g.tif"}
    assert main(["verify", str(out)]) == 0


def test_inputs_are_verified(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    relief(folder, "-o", out)
    assert main(["verify", str(out), "--deep", str(folder)]) == 0
    write(folder / "DEM_04_1g.tif", rough(SIDE, SIDE) + 1.0, 4 * SIDE)
    capsys.readouterr()
    assert main(["verify", str(out), "--deep", str(folder)]) == 1
    assert "ALTERED input DEM_04_1g.tif" in capsys.readouterr().out


def test_a_source_of_a_mosaic_counts(folder: Path, tmp_path: Path) -> None:
    """The mosaic itself stays as it is when a sheet of it changes."""
    from pointcloud.geo.lattice import Box, Grid, cell_quanta
    from pointcloud.io.rasters import vrt

    tiles = [
        vrt.Tile(
            Path(path.name),
            Grid(
                Box.from_metres(44_000 + k * SIDE, -77_000 - SIDE, 44_000 + (k + 1) * SIDE, -77_000), 10_000
            ),
        )
        for k, path in enumerate(sorted(folder.glob("*.tif")))
    ]
    assert tiles[0].grid.cell == cell_quanta(1.0)
    mosaic, out = folder / "all.vrt", tmp_path / "out"
    mosaic.write_bytes(vrt.mosaic(tiles, None, "heights"))
    assert remade(mosaic, out) == {"all_CS.tif"}
    assert remade(mosaic, out) == set()
    write(folder / "DEM_04_1g.tif", rough(SIDE, SIDE) + 1.0, 4 * SIDE)
    assert remade(mosaic, out) == {"all_CS.tif"}


@pytest.mark.parametrize("jobs", ["2", "3"])
def test_processes_and_threads_make_the_same(jobs: str, folder: Path, tmp_path: Path) -> None:
    for name, options in (("one", ("--jobs", "1")), ("more", ("--jobs", jobs))):
        relief(folder, "-o", tmp_path / name, "--style", "cs", "--style", "sky-view", *options)
    one, more = (
        {path.name: path.read_bytes() for path in (tmp_path / name).glob("*.tif")} for name in ("one", "more")
    )
    assert len(one) == 10
    assert one == more


def test_a_neighbour_that_cannot_be_read_fails_what_it_decides(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = (folder / "DEM_04_1g.tif").read_bytes()
    (folder / "DEM_04_1g.tif").write_bytes(data[: len(data) // 2])
    out = tmp_path / "out"
    assert relief(folder, "-o", out) == 1
    assert sorted(stamps(out)) == ["CS_00_1g.tif", "CS_01_1g.tif", "CS_02_1g.tif"]
    capsys.readouterr()
    assert main(["status", str(out)]) == 1
    assert capsys.readouterr().out.count("FAILED sheet DEM_0") == 2
    (folder / "DEM_04_1g.tif").write_bytes(data)
    assert remade(folder, out) == {"CS_03_1g.tif", "CS_04_1g.tif"}


def test_a_single_file_leaves_no_record(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "one.tif"
    assert relief(folder / "DEM_00_1g.tif", "-o", out) == 0
    shutil.rmtree(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["one.tif"]
