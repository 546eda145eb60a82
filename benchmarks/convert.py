"""Text grids of one sheet, 3 M rows of 1 m: our reader beside GDAL's XYZ driver, in turn, on the same file.

    python benchmarks/convert.py [--runs N]

Then points as text, 3 M rows of ``id,x,y,z,pulse``: our reader beside NumPy's ``loadtxt`` and, if the package pdal is
installed, PDAL's ``readers.text``, in turn, on the same file.

Prints medians of wall and CPU seconds: our reader with its SHA-256 (file to a north-up array), GDAL's driver through
rasterio (file to an array, south-up, nodata = 0), and the whole command: a ZIP of four such sheets to COGs, a mosaic
and a picture.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import rasterio

from pointcloud.convert.request import Request
from pointcloud.convert.run import convert
from pointcloud.geo.sheets import parse
from pointcloud.io.clouds.readers import iter_points, read_header
from pointcloud.io.dems.textgrid import read_text
from pointcloud.io.member import Member
from pointcloud.io.remark import Remark


class Silent:
    def planned(self, count: int, kept: int) -> None: ...
    def done(self, label: str, name: str) -> None: ...
    def failed(self, label: str, why: str) -> None: ...
    def remark(self, remark: Remark) -> None: ...


def write_sheet(path: Path, code: str) -> None:
    """Hills with noise, to the centimetre."""
    west, south, east, north = map(round, parse(code).bounds)
    noise = np.random.default_rng(0)
    e = np.arange(west, east) + 0.5
    with path.open("w", newline="\n") as file:
        for n in np.arange(south, north) + 0.5:
            z = 200 + 50 * np.sin(e / 90 + n / 70) + noise.normal(0, 0.3, e.size)
            file.write("".join(f"{a:.3f} {n:.3f} {v:.2f}\n" for a, v in zip(e, z, strict=True)))


def ours(path: Path) -> None:
    read_text(Member(path), expected=parse(path.name[4:11]).box, cell=10_000)


def gdal(path: Path) -> None:
    with rasterio.open(path, driver="XYZ") as file:
        file.read(1)


def write_points(path: Path) -> None:
    """Points scattered over a sheet, to the centimetre, with the header line that PDAL wants in a copy."""
    west, south, east, north = parse("05LF901").bounds
    rng = np.random.default_rng(0)
    count = 3_000_000
    e, n, z = rng.uniform(west, east, count), rng.uniform(south, north, count), rng.uniform(50, 400, count)
    with path.open("w", newline="\n") as file:
        for k in range(0, count, 10_000):
            rows = zip(range(k, count), e[k : k + 10_000], n[k : k + 10_000], z[k : k + 10_000], strict=False)
            file.write("".join(f"{i},{a:.2f},{b:.2f},{c:.2f},1\n" for i, a, b, c in rows))
    headed(path).write_text("Id,X,Y,Z,Pulse\n" + path.read_text())


def headed(path: Path) -> Path:
    return path.with_suffix(".csv")


def our_points(path: Path) -> None:
    """What grid does: once for the header, once for the points."""
    assert sum(chunk.count for chunk in iter_points(read_header(path))) == 3_000_000


def numpy_points(path: Path) -> None:
    assert len(np.loadtxt(path, delimiter=",", usecols=(1, 2, 3))) == 3_000_000


def pdal_points(path: Path) -> None:
    import pdal

    assert pdal.Reader.text(str(headed(path))).pipeline().execute() == 3_000_000


def command(path: Path) -> None:
    with tempfile.TemporaryDirectory() as out:
        report = convert(Request((str(path),), Path(out), jobs=2), Silent())
        assert len(report.written) == 4


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=7)
    runs: int = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"DEM_05LF90{quarter}_1g.txt") for quarter in (1, 2, 3, 4)]
        for path in paths:
            write_sheet(path, path.name[4:11])
        packed = Path(folder, "05lf90.zip")
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            for path in paths:
                file.write(path, path.name)
        points = Path(folder, "05LF901_org.txt")
        write_points(points)
        our_points(points)
        print(
            f"one text: {paths[0].stat().st_size / 1e6:.0f} MB; the ZIP: {packed.stat().st_size / 1e6:.0f} MB"
        )
        ours(paths[0])  # compiles
        measured: dict[str, list[tuple[float, float]]] = {}
        cases: list[tuple[str, Callable[[Path], None], Path]] = [
            ("ours, one text", ours, paths[0]),
            ("GDAL XYZ, one text", gdal, paths[0]),
            ("ours, ZIP of four to COGs", command, packed),
            ("ours, points, read twice", our_points, points),
            ("NumPy loadtxt, points", numpy_points, points),
        ]
        if find_spec("pdal"):
            cases.append(("PDAL readers.text, points", pdal_points, points))
        for _ in range(runs):
            for name, work, path in cases:
                wall, cpu = time.perf_counter(), time.process_time()
                work(path)
                spent = (time.perf_counter() - wall, time.process_time() - cpu)
                measured.setdefault(name, []).append(spent)
    for name, spent in measured.items():
        wall, cpu = (statistics.median(each) for each in zip(*spent, strict=True))
        print(f"{name:28} {wall:6.2f} s wall {cpu:6.2f} s CPU")


if __name__ == "__main__":
    main()
