"""Runs with quality rasters and ground that is found: taken up again, planned, verified like all others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
from runs import hills, rasters, tiles

from hyogo_pc.main import main
from pointcloud.io.spill import reduce
from pointcloud.params.grid import BRIDGED, INTERPOLATED, MEASURED, QUALITY_BANDS, VOID, WATER, ReduceParams
from pointcloud.run import overview

CLASSIFY = "[classify]\nwindow = 5\nmax_gap = 25\n"
OPTIONS = ("--sheet", "none", "--tile-size", "50", "--max-gap", "20", "--jobs", "1")
SQUARE = "E0044000_S0078000"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Points without classes under trees, two squares of them, gridded; to be copied."""
    folder = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(11)
    e, n = rng.uniform(44_000, 44_100, 8000), rng.uniform(-78_000, -77_950, 8000)
    z = hills(e, n) + np.where(rng.random(8000) < 0.4, rng.uniform(1, 20, 8000), 0.0)
    tiles(folder / "in", [e, n, z, np.zeros(8000, np.uint8)], 50.0)
    (folder / "classify.toml").write_text(CLASSIFY)
    assert grid(folder) == 0
    assert len(rasters(folder / "out")) == 2 * 3
    return folder


@pytest.fixture
def job(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "job")


@pytest.fixture
def reduced(monkeypatch: pytest.MonkeyPatch) -> list[ReduceParams]:
    """What files are reduced to from now on."""
    seen: list[ReduceParams] = []
    begin = reduce.Reducer.__init__

    def noted(self: reduce.Reducer, box: object, params: ReduceParams, **more: object) -> None:
        seen.append(params)
        begin(self, box, params, **more)

    monkeypatch.setattr(reduce.Reducer, "__init__", noted)
    return seen


def arguments(folder: Path) -> list[str]:
    products = [word for product in ("dsm", "dem", "quality") for word in ("-p", product)]
    return [str(folder / "in"), "-o", str(folder / "out"), *products, *OPTIONS]


def grid(folder: Path, *more: str) -> int:
    return main(["grid", *arguments(folder), "--params", str(folder / "classify.toml"), *more])


def contents(folder: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in rasters(folder / "out").items()}


def remade(folder: Path, *more: str) -> set[str]:
    """Run again; return which rasters were written."""
    before = {name: path.stat().st_ino for name, path in rasters(folder / "out").items()}
    assert grid(folder, *more) == 0
    return {n for n, path in rasters(folder / "out").items() if before.get(n) != path.stat().st_ino}


def test_a_rerun_makes_nothing(job: Path) -> None:
    assert remade(job) == set()


@pytest.mark.parametrize(
    ("product", "returns", "candidates"),
    [("QUALITY", True, True), ("DEM", False, True), ("DSM", False, False)],
)
def test_a_lost_raster_is_made_again_from_spills_of_what_it_needs(
    product: str, returns: bool, candidates: bool, job: Path, reduced: list[ReduceParams]
) -> None:
    before = contents(job)
    (job / "out" / f"{product}_1g" / f"{product}_{SQUARE}_1g.tif").unlink()
    assert remade(job) == {f"{product}_{SQUARE}_1g.tif"}
    assert contents(job) == before
    files = [params for params in reduced if params.cell == 10_000]
    assert files
    assert {(params.returns, params.candidates) for params in files} == {(returns, candidates)}


@pytest.mark.parametrize("changed", [["--preset", "site"], []])
def test_other_parameters_of_the_filter_are_noticed(
    changed: list[str], job: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not changed:
        (job / "classify.toml").write_text(CLASSIFY + "slope = 0.1\n")
    assert grid(job, *changed) == 2
    assert "classify" in capsys.readouterr().err
    dem_and_quality = {name for name in rasters(job / "out") if not name.startswith("DSM")}
    assert remade(job, *changed, "--redo") == dem_and_quality


def test_an_altered_quality_raster_is_named(job: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = f"QUALITY_1g/QUALITY_{SQUARE}_1g.tif"
    path = job / "out" / name
    assert main(["verify", str(job / "out")]) == 0
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    capsys.readouterr()
    assert main(["verify", str(job / "out")]) == 1
    assert name in "".join(capsys.readouterr())


def test_a_plan_foretells_quality_rasters(made: Path, tmp_path: Path) -> None:
    out = ["-o", str(tmp_path / "out"), "--json", str(tmp_path / "plan.json"), "--classify", "smrf"]
    assert main(["plan", *arguments(made), *out]) == 0
    space = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["space"]
    sizes = [
        path.stat().st_size for name, path in rasters(made / "out").items() if name.startswith("QUALITY")
    ]
    assert set(space) == {"DSM_1g", "DEM_1g", "QUALITY_1g"}
    assert 0.5 < space["QUALITY_1g"] / sum(sizes) < 2


def test_a_mosaic_of_many_sheets_has_no_overview_of_codes(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one behind heights; states and counts are read from the sheets, whose own overviews pick cells."""
    monkeypatch.setattr(overview, "MANY", 2)
    assert remade(job) == set()
    assert {path.name for path in (job / "out").glob("*_overview.tif")} == {
        "DSM_1g_overview.tif",
        "DEM_1g_overview.tif",
    }
    with rasterio.open(job / "out" / "QUALITY_1g.vrt") as mosaic:
        assert mosaic.descriptions == QUALITY_BANDS
        small = mosaic.read(1, out_shape=(5, 10), masked=True)
    assert set(np.unique(small.compressed())) <= {VOID, MEASURED, INTERPOLATED, BRIDGED, WATER}
    assert (job / "out" / "QUALITY_1g.qml").exists()
