"""The coordinate reference system of files that state none."""

from __future__ import annotations

import pytest

from pointcloud.errors import CrsError
from pointcloud.geo import presumed_crs, sheets
from pointcloud.geo.crs import SpatialReference
from pointcloud.messages import say

V = SpatialReference("EPSG:6673")
TILE = (44000.0, -78000.0, 46000.0, -76500.0)  # 05MF513
SWAPPED = (-78000.0, 44000.0, -76500.0, 46000.0)


def test_code_in_the_name_tells_the_zone() -> None:
    zone_8 = (-65600.0, -110000.0, -65400.0, -109900.0)
    name = sheets.codes_at(-65500, -109950, 8)["500"]
    found = presumed_crs.deduce(f"{name}_NW.laz", zone_8)
    assert (found.crs.epsg, found.how, found.warnings) == (6676, "name", ())
    assert found.sheet is not None
    assert found.sheet.code == name


def test_overshooting_tile_is_still_in_its_sheet() -> None:
    beyond = (TILE[0] - 99, TILE[1] - 99, TILE[2] + 99, TILE[3] + 99)
    assert presumed_crs.deduce("05mf513.laz", beyond).how == "name"
    too_far = (TILE[0] - 101, *TILE[1:])
    found = presumed_crs.deduce("05mf513.laz", too_far)
    assert [name for name, _ in found.warnings] == ["crs.assumed_zone"]


def test_extent_decides_between_500_and_old_1250() -> None:
    found = presumed_crs.deduce("05MF5134.laz", (45000.0, -78000.0, 46000.0, -77250.0)).sheet
    assert found is not None
    assert found.level == "1250"
    found = presumed_crs.deduce("05MF5134.laz", (45600.0, -76200.0, 46000.0, -75900.0)).sheet
    assert found is not None
    assert found.level == "500"


def test_coordinates_of_hyogo_are_taken_for_zone_5_with_a_warning() -> None:
    found = presumed_crs.deduce("tile.laz", TILE)
    assert (found.crs, found.how, found.sheet) == (V, "extent", None)
    ((message, values),) = found.warnings
    text = say(message, **values)
    assert "35.30" in text
    assert "134.82" in text
    assert "cannot tell the zones apart" in text


def test_hyogo_is_rows_l_to_q_columns_d_to_g() -> None:
    corners = sheets.parse("05LD").box, sheets.parse("05QG").box
    assert (presumed_crs.HYOGO.west, presumed_crs.HYOGO.north) == (corners[0].west, corners[0].north)
    assert (presumed_crs.HYOGO.east, presumed_crs.HYOGO.south) == (corners[1].east, corners[1].south)


@pytest.mark.parametrize(
    ("name", "bounds", "says"),
    [
        ("05MF513.laz", SWAPPED, "only with the two exchanged.*easting first"),
        ("tile.laz", SWAPPED, "Hyogo.*only with the two exchanged"),
        ("tile.laz", (134.82, 35.30, 134.83, 35.31), "look like degrees"),
        ("tile.laz", (35.30, 134.82, 35.31, 134.83), "look like degrees"),
        ("05MF513.laz", tuple(edge / 0.3048 for edge in TILE), "only if they are feet"),
        ("tile.laz", (0.0, 0.0, 100.0, 80.0), "state it with --crs"),
        ("tile.laz", (-1.0, -1.0, 1.0, 0.9999), r"around 0\.000, 0\.000.*state it with --crs"),
        ("tile.laz", (600_000.0, 3_900_000.0, 601_000.0, 3_901_000.0), "state it with --crs"),
        ("tile.laz", (119_000.0, -78_000.0, 121_000.0, -76_500.0), "state it with --crs"),
    ],
)
def test_what_cannot_be_deduced_is_refused(
    name: str, bounds: tuple[float, float, float, float], says: str
) -> None:
    with pytest.raises(CrsError, match=rf"^{name}: .*{says}"):
        presumed_crs.deduce(name, bounds)


def test_names_of_two_zones_decide_nothing() -> None:
    found = presumed_crs.deduce("05MF513_06MF513.laz", TILE)
    assert found.how == "extent"
    assert found.crs == V
