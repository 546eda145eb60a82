"""The user's own shapes: read, brought to the map's CRS, refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely

from pointcloud.errors import CrsError, FileError, ParameterError
from pointcloud.geo import projections
from pointcloud.print.vectors import files
from pointcloud.print.vectors.overlay import lines, points, polygons, read_overlays

ZONE = "EPSG:6673"


def geojson(path: Path, *shapes: object, crs: str | None = None, **fields: str) -> Path:
    features = [
        {"type": "Feature", "properties": fields, "geometry": shapely.geometry.mapping(shape)}
        for shape in shapes
    ]
    content: dict[str, object] = {"type": "FeatureCollection", "features": features}
    if crs:
        content["crs"] = {"type": "name", "properties": {"name": crs}}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_degrees_are_brought_to_the_plane(tmp_path: Path) -> None:
    path = geojson(tmp_path / "城.geojson", shapely.Point(134.8290, 35.3003))
    (layer,) = read_overlays([path], ZONE)
    assert layer.name == "城"
    assert (layer.shapes[0].x, layer.shapes[0].y) == pytest.approx((45078.249, -77513.047), abs=2e-3)


def test_coordinates_of_the_same_zone_stay_to_the_bit(tmp_path: Path) -> None:
    ring = shapely.Polygon([(45000.1, -77500.3), (45010.7, -77500.3), (45010.7, -77490.9)])
    path = geojson(tmp_path / "area.geojson", ring, crs="urn:ogc:def:crs:EPSG::2447")
    (layer,) = read_overlays([path], ZONE)
    assert shapely.get_coordinates(layer.shapes[0]).tolist() == shapely.get_coordinates(ring).tolist()


def test_layers_of_a_geopackage_and_labels(tmp_path: Path) -> None:
    path = tmp_path / "縄張.gpkg"
    for number, name in enumerate(("郭", "トレンチ")):
        shape = shapely.to_wkb(np.array([shapely.LineString([(0, 0), (number + 1, 1)])]))
        columns = [np.array([f"{name}1"], object)]
        pyogrio.raw.write(
            path,
            shape,
            columns,
            ["name"],
            layer=name,
            driver="GPKG",
            geometry_type="LineString",
            crs=ZONE,
            append=number > 0,
        )
    layers = read_overlays([path], ZONE, "name")
    assert [(layer.name, layer.labels) for layer in layers] == [
        ("郭", ("郭1",)),
        ("トレンチ", ("トレンチ1",)),
    ]
    with pytest.raises(ParameterError, match="no field 名前; there are: name"):
        read_overlays([path], ZONE, "名前")


def test_files_without_the_field_are_drawn_without_labels(tmp_path: Path) -> None:
    named = geojson(tmp_path / "named.geojson", shapely.Point(134.8290, 35.3003), 名称="本丸")
    plain = geojson(tmp_path / "plain.geojson", shapely.Point(134.8290, 35.3003))
    layers = read_overlays([plain, named], ZONE, "名称")
    assert [layer.labels for layer in layers] == [(), ("本丸",)]
    with pytest.raises(ParameterError, match=r"plain\.geojson, .*named\.geojson: no field name; .*名称"):
        read_overlays([plain, named], ZONE, "name")


@pytest.mark.parametrize("driver", [0x00, 0x57, 0x13, 0x7B])
@pytest.mark.parametrize(
    ("coding", "name"), [("cp932", "本丸・能舞台表"), ("UTF-8", "本丸・能舞台表"), ("ISO-8859-1", "café")]
)
def test_shapefiles_that_do_not_say_how_they_are_encoded(
    tmp_path: Path, coding: str, name: str, driver: int
) -> None:
    """UTF-8 where every text is that, else cp932 where every text is that; others are for GDAL."""
    path = tmp_path / "縄張.shp"
    point = shapely.to_wkb(np.array([shapely.Point(45000, -77500)]))
    columns = [np.array([name], object), np.array([3])]
    write = pyogrio.raw.write
    write(path, point, columns, ["name", "n"], geometry_type="Point", crs=ZONE, encoding=coding)
    table = path.with_suffix(".dbf")
    data = bytearray(table.read_bytes())
    data[29] = driver
    table.write_bytes(data)
    assert files.encoding(path) is None  # the .cpg says it
    path.with_suffix(".cpg").unlink()
    assert files.encoding(path) == {"cp932": "cp932", "UTF-8": "utf-8"}.get(coding)
    if coding != "ISO-8859-1":
        assert read_overlays([path], ZONE, "name")[0].labels == (name,)
        path.with_suffix(".dbf").unlink()
        assert files.encoding(path) is None


def test_dxf_without_crs_is_taken_as_the_maps(tmp_path: Path) -> None:
    path = tmp_path / "plan.dxf"
    shape = shapely.to_wkb(np.array([shapely.LineString([(45000, -77500), (45010, -77500)])]))
    with pytest.warns(UserWarning, match="crs"):
        pyogrio.raw.write(
            path, shape, [np.array(["0"], object)], ["Layer"], driver="DXF", geometry_type="LineString"
        )
    (layer,) = read_overlays([path], ZONE)
    assert not layer.stated
    assert layer.touches((45005, -77510, 45020, -77490))
    assert not layer.touches((45015, -77510, 45020, -77490))


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="nowhere"):
        read_overlays([tmp_path / "nowhere.gpkg"], ZONE)
    broken = tmp_path / "broken.gpkg"
    broken.write_bytes(b"no database")
    with pytest.raises(FileError, match="broken"):
        read_overlays([broken], ZONE)
    with pytest.raises(FileError, match="holds no"):
        read_overlays([geojson(tmp_path / "empty.geojson")], ZONE)
    remote = tmp_path / "remote.vrt"
    remote.write_text("<OGRVRTDataSource/>")
    with pytest.raises(FileError, match="not read as drawings"):
        read_overlays([remote], ZONE)


def test_places_that_the_plane_does_not_have(tmp_path: Path) -> None:
    path = geojson(tmp_path / "pole.geojson", shapely.Point(-45.0, 100.0))
    assert projections.load(ZONE).is_projected
    with pytest.raises(CrsError, match=r"pole\.geojson"):
        read_overlays([path], ZONE)


def test_parts_of_collections() -> None:
    square = shapely.box(0, 0, 4, 4).difference(shapely.box(1, 1, 2, 2))
    shape = shapely.GeometryCollection(
        [shapely.MultiPolygon([square]), shapely.LineString([(0, 0), (1, 1)]), shapely.Point(3, 4)]
    )
    assert [len(rings) for rings in polygons(shape)] == [2]
    assert len(lines(shape)) == 1
    assert points(shape) == [(3.0, 4.0)]
