"""What was handed in: headers of all files, their one CRS, and what is wrong before any point is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pointcloud import crs as crs_room
from pointcloud.crs import SpatialReference
from pointcloud.errors import CrsError, FileError, HyogoError
from pointcloud.io.claims import claimed_boxes
from pointcloud.io.files import find_files
from pointcloud.io.las import read_header
from pointcloud.io.lasheader import CloudHeader
from pointcloud.io.remark import Remark
from pointcloud.lattice import Box


@dataclass(frozen=True)
class Source:
    """A file to grid.

    Parameters
    ----------
    header : CloudHeader
    all_ground : bool
        Its points are all ground, whatever their class.
    """

    header: CloudHeader
    all_ground: bool

    @property
    def key(self) -> str:
        """What tells it from every other file."""
        return str(self.header.path)

    @property
    def box(self) -> Box:
        """Where its points lie, as its header says."""
        return self.header.box

    @property
    def limits(self) -> Box:
        """Where its points can lie, with the rounding of the header's box."""
        return self.header.limits


@dataclass(frozen=True)
class BadFile:
    """A file that cannot be used, why, and where its points would have been, as far as known."""

    path: Path
    error: HyogoError
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Inventory:
    """All that is known before any point is read."""

    sources: tuple[Source, ...]
    bad: tuple[BadFile, ...]
    crs: SpatialReference | None
    remarks: tuple[Remark, ...]


def take_inventory(
    inputs: Sequence[str],
    ground: Sequence[str],
    *,
    crs: SpatialReference | None,
    vertical: str | None,
    needs_zone: bool,
    scan: Callable[[CloudHeader], CloudHeader] | None = None,
) -> Inventory:
    """Read the headers of all files.

    Parameters
    ----------
    inputs, ground : sequences of str
        Files, folders or globs; those of ``ground`` hold ground points only. A file named in both is ground.
    crs : SpatialReference, optional
        Of files that state none; it must agree with those that state one.
    vertical : str, optional
        Height datum of all files, which mostly state none.
    needs_zone : bool
        Whether sheets of a plane rectangular zone are to be made.
    scan : callable, optional
        Finds the box of the points themselves, for files whose header box lies.

    Raises
    ------
    ParameterError
        If an input is missing.
    CrsError
        If the files do not share one usable CRS.
    """
    ground_files = find_files(ground) if ground else []
    known = {path.resolve() for path in ground_files}
    files = [(path, False) for path in (find_files(inputs) if inputs else []) if path.resolve() not in known]
    sources: list[Source] = []
    bad: list[BadFile] = []
    remarks: list[Remark] = []
    for path, all_ground in files + [(path, True) for path in ground_files]:
        try:
            header = read_header(path)
            if header.count:
                sources.append(Source(scan(header) if scan else header, all_ground))
                _ = sources[-1].box
            else:
                remarks.append(Remark.of("run.no_points", path=path.name))
        except FileError as error:
            sources = [source for source in sources if source.header.path != path]
            bad.append(BadFile(path, error, claimed_boxes(path)))
            continue
        remarks.extend(header.warnings)
    common, more = _agree(sources, crs, vertical)
    if needs_zone and sources and (common is None or common.zone is None):
        raise CrsError("run.no_zone", crs=common.label if common else "-")
    return Inventory(tuple(sources), tuple(bad), common, tuple(remarks + more))


def _agree(
    sources: Sequence[Source], given: SpatialReference | None, vertical: str | None
) -> tuple[SpatialReference | None, list[Remark]]:
    """Return the one CRS of all files, and what to say about it."""
    if not sources:
        return None, []
    references: dict[str, SpatialReference] = {}
    remarks: list[Remark] = []
    for source in sources:
        stated = source.header.crs
        if stated is None and given is None:
            deduction = crs_room.deduce(source.header.path.name, source.box.bounds)
            remarks.extend(Remark.of(name, **values) for name, values in deduction.warnings)
            stated = deduction.crs
        reference = stated if stated is not None else given
        assert reference is not None
        crs_room.require_metres(reference, source.header.path.name)
        references[source.key] = reference
    if given is not None:
        for key, reference in references.items():
            if not crs_room.same_place(reference, given):
                raise CrsError("run.crs_differs", file=key, stated=reference.label, given=given.label)
    common, notices = crs_room.common(references, vertical=vertical)
    remarks.extend(Remark.of(name, **values) for name, values in notices)
    return (replace(common, horizontal=given.horizontal) if given else common), remarks
