"""Kinds of wrong statements, at places and in zones drawn at random: none that can be told goes in silence."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pointcloud.doubt import place
from pointcloud.doubt.verdict import Grade
from pointcloud.geo import areas, projections, sheets
from pointcloud.geo.areas import Bounds
from pointcloud.geo.crs import SpatialReference, of_zone

EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


@st.composite
def tiles(draw: st.DrawFn) -> tuple[int, Bounds]:
    """A zone, and the box of a tile of up to 2 km that lies where that zone is used."""
    zone = draw(st.sampled_from(sheets.ZONES))
    area = areas.of_use(of_zone(zone).horizontal)
    assert area is not None
    share = st.floats(0.02, 0.98)
    lon = area.west + draw(share) * (area.east - area.west)
    lat = area.south + draw(share) * (area.north - area.south)
    e, n = projections.from_latlon(lat, lon, zone)
    side = draw(st.floats(50, 2000))
    return zone, (e, n, e + side, n + side)


def worst(bounds: Bounds, crs: SpatialReference, name: str = "a.las") -> Grade | None:
    return max((verdict.grade for verdict in place.judge(name, bounds, crs)), default=None)


def away(bounds: Bounds, crs: SpatialReference) -> float:
    """How many kilometres the coordinates lead away from where their system is used; 1e9 for nowhere."""
    area, covered = areas.of_use(crs.horizontal), areas.covered(crs.horizontal, bounds)
    assert area is not None
    return area.away(covered) if covered else 1e9


@EXAMPLES
@given(tiles())
def test_what_is_right_is_not_doubted(tile: tuple[int, Bounds]) -> None:
    zone, bounds = tile
    assert worst(bounds, of_zone(zone)) is None
    middle = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    assume(max(abs(middle[0]) - 157_000, abs(middle[1]) - 297_000) < 0)
    for level, code in sheets.codes_at(*middle, zone).items():
        (west, south, east, north), inner = sheets.parse_all(code)[0].bounds, bounds
        if level == "5000" and west < inner[0] and south < inner[1] and inner[2] < east and inner[3] < north:
            assert worst(bounds, of_zone(zone), f"{code}.laz") is None


@EXAMPLES
@given(tiles(), st.sampled_from([10.0, 100.0, 1000.0, 1 / 10, 1 / 100, 1 / 1000]))
def test_factors(tile: tuple[int, Bounds], factor: float) -> None:
    zone, (west, south, east, north) = tile
    bounds = west * factor, south * factor, east * factor, north * factor
    _told_beyond(bounds, of_zone(zone))


@EXAMPLES
@given(tiles())
def test_exchanged_axes(tile: tuple[int, Bounds]) -> None:
    zone, (west, south, east, north) = tile
    bounds, crs = (south, west, north, east), of_zone(zone)
    grade = worst(bounds, crs)
    far = away(bounds, crs)
    if far > 30:
        assert grade is Grade.REFUSED
    elif far > 10:
        assert grade is not None
        assert grade >= Grade.WARNED


@EXAMPLES
@given(tiles(), st.sampled_from([*(6668 + zone for zone in sheets.ZONES), 32651, 32652, 32653, 32654, 32655]))
def test_another_system(tile: tuple[int, Bounds], code: int) -> None:
    """The coordinates of one zone, said to be of another or of UTM."""
    _told_beyond(tile[1], SpatialReference(f"EPSG:{code}"))


@EXAMPLES
@given(tiles(), st.sampled_from(range(6688, 6693)))
def test_utm_said_to_be_a_zone(tile: tuple[int, Bounds], utm: int) -> None:
    zone, bounds = tile
    move = projections.transformer(of_zone(zone).horizontal, f"EPSG:{utm}")
    (west, east), (south, north) = move([bounds[0], bounds[2]], [bounds[1], bounds[3]])
    assume(west < east and south < north and 100_000 < west < 900_000)
    assert worst((west, south, east, north), of_zone(zone)) is Grade.REFUSED


@EXAMPLES
@given(tiles(), st.booleans())
def test_degrees_said_to_be_a_zone(tile: tuple[int, Bounds], swap: bool) -> None:
    zone, bounds = tile
    covered = areas.covered(of_zone(zone).horizontal, bounds)
    assert covered is not None
    west, south, east, north = covered
    degrees = (south, west, north, east) if swap else (west, south, east, north)
    assert worst(degrees, of_zone(zone)) is Grade.REFUSED


def _told_beyond(bounds: Bounds, crs: SpatialReference) -> None:
    """More than 100 km away is refused, whatever it is; nearer is said to those who look closely, beyond 10 km."""
    far, grade = away(bounds, crs), worst(bounds, crs)
    if far > place.FAR:
        assert grade is Grade.REFUSED
    elif far > 0:
        assert grade is not None
