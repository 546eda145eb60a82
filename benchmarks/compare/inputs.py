"""Made-up inputs that no folder of samples holds: text grids, GML, LEM, a geoid, texts of points, lines."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import numpy as np

HELPERS = Path(__file__).resolve().parents[2] / "tests" / "helpers"
sys.path.insert(0, str(HELPERS))

import geoids  # noqa: E402
import grid_files  # noqa: E402
import point_texts  # noqa: E402

CONTROL = """name,E,N,H
K1,21700.5,-165800.5,130.2
K2,21900.5,-166050.5,70.1
K3,30000.0,-166050.5,70.1
"""


def make(folder: Path) -> None:
    """Write them into a folder of their own each."""
    for name in ("text", "gml", "lem", "zip", "points", "geoid"):
        (folder / name).mkdir(parents=True)
    z = grid_files.hill(300, 400)
    z[40:60, 100:130] = np.nan
    (folder / "text" / "05LF9020_1g.txt").write_text(grid_files.text_grid(z, (40000, -57900)))
    east = grid_files.text_grid(z + 1, (40400, -57900), end="\r\n", blank="-9999.00")
    (folder / "text" / "05LF9021_1g.txt").write_text(east, newline="")
    with zipfile.ZipFile(folder / "zip" / "05LF.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("05LF9022_1g.txt", grid_files.text_grid(z - 1, (40800, -57900)))
    lon, lat = 134 + 6 * 7.5 / 60, 52 / 1.5 + 5 * 5 / 60 + 30 / 3600
    mesh = np.round(100 + 5 * grid_files.hill(150, 225), 2)
    mesh[4:9, 5:7] = np.nan
    name = "FG-GML-5234-56-10-DEM5A-20161001.xml"
    (folder / "gml" / name).write_bytes(grid_files.gml(mesh, "52345610", (lon, lat)))
    grid_files.lem(folder / "lem", "05LF90", np.round(grid_files.hill(300, 400), 1))
    all_points, ground = point_texts.hillside()
    point_texts.write_text(folder / "points" / "05LF9011_org.txt", all_points)
    point_texts.write_text(folder / "points" / "05LF9011_grd.txt", ground)
    rows, cols = np.mgrid[0:121, 0:61]
    smooth = (37 + 0.01 * rows + 0.02 * cols).astype(np.float32)
    geoids.write_gtx(folder / "geoid" / "gsigeo2011.gtx", smooth)
    (folder / "control.csv").write_text(CONTROL, encoding="utf-8")
    (folder / "lines.geojson").write_text(json.dumps(_lines()), encoding="utf-8")
    stages = [{"type": "filters.range", "limits": "Classification[2:2]"}]
    (folder / "stages.json").write_text(json.dumps(stages), encoding="utf-8")


def _lines() -> dict[str, object]:
    """Return two shapes over the sample castle, in its plane, with names."""
    shapes = (
        ("Bailey", "Polygon", [[[21850, -165800], [21950, -165800], [21950, -165720], [21850, -165800]]]),
        ("Path", "LineString", [[21700, -165900], [21800, -165820], [21896, -165766]]),
    )
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": {"type": kind, "coordinates": places}}
        for name, kind, places in shapes
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::6673"}}
    return {"type": "FeatureCollection", "crs": crs, "features": features}
