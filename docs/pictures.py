"""Make the pictures of the README and of the page of commands from ``sample_tiles``: ``python docs/pictures.py``."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from hyogo_pc.main import main as hyogo_pc
from pointcloud.sample import castle, place

ROOT = Path(__file__).resolve().parents[1]
TILES = ROOT / "sample_tiles"
FOLDER = ROOT / "docs" / "img"

EAST_HALF = (21600, -166200, 22400, -165600)
"""W, S, E, N of four sheets of level 500: at 50 cm small enough to be drawn cell by cell."""
WINDOW = (21775, -166105, 22055, -165705)
"""W, S, E, N of what is shown of them: castle, wood and town."""
CUT = "21893,-165705 21893,-165825"
"""E,N of the ends of the section."""
STRIP = 40
NOTE = "Sample Castle (made-up place)"


def main() -> None:
    """Grid the sample tiles twice, and keep what the README shows of the program's own pictures."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        whole, half = Path(scratch, "whole"), Path(scratch, "half")
        grid(whole, "-p", "cs")
        grid(half, "--area", ",".join(map(str, EAST_HALF)))
        with Image.open(whole / "CS_05g.png") as picture:
            save(picture.convert("RGB"), "cs.jpg")
        section(half, Path(scratch, "section.png"))
        site(half, Path(scratch))
        save(panels([half / f"{product}_05g.png" for product in ("DSM", "DEM", "CS")]), "products.jpg")
        save(mosaic(Path(scratch)), "mosaic.jpg")


def grid(out: Path, *options: str) -> None:
    """Grid the sample tiles at 50 cm."""
    tiles = (str(TILES), "--ground", str(TILES / "ground"))
    code = hyogo_pc(["--lang", "en", "grid", *tiles, "-r", "0.5", "--sheet", "500", "-o", str(out), *options])
    if code:
        raise SystemExit(code)


def mosaic(scratch: Path) -> Image.Image:
    """Return a DEM of 50 cm that was left void in the wood and below roofs, filled from 2 m, beside its sources."""
    tiles = (str(TILES), "--ground", str(TILES / "ground"), "--sheet", "500", "-p", "dem")
    area = ("--area", ",".join(map(str, EAST_HALF)))
    fine, coarse, filled = (scratch / name for name in ("50 cm", "2 m", "filled"))
    runs = (
        ("grid", *tiles, "-r", "0.5", "--max-gap", "2.5", *area, "-o", fine),
        ("grid", *tiles, "-r", "2", "-o", coarse),
        ("mosaic", fine, coarse, "--feather", "20", "--sheet", "500", "-o", filled),
    )
    for arguments in runs:
        if hyogo_pc(["--lang", "en", *map(str, arguments)]):
            raise SystemExit(1)
    shown = []
    for name in ("DEM_05g.png", "SOURCE_05g.png"):
        with Image.open(filled / name) as picture:
            shown.append(picture.convert("RGB"))
    canvas = Image.new("RGB", (2 * 1200, max(picture.height for picture in shown)), "white")
    for index, picture in enumerate(shown):
        canvas.paste(picture.crop((0, 0, 1200, 1200)), (1200 * index, 0))
        canvas.paste(picture.crop((0, 1200, 1000, picture.height)), (1200 * index, 1200))
    return canvas.resize((1200, canvas.height // 2), Image.Resampling.LANCZOS)


def section(folder: Path, out: Path) -> None:
    """Cut the castle from the slope in the north over the keep to the slope in the south, and keep the drawing."""
    source = [str(folder / "DEM_05g.vrt"), "--dsm", str(folder / "DSM_05g.vrt")]
    points = ["--points", str(TILES), "--ground", str(TILES / "ground")]
    page = ["--line", CUT, "--scale", "500", "--dpi", "110", "--title", "Sample Castle", "-o", str(out)]
    if hyogo_pc(["--lang", "en", "profile", *source, *points, *page]):
        raise SystemExit(1)
    with Image.open(out) as picture:
        few = picture.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    few.save(FOLDER / "profile.png", optimize=True)


def site(folder: Path, scratch: Path) -> None:
    """Draw a map of the castle for paper, with the outlines of its terraces."""
    names = ("west outer bailey", "west bailey", "main bailey", "second bailey", "third bailey")
    features = [
        {
            "type": "Feature",
            "properties": {"name": terrace.name},
            "geometry": {"type": "Polygon", "coordinates": [ring(terrace.corners)]},
        }
        for terrace in castle.TERRACES
        if terrace.name in names
    ]
    system = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{place.EPSG}"}}
    terraces = Path(scratch, "Terraces.geojson")
    terraces.write_text(json.dumps({"type": "FeatureCollection", "crs": system, "features": features}))
    out = Path(scratch, "map.png")
    options = ["--overlay", str(terraces), "--label", "name", "--magnetic", "7.8W", "--date", "2026-01-01"]
    options += ["--scale", "2000", "--at", "21915,-165770", "--title", "Sample Castle", "--dpi", "150"]
    if hyogo_pc(["--lang", "en", "map", str(folder / "DEM_05g.vrt"), *options, "-o", str(out)]):
        raise SystemExit(1)
    with Image.open(out) as picture:
        save(picture.convert("RGB").resize((1240, 877), Image.Resampling.LANCZOS), "map.jpg")


def ring(corners: castle.Corners) -> list[tuple[float, float]]:
    """Return the closed outline of a terrace, E and N in metres."""
    local = [castle.place(*corner) for corner in (*corners, corners[0])]
    return [(place.WEST + float(x), place.SOUTH + float(y)) for x, y in local]


def panels(paths: Sequence[Path]) -> Image.Image:
    """Return the same window of several pictures side by side, with their names below."""
    west, south, east, north = WINDOW
    box = [2 * (west - EAST_HALF[0]), 2 * (EAST_HALF[3] - north)]
    box += [2 * (east - EAST_HALF[0]), 2 * (EAST_HALF[3] - south)]
    width, height, gap = box[2] - box[0], box[3] - box[1], 6
    canvas = Image.new("RGB", (len(paths) * (width + gap) - gap, height + STRIP), "white")
    draw = ImageDraw.Draw(canvas)
    for index, path in enumerate(paths):
        left = index * (width + gap)
        with Image.open(path) as picture:
            if picture.width != 2 * (EAST_HALF[2] - EAST_HALF[0]):
                raise SystemExit(f"{path.name} does not show the four sheets cell by cell")
            canvas.paste(picture.crop((box[0], box[1], box[2], box[3])), (left, 0))
        draw.text((left + 6, height + 6), path.stem.split("_")[0], "black", ImageFont.load_default(26))
    draw.text((canvas.width - 6, height + 12), NOTE, "dimgray", ImageFont.load_default(20), "ra")
    return canvas


def save(picture: Image.Image, name: str) -> None:
    """Write one picture, small enough for a page."""
    picture.save(FOLDER / name, quality=85, optimize=True)
    print(FOLDER / name, f"{(FOLDER / name).stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
