"""What is wrong with a delivery: point clouds, rasters and text grids, before anyone trusts them.

>>> from pointcloud import check
>>> report = check.delivery("tiles", control="control.csv")   # doctest: +SKIP
>>> [str(finding) for finding in report.findings]             # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pointcloud.check.finding import Finding, Severity
from pointcloud.check.page import page
from pointcloud.check.report import Report
from pointcloud.check.request import Limits, Request
from pointcloud.check.run import check
from pointcloud.geo import crs as crs_room

__all__ = ["Finding", "Limits", "Report", "Request", "Severity", "check", "delivery", "page"]


def delivery(
    inputs: str | Path | Sequence[str | Path],
    *,
    ground: Sequence[str | Path] = (),
    control: str | Path | None = None,
    crs: str | None = None,
    level: str = "2500",
    ground_classes: Sequence[int] = (2,),
    limits: Limits | None = None,
    jobs: int = 1,
) -> Report:
    """Look at a delivery, and return what was found.

    Parameters
    ----------
    inputs : path or sequence of paths
        Files, folders, patterns or ZIPs.
    ground : sequence of paths
        Point clouds that hold ground points only.
    control : path, optional
        CSV of control points: name, E, N, H in metres.
    crs : str, optional
        Of files that state none, such as ``EPSG:6673``.
    level : str
        Of the sheets that figures are given for: 5000 to 250, or ``none`` for squares of 1 km.
    ground_classes : sequence of int
    limits : Limits, optional
        From where on a figure is worth a warning.
    jobs : int
        Files to read at a time. With more than one, a script needs ``if __name__ == "__main__":``.

    Returns
    -------
    Report
        Its ``findings`` are sorted by severity; ``str`` of each says what is the matter and what to do next.

    Raises
    ------
    ParameterError
        If an input does not exist or holds nothing to check, or the control points cannot be read.
    CrsError
        If ``crs`` names none.
    OutputError
        If there is no room for scratch, in the system's folder for temporary files.
    """
    given = (inputs,) if isinstance(inputs, (str, Path)) else tuple(inputs)
    return check(
        Request(
            inputs=tuple(map(str, given)),
            ground=tuple(map(str, ground)),
            control=Path(control) if control else None,
            crs=crs_room.from_user(crs) if crs else None,
            level=level,
            ground_classes=tuple(ground_classes),
            jobs=jobs,
            limits=limits or Limits(),
        )
    )
