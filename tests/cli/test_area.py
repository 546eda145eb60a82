"""`--area`: boxes, polygons, sheet codes, and what it cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pyproj
import pytest
import shapefile
from squares import SOUTH, SQUARES, WEST, cloud, made, run


def geojson(path: Path, *corners: tuple[float, float]) -> Path:
    ring = [*corners, corners[0]]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}), encoding="utf-8")
    return path


NORTH_EAST = [(WEST + 60, SOUTH + 60), (WEST + 90, SOUTH + 60), (WEST + 75, SOUTH + 90)]
"""A triangle within the north-eastern square."""


def degrees() -> list[tuple[float, float]]:
    move = pyproj.Transformer.from_crs(6673, 6668, always_xy=True)
    return [move.transform(*corner) for corner in NORTH_EAST]


def test_area_as_a_box(four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Edges that only touch do not count."""
    box = f"{WEST},{SOUTH},{WEST + 50},{SOUTH + 100}"
    assert run(capsys, four, "-o", tmp_path / "out", *SQUARES, "-p", "dsm", "--area", box)[0] == 0
    assert made(tmp_path / "out") == {"E0044000_S0078000", "E0044000_S0077950"}


@pytest.mark.parametrize("kind", ["degrees", "metres", "collection"])
def test_area_as_geojson(kind: str, four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    area = geojson(tmp_path / "範囲.geojson", *(NORTH_EAST if kind == "metres" else degrees()))
    if kind == "collection":
        polygon = json.loads(area.read_text(encoding="utf-8"))
        features = [{"type": "Feature", "properties": {}, "geometry": polygon}]
        area.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    assert run(capsys, four, "-o", tmp_path / "out", *SQUARES, "-p", "dsm", "--area", area)[0] == 0
    assert made(tmp_path / "out") == {"E0044050_S0077950"}


@pytest.mark.parametrize("epsg", [6668, 6673])
def test_area_as_a_shapefile(
    epsg: int, four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with shapefile.Writer(str(tmp_path / "area.shp")) as writer:
        writer.field("name", "C")
        writer.poly([list(reversed(NORTH_EAST if epsg == 6673 else degrees()))])
        writer.record("a")
    (tmp_path / "area.prj").write_text(pyproj.CRS.from_epsg(epsg).to_wkt("WKT1_ESRI"), encoding="utf-8")
    area = tmp_path / "area.shp"
    assert run(capsys, four, "-o", tmp_path / "out", *SQUARES, "-p", "dsm", "--area", area)[0] == 0
    assert made(tmp_path / "out") == {"E0044050_S0077950"}


def test_area_as_sheet_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the level that is made, or of one above it, in either case of letters."""
    path = cloud(tmp_path / "a.laz", WEST + 150, SOUTH + 100, side=100.0)
    for area, codes in (
        ("05mf51ta", {"05MF51TA"}),
        ("05MF51", {"05MF51TA", "05MF51TB", "05MF51SA", "05MF51SB"}),
    ):
        out = tmp_path / area
        assert run(capsys, path, "-o", out, "--sheet", "250", "-p", "dsm", "--area", area)[0] == 0
        assert made(out) == codes


@pytest.mark.parametrize(
    ("area", "said"),
    [
        ("0,0,10,10", "touches none of the inputs"),
        ("10,10,0,0", "a box is W,S,E,N"),
        ("1,2,3", "is not a place"),
        ("05XX99", "05XX99"),
        ("08MF51", "another zone"),
        ("missing.geojson", "cannot be read"),
    ],
)
def test_areas_that_cannot_be(
    area: str, said: str, four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = run(capsys, four, "-o", tmp_path / "out", *SQUARES, "--area", area)
    assert code == 2
    assert said in text
    assert not (tmp_path / "out").exists()
