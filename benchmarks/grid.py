"""The main job on one dense sheet: 12 M points, 4/m², 40 % ground, six rasters, beside PDAL and csmap-py.

    python benchmarks/grid.py [--runs N] [--folder FOLDER] [--program HYOGO_PC]

Prints whole-process seconds, CPU-seconds and peak memory, as medians of runs in turn, and each stage by itself.
PDAL is measured if the command ``pdal`` is on the path or named by HYOGO_PC_PDAL; csmap-py if HYOGO_PC_CSMAP names its
program. They make one 1 m raster each; ours makes DSM, DEM and CS relief map at 1 m and 50 cm. ``--program`` is the
command to measure, as installed for use: an environment with SciPy, as that of the tests, starts more slowly.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from make_tile import SHEET, benchmark_tile
from process import Cost, measure

from pointcloud import pipeline, relief
from pointcloud.geo.lattice import Grid, metres
from pointcloud.io.las import reader
from pointcloud.io.rasters import cog
from pointcloud.io.spill.cloud import Cloud
from pointcloud.params.grid import GridParams
from pointcloud.surface import dem, dsm

PARAMS = GridParams((1.0, 0.5))


def hyogo_pc(program: list[str], tile: Path, out: Path, *more: str) -> list[str]:
    return [*program, "grid", str(tile), "-o", str(out), "-r", "1", "-r", "0.5", *more]


def pdal_pipelines(tile: Path, out: Path) -> dict[str, list[dict[str, object]]]:
    """Return the pipelines that make PDAL's one DSM and its one TIN DEM."""
    west, south, _, _ = SHEET.bounds
    read: dict[str, object] = {"type": "readers.las", "filename": str(tile)}
    size: dict[str, object] = {
        "resolution": 1,
        "origin_x": west,
        "origin_y": south,
        "width": 2000,
        "height": 1500,
    }
    highest = {"type": "writers.gdal", "filename": str(out / "dsm.tif"), "output_type": "max", "radius": 0.7}
    return {
        "PDAL, DSM 1 m (max)": [read, highest | size],
        "PDAL, DEM 1 m (TIN)": [
            read,
            {"type": "filters.range", "limits": "Classification[2:2]"},
            {"type": "filters.delaunay"},
            {"type": "filters.faceraster"} | size,
            {"type": "writers.raster", "filename": str(out / "dem.tif"), "gdaldriver": "GTiff"},
        ],
    }


def contenders(program: list[str], tiles: dict[int, Path], folder: Path) -> dict[str, list[str]]:
    """Return the commands to measure, by name."""
    out = folder / "out"
    commands = {f"hyogo-pc, six rasters, PDRF {f}": hyogo_pc(program, tile, out) for f, tile in tiles.items()}
    commands["hyogo-pc, six rasters, PDRF 6, --jobs 1"] = hyogo_pc(program, tiles[6], out, "--jobs", "1")
    pdal = os.environ.get("HYOGO_PC_PDAL") or shutil.which("pdal")
    if pdal:
        for name, stages in pdal_pipelines(tiles[6], folder).items():
            path = folder / f"{name.split()[1]}.json"
            path.write_text(json.dumps(stages))
            commands[name] = [pdal, "pipeline", str(path)]
    csmap = os.environ.get("HYOGO_PC_CSMAP")
    if csmap:
        source = out / "DEM_1g" / "DEM_05PE551_1g.tif"
        commands["csmap-py, CS 1 m from a DEM"] = [csmap, str(source), str(folder / "csmap.tif")]
    return commands


def stages(tile: Path) -> tuple[dict[str, float], list[str]]:
    """Return the seconds of each step of a sheet, on all cores, and what the terrain takes on one."""
    header = reader.read_header(tile)
    seconds: dict[str, float] = {}
    rates: list[str] = []

    def clock(name: str, work: Callable[[], object]) -> object:
        start = time.perf_counter()
        result = work()
        seconds[name] = time.perf_counter() - start
        return result

    with ThreadPoolExecutor() as pool:
        clock("decode alone", lambda: sum(chunk.count for chunk in reader.iter_points(header)))
        spill = clock("decode, hash and reduce", lambda: pipeline.reduce(header, PARAMS.reduce, pool=pool))
        cloud = Cloud([spill])  # type: ignore[list-item]
        around = dsm.margin(5.0, 5_000)
        for cell in PARAMS.cells:
            highest = dsm.coarsen(cloud.highest(Grid(SHEET.grow(around * 10_000), 5_000)), cell // 5_000)
            inside = around * 10_000 // cell
            name = f"DSM {metres(cell):g} m"
            clock(name, lambda h=highest, c=cell, a=inside: dsm.surface(h, c, 5.0, a, 0.001, pool))  # type: ignore[misc]
        wide = SHEET.grow(pipeline.relief_halo(PARAMS))
        for cells in ((10_000,), (10_000, 5_000)):
            start = time.process_time()
            dem.terrain(cloud, wide, cells, max_gap=100.0, precision=0.001)
            rate = cloud.count(SHEET) / 1e6 / (time.process_time() - start)
            rates.append(
                f"{' and '.join(f'{metres(cell):g}' for cell in cells)} m: {rate:.2f} M ground points/s"
            )
        heights = clock(
            "DEM 1 m and 0.5 m",
            lambda: dem.terrain(cloud, wide, PARAMS.cells, max_gap=100.0, precision=0.001, pool=pool),
        )
        for cell, array in zip(PARAMS.cells, heights, strict=True):  # type: ignore[call-overload]
            r = metres(cell)
            picture = clock(f"CS {r:g} m", lambda a=array, r=r: relief.cs(a, r, PARAMS.cs, threads=2))  # type: ignore[misc]
            grid = Grid(wide, cell)
            clock(f"encode DEM {r:g} m", lambda a=array, g=grid: cog.encode_heights(a, g, None, tags={}))  # type: ignore[misc]
            clock(f"encode CS {r:g} m", lambda p=picture, g=grid: cog.encode_rgba(p, g, None, tags={}))  # type: ignore[misc]
    return seconds, rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--program", type=Path)
    chosen = parser.parse_args()
    program = [str(chosen.program)] if chosen.program else [sys.executable, "-m", "hyogo_pc"]
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="hyogo-pc-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    tiles = {f: folder / f"pdrf{f}.laz" for f in (6, 3)}
    for point_format, tile in tiles.items():
        if not tile.exists():
            benchmark_tile(tile, point_format=point_format)
    fresh = {"HYOGO_PC_CACHE": tempfile.mkdtemp(dir=folder)}
    shutil.rmtree(folder / "out", ignore_errors=True)
    first = measure(hyogo_pc(program, tiles[6], folder / "out"), fresh)
    print(
        f"very first run, kernels compiled: {first.wall:.1f} s wall, {first.cpu:.1f} CPU-s, {first.peak:.0f} MiB"
    )
    help_cost = statistics.median(measure([*program, "--help"]).wall for _ in range(5))
    print(f"--help: {help_cost:.2f} s")
    commands = contenders(program, tiles, folder)
    measure(hyogo_pc(program, tiles[6], folder / "out"))  # compiles, if that has not been done
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(chosen.runs):
        for name, command in commands.items():
            if name.startswith("hyogo-pc"):  # what is there already would not be made again
                shutil.rmtree(folder / "out", ignore_errors=True)
            costs[name].append(measure(command))
    print(f"\n{'median of ' + str(chosen.runs):44s} {'wall s':>8s} {'CPU s':>8s} {'MiB':>7s}")
    for name, runs in costs.items():
        wall, cpu = (statistics.median(getattr(run, key) for run in runs) for key in ("wall", "cpu"))
        print(f"{name:44s} {wall:8.2f} {cpu:8.2f} {max(run.peak for run in runs):7.0f}")
    stages(tiles[6])
    print("\nstages, all cores, one process, PDRF 6")
    seconds, rates = stages(tiles[6])
    for name, taken in seconds.items():
        print(f"{name:44s} {taken:8.2f}")
    print("\ntriangulating and rasterising, one core, halo and all")
    print(*rates, sep="\n")
    if chosen.folder is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
