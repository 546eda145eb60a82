"""A sheet alone equals the same window of the whole, to the bit.

The whole is made in one piece, in memory, from all files. Each sheet is made by `hyogo-pc grid` in a fresh process
that is given only the files within reach of it, renamed and in another order, their points shuffled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import laspy
import numpy as np
import numpy.typing as npt
import pytest
from runs import SAMPLE, gridded, hills, pixels, rasters, shuffled, tiles, town, write_cloud

from pointcloud import pipeline
from pointcloud.geo.lattice import Box, Grid, metres
from pointcloud.geo.sheets import parse
from pointcloud.io import names
from pointcloud.io.las.reader import read_header
from pointcloud.io.spill.cloud import Cloud
from pointcloud.params.grid import (
    BRIDGED,
    INTERPOLATED,
    MEASURED,
    NODATA,
    USUAL_PRODUCTS,
    VOID,
    WATER,
    GridParams,
    Product,
)

Array = npt.NDArray[Any]
Rasters = dict[tuple[Product, float], Array]

PRODUCTS: tuple[Product, ...] = (*USUAL_PRODUCTS, "quality")
RESOLUTIONS = (1.0, 0.5)
ALL = [word for product in PRODUCTS for word in ("-p", product)]
SIDE = 60
CORNER_E, CORNER_N = 44_100, -77_940
BOX = Box.from_metres(CORNER_E - SIDE, CORNER_N - SIDE, CORNER_E + SIDE, CORNER_N + SIDE)
"""Four square tiles around a corner."""


@dataclass
class Case:
    """Files, the window that is made of all of them, and the sheets it falls into."""

    files: list[Path]
    box: Box
    sheets: dict[str, Box]
    options: tuple[str, ...]
    params: GridParams
    ground: list[Path] = field(default_factory=list)

    def near(self, box: Box, reach: int) -> list[Path]:
        """Return the files whose points lie within ``reach`` quanta of a box."""
        west, south, east, north = box.grow(reach).bounds
        found = []
        for path in self.files + self.ground:
            with laspy.open(path) as reader:
                (x0, y0, _), (x1, y1, _) = reader.header.mins, reader.header.maxs
            if x0 < east and x1 >= west and y0 <= north and y1 > south:
                found.append(path)
        return found

    def whole(self) -> Rasters:
        """Return the rasters of all sheets in one piece, as files hold them."""
        spills = [
            pipeline.reduce(read_header(path), self.params.reduce, all_ground=path in self.ground)
            for path in self.files + self.ground
        ]
        made: Rasters = {}
        for raster in pipeline.make(self.box, Cloud(spills), self.params):
            assert raster.array is not None
            made[raster.product, raster.grid.resolution] = as_in_files(raster.array)
        return made

    def alone(self, code: str, folder: Path, jobs: int, reach: int | None = None) -> Rasters:
        """Return the rasters of one sheet, made of what lies within ``reach`` quanta, in another order."""
        given = self.near(self.sheets[code], pipeline.reach(self.params) if reach is None else reach)
        arguments: list[str | Path] = []
        for number, path in enumerate(reversed(given)):
            copy = shuffled(path, folder / "in" / f"{number:03d} {path.stem}.laz", number)
            arguments += ["--ground", copy] if path in self.ground else [copy]
        west, south, east, north = self.sheets[code].bounds
        area = code if self.options[1] != "none" else f"{west},{south},{east},{north}"
        out = folder / "out"
        gridded(*arguments, "-o", out, "--area", area, "--jobs", str(jobs), *self.options)
        return found(out, code)

    def at_once(self, out: Path) -> dict[str, Rasters]:
        """Return the rasters of all sheets, made in one run of two processes."""
        ground = [item for path in self.ground for item in ("--ground", path)]
        west, south, east, north = self.box.bounds
        arguments = [*self.files, *ground, "-o", out, "--jobs", "2", *self.options]
        gridded(*arguments, "--area", f"{west},{south},{east},{north}")
        return {code: found(out, code) for code in self.sheets}

    def differing(self, code: str, made: Rasters, whole: Rasters) -> list[str]:
        """Return which rasters of a sheet are not the same pixels as in the whole."""
        differ = []
        for (product, resolution), array in whole.items():
            grid = Grid(self.box, GridParams((resolution,)).cells[0])
            rows, cols = grid.slices(self.sheets[code])
            if not np.array_equal(made[product, resolution], array[:, rows, cols]):
                differ.append(f"{product} {resolution:g}")
        return differ


def as_in_files(array: Array) -> Array:
    """Return an array as (bands, rows, cols), nodata as in files."""
    bands = np.moveaxis(array, 2, 0) if array.ndim == 3 else array[np.newaxis]
    if bands.dtype == np.uint8:
        return bands
    return np.where(np.isnan(bands), np.float32(NODATA), bands)


def found(out: Path, code: str) -> Rasters:
    """Return the rasters of a sheet in an output folder."""
    held = rasters(out)
    return {
        (product, resolution): pixels(held[names.file_name(product, code, resolution)])
        for product in PRODUCTS
        for resolution in RESOLUTIONS
    }


def squares() -> dict[str, Box]:
    """Return the four tiles around the corner, by their names."""
    made = {}
    for west in (CORNER_E - SIDE, CORNER_E):
        for south in (CORNER_N - SIDE, CORNER_N):
            name = f"E{west:07d}_S{-south:07d}"
            made[name] = Box.from_metres(west, south, west + SIDE, south + SIDE)
    return made


def scattered(gap: float, per_m2: float = 2.0) -> list[Array]:
    """Return points over the four tiles and well beyond their reach, with a pond across a border."""
    rng = np.random.default_rng(7)
    around = gap + 14 + 45
    west, south, east, north = BOX.bounds
    columns = town(rng, (west - around, south - around, east + around, north + around), per_m2)
    dry = np.hypot(columns[0] - CORNER_E, columns[1] - (CORNER_N - 35)) > 11
    return [values[dry] for values in columns]


def of_tiles(files: Sequence[Path], gap: float) -> Case:
    options = ("--sheet", "none", "--tile-size", str(SIDE), "-r", "1", "-r", "0.5", "--max-gap", f"{gap:g}")
    params = GridParams(RESOLUTIONS, PRODUCTS, max_gap=gap)
    return Case(list(files), BOX, squares(), (*options, *ALL), params)


def sample(folder: Path) -> Case:
    """The tiles that come with the project: several formats and scales, and a pair with its ground apart."""
    codes = ("05PE5523", "05PE5524", "05PE5525", "05PE5533", "05PE5534", "05PE5535")
    sheets = {code: parse(code).box for code in codes}
    first, last = sheets[codes[0]], sheets[codes[-1]]
    files = [*sorted(SAMPLE.glob("*.laz")), SAMPLE / "original" / "05PE5525.laz"]
    return Case(
        files,
        Box(first.west, last.south, last.east, first.north),
        sheets,
        ("--sheet", "500", "-r", "1", "-r", "0.5", *ALL),
        GridParams(RESOLUTIONS, PRODUCTS),
        [SAMPLE / "ground" / "05PE5525.laz"],
    )


def lattice(folder: Path) -> Case:
    """Points of a lattice of 1 m, some missing: all discs touch four points, and centres lie on edges."""
    e, n, z, classes = scattered(20.0)
    columns = [np.round(e), np.round(n), np.round(z, 2), classes]
    _, first = np.unique(np.stack(columns[:2]), axis=1, return_index=True)
    return of_tiles(list(tiles(folder, [values[first] for values in columns], 50.0).values()), 20.0)


def centimetres(folder: Path) -> Case:
    return of_tiles(list(tiles(folder, scattered(20.0), 50.0, scale=0.01).values()), 20.0)


def two_scales(folder: Path) -> Case:
    """Neighbouring files with steps of 1 mm and of 2.5 quanta of the program, from different offsets."""
    files = []
    for place, path in tiles(folder / "millimetres", scattered(20.0), 50.0).items():
        if sum(place) % 2:
            las = laspy.read(path)
            columns = (
                np.asarray(las.x),
                np.asarray(las.y),
                np.asarray(las.z),
                np.asarray(las.classification),
            )
            path = write_cloud(
                folder / "others" / path.name, *columns, scale=0.00025, offset=(44_000.00013, -78_000.0)
            )
        files.append(path)
    return of_tiles(files, 20.0)


def holes(folder: Path) -> Case:
    """No ground within a disc wider than the gap around the corner, and little under a forest east of it."""
    e, n, z, classes = scattered(40.0)
    ground = classes == 2
    clearing = np.hypot(e - CORNER_E - 3, n - CORNER_N - 2) < 24
    forest = (e > CORNER_E + 30) & (np.random.default_rng(8).random(len(e)) < 0.996)
    kept = ~(ground & (clearing | forest))
    return of_tiles(list(tiles(folder, [values[kept] for values in (e, n, z, classes)], 25.0).values()), 40.0)


@pytest.mark.parametrize("make", [sample, lattice, centimetres, two_scales, holes])
def test_a_sheet_alone_equals_the_same_window_of_the_whole(
    make: Callable[[Path], Case], tmp_path: Path
) -> None:
    """The first sheet with one job and the last with two; the soak has every sheet with either."""
    case = make(tmp_path / "files")
    first, *_, last = case.sheets
    codes = (first, last)
    for code in codes:
        assert len(case.near(case.sheets[code], pipeline.reach(case.params))) < len(case.files + case.ground)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(case.alone, code, tmp_path / code, jobs) for jobs, code in enumerate(codes, 1)]
        whole = case.whole()
        alone = dict(zip(codes, (run.result() for run in runs), strict=True))
    assert len(whole) == len(PRODUCTS) * len(RESOLUTIONS)
    assert {code: case.differing(code, alone[code], whole) for code in codes} == {code: [] for code in codes}


@pytest.mark.parametrize("make", [holes, pytest.param(sample, marks=pytest.mark.soak)])
def test_sheets_of_two_processes_equal_the_whole(make: Callable[[Path], Case], tmp_path: Path) -> None:
    case = make(tmp_path / "files")
    made, whole = case.at_once(tmp_path / "out"), case.whole()
    for code in case.sheets:
        assert case.differing(code, made[code], whole) == []


@pytest.mark.soak
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("make", [sample, lattice, centimetres, two_scales, holes])
def test_every_sheet_alone_equals_the_same_window_of_the_whole(
    make: Callable[[Path], Case], jobs: int, tmp_path: Path
) -> None:
    case = make(tmp_path / "files")
    whole = case.whole()
    for code in case.sheets:
        assert case.differing(code, case.alone(code, tmp_path / code, jobs), whole) == []


def test_the_cases_hold_what_they_are_for(tmp_path: Path) -> None:
    """The hole at the corner is void, the forest bridged, the pond void in all products."""
    whole = holes(tmp_path).whole()
    dem, dsm = whole["dem", 1.0][0], whole["dsm", 1.0][0]
    north, west = CORNER_N + SIDE, CORNER_E - SIDE

    def at(raster: Array, e: float, n: float) -> float:
        return float(raster[int(north - n), int(e - west)])

    assert at(dem, CORNER_E + 3, CORNER_N + 2) == NODATA
    assert at(dsm, CORNER_E + 3, CORNER_N + 2) != NODATA
    assert (dem[:, SIDE + 35 :] != NODATA).mean() > 0.98
    assert at(dem, CORNER_E, CORNER_N - 35) == NODATA
    state, gap = whole["quality", 1.0][:2]
    assert at(state, CORNER_E + 3, CORNER_N + 2) == VOID
    assert at(state, CORNER_E, CORNER_N - 35) == WATER
    assert set(np.unique(state)) == {VOID, MEASURED, INTERPOLATED, BRIDGED, WATER}
    assert gap.max() > 30
    assert at(dsm, CORNER_E, CORNER_N - 35) == NODATA


def test_a_halo_that_is_too_small_does_make_a_difference(tmp_path: Path) -> None:
    """The tests above would notice: without the neighbours, and with a fifth of the reach."""
    case = holes(tmp_path / "files")
    whole = case.whole()
    code = list(case.sheets)[-1]
    reach = pipeline.reach(case.params)
    assert metres(reach) > 50
    none = case.alone(code, tmp_path / "none", 1, 0)
    assert sorted(case.differing(code, none, whole)) == sorted(
        f"{product} {resolution:g}" for product in PRODUCTS for resolution in RESOLUTIONS
    )
    few = case.alone(code, tmp_path / "few", 1, reach // 5)
    assert set(case.differing(code, few, whole)) >= {
        f"{product} {resolution:g}" for product in ("dem", "cs", "quality") for resolution in RESOLUTIONS
    }


def test_heights_are_those_of_the_ground(tmp_path: Path) -> None:
    """What is compared is terrain, not noise that happens to be the same."""
    case = centimetres(tmp_path)
    dem = case.whole()["dem", 1.0][0]
    rows, cols = np.mgrid[0 : dem.shape[0], 0 : dem.shape[1]]
    error = dem - hills(CORNER_E - SIDE + cols + 0.5, CORNER_N + SIDE - rows - 0.5)
    known = dem != NODATA
    assert known.mean() > 0.95
    assert np.abs(np.median(error[known])) < 0.05
