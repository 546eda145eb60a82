"""Make the pictures of the README from ``sample_tiles``: ``python docs/pictures.py``."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from hyogo_pc.main import main as hyogo_pc

ROOT = Path(__file__).resolve().parents[1]
TILES = ROOT / "sample_tiles"
FOLDER = ROOT / "docs" / "img"

EAST_HALF = (21600, -166200, 22400, -165600)
"""W, S, E, N of four sheets of level 500: at 50 cm small enough to be drawn cell by cell."""
WINDOW = (21775, -166105, 22055, -165705)
"""W, S, E, N of what is shown of them: castle, wood and town."""
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
            shown.append(picture.convert("RGB").crop((0, 0, 1200, picture.height)))
    canvas = Image.new("RGB", (2 * 1200, shown[0].height), "white")
    for index, picture in enumerate(shown):
        canvas.paste(picture, (1200 * index, 0))
    return canvas.resize((1200, canvas.height // 2), Image.Resampling.LANCZOS)


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
