"""Drawings of others: what is opened, and what is refused without being followed."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from listener import Listener

from pointcloud.errors import FileError, HyogoError, ParameterError
from pointcloud.print.vectors.files import read
from pointcloud.print.vectors.lines import read_lines
from pointcloud.print.vectors.overlay import read_overlays
from pointcloud.run.area import read_area

ZONE = "EPSG:6673"
KML = (
    '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"{}><Document>{}<Placemark>'
    "<name>本丸</name><LineString><coordinates>134.829,35.3003 134.830,35.3003</coordinates></LineString></Placemark>"
    "</Document></kml>"
)
GPX = (
    '<?xml version="1.0"?><gpx version="1.1" creator="a" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>'
    '<trkpt lat="35.3003" lon="134.829"/><trkpt lat="35.3003" lon="134.830"/></trkseg></trk></gpx>'
)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as found:
        yield found


def drawn(path: Path, driver: str) -> Path:
    shape = shapely.to_wkb(np.array([shapely.LineString([(45000, -77500), (45010, -77500)])]))
    columns = [np.array(["a"], object)]
    pyogrio.raw.write(path, shape, columns, ["name"], driver=driver, geometry_type="LineString", crs=ZONE)
    return path


def kmz(path: Path, text: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", text)
    return path


def text(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


# What is opened

GOOD: dict[str, Callable[[Path], Path]] = {
    "gpkg": lambda folder: drawn(folder / "a.gpkg", "GPKG"),
    "shp": lambda folder: drawn(folder / "a.shp", "ESRI Shapefile"),
    "fgb": lambda folder: drawn(folder / "a.fgb", "FlatGeobuf"),
    "gdb": lambda folder: drawn(folder / "a.gdb", "OpenFileGDB"),
    "kml": lambda folder: text(folder / "a.kml", KML.format("", "")),
    "kmz": lambda folder: kmz(folder / "a.kmz", KML.format("", "")),
    "gpx": lambda folder: text(folder / "a.gpx", GPX),
}


@pytest.mark.parametrize("kind", GOOD)
def test_drawings(kind: str, tmp_path: Path) -> None:
    layer, *points = read_overlays([GOOD[kind](tmp_path)], ZONE)
    assert (layer.name, len(layer.shapes), layer.stated) == ("tracks" if kind == "gpx" else "a", 1, True)
    assert [each.name for each in points] == (["track_points"] if kind == "gpx" else [])
    west, south, _, north = layer.shapes[0].bounds
    assert 44900 < west < 45100
    assert -77600 < south <= north < -77400


def test_settings_of_gdal_are_left_as_they_were(tmp_path: Path) -> None:
    pyogrio.set_gdal_config_options({"GDAL_HTTP_PROXY": "mine"})
    try:
        read(drawn(tmp_path / "a.gpkg", "GPKG"))
        assert pyogrio.get_gdal_config_option("GDAL_HTTP_PROXY") == "mine"
        assert pyogrio.get_gdal_config_option("CPL_VSIL_CURL_ALLOWED_FILENAME") is None
    finally:
        pyogrio.set_gdal_config_options({"GDAL_HTTP_PROXY": None})


# What is refused

Made = Callable[[Path, str], Path]
VRT = (
    '<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{}</SrcDataSource>'
    '<GeometryType>wkbPoint</GeometryType><GeometryField encoding="PointFromColumns" x="x" y="y"/>'
    "</OGRVRTLayer></OGRVRTDataSource>"
)
CHAIN = '{{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read {} ! reproject"}}'
WFS = "<OGRWFSDataSource><URL>{}</URL></OGRWFSDataSource>"


def _elsewhere(name: str) -> Made:
    """An OGR-VRT of a table of points elsewhere, under another name."""
    return lambda folder, url: text(folder / name, VRT.format(folder / "secret.csv"))


def _virtual(sql: str) -> Made:
    def make(folder: Path, url: str) -> Path:
        path = drawn(folder / "a.gpkg", "GPKG")
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "INSERT INTO sqlite_master VALUES ('table', 'b', 'b', 0, ?)", [sql.format(folder / "secret.csv")]
        )
        connection.commit()
        connection.close()
        return path

    return make


def _geojson(**more: object) -> Made:
    def make(folder: Path, url: str) -> Path:
        line = {"type": "LineString", "coordinates": [[134.829, 35.3003], [134.830, 35.3003]]}
        feature = {"type": "Feature", "properties": {}, "geometry": line}
        content = {"type": "FeatureCollection", "features": [feature], **more}
        return text(folder / "a.geojson", json.dumps(content).replace("URL", url))

    return make


HOSTILE: dict[str, Made] = {
    **{
        f"elsewhere as {suffix}": _elsewhere(f"a.{suffix}")
        for suffix in ("geojson", "json", "kml", "gpx", "dxf")
    },
    **{
        f"elsewhere as {suffix} too": _elsewhere(f"a.{suffix}")
        for suffix in ("shp", "gpkg", "fgb", "vrt", "csv")
    },
    "a request": lambda folder, url: text(folder / "a.geojson", VRT.format(f"/vsicurl/{url}/a.csv")),
    "a service": lambda folder, url: text(folder / "a.kml", WFS.format(url)),
    "a chain": lambda folder, url: text(folder / "a.geojson", CHAIN.format(folder / "secret.csv")),
    "a link": _geojson(crs={"type": "link", "properties": {"href": "URL/crs"}}),
    "a name that is a link": _geojson(crs={"type": "name", "properties": {"name": "URL/crs"}}),
    "a CRS by path": _geojson(crs={"type": "name", "properties": {"name": "/etc/passwd"}}),
    "a chain within": _geojson(type="gdal_streamed_alg", command_line="gdal vector pipeline ! read a"),
    "hidden in a kml": lambda folder, url: text(
        folder / "a.kml", KML.format("", f"<!--{VRT.format(folder / 'secret.csv')}-->")
    ),
    "hidden in a kmz": lambda folder, url: kmz(folder / "a.kmz", VRT.format(folder / "secret.csv")),
    "hidden in a dxf": lambda folder, url: text(
        folder / "a.dxf", f"999\n{VRT.format(folder / 'secret.csv')}\n0\nSECTION\n"
    ),
    "a kml with a schema": lambda folder, url: text(
        folder / "a.kml",
        KML.format(f' xmlns:gml="http://www.opengis.net/gml" schemaLocation="a {url}/a.xsd"', ""),
    ),
    "entities": lambda folder, url: text(
        folder / "a.kml", KML.format("", "").replace("<kml", '<!DOCTYPE kml [<!ENTITY a "b">]><kml')
    ),
    "a virtual table": _virtual("CREATE VIRTUAL TABLE b USING VirtualOGR('{}')"),
    "a virtual table by a name": _virtual("CREATE VIRTUAL TABLE \"b USING rtree\" USING VirtualText('{}')"),
    "a virtual table behind a comment": _virtual("CREATE /**/ VIRTUAL TABLE b USING VirtualOGR('{}')"),
    "a folder": lambda folder, url: _folder(folder / "a.gdb"),
    "nothing": lambda folder, url: text(folder / "a.gpkg", ""),
    "no zip": lambda folder, url: text(folder / "a.kmz", "PK"),
}


def _folder(path: Path) -> Path:
    path.mkdir()
    (path / "a.vrt").write_text("<OGRVRTDataSource/>", encoding="utf-8")
    return path


def _read(used: str, path: Path) -> object:
    if used == "overlay":
        return read_overlays([path], ZONE)
    return read_lines([str(path)], None) if used == "line" else read_area([str(path)], None)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_leads_elsewhere_is_refused(name: str, tmp_path: Path, listener: Listener) -> None:
    (tmp_path / "secret.csv").write_text(
        "x,y,name\n45000,-77500,secret\n45010,-77500,secret\n", encoding="utf-8"
    )
    path = HOSTILE[name](tmp_path, listener.url)
    uses = (
        {"overlay", "line", "area"} if path.suffix in (".geojson", ".json", ".shp") else {"overlay", "line"}
    )
    for used in uses - ({"line"} if path.suffix == ".csv" else set()):  # which is a text of vertices
        with pytest.raises((FileError, ParameterError)) as refusal:
            _read(used, path)
        assert path.name in str(refusal.value)
    assert not listener.heard


@pytest.mark.parametrize(
    "content",
    [
        "[" * 200_000,
        '{"type": "Polygon", "coordinates": ' + "[" * 900 + "]" * 900 + "}",
        '{"type": "Polygon", "coordinates": [[[0, 0], [1e400, 1], [1, 1], [0, 0]]]}',
        '{"type": "Polygon", "coordinates": [[[0, 0], [1' + "0" * 400 + ", 1], [1, 1], [0, 0]]]}",
        '{"type": "Polygon", "coordinates": {"a": 1}}',
        '{"type": "Polygon", "coordinates": [[["a", 0], [1, 1], [2, 2], [0, 0]]]}',
        '{"type": "Polygon"}',
        '{"type": "FeatureCollection", "features": {"a": 1}}',
        '{"type": "FeatureCollection", "features": [1]}',
        '{"type": "FeatureCollection", "features": [{"geometry": 7}]}',
        '{"type": "GeometryCollection", "geometries": [null]}',
        '{"type": "Feature", "geometry": {"type": "Circle", "coordinates": [0, 0]}}',
        "7",
        "null",
        '"type"',
        "",
        "\0",
    ],
)
@pytest.mark.parametrize("used", [read, lambda path: read_area([str(path)], None)])
def test_geojson_that_makes_no_sense(content: str, used: Callable[[Path], object], tmp_path: Path) -> None:
    with pytest.raises(HyogoError, match=r"a\.geojson"):
        used(text(tmp_path / "a.geojson", content))


def test_counts_that_no_file_holds(tmp_path: Path) -> None:
    """A Shapefile that claims two thousand million points, or less than none."""
    path = drawn(tmp_path / "a.shp", "ESRI Shapefile")
    sound = path.read_bytes()
    for count in (b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\x40"):
        for at in (144, 148):  # parts and points of the first shape
            path.write_bytes(sound[:at] + count + sound[at + 4 :])
            with pytest.raises(ParameterError, match=r"a\.shp"):
                read_area([str(path)], None)


@pytest.mark.parametrize("suffix", ["geojson", "shp", "txt"])
def test_texts_have_a_limit(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(b"1" * 5000)
    monkeypatch.setenv("HYOGO_PC_LIMIT_TEXT", "4999")
    with pytest.raises(HyogoError, match=r"longer than the limit of 4999 bytes.*--limit text"):
        read_area([str(path)], None)
    if suffix != "shp":
        with pytest.raises(HyogoError, match=r"longer than the limit of 4999 bytes.*--limit text"):
            read_lines([str(path)], None)
