"""``hyogo-pc sheet``."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hyogo_pc.main import main
from pointcloud.geo.crs import from_latlon


def sheet(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command writes when all is well."""
    assert main(["--lang", "en", "sheet", *arguments]) == 0
    return capsys.readouterr().out


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The line of an error of usage."""
    assert main(["--lang", "en", "sheet", *arguments]) == 2
    written = capsys.readouterr()
    assert written.out == ""
    return written.err


def features(text: str) -> dict[str, Any]:
    """The features of a GeoJSON text by sheet code."""
    content = json.loads(text)
    assert content["type"] == "FeatureCollection"
    assert set(content) == {"type", "features"}
    return {feature["properties"]["code"]: feature for feature in content["features"]}


def signed_area(ring: list[list[float]]) -> float:
    """Twice the area of a ring, positive if it runs anticlockwise."""
    return sum(
        (x0 - ring[0][0]) * (y1 - ring[0][1]) - (x1 - ring[0][0]) * (y0 - ring[0][1])
        for (x0, y0), (x1, y1) in pairwise(ring)
    )


def test_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert sheet(capsys, "05mf513").splitlines() == [
        "05MF513  level 2500, zone 5",
        "  W 44000  S -78000  E 46000  N -76500",
        "  2000 m x 1500 m (east x north)",
    ]


def test_an_ambiguous_code_has_both_readings(capsys: pytest.CaptureFixture[str]) -> None:
    written = sheet(capsys, "05MF5134")
    assert "level 500, zone 5\n  W 45600  S -76200  E 46000  N -75900" in written
    assert "level 1250 (old level), zone 5\n  W 45000  S -78000  E 46000  N -77250" in written
    assert "05MF5134 has two readings" in written


@pytest.mark.parametrize(
    "place", ["45078.249,-77513.047", "35.3003,134.8290", "134.8290,35.3003", "45078.249、-77513.047"]
)
def test_a_place(capsys: pytest.CaptureFixture[str], place: str) -> None:
    head, *levels = sheet(capsys, place).splitlines()
    assert head == "E 45078.249  N -77513.047  zone 5  (35.300300 N, 134.829000 E)"
    assert [line.split()[:2] for line in levels] == [
        *(["50000", "05MF"], ["5000", "05MF51"], ["2500", "05MF513"], ["1250", "05MF5134"]),
        *(["1000", "05MF514B"], ["500", "05MF5182"], ["250", "05MF51QF"]),
    ]


def test_a_place_of_another_zone(capsys: pytest.CaptureFixture[str]) -> None:
    (answer,) = json.loads(sheet(capsys, "--zone", "9", "--json", "35.6586,139.7454"))
    assert answer["zone"] == 9
    assert answer["codes"]["50000"] == "09LD"
    assert (answer["easting"], answer["northing"]) == pytest.approx(
        from_latlon(35.6586, 139.7454, 9), abs=1e-3
    )


def test_negative_easting_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    (answer,) = json.loads(sheet(capsys, "-500,-78000", "--json"))
    assert answer["query"] == "-500,-78000"
    assert answer["codes"]["2500"] == "05MD692"


def test_json_of_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = json.loads(sheet(capsys, "--json", "05MF513", "05MF5134"))
    bounds = [44000, -78000, 46000, -76500]
    assert first == {
        "query": "05MF513",
        "sheets": [{"code": "05MF513", "zone": 5, "level": "2500", "bounds": bounds, "size": [2000, 1500]}],
    }
    assert [reading["level"] for reading in second["sheets"]] == ["500", "1250"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["castle"], "castle is not a place"),
        (["castle,hill"], "castle,hill is not a place"),
        (["nan,0"], "nan,0 is not a place"),
        (["45078,"], "45078, is not a place"),
        (["200000,0"], "outside the map sheets"),
        (["35.68,139.77"], "outside the map sheets of zone 5; state its own zone with --zone"),
        (["0,0,1000,1000"], "A box of four numbers can be used with --geojson"),
        (["05MF", "--level", "500"], "--level can be used only with --geojson"),
        (["05MF", "-o", "a.geojson"], "--out can be used only with --geojson"),
        (["05MF", "--json", "--geojson"], "cannot be used together"),
        (["1,2,3", "--geojson"], "1,2,3 is not a place"),
        (["1000,0,0,1000", "--geojson"], "not an area of the map sheets"),
        (["200000,0,300000,1000", "--geojson"], "not an area of the map sheets"),
    ],
)
def test_refusals(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert says in refusal(capsys, *arguments)


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (["05MF51"], "05MF511 05MF512 05MF513 05MF514"),
        (["05MF513", "--level", "5000"], "05MF51"),
        (["05MF513", "--level", "1250"], "05MF5131 05MF5132 05MF5133 05MF5134"),
        (["45999,-78000,46001,-77000"], "05MF513 05MF514"),
        (["-1000,-1000,1000,1000", "--level", "50000"], "05JD 05JE 05KD 05KE"),
        (["35.3003,134.8290"], "05MF513"),
        (["05MF513", "05MF51"], "05MF513 05MF511 05MF512 05MF514"),
        (["08OF40", "--level", "5000"], "08OF40"),
    ],
)
def test_geojson_over_areas(capsys: pytest.CaptureFixture[str], arguments: list[str], codes: str) -> None:
    assert " ".join(features(sheet(capsys, "--geojson", *arguments))) == codes


def test_geojson_is_the_sheets_on_the_globe(capsys: pytest.CaptureFixture[str]) -> None:
    found = features(sheet(capsys, "--geojson", "05MF51"))
    for feature in found.values():
        (ring,) = feature["geometry"]["coordinates"]
        assert ring[0] == ring[-1]
        assert len(set(map(tuple, ring))) == len(ring) - 1
        assert signed_area(ring) > 0
        edges = [feature["properties"][edge] for edge in ("west", "south", "east", "north")]
        plane = [from_latlon(latitude, longitude, 5) for longitude, latitude in ring]
        es, ns = zip(*plane, strict=True)
        assert [min(es), min(ns), max(es), max(ns)] == pytest.approx(edges, abs=2e-3)
        on_edge = [
            min(abs(e - edges[0]), abs(e - edges[2]), abs(n - edges[1]), abs(n - edges[3])) for e, n in plane
        ]
        assert max(on_edge) < 2e-3
    corners = {tuple(point) for point in found["05MF513"]["geometry"]["coordinates"][0]}
    shared = corners & {tuple(point) for point in found["05MF514"]["geometry"]["coordinates"][0]}
    assert len(shared) == 3  # neighbours meet without a gap: both ends of their edge, and its middle


def test_long_edges_follow_the_sheet(capsys: pytest.CaptureFixture[str]) -> None:
    ((ring,),) = [
        feature["geometry"]["coordinates"]
        for feature in features(sheet(capsys, "--geojson", "--level", "50000", "05MF")).values()
    ]
    plane = [from_latlon(latitude, longitude, 5) for longitude, latitude in ring]
    steps = [abs(e1 - e0) + abs(n1 - n0) for (e0, n0), (e1, n1) in pairwise(plane)]
    assert max(steps) == pytest.approx(1000, abs=0.01)
    for (x0, y0), (x1, y1) in pairwise(ring):
        e, n = from_latlon((y0 + y1) / 2, (x0 + x1) / 2, 5)
        assert min(abs(e - 40000), abs(e - 80000), abs(n + 60000), abs(n + 90000)) < 0.02


def test_geojson_to_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "図郭 枠.geojson"
    assert sheet(capsys, "--geojson", "05MF513", "-o", str(path)) == ""
    assert list(features(path.read_text(encoding="utf-8"))) == ["05MF513"]
    assert list(tmp_path.iterdir()) == [path]


def test_gis_opens_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shape = pytest.importorskip("shapely.geometry").shape
    for feature in features(sheet(capsys, "--geojson", "05MF51", "--level", "250")).values():
        polygon = shape(feature["geometry"])
        assert polygon.is_valid
        assert polygon.exterior.is_ccw
