"""What the user asks of a conversion, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pointcloud.geo.crs import SpatialReference
from pointcloud.params.grid import Compression, GeoidFile, Product
from pointcloud.run.report import Report

Kind = Literal["text", "gml", "lem", "geotiff"]
KINDS: tuple[Kind, ...] = ("text", "gml", "lem", "geotiff")


@dataclass(frozen=True)
class Request:
    """What the user asks for.

    Parameters
    ----------
    inputs : tuple of str
        Files, folders or patterns; ZIPs are looked into.
    out : Path
    kind : str, optional
        Of all inputs; by default each is told by its name and content.
    product : str, optional
        What the rasters are, where names do not tell.
    crs : SpatialReference, optional
        Of rasters that state none; for GML the plane system that they are brought into.
    vertical : str, optional
        Height datum, stated and never converted.
    geoid : GeoidFile, optional
        Lowers all heights, which are ellipsoidal.
    resolution : float, optional
        Of GML in a plane system, in metres.
    level : str
        Of the sheets that GML in a plane system is cut to.
    swap : bool
        Text grids have the northing first.
    nodata : tuple of float
        Further heights that stand for none.
    reference : Path, optional
        A DEM that the new heights are compared with.
    compress : str
    credit : str
    jobs : int
    flagged : bool
        Texts have numbers and say which heights are interpolated.
    """

    inputs: tuple[str, ...]
    out: Path
    kind: Kind | None = None
    product: Product | None = None
    crs: SpatialReference | None = None
    vertical: str | None = None
    geoid: GeoidFile | None = None
    resolution: float | None = None
    level: str = "2500"
    swap: bool = False
    nodata: tuple[float, ...] = ()
    reference: Path | None = None
    compress: Compression = "deflate"
    credit: str = ""
    jobs: int = 1
    flagged: bool = False

    @property
    def facts(self) -> dict[str, str]:
        """What the user states of the rasters, by option, as the record keeps it."""
        stated = {
            "CREDIT": self.credit,
            "from": self.kind or "",
            "product": self.product or "",
            "crs": self.crs.label if self.crs else "",
            "vertical": self.vertical or "",
            "geoid": " ".join(self.geoid.facts.values()) if self.geoid else "",
            "swap": "yes" if self.swap else "",
            "nodata": " ".join(f"{value:g}" for value in self.nodata),
        }
        return {name: value for name, value in stated.items() if value}


@dataclass
class ConvertReport(Report):
    """What came of a conversion, besides what there is to say of every run.

    Parameters
    ----------
    passed : list of str
        Files of other kinds.
    identical : int
        Texts that came back byte for byte.
    """

    passed: list[str] = field(default_factory=list)
    identical: int = 0
