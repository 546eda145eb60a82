"""Every defect of point clouds is found, named and worded in both languages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from deliveries import check, cloud, code, found, hill, lattice, mostly_ground, one, tile
from las_files import BOX, COUNT, patch

from pointcloud.check import Severity
from pointcloud.check.control import plane_height


def test_a_sound_tile(tmp_path: Path) -> None:
    report = check(tile(tmp_path))
    assert found(report) == set()
    (sheet,) = report.sheets.values()
    assert sheet.code == code(0, 0)
    assert (sheet.points, sheet.metre.cells, sheet.metre.empty, sheet.density) == (30_000, 30_000, 0, 1.0)
    assert sheet.half.void == pytest.approx(0.75, abs=0.01)
    assert sheet.ground == sheet.ground_cells == 27_000


@pytest.mark.parametrize(
    ("keep", "suffix", "message"),
    [(0, ".las", "file.empty"), (0.7, ".las", "file.cut"), (0.7, ".laz", "file.chunk_table")],
)
def test_cut_short(tmp_path: Path, keep: float, suffix: str, message: str) -> None:
    path = tile(tmp_path, suffix=suffix)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    report = check(path)
    assert one(report, message).severity == report.severity == Severity.ERROR


def test_a_flipped_bit(tmp_path: Path) -> None:
    path = tile(tmp_path, suffix=".laz")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    path.write_bytes(data)
    assert check(path, tile(tmp_path, 1)).severity == Severity.ERROR


def test_count_of_the_header(tmp_path: Path) -> None:
    path = patch(tile(tmp_path, point_format=1, crs=None), COUNT, "I", 29_000)
    assert one(check(path), "file.count_low").values["count"] == 29_000


def test_header_extent(tmp_path: Path) -> None:
    box = 44_400.0, 43_999.0, -77_400.0, -77_550.0
    large = patch(tile(tmp_path), BOX, "4d", *box)
    assert "200.50" in str(one(check(large), "file.box_large"))
    zero = patch(large, BOX, "4d", 44_200.0, 0.0, 200.0, 0.0)  # N up to 200, where no point lies
    report = check(zero)
    assert one(report, "file.box_zero").severity == Severity.WARNING
    assert list(report.sheets) == [code(0, 0)]
    small = patch(zero, BOX, "4d", 44_100.0, 44_000.0, -77_400.0, -77_550.0)
    assert one(check(small), "file.outside_box").severity == Severity.ERROR


def test_copies_count_once(tmp_path: Path) -> None:
    first = tile(tmp_path)
    second = tmp_path / "b" / "コピー.las"
    second.parent.mkdir()
    second.write_bytes(first.read_bytes())
    report = check(tmp_path)
    assert one(report, "check.duplicate_file").values["first"] == str(first)
    assert report.sheets[code(0, 0)].points == 30_000


def test_two_versions_of_a_tile(tmp_path: Path) -> None:
    tile(tmp_path / "a")
    tile(tmp_path / "b", z=hill(lattice()) + 1, user_data=1)
    report = check(tmp_path)
    assert {"check.overlap"} <= found(report)
    tile(tmp_path / "b", user_data=1)  # the same size, extent and number of points
    assert found(check(tmp_path)) == {"check.alike_files", "check.shared_points"}


def test_points_that_come_twice(tmp_path: Path) -> None:
    places = np.concatenate((lattice(), lattice()[:500]))
    times = np.concatenate((np.arange(30_000), np.arange(500))) / 1000
    twice = one(check(cloud(tmp_path / "a.las", places, gps_time=times)), "check.repeated_points")
    assert (twice.values["count"], twice.severity) == (500, Severity.WARNING)
    other_times = np.arange(30_500) / 1000
    assert found(check(cloud(tmp_path / "a.las", places, gps_time=other_times))) == set()


def test_points_that_two_files_hold(tmp_path: Path) -> None:
    tile(tmp_path)
    places = np.concatenate((lattice(1), lattice()[lattice()[:, 0] > 44_195]))
    cloud(tmp_path / f"{code(1, 0)}.las", places)
    shared = one(check(tmp_path), "check.shared_points")
    assert (shared.values["same"], shared.values["both"]) == (5 * 150, 5 * 150)


def test_holes_between_tiles(tmp_path: Path) -> None:
    for col in range(3):
        for row in range(3):
            if (col, row) != (1, 1):
                tile(tmp_path, col, row)
    assert one(check(tmp_path), "check.hole").subject == code(1, 1)
    half = lattice(1, 1)
    cloud(tmp_path / f"{code(1, 1)}.las", half[half[:, 0] < 44_300])
    assert one(check(tmp_path), "check.gap").subject == code(1, 1)


def test_a_strip_without_points(tmp_path: Path) -> None:
    tile(tmp_path)
    right = lattice(1)
    cloud(tmp_path / "x.las", right[right[:, 0] > 44_210])
    strip = one(check(tmp_path), "check.strip")
    assert float(str(strip.values["width"])) == pytest.approx(11, abs=0.8)
    cloud(tmp_path / "x.las", right[right[:, 0] > 44_201])
    assert found(check(tmp_path)) == set()


def test_systems(tmp_path: Path) -> None:
    unstated = tile(tmp_path, crs=None)
    assert one(check(unstated), "check.no_crs").values["crs"] == "EPSG:6673"
    assert found(check(unstated, crs="EPSG:6673")) == set()
    tile(tmp_path, 1, crs="EPSG:6672")
    assert one(check(tmp_path), "crs.differ").severity == Severity.ERROR
    zone = one(check(tmp_path / f"{code(1, 0)}.las"), "doubt.name_zone")
    assert (zone.severity, zone.values["zone"], zone.values["given"]) == (Severity.ERROR, 5, 4)


def test_swapped_degrees_feet(tmp_path: Path) -> None:
    places = lattice()
    assert one(check(cloud(tmp_path / "s.las", places[:, ::-1], crs=None)), "crs.swapped").subject.endswith(
        "s.las"
    )
    feet = cloud(tmp_path / "f.las", places, crs="EPSG:2903")
    assert "crs.unit" in found(check(feet))


def test_classes(tmp_path: Path) -> None:
    classes = mostly_ground(30_000)
    classes[:100] = 40
    odd = one(check(tile(tmp_path, classification=classes)), "check.classes_reserved")
    assert (odd.values["codes"], odd.values["count"]) == ("40", 100)
    classes[:4000] = 7
    assert one(check(tile(tmp_path, classification=classes)), "check.classes_noise").values["share"] == "13%"
    assert one(check(tile(tmp_path, classification=1)), "check.unclassified").severity == Severity.WARNING
    assert found(check(tile(tmp_path, classification=6))) == {"check.no_ground"}
    assert found(check(tile(tmp_path, classification=6), ground_classes=[6])) == {"check.ground_only"}
    assert "check.all_withheld" in found(check(tile(tmp_path, withheld=1)))


def test_ground_that_is_missing(tmp_path: Path) -> None:
    tile(tmp_path)
    bare = tile(tmp_path, 1, classification=5)
    report = check(tmp_path)
    assert one(report, "check.groundless").subject == str(bare)
    assert one(report, "check.sheet_groundless").subject == code(1, 0)
    ground = tile(tmp_path / "ground", 1, classification=1)
    assert found(check(tmp_path / f"{code(0, 0)}.las", bare, ground=[ground])) == set()


def test_only_ground(tmp_path: Path) -> None:
    report = check(tile(tmp_path, 0, classification=2), tile(tmp_path, 1))
    assert one(report, "check.ground_only").severity == Severity.NOTE


def test_heights(tmp_path: Path) -> None:
    z = hill(lattice())
    z[:3], z[3:5] = -500.0, 4100.0
    report = check(tile(tmp_path, z=z))
    assert one(report, "check.heights_below").values["count"] == 3
    assert one(report, "check.heights_above").values["count"] == 2
    z = hill(lattice())
    z[:4] = 400.0
    assert one(check(tile(tmp_path, z=z)), "check.strays").values["count"] == 4
    noise = np.where(z == 400.0, 18, mostly_ground(30_000))
    assert found(check(tile(tmp_path, z=z, classification=noise))) == set()


def test_cells_without_points(tmp_path: Path) -> None:
    places = lattice()
    middle = np.abs(places - [44_100, -77_475]).max(axis=1) < 20  # a pond, 40 m wide
    scattered = np.random.default_rng(0).random(len(places)) < 0.2
    edge = (places[:, 0] < 44_002) | (places[:, 1] > -77_402)  # keeps the extent
    held = ~(middle | (scattered & ~edge))
    report = check(cloud(tmp_path / "a.las", places[held]))
    (sheet,) = report.sheets.values()
    assert sheet.metre.cells == 30_000
    assert sheet.metre.empty == np.count_nonzero(~held)
    assert sheet.metre.land_void == pytest.approx(0.2, abs=0.01)
    assert sheet.metre.cells - sheet.metre.land == pytest.approx(1600, abs=150)
    assert sheet.half.land == 4 * sheet.metre.land
    assert one(report, "check.sheet_voids").subject == sheet.code
    wet = np.where(middle, 9, mostly_ground(30_000))
    assert (
        check(cloud(tmp_path / "a.las", places, classification=wet)).sheets[sheet.code].metre.land == 28_400
    )


@pytest.mark.parametrize("ids", [0, np.arange(30_000) % 100 + 1])
def test_ids_that_number_no_lines(tmp_path: Path, ids: int) -> None:
    report = check(tile(tmp_path, point_source_id=ids))
    assert found(report) == {"check.many_line_ids" if np.any(ids) else "check.no_line_ids"}
    assert not report.lines


def test_flight_lines_against_brute_force(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    places = np.round(np.concatenate([rng.uniform((44_000, -77_550), (44_200, -77_400), (60_000, 2))] * 2), 3)
    lines = np.repeat([7, 9], 60_000)
    places[60_000:] = np.round(rng.uniform((44_050, -77_550), (44_200, -77_400), (60_000, 2)), 3)
    z = hill(places) + np.where(lines == 9, 0.4, 0.0) + rng.normal(0, 0.02, len(places))
    wall = places[:, 0] > 44_150
    z = np.round(np.where(wall, z + 5, z), 3)
    report = check(cloud(tmp_path / "a.laz", places, z, classification=2, point_source_id=lines))
    means = {}
    for line in (7, 9):
        cells: dict[tuple[int, int], list[float]] = {}
        for (e, n), height in zip(places[lines == line], z[lines == line], strict=True):
            cells.setdefault((int(e // 2), int(-n // 2)), []).append(height)
        means[line] = {
            cell: np.mean(held) for cell, held in cells.items() if len(held) >= 3 and np.std(held) <= 0.1
        }
        every = {cell: np.mean(held) for cell, held in cells.items()}
        for c, r in list(means[line]):
            beside = [every.get(place) for place in ((c - 1, r), (c + 1, r), (c, r - 1), (c, r + 1))]
            if any(other is not None and abs(other - every[c, r]) > 0.3 for other in beside):
                del means[line][c, r]
    apart = np.array([means[9][cell] - means[7][cell] for cell in means[7].keys() & means[9].keys()])
    differences = report.lines[7, 9]
    assert differences.count == len(apart) > 4000
    assert differences.mean == pytest.approx(apart.mean(), abs=1e-6)
    assert differences.deviation == pytest.approx(apart.std(ddof=1), abs=1e-6)
    assert differences.worst == pytest.approx(np.abs(apart).max(), abs=1e-6)
    assert 0.39 < differences.mean < 0.41
    assert one(report, "check.lines").severity == Severity.ERROR
    assert one(report, "check.sheet_lines").subject == code(0, 0)


def test_flight_lines_in_files_of_their_own(tmp_path: Path) -> None:
    places = lattice(step=0.5)
    for line, offset in ((1, 0.0), (2, 0.1)):
        cloud(
            tmp_path / f"course{line}.las",
            places,
            hill(places) + offset,
            classification=2,
            point_source_id=line,
        )
    differences = check(tmp_path).lines[1, 2]
    assert differences.mean == pytest.approx(0.1, abs=1e-9)
    assert differences.deviation == pytest.approx(0.0, abs=1e-6)


def test_control_points_are_compared_exactly(tmp_path: Path) -> None:
    path = tile(tmp_path, z=np.round(100 + 0.02 * (lattice()[:, 0] - 44_000), 3))
    rows = ["点名,X座標,Y座標,標高", "T1,-77450.3,44050.7,100.914", "T2,-77500,44100,102.1", "T3,0,0,1"]
    control = tmp_path / "検証点.csv"
    control.write_bytes("\r\n".join(rows).encode("cp932"))
    report = check(path, control=control)
    differences = {residual.point.name: residual.difference for residual in report.residuals}
    assert differences == {
        "T1": pytest.approx(0.1, abs=1e-6),
        "T2": pytest.approx(-0.1, abs=1e-6),
        "T3": None,
    }
    figures = report.control["points"]
    assert (figures.count, figures.mean) == (2, pytest.approx(0, abs=1e-6))
    assert figures.deviation == pytest.approx(0.1 * 2**0.5)
    assert figures.rmse == figures.most == pytest.approx(0.1)
    assert one(report, "check.control_missed").values["names"] == "T3"
    ellipsoidal = tile(tmp_path, z=137 + 0.02 * (lattice()[:, 0] - 44_000))
    assert one(check(ellipsoidal, control=control), "check.control_off_points").values["mean"] == "+37.000"


def test_a_plane_needs_an_area() -> None:
    line = np.array([[k, 2.0 * k, 5.0] for k in range(6)])
    assert plane_height(line) is None
    assert plane_height(line[:3]) is None
    assert plane_height(np.array([[0, 1, 1.0], [1, 0, 2.0], [1, 1, 2.0], [0, 2, 1.0]])) == pytest.approx(1.0)


def test_texts_of_points(tmp_path: Path) -> None:
    places = lattice()
    rows = [
        f"{k},{e:.3f},{n:.3f},{z:.2f},1"
        for k, ((e, n), z) in enumerate(zip(places, hill(places), strict=True))
    ]
    for name in ("05mf51qa_org.txt", "05mf51qa_grd.txt"):
        (tmp_path / name).write_text("\n".join(rows) + "\n", encoding="ascii")
    report = check(tmp_path)
    assert found(report) == {"check.no_crs", "check.no_line_ids"}
    (sheet,) = report.sheets.values()
    assert (sheet.points, sheet.ground) == (30_000, 30_000)
