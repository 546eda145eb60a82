"""`hyogo-pc plan`: what is foretold, what is found in the headers, and that nothing is written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from runs import Delivery, gridded, total, write_cloud

from hyogo_pc.main import main
from pointcloud import pipeline
from pointcloud.geo import sheets
from pointcloud.geo.boxindex import BoxIndex
from pointcloud.geo.lattice import Box, metres
from pointcloud.gridding import estimate as estimates
from pointcloud.gridding.calibrate import Rates
from pointcloud.gridding.estimate import Shape, estimate, overlapping
from pointcloud.io.las.reader import read_header
from pointcloud.io.spill.reduce import most_bytes
from pointcloud.params.grid import GridParams

RATES = Rates(decode=1e-6, point=2e-6, area=1e-6, ground=0.5, bytes={"DEM_1g": 3.0})


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = main([*map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out + said.err


def planned(tmp_path: Path, capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, object]:
    code, said = run(capsys, "plan", *arguments, "--json", tmp_path / "plan.json")
    assert code == 0, said
    values: dict[str, object] = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    return values


def test_the_plan_names_what_a_run_makes_and_writes_nothing(
    delivery: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    plan = planned(tmp_path, capsys, *delivery.arguments(out))
    assert not out.exists()
    assert set(plan["sheets"]) == set(delivery.files)
    assert plan["points"] == total(delivery.files.values())
    assert sum(sheet["points"] for sheet in plan["sheets"].values()) == pytest.approx(
        plan["points"], rel=0.01
    )
    assert all(sheet["to_make"] == "new" for sheet in plan["sheets"].values())
    assert set(plan["space"]) == {"DSM_1g", "DEM_1g", "CS_1g"}
    assert plan["findings"] == {"duplicates": [], "overlaps": [], "holes": [], "gaps": []}
    assert not plan["flight_lines"]
    assert 0 < plan["cpu_seconds"] < 60


def test_what_is_there_already_is_left_out(
    delivery: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    west = ("--area", "44000,-78000,44100,-77900")
    gridded(*delivery.arguments(out, jobs=1), *west)
    plan = planned(tmp_path, capsys, *delivery.arguments(out))
    made = {code for code, sheet in plan["sheets"].items() if sheet["to_make"] is None}
    assert made == {code for code in delivery.files if code[:8] in ("E0044000", "E0044050")}


def test_other_parameters_are_said_before_the_weekend(
    delivery: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gridded(*delivery.arguments(tmp_path / "out", jobs=1), "--area", "44000,-78000,44050,-77950")
    code, said = run(capsys, "plan", *delivery.arguments(tmp_path / "out"), "--max-gap", "30")
    assert code == 2
    assert "max_gap: 20.0 / 30.0" in said


def test_sheets_as_geojson_lie_in_hyogo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plan.geojson"
    code, said = run(capsys, "plan", "--area", "05MF51", "--density", "4", "-o", tmp_path, "--geojson", file)
    assert code == 0, said
    features = json.loads(file.read_text(encoding="utf-8"))["features"]
    assert {feature["properties"]["sheet"] for feature in features} == {f"05MF51{k}" for k in "1234"}
    for feature in features:
        for lon, lat in feature["geometry"]["coordinates"][0]:
            assert 134.7 < lon < 134.9
            assert 35.2 < lat < 35.4


def test_a_plan_without_data_has_the_points_of_its_density(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = tmp_path / "図郭.txt"
    codes.write_text("\ufeff05MF513  竹田\n05MF514,\n\n# none\n", encoding="utf-8")
    plan = planned(tmp_path, capsys, "--area", codes, "--density", "4", "-o", tmp_path / "out")
    assert set(plan["sheets"]) == {"05MF513", "05MF514"}
    assert plan["points"] == 2 * 2000 * 1500 * 4


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--density", "4"), "needs --area"),
        (("--density", "4", "--area", "0,0,1000,1000"), "needs --area"),
        (("--density", "4", "--area", "gone.txt"), "cannot be read as a list of sheet codes"),
        (("x.laz", "--density", "4", "--area", "05MF513"), "leave it or INPUT out"),
        ((), "no input: name files or folders of point clouds"),
    ],
)
def test_what_cannot_be_planned_is_said(
    arguments: tuple[str, ...], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ("--crs", "EPSG:6673") if "gone.txt" in arguments else ()
    code, said = run(capsys, "plan", *arguments, *more, "-o", tmp_path / "out")
    assert code == 2
    assert says in said


def test_files_given_twice_overlaps_and_holes_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """3 x 3 sheets of 200 x 150 m without the middle one; one file copied, one half over its neighbour."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "in"
    for row in range(3):
        for col in range(3):
            if (row, col) == (1, 1):
                continue
            wide = 100.0 if (row, col) == (0, 0) else 0.0
            e = rng.uniform(0.0, 199.999 + wide, 300) + 40_000 + 200 * col
            n = rng.uniform(0.001, 150.0, 300) - 75_000 - 150 * row - 150
            write_cloud(folder / f"{row}{col}.laz", e, n, np.full(300, 5.0), 2)
    shutil.copy(folder / "22.laz", folder / "copy of 22.laz")
    code, said = run(capsys, "plan", folder, "-o", tmp_path / "out", "--sheet", "250", "-p", "dsm")
    assert code == 0, said
    assert "1 files given twice, it seems: 22.laz = copy of 22.laz" in said
    assert "1 pairs of files overlap: 00.laz / 01.laz" in said
    hole = sheets.codes_at(40_300, -75_225, 5)["250"]
    assert f"1 sheets in the middle have no file: {hole}" in said


def test_flight_lines_are_recognised_and_their_scratch_is_foretold() -> None:
    """Eight strips of 1000 m that each cross all of five rows of tiles: no spill can go before the last row."""
    strips = [Shape(Box.from_metres(0, 0, 1000, 1000 - k), 1000) for k in range(8)]
    tiles = [Shape(Box.from_metres(k * 200, 0, k * 200 + 210, 1000), 1000) for k in range(5)]
    assert overlapping(strips)
    assert not overlapping(tiles)
    rows = {
        f"{k}": next(sheets.squares(Box.from_metres(0, k * 200, 1000, k * 200 + 200), 1000.0))
        for k in range(5)
    }
    every = {code: range(8) for code in rows}
    one = {code: [int(code)] for code in rows}
    params = GridParams((1.0,))
    much = estimate(strips, rows, every, params, RATES, 1, Path(), strips=True).scratch
    little = estimate(tiles, rows, one, params, RATES, 1, Path(), strips=False).scratch
    assert much == sum(most_bytes(strip.box, 0.5 * 1000, params.reduce) for strip in strips)
    assert little == 2 * most_bytes(tiles[0].box, 0.5 * 1000, params.reduce), "a tile and the next"


def test_no_spill_is_larger_than_foretold(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for side, count in ((37.0, 200), (300.0, 50_000)):
        e, n = rng.uniform(44_001.5, 44_001.5 + side, count), rng.uniform(-78_003.3, -78_003.3 + side, count)
        path = write_cloud(tmp_path / f"{side}.laz", e, n, np.full(count, 5.0), 2)
        header = read_header(path)
        for products in (("dsm", "dem"), ("dem", "quality")):
            params = GridParams((1.0, 0.5), products).reduce
            spill = pipeline.reduce(header, params, scratch=tmp_path / f"{side}{products}.spill")
            assert spill.path is not None
            size, most = spill.path.stat().st_size, most_bytes(header.box, count, params)
            assert 0.3 * most < size <= most + 20_000, "20 kB for the index"


def test_time_and_space_follow_points_area_and_processes() -> None:
    box = Box.from_metres(0, 0, 1000, 1000)
    (tile,) = sheets.squares(box, 1000.0)
    arguments = ({"a": tile}, {"a": [0]}, GridParams((1.0,)), RATES)
    made = estimate([Shape(box, 4_000_000)], *arguments, 1, Path(), strips=False)
    halo = metres(pipeline.relief_halo(GridParams((1.0,))))
    assert made.cpu == pytest.approx(4.0 + (2e-6 * 2e6 + 1e-6 * 1e6) * (1 + 2 * halo / 1000) ** 2)
    assert made.space == {"DEM_1g": 3_000_000}
    half = Box.from_metres(0, 0, 500, 1000)
    made = estimate([Shape(half, 2_000_000)], *arguments, 1, Path(), strips=False)
    assert made.sheets["a"].covered == pytest.approx(0.5)
    assert made.space == {"DEM_1g": 1_500_000}


def test_too_little_disk_is_said(
    delivery: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimates, "_free", lambda _: 1000)
    code, said = run(capsys, "plan", *delivery.arguments(tmp_path / "out"))
    assert code == 0
    assert "NOT ENOUGH DISK" in said


def test_boxes_are_found_as_one_by_one() -> None:
    rng = np.random.default_rng(1)
    corners = rng.integers(0, 1000, (200, 2))
    sizes = rng.integers(1, 60, (200, 2))
    boxes = [
        Box(int(w), int(s), int(w + dx), int(s + dy)) for (w, s), (dx, dy) in zip(corners, sizes, strict=True)
    ]
    index = BoxIndex(boxes)
    for box in boxes[:50]:
        assert index.touching(box) == [k for k, other in enumerate(boxes) if other.touches(box)]
    assert BoxIndex([]).touching(boxes[0]) == []
