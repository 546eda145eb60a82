"""New heights against a DEM that is known to be right: ellipsoidal heights lie 30–45 m too high in Japan.

Nothing is changed by what is found here; it is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import CrsError, FileError
from pointcloud.geo import crs as crs_room
from pointcloud.io.dems.dem import opened
from pointcloud.io.remark import Remark

Doubles = NDArray[np.float64]

_LEAST, _MOST = 30.0, 45.0
"""Metres: the geoid above the ellipsoid from Hokkaido to Okinawa is 20–45 m, in Hyogo 36–38 m."""
_WIDE = 5.0  # metres: half of all differences within this of the median, or the places are not the same
_RASTERS = 64
_CELLS = 2_000  # of a raster
_FEWEST = 20


def require(reference: Path) -> None:
    """Make sure that a reference can be read.

    Raises
    ------
    FileError
        If it cannot, or is no raster of heights with a CRS.
    """
    with opened(reference) as file:
        _system(reference, file)
        if file.dtypes[0] == "uint8" and file.count >= 3:
            raise FileError("dem.picture", path=reference, bands=file.count)


def compare(rasters: Sequence[Path], reference: Path) -> Remark:
    """Return what the median difference of heights from a reference tells, and what to do next.

    Parameters
    ----------
    rasters : sequence of Path
        Of heights; of many, some spread evenly are looked at.
    reference : Path
        A DEM that GDAL reads, of any CRS and cell. The cell that holds the centre of one of ours is compared with it.

    Raises
    ------
    FileError
        If a file cannot be read.
    """
    chosen = np.unique(np.linspace(0, len(rasters) - 1, min(len(rasters), _RASTERS)).round().astype(int))
    found = np.concatenate([np.empty(0), *(_differences(rasters[k], reference) for k in chosen)])
    values: dict[str, object] = {"reference": reference.name, "count": found.size}
    if found.size < _FEWEST:
        return Remark.of("reference.apart", **values)
    median = float(np.median(found))
    spread = float(np.median(np.abs(found - median)))
    values |= {"median": f"{median:+.2f}", "spread": f"{spread:.2f}"}
    if spread > _WIDE:
        return Remark.of("reference.unlike", **values)
    if _LEAST <= median <= _MOST:
        return Remark.of("reference.ellipsoidal", **values)
    if _LEAST <= -median <= _MOST:
        return Remark.of("reference.too_low", **values)
    return Remark.of("reference.difference", **values)


def _differences(path: Path, reference: Path) -> Doubles:
    """Return the differences at up to so many cells of a raster, spread over all that it holds."""
    with opened(path) as ours:
        heights = ours.read(1, masked=True)
        rows, cols = np.nonzero(~np.ma.getmaskarray(heights))
        step = max(rows.size // _CELLS, 1)
        rows, cols = rows[step // 2 :: step], cols[step // 2 :: step]
        x, y = ours.transform @ (cols + 0.5, rows + 0.5)
        here, z = _system(path, ours), np.ma.getdata(heights)[rows, cols].astype(np.float64)
    with opened(reference) as theirs:
        there = _system(reference, theirs)
        if not crs_room.same_place(here, there):
            x, y = crs_room.transformer(here.horizontal, there.horizontal)(x, y)
        differences: Doubles = z - _sampled(theirs, np.asarray(x), np.asarray(y))
    return differences[np.isfinite(differences)]


def _sampled(file: Any, x: Doubles, y: Doubles) -> Doubles:
    """Return the heights of the cells that hold places, NaN where there is none; read a strip at a time."""
    col, row = ~file.transform @ (x, y)
    cols, rows = np.floor(col).astype(np.int64), np.floor(row).astype(np.int64)
    out = np.full(x.size, np.nan)
    inside = (cols >= 0) & (rows >= 0) & (cols < file.width) & (rows < file.height)
    for part, window in _strips(rows, cols, inside):
        (top, _), (left, _) = window
        read = np.ma.filled(file.read(1, window=window, masked=True).astype(np.float64), np.nan)
        out[part] = read[rows[part] - top, cols[part] - left] * file.scales[0] + file.offsets[0]
    return out


def _strips(
    rows: NDArray[np.int64], cols: NDArray[np.int64], inside: NDArray[np.bool_]
) -> Iterator[tuple[NDArray[np.int64], tuple[tuple[int, int], tuple[int, int]]]]:
    """Yield the places of each 512 rows, and the window that holds them."""
    for strip in np.unique(rows[inside] >> 9).tolist():
        part = np.flatnonzero(inside & (rows >> 9 == strip))
        top, left = int(rows[part].min()), int(cols[part].min())
        yield part, ((top, int(rows[part].max()) + 1), (left, int(cols[part].max()) + 1))


def _system(path: Path, file: Any) -> crs_room.SpatialReference:
    if file.crs is None:
        raise CrsError("reference.no_crs", path=path)
    return crs_room.from_wkt(file.crs.to_wkt(), file=path.name)
