"""Relief beside what people use today: the same raster, one run, on one machine.

    python benchmarks/relief.py [--csmap-py PYTHON] [--whitebox PYTHON] [--rvt PYTHON] [--program HYOGO_PC] [--runs N]
                                [--cells M] [--only-sky]

PYTHON is the interpreter of an environment with csmap-py, whitebox-workflows or rvt-py; what is not named is left out.
Prints wall and CPU seconds, the best of the runs, of sky-view factor and openness within 20 m on 4.2 M cells (ours on
one thread and on two, and with the nearest cells on one; Whitebox on all cores; RVT once; NumPy with whole-array
shifts), with ``--only-sky`` of nothing else; and of the CS relief map, ours and csmap-py's on one core: on arrays;
from file to file within a process, as in a notebook, after a first small file; and from file to file as a command, its
start included. ``--program`` is the command to measure, as installed for use: an environment with SciPy, as that of the
tests, starts more slowly. With ``--cells``, also the peak memory of ``hyogo-pc relief`` on 3 M cells and on so many
millions.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from process import measure

from pointcloud import relief
from pointcloud.params.csmap import preset
from pointcloud.relief_maps.run import ReliefRequest, make_relief
from pointcloud.run.watcher import Quiet

SIDE = 2048
LARGE = 4000
HUGE = 10_000
RADIUS = 20.0
Dem = NDArray[np.float32]

CSMAP_PY = """
import json, sys, time
import numpy as np
from csmap import process
dem = np.load(sys.argv[1])
best = []
for _ in range(int(sys.argv[2])):
    start, cpu = time.perf_counter(), time.process_time()
    step = 1024 - 16
    for top in range(0, dem.shape[0], step):
        for left in range(0, dem.shape[1], step):
            part = dem[top:top + 1024, left:left + 1024]
            if min(part.shape) > 2:
                process.csmap(np.ma.masked_invalid(part), process.CsmapParams())
    best.append((time.perf_counter() - start, time.process_time() - cpu))
print(json.dumps(min(best)))
"""

CSMAP_PY_FILES = """
import json, sys, time
from csmap import process
for source, target, runs in ((sys.argv[1], sys.argv[3], 1), (sys.argv[2], sys.argv[3], int(sys.argv[4]))):
    best = []
    for _ in range(runs):
        start, cpu = time.perf_counter(), time.process_time()
        process.process(source, target, 1024, process.CsmapParams())
        best.append((time.perf_counter() - start, time.process_time() - cpu))
print(json.dumps(min(best)))
"""

WHITEBOX = """
import json, sys, time
import whitebox_workflows
wbe = whitebox_workflows.WbEnvironment()
wbe.verbose = False
dem = wbe.read_raster(sys.argv[1])
found = {}
radius = int(sys.argv[3])
tools = {
    "sky-view factor": lambda: wbe.sky_view_factor(dem, az_fraction=22.5, max_dist=float(radius)),
    "openness": lambda: wbe.openness(dem, dist=radius),
}
for name, run in tools.items():
    best = []
    for _ in range(int(sys.argv[2])):
        start, cpu = time.perf_counter(), time.process_time()
        run()
        best.append((time.perf_counter() - start, time.process_time() - cpu))
    found[name] = min(best)
print(json.dumps(found))
"""

RVT = """
import json, sys, time
import numpy as np
import rvt.vis
dem = np.load(sys.argv[1])
found = {}
look = dict(resolution=1.0, svf_r_max=int(sys.argv[2]), compute_asvf=False)
for name, run in {
    "sky-view factor": lambda: rvt.vis.sky_view_factor(dem, compute_svf=True, svf_n_dir=16, **look),
    "openness": lambda: [
        rvt.vis.sky_view_factor(z, compute_svf=False, compute_opns=True, svf_n_dir=8, **look) for z in (dem, -dem)
    ],
}.items():
    start, cpu = time.perf_counter(), time.process_time()
    run()
    found[name] = (time.perf_counter() - start, time.process_time() - cpu)
print(json.dumps(found))
"""


def terrain(rows: int, cols: int) -> Dem:
    """Hills with 5 cm of noise."""
    y, x = np.mgrid[:rows, :cols].astype(np.float32)
    noise = np.random.default_rng(0).normal(0.0, 0.05, (rows, cols)).astype(np.float32)
    return (100.0 + 30.0 * np.sin(x / 40.0) * np.cos(y / 33.0) + noise).astype(np.float32)


def write(path: Path, dem: Dem) -> None:
    profile = {
        "driver": "GTiff",
        "height": dem.shape[0],
        "width": dem.shape[1],
        "count": 1,
        "dtype": "float32",
    }
    place = {
        "transform": Affine(1.0, 0.0, 44_000.0, 0.0, -1.0, -77_000.0),
        "crs": "EPSG:6673",
        "nodata": -9999.0,
    }
    with rasterio.open(path, "w", tiled=True, **profile, **place) as file:
        file.write(dem, 1)


def numpy_horizon(
    dem: Dem, fold: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """The published methods with whole-array shifts, on the inner cells: 16 directions."""
    around, inner = 20, dem.astype(np.float64)
    here = inner[around:-around, around:-around]
    total = np.zeros(here.shape)
    for azimuth in np.arange(16) * math.pi / 8:
        top = np.full(here.shape, -np.inf)
        for step in range(1, 21):
            v, u = round(-step * math.cos(azimuth)), round(step * math.sin(azimuth))
            there = inner[around + v : inner.shape[0] - around + v, around + u : inner.shape[1] - around + u]
            np.maximum(top, (there - here) / math.hypot(u, v), out=top)
        total += fold(np.arctan(top))
    return total / 16


def clocked(work: Callable[[], object], runs: int) -> tuple[float, float]:
    """Return the best wall and CPU seconds of work in this process."""
    best = []
    for _ in range(runs):
        start, cpu = time.perf_counter(), time.process_time()
        work()
        best.append((time.perf_counter() - start, time.process_time() - cpu))
    return min(best)


def tell(name: str, seconds: tuple[float, float], cells: int) -> None:
    wall, cpu = seconds
    print(f"  {name:42} {wall:7.2f} s  {cpu:7.2f} CPU-s  {cells / wall / 1e6:7.1f} M cells/s", flush=True)


def other(python: str, program: str, *arguments: object) -> list[object] | dict[str, tuple[float, float]]:
    done = subprocess.run(
        [python, "-c", program, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    found: list[object] | dict[str, tuple[float, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def surroundings(dem: Dem, path: Path, whitebox: str | None, rvt: str | None, runs: int) -> None:
    look = {"radius": RADIUS}
    nearest = {"radius": RADIUS, "sampling": "nearest"}
    relief.sky_view_factor(dem[:64], 1.0)
    relief.positive_openness(dem[:64], 1.0)
    print(f"Within {RADIUS:g} m, 16 directions, {dem.size / 1e6:.1f} M cells")
    for threads in (1, 2):
        text = f"ours, {threads} thread{'s' * (threads > 1)}"
        sky = clocked(lambda t=threads: relief.sky_view_factor(dem, 1.0, threads=t, **look), runs)
        tell(f"sky-view factor, {text}", sky, dem.size)
        both = clocked(
            lambda t=threads: (
                relief.positive_openness(dem, 1.0, directions=8, threads=t, **look),
                relief.negative_openness(dem, 1.0, directions=8, threads=t, **look),
            ),
            runs,
        )
        tell(f"both openness, 8 directions, {text}", both, dem.size)
    tell(
        "sky-view factor, ours, nearest cells",
        clocked(lambda: relief.sky_view_factor(dem, 1.0, **nearest), runs),
        dem.size,
    )
    tell(
        "sky-view factor, NumPy",
        clocked(lambda: numpy_horizon(dem, lambda a: np.sin(np.maximum(a, 0))), 1),
        dem.size,
    )
    tell(
        "positive openness, 16 directions, NumPy",
        clocked(lambda: numpy_horizon(dem, np.degrees), 1),
        dem.size,
    )
    if whitebox:
        found = other(whitebox, WHITEBOX, path, runs, int(RADIUS))
        assert isinstance(found, dict)
        tell("sky-view factor, Whitebox, all cores", found["sky-view factor"], dem.size)
        tell("both openness, 8 directions, Whitebox", found["openness"], dem.size)
    if rvt:
        np.save(path.with_suffix(".npy"), dem)
        found = other(rvt, RVT, path.with_suffix(".npy"), int(RADIUS))
        assert isinstance(found, dict)
        tell("sky-view factor, RVT", found["sky-view factor"], dem.size)
        tell("both openness, 8 directions, RVT", found["openness"], dem.size)


def cs(dem: Dem, folder: Path, csmap: str | None, program: list[str], runs: int) -> None:
    print(f"CS relief map, {dem.size / 1e6:.1f} M cells, one core")
    relief.cs(dem[:64], 1.0)
    for name in ("hyogo", "csmap-py"):
        tell(f"arrays, ours, {name}", clocked(lambda n=name: relief.cs(dem, 1.0, preset(n)), runs), dem.size)
    if csmap:
        np.save(folder / "dem.npy", dem)
        wall, cpu = other(csmap, CSMAP_PY, folder / "dem.npy", min(runs, 2))
        tell("arrays, csmap-py", (float(str(wall)), float(str(cpu))), dem.size)
    write(folder / "small.tif", dem[:256, :256])
    make_file(folder / "small.tif")
    for side in (SIDE, LARGE, HUGE):
        path = folder / f"{side}.tif"
        write(path, dem if side == SIDE else terrain(side, side))
        files(path, side**2, csmap, program, min(runs, 2) if side == HUGE else runs)
        path.unlink()


def make_file(source: Path) -> None:
    """Make the CS relief map of a file, as the command does."""
    styles = {"cs": preset("hyogo")}
    make_relief(ReliefRequest((str(source),), source.with_name("a.tif"), styles), Quiet())


def files(source: Path, cells: int, csmap: str | None, program: list[str], runs: int) -> None:
    """Time one file; csmap-py writes LZW without overviews, ours DEFLATE with them."""
    target, size = source.with_name("b.tif"), f"{cells / 1e6:.1f} M cells"
    tell(f"within a process, {size}, ours", clocked(lambda: make_file(source), runs), cells)
    if csmap:
        wall, cpu = other(csmap, CSMAP_PY_FILES, source.with_name("small.tif"), source, target, min(runs, 2))
        tell(f"within a process, {size}, csmap-py", (float(str(wall)), float(str(cpu))), cells)
    ours = [*program, "relief", str(source), "-o", str(source.with_name("a.tif")), "--jobs", "1"]
    tell(f"as a command, {size}, ours", as_command(ours, runs), cells)
    if csmap:
        command = [str(Path(csmap).with_name("csmap")), str(source), str(target)]
        tell(f"as a command, {size}, csmap-py", as_command(command, min(runs, 2)), cells)


def as_command(command: list[str], runs: int) -> tuple[float, float]:
    """Return the best wall and CPU seconds of a command on one core."""
    costs = [measure(command, {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}) for _ in range(runs)]
    return min((cost.wall, cost.cpu) for cost in costs)


def memory(folder: Path, program: list[str], millions: int) -> None:
    print("hyogo-pc relief --style cs, peak memory")
    for count in (3, millions):
        cols = 2000 if count == 3 else 20_000
        rows = count * 1_000_000 // cols
        path = folder / f"{count}.tif"
        strip = np.tile(terrain(500, 2000), (1, cols // 2000))
        profile = {
            "driver": "GTiff",
            "height": rows,
            "width": cols,
            "count": 1,
            "dtype": "float32",
            "tiled": True,
        }
        place = {
            "transform": Affine(1.0, 0.0, 44_000.0, 0.0, -1.0, -77_000.0),
            "crs": "EPSG:6673",
            "nodata": -9999.0,
        }
        with (
            rasterio.Env(GDAL_CACHEMAX=64 * 1024**2),
            rasterio.open(path, "w", **profile, **place, compress="zstd", bigtiff="IF_SAFER") as file,
        ):
            for top in range(0, rows, 500):
                part = strip[: rows - top]
                file.write(part, 1, window=((top, top + len(part)), (0, cols)))
        cost = measure([*program, "relief", str(path), "-o", str(folder / "m.tif")])
        print(f"  {count:4d} M cells {cost.peak:7.0f} MiB  {cost.wall:7.1f} s", flush=True)
        path.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--csmap-py", metavar="PYTHON")
    parser.add_argument("--whitebox", metavar="PYTHON")
    parser.add_argument("--rvt", metavar="PYTHON")
    parser.add_argument("--program", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--cells", type=int, metavar="M", default=0)
    parser.add_argument("--only-sky", action="store_true")
    options = parser.parse_args()
    program = [str(options.program)] if options.program else [sys.executable, "-m", "hyogo_pc"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        dem = terrain(SIDE, SIDE)
        write(folder / "dem.tif", dem)
        surroundings(dem, folder / "dem.tif", options.whitebox, options.rvt, options.runs)
        if options.only_sky:
            return
        cs(dem, folder, options.csmap_py, program, options.runs)
        if options.cells:
            memory(folder, program, options.cells)


if __name__ == "__main__":
    main()
