"""Sites by name, and every way to write a place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hyogo_pc.main import main
from pointcloud import messages
from pointcloud.errors import ParameterError
from pointcloud.geo import places, projections, sites
from pointcloud.geo.crs import from_epsg
from pointcloud.geo.lattice import Box
from pointcloud.run.area import read_area, zone_named
from pointcloud.sample import castle
from pointcloud.sample.place import AREA, EPSG, SOUTH, WEST

OWN = """
[mound]
en = "The Mound"
ja = "塚"
easting = 45000.0
northing = -77500.0
radius = 50
source = "own survey"
"""


@pytest.fixture(autouse=True)
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own list: not that of whoever runs the tests."""
    path = tmp_path / "地点.toml"
    path.write_text(OWN, encoding="utf-8")
    monkeypatch.setenv(sites.USERS_FILE, str(path))
    return path


@pytest.mark.parametrize(
    ("name", "e", "n"),
    [
        ("takeda", 45078.249, -77513.047),
        ("竹田城跡", 45078.249, -77513.047),
        ("TAKEDA－castle", 45078.249, -77513.047),
        (" himeji jo ", 32976.431, -128694.435),
        ("塚", 45000.0, -77500.0),
    ],
)
def test_a_site_by_any_of_its_names(name: str, e: float, n: float) -> None:
    place = places.parse(name)
    assert (place.zone, round(place.e, 3), round(place.n, 3)) == (5, e, n)
    assert place.site
    assert place.radius == place.site.radius


def test_the_sample_site_is_its_keep() -> None:
    place = places.parse("sample")
    assert projections.JGD2011 + place.zone == EPSG
    u, v = castle.axes(*(place.e - WEST, place.n - SOUTH))  # type: ignore[arg-type]
    keep = next(part for part in castle.TERRACES if part.name == "keep platform")
    (west, east), (south, north) = ((min(x), max(x)) for x in zip(*keep.corners, strict=True))
    assert west < u < east
    assert south < v < north
    assert AREA.contains(place.extent(1.0))


@pytest.mark.parametrize("site", sites.all_sites().values(), ids=lambda site: site.key)
def test_every_site_has_names_source_and_views(site: sites.Site) -> None:
    place = places.at_site(site)
    assert site.en.isascii()
    assert not site.ja.isascii()
    assert site.source
    assert site.views
    for view in site.views:
        e, n = view.eye(place.e, place.n)
        away = ((e - place.e) ** 2 + (n - place.n) ** 2) ** 0.5
        assert away <= site.radius if view.at else away == pytest.approx(view.distance)


def test_an_eye_in_the_air_lies_where_its_bearing_says() -> None:
    view = sites.Viewpoint("a", "あ", 10.0, bearing=sites.bearing("south-west"), distance=200.0**0.5)
    assert view.eye(100.0, 50.0) == pytest.approx((90.0, 40.0))
    assert sites.bearing("-90") == 270.0


@pytest.mark.parametrize(
    ("text", "zone", "e", "n"),
    [
        ("45078,-77513", 5, 45078.0, -77513.0),
        ("45078、-77513", 5, 45078.0, -77513.0),
        ("35.3003,134.8290", 5, 45078.249, -77513.047),
        ("134.8290, 35.3003", 5, 45078.249, -77513.047),
        ("05MF513", 5, 45000.0, -77250.0),
        ("08LE5932", 8, 7800.0, -11550.0),
        ("0,10,20,30", 5, 10.0, 20.0),
    ],
)
def test_other_ways_to_write_a_place(text: str, zone: int, e: float, n: float) -> None:
    place = places.parse(text)
    if place.sheets:
        west, south, east, north = place.sheets[0].bounds
        assert (place.zone, place.e, place.n) == (zone, (west + east) / 2, (south + north) / 2)
        assert place.extent(7.0) == place.sheets[0].box
    else:
        assert (place.zone, round(place.e, 3), round(place.n, 3)) == (zone, e, n)


def test_extent_of_a_point_a_site_and_a_box() -> None:
    assert places.parse("100,200").extent(10.0) == Box.from_metres(90, 190, 110, 210)
    assert places.parse("mound").extent(10.0) == Box.from_metres(44950, -77550, 45050, -77450)
    assert places.parse("0,10,20,30").extent(10.0) == Box.from_metres(0, 10, 20, 30)


def test_coordinates_in_other_systems() -> None:
    place = places.parse("takeda")
    assert place.xy("EPSG:2447") == (place.e, place.n)  # JGD2000: the same numbers in zone V
    lon, lat = place.xy("EPSG:6668")
    assert (lat, lon) == pytest.approx((35.3003, 134.8290), abs=1e-9)
    assert place.latlon == pytest.approx((35.3003, 134.8290), abs=1e-9)


def test_names_in_the_language_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    place = places.parse("takeda")
    assert (place.name, place.en, place.ja) == ("Takeda Castle", "Takeda Castle", "竹田城跡")
    monkeypatch.setattr(messages, "_chosen", "ja")
    assert place.name == "竹田城跡"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("castle", "castle is not a place"),
        ("", "is not a place"),
        ("1,2,3", "is not a place: give E,N"),
        ("1,two", "is not a place: give E,N"),
        ("20,10,0,30", "is not an area"),
        ("43.0,141.3", "outside the map sheets of zone 5"),
        ("05MF59Z", "59Z after the letters fits no level"),
    ],
)
def test_what_is_no_place(text: str, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        places.parse(text)


def test_a_site_of_the_user_replaces_ours(users: Path) -> None:
    users.write_text(OWN.replace("[mound]", "[takeda]"), encoding="utf-8")
    assert places.parse("takeda").e == 45000.0


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[mound", "[mou nd", "cannot be read"),
        ('source = "own survey"\n', "", "source is missing"),
        ("easting = 45000.0\n", "", "easting is missing"),
        ("northing", "latitude", "there is no entry latitude"),
        ("radius = 50", "radius = 0.5", "radius cannot be 0.5"),
        ("radius = 50", 'radius = "50"', "radius cannot be 50"),
        ("radius = 50", "radius = 50\nzone = 20", "zone cannot be 20"),
        ("radius = 50", "radius = 50\nview = 1", "there is no entry view"),
        ("radius = 50", "radius = 50\nviews = [{en = 'a', ja = 'あ', height = 1}]", "views cannot be"),
        ("The Mound", "Mound, the", "cannot be its name"),
    ],
)
def test_a_list_with_a_mistake_is_refused(users: Path, old: str, new: str, says: str) -> None:
    users.write_text(OWN.replace(old, new), encoding="utf-8")
    with pytest.raises(ParameterError, match=says) as caught:
        sites.all_sites()
    assert users.name in str(caught.value)


def test_a_stated_list_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(sites.USERS_FILE, str(tmp_path / "none.toml"))
    with pytest.raises(ParameterError, match=r"none\.toml"):
        sites.find("takeda")


def test_area_of_a_site_and_of_a_point() -> None:
    crs = from_epsg(6673)
    (around,) = read_area(["mound"], crs).bounds()
    assert around.touches(Box.from_metres(45049, -77501, 45051, -77499))
    assert not around.touches(Box.from_metres(45051, -77501, 45052, -77499))
    point = read_area(["45000,-77500"], crs)
    assert [point.touches(Box.from_metres(45000, n, 45100, n + 100)) for n in (-77500, -77600)] == [
        False,
        True,
    ]
    assert zone_named(["takeda"]) == 5


def test_a_site_in_a_run_of_another_zone() -> None:
    (box,) = read_area(["takeda"], from_epsg(6674)).bounds()
    e, n = (box.bounds[0] + box.bounds[2]) / 2, (box.bounds[1] + box.bounds[3]) / 2
    assert projections.to_latlon(e, n, 6) == pytest.approx((35.3003, 134.8290), abs=1e-8)


def test_the_command_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sites"]) == 0
    said = capsys.readouterr()
    assert "takeda: Takeda Castle / 竹田城跡" in said.out
    assert "E 45078  N -77513  radius 300 m  sheet 05MF513" in said.out
    assert "地点.toml" in said.err
    assert main(["sites", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["key"] for each in listed] == ["takeda", "himeji", "sample", "mound"]


def test_the_command_sheet_takes_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sheet", "竹田城跡", "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert (answer["site"], answer["codes"]["2500"]) == ("takeda", "05MF513")
    assert main(["sheet", "mound", "--geojson", "--level", "250"]) == 0
    over = json.loads(capsys.readouterr().out)["features"]
    assert {each["properties"]["code"] for each in over} == {"05MF51QE", "05MF51QF"}
