"""Files in another system than the sheets: made as from files that PROJ had brought there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import elsewhere
import geoids
import laspy
import numpy as np
import pyproj
import pytest
import rasterio
from borders import COARSE, FINE, SHEET, SOUTH, WEST, around, brought_by_proj, grid, small, split, write_in
from runs import Array, gridded, hills, pixels, rasters, shuffled, write_cloud

MILLIMETRE = 1.01e-3
"""A millimetre between two numbers that float32 has rounded."""


def differing(a: dict[str, Path], b: dict[str, Path], product: str) -> Iterable[tuple[Path, Array, Array]]:
    """Yield a raster of a product, which of its cells differ by more than a millimetre, and its heights."""
    assert a.keys() == b.keys()
    for name in a:
        if name.startswith(product):
            ours, theirs = (pixels(found[name])[0].astype(np.float64) for found in (a, b))
            assert np.count_nonzero(ours != -9999) > 100
            yield a[name], np.abs(ours - theirs) > MILLIMETRE, ours


def on_an_edge(path: Path, cell: tuple[int, int], e: Array, n: Array) -> bool:
    """Whether a point within a cell of a raster, or of its neighbours, lies within a millimetre of a cell's edge."""
    with rasterio.open(path) as file:
        size = file.res[0]
        west, north = file.transform * (cell[1], cell[0])
    near = (np.abs(e - west - size / 2) < size) & (np.abs(n - north + size / 2) < size)
    return any(bool((np.abs(v / size - np.round(v / size)) * size <= 1e-3).any()) for v in (e[near], n[near]))


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


def test_a_geoid_lowers_what_was_moved(tmp_path: Path) -> None:
    geoid = geoids.write_gtx(tmp_path / "gsigeo2011.gtx", geoids.heights())
    path = write_in(tmp_path / "in" / "a.las", 6667, small())
    plain = brought_by_proj(path, tmp_path / "plain" / "a.las", 6667)
    expected = grid(tmp_path / "expected", plain, *COARSE, "--geoid", geoid)
    made = grid(tmp_path / "made", path, *COARSE, "--geoid", geoid, "--to-crs", "5")
    assert made
    for product in ("DSM", "DEM"):
        for _, cells, _ in differing(made, {name: expected[name] for name in made}, product):
            assert not cells.any()


def test_hills_are_where_they_were(tmp_path: Path) -> None:
    """Against the truth, not another program: ground of known heights, read from zone VI."""
    e, n, _, _ = around(100.0, 6.0)
    path = write_in(tmp_path / "a.laz", 6674, [e, n, hills(e, n), np.full(e.size, 2)])
    made = grid(tmp_path / "made", path, *COARSE, "--to-crs", "5", "--area", SHEET)
    with rasterio.open(made[f"DEM_{SHEET}_1g.tif"]) as file:
        heights = file.read(1)
        rows, cols = np.nonzero(heights != -9999)
        x, y = file.transform * (cols + 0.5, rows + 0.5)
    inner = (x > WEST + 5) & (x < WEST + 95) & (y > SOUTH + 5) & (y < SOUTH + 70)
    assert np.abs(heights[rows, cols] - hills(np.asarray(x), np.asarray(y)))[inner].max() < 0.3


def test_processes_of_their_own(tmp_path: Path) -> None:
    """The way into the other system goes to them with the header."""
    for k, part in enumerate((slice(None, None, 2), slice(1, None, 2))):
        write_in(tmp_path / "in" / f"{k}.laz", 6674, [values[part] for values in small()])
    options = (*COARSE, "--to-crs", "5")
    expected = grid(tmp_path / "expected", tmp_path / "in", *options)
    gridded(tmp_path / "in", "-o", tmp_path / "made", *options, "--jobs", "2")
    made = rasters(tmp_path / "made")
    assert {name: each.read_bytes() for name, each in made.items()} == {
        name: each.read_bytes() for name, each in expected.items()
    }
