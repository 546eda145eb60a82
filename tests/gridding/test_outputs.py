"""What an output folder holds after one run, and after another over it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import rasterio
from runs import Delivery, gridded, hills, leftovers, pixels, rasters, town, write_cloud

from hyogo_pc.main import main
from pointcloud.io import put
from pointcloud.params.grid import NODATA
from pointcloud.run.record import Record


def contents(out: Path) -> dict[str, bytes]:
    """Return everything in an output folder."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def in_mosaic(path: Path) -> set[str]:
    """Return the files that a mosaic names."""
    return {Path(str(node.text)).name for node in ET.parse(path).iter("SourceFilename")}


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """Run the command in this process; return its exit code and what it said."""
    code = main(["grid", "--jobs", "1", *map(str, arguments)])
    return code, "".join(capsys.readouterr())


def square(
    path: Path, west: float, south: float, side: float = 50.0, classes: int = 2, per_m2: float = 1.0
) -> Path:
    """Write a file of points of one class that fill a square."""
    rng = np.random.default_rng(round(abs(west + south)))
    count = round(side * side * per_m2)
    e, n = rng.uniform(west, west + side, count), rng.uniform(south, south + side, count)
    return write_cloud(path, e, n, hills(e, n), classes)


SQUARES = ("--sheet", "none", "--tile-size", "50", "--max-gap", "20")


def test_a_run_over_a_run_gives_the_same_bytes(delivery: Delivery, tmp_path: Path) -> None:
    """Pictures, mosaics and the record of the sheets too, and with another number of processes."""
    out = tmp_path / "out"
    of_the_run = {"hyogo-pc.json", "report.html"}
    gridded(*delivery.arguments(out, 1))
    first = contents(out)
    assert {"DEM_1g.vrt", "DEM_1g.png", *of_the_run} <= set(first)
    gridded(*delivery.arguments(out, 2))
    again = contents(out)
    assert first.keys() == again.keys()
    assert {name for name, data in again.items() if data != first[name]} <= of_the_run
    assert delivery.wrong(out) == []


def test_the_order_of_the_inputs_changes_nothing(
    delivery: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = list(delivery.files.values())
    code, _ = run(capsys, *reversed(files), files[0], "-o", tmp_path / "out", *delivery.options)
    assert code == 0
    assert delivery.wrong(tmp_path / "out") == []


def test_other_parameters_are_refused_without_redo(
    delivery: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(capsys, delivery.folder, "-o", out, *delivery.options)[0] == 0
    before = contents(out)
    code, said = run(capsys, delivery.folder, "-o", out, *delivery.options, "--max-gap", "30")
    assert code == 2
    assert f"{out / 'DEM_1g'} holds rasters made with other parameters (max_gap: 20.0 / 30.0)" in said
    assert "--redo" in said
    assert contents(out) == before

    west = ["--area", "44000,-78000,44100,-77900"]
    code, _ = run(capsys, delivery.folder, "-o", out, *delivery.options, "--max-gap", "30", "--redo", *west)
    assert code == 0
    kept = {name for name in rasters(out) if not name.startswith("DSM")}
    assert len(kept) == 2 * 4
    assert all("E0044000" in name or "E0044050" in name for name in kept)
    assert in_mosaic(out / "DEM_1g.vrt") == {name for name in kept if name.startswith("DEM")}
    surfaces = {name for name in rasters(out) if name.startswith("DSM")}
    assert len(surfaces) == 8, "the DSM does not depend on --max-gap"
    assert in_mosaic(out / "DSM_1g.vrt") == surfaces


def test_a_redo_that_was_broken_off_leaves_no_old_rasters_in_the_end(
    delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run(capsys, delivery.folder, "-o", out, *delivery.options)[0] == 0
    west = [*delivery.options, "--max-gap", "30", "--area", "44000,-78000,44100,-77900"]
    publish, calls = put.publish, 0

    def interrupted(*arguments: object, **options: object) -> None:
        nonlocal calls
        calls += 1
        if calls > 6:
            raise KeyboardInterrupt
        publish(*arguments, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(put, "publish", interrupted)
        assert run(capsys, delivery.folder, "-o", out, *west, "--redo")[0] == 130
    assert leftovers(out) == []
    assert len([name for name in rasters(out) if name.startswith("DEM")]) == 8
    code, said = run(capsys, delivery.folder, "-o", out, *west)
    assert code == 0, said
    assert len([name for name in rasters(out) if name.startswith("DEM")]) == 4


def test_mosaics_and_the_record_hold_the_sheets_of_both_runs(
    delivery: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    for area in ("44000,-78000,44100,-77900", "44100,-78000,44200,-77900"):
        assert run(capsys, delivery.folder, "-o", out, *delivery.options, "--area", area)[0] == 0
    assert delivery.wrong(out) == []
    assert delivery.missing(out) == set()
    record = Record.load(out)
    for product in ("DSM", "DEM", "CS"):
        assert in_mosaic(out / f"{product}_1g.vrt") == {n for n in rasters(out) if n.startswith(product)}
        assert set(record.written(f"{product}_1g")) == set(delivery.files)
    whole = pixels(out / "DEM_1g.vrt")
    assert whole.shape == (1, 100, 200)
    assert np.array_equal(whole[0, :50, 50:100], pixels(rasters(out)["DEM_E0044050_S0077950_1g.tif"])[0])


def test_a_raster_that_a_new_delivery_no_longer_yields_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second delivery has no ground on one square, and then on none."""
    out, folder = tmp_path / "out", tmp_path / "in"
    for west in (44_000, 44_050):
        square(folder / f"{west}.laz", west, -78_000)
    assert run(capsys, folder, "-o", out, *SQUARES)[0] == 0
    square(folder / "44000.laz", 44_000, -78_000, classes=5)
    code, said = run(capsys, folder, "-o", out, *SQUARES)
    assert code == 0
    assert "1 sheets have no DEM" in said
    assert {name for name in rasters(out) if not name.startswith("DSM")} == {
        "DEM_E0044050_S0078000_1g.tif",
        "CS_E0044050_S0078000_1g.tif",
    }
    assert in_mosaic(out / "CS_1g.vrt") == {"CS_E0044050_S0078000_1g.tif"}
    along = np.arange(44_060.5, 44_090)  # points in a row make no terrain
    write_cloud(folder / "44050.laz", along, np.full(30, -77_980.5), np.full(30, 5.0), 2)
    assert run(capsys, folder, "-o", out, *SQUARES)[0] == 0
    assert not list(out.glob("DEM*.*"))
    assert not list(out.glob("DEM*/*"))


def test_a_raster_that_somebody_deleted_is_forgotten(
    delivery: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next run finishes without it, though it lies outside that run's area."""
    out = tmp_path / "out"
    assert run(capsys, delivery.folder, "-o", out, *delivery.options)[0] == 0
    gone = "DEM_E0044150_S0077950_1g.tif"
    rasters(out)[gone].unlink()
    area = ("--area", "44000,-78000,44050,-77950")
    assert run(capsys, delivery.folder, "-o", out, *delivery.options, *area)[0] == 0
    assert in_mosaic(out / "DEM_1g.vrt") == {name for name in delivery.good if name.startswith("DEM")} - {
        gone
    }


def test_files_without_a_return_on_a_sheet_do_not_cost_its_raster(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One run a delivery: the second file's points lie all around a square that the first one fills."""
    out = tmp_path / "out"
    first = square(tmp_path / "first.laz", 44_050, -77_950)
    assert run(capsys, first, "-o", out, *SQUARES)[0] == 0
    before = rasters(out)["DSM_E0044050_S0077950_1g.tif"].read_bytes()
    rng = np.random.default_rng(0)
    e, n = rng.uniform(44_000, 44_150, 20_000), rng.uniform(-78_000, -77_850, 20_000)
    around = (abs(e - 44_075) > 25.5) | (abs(n + 77_925) > 25.5)
    second = write_cloud(tmp_path / "second.laz", e[around], n[around], hills(e, n)[around], 2)
    code, said = run(capsys, second, "-o", out, *SQUARES)
    assert code == 0
    assert "1 sheets hold nothing but water or no points: E0044050_S0077950" in said
    assert rasters(out)["DSM_E0044050_S0077950_1g.tif"].read_bytes() == before
    assert "DSM_E0044050_S0077950_1g.tif" in in_mosaic(out / "DSM_1g.vrt")


def test_a_sheet_of_water_is_recorded_as_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    e, n = rng.uniform(44_000, 44_150, 20_000), rng.uniform(-78_000, -77_850, 20_000)
    around = (abs(e - 44_075) > 25.5) | (abs(n + 77_925) > 25.5)
    write_cloud(tmp_path / "lake.laz", e[around], n[around], hills(e, n)[around], 2)
    code, said = run(capsys, tmp_path / "lake.laz", "-o", tmp_path / "out", *SQUARES, "--water-gap", "40")
    assert code == 0
    assert "1 sheets hold nothing but water or no points: E0044050_S0077950" in said
    record = Record.load(tmp_path / "out")
    for folder in ("DSM_1g", "DEM_1g", "CS_1g"):
        states = {code: sheet.rasters[folder].state for code, sheet in record.items.items()}
        assert states.pop("E0044050_S0077950") == "empty"
        assert [state for state in states.values() if state not in ("sparse", "beyond")] == ["written"] * 8
    assert not any("E0044050_S0077950" in name for name in rasters(tmp_path / "out"))


def test_a_sheet_that_is_hardly_touched_is_listed_and_written_only_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An overshooting tile: a dozen points of it lie on the next sheet, of 200 × 150 cells."""
    rng = np.random.default_rng(0)
    e, n = rng.uniform(44_100, 44_200, 20_000), rng.uniform(-77_950, -77_850, 20_000)
    e[:12] = 44_200 + np.linspace(0.5, 8, 12)
    tile = write_cloud(tmp_path / "tile.laz", e, n, hills(e, n), 2)
    out = tmp_path / "out"
    code, said = run(capsys, tile, "-o", out, "--sheet", "250")
    assert code == 0
    assert "1 sheets not written, filled by less than 0.1 %" in said
    assert "05MF51TB (0.0" in said
    assert not any("05MF51TB" in name for name in rasters(out))
    code, said = run(capsys, tile, "-o", out, "--sheet", "250", "--area", "05MF51TB")
    assert code == 0
    surface = pixels(rasters(out)["DSM_05MF51TB_1g.tif"])
    assert 0 < np.count_nonzero(surface != NODATA) < 200


def test_an_edge_that_belongs_to_the_next_sheet_is_not_a_sheet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A header that claims the sheet's own edges claims its neighbours' as well."""
    rng = np.random.default_rng(0)
    e, n = rng.uniform(44_000, 44_199.9, 5_000), rng.uniform(-77_999.9, -77_850, 5_000)
    tile = write_cloud(tmp_path / "tile.las", e, n, hills(e, n), 2)
    data = bytearray(tile.read_bytes())
    data[179:211] = np.array([44_200.0, 44_000.0, -77_850.0, -78_000.0]).tobytes()
    tile.write_bytes(data)
    code, said = run(capsys, tile, "-o", tmp_path / "out", "--sheet", "250")
    assert code == 0
    assert "1 sheets written" in said
    assert "hold nothing" not in said
    assert "not written" not in said


def test_no_ground_class_stops_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    for number, west in enumerate(range(44_000, 44_200, 50)):
        square(folder / f"{west}.laz", west, -78_000, classes=1 + 4 * (number % 2))
    code, said = run(capsys, folder, "-o", tmp_path / "out", *SQUARES)
    assert code == 2
    assert "class 2 is not among the classes found (1: 2,500, 5: 2,500)" in said
    assert "--ground-class" in said
    assert "--ground" in said
    assert leftovers(tmp_path / "out") == []
    code, said = run(capsys, folder, "-o", tmp_path / "out", *SQUARES, "--ground-class", "1")
    assert code == 0
    code, said = run(capsys, folder, "-o", tmp_path / "dsm", *SQUARES, "-p", "dsm")
    assert code == 0, "a DSM needs no ground"


def test_a_first_sheet_without_ground_does_not_stop_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A breakwater in the north-west, of few points and far from the others."""
    square(tmp_path / "in" / "breakwater.laz", 44_000, -77_850, side=20, classes=1)
    for west in (44_100, 44_150, 44_200):
        square(tmp_path / "in" / f"{west}.laz", west, -78_000)
    code, said = run(capsys, tmp_path / "in", "-o", tmp_path / "out", *SQUARES)
    assert code == 0
    assert "1 sheets have no DEM" in said
    assert "DSM_E0044000_S0077850_1g.tif" in rasters(tmp_path / "out")


def test_quality_has_a_mosaic_a_style_and_a_picture(tmp_path: Path) -> None:
    file = write_cloud(tmp_path / "in" / "a.laz", *town(np.random.default_rng(0), (0, 0, 40, 40), 2.0))
    options = ("--sheet", "none", "--tile-size", "40", "-p", "dem", "-p", "quality")
    out = tmp_path / "out"
    gridded(file, "-o", out, *options)
    held = {path.name for path in out.iterdir()}
    assert {"QUALITY_1g", "QUALITY_1g.vrt", "QUALITY_1g.qml", "QUALITY_1g.png", "DEM_1g.vrt"} <= held
    (raster,) = (out / "QUALITY_1g").glob("*.tif")
    with rasterio.open(raster) as quality, rasterio.open(out / "DEM_1g.vrt") as dem:
        assert quality.tags()["PRODUCT"] == "QUALITY"
        bands = dict(zip(quality.descriptions, quality.read(masked=True), strict=True))
        assert np.array_equal(bands["gap_width"].mask, dem.read(1, masked=True).mask)
        assert bands["returns"].sum() == 3200
