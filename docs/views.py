"""Make the pictures of the page of views from ``sample_tiles``: ``python docs/views.py``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image

from hyogo_pc.main import main as hyogo_pc

ROOT = Path(__file__).resolve().parents[1]
TILES = ROOT / "sample_tiles"
FOLDER = ROOT / "docs" / "img" / "views"

VIEWS: dict[str, tuple[str, ...]] = {
    "relief": ("--drape", "cs", "--label", "front gate=22040,-165750"),
    "surface": ("--dsm", "DSM_05g.vrt", "--drape", "shaded-heights", "--from", "south-east"),
    "points": ("--points", str(TILES), "--section", "21700,-165810,22100,-165730", "--from", "160"),
    "contours": ("--contours", "2", "--exaggeration", "1.5", "--from", "north-west", "--sun", "250,30"),
    "eye": ("--view", "2", "--drape", "shaded-heights"),
}
"""Options of each picture."""
AFAR = ("--distance", "450", "--height", "200")
SIZE, SHOWN = "1440x760", 960


def main() -> None:
    """Grid the sample tiles at 50 cm, and show the castle from several sides."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "grid")
        tiles = (str(TILES), "--ground", str(TILES / "ground"))
        run("grid", *tiles, "-r", "0.5", "-p", "dem", "-p", "dsm", "--sheet", "500", "-o", str(out))
        for name, options in VIEWS.items():
            given = [str(out / text) if text.endswith(".vrt") else text for text in options]
            far = AFAR if "--from" in options else ()
            made = Path(scratch, f"{name}.png")
            run(
                "view",
                "sample",
                "--dem",
                str(out / "DEM_05g.vrt"),
                *given,
                *far,
                "--size",
                SIZE,
                "-o",
                str(made),
            )
            save(made, FOLDER / f"{name}.jpg")


def run(*arguments: str) -> None:
    """Run a command of the program."""
    if hyogo_pc(["--lang", "en", *arguments]):
        raise SystemExit(1)


def save(made: Path, path: Path) -> None:
    """Keep a picture, small enough for a page."""
    with Image.open(made) as picture:
        high = round(picture.height * SHOWN / picture.width)
        small = picture.convert("RGB").resize((SHOWN, high), Image.Resampling.LANCZOS)
    small.save(path, quality=82, optimize=True)
    print(path.relative_to(ROOT), f"{path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
