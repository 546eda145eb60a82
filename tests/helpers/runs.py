"""Whole runs of `hyogo-pc grid` for tests: files to grid, processes to grid them in, rasters to compare."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import laspy
import numpy as np
import numpy.typing as npt
import rasterio
from laspy.vlrs.known import WktCoordinateSystemVlr

from pointcloud.sample.laz import WKT

Array = npt.NDArray[Any]

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_tiles"


def environment(**settings: str) -> dict[str, str]:
    """Return the environment of a user with no settings of their own, but the cache of kernels of this one."""
    plain = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("LC_", "LANG", "HYOGO_PC_LANG"))
    }
    return plain | {"PYTHONUTF8": "1", **settings}


def command(*arguments: str | Path) -> list[str]:
    """Return the command line of `hyogo-pc grid`."""
    return [sys.executable, "-m", "hyogo_pc", "grid", *map(str, arguments)]


def grid(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `hyogo-pc grid` to its end in a process of its own."""
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        encoding="utf-8",
        env=environment(**settings),
        check=False,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )


def gridded(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `hyogo-pc grid`, which must succeed."""
    done = grid(*arguments, **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def begin(*arguments: str | Path, **settings: str) -> subprocess.Popen[str]:
    """Start `hyogo-pc grid` as the leader of a process group of its own."""
    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_hear_ctrl_c if os.name == "posix" else None,  # noqa: PLW1509 - no other threads here
    )


def _hear_ctrl_c() -> None:
    """Undo what a shell does to a test run that it starts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def rasters(out: Path) -> dict[str, Path]:
    """Return the rasters under their final names, by file name."""
    return {path.name: path for path in sorted(out.glob("*/*.tif"))}


def leftovers(out: Path) -> list[str]:
    """Return what a run must not leave behind: private files, spills."""
    return [str(path.relative_to(out)) for path in out.rglob(".*")] if out.exists() else []


def pixels(path: Path) -> Array:
    """Return all bands of a raster (bands, rows, cols), whole."""
    with rasterio.open(path) as raster:
        values: Array = raster.read()
    return values


def write_cloud(
    path: Path,
    e: Array,
    n: Array,
    z: Array,
    classes: Array | int = 2,
    *,
    scale: float = 0.001,
    offset: tuple[float, float] = (0.0, 0.0),
    wkt: str | None = WKT,
    point_format: int = 6,
    xy_step: float | None = None,
    **fields: Any,
) -> Path:
    """Write points (metres) as LAS, or as LAZ if the name says so; their CRS is zone V unless told otherwise."""
    header = laspy.LasHeader(version="1.4" if point_format >= 6 else "1.2", point_format=point_format)
    steps = (xy_step or scale, xy_step or scale, scale)
    header.scales, header.offsets = np.array(steps), np.array([*offset, 0.0])
    if wkt is not None:
        header.vlrs.append(WktCoordinateSystemVlr(wkt))
        header.global_encoding.wkt = True
    las = laspy.LasData(header)
    raw = (
        np.rint((np.asarray(v) - at) / step)
        for v, at, step in zip((e, n, z), (*offset, 0.0), steps, strict=True)
    )
    las.X, las.Y, las.Z = (values.astype(np.int32) for values in raw)
    las.classification = np.broadcast_to(np.asarray(classes, np.uint8), np.shape(e))
    las.return_number = np.ones(len(las.X), np.uint8)
    for name, values in fields.items():
        setattr(las, name, values)
    path.parent.mkdir(parents=True, exist_ok=True)
    las.write(path)
    return path


def shuffled(source: Path, path: Path, seed: int = 0) -> Path:
    """Write the points of a file in another order."""
    las = laspy.read(source)
    order = np.random.default_rng(seed).permutation(len(las.points))
    las.points = las.points[order]
    path.parent.mkdir(parents=True, exist_ok=True)
    las.write(path)
    return path


def hills(e: Array, n: Array) -> Array:
    """Return the height of made-up ground (metres) at places in metres."""
    return np.asarray(200 + 15 * np.sin(e / 23) * np.cos(n / 17) + 0.2 * (e % 1000), np.float64)


def town(rng: np.random.Generator, bounds: tuple[float, float, float, float], per_m2: float) -> list[Array]:
    """Return E, N, Z and classes of scattered points: three in five ground, the others up to 20 m above it."""
    west, south, east, north = bounds
    count = round((east - west) * (north - south) * per_m2)
    e, n = rng.uniform(west, east, count), rng.uniform(south, north, count)
    classes = rng.choice(np.array([2, 2, 2, 1, 5], np.uint8), count)
    z = hills(e, n) + np.where(classes == 2, rng.normal(0, 0.1, count), rng.uniform(0, 20, count))
    return [e, n, z, classes]


def tiles(folder: Path, columns: Sequence[Array], side: float, **options: Any) -> dict[tuple[int, int], Path]:
    """Write points as square LAZ files ``side`` metres wide, by column and row from the origin."""
    e, n = columns[0], columns[1]
    places = np.stack((np.floor(e / side), np.floor(n / side))).astype(int)
    found: dict[tuple[int, int], Path] = {}
    for col, row in np.unique(places, axis=1).T.tolist():
        here = (places[0] == col) & (places[1] == row)
        path = folder / f"part {col} {row}.laz"
        found[col, row] = write_cloud(path, *(values[here] for values in columns), **options)
    return found


def total(paths: Iterable[Path]) -> int:
    """Return the points in files, by their headers."""
    points = 0
    for path in paths:
        with laspy.open(path) as reader:
            points += reader.header.point_count
    return points


def plugin(folder: Path, code: str) -> dict[str, str]:
    """Return settings that make every process of a run, workers too, execute ``code`` as it starts."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(code, encoding="utf-8")
    held = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([str(folder), *([held] if held else [])])}


@dataclass(frozen=True)
class Delivery:
    """Eight files of 50 m, each on a square of its own, and the rasters of them all."""

    folder: Path
    files: dict[str, Path]
    options: Sequence[str]
    good: dict[str, bytes]

    def arguments(self, out: Path, jobs: int = 2) -> list[str | Path]:
        """Return the arguments of a run."""
        return [self.folder, "-o", out, "--jobs", str(jobs), *self.options]

    def wrong(self, out: Path) -> list[str]:
        """Return which rasters in a folder are not those of the undisturbed run."""
        return [name for name, path in rasters(out).items() if path.read_bytes() != self.good[name]]

    def missing(self, out: Path) -> set[str]:
        """Return the squares without rasters."""
        return {square for square in self.files if not any(square in name for name in rasters(out))}
