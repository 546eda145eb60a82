"""What the user asks of relief maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pointcloud.params.grid import Compression
from pointcloud.params.styles import StyleParams

_FILES = (".tif", ".tiff")


@dataclass(frozen=True)
class ReliefRequest:
    """What the user asks for.

    Parameters
    ----------
    inputs : tuple of str
        Files, folders or patterns.
    out : Path
        A folder, or with one input and one style a ``.tif``.
    styles : mapping of str to StyleParams
        Values of each style to make.
    numbers : bool
        Numbers instead of pictures.
    nodata : float, optional
        A height that is nodata besides what the files say.
    crs_wkt : str, optional
        CRS of files that state none.
    compress, credit
        As for grids.
    jobs : int
        Processes, or threads where there are few files.
    scheduler : str
        Address of a Dask scheduler whose workers do the work instead; empty for none.
    """

    inputs: tuple[str, ...]
    out: Path
    styles: Mapping[str, StyleParams]
    numbers: bool = False
    nodata: float | None = None
    crs_wkt: str | None = None
    compress: Compression = "deflate"
    credit: str = ""
    jobs: int = 1
    scheduler: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """What the user states of the maps, as tags."""
        return {"CREDIT": self.credit} if self.credit else {}

    @property
    def single(self) -> bool:
        """Whether the output is one file of that name."""
        return self.out.suffix.lower() in _FILES and not self.out.is_dir()
