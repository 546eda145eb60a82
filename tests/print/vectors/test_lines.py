"""Lines as text and in files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pointcloud.errors import FileError, ParameterError
from pointcloud.geo import crs
from pointcloud.print.vectors.lines import read_lines

ZONE = crs.from_epsg(6673)
TAKEDA = (45078.249, -77513.047)


@pytest.mark.parametrize(
    "text",
    [
        "10,20 30,40",
        " 10, 20  30 ,40 ",
        "10,20;30,40",
        "10、20 30、40",
        "１０，２０　３０，４０",
    ],
)
def test_vertices_as_people_write_them(text: str) -> None:
    (line,) = read_lines([text], None)
    np.testing.assert_array_equal(line.vertices, [(10, 20), (30, 40)])
    assert line.name == "A"


def test_names_are_letters_that_are_free() -> None:
    lines = read_lines(["0,0 1,1", "A=0,0 -1,-1", "本丸=0,0 1e3,1", "0,0 3,4"], None)
    assert [line.name for line in lines] == ["B", "A", "本丸", "C"]
    assert lines[3].length == 5


def test_names_that_come_again_get_numbers() -> None:
    lines = read_lines(
        [f"{name}0,0 {k},1" for k, name in enumerate(("B=", "B=", "", "B=", "B-3=", ""))], None
    )
    assert [line.name for line in lines] == ["B", "B-2", "A", "B-4", "B-3", "C"]


@pytest.mark.parametrize("text", ["35.3003,134.8290 35.3010,134.8290", "134.8290,35.3003 134.8290,35.3010"])
def test_degrees_in_either_order(text: str) -> None:
    (line,) = read_lines([text], ZONE)
    np.testing.assert_allclose(line.vertices[0], TAKEDA, atol=0.02)
    assert line.vertices[1][1] - line.vertices[0][1] == pytest.approx(77.7, abs=0.2)


def test_degrees_need_a_crs() -> None:
    with pytest.raises(ParameterError, match="--crs"):
        read_lines(["35.3003,134.8290 35.3010,134.8290"], None)


def test_a_text_file_has_a_line_a_block(tmp_path: Path) -> None:
    path = tmp_path / "断面線.csv"
    path.write_text("\ufeffeasting,northing\r\n1,2\r\n3,4\r\n5,6\r\n\r\n7,8\r\n9,10\r\n", "utf-8")
    lines = read_lines([str(path)], None)
    np.testing.assert_array_equal(lines[0].vertices, [(1, 2), (3, 4), (5, 6)])
    np.testing.assert_array_equal(lines[1].vertices, [(7, 8), (9, 10)])
    assert [line.name for line in lines] == ["A", "B"]


def geojson(path: Path, *features: tuple[str | None, list[tuple[float, float]]]) -> Path:
    items = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {"type": "LineString", "coordinates": line},
        }
        for name, line in features
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": items}), "utf-8")
    return path


def test_features_in_degrees_and_in_metres(tmp_path: Path) -> None:
    degrees = geojson(tmp_path / "a.geojson", ("二の丸", [(134.8290, 35.3003), (134.8290, 35.3010)]))
    metres = geojson(tmp_path / "b.geojson", (None, [(45000, -77500), (45100, -77500)]))
    first, second = read_lines([str(degrees), str(metres)], ZONE)
    assert (first.name, second.name) == ("二の丸", "A")
    np.testing.assert_allclose(first.vertices[0], TAKEDA, atol=0.02)
    np.testing.assert_array_equal(second.vertices, [(45000, -77500), (45100, -77500)])


def test_features_of_another_zone_are_moved(tmp_path: Path) -> None:
    import pyogrio
    import shapely

    path = tmp_path / "zone4.gpkg"
    move = crs.transformer("EPSG:6673", "EPSG:6672")
    places = [move(*TAKEDA), move(TAKEDA[0] + 50, TAKEDA[1])]
    shapes = np.array([shapely.to_wkb(shapely.LineString(places))], object)
    names = np.array(["石垣"], object)
    pyogrio.raw.write(path, shapes, [names], ["名称"], crs="EPSG:6672", geometry_type="LineString")
    (line,) = read_lines([str(path)], ZONE)
    assert line.name == "石垣"
    np.testing.assert_allclose(line.vertices, [TAKEDA, (TAKEDA[0] + 50, TAKEDA[1])], atol=1e-3)


@pytest.mark.parametrize("text", ["1,2 3", "1,2 x,4", "1,nan 2,3", "1,2", "", "1,2 1,2"])
def test_what_is_no_line_is_refused(text: str) -> None:
    with pytest.raises(ParameterError):
        read_lines([text], None)


def test_files_without_lines_or_missing(tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("e,n\n", "utf-8")
    broken = tmp_path / "broken.geojson"
    broken.write_text("{", "utf-8")
    for path, message, kind in (
        (empty, "holds no lines", FileError),
        (broken, "cannot be read", FileError),
        (tmp_path / "no.shp", "no such file", ParameterError),
    ):
        with pytest.raises(kind, match=message):
            read_lines([str(path)], None)


@pytest.mark.parametrize(
    "name",
    ["urn:ogc:def:crs:EPSG::6673", "EPSG:6673", "http://www.opengis.net/def/crs/EPSG/0/6673"],
)
def test_the_system_of_a_geojson_file_has_many_names(name: str, tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[45_000.0, -77_600.0], [45_100.0, -77_500.0]]}
    feature = {"type": "Feature", "properties": {"name": "A"}, "geometry": line}
    crs = {"type": "name", "properties": {"name": name}}
    path = tmp_path / "line.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}))
    (found,) = read_lines([str(path)], ZONE)
    assert found.vertices.tolist() == line["coordinates"]
