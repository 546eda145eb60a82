"""Ground found without classes: errors beside PDAL and neilpy, agreement with surveyors, speed.

    python benchmarks/ground.py [--isprs] [--tiles] [--speed TILE [--runs N] [--program HYOGO_PC]]

Without options: the first two. Data are those of HYOGO_PC_SHARED: the ISPRS filter test with labels, and delivered
tiles with the surveyor's ground. PDAL is measured if the command ``pdal`` is on the path or named by HYOGO_PC_PDAL.
One fixed set of parameters each (ours: the preset ``general``; PDAL: the defaults of its filters). The speed of a tile
is that of whole processes, medians of runs in turn; ``--program`` is the command to measure, as installed for use: an
environment with SciPy, as that of the tests, starts more slowly.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import laspy
import numpy as np
import numpy.typing as npt
from process import Cost, measure

from pointcloud import pipeline
from pointcloud.geo.lattice import Box, cell_quanta
from pointcloud.ground import smrf
from pointcloud.io.las.reader import read_header
from pointcloud.io.spill.cloud import Cloud
from pointcloud.params.grid import GridParams, ReduceParams
from pointcloud.params.smrf import GENERAL, PRESET, SmrfParams

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SAMPLES = ("samp11", "samp22", "samp31", "samp42", "samp53", "samp71")
TILES = (
    "jp_shizuoka/08OF4060_NW.laz",
    "als_forest/bcts_1.laz",
    "als_forest/Topography.laz",
    "als_urban/ahn3_cropped_1.laz",
)
TRIED = {
    "slope": (0.05, 0.07, 0.1),
    "slope_share": (0.2, 0.28, 0.36),
    "threshold": (0.3, 0.35, 0.45),
    "scaling": (1.25, 1.5, 1.75),
}
PDAL = {f"PDAL {name}": {"type": f"filters.{name}"} for name in ("smrf", "pmf", "csf")}


@dataclass(frozen=True)
class Errors:
    """In per cent: ground taken for objects, objects for ground, both together; and Cohen's kappa times 100."""

    total: float
    first: float
    second: float
    kappa: float

    @classmethod
    def of(cls, ground: Flags, truth: Flags) -> Errors:
        a, b = int((ground & truth).sum()), int((~ground & truth).sum())
        c, d = int((ground & ~truth).sum()), int((~ground & ~truth).sum())
        n = a + b + c + d
        chance = ((a + b) * (a + c) + (c + d) * (b + d)) / n**2
        kappa = ((a + d) / n - chance) / (1 - chance)
        return cls(100 * (b + c) / n, 100 * b / (a + b), 100 * c / (c + d), 100 * kappa)

    def __str__(self) -> str:
        return f"{self.total:5.2f} {self.first:5.2f} {self.second:6.2f} {self.kappa:6.2f}"


@dataclass(frozen=True)
class Sample:
    """Points with the truth about them, reduced and as a file."""

    xyz: Array
    truth: Flags
    cloud: Cloud
    file: Path

    def ground(self, params: SmrfParams) -> Flags:
        """Return which points our filter takes for ground."""
        found = smrf.classify(self.cloud, self.cloud.extent, params)
        q = np.rint(self.xyz * 1e4).astype(np.int64)
        east, north = (int(q[:, axis].mean()) for axis in (0, 1))
        xy = (q[:, :2] - (east, north)).astype(np.int32)
        z = q[:, 2].astype(np.int32)
        _, ground = found.heights(xy, z, east, north)
        return ground & ~found.noise(xy, z, east, north)


def load(source: Path, folder: Path) -> Sample:
    """Return an ISPRS sample (x, y, z, 0 for ground) or a classified tile; the file's classes are all 1."""
    target = folder / f"{source.stem}.las"
    if source.suffix == ".txt":
        values = np.loadtxt(source)
        xyz, truth = values[:, :3], values[:, 3] == 0
    else:
        las = laspy.read(source)
        kept = ~np.isin(np.asarray(las.classification), (7, 18))
        xyz, truth = np.asarray(las.xyz)[kept], (np.asarray(las.classification) == 2)[kept]
    header = laspy.LasHeader(version="1.4", point_format=6)
    header.scales = np.full(3, 0.001)
    header.offsets = np.floor(xyz.min(axis=0))
    header.global_encoding.wkt = True
    out = laspy.LasData(header)
    out.x, out.y, out.z = xyz.T
    out.classification, out.user_data = np.ones(len(xyz), np.uint8), truth.astype(np.uint8)
    out.return_number = out.number_of_returns = np.ones(len(xyz), np.uint8)
    out.write(target)
    spill = pipeline.reduce(read_header(target), ReduceParams(cell_quanta(1.0), candidates=True))
    return Sample(np.round(np.asarray(out.xyz), 4), truth, Cloud([spill]), target)


def of_pdal(pdal: str, sample: Sample, stage: dict[str, str]) -> Errors:
    """Return the errors of one of PDAL's filters, with its defaults."""
    out = sample.file.with_suffix(".pdal.las")
    stages = [
        str(sample.file),
        stage,
        {"type": "writers.las", "filename": str(out), "minor_version": 4, "extra_dims": "all"},
    ]
    pipeline_file = sample.file.with_suffix(".json")
    pipeline_file.write_text(json.dumps(stages))
    subprocess.run([pdal, "pipeline", str(pipeline_file)], check=True, capture_output=True)
    las = laspy.read(out)
    return Errors.of(np.asarray(las.classification) == 2, np.asarray(las.user_data) == 1)


def version(pdal: str) -> str:
    """Return the version of PDAL's command."""
    said = subprocess.run([pdal, "--version"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"\d+\.\d+\.\d+", said)
    return found[0] if found else ""


def table(name: str, rows: list[Errors]) -> None:
    means = [np.mean([getattr(row, key) for row in rows]) for key in ("total", "first", "second", "kappa")]
    print(f"{name:14s} " + " | ".join(str(row) for row in rows))
    print(
        f"{'':14s} mean total {means[0]:.2f}, type I {means[1]:.2f}, type II {means[2]:.2f}, kappa {means[3]:.1f}"
    )


def isprs(shared: Path, pdal: str | None) -> None:
    folder = Path(tempfile.mkdtemp())
    samples = [load(shared / "isprs" / f"{name}.txt", folder) for name in SAMPLES]
    print("ISPRS filter test: total, type I, type II error in %, kappa x 100, for", ", ".join(SAMPLES))
    table("ours", [Errors.of(sample.ground(GENERAL), sample.truth) for sample in samples])
    reference = json.loads((shared / "isprs" / "smrf_reference_errors.json").read_text())["samples"]
    table(
        "neilpy SMRF",
        [Errors(*(reference[n]["smrf"][k] for k in ("total", "t1", "t2", "kappa"))) for n in SAMPLES],
    )
    for name, stage in PDAL.items() if pdal else ():
        if stage["type"] == "filters.csf" and version(str(pdal)).startswith("2.2."):
            print(f"{name:14s} not run: that of PDAL 2.2 takes all memory")
            continue
        try:
            table(name, [of_pdal(str(pdal), sample, stage) for sample in samples])
        except subprocess.CalledProcessError as error:
            print(f"{name:14s} failed: {error.stderr.decode(errors='replace').strip().splitlines()[-1]}")
    print("cost of bounded hole filling: total error with holes bridged up to")
    for gap in (50.0, 100.0, 400.0):
        rows = [Errors.of(s.ground(replace(GENERAL, max_gap=gap)), s.truth).total for s in samples]
        print(f"  {gap:3.0f} m: {np.mean(rows):.2f}")
    leave_one_out(samples)
    shutil.rmtree(folder)


def sets() -> Iterator[SmrfParams]:
    for values in itertools.product(*TRIED.values()):
        yield replace(GENERAL, **dict(zip(TRIED, values, strict=True)))


def leave_one_out(samples: list[Sample]) -> None:
    """Print what each sample's error is with the parameters that suit the other five best."""
    tried = list(sets())
    errors = np.array([[Errors.of(s.ground(params), s.truth).total for s in samples] for params in tried])
    fixed = errors[tried.index(GENERAL)]
    print(
        f"leave one out, {len(tried)} sets around ours (mean total error {errors.mean(axis=1).min():.2f} to "
        f"{errors.mean(axis=1).max():.2f}):"
    )
    chosen = []
    for k, name in enumerate(SAMPLES):
        best = int(np.delete(errors, k, axis=1).mean(axis=1).argmin())
        chosen.append(errors[best, k])
        values = ", ".join(f"{key} {getattr(tried[best], key):g}" for key in TRIED)
        print(f"  without {name}: {values}; its error {errors[best, k]:.2f}, with ours {fixed[k]:.2f}")
    print(f"  mean {np.mean(chosen):.2f}, with ours {fixed.mean():.2f}")


def tiles(shared: Path) -> None:
    folder = Path(tempfile.mkdtemp())
    print("\nclassified tiles: errors against the surveyor's ground, and the DEM (1 m) of either")
    for name in TILES:
        sample = load(shared / name, folder)
        for preset in ("general", "forest"):
            errors = Errors.of(sample.ground(PRESET[preset]), sample.truth)
            dems = [dem(sample, PRESET[preset]), dem(sample, None)]
            difference = np.abs(dems[0] - dems[1])
            difference = difference[np.isfinite(difference)]
            rmse, high = np.sqrt((difference**2).mean()), np.percentile(difference, 95)
            print(f"{name:36s} {preset:8s} {errors}  DEM RMSE {rmse:.2f} m, 95 % {high:.2f} m")
    shutil.rmtree(folder)


def dem(sample: Sample, params: SmrfParams | None) -> Array:
    """Return the terrain by our ground, or by the surveyor's."""
    cloud = sample.cloud
    if params is None:
        las = laspy.read(sample.file)
        las.classification = np.where(sample.truth, 2, 1).astype(np.uint8)
        path = sample.file.with_suffix(".truth.las")
        las.write(path)
        cloud = Cloud([pipeline.reduce(read_header(path), ReduceParams(cell_quanta(1.0)))])
    box: Box = sample.cloud.extent.snap(10_000)
    made = pipeline.make(box, cloud, GridParams((1.0,), ("dem",), classify=params))
    array = next(iter(made)).array
    assert array is not None
    return array


def pdal_stages(tile: Path, out: Path) -> dict[str, list[object]]:
    """Return PDAL's pipelines: the filter with its own raster writer, and with the TIN that ours makes."""
    found: list[object] = [
        str(tile),
        {"type": "filters.assign", "assignment": "Classification[:]=1"},
        {"type": "filters.smrf"},
        {"type": "filters.range", "limits": "Classification[2:2]"},
    ]
    west, south, east, north = read_header(tile).limits.bounds
    place = {
        **{"origin_x": math.floor(west), "origin_y": math.floor(south)},
        **{"width": math.ceil(east) - math.floor(west), "height": math.ceil(north) - math.floor(south)},
    }
    return {
        "PDAL filters.smrf, IDW": [
            *found,
            {"type": "writers.gdal", "filename": str(out / "i.tif"), "resolution": 1, "output_type": "idw"},
        ],
        "PDAL filters.smrf, TIN": [
            *found,
            {"type": "filters.delaunay"},
            {"type": "filters.faceraster", "resolution": 1, **place},
            {"type": "writers.raster", "filename": str(out / "t.tif"), "gdaldriver": "GTiff"},
        ],
    }


def speed(tile: Path, pdal: str | None, program: list[str], runs: int) -> None:
    folder = Path(tempfile.mkdtemp())
    grid = [*program, "grid", str(tile), "-p", "dem", "--classify", "smrf", "-o"]
    commands: dict[str, list[str]] = {
        "hyogo-pc grid --classify smrf, DEM": [*grid, str(folder / "g")],
        "the same, --jobs 1": [*grid, str(folder / "g1"), "--jobs", "1"],
        "hyogo-pc classify": [*program, "classify", str(tile), "-o", str(folder / "c")],
    }
    for name, stages in pdal_stages(tile, folder).items() if pdal else ():
        file = folder / f"{name.split()[-1]}.json"
        file.write_text(json.dumps(stages))
        commands[name] = [str(pdal), "pipeline", str(file)]
    measure(commands["hyogo-pc grid --classify smrf, DEM"])  # compiles
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            for made in ("g", "g1", "c"):
                shutil.rmtree(folder / made, ignore_errors=True)
            costs[name].append(measure(command))
    print(f"\nspeed on {tile.name}, medians of {runs}; wall seconds from the fastest to the slowest run")
    for name, found in costs.items():
        wall, cpu, peak = (
            statistics.median(getattr(cost, key) for cost in found) for key in ("wall", "cpu", "peak")
        )
        walls = [cost.wall for cost in found]
        print(
            f"{name:36s} {wall:6.1f} s ({min(walls):.1f} to {max(walls):.1f}) {cpu:6.1f} CPU-s {peak:6.0f} MiB"
        )
    shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--isprs", action="store_true")
    parser.add_argument("--tiles", action="store_true")
    parser.add_argument("--speed", type=Path, metavar="TILE")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--program", type=Path)
    chosen = parser.parse_args()
    shared = Path(os.environ.get("HYOGO_PC_SHARED", "../shared")) / "data"
    pdal = os.environ.get("HYOGO_PC_PDAL") or shutil.which("pdal")
    program = [str(chosen.program)] if chosen.program else [sys.executable, "-m", "hyogo_pc"]
    everything = not (chosen.isprs or chosen.tiles or chosen.speed)
    parts: list[tuple[bool, Callable[[], None]]] = [
        (chosen.isprs or everything, lambda: isprs(shared, pdal)),
        (chosen.tiles or everything, lambda: tiles(shared)),
        (chosen.speed is not None, lambda: speed(chosen.speed, pdal, program, chosen.runs)),
    ]
    for wanted, part in parts:
        if wanted:
            part()


if __name__ == "__main__":
    main()
