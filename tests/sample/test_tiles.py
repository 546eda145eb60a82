"""The committed tiles hold everything that a delivery can hold."""

from __future__ import annotations

import numpy as np
import pytest

from pointcloud.sample import LINES, TILES, Tile, truth
from pointcloud.sample.forest import wooded
from pointcloud.sample.place import BORDERS_E, BORDERS_N, CORNER, EAST, SOUTH, WEST
from pointcloud.sample.terrain import terrain
from pointcloud.sample.town import WAREHOUSE
from pointcloud.sample.valley import POND

from .conftest import COMMITTED, Tiles

Whole = dict[str, np.ndarray]


def test_size_and_density(committed: Tiles, whole: Whole) -> None:
    assert sum(path.stat().st_size for path in COMMITTED.rglob("*") if path.is_file()) < 5_100_000
    points = sum(len(tile) for name, tile in committed.items() if not name.startswith("ground/"))
    assert 2.0 <= points / (800 * 600) <= 4.0


@pytest.mark.parametrize("tile", TILES, ids=lambda tile: tile.code)
def test_format_and_crs_of_each_tile(committed: Tiles, tile: Tile) -> None:
    names = (f"original/{tile.code}.laz", f"ground/{tile.code}.laz") if tile.pair else (f"{tile.code}.laz",)
    for name in names:
        header = committed[name].header
        assert (str(header.version), header.point_format.id) == (tile.version, tile.point_format)
        assert np.all(header.scales == tile.scale)
        assert header.system_identifier == "SYNTHETIC"
        assert header.generating_software == "hyogo-pc sample"
        assert bool(header.global_encoding.wkt) == tile.crs
        crs = header.parse_crs()
        assert (crs.to_epsg() if tile.crs else crs) == (6673 if tile.crs else None)


def test_the_delivery_is_mixed() -> None:
    assert {tile.scale for tile in TILES} == {0.001, 0.01}
    assert {(tile.version, tile.point_format) for tile in TILES} == {("1.4", 6), ("1.2", 3)}
    assert [tile.crs for tile in TILES].count(False) == 1
    assert [tile.pair for tile in TILES].count(True) == 1


def test_every_point_lies_in_its_half_open_sheet(committed: Tiles) -> None:
    for tile in TILES:
        west, south, east, north = tile.sheet.bounds
        for name in (name for name in committed if tile.code in name):
            las = committed[name]
            e, n = np.round(las.x, 3), np.round(las.y, 3)
            assert np.all((e >= max(west, WEST)) & (e < min(east, EAST)) & (n > south) & (n <= north)), name


def test_points_lie_exactly_on_every_border_and_on_the_corner(committed: Tiles) -> None:
    e = np.concatenate([np.round(tile.x, 3) for tile in committed.values()])
    n = np.concatenate([np.round(tile.y, 3) for tile in committed.values()])
    for border in BORDERS_E:
        assert (e == border).sum() >= 10
    for border in BORDERS_N:
        assert (n == border).sum() >= 10
    assert ((e == CORNER[0]) & (n == CORNER[1])).sum() == 1


def test_all_classes_are_there_and_none_else(whole: Whole) -> None:
    count = np.bincount(whole["class"], minlength=10)
    assert set(np.flatnonzero(count)) == {1, 2, 3, 4, 5, 6, 7, 9}
    assert count[[2, 5]].min() > 100_000
    assert count[[3, 4, 6]].min() > 10_000
    assert 100 < count[1] < 2_000
    assert 20 <= count[7] <= 58
    assert 10 <= count[9] <= 150


def test_noise_is_high_in_the_air_and_deep_in_the_ground(whole: Whole) -> None:
    noise = whole["class"] == 7
    above = whole["z"][noise] - truth(whole["e"][noise], whole["n"][noise])
    assert 5 <= (above > 30).sum() <= 14
    assert (above < -1.9).sum() >= 15


def test_lines_follow_each_other_and_time_never_runs_back(committed: Tiles) -> None:
    for tile in committed.values():
        time, line = np.asarray(tile.gps_time), np.asarray(tile.point_source_id)
        assert np.all(np.diff(time) >= 0)
        assert np.all(np.diff(line.astype(int)) >= 0)
        assert set(np.unique(line)) <= {1, 2, 3}
        assert tile.header.global_encoding.gps_time_type == 1


def test_returns_of_a_pulse_are_numbered_downwards(committed: Tiles) -> None:
    tile = committed["05PE5524.laz"]
    number, of = np.asarray(tile.return_number), np.asarray(tile.number_of_returns)
    assert number.min() == 1
    assert np.all(number <= of)
    assert np.bincount(of)[2:6].min() > 1_000
    same = np.diff(np.asarray(tile.gps_time)) == 0
    assert np.all(np.diff(number.astype(int))[same] > 0)
    assert np.all(np.diff(np.asarray(tile.Z))[same & (np.asarray(tile.classification)[1:] != 7)] < 60)


def test_ground_agrees_with_truth_but_for_noise_and_line_offset(whole: Whole) -> None:
    ground = whole["class"] == 2
    e, n, z, line = (whole[name][ground] for name in ("e", "n", "z", "line"))
    true = truth(e, n)
    assert np.isfinite(true).all()
    error = z - true
    # A return from the face of a wall lies between the levels at its foot and on its top.
    around = np.stack([truth(e + de, n + dn) for de in (-0.3, 0.0, 0.3) for dn in (-0.3, 0.0, 0.3)])
    on_face = np.nanmax(around, axis=0) - np.nanmin(around, axis=0) > 1.0
    assert np.all(z > np.nanmin(around, axis=0) - 0.15)
    assert np.all(z < np.nanmax(around, axis=0) + 0.15)
    assert on_face.mean() < 0.02
    for flight in LINES:
        off = error[(line == flight.number) & ~on_face]
        assert np.median(off) == pytest.approx(flight.offset, abs=0.002)
        assert np.std(off) < 0.03
        assert np.quantile(np.abs(off - flight.offset), 0.999) < 0.1


def test_lines_overlap_with_offsets_of_centimetres(whole: Whole) -> None:
    offsets = [line.offset for line in LINES]
    assert len(set(offsets)) == 3
    assert 0.03 <= max(offsets) - min(offsets) <= 0.1
    cell = np.floor((whole["e"] - WEST) / 5).astype(int) * 1000 + np.floor((whole["n"] - SOUTH) / 5).astype(
        int
    )
    cells = [np.unique(cell[whole["line"] == line.number]) for line in LINES]
    for a, b in ((0, 1), (1, 2)):
        shared = np.intersect1d(cells[a], cells[b]).size
        assert shared > 0.25 * min(cells[a].size, cells[b].size)


def test_the_canopy_hides_the_ground(whole: Whole) -> None:
    woods = wooded(terrain(), whole["e"] - WEST, whole["n"] - SOUTH)
    share = (whole["class"][woods] == 2).mean()
    assert 0.05 < share < 0.25
    assert (whole["class"][~woods] == 2).mean() > 0.6


def test_water_gives_no_returns_but_a_handful_at_the_edge(whole: Whole) -> None:
    on_water = np.isnan(truth(whole["e"], whole["n"])) & (whole["class"] != 7)
    # Classes 3 and 4 are what grows on the bank and leans over.
    assert set(np.unique(whole["class"][on_water])) <= {3, 4, 9}
    assert 10 <= on_water.sum() <= 200
    inside = np.ones(int(on_water.sum()), bool)
    for angle in np.arange(0, 2 * np.pi, np.pi / 8):
        de, dn = 2.0 * np.cos(angle), 2.0 * np.sin(angle)
        inside &= np.isnan(truth(whole["e"][on_water] + de, whole["n"][on_water] + dn))
    assert not inside.any(), "a return further than two metres from the bank"


def test_the_river_is_a_gap_of_35_metres_in_all_returns(whole: Whole) -> None:
    real = whole["class"] != 7
    for e in np.arange(WEST + 10.0, EAST - 10.0, 20.0):
        near = real & (np.abs(whole["e"] - e) < 3.0) & (whole["n"] < SOUTH + 110.0)
        n = np.sort(np.concatenate((whole["n"][near], [SOUTH, SOUTH + 110.0])))
        assert np.diff(n).max() > 35.0


def test_the_pond_is_a_gap(whole: Whole) -> None:
    x, y, a, b = POND
    r = np.hypot((whole["e"] - WEST - x) / a, (whole["n"] - SOUTH - y) / b)
    assert not (r < 0.98).any()
    assert (r < 1.3).any()


def test_the_warehouse_hides_60_by_120_metres_of_ground_across_the_2500_border(whole: Whole) -> None:
    x, y, half_u, half_v = WAREHOUSE
    assert (half_u, half_v) == (60.0, 30.0)
    u, v = np.abs(whole["e"] - WEST - x), np.abs(whole["n"] - SOUTH - y)
    roof = (u < half_u - 2) & (v < half_v - 2)
    assert set(np.unique(whole["class"][roof])) <= {6, 7}
    assert roof.sum() > 5_000
    assert WEST + x - half_u < 22_000 < WEST + x + half_u


def test_roofs_are_gabled_and_flat(whole: Whole) -> None:
    roof = whole["class"] == 6
    cell = np.floor(whole["e"][roof] / 2) * 1e6 + np.floor(-whole["n"][roof] / 2)
    order = np.lexsort((whole["z"][roof], cell))
    cell, z = cell[order], whole["z"][roof][order]
    first = np.flatnonzero(np.diff(cell, prepend=-1.0))
    last = np.append(first[1:], cell.size) - 1
    spread = (z[last] - z[first])[last - first >= 3]
    assert (spread < 0.2).sum() > 200
    assert ((spread > 0.4) & (spread < 1.6)).sum() > 200


def test_the_pair_is_one_tile_delivered_twice(committed: Tiles) -> None:
    original, ground = committed["original/05PE5525.laz"], committed["ground/05PE5525.laz"]
    assert set(np.unique(original.classification)) == set(np.unique(ground.classification)) == {1}
    rows = [
        set(zip(tile.X.tolist(), tile.Y.tolist(), tile.Z.tolist(), tile.gps_time.tolist(), strict=True))
        for tile in (original, ground)
    ]
    assert rows[1] < rows[0]
    assert 0.05 < len(ground) / len(original) < 0.5
    error = ground.z - truth(ground.x, ground.y)
    assert abs(np.median(error)) < 0.05


def test_the_tile_without_crs_has_colours(committed: Tiles) -> None:
    tile = committed["05PE5533.laz"]
    assert not [vlr for vlr in tile.header.vlrs if vlr.user_id == "LASF_Projection"]
    assert len(np.unique(np.stack((tile.red, tile.green, tile.blue)), axis=1).T) >= 6


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_the_readme_names_every_tile_with_its_count(committed: Tiles, readme: str) -> None:
    rows = [
        row for row in (COMMITTED / readme).read_text(encoding="utf-8").splitlines() if row.startswith("|")
    ]
    for name, tile in committed.items():
        assert any(f"`{name}`" in row and f"{len(tile):,}" in row for row in rows), name
