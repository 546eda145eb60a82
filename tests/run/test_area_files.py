"""Areas as people draw them: the CRS that a GeoJSON file states, outlines that cross, lists out of Excel."""

from __future__ import annotations

import json
from pathlib import Path

import pyproj
import pytest

from pointcloud.errors import ParameterError
from pointcloud.geo.crs import of_zone
from pointcloud.run.area import read_area

WEST, SOUTH, SIDE = 45_050.0, -77_540.0, 60.0
RING = [(WEST, SOUTH), (WEST + SIDE, SOUTH), (WEST + SIDE, SOUTH + SIDE), (WEST, SOUTH + SIDE), (WEST, SOUTH)]


def drawn(path: Path, ring: list[tuple[float, float]], crs: str | None = None) -> Path:
    """Write a polygon as GeoJSON, with the member ``crs`` of 2008."""
    content = {"type": "Polygon", "coordinates": [ring]}
    if crs:
        content["crs"] = {"type": "name", "properties": {"name": crs}}
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize("code", [6672, 6673, 2447, 3857, 6668, 32653])
def test_the_crs_that_a_file_states_holds(code: int, tmp_path: Path) -> None:
    move = pyproj.Transformer.from_crs(6673, code, always_xy=True)
    ring = [move.transform(*place) for place in RING]
    path = drawn(tmp_path / "a.geojson", ring, f"urn:ogc:def:crs:EPSG::{code}")
    (box,) = read_area([str(path)], of_zone(5)).bounds()
    assert box.bounds == pytest.approx((WEST, SOUTH, WEST + SIDE, SOUTH + SIDE), abs=0.2)


def test_an_outline_that_crosses_itself_is_two_areas(tmp_path: Path) -> None:
    path = drawn(tmp_path / "bow.geojson", [RING[0], RING[2], RING[1], RING[3], RING[0]])
    area = read_area([str(path)], of_zone(5))
    assert sum(polygon.area for polygon in area.polygons) == pytest.approx(SIDE * SIDE / 2)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("05MF513,朝来市\r\n", "cp932"),
        ("図郭番号,名\n05MF513,a\n", "cp932"),
        ("図郭番号\t名\n05MF513\ta\n", "utf-8-sig"),
        ("０５ＭＦ５１３\n", "utf-8"),
        ('"05MF513";"朝来市"\n', "cp932"),
    ],
)
def test_lists_of_codes_as_they_come_out_of_excel(text: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_bytes(text.encode(encoding))
    assert [sheet.code for sheet in read_area([str(path)], of_zone(5)).named] == ["05MF513"]


def test_a_list_without_codes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "codes.txt"
    path.write_bytes("名\n朝来市\n".encode("cp932"))
    with pytest.raises(ParameterError):
        read_area([str(path)], of_zone(5))
