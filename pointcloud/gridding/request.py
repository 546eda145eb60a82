"""What the user asks of a gridding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pointcloud.geo.crs import SpatialReference
from pointcloud.io import names
from pointcloud.params.grid import GridParams, Product


@dataclass(frozen=True)
class Request:
    """What the user asks for.

    Parameters
    ----------
    inputs, ground : tuple of str
        Files, folders or globs; those of ``ground`` hold ground points only.
    out : Path
    params : GridParams
    level : str
        A level of the map sheets, or ``none``.
    tile_size : float
        Side in metres of the tiles where there are no sheets.
    area : tuple of str
        Sheet codes, boxes ``W,S,E,N``, or polygon files; empty for all.
    crs : SpatialReference, optional
        Of files that state none.
    to_crs : SpatialReference, optional
        That points of all files are brought into while they are read.
    vertical : str, optional
    credit : str
        Source credit, written into every raster.
    jobs : int
        Processes, or threads where there are few sheets.
    scheduler : str
        Address of a Dask scheduler whose workers do the work instead; empty for none.
    redo : bool
        Give up rasters in ``out`` that were made with other parameters.
    scan_extents : bool
        Find where the points of each file lie, instead of believing its header.
    columns : str
        What the columns of texts of points are, ``x y z class``; empty to tell it by their values.
    exclude_overlap : bool
        Leave out points marked as overlap.
    reference : Path, optional
        A DEM that the new heights are compared with.
    """

    inputs: tuple[str, ...]
    out: Path
    params: GridParams
    ground: tuple[str, ...] = ()
    level: str = "2500"
    tile_size: float = 1000.0
    area: tuple[str, ...] = ()
    crs: SpatialReference | None = None
    to_crs: SpatialReference | None = None
    vertical: str | None = None
    credit: str = ""
    jobs: int = 1
    redo: bool = False
    scan_extents: bool = False
    scheduler: str = ""
    reference: Path | None = None
    columns: str = ""
    exclude_overlap: bool = False

    @property
    def facts(self) -> dict[str, str]:
        """What the user states of the rasters, as tags."""
        stated = {"CREDIT": self.credit, "COLUMNS": " ".join(self.columns.split())}
        stated["OVERLAP"] = "EXCLUDED" if self.exclude_overlap else ""
        return {name: value for name, value in stated.items() if value}


def folders(params: GridParams) -> Iterator[tuple[Product, float, str]]:
    """Yield each product and resolution of a run, and the folder of its rasters."""
    for product in params.products:
        for resolution in params.resolutions:
            yield product, resolution, names.folder(product, resolution)
