"""Points of other systems: how many a second come onto a plane, beside PROJ, and what that costs a whole file.

    python benchmarks/transform.py [--points N] [--runs N] [--laz FILE]

One core, in turn with PROJ (pyproj, one thread), CPU seconds, the median of the runs; beside them how far the two are
apart. Then a file is reduced, of the points of FILE or of made-up ones: as it is, and with `--to-crs` when it is in the
next zone and in degrees.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import laspy
import numpy as np
import pyproj
from numpy.typing import NDArray

from pointcloud import pipeline
from pointcloud.geo.crs import from_epsg
from pointcloud.geo.lattice import QUANTA_PER_METRE
from pointcloud.geo.transform import PointTransform
from pointcloud.io import moving
from pointcloud.io.clouds.crs import brought
from pointcloud.io.las.header import read_header
from pointcloud.params.grid import GridParams

Doubles = NDArray[np.float64]

KINDS = {"degrees to a zone": (6668, 6673), "a zone to the next": (6674, 6673), "UTM to a zone": (6690, 6673)}


def cpu(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def in_turn(runs: int, *each: Callable[[], object]) -> list[list[float]]:
    """CPU seconds of each, one after the other, ``runs`` times; the first time does not count."""
    for run in each:
        run()
    return [list(times) for times in zip(*([cpu(run) for run in each] for _ in range(runs)), strict=True)]


def kernels(points: int, runs: int) -> None:
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(133.0, 136.0, points), rng.uniform(34.0, 36.0, points)
    for name, (source, target) in KINDS.items():
        way = PointTransform.between(from_epsg(source), from_epsg(target), name)
        assert way is not None
        x, y = lon, lat
        unit = 1.0
        if way.origin is not None:
            x, y = pyproj.Transformer.from_crs(6668, source, always_xy=True).transform(lon, lat)
            unit = float(QUANTA_PER_METRE)
        quanta = x * unit, y * unit
        proj = pyproj.Transformer.from_crs(source, target, always_xy=True)
        e, n = moving.moved(way, *quanta, Path(name))
        there = proj.transform(x, y)
        apart = max(np.abs(a / 1e4 - b).max() for a, b in zip((e, n), there, strict=True))
        ours, theirs = in_turn(
            runs,
            lambda q=quanta, w=way: moving.moved(w, *q, Path()),
            lambda p=proj, x=x, y=y: p.transform(x, y),
        )
        rates = [points / statistics.median(times) / 1e6 for times in (ours, theirs)]
        print(
            f"{name:20s} ours {rates[0]:5.1f} M points/s, PROJ {rates[1]:4.1f} M points/s,"
            f" {statistics.median(b / a for a, b in zip(ours, theirs, strict=True)):4.1f} times;"
            f" at most {apart * 1000:.5f} mm apart, rounding to 0.1 mm included",
            flush=True,
        )


def files(laz: Path | None, points: int, runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        paths = written(at, laz, points)
        params = GridParams((0.5,)).reduce
        headers = {"as it is": read_header(paths["zone"])}
        target = headers["as it is"].crs
        assert target is not None
        for name in ("next zone", "degrees"):
            headers[name] = brought(read_header(paths[name]), None, target)[0]
        runs_of = [lambda h=header: pipeline.reduce(h, params) for header in headers.values()]
        times = in_turn(runs, *runs_of)
        for name, spent in zip(headers, times, strict=True):
            count = headers[name].count
            print(
                f"reduce, {name:12s} {count / statistics.median(spent) / 1e6:5.2f} M points/s,"
                f" {statistics.median(b / a for a, b in zip(times[0], spent, strict=True)):.2f} of the first",
                flush=True,
            )


def written(at: Path, laz: Path | None, points: int) -> dict[str, Path]:
    """The points in zone V (or FILE's own), the next zone to the east, and degrees."""
    if laz is not None:
        las = laspy.read(laz)
        code = read_header(laz).crs
        assert code is not None
        assert code.epsg is not None
        own, e, n = code.epsg, np.asarray(las.x), np.asarray(las.y)
        z, classes = np.asarray(las.z), np.asarray(las.classification)
    else:
        rng = np.random.default_rng(0)
        own, side = 6673, (points / 8) ** 0.5
        e, n = np.sort(79_000 + rng.uniform(0, side, points)), -88_000 + rng.uniform(0, side, points)
        z, classes = rng.uniform(0, 300, points), rng.choice(np.array([1, 2], np.uint8), points)
    paths = {}
    for name, code, step in (("zone", own, 0.001), ("next zone", own + 1, 0.001), ("degrees", 6668, 1e-9)):
        x, y = pyproj.Transformer.from_crs(own, code, always_xy=True).transform(e, n)
        header = laspy.LasHeader(version="1.4", point_format=6)
        header.scales = np.array([step, step, 0.001])
        header.offsets = np.array([np.round(x.mean()), np.round(y.mean()), 0.0])
        header.add_crs(pyproj.CRS(code))
        cloud = laspy.LasData(header)
        cloud.x, cloud.y, cloud.z, cloud.classification = x, y, z, classes
        cloud.return_number = np.ones(len(x), np.uint8)
        paths[name] = at / f"{name}.las"
        cloud.write(paths[name])
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--laz", type=Path)
    options = parser.parse_args()
    kernels(options.points, options.runs)
    files(options.laz, options.points, options.runs)


if __name__ == "__main__":
    main()
