"""A raster as somebody's file holds it, turned north-up and placed, but not resampled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import Grid
from pointcloud.io.remark import Remark


@dataclass(frozen=True)
class Gridded:
    """What a reader of rasters returns.

    Parameters
    ----------
    array : float32 array (rows, cols) or uint8 array (rows, cols, 4)
        Heights in metres with NaN for nodata, or red, green, blue, alpha. Row 0 is in the north.
    grid : Grid
        Where the cells lie. Its origin is (0, 0) where cells end on whole multiples of their side.
    sha256 : str
        Of the file's bytes.
    crs : SpatialReference, optional
        What the file itself states.
    tags : mapping of str to str
        What is worth keeping of how the file was written.
    remarks : tuple of Remark
        What looks wrong and does not keep it from being used.
    """

    array: npt.NDArray[Any]
    grid: Grid
    sha256: str
    crs: SpatialReference | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()

    @property
    def is_picture(self) -> bool:
        """Whether it holds colours, not heights."""
        return self.array.ndim == 3
