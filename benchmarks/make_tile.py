"""Make one large LAZ tile to measure with: a made-up sheet of woods, meadows and houses.

    python benchmarks/make_tile.py FOLDER

writes the two tiles that the benchmark reads, 12 M points each, as PDRF 6 and as PDRF 3. Points come in
flight-line order with several returns a pulse; memory follows the chunk, not the tile.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import laspy
import numpy as np
from numpy.typing import NDArray

from pointcloud.geo.lattice import Box
from pointcloud.sample import laz
from pointcloud.sample.noise import Floats, bilinear, fractal, stream

SHEET = Box.from_metres(20_000, -166_500, 22_000, -165_000)
"""The 2500-level sheet 05PE551, 2000 × 1500 m, in the open sea."""

GROUND, MEDIUM, HIGH, BUILDING = 2, 4, 5, 6

_NODE = 4.0
_MARGIN = 80.0
_SENSOR = 1400.0
_HALF_ANGLE = np.deg2rad(14.0)
_SIDELAP = 0.3
_TICK = 2.0**-17
_THROUGH = 0.16
"""Share of the pulses into woods that reach the ground."""
_LEAVES = np.array([0.45, 0.35, 0.2])
"""Shares of pulses with one, two and three returns from a crown."""
_HOUSES = 0.03
"""Share of the area under roofs."""
_CHUNK = 150_000
"""Pulses a chunk."""


@dataclass(frozen=True, slots=True)
class _Land:
    """Ground height, woodiness (woods where above 0) and roof height (0 where none) on nodes 4 m apart."""

    ground: Floats
    woods: Floats
    roofs: Floats


def benchmark_tile(
    path: Path,
    *,
    sheet_box: Box = SHEET,
    density: float = 4.0,
    ground_share: float = 0.4,
    point_format: int = 6,
    seed: int = 1,
) -> int:
    """Write a made-up LAZ tile and return its number of points.

    Parameters
    ----------
    path : Path
        The file; replaced if it is there.
    sheet_box : Box
        What the tile covers, half-open; points lie on whole millimetres.
    density : float
        Points a square metre, met to about 2 %.
    ground_share : float
        Share of the points that are ground (class 2), 0.2 to 0.9, met to about 2 %.
    point_format : int
        6 (LAS 1.4, with CRS) or 3 (LAS 1.2, with colours, without).
    seed : int
        The same arguments give the same points.
    """
    west, south, east, north = sheet_box.bounds
    width, height = east - west, north - south
    wooded = _wooded_share(ground_share)
    land = _land(seed, width, height, wooded)
    returns = _HOUSES + (1 - _HOUSES) * (1 - wooded + wooded * (_leaves_a_pulse() + _THROUGH))
    offset = float(np.floor(west / 1e4) * 1e4), float(np.floor(south / 1e4) * 1e4)
    head = laz.header(
        "1.4" if point_format >= 6 else "1.2", point_format, 0.001, offset, crs=point_format >= 6
    )
    count = 0
    with laspy.open(path, "w", header=head, laz_backend=laspy.LazBackend.LazrsParallel) as writer:
        for e, n, z, fields in _chunks(seed, land, width, height, density / returns, point_format):
            e, n = np.round(west + e, 3), np.round(south + n, 3)
            keep = (e >= west) & (e < east) & (n > south) & (n <= north)
            steps = np.rint(np.stack((e - offset[0], n - offset[1], z), axis=1)[keep] * 1000.0)
            part = {name: values[keep] for name, values in fields.items()}
            writer.write_points(laz.record(head, steps.astype(np.int64), part))
            count += len(steps)
    return count


def _leaves_a_pulse() -> float:
    return float(np.sum(_LEAVES * np.arange(1, 4)))


def _wooded_share(ground_share: float) -> float:
    """Return the share of woods outside the houses that makes this share of ground points.

    With w wooded, the ground gets (1 - h)(1 - w + w t) returns of h + (1 - h)(1 - w + w (l + t)).
    """
    h, t, leaves = _HOUSES, _THROUGH, _leaves_a_pulse()
    open_land = (1 - h) - ground_share * (h + (1 - h))
    slope = (1 - h) * (1 - t) + ground_share * (1 - h) * (leaves + t - 1)
    share = open_land / slope
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"no share of woods gives {ground_share} ground points")
    return float(share)


def _land(seed: int, width: float, height: float, wooded: float) -> _Land:
    """Return hills of 200 m, woods on the wanted share of them, and houses in the clearings."""
    rng = stream(seed, 11)
    shape = int((height + 2 * _MARGIN) / _NODE) + 2, int((width + 2 * _MARGIN) / _NODE) + 2
    ground = 150 + fractal(rng, shape, ((150, 45), (60, 16), (25, 6), (11, 2), (5, 0.6), (2.5, 0.2)))
    woods = fractal(rng, shape, ((60, 1), (20, 0.5), (6, 0.25)))
    # Houses of 12 × 12 m on some of the 24 m lots; woods only where there are none.
    lots = np.repeat(np.repeat(rng.random((shape[0] // 6 + 1, shape[1] // 6 + 1)), 6, 0), 6, 1)
    row, col = np.indices(shape)
    inner = (row % 6 < 3) & (col % 6 < 3)
    lot = lots[: shape[0], : shape[1]]
    built = inner & (lot < 4 * _HOUSES)
    rim = int(_MARGIN / _NODE)
    free = woods[rim:-rim, rim:-rim][~built[rim:-rim, rim:-rim]]
    woods -= np.quantile(free, 1 - wooded)
    roofs = np.where(built, 5.0 + 20.0 * lot, 0.0)
    return _Land(ground, woods, roofs)


Chunk = tuple[Floats, Floats, Floats, dict[str, NDArray[np.generic]]]


def _chunks(
    seed: int, land: _Land, width: float, height: float, density: float, point_format: int
) -> Iterator[Chunk]:
    """Yield the returns, some scan lines at a time: local east, north, height, and the other dimensions.

    ``density`` counts pulses a square metre over all lines.
    """
    rng = stream(seed, 12)
    half = (_SENSOR - 150.0) * np.tan(_HALF_ANGLE)
    step = 2 * half * (1 - _SIDELAP)
    centres = np.arange(0.5 * step - half * _SIDELAP, height + half, step)
    covered = np.minimum(centres + half, height) - np.maximum(centres - half, 0.0)
    spacing = 1.0 / np.sqrt(density * height / covered.clip(0).sum())
    angle = np.linspace(-_HALF_ANGLE, _HALF_ANGLE, int(2 * half / spacing))
    scans = np.arange(int((width + 40.0) / spacing))
    for line, centre in enumerate(centres[covered > 0], start=1):
        for some in np.array_split(scans, max(1, scans.size * angle.size // _CHUNK)):
            seconds = some[:, None] * 2.0**-6
            ticks: Floats = some[:, None] * 2.0**11 + np.arange(float(angle.size))[None, :]
            time = 262_000_000.0 + line * 600.0 + ticks * _TICK
            tilt = np.tan(angle[None, :] + 0.004 * np.sin(seconds * 1.1 + line))
            along = (some[:, None] + 0.4 * np.sin(seconds * 2.3)) * spacing - 20.0
            e = np.broadcast_to(along if line % 2 else width - along, tilt.shape)
            yield _shoot(rng, land, line, point_format, e.ravel(), float(centre), tilt.ravel(), time.ravel())


def _shoot(
    rng: np.random.Generator,
    land: _Land,
    line: int,
    point_format: int,
    e: Floats,
    centre: float,
    tilt: Floats,
    time: Floats,
) -> Chunk:
    """Return what comes back of pulses at ``e``, tilted across the line that is flown at north ``centre``."""
    fall = np.full(e.size, _SENSOR - 150.0)
    for _ in range(3):
        fall = _SENSOR - _look(land.ground, e, centre + tilt * fall)
    n = centre + tilt * fall
    ground = _look(land.ground, e, n)
    row, col = ((v + _MARGIN) / _NODE for v in (n, e))
    rows, cols = land.roofs.shape
    cell = row.astype(np.intp).clip(0, rows - 1), col.astype(np.intp).clip(0, cols - 1)
    roof = land.roofs[cell]
    woods = (land.woods[cell] > 0) & (roof == 0)
    leaves = np.where(woods, rng.choice(3, e.size, p=_LEAVES) + 1, 0)
    last = ~woods | (rng.random(e.size) < _THROUGH)
    top = 9.0 + 7.0 * rng.random(e.size) ** 2

    number = leaves + last
    pulse = np.repeat(np.arange(e.size), number)
    nth = np.arange(pulse.size) - np.repeat(np.cumsum(number) - number, number) + 1
    leaf = nth <= leaves[pulse]
    up = np.where(leaf, top[pulse] * (1.0 - 0.27 * (nth - 1)) - 2.0 * rng.random(pulse.size), roof[pulse])
    z = ground[pulse] + up + 0.02 * rng.standard_normal(pulse.size)
    kind = np.where(leaf, np.where(up > 5.0, HIGH, MEDIUM), np.where(roof[pulse] > 0, BUILDING, GROUND))
    degrees = np.rad2deg(np.arctan(tilt[pulse]))
    fields: dict[str, NDArray[np.generic]] = {
        "classification": kind.astype(np.uint8),
        "return_number": nth.astype(np.uint8),
        "number_of_returns": number[pulse].astype(np.uint8),
        "gps_time": time[pulse],
        "point_source_id": np.full(pulse.size, line, np.uint16),
        "intensity": (rng.integers(20, 60, pulse.size) * np.where(leaf, 1, 3)).astype(np.uint16),
    }
    if point_format >= 6:
        fields["scan_angle"] = np.rint(degrees / 0.006).astype(np.int16)
    else:
        fields["scan_angle_rank"] = np.rint(degrees).astype(np.int8)
        grey = rng.integers(60, 140, pulse.size).astype(np.uint16) << 8
        fields |= {"red": grey, "green": grey + np.uint16(20 << 8), "blue": grey - np.uint16(15 << 8)}
    return e[pulse], n[pulse] - tilt[pulse] * up, z, fields


def _look(nodes: Floats, e: Floats, n: Floats) -> Floats:
    return bilinear(nodes, (n + _MARGIN) / _NODE, (e + _MARGIN) / _NODE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--density", type=float, default=4.0, help="points a square metre (default 4)")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for point_format in (6, 3):
        path = options.folder / f"sheet_pdrf{point_format}.laz"
        count = benchmark_tile(path, density=options.density, point_format=point_format)
        print(f"{path}: {count / 1e6:.2f} M points, {path.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
