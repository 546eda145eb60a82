"""Viewsheds: seconds for a million cells, by radius, beside looking at every crossing, and beside GDAL.

    python benchmarks/viewshed.py [--gdal COMMAND] [--runs N] [--radius CELLS …]

The terrain is hills with 5 cm of noise, the eye 1.6 m above a summit and above a valley floor. ``gdal_viewshed`` is
measured where COMMAND is found (from file to file, one viewpoint; it approximates, and takes other cells for hidden).
CPU seconds, the best of the runs, one thread.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from relief import terrain, write

from pointcloud.params.viewshed import SightParams
from pointcloud.relief.viewshed import Eye, Sight

Dem = NDArray[np.float32]


def best(run: Callable[[], object], runs: int) -> float:
    """CPU seconds of this process and its children."""
    spent = []
    for _ in range(runs):
        before = sum(os.times()[:4])
        run()
        spent.append(sum(os.times()[:4]) - before)
    return min(spent)


def measure(dem: Dem, radius: int, where: str, runs: int, gdal: str | None) -> None:
    middle = dem[radius - 120 : radius + 120, radius - 120 : radius + 120]
    index = np.argmax(middle) if where == "summit" else np.argmin(middle)
    row, col = (int(place) + radius - 120 for place in np.unravel_index(int(index), middle.shape))
    whole = slice(0, dem.shape[0]), slice(0, dem.shape[1])
    scene = Sight(dem, 1.0, SightParams(radius=float(radius)))
    seen = scene.needed(Eye(row, col), *whole)
    known = int(np.isfinite(seen).sum())
    share = 100.0 * float((seen == 0.0).sum()) / known

    def tell(name: str, seconds: float) -> None:
        print(
            f"  {radius:5d} cells, {where:6s}  {name:24s} {seconds / known * 1e6:7.2f} CPU-s/M cells",
            flush=True,
        )

    print(f"  {radius:5d} cells, {where:6s}  {known / 1e6:.1f} M cells, {share:.1f} % seen")
    tell("ours", best(lambda: scene.needed(Eye(row, col), *whole), runs))
    if radius <= 1000:
        plain = Sight(dem, 1.0, SightParams(radius=float(radius)))
        plain._small.fill(np.inf)
        plain._large.fill(np.inf)
        same = np.array_equal(plain.needed(Eye(row, col), *whole), seen, equal_nan=True)
        tell(
            f"every crossing ({'equal' if same else 'DIFFERS'})",
            best(lambda: plain.needed(Eye(row, col), *whole), 1),
        )
    if gdal:
        with tempfile.TemporaryDirectory() as folder:
            source, out = Path(folder, "dem.tif"), Path(folder, "seen.tif")
            write(source, dem)
            with rasterio.open(source) as file:
                x, y = file.xy(row, col)
            command = [gdal, "-ox", str(x), "-oy", str(y), "-oz", "1.6", "-tz", "0", "-md", str(radius)]
            command += ["-cc", str(1.0 - 0.133), str(source), str(out)]
            tell(
                "gdal_viewshed", best(lambda: subprocess.run(command, check=True, capture_output=True), runs)
            )
            with rasterio.open(out) as file:
                theirs = file.read(1) == 255
            differ = 100.0 * float((theirs != (seen == 0.0))[np.isfinite(seen)].sum()) / known
            print(f"    differs from ours on {differ:.2f} % of the cells")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gdal", metavar="COMMAND", default="gdal_viewshed")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--radius", type=int, nargs="+", default=[500, 1000, 3000])
    options = parser.parse_args()
    gdal = shutil.which(options.gdal)
    print(f"Viewsheds, {time.strftime('%Y-%m-%d')}" + ("" if gdal else "; gdal_viewshed is not there"))
    for radius in options.radius:
        dem = terrain(2 * radius + 1, 2 * radius + 1)
        for where in ("summit", "valley"):
            measure(dem, radius, where, options.runs, gdal)


if __name__ == "__main__":
    main()
