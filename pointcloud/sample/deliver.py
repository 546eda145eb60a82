"""The delivery: LAZ tiles as contractors hand them over, each a little different, and the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.io import MemoryFile

from pointcloud.geo.lattice import Grid, cell_quanta
from pointcloud.io.put import put
from pointcloud.params.grid import NODATA
from pointcloud.sample import colours, laz
from pointcloud.sample.cloud import DENSITY, NOISE, Points, points
from pointcloud.sample.noise import Floats
from pointcloud.sample.place import AREA, EPSG, NAME, NAME_JA, SEED, TILES, Tile
from pointcloud.sample.returns import GROUND
from pointcloud.sample.terrain import truth

TRUTH = "truth_1g.tif"
_OFFSET = (20_000.0, -170_000.0)
_SCAN_ANGLE_STEP = 0.006


def write(
    folder: Path, seed: int = SEED, density: float = DENSITY, progress: Callable[[], object] | None = None
) -> list[Path]:
    """Write the sample tiles and the true surface into a folder.

    Parameters
    ----------
    folder : Path
        Made if it is missing; files of the same names are replaced.
    seed : int
        The same seed gives the same bytes, with the same version of lazrs.
    density : float
        Pulses a square metre of one flight line.
    progress : callable, optional
        Called after each of the flight lines.

    Returns
    -------
    list of Path
        The files, sorted.

    Raises
    ------
    OutputError
        If a file cannot be written; what was there under its name is kept.
    """
    made = dict(tiles(points(seed, density, progress), seed))
    made[TRUTH] = truth_tif(seed)
    for name, data in made.items():
        put(folder / name, data)
    return sorted(folder / name for name in made)


def tiles(cloud: Points, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield each tile's name within the delivery, and its bytes."""
    for tile in TILES:
        west, south, east, north = tile.sheet.bounds
        part = cloud.take((cloud.e >= west) & (cloud.e < east) & (cloud.n > south) & (cloud.n <= north))
        if tile.pair:
            part = part.take(part.classification != NOISE)
            yield f"original/{tile.code}.laz", _encode(tile, part, seed)
            part = part.take(part.classification == GROUND)
            yield f"ground/{tile.code}.laz", _encode(tile, part, seed)
        else:
            yield f"{tile.code}.laz", _encode(tile, part, seed)


def _encode(tile: Tile, part: Points, seed: int) -> bytes:
    """Return the LAZ file of one tile."""
    head = laz.header(tile.version, tile.point_format, tile.scale, _OFFSET, tile.crs)
    fields: dict[str, NDArray[np.generic]] = {
        "classification": np.ones_like(part.classification) if tile.pair else part.classification,
        "return_number": part.return_number,
        "number_of_returns": part.number_of_returns,
        "gps_time": part.gps_time,
        "point_source_id": part.line,
        "intensity": part.intensity,
    }
    if tile.point_format >= 6:
        fields["scan_angle"] = np.rint(part.angle / _SCAN_ANGLE_STEP).astype(np.int16)
    else:
        fields["scan_angle_rank"] = part.angle.astype(np.int8)
    if tile.point_format == 3:
        fields |= _rgb(part, seed)
    return laz.encode(head, _steps(tile, part), fields)


def _steps(tile: Tile, part: Points) -> NDArray[np.int64]:
    """Return coordinates in steps of the file's scale.

    A coarser scale must not carry a point onto its sheet's east or south edge: those are the next sheet's.
    """
    _, south, east, _ = tile.sheet.bounds
    e, n, z = (
        np.rint((values - offset) / tile.scale).astype(np.int64)
        for values, offset in zip((part.e, part.n, part.z), (*_OFFSET, 0.0), strict=True)
    )
    e = np.minimum(e, round((east - _OFFSET[0]) / tile.scale) - 1)
    n = np.maximum(n, round((south - _OFFSET[1]) / tile.scale) + 1)
    return np.stack((e, n, z), axis=1)


def _rgb(part: Points, seed: int) -> Mapping[str, NDArray[np.generic]]:
    """Return colours as 16-bit dimensions."""
    rgb = colours.paint(part, seed).astype(np.uint16) << 8
    return dict(zip(("red", "green", "blue"), rgb.T, strict=True))


def truth_grid(seed: int = SEED) -> tuple[Floats, Grid]:
    """Return the true ground at the centres of the 1 m cells, and its window of the lattice.

    The array is (rows, cols) = (600, 800) in metres, NaN under water.
    """
    grid = Grid(AREA, cell_quanta(1))
    west, _, _, north = grid.box.bounds
    e = west + 0.5 + np.arange(grid.cols)
    n = north - 0.5 - np.arange(grid.rows)
    e, n = np.meshgrid(e, n)
    return truth(e, n, seed), grid


def truth_tif(seed: int = SEED) -> bytes:
    """Return the true ground as a GeoTIFF: float32, millimetres, nodata -9999 under water."""
    z, grid = truth_grid(seed)
    band = np.where(np.isnan(z), NODATA, np.round(z, 3)).astype(np.float32)
    profile = {
        "driver": "GTiff", "width": grid.cols, "height": grid.rows, "count": 1, "dtype": "float32",
        "crs": f"EPSG:{EPSG}", "transform": grid.transform, "nodata": NODATA,
        "compress": "deflate", "predictor": 3, "zlevel": 9,
        "tiled": True, "blockxsize": 256, "blockysize": 256,
    }  # fmt: skip
    with MemoryFile() as file:
        with file.open(**profile) as raster:
            raster.write(band, 1)
            raster.update_tags(
                SYNTHETIC="YES", TITLE=NAME, TITLE_JA=NAME_JA, SEED=seed, LICENCE="CC0-1.0",
                CONTENT="true bare earth at cell centres; void under water", AREA_OR_POINT="Area",
            )  # fmt: skip
        return bytes(file.getbuffer())
