"""Views: 3 million cells with drape and names at 1920 x 1080, and a large cloud thinned to its budget.

``python benchmarks/view.py [--points 100000000]``; each part runs in a process of its own, whose largest memory is
shown. The cloud is written to a temporary folder first (20 bytes a point).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import laspy
import numpy as np
import rasterio
from affine import Affine

from pointcloud.geo import places
from pointcloud.view import screenshot
from pointcloud.view.build import build
from pointcloud.view.request import Label, ViewRequest

WEST, NORTH, COLS, ROWS = 44_000.0, -76_500.0, 2000, 1500
"""A 1:2500 sheet at 1 m."""
SHEET = "05MF513"
CHUNK = 5_000_000


def terrain(folder: Path) -> Path:
    """Write 3 million cells of hills with noise."""
    rows, cols = np.indices((ROWS, COLS))
    z = 200 + 80 * np.sin(cols / 160) * np.cos(rows / 120) + 10 * np.sin(cols / 23 + rows / 31)
    z += np.random.default_rng(1).normal(0, 0.1, z.shape)
    path = folder / "DEM.tif"
    profile = {"driver": "GTiff", "width": COLS, "height": ROWS, "count": 1, "dtype": "float32"}
    transform = Affine(1, 0, WEST, 0, -1, NORTH)
    with rasterio.open(path, "w", **profile, crs="EPSG:6673", transform=transform) as file:
        file.write(z.astype(np.float32), 1)
    return path


def cloud(folder: Path, count: int) -> Path:
    """Write so many points, uncompressed."""
    path = folder / "cloud.las"
    header = laspy.LasHeader(point_format=0, version="1.2")
    header.scales, header.offsets = np.array([0.001] * 3), np.array([WEST, NORTH - ROWS, 0.0])
    rng = np.random.default_rng(2)
    with laspy.open(path, "w", header=header) as file:
        for start in range(0, count, CHUNK):
            size = min(CHUNK, count - start)
            part = laspy.ScaleAwarePointRecord.zeros(size, header=header)
            part["X"], part["Y"] = rng.integers(0, COLS * 1000, size), rng.integers(0, ROWS * 1000, size)
            part["Z"] = rng.integers(100_000, 300_000, size)
            part.classification = rng.integers(1, 6, size).astype(np.uint8)
            file.write_points(part)
    return path


def picture(name: str, request: ViewRequest) -> None:
    """Make a picture, and say what it took."""
    start, used = time.perf_counter(), time.process_time()
    model = build(request)
    built = time.perf_counter() - start
    screenshot.png(screenshot.picture(model, (1920, 1080)), model)
    took, cpu = time.perf_counter() - start, time.process_time() - used
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{name}: {took:.1f} s ({built:.1f} s before drawing), {cpu:.1f} CPU s, {memory:.2f} GiB at most")
    for note in model.notes:
        print(f"  {note}")


def apart(work: Callable[..., None], *arguments: object) -> None:
    """Run in a process of its own, so that its memory is its own."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=100_000_000)
    count = parser.parse_args().points
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as scratch:
        dem = terrain(Path(scratch))
        place = places.parse(SHEET)
        labels = tuple(Label(f"No. {k}", WEST + 200 + 320 * k, NORTH - 750) for k in range(6))
        request = ViewRequest(place, (dem,), drape="cs", labels=labels, threads=os.cpu_count() or 1)
        apart(picture, "3 million cells, CS relief, names", request)
        points = cloud(Path(scratch), count)
        thinned = ViewRequest(place, (dem,), points=(points,), threads=os.cpu_count() or 1)
        apart(picture, f"{count / 1e6:g} million points", thinned)


if __name__ == "__main__":
    main()
