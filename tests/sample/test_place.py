"""The place is openly made up, yet lies on real sheets."""

from __future__ import annotations

from pointcloud.geo import sheets
from pointcloud.geo.lattice import quanta
from pointcloud.sample import AREA, TILES
from pointcloud.sample.place import BORDERS_E, BORDERS_N, CORNER


def test_each_tile_bears_the_code_of_its_sheet() -> None:
    for tile in TILES:
        codes = {sheet.level: sheet.box for sheet in sheets.parse_all(tile.code)}
        assert codes["500"] == tile.sheet


def test_the_tiles_are_all_the_500_sheets_of_the_area() -> None:
    touching = {sheet.code for sheet in sheets.sheets_touching(AREA, 5, "500")}
    assert touching == {tile.code for tile in TILES}


def test_the_area_straddles_a_border_of_2500_sheets() -> None:
    assert [sheet.code for sheet in sheets.sheets_touching(AREA, 5, "2500")] == ["05PE551", "05PE552"]


def test_tile_borders_meet_inside_the_area_and_on_the_2500_border() -> None:
    west, south, east, north = AREA.bounds
    assert all(west < border < east for border in BORDERS_E)
    assert all(south < border < north for border in BORDERS_N)
    assert CORNER[0] in BORDERS_E
    assert CORNER[1] in BORDERS_N
    assert sheets.sheet_at(quanta(CORNER[0]) - 1, quanta(CORNER[1]), 5, "2500").code == "05PE551"
    assert sheets.sheet_at(quanta(CORNER[0]), quanta(CORNER[1]), 5, "2500").code == "05PE552"
