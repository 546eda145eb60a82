"""Commands on files that PDAL reads, and with its stages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import laspy
import numpy as np
import pytest
import rasterio
from pdal_files import las_file, points, stages, translate
from runs import hills, rasters

from hyogo_pc.main import main

OPTIONS = ("-p", "dem", "-p", "dsm", "--sheet", "none", "--tile-size", "100", "--jobs", "1")


def grid(source: Path, out: Path, *options: str | Path) -> int:
    return main(["grid", str(source), "-o", str(out), *OPTIONS, *map(str, options)])


def all_pixels(out: Path) -> dict[str, np.ndarray]:
    found = {}
    for name, path in rasters(out).items():
        with rasterio.open(path) as raster:
            found[name] = raster.read()
    return found


def test_a_bpf_file_gives_the_rasters_of_the_las_file(pdal_module: Any, tmp_path: Path) -> None:
    path = las_file(tmp_path / "a.las", points(np.random.default_rng(0)))
    (tmp_path / "b").mkdir()
    made = translate(pdal_module, path, tmp_path / "b" / "a.bpf")
    crs = stages(tmp_path / "crs.json", {"type": "readers.bpf", "override_srs": "EPSG:6673"})
    assert grid(path, tmp_path / "las") == 0
    assert grid(made, tmp_path / "bpf", "--pipeline", crs) == 0
    one, other = all_pixels(tmp_path / "las"), all_pixels(tmp_path / "bpf")
    assert one.keys() == other.keys()
    assert len(one) == 2
    assert all(np.array_equal(one[name], other[name]) for name in one)
    with rasterio.open(next(iter(rasters(tmp_path / "bpf").values()))) as raster:
        assert f"PDAL {pdal_module.info.version}" in raster.tags()["READER"]
    sheet = tmp_path / "bpf" / "record" / "E0044000_S0078000.json"
    made_by = json.loads(sheet.read_text(encoding="utf-8"))["made"]["readers"]
    assert made_by == [f"PDAL {pdal_module.info.version}, binding {pdal_module.__version__}"]


def test_a_rerun_notices_a_changed_pipeline(
    pdal_module: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = las_file(tmp_path / "a.las", points(np.random.default_rng(1)))
    file = stages(tmp_path / "p.json", {"type": "filters.range", "limits": "Z[102:]"})
    assert grid(path, tmp_path / "out", "--pipeline", file) == 0
    before = all_pixels(tmp_path / "out")
    values = next(iter(before.values()))
    assert values[values > -9999].min() >= 102
    assert grid(path, tmp_path / "out", "--pipeline", file) == 0
    stages(file, {"type": "filters.range", "limits": "Z[103:]"})
    capsys.readouterr()
    assert grid(path, tmp_path / "out", "--pipeline", file) == 2
    assert "pipeline" in capsys.readouterr().err
    assert grid(path, tmp_path / "out", "--pipeline", file, "--redo") == 0
    after = all_pixels(tmp_path / "out")
    assert any(not np.array_equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("method", ["pdal-smrf", "pdal-csf", "pdal-pmf"])
def test_ground_by_the_filters_of_pdal(
    method: str, pdal_module: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(2)
    e, n = (
        np.round(rng.uniform(44_000, 44_080, 20_000), 3),
        np.round(rng.uniform(-78_000, -77_920, 20_000), 3),
    )
    tree = rng.random(20_000) < 0.3
    z = np.round(hills(e, n) + np.where(tree, rng.uniform(3, 15, 20_000), 0), 3)
    path = las_file(
        tmp_path / "a.las", (e, n, z, np.zeros(20_000, np.uint8)), number_of_returns=np.ones(20_000, np.uint8)
    )
    broken = method == "pdal-csf" and pdal_module.info.version.startswith("2.2.")
    assert grid(path, tmp_path / "out", "--classify", method) == int(broken)
    if broken:
        assert "PDAL 2.3" in capsys.readouterr().out
        return
    dem = next(v for k, v in all_pixels(tmp_path / "out").items() if k.startswith("DEM"))[0]
    rows, cols = np.nonzero(dem > -9999)
    truth = hills(44_000 + cols + 0.5, -77_900 - rows - 0.5)
    inside = (cols > 10) & (cols < 70) & (rows > 30) & (rows < 90)
    assert inside.sum() > 2000
    assert np.median(np.abs(dem[rows, cols] - truth)[inside]) < 0.3


def test_presets_are_not_of_pdals_filters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = las_file(tmp_path / "a.las", points(np.random.default_rng(3)))
    assert grid(path, tmp_path / "out", "--classify", "pdal-smrf", "--preset", "town") == 2
    assert "pdal-smrf" in capsys.readouterr().err


def test_info_tells_who_read_the_file(
    pdal_module: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = las_file(tmp_path / "a.las", points(np.random.default_rng(4)))
    made = translate(pdal_module, path, tmp_path / "a.e57")
    assert main(["info", str(made), "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["files"]
    assert entry["points"] == 3000
    assert entry["version"] is None
    assert entry["reader"].startswith("PDAL ")
    assert {each["code"] for each in entry["classes"]} == {1, 2}
    assert main(["info", str(made)]) == 0
    assert ".e57, read by PDAL" in capsys.readouterr().out
    assert main(["plan", str(made), "-o", str(tmp_path / "out"), "--crs", "6673", "-p", "dem"]) == 0


def test_classify_makes_a_las_file_of_another_kind(pdal_module: Any, tmp_path: Path) -> None:
    columns = points(np.random.default_rng(5))
    path = las_file(tmp_path / "a.las", columns, intensity=np.arange(3000) % 500)
    made = translate(pdal_module, path, tmp_path / "a.ply", storage_mode="little endian")
    assert main(["classify", str(made), "-o", str(tmp_path / "out"), "--crs", "6673"]) == 0
    las = laspy.read(tmp_path / "out" / "a.las")
    assert np.array_equal(np.rint(las.x * 1e4), np.rint(columns[0] * 1e4))
    assert np.array_equal(las.intensity, np.arange(3000) % 500)
    assert (np.asarray(las.classification) == 2).mean() > 0.9
    assert not list((tmp_path / "out").glob(".scratch*"))


def test_a_pipeline_that_leaves_nothing_is_told(
    pdal_module: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = las_file(tmp_path / "a.las", points(np.random.default_rng(7)))
    stages = tmp_path / "nothing.json"
    stages.write_text('[{"type": "filters.range", "limits": "Classification[77:77]"}]', encoding="utf-8")
    grid(path, tmp_path / "out", "--pipeline", str(stages))
    said = capsys.readouterr()
    assert "no point came out" in said.out + said.err
    assert "too large" not in said.out + said.err


def test_in_folders_only_las_is_looked_for(
    pdal_module: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.ply").write_text("about the flight\n", encoding="utf-8")
    las_file(tmp_path / "in" / "a.las", points(np.random.default_rng(6)))
    assert main(["info", str(tmp_path / "in")]) == 0
    assert main(["info", str(tmp_path / "in" / "*.ply")]) == 1
    assert "PDAL" in capsys.readouterr().out
