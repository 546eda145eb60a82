"""What the user asks of a classification."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from pointcloud.errors import ParameterError
from pointcloud.geo.crs import SpatialReference
from pointcloud.ground import smrf
from pointcloud.ground.objects import RoofParams
from pointcloud.params.grid import CLASSIFY_ALGORITHM
from pointcloud.params.smrf import SmrfParams

ISOLATED = 5
"""As many as common practice has it, in cubes of the same size."""


@dataclass(frozen=True)
class ClassifyRequest:
    """What the user asks for.

    Parameters
    ----------
    inputs : tuple of str
        Files, folders or globs.
    out : Path
        Folder for the new files.
    params : SmrfParams
    heights : tuple of float
        Heights above ground in metres from which on a point is low, medium and high vegetation (classes 3, 4, 5);
        empty for none.
    roofs : RoofParams, optional
        When points are a building (class 6); without it, none is.
    isolated : int
        Points in the air are noise if there are at most so many in and around their cube; 0 for never. See
        :mod:`pointcloud.ground.objects`.
    crs : SpatialReference, optional
        Of files that state none.
    columns : str
        What the columns of texts of points are; empty to tell it by their values.
    jobs : int
        Processes, or threads where there are few files.
    scheduler : str
        Address of a Dask scheduler whose workers do the work instead; empty for none.
    to_crs : SpatialReference, optional
        That points of all files are brought into while they are classified; LAS files keep the coordinates they have.
    """

    inputs: tuple[str, ...]
    out: Path
    params: SmrfParams
    heights: tuple[float, ...] = ()
    roofs: RoofParams | None = None
    isolated: int = ISOLATED
    crs: SpatialReference | None = None
    jobs: int = 1
    scheduler: str = ""
    columns: str = ""
    to_crs: SpatialReference | None = None

    def __post_init__(self) -> None:
        rising = all(0.0 < low < high < math.inf for low, high in pairwise(self.heights))
        if self.heights and (len(self.heights) != 3 or not rising):
            raise ParameterError("classify.heights", heights=", ".join(f"{h:g}" for h in self.heights))

    @property
    def parameters(self) -> dict[str, object]:
        """What the classes depend on besides the points."""
        return {
            "algorithm": CLASSIFY_ALGORITHM,
            "smrf": asdict(self.params),
            "heights": list(self.heights),
            "roofs": asdict(self.roofs) if self.roofs else None,
            "isolated": self.isolated,
            "crs": self.crs.horizontal if self.crs else None,
            **({"columns": " ".join(self.columns.split())} if self.columns else {}),
            **({"to_crs": self.to_crs.horizontal} if self.to_crs else {}),
        }

    @property
    def halo(self) -> int:
        """How far around a file points decide the classes of its own, in quanta."""
        return smrf.halo(self.params) + self.around

    @property
    def around(self) -> int:
        """How far around a file its terrain must be known, in quanta."""
        return self.roofs.halo if self.roofs else 0
