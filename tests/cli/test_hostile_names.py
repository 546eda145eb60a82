"""Names of files, folders, members and lines that would act on a terminal, in a page or in a table."""

from __future__ import annotations

import csv
import gc
import io
import json
import os
import re
import tempfile
import xml.etree.ElementTree as ElementTree
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pikepdf
import pyogrio
import pytest
import rasterio
import shapely
from grid_files import hill, text_grid
from PIL import Image
from squares import SQUARES, WEST, cloud

from hyogo_pc.main import main
from pointcloud.io import raster
from pointcloud.io.plainname import PlainName

NAMES = {
    "control": "a\x1b[31m b\nc\r\x9b2Jd\u202eexe",
    "html": "a<img src=x onerror=alert(1)><script>&amp;\"'@DATA@]]>",
    "bytes": os.fsdecode("城山".encode("cp932")),
}
"""Names without their endings; the last are bytes that are no UTF-8, as of a Japanese ZIP unpacked on Linux."""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return NAMES[request.param]


class Said:
    """Runs commands, and looks at what they say."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.capfd = capfd

    def of(self, code: int, *arguments: str | Path) -> str:
        """Return what a command prints, which must act on no terminal."""
        assert main(list(map(str, arguments))) == code, self.capfd.readouterr()
        out, err = self.capfd.readouterr()
        for text in (out, err):
            assert "should not have happened" not in text
            assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text) is None
        return out


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Said:
    return Said(capfd)


class Page(HTMLParser):
    """The elements of a page, which must be those of the program alone."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: set[str] = set()
        text = path.read_bytes().decode()
        assert text.index("Content-Security-Policy") < text.index("<style>")
        self.feed(text)
        assert not self.tags & {"script", "img", "a", "iframe", "link"}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(key.startswith("on") or key == "style" for key, _ in attrs)


def marked(name: str) -> str:
    """The name as people are shown it."""
    return {
        NAMES["control"]: r"a\x1b[31m b\nc\r\x9b2Jd\u202eexe",
        NAMES["bytes"]: r"\x8f\xe9\x8eR",
    }.get(name, name)


def test_point_clouds(name: str, tmp_path: Path, said: Said) -> None:
    folder, out = tmp_path / name, tmp_path / "out"
    folder.mkdir()
    good = cloud(folder / f"{name}.laz")
    bad = folder / f"{name} cut.laz"
    bad.write_bytes(cloud(bad, WEST + 1000).read_bytes()[:-300])
    assert marked(name) in said.of(1, "info", folder)
    listed = json.loads(said.of(1, "info", folder, "--json"))
    assert {entry["path"] for entry in listed["files"]} == {str(good), str(bad)}
    said.of(1, "check", folder, "--html", tmp_path / "check.html", "--json", tmp_path / "check.json")
    Page(tmp_path / "check.html")
    checked = json.loads((tmp_path / "check.json").read_text(encoding="utf-8"))
    assert checked["inputs"] == [str(folder)]
    log = tmp_path / f"{name}.jsonl"
    text = said.of(
        1, "grid", folder, "-o", out, "--jobs", "1", *SQUARES, "-p", "dem", "--log", log, "--credit", name
    )
    assert f"{marked(name)} cut.laz" in text
    Page(out / "report.html")
    lines = log.read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["key"] for line in lines if '"reduce"' in line} == {good.name}
    records = [json.loads(path.read_text(encoding="utf-8")) for path in (out / "record").glob("*.json")]
    (made,) = (record["rasters"]["DEM_1g"] for record in records if record["rasters"])
    assert [each["name"] for each in made["inputs"]] == [good.name]
    with rasterio.open(next((out / "DEM_1g").glob("*.tif"))) as raster:
        assert [each["name"] for each in json.loads(raster.tags()["INPUTS"])] == [good.name]
    for form in ((), ("--json",)):
        said.of(1, "status", out, *form)
    said.of(0, "verify", out)
    bad.unlink()
    again = said.of(0, "grid", folder, "-o", out, "--jobs", "1", *SQUARES, "-p", "dem", "--credit", name)
    assert "1 sheets were there already" in again
    said.of(
        0,
        "plan",
        folder,
        "-o",
        out,
        *SQUARES,
        "--json",
        tmp_path / "p.json",
        "--geojson",
        tmp_path / "p.geojson",
    )
    for planned in ("p.json", "p.geojson"):
        json.loads((tmp_path / planned).read_text(encoding="utf-8"))


def test_in_a_zip(name: str, tmp_path: Path, said: Said) -> None:
    path = tmp_path / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{marked(name)}/DEM_05LF901_1g\x1b[2J\n.txt", text_grid(hill(60, 80)))
        archive.writestr("DEM_05LF902_1g\x9b.txt", "no grid")
    said.of(1, "convert", path, "-o", tmp_path / "out")
    said.of(1, "check", path, "--html", tmp_path / "check.html")
    Page(tmp_path / "check.html")


def written(folder: Path, name: str, tags: dict[str, str]) -> Path:
    """Write a DEM under a name that GDAL itself may not be able to write."""
    place = {"transform": rasterio.Affine(1, 0, WEST, 0, -1, -77400), "crs": "EPSG:6673", "nodata": -9999.0}
    size = {"width": 200, "height": 200, "count": 1, "dtype": "float32"}
    with rasterio.MemoryFile() as memory:
        with memory.open(driver="GTiff", **size, **place) as file:
            y, x = np.mgrid[0:200, 0:200]
            file.write((100 + x / 9 + 5 * np.sin(y / 9)).astype(np.float32), 1)
            file.update_tags(**tags)
        (folder / f"{name}.tif").write_bytes(memory.read())
    return folder / f"{name}.tif"


@pytest.fixture
def dem(name: str, tmp_path: Path) -> Path:
    return written(tmp_path, name, {"CREDIT": marked(name), "SYNTHETIC": "YES"})


def inputs(path: Path) -> list[str]:
    """The files that a raster says it was made from."""
    with rasterio.MemoryFile(path.read_bytes()) as memory, memory.open() as raster:
        return [each["name"] for each in json.loads(raster.tags()["INPUTS"])]


def test_relief_and_viewsheds(dem: Path, tmp_path: Path, said: Said) -> None:
    said.of(0, "relief", dem, "-o", tmp_path / "out", "--style", "slope", "--style", "hillshade")
    made = sorted((tmp_path / "out").rglob("*.tif"))
    assert [inputs(path) for path in made] == [[dem.name]] * 2
    at = f"{WEST + 100},-77500"
    said.of(0, "viewshed", at, "--dem", dem, "-o", tmp_path / f"{dem.stem} seen.tif", "--radius", "50")


def test_mosaics(name: str, dem: Path, tmp_path: Path, said: Said) -> None:
    out = tmp_path / "out"
    other = written(tmp_path, f"{name} 2", {})
    said.of(0, "mosaic", dem, other, "-o", out, "--jobs", "1", "--whole", "--credit", name)
    style = ElementTree.fromstring(next(out.glob("*.qml")).read_bytes())
    labels = {entry.get("label") for entry in style.iter("paletteEntry")}
    assert any(marked(dem.stem) in str(label) for label in labels)
    for path in out.glob("*.vrt"):
        ElementTree.fromstring(path.read_bytes())
    said.of(0, "status", out)


def test_maps(name: str, dem: Path, tmp_path: Path, said: Said) -> None:
    outs = [tmp_path / f"{name} map{suffix}" for suffix in (".pdf", ".png", ".svg")]
    lines = [tmp_path / f"{name} lines{suffix}" for suffix in (".gpkg", ".dxf")]
    arguments = [part for out in outs for part in ("-o", str(out))]
    arguments += [part for path in lines for part in ("--contours", str(path))]
    drawn = name if name == NAMES["html"] else "plain"  # the letters of the others are in no font
    said.of(
        0,
        "map",
        dem,
        "--title",
        drawn,
        "--author",
        drawn,
        "--credit",
        drawn,
        "--dpi",
        "100",
        *arguments,
        "--interval",
        "1",
    )
    with pikepdf.open(io.BytesIO(outs[0].read_bytes())) as document:
        assert str(document.docinfo["/Title"]) == drawn
        assert "/OpenAction" not in document.Root
        assert "/Names" not in document.Root
    with Image.open(io.BytesIO(outs[1].read_bytes())) as picture:
        assert picture.text["Title"] == drawn
    svg = ElementTree.fromstring(outs[2].read_bytes())
    assert not {element.tag.rpartition("}")[2] for element in svg.iter()} & {"script", "a", "foreignObject"}
    assert drawn in "".join(svg.itertext())
    _, _, shapes, _ = pyogrio.raw.read(lines[0].read_bytes())
    assert len(shapes) > 3
    assert lines[1].read_text().count("LWPOLYLINE") + lines[1].read_text().count("\nPOLYLINE") > 3


def test_folders(name: str, tmp_path: Path, said: Said) -> None:
    """All of it lies in such a folder: inputs, results, and what GDAL, workers and drawings need on the way."""
    home = tmp_path / name
    (home / "in").mkdir(parents=True)
    for west in (WEST, WEST + 50):
        cloud(home / "in" / f"{name} {west:.0f}.laz", west)
    out = home / "out"
    said.of(0, "grid", home / "in", "-o", out, "--jobs", "2", *SQUARES, "-p", "dem", "-p", "cs")
    mosaic = out / "DEM_1g.vrt"
    said.of(0, "relief", mosaic, "-o", home / f"{name}.tif", "--style", "slope")
    line = {"type": "LineString", "coordinates": [[WEST + 10, -77990], [WEST + 90, -77960]]}
    feature = {"type": "Feature", "properties": {"name": "A"}, "geometry": line}
    crs = {"type": "name", "properties": {"name": "EPSG:6673"}}
    drawing = home / f"{name}.geojson"
    drawing.write_text(
        json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}), encoding="utf-8"
    )
    pack = tmp_path / "a.gpkg"
    shape = shapely.to_wkb(np.array([shapely.LineString(line["coordinates"])]))
    pyogrio.raw.write(pack, shape, [], [], driver="GPKG", geometry_type="LineString", crs="EPSG:6673")
    pack = pack.rename(home / f"{name}.gpkg")
    overlays = [part for path in (drawing, pack) for part in ("--overlay", str(path))]
    said.of(0, "map", mosaic, *overlays, "-o", home / "m.png", "--dpi", "100")
    said.of(0, "profile", mosaic, "--line", pack, "--points", home / "in", "-o", home / f"{name}.csv")
    said.of(0, "viewshed", f"{WEST + 50},-77970", "--dem", mosaic, "-o", home / "seen.tif", "--radius", "30")
    said.of(0, "verify", out)


def test_a_raster_with_its_world_file(name: str, tmp_path: Path) -> None:
    """What lies beside a raster is found by GDAL, too, whatever they are called."""
    with rasterio.MemoryFile() as memory:
        with memory.open(driver="GTiff", width=9, height=9, count=1, dtype="uint8") as file:
            file.write(np.ones((1, 9, 9), np.uint8))
        (tmp_path / f"{name}.tif").write_bytes(memory.read())
    world = tmp_path / f"{name}.tfw"
    world.write_text("2\n0\n0\n-2\n101\n299\n", encoding="utf-8")
    with raster.opened(tmp_path / f"{name}.tif") as file:
        assert tuple(file.transform)[:6] == (2, 0, 100, 0, -2, 300)
        assert raster.files_of(tmp_path / f"{name}.tif", file) == (tmp_path / f"{name}.tif", world)


def test_links_go_with_what_they_are_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = tmp_path / f"{NAMES['bytes']}.tif"
    path.write_bytes(b"a")
    left = tmp_path / "hyogo-pc-names-999999999-x"  # of a process that was killed
    left.mkdir()
    named = PlainName(path)
    assert Path(named.text).read_bytes() == b"a"
    assert not left.exists()
    del named
    gc.collect()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_words_in_the_metadata_of_drawings() -> None:
    """What no font has is refused before; what the metadata hold is plain all the same."""
    from pointcloud.print.paper import save
    from pointcloud.print.paper.fonts import Fonts
    from pointcloud.print.paper.page import Page as Paper

    page = Paper(50.0, 50.0, Fonts("en"))
    page.layer("frame").rect(save.Rect(5.0, 5.0, 40.0, 40.0), edge="black", width=0.2)
    for name in NAMES.values():
        with pikepdf.open(io.BytesIO(save.pdf(page, title=name, author=name))) as document:
            assert str(document.docinfo["/Author"]) == marked(name)
        with Image.open(io.BytesIO(save.png(page, 100.0, title=name, note=name))) as picture:
            assert picture.text["Comment"] == marked(name)
        svg = ElementTree.fromstring(save.svg(page, title=name, author=name))
        assert marked(name) in "".join(svg.itertext())


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-A", "'-A"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),
        (" =1", "'=1"),
        ("a\r\n=1,2", r"a\r\n=1,2"),
        ('A "1", b;c', 'A "1", b;c'),
        ("B-2", "B-2"),
    ],
)
def test_tables(line: str, field: str, tmp_path: Path, said: Said) -> None:
    """A line that is named like a formula stands in the table with an apostrophe before it."""
    path = tmp_path / "lines.geojson"
    shape = {"type": "LineString", "coordinates": [[WEST + 10, -77410], [WEST + 20, -77410]]}
    feature = {"type": "Feature", "properties": {"name": line}, "geometry": shape}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    source = written(tmp_path, "DEM", {})
    said.of(0, "profile", source, "--line", path, "-o", tmp_path / "t.csv")
    rows = list(csv.reader(io.StringIO((tmp_path / "t.csv").read_bytes().decode("utf-8-sig"), newline="")))
    assert {row[0] for row in rows[1:]} == {field}
    assert {len(row) for row in rows} == {5}
