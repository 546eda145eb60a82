"""Map sheets: codes, extents, edges, names of files, plain tiles."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointcloud.errors import ParameterError
from pointcloud.geo import sheets
from pointcloud.geo.lattice import Box, quanta

TAKEDA = (45078.249, -77513.047)
HIMEJI = (32976.431, -128694.435)

CODES = {
    TAKEDA: "05MF 05MF51 05MF513 05MF5134 05MF514B 05MF5182 05MF51QF".split(),  # noqa: SIM905 - as published
    HIMEJI: "05OE 05OE28 05OE283 05OE2833 05OE284B 05OE2882 05OE28RE".split(),  # noqa: SIM905
}

EXTENTS = {
    "05MF51": (44000, -78000, 48000, -75000),
    "05MF513": (44000, -78000, 46000, -76500),
    "05MF514B": (44800, -78000, 45600, -77400),
    "05MF5182": (44800, -77700, 45200, -77400),
    "05MF51QF": (45000, -77550, 45200, -77400),
    "05OE28": (32000, -129000, 36000, -126000),
    "05OE283": (32000, -129000, 34000, -127500),
    "05LF901": (40000, -58500, 42000, -57000),
    "05OF892": (78000, -145500, 80000, -144000),
    "05OF79": (76000, -144000, 80000, -141000),
}


@pytest.mark.parametrize("place", CODES)
def test_codes_at_known_places(place: tuple[float, float]) -> None:
    assert list(sheets.codes_at(*place, 5).values()) == CODES[place]
    assert tuple(sheets.codes_at(*place, 5)) == sheets.LEVELS


@pytest.mark.parametrize("code", EXTENTS)
def test_known_extents(code: str) -> None:
    assert sheets.parse(code).bounds == EXTENTS[code]


@pytest.mark.parametrize("text", ["05mf513", " 05MF513 ", "０５ＭＦ５１３"])
def test_codes_as_people_write_them(text: str) -> None:
    assert sheets.parse(text) == sheets.parse("05MF513")


def test_rows_i_and_o_are_used() -> None:
    assert sheets.parse("05IA").bounds == (-160000, 30000, -120000, 60000)
    assert sheets.parse("05OA").bounds == (-160000, -150000, -120000, -120000)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("castle", "begins with two digits"),
        ("5MF513", "begins with two digits"),
        ("", "begins with two digits"),
        ("00MF", "no zone 00"),
        ("20MF51", "no zone 20"),
        ("05UF", "row letter U"),
        ("05MI", "column letter I"),
        ("05MF5", "5 after the letters"),
        ("05MF515", "515 after the letters"),
        ("05MF51FA5", "51FA5 after the letters"),
        ("05MF515A", "515A after the letters"),
        ("05MF510F", "510F after the letters"),
        ("05MF51UA", "51UA after the letters"),
        ("05MF513-", "begins with two digits"),
    ],
)
def test_bad_codes_say_what_is_wrong(code: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says) as caught:
        sheets.parse(code)
    assert caught.value.exit_code == 2


def test_old_1250_code_has_two_readings() -> None:
    first, second = sheets.parse_all("05MF5134")
    assert (first.level, first.bounds) == ("500", (45600, -76200, 46000, -75900))
    assert (second.level, second.bounds) == ("1250", (45000, -78000, 46000, -77250))
    assert [sheet.level for sheet in sheets.parse_all("05MF5182")] == ["500"]


@pytest.mark.parametrize(
    ("near", "level"),
    [
        (None, "500"),
        ((45000, -78000, 46000, -77250), "1250"),
        ((45400, -77700, 45500, -77600), "1250"),
        ((45600, -76200, 46000, -75900), "500"),
        ((0, 0, 10, 10), "500"),
    ],
)
def test_the_data_decide_between_readings(near: tuple[float, float, float, float] | None, level: str) -> None:
    box = Box.from_metres(*near) if near else None
    assert sheets.parse("05MF5134", near=box).level == level


def test_north_and_west_edges_are_inside() -> None:
    west, south, east, north = (quanta(edge) for edge in EXTENTS["05MF513"])
    assert sheets.sheet_at(west, north, 5, "2500").code == "05MF513"
    assert sheets.sheet_at(east - 1, south + 1, 5, "2500").code == "05MF513"
    assert sheets.sheet_at(east, north, 5, "2500").code == "05MF514"
    assert sheets.sheet_at(west, south, 5, "2500").code == "05MF611"
    assert sheets.sheet_at(west - 1, north, 5, "2500").code == "05MF504"


@pytest.mark.parametrize(
    ("e", "n"), [(-160000.0001, 0), (160000, 0), (0, 300000.0001), (0, -300000), (1e6, -77000)]
)
def test_outside_the_grid_is_refused(e: float, n: float) -> None:
    with pytest.raises(ParameterError, match="lies outside the map sheets"):
        sheets.sheet_at(quanta(e), quanta(n), 5, "500")


def test_corners_of_the_grid() -> None:
    assert sheets.codes_at(-160000, 300000, 1)["50000"] == "01AA"
    assert sheets.codes_at(159999.9999, -299999.9999, 19)["250"] == "19TH99TT"


@pytest.mark.parametrize(("zone", "level", "says"), [(0, "500", "no zone 0"), (5, "5", "no sheet level 5")])
def test_no_such_zone_or_level(zone: int, level: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        sheets.sheet_at(0, 0, zone, level)
    with pytest.raises(ParameterError, match=says):
        list(sheets.sheets_touching(sheets.GRID, zone, level))


@given(
    e=st.integers(sheets.GRID.west, sheets.GRID.east - 1),
    n=st.integers(sheets.GRID.south + 1, sheets.GRID.north),
    zone=st.integers(1, 19),
    level=st.sampled_from(sheets.LEVELS),
)
def test_a_sheet_holds_its_point_and_reads_back(e: int, n: int, zone: int, level: str) -> None:
    sheet = sheets.sheet_at(e, n, zone, level)
    assert sheet.box.west <= e < sheet.box.east
    assert sheet.box.south < n <= sheet.box.north
    assert sheet in sheets.parse_all(sheet.code.lower())


@pytest.mark.parametrize("level", sheets.LEVELS)
def test_sheets_of_a_level_tile_a_5000_sheet(level: str) -> None:
    area = sheets.parse("05MF51").box
    found = list(sheets.sheets_touching(area, 5, level))
    width, height = sheets.size(level)
    assert len(found) == max(1, 4000 // width) * max(1, 3000 // height)
    assert [sheet.code for sheet in found] == [
        sheet.code for sheet in sorted(found, key=lambda sheet: (-sheet.box.north, sheet.box.west))
    ]
    assert len({sheet.box for sheet in found}) == len(found)
    assert all(sheet.box.touches(area) for sheet in found)


def test_a_box_on_the_edge_does_not_touch_the_next_sheet() -> None:
    box = sheets.parse("05MF513").box
    assert [sheet.code for sheet in sheets.sheets_touching(box, 5, "2500")] == ["05MF513"]
    grown = [sheet.code for sheet in sheets.sheets_touching(box.grow(1), 5, "2500")]
    assert grown == "05MF502 05MF511 05MF512 05MF504 05MF513 05MF514 05MF602 05MF611 05MF612".split()  # noqa: SIM905


def test_no_sheets_outside_the_grid() -> None:
    assert not list(sheets.sheets_touching(Box.from_metres(200_000, 0, 201_000, 1000), 5, "500"))
    beyond = Box.from_metres(150_000, 290_000, 900_000, 900_000)
    assert [sheet.code for sheet in sheets.sheets_touching(beyond, 5, "50000")] == ["05AH"]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("DEM_05LF901_1g.txt", ["05LF901"]),
        ("dsm_05of891_1G.TXT", ["05OF891"]),
        ("05NF3711.copc.laz", ["05NF3711", "05NF3711"]),
        ("08OF4060_NW.laz", ["08OF4060"]),
        ("図郭05LF901地形.laz", ["05LF901"]),
        ("０５ＬＦ９０１.laz", ["05LF901"]),
        (r"C:\05MF51\05of79.zip", ["05OF79"]),
        ("/data/05MF51/tile.laz", []),
        ("05MF_05MF513.las", ["05MF513", "05MF"]),
        ("20205LF901.laz", []),
        ("05LF901x.laz", []),
        ("nanadaru_west_1mvoxel.laz", []),
    ],
)
def test_codes_in_file_names(name: str, codes: list[str]) -> None:
    assert [sheet.code for sheet in sheets.find_code(name)] == codes


def test_plain_tiles() -> None:
    tiles = list(sheets.squares(Box.from_metres(-5, -5, 1500, 1000), 1000))
    assert [tile.code for tile in tiles] == [
        *("W0001000_N0000000", "E0000000_N0000000", "E0001000_N0000000"),
        *("W0001000_S0001000", "E0000000_S0001000", "E0001000_S0001000"),
    ]
    assert tiles[0].bounds == (-1000, 0, 0, 1000)
    assert {(tile.zone, tile.level) for tile in tiles} == {(None, "none")}
    assert all(re.fullmatch(r"\w+", tile.code, re.ASCII) for tile in tiles)


def test_names_of_plain_tiles_sort_and_differ_far_away() -> None:
    names = [
        tile.code for tile in sheets.squares(Box.from_metres(999_000, 6_833_000, 1_001_000, 6_834_000), 500)
    ]
    assert len(set(names)) == len(names) == 8
    assert names[:4] == sorted(names[:4])


@pytest.mark.parametrize("size", [0, -1000, 0.5, 99.5, float("nan"), float("inf")])
def test_bad_tile_sizes(size: float) -> None:
    with pytest.raises(ParameterError, match="whole number of metres"):
        list(sheets.squares(Box.from_metres(0, 0, 1, 1), size))


def test_no_tiles_over_nothing() -> None:
    assert not list(sheets.squares(Box(0, 0, 0, 0), 1000))
