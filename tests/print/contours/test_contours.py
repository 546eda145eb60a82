"""Contours: where they lie on surfaces that are known, which are dropped, which are depressions, and their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from pointcloud import messages
from pointcloud import print as paper
from pointcloud.errors import ParameterError
from pointcloud.print.contours import files, trace
from pointcloud.print.contours.labels import Labels
from pointcloud.print.contours.trace import Contour, bearable, contour_lines, smoothed, usual_interval

WEST, NORTH = 45_000.0, -77_000.0


def grid(cell: float, size: float) -> tuple[np.ndarray, np.ndarray]:
    """E and N of the centres of cells."""
    count = round(size / cell)
    e = WEST + (np.arange(count) + 0.5) * cell
    n = NORTH - (np.arange(count) + 0.5) * cell
    return np.meshgrid(e, n)


def test_what_drawings_are_made_of_has_its_name_in_the_room() -> None:
    assert {"contour_lines", "write_contours", "profile_pages", "ProfileSheet", "write", "site_map"} <= set(
        paper.__all__
    )
    assert all(getattr(paper, name).__name__ == name for name in paper.__all__)


@pytest.mark.parametrize("cell", [0.5, 1.0])
def test_lines_of_a_plane_lie_where_they_should(cell: float) -> None:
    e, n = grid(cell, 80)
    z = 100 + 0.2 * (e - WEST) + 0.1 * (n - NORTH)
    for line in contour_lines(z, WEST, NORTH, cell, 1.0, smooth=2.0):
        heights = 100 + 0.2 * (line.points[:, 0] - WEST) + 0.1 * (line.points[:, 1] - NORTH)
        assert heights == pytest.approx(line.level, abs=1e-7)


def test_circles_of_a_cone_have_their_radius_and_index_lines_are_every_fifth() -> None:
    e, n = grid(0.5, 120)
    z = 50 - 0.5 * np.hypot(e - WEST - 60, n - NORTH + 60)
    lines = contour_lines(z, WEST, NORTH, 0.5, 1.0, smooth=0.0, shortest=0.0)
    closed = [line for line in lines if line.closed]
    assert {line.level for line in closed} >= {30, 35, 40, 49}
    for line in closed:
        radius = np.hypot(line.points[:, 0] - WEST - 60, line.points[:, 1] - NORTH + 60)
        assert radius == pytest.approx((50 - line.level) / 0.5, abs=0.05)
        assert line.index == (line.level % 5 == 0)


@pytest.mark.parametrize(("sign", "depression"), [(1.0, True), (-1.0, False)])
def test_a_pit_is_a_depression_and_a_mound_is_none(sign: float, depression: bool) -> None:
    e, n = grid(1.0, 100)
    z = sign * 0.1 * np.hypot(e - WEST - 50, n - NORTH + 50)
    closed = [line for line in contour_lines(z, WEST, NORTH, 1.0, 1.0, smooth=0.0) if line.closed]
    assert len(closed) >= 4
    assert all(line.depression is depression for line in closed)


def test_a_crater_has_both() -> None:
    e, n = grid(1.0, 120)
    r = np.hypot(e - WEST - 60, n - NORTH + 60)
    z = 10 - np.abs(r - 30) * 0.3  # a rim at 30 m
    at_five = [line for line in contour_lines(z, WEST, NORTH, 1.0, 5.0, smooth=0.0) if line.level == 5]
    inner, outer = sorted(at_five, key=lambda line: line.length)
    assert (inner.depression, outer.depression) == (True, False)


def test_higher_ground_is_on_the_left() -> None:
    e, _ = grid(1.0, 40)
    (line, *_) = contour_lines((e - WEST) * 0.1, WEST, NORTH, 1.0, 1.0, smooth=0.0)
    assert line.points[-1, 1] < line.points[0, 1]  # it runs south, east of it is higher


def test_short_lines_are_dropped_and_long_ones_kept() -> None:
    e, n = grid(0.5, 60)
    small = 2 * np.exp(-((e - WEST - 15) ** 2 + (n - NORTH + 15) ** 2) / 2)
    large = 2 * np.exp(-((e - WEST - 40) ** 2 + (n - NORTH + 40) ** 2) / 50)
    z = small + large + 0.4
    lengths = [line.length for line in contour_lines(z, WEST, NORTH, 0.5, 1.0, smooth=0.0, shortest=12.0)]
    everything = [line.length for line in contour_lines(z, WEST, NORTH, 0.5, 1.0, smooth=0.0, shortest=0.0)]
    assert min(everything) < 12 < max(everything)
    assert sorted(lengths) == sorted(length for length in everything if length >= 12)


def test_only_closed_loops_are_dropped() -> None:
    e, _ = grid(1.0, 60)
    z = (e - WEST) * 0.5
    z[8:] = np.nan  # every line runs 7 m from void to edge
    lines = contour_lines(z, WEST, NORTH, 1.0, 1.0, smooth=0.0, shortest=20.0)
    assert len(lines) == 29
    assert all(line.length == pytest.approx(7.0) and not line.closed for line in lines)


def test_large_arrays_are_smoothed_in_bands_and_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    e, n = grid(0.5, 100)
    z = 20 * np.exp(-((e - WEST - 50) ** 2 + (n - NORTH + 50) ** 2) / 800)
    whole = smoothed(z, 0.5, 2.0)
    monkeypatch.setattr(trace, "_ROWS", 24)
    assert np.array_equal(smoothed(z, 0.5, 2.0), whole)
    assert np.array_equal(smoothed(z, 0.5, 2.0, every=2), whole[::2, ::2])
    (fine,) = (line for line in contour_lines(z, WEST, NORTH, 0.5, 10.0) if line.level == 10)
    monkeypatch.setattr(trace, "_MOST_CELLS", z.size // 4)
    (thin,) = (line for line in contour_lines(z, WEST, NORTH, 0.5, 10.0) if line.level == 10)
    assert len(thin.points) < 0.7 * len(fine.points)
    assert shapely.hausdorff_distance(*(shapely.LineString(line.points) for line in (fine, thin))) < 0.05


def test_smoothing_takes_noise_away_and_keeps_planes() -> None:
    e, _ = grid(1.0, 100)
    plane = 0.3 * (e - WEST)
    noisy = plane + np.random.default_rng(3).normal(0, 0.2, e.shape)
    rough, calm = (
        sum(line.length for line in contour_lines(noisy, WEST, NORTH, 1.0, 1.0, smooth=length))
        for length in (0.0, 2.0)
    )
    wanted = sum(line.length for line in contour_lines(plane, WEST, NORTH, 1.0, 1.0, smooth=0.0))
    assert calm == pytest.approx(wanted, rel=0.03)
    assert rough > 1.2 * wanted
    assert smoothed(plane, 1.0, 2.0) == pytest.approx(plane, abs=1e-9)


def test_lines_end_at_voids() -> None:
    e, _ = grid(1.0, 60)
    z = (e - WEST) * 0.5
    z[20:40, 20:40] = np.nan
    hole = shapely.box(WEST + 20.6, NORTH - 39.4, WEST + 39.4, NORTH - 20.6)
    for line in contour_lines(z, WEST, NORTH, 1.0, 1.0):
        assert not shapely.LineString(line.points).intersects(hole)


def test_far_origins_cost_no_precision() -> None:
    z = np.add.outer(np.zeros(40), np.arange(40) * 0.1)
    near, far = (contour_lines(z, west, 0.0, 0.5, 1.0, smooth=0.0)[0].points for west in (0.0, 7e6))
    assert far[:, 0] - 7e6 == pytest.approx(near[:, 0], abs=2e-9)


@pytest.mark.parametrize(("name", "value"), [("interval", 0.0), ("smooth", -1.0), ("shortest", float("nan"))])
def test_lengths_that_cannot_be(name: str, value: float) -> None:
    values = {"interval": 1.0, name: value}
    with pytest.raises(ParameterError, match=name):
        contour_lines(np.ones((9, 9)), 0, 0, 1.0, **values)


def test_too_many_levels_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"9001 levels, from 0 to 9000 m: take a wider interval"):
        contour_lines(np.linspace(0, 9000, 100).reshape(10, 10), 0, 0, 1.0, 1.0, smooth=0.0)


@pytest.mark.parametrize(("cell", "finest"), [(1.0, 0.5), (0.5, 0.5), (5.0, 2.5), (10.0, 5.0), (0.1, 0.1)])
def test_finest_interval(cell: float, finest: float) -> None:
    assert bearable(cell) == finest


@pytest.mark.parametrize(
    ("scale", "cell", "interval"),
    [(500, 0.5, 0.5), (1000, 1.0, 1.0), (2500, 0.5, 2.0), (500, 5.0, 5.0), (25_000, 1, 20)],
)
def test_usual_interval(scale: float, cell: float, interval: float) -> None:
    assert usual_interval(scale, cell) == interval


LINES = [
    Contour(5.0, np.array([(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)]), index=True),
    Contour(6.0, np.array([(0.0, 0.0), (0.0, 5.0), (5.0, 5.0), (0.0, 0.0)]), depression=True),
]


def test_geopackage_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "等高線.gpkg"
    files.write_contours(LINES, path, "EPSG:6673")
    meta, _, geometry, columns = pyogrio.raw.read(path, layer="contours")
    assert meta["crs"] == "EPSG:6673"
    read = dict(zip(meta["fields"], columns, strict=True))
    assert read["elevation"].tolist() == [5.0, 6.0]
    assert read["is_index"].tolist() == [True, False]
    assert read["depression"].tolist() == [False, True]
    for line, shape in zip(LINES, shapely.from_wkb(geometry), strict=True):
        points = shapely.get_coordinates(shape, include_z=True)
        assert points[:, :2].tolist() == line.points.tolist()
        assert set(points[:, 2]) == {line.level}


def test_dxf_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "lines.dxf"
    files.write_contours(LINES, path)
    meta, _, geometry, columns = pyogrio.raw.read(path)
    layers = dict(zip(meta["fields"], columns, strict=True))["Layer"].tolist()
    assert layers == ["CONTOUR_INDEX", "CONTOUR_DEPRESSION"]
    for line, shape in zip(LINES, shapely.from_wkb(geometry), strict=True):
        points = shapely.get_coordinates(shape, include_z=True)
        assert points[:, :2] == pytest.approx(line.points)
        assert set(points[:, 2]) == {line.level}


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"\.gpkg, \.dxf"):
        files.write_contours(LINES, tmp_path / "lines.shp")
    assert messages.language() == "en"


def test_labels_stand_on_straight_stretches_and_cut_the_line() -> None:
    x = np.linspace(0, 100, 401)
    line = np.column_stack([x, np.where(x < 60, 3 * np.sin(x), 0)])
    labels, pieces = Labels(8.0, []).place(line)
    ((where, y, angle),) = labels
    assert where > 62
    assert (y, angle) == (0.0, 0.0)
    gap = pieces[1][0, 0] - pieces[0][-1, 0]
    assert gap == pytest.approx(8.0, abs=1e-6)


def test_labels_keep_apart_and_are_read_from_below() -> None:
    finder = Labels(8.0, [])
    east = np.column_stack([np.linspace(0, 60, 50), np.zeros(50)])
    first, _ = finder.place(east)
    beside, _ = finder.place(np.array([0, 5]) + east[::-1])
    assert len(first) == 1
    assert all(np.hypot(a[0] - b[0], a[1] - b[1]) > 20 for a in first for b in beside)
    west, _ = Labels(8.0, []).place(east[::-1])
    assert west[0][2] == pytest.approx(0.0)


def test_labels_take_the_straightest_place_apart_from_others() -> None:
    """As found by trying every place in turn."""
    x = np.linspace(0, 400, 4000)
    line = np.column_stack([x, 15 * np.sin(x / 15) * (x > 100)])
    taken = [(20.0, 0.0)]
    finder = Labels(8.0, taken)
    found, _ = finder.place(line)
    assert len(found) >= 3
    middles = np.array(taken)
    gaps = np.hypot(*(middles[:, None] - middles).transpose(2, 0, 1))
    assert gaps[~np.eye(len(gaps), dtype=bool)].min() > 22
    for mx, my, angle in found:
        way = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))]) * 4
        ends = [shapely.Point(mx - way[0], my - way[1]), shapely.Point(mx + way[0], my + way[1])]
        assert max(shapely.LineString(line).distance(end) for end in ends) < 1.0
