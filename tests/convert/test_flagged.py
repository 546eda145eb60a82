"""Text with the flag of interpolation: it follows the quality raster beside the DEM."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from runs import hills, write_cloud

from hyogo_pc.main import main


def make(out: Path, tmp_path: Path) -> Path:
    """Grid points with a hole; return the DEM."""
    rng = np.random.default_rng(0)
    e, n = rng.uniform(44_000, 44_060, 6000), rng.uniform(-78_000, -77_940, 6000)
    dry = np.hypot(e - 44_030, n + 77_970) > 8
    write_cloud(tmp_path / "in" / "a.las", e[dry], n[dry], hills(e, n)[dry])
    products = ("-p", "dem", "-p", "quality", "--water-gap", "0")
    options = ("--sheet", "none", "--tile-size", "100", "--jobs", "1")
    assert main(["grid", str(tmp_path / "in"), "-o", str(out), *products, *options]) == 0
    return out / "DEM_1g" / "DEM_E0044000_S0078000_1g.tif"


def test_flags_are_those_of_the_quality_raster(tmp_path: Path) -> None:
    dem = make(tmp_path / "out", tmp_path)
    assert main(["convert", str(dem), "--to", "flagged-text", "-o", str(tmp_path / "text")]) == 0
    rows = np.loadtxt(tmp_path / "text" / f"{dem.stem}.txt", delimiter=",")
    with rasterio.open(dem) as raster:
        heights, transform = raster.read(1), raster.transform
    quality = tmp_path / "out" / "QUALITY_1g" / dem.name.replace("DEM", "QUALITY")
    with rasterio.open(quality) as raster:
        state = raster.read(1)
    assert np.array_equal(rows[:, 0], np.arange(1, (heights != -9999).sum() + 1))
    col, row = (np.floor(v).astype(int) for v in ~transform * (rows[:, 1], rows[:, 2]))
    assert np.allclose(heights[row, col], rows[:, 3], atol=1e-4)
    assert np.array_equal(rows[:, 4], np.where(state[row, col] == 1, 0, -9999))
    assert (np.diff(rows[:, 2]) >= 0).all()
    assert 150 < (rows[:, 4] == -9999).sum() < 3000
    crs = ("--crs", "6673", "-p", "dem")
    assert main(["convert", str(tmp_path / "text"), "-o", str(tmp_path / "back"), *crs]) == 0
    (back,) = (tmp_path / "back").glob("DEM_1g/*.tif")
    with rasterio.open(back) as raster:
        assert (raster.read(1) != -9999).sum() == len(rows)


def test_without_quality_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dem = make(tmp_path / "out", tmp_path)
    quality = tmp_path / "out" / "QUALITY_1g" / dem.name.replace("DEM", "QUALITY")
    moved = quality.rename(tmp_path / "moved.tif")
    to = ["convert", str(dem), "--to", "flagged-text", "-o", str(tmp_path / "text")]
    assert main(to) == 1
    assert "QUALITY_E0044000" in capsys.readouterr().out
    with rasterio.open(moved) as raster:
        profile, values = raster.profile, raster.read()[:, :50]
    profile.update(height=values.shape[1])
    with rasterio.open(quality, "w", **profile) as raster:
        raster.write(values)
    assert main(to) == 1
    assert "other cells" in capsys.readouterr().out
    assert not list((tmp_path / "text").glob("*.txt"))


@pytest.mark.parametrize(
    ("tag", "values", "told"),
    [
        ("PARAMETERS", {"max_gap": 7.0}, "max_gap"),
        ("PARAMETERS", {"dem_algorithm": 0}, "algorithm"),
        ("INPUTS", [], "inputs"),
    ],
)
def test_quality_of_another_run_is_refused(
    tag: str, values: dict[str, float], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dem = make(tmp_path / "out", tmp_path)
    quality = tmp_path / "out" / "QUALITY_1g" / dem.name.replace("DEM", "QUALITY")
    with rasterio.open(quality, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as raster:
        known = json.loads(raster.tags()[tag])
        raster.update_tags(**{tag: json.dumps(known | values if tag == "PARAMETERS" else values)})
    to = ["convert", str(dem), "--to", "flagged-text", "-o", str(tmp_path / "text")]
    assert main(to) == 1
    assert f"({told} differ)" in capsys.readouterr().out
    assert not list((tmp_path / "text").glob("*.txt"))


def test_tags_of_other_programs_say_nothing(tmp_path: Path) -> None:
    dem = make(tmp_path / "out", tmp_path)
    with rasterio.open(dem, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as raster:
        raster.update_tags(TIFFTAG_SOFTWARE="another", PARAMETERS="smooth by 3")
    assert main(["convert", str(dem), "--to", "flagged-text", "-o", str(tmp_path / "text")]) == 0
