"""Make the pictures of the gallery from ``sample_tiles``: ``python docs/gallery.py [--csmap-py COMMAND]``.

Every style is drawn at 1 m, each cell two pixels wide, beside 50 cm. The picture of csmap-py is made only where its
command is named.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image

import pointcloud as pc
from pointcloud.params.csmap import PRESETS, preset
from pointcloud.params.styles import STYLES

ROOT = Path(__file__).resolve().parents[1]
TILES = ROOT / "sample_tiles"
FOLDER = ROOT / "docs" / "img" / "gallery"

AROUND = (21700, -165900, 22000, -165650)
"""W, S, E, N of the terrain that the pictures are made from."""
SITE = (21750, -165850, 21960, -165730)
"""W, S, E, N of what they show: ditch, terraces with stone walls, and the slope below."""
GAP = 6

Picture = NDArray[np.uint8]


def main() -> None:
    """Draw every style and every preset."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csmap-py", metavar="COMMAND")
    command: str | None = parser.parse_args().csmap_py
    FOLDER.mkdir(parents=True, exist_ok=True)
    ground = sorted((TILES / "ground").glob("*.laz"))
    points = pc.read(*sorted(TILES.glob("*.laz")), *sorted((TILES / "original").glob("*.laz")), ground=ground)
    coarse, fine = (pc.dem(points, resolution, bounds=AROUND) for resolution in (1.0, 0.5))
    for style in STYLES:
        save(style, *(shown(pc.picture(dem, style)) for dem in (coarse, fine)))
    for name in PRESETS[1:]:
        save(f"cs-{name}", *(shown(pc.cs(dem, preset(name))) for dem in (coarse, fine)))
    save(
        "viewshed",
        *(shown(pc.viewshed(dem, "sample", eye_height=15.0, shown="picture")) for dem in (coarse, fine)),
    )
    if command:
        save("csmap-py", *(csmap_py(dem, command) for dem in (coarse, fine)))


def shown(raster: pc.Raster) -> Picture:
    """Return the site on white."""
    grid = raster.grid
    north, west = grid.box.bounds[3], grid.box.bounds[0]
    top, left = round((north - SITE[3]) / raster.resolution), round((SITE[0] - west) / raster.resolution)
    rows, cols = (
        round((SITE[3] - SITE[1]) / raster.resolution),
        round((SITE[2] - SITE[0]) / raster.resolution),
    )
    part = raster.array[top : top + rows, left : left + cols].astype(np.float64)
    opacity = part[..., 3:] / 255.0
    return np.rint(part[..., :3] * opacity + 255.0 * (1.0 - opacity)).astype(np.uint8)


def csmap_py(dem: pc.Raster, command: str) -> Picture:
    """Return the site as csmap-py draws it; what it loses at its edges lies beyond."""
    with tempfile.TemporaryDirectory() as scratch:
        source, made = Path(scratch, "dem.tif"), Path(scratch, "cs.tif")
        rows, cols = dem.array.shape
        profile = {"driver": "GTiff", "width": cols, "height": rows, "count": 1, "dtype": "float32"}
        with rasterio.open(
            source, "w", **profile, transform=dem.transform, crs=dem.crs, nodata=-9999
        ) as file:
            file.write(np.nan_to_num(dem.array, nan=-9999.0), 1)
        subprocess.run([command, str(source), str(made)], check=True)
        with rasterio.open(made) as file:
            bands, west, north = file.read(), file.transform.c, file.transform.f
    whole = np.zeros((rows, cols, 4), np.uint8)
    top, left = (
        round((dem.bounds[3] - north) / dem.resolution),
        round((west - dem.bounds[0]) / dem.resolution),
    )
    whole[top : top + bands.shape[1], left : left + bands.shape[2]] = np.moveaxis(bands, 0, 2)
    return shown(pc.Raster(whole, dem.grid, dem.crs))


def save(name: str, coarse: Picture, fine: Picture) -> None:
    """Write 1 m beside 50 cm."""
    coarse = coarse.repeat(2, 0).repeat(2, 1)
    between = np.full((fine.shape[0], GAP, 3), 255, np.uint8)
    path = FOLDER / f"{name}.jpg"
    Image.fromarray(np.hstack([coarse, between, fine])).save(path, quality=80, optimize=True)
    print(path.relative_to(ROOT), f"{path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
