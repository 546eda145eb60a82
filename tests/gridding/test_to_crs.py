"""Files in another system than the sheets: made as from files that PROJ had brought there, and told apart."""

from __future__ import annotations

import json
from pathlib import Path

import elsewhere
import laspy
import numpy as np
import pyproj
import pytest
import rasterio
from border import (
    FINE,
    SHEET,
    WEST,
    around,
    brought_by_proj,
    differing,
    grid,
    on_an_edge,
    split,
    write_in,
)
from runs import shuffled, write_cloud


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_sheet_on_the_border_of_two_zones(jobs: int, tmp_path: Path) -> None:
    """From files of both sides as from files that PROJ brought to one; the border runs through the sheet."""
    columns = around(400.0, 4.0)
    here, there = split(columns, WEST + 210.0)
    plain = write_cloud(tmp_path / "plain" / "west.laz", *here)
    other = write_in(tmp_path / "in" / "east.laz", 6674, there)
    brought_by_proj(other, tmp_path / "plain" / "east.laz", 6674)
    area = ("--area", SHEET)
    expected = grid(tmp_path / "expected", tmp_path / "plain", *FINE, *area)
    mixed = [shuffled(other, tmp_path / "in" / "a.laz", 3), plain] if jobs == 2 else [plain, other]
    made = grid(tmp_path / "made", *mixed, *FINE, *area, "--to-crs", "5", jobs=jobs)
    e, n = elsewhere.transformed(6674, 6673, *elsewhere.transformed(6673, 6674, there[0], there[1]))
    for product in ("DSM", "DEM"):
        for path, cells, _ in differing(made, expected, product):
            assert cells.mean() <= 1e-4
            untraced = [at for at in np.argwhere(cells) if not on_an_edge(path, tuple(at), e, n)]
            assert not untraced


@pytest.mark.parametrize(
    ("crs", "twin"), [(6668, 6673), (6667, 6673), (4612, 2447), (6690, 6673), (3099, 2447)]
)
def test_degrees_and_utm(crs: int, twin: int, tmp_path: Path) -> None:
    """Two files that share points; PROJ is asked for the zone of the same realisation, whose numbers are the same."""
    columns = around(100.0, 3.0)
    for k, part in enumerate((slice(0, 20_000), slice(15_000, None))):
        path = write_in(tmp_path / "in" / f"{k}.laz", crs, [values[part] for values in columns])
        brought_by_proj(path, tmp_path / "plain" / f"{k}.laz", crs, twin)
    expected = grid(tmp_path / "expected", tmp_path / "plain", *FINE)
    made = grid(tmp_path / "made", tmp_path / "in", *FINE, "--to-crs", "EPSG:6673")
    expected = {name: path for name, path in expected.items() if name in made}
    for product in ("DSM", "DEM"):
        for _, cells, _ in differing(made, expected, product):
            assert not cells.any()
    with rasterio.open(next(iter(made.values()))) as file:
        assert pyproj.CRS(file.crs.to_wkt()).to_epsg() == 6673
        inputs = json.loads(file.tags()["INPUTS"])
    assert {each["moved_from"] for each in inputs} == {f"EPSG:{6668 if crs == 6667 else crs}"}


def test_a_real_tile_in_the_next_zone(shared_data: Path, tmp_path: Path) -> None:
    """A gorge of zone VIII, read into zone VII: as PROJ brings it there."""
    tile = shared_data / "jp_shizuoka" / "08OF4060_NW.laz"
    plain = brought_by_proj(tile, tmp_path / "plain.laz", 6676, 6675)
    options = ("--sheet", "none", "--tile-size", "500", "-r", "0.5", "-p", "dsm", "-p", "dem")
    expected = grid(tmp_path / "expected", plain, *options)
    made = grid(tmp_path / "made", tile, *options, "--to-crs", "7")
    e, n = elsewhere.transformed(6676, 6675, *(np.asarray(laspy.read(tile)[axis]) for axis in "xy"))
    for product in ("DSM", "DEM"):
        for path, cells, heights in differing(made, {name: expected[name] for name in made}, product):
            assert cells.sum() <= 1e-4 * np.count_nonzero(heights != -9999)
            assert all(on_an_edge(path, tuple(at), e, n) for at in np.argwhere(cells))


def test_a_real_tile_in_degrees_and_back(shared_data: Path, tmp_path: Path) -> None:
    """Its points lie on whole centimetres, many of them on edges of cells: only such change their cell."""
    tile = shared_data / "jp_shizuoka" / "08OF4060_NW.laz"
    las = laspy.read(tile)
    e, n = np.asarray(las.x), np.asarray(las.y)
    columns = np.asarray(las.z), np.asarray(las.classification)
    elsewhere.write(tmp_path / "degrees.laz", 6668, *elsewhere.transformed(6676, 6668, e, n), *columns)
    options = ("--sheet", "500", "-p", "dsm", "-p", "dem", "--area", "08OF4060")
    expected = grid(tmp_path / "expected", tile, *options)
    made = grid(tmp_path / "made", tmp_path / "degrees.laz", *options, "--to-crs", "8")
    for path, cells, heights in differing(made, expected, "DSM"):
        assert cells.sum() <= 1e-3 * np.count_nonzero(heights != -9999)
        assert all(on_an_edge(path, tuple(at), e, n) for at in np.argwhere(cells))
