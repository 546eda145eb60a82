"""CS relief map of one sheet in memory, on one core, beside csmap-py: 3 M cells of 1 m and 12 M of 0.5 m.

    python benchmarks/cs.py [--runs N]

Prints cells a second, medians of runs in turn: of the whole map from a float32 DEM to RGBA, all cells valid;
the same with rivers, beside which planes are fitted; of the layers as numbers; and, where it is installed, of
csmap-py in chunks of 1024 cells, its default.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import statistics
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pointcloud import relief

Dem = NDArray[np.float32]
SHEETS = {1.0: (1500, 2000), 0.5: (3000, 4000)}


def terrain(resolution: float) -> Dem:
    """Hills with 5 cm of noise."""
    rows, cols = SHEETS[resolution]
    y, x = np.mgrid[:rows, :cols] * resolution
    noise = np.random.default_rng(0).normal(0.0, 0.05, (rows, cols))
    return (100.0 + 30.0 * np.sin(x / 40.0) * np.cos(y / 33.0) + noise).astype(np.float32)


def with_rivers(dem: Dem, resolution: float) -> Dem:
    """Leave out five winding rivers of 30 m: a tenth of the cells, and about as many within 12 m of one."""
    y, x = np.mgrid[: dem.shape[0], : dem.shape[1]] * resolution
    return np.where(np.abs((y + 60.0 * np.sin(x / 150.0)) % 300.0 - 150.0) < 15.0, np.float32(np.nan), dem)


def csmap_py(dem: Dem) -> None:
    """Run csmap-py chunk by chunk, as its command does."""
    process = importlib.import_module("csmap.process")
    params = process.CsmapParams()
    step = 1024 - 2 * ((params.gf_size + params.gf_sigma) // 2) - 2
    for top in range(0, dem.shape[0], step):
        for left in range(0, dem.shape[1], step):
            chunk = dem[top : top + 1024, left : left + 1024]
            if min(chunk.shape) > 2:
                process.csmap(np.ma.masked_invalid(chunk), params)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=7)
    runs: int = parser.parse_args().runs
    for resolution, shape in SHEETS.items():
        dem = terrain(resolution)
        rivers = with_rivers(dem, resolution)
        out = np.empty((*shape, 4), dtype=np.uint8)
        work: dict[str, Callable[[], object]] = {
            "CS, all valid": lambda dem=dem, out=out, h=resolution: relief.cs(dem, h, out=out),
            "CS, with rivers": lambda dem=rivers, out=out, h=resolution: relief.cs(dem, h, out=out),
            "layers, all valid": lambda dem=dem, h=resolution: relief.layers(dem, h),
        }
        if importlib.util.find_spec("csmap"):
            work["csmap-py"] = lambda dem=dem: csmap_py(dem)
        seconds: dict[str, list[float]] = {name: [] for name in work}
        relief.cs(rivers[:64], resolution)
        for _ in range(runs):
            for name, run in work.items():
                start = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - start)
        print(f"{dem.size / 1e6:.0f} M cells of {resolution} m, {runs} runs: median (best)")
        for name, taken in seconds.items():
            rate, best = (dem.size / f(taken) / 1e6 for f in (statistics.median, min))
            print(f"  {name:18} {statistics.median(taken):7.3f} s  {rate:6.1f} ({best:.1f}) M cells/s")


if __name__ == "__main__":
    main()
