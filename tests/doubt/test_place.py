"""Statements about places that cannot be, and those that can."""

from __future__ import annotations

import pytest

from pointcloud.doubt import place
from pointcloud.doubt.verdict import Grade
from pointcloud.geo import areas, projections, sheets
from pointcloud.geo.areas import Area, Bounds
from pointcloud.geo.crs import SpatialReference

V, VI, IV = "EPSG:6673", "EPSG:6674", "EPSG:6672"
UTM53, DEGREES, MERCATOR = "EPSG:32653", "EPSG:6668", "EPSG:3857"
GOOD: Bounds = (45000, -77700, 45060, -77640)  # in sheet 05MF513
IN_DEGREES: Bounds = (134.828, 35.298, 134.829, 35.299)
IN_UTM: Bounds = (484000, 3906000, 484060, 3906060)


def judged(bounds: Bounds, crs: str, name: str = "a.las") -> list[tuple[str, str]]:
    verdicts = place.judge(name, bounds, SpatialReference(crs))
    for verdict in verdicts:
        assert verdict.system
        assert name in verdict.text(name)
        assert "{" not in verdict.text(name)
    return [(verdict.grade.name, verdict.message.partition(".")[2]) for verdict in verdicts]


def times(bounds: Bounds, factor: float) -> Bounds:
    west, south, east, north = bounds
    return west * factor, south * factor, east * factor, north * factor


def swapped(bounds: Bounds) -> Bounds:
    west, south, east, north = bounds
    return south, west, north, east


def moved(bounds: Bounds, source: str, target: str) -> Bounds:
    (west, east), (south, north) = projections.transformer(source, target)(
        [bounds[0], bounds[2]], [bounds[1], bounds[3]]
    )
    return west, south, east, north


REFUSED = [
    (swapped(GOOD), V, "swapped"),
    (times(GOOD, 1000), V, "too_large"),
    (times(GOOD, 100), V, "too_large"),
    (times(GOOD, 10), V, "too_large"),
    (IN_UTM, V, "utm"),
    (IN_DEGREES, V, "degrees"),
    (IN_DEGREES, VI, "degrees"),  # where 134.8 m, 35.3 m are inside of the area
    (swapped(IN_DEGREES), V, "degrees"),
    (GOOD, UTM53, "plane"),
    (GOOD, DEGREES, "no_degrees"),
    ((637_000, 851_000, 637_500, 851_500), "EPSG:2991", "feet"),  # Oregon in metres, and numbers of its feet
    (swapped(IN_DEGREES), DEGREES, "latitude_first"),
    ((15.0e6, 4.2e6, 15.001e6, 4.201e6), MERCATOR, "scale"),
    (GOOD, "EPSG:6687", "another_zone"),  # zone XIX, of a single island
    ((900_000, 900_000, 900_060, 900_060), V, "elsewhere"),
    ((1.6e8, 1e8, 1.7e8, 1.1e8), "EPSG:6690", "nowhere"),
]


@pytest.mark.parametrize(("bounds", "crs", "cause"), REFUSED)
def test_no_such_place_and_why(bounds: Bounds, crs: str, cause: str) -> None:
    assert judged(bounds, crs) == [("REFUSED", cause)]


@pytest.mark.parametrize(
    ("bounds", "crs"),
    [
        (GOOD, V),
        (GOOD, "EPSG:2447"),
        (GOOD, "EPSG:30165"),
        (GOOD, "EPSG:6675"),  # the same numbers, elsewhere in Japan: coordinates never tell the zone
        (IN_UTM, UTM53),
        (IN_DEGREES, DEGREES),
        ((0, 0, 100, 100), VI),  # its origin is land
        ((150_000, 450_000, 150_100, 450_100), "EPSG:28992"),
        ((0, -77700, 45060, 0), V),  # a header's box that stray points have grown
        ((-160_000, -300_000, 160_000, 300_000), V),
    ],
)
def test_what_may_be_is_not_doubted(bounds: Bounds, crs: str) -> None:
    assert judged(bounds, crs) == []


def test_one_zone_kept_across_a_border_is_noted() -> None:
    kyoto = (130_000.0, -100_000.0, 131_000.0, -99_000.0)
    assert judged(kyoto, V) == [("NOTED", "beside")]
    assert judged(moved(GOOD, V, VI), VI) == [("NOTED", "beside")]
    (verdict,) = place.judge("a.las", kyoto, SpatialReference(V))
    assert verdict.values["km"] == "26"
    assert (verdict.values["lat"], verdict.values["lon"]) == ("35.0947", "135.7646")


def test_beyond_100_km_whatever_the_cause() -> None:
    east = Area(*moved((136.57 + 0.01, 35.0, 136.58, 35.01), DEGREES, V))
    near = moved((136.54, 35.0, 136.55, 35.01), DEGREES, V)  # 97 km east of 135.47
    far = moved((136.60, 35.0, 136.61, 35.01), DEGREES, V)  # 103 km
    assert judged(near, V) == [("NOTED", "beside")]
    assert [grade for grade, _ in judged(far, V)] == ["REFUSED"]
    assert near[2] < east.west < far[0]


def test_both_readings_close_to_a_border_are_warned_of() -> None:
    assert judged((-130_000, -105_000, -129_000, -104_000), V) == [("WARNED", "maybe_swapped")]


@pytest.mark.parametrize("factor", [0.1, 0.01, 0.001])
def test_near_an_origin_at_sea_coordinates_are_local(factor: float) -> None:
    assert judged(times(GOOD, factor), V) == [("WARNED", "local")]


NAMED = [
    (GOOD, IV, "REFUSED", "name_zone"),
    (swapped(GOOD), V, "REFUSED", "name_swapped"),
    (times(GOOD, 10), V, "REFUSED", "name_too_large"),
    (times(GOOD, 0.01), V, "REFUSED", "name_too_small"),
    (times(GOOD, 1 / 0.3048), V, "REFUSED", "name_feet"),
    ((0, 0, 2000, 1500), VI, "REFUSED", "name_offset"),
    (moved(GOOD, V, VI), VI, "NOTED", "name_moved"),
    (moved(GOOD, V, UTM53), UTM53, "NOTED", "name_moved"),
    ((50_000, -77700, 50_060, -77640), V, "WARNED", "name_elsewhere"),
]


@pytest.mark.parametrize(("bounds", "crs", "grade", "cause"), NAMED)
def test_names_of_sheets(bounds: Bounds, crs: str, grade: str, cause: str) -> None:
    assert (grade, cause) in judged(bounds, crs, "folder/DEM_05MF513_x.las")


def test_names_that_hold_agree_or_say_nothing() -> None:
    assert judged(GOOD, V, "05mf513.laz") == []
    assert judged((45_900, -77_700, 46_090, -77_640), V, "05MF513.laz") == []  # tiles overlap
    assert judged(GOOD, V, "scan_02CD.laz") == []  # a number, as like as not
    assert judged(GOOD, "EPSG:2447", "05MF513.laz") == []


@pytest.mark.parametrize("zone", sheets.ZONES)
def test_the_quick_answer_is_the_long_one(zone: int) -> None:
    """All that lies in the box that is compared first lies in the area."""
    system = f"EPSG:{6668 + zone}"
    area, box = areas.of_use(system), areas.inside(system)
    assert area is not None
    assert box is not None
    covered = areas.covered(system, box)
    assert covered is not None
    slack = 1e-3  # degrees: parallels are curved between the places that were looked at
    assert area.west - slack <= covered.west < covered.east <= area.east + slack
    assert area.south - slack <= covered.south < covered.north <= area.north + slack


def test_kilometres_between_areas() -> None:
    one = Area(133.13, 34.13, 135.47, 35.71)
    assert one.away(Area(134, 35, 134.1, 35.1)) == 0
    assert one.away(Area(134, 36.71, 134.1, 36.8)) == pytest.approx(111.2)
    assert one.away(Area(136.47, 35, 136.5, 35)) == pytest.approx(91.1, abs=0.2)
    across = Area(166.37, -47.33, 193.0, -34.1)
    assert across.away(Area(-170, -40, -169.9, -39.9)) == 0


def test_grades_rise() -> None:
    assert Grade.NOTED < Grade.WARNED < Grade.REFUSED
