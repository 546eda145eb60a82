"""A raster in memory: an array, where it lies, and in which CRS."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from affine import Affine

from pointcloud.geo.lattice import Grid
from pointcloud.params.grid import QUALITY_BANDS, STATE_COLOURS

if TYPE_CHECKING:
    import xarray

_SHOWN = 800


@dataclass(frozen=True)
class Raster:
    """Cells on the lattice.

    Parameters
    ----------
    array : float array (rows, cols), uint8 array (rows, cols, 4) or float array (rows, cols, 5)
        Heights in metres with NaN for nodata; red, green, blue, alpha; or the bands of a quality raster
        (:data:`pointcloud.params.grid.QUALITY_BANDS`). Row 0 is in the north.
    grid : Grid
        Where the cells lie.
    crs : str, optional
        ``EPSG:code`` or WKT.
    name : str
        What it shows: ``dsm``, ``dem``, ``cs``, ``quality``.

    Examples
    --------
    In a notebook a raster shows itself: heights shaded, pictures as they are.
    """

    array: npt.NDArray[Any]
    grid: Grid
    crs: str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if self.array.shape[:2] != self.grid.shape:
            raise ValueError(f"an array of {self.array.shape} does not fit a grid of {self.grid.shape}")

    @property
    def transform(self) -> Affine:
        """Affine transform from (column, row) to (E, N) in metres, as rasterio has it."""
        return self.grid.transform

    @property
    def resolution(self) -> float:
        """Side of a cell in metres."""
        return self.grid.resolution

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in metres."""
        return self.grid.box.bounds

    def __repr__(self) -> str:
        west, south, east, north = self.bounds
        rows, cols = self.grid.shape
        return (
            f"<Raster {self.name}: {rows} x {cols} cells of {self.resolution:g} m, "
            f"W {west:g} S {south:g} E {east:g} N {north:g}, {self.crs or 'no CRS'}>"
        )

    def _repr_png_(self) -> bytes:
        """Return a picture for notebooks: every k-th cell, so that it is at most 800 pixels wide and high."""
        from PIL import Image

        step = -(-max(self.grid.shape) // _SHOWN)
        part = self.array[::step, ::step]
        if part.ndim == 2:
            part = _shade(part.astype(np.float64), self.resolution * step)
        elif part.dtype != np.uint8:
            part = np.array([STATE_COLOURS[k] for k in sorted(STATE_COLOURS)], np.uint8)[
                part[..., 0].astype(int)
            ]
        buffer = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(part)).save(buffer, "PNG")
        return buffer.getvalue()

    def to_xarray(self) -> xarray.DataArray:
        """Return an ``xarray.DataArray`` with cell centres as coordinates (``y``, ``x``).

        Raises
        ------
        ImportError
            If xarray is not installed (``pip install "hyogo-pc[xarray]"``).
        """
        import xarray as xr

        west, _, _, north = self.bounds
        rows, cols = self.grid.shape
        coords: dict[str, npt.NDArray[Any]] = {
            "y": north - (np.arange(rows) + 0.5) * self.resolution,
            "x": west + (np.arange(cols) + 0.5) * self.resolution,
        }
        dims = ("y", "x") if self.array.ndim == 2 else ("y", "x", "band")
        if self.name == "quality":
            coords["band"] = np.array(QUALITY_BANDS)
        attrs = {"crs": self.crs or "", "transform": tuple(self.transform)[:6]}
        return xr.DataArray(self.array, coords=coords, dims=dims, name=self.name or None, attrs=attrs)


def _shade(heights: npt.NDArray[np.float64], cell: float) -> npt.NDArray[np.uint8]:
    """Return a hillshade (light from the north-west, 45 degrees up) as RGBA."""
    out = np.zeros((*heights.shape, 4), np.uint8)
    if min(heights.shape) < 2:
        out[..., 3] = 255 * np.isfinite(heights)
        return out
    south, east = np.gradient(heights, cell)
    light = (1.0 + (east + south) * 0.5**0.5) / np.sqrt(2.0 * (1.0 + east**2 + south**2))
    known = np.isfinite(light)
    grey = np.clip(np.where(known, light, 0.0), 0.0, 1.0) * 255
    out[..., :3] = grey.astype(np.uint8)[..., None]
    out[..., 3] = 255 * known
    return out
