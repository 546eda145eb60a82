"""Pictures and rasters of any kind that GDAL reads, laid onto a grid of pixels: what is draped over terrain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, Resampling
from rasterio.vrt import WarpedVRT

from pointcloud.errors import FileError
from pointcloud.io import raster

_SETTINGS: dict[str, object] = {
    "GDAL_CACHEMAX": 64 * 1024**2,
    "GDAL_DISABLE_READDIR_ON_OPEN": "FALSE",
}
_SAMPLE = 1000


@dataclass(frozen=True)
class Drape:
    """A raster to drape.

    Parameters
    ----------
    path : Path
    cell : float
        Width of a pixel in the unit of its CRS.
    numbers : bool
        Whether its one band holds numbers; else its bands or palette are colours.
    low, high : float
        Range of the numbers, by about a million of them.
    crs_wkt : str, optional
    credit : str
    synthetic : bool
    """

    path: Path
    cell: float
    numbers: bool
    low: float
    high: float
    crs_wkt: str | None
    credit: str = ""
    synthetic: bool = False


def look(path: Path) -> Drape:
    """Read what a raster says of itself.

    Raises
    ------
    FileError
        If it cannot be read, or does not say where it lies.
    """
    try:
        with raster.opened(path, settings=_SETTINGS) as file:
            if file.transform == Affine.identity():
                raise FileError("dem.nowhere", path=path)
            palette = ColorInterp.palette in file.colorinterp
            numbers = file.count < 3 and not palette
            low = high = 0.0
            if numbers:
                step = max(1, -(-max(file.width, file.height) // _SAMPLE))
                shape = (max(1, file.height // step), max(1, file.width // step))
                part = file.read(1, out_shape=shape, masked=True).astype(np.float64)
                known = np.ma.masked_invalid(part).compressed()
                low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
            tags = file.tags()
            return Drape(
                path,
                float(abs(file.transform.a)),
                numbers,
                low,
                high,
                file.crs.to_wkt() if file.crs is not None else None,
                tags.get("CREDIT", ""),
                tags.get("SYNTHETIC") == "YES",
            )
    except raster.ERRORS as error:
        raise FileError("view.drape", path=path, cause=_line(error)) from error


def laid(
    drape: Drape, bounds: tuple[float, float, float, float], shape: tuple[int, int], crs_wkt: str | None
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return a raster as it lies on a grid of pixels.

    Parameters
    ----------
    drape : Drape
    bounds : (west, south, east, north)
        Of the grid, in metres.
    shape : (rows, cols)
        Of the grid.
    crs_wkt : str, optional
        CRS of the grid; a raster in another is warped. One of the two alone counts for both.

    Returns
    -------
    values : (rows, cols, 3) uint8 or (rows, cols) float64
        Colours or numbers. Pixels as wide as the raster's are its own; wider ones the mean of what they hold,
        narrower ones linear between colours.
    known : (rows, cols) bool

    Raises
    ------
    FileError
        If it cannot be read or warped.
    """
    west, south, east, north = bounds
    rows, cols = shape
    transform = Affine((east - west) / cols, 0, west, 0, -(north - south) / rows, north)
    source = drape.crs_wkt or crs_wkt or "EPSG:6673"
    target = crs_wkt or source
    try:
        with raster.opened(drape.path, settings=_SETTINGS) as file:
            palette = ColorInterp.palette in file.colorinterp
            ratio = transform.a / abs(file.transform.a)
            same = source == target and 0.5 < ratio < 1.01
            how = Resampling.nearest if palette or same else Resampling.average
            if ratio < 0.5 and not palette:
                how = Resampling.bilinear
            options = {"transform": transform, "width": cols, "height": rows, "resampling": how}
            with WarpedVRT(
                file, src_crs=source, crs=target, add_alpha=_needs_alpha(file), **options
            ) as warped:
                bands = warped.read()
                colours = file.colormap(1) if palette else {}
    except raster.ERRORS as error:
        raise FileError("view.drape", path=drape.path, cause=_line(error)) from error
    known = bands[-1] > 0
    if drape.numbers:
        values = bands[0].astype(np.float64)
        return values, known & np.isfinite(values)
    if palette:
        table = np.zeros((256, 4), np.uint8)
        for index, colour in colours.items():
            table[index] = colour
        chosen = table[bands[0]]
        return np.ascontiguousarray(chosen[..., :3]), known & (chosen[..., 3] > 0)
    return np.ascontiguousarray(np.moveaxis(_bytes(bands[:3]), 0, 2)), known


def _needs_alpha(file: Any) -> bool:
    return ColorInterp.alpha not in file.colorinterp


def _bytes(bands: NDArray[Any]) -> NDArray[np.uint8]:
    """Return colours of 8 bits; those of 16 lose their lower half."""
    if bands.dtype == np.uint16:
        return np.asarray(bands >> 8, np.uint8)
    return np.asarray(np.clip(np.nan_to_num(bands), 0, 255), np.uint8)


def _line(error: BaseException) -> str:
    return " ".join(str(error.__cause__ or error).split()) or type(error).__name__
