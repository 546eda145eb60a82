"""What speaks against what DEM files state, asked by every command in the same way."""

from __future__ import annotations

from collections.abc import Sequence

from pointcloud.doubt import place
from pointcloud.doubt.verdict import require
from pointcloud.errors import CrsError
from pointcloud.geo import crs as crs_room
from pointcloud.geo.crs import SpatialReference
from pointcloud.io.dems.dem import DemFile
from pointcloud.io.dems.plausibility import warn
from pointcloud.io.remark import Remark


def require_sound(files: Sequence[DemFile], crs_wkt: str | None = None) -> tuple[Remark, ...]:
    """Return what to warn of before the heights of files are used.

    Parameters
    ----------
    files : sequence of DemFile
    crs_wkt : str, optional
        CRS of files that state none.

    Raises
    ------
    FileError, CrsError
        If what is made of them would be wrong.
    """
    remarks: list[Remark] = []
    for file in files:
        text, name = file.crs_wkt or crs_wkt, file.path.name
        if text is None:
            continue
        try:
            system = _system(file) or crs_room.from_wkt(text, file=name)
        except CrsError:  # a plane of its own, or one that only those who need its name refuse
            continue
        remarks += Remark.of_verdicts(require(place.judge(name, file.bounds, system), name), name)
    return tuple(remarks)


def _system(file: DemFile) -> SpatialReference | None:
    """Return the system of a file that states a plane rectangular zone by its code: PROJ need not be asked."""
    found = SpatialReference(f"EPSG:{file.epsg}") if file.epsg else None
    return found if found and found.zone else None


def warn_unsound(files: Sequence[DemFile], crs_wkt: str | None = None) -> None:
    """Do the same, and give the warnings to whoever hears those of Python.

    Warns
    -----
    DataWarning
        Of each that there is.

    Raises
    ------
    FileError, CrsError
        If what is made of the files would be wrong.
    """
    for remark in require_sound(files, crs_wkt):
        warn(remark)
