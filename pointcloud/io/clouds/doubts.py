"""What speaks against what a file of points states, asked by every command in the same way."""

from __future__ import annotations

from pointcloud.doubt import place
from pointcloud.doubt.verdict import Verdict, require
from pointcloud.geo.crs import SpatialReference
from pointcloud.io.cloudheader import CloudHeader
from pointcloud.io.remark import Remark


def of_header(header: CloudHeader, reference: SpatialReference | None) -> list[Verdict]:
    """Return what can be told from the header alone.

    Parameters
    ----------
    header : CloudHeader
    reference : SpatialReference, optional
        In which its points are, stated or not; without it nothing can be told.
    """
    if reference is None or not header.count or not header.has_box:
        return []
    bounds = header.mins[0], header.mins[1], header.maxs[0], header.maxs[1]
    return place.judge(header.path.name, bounds, reference)


def require_sound(header: CloudHeader, reference: SpatialReference) -> tuple[Remark, ...]:
    """Return what to warn of before the points of a file are used.

    Raises
    ------
    FileError, CrsError
        If what is made of them would be wrong.
    """
    return Remark.of_verdicts(require(of_header(header, reference), header.path.name), header.path.name)
