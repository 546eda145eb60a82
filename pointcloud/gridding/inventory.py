"""What was handed in: headers of all files, their one CRS, and what is wrong before any point is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pointcloud.errors import CrsError, FileError, HyogoError
from pointcloud.geo import crs as crs_room
from pointcloud.geo import sheets
from pointcloud.geo.boxindex import BoxIndex
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import Box
from pointcloud.io.cloudheader import CloudHeader
from pointcloud.io.clouds import crs as cloud_crs
from pointcloud.io.clouds import doubts
from pointcloud.io.clouds.files import find_files
from pointcloud.io.clouds.headercache import HeaderCache
from pointcloud.io.clouds.presumed_extent import claimed_boxes
from pointcloud.io.clouds.readers import read_header, sha256
from pointcloud.io.remark import Remark
from pointcloud.run.items import InputFile

_READERS = 16  # most of the time a header takes is waiting, on a network drive at least


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
    def file(self) -> InputFile:
        """It as a file that decides what is made."""
        header = self.header
        return InputFile(
            key=self.key,
            name=header.path.name,
            size=header.size,
            modified_ns=header.modified_ns,
            digest=lambda: sha256(header),
            ground=self.all_ground,
            points=header.count,
            moved_from=header.moved_from,
        )

    @property
    def box(self) -> Box:
        """Where its points lie, as its header says."""
        return self.header.box

    @property
    def kind(self) -> bool:
        """Whether it is of those whose points are all ground, which lie on the others."""
        return self.all_ground

    @property
    def likeness(self) -> tuple[object, ...]:
        """Bytes, points and box: equal for copies of one file."""
        return self.header.size, self.header.count, self.header.mins, self.header.maxs

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

    @cached_property
    def _boxes(self) -> BoxIndex:
        return BoxIndex(source.box for source in self.sources)

    @cached_property
    def _limits(self) -> BoxIndex:
        return BoxIndex(source.limits for source in self.sources)

    def on(self, box: Box) -> list[Source]:
        """Return the files whose points, by their headers, can lie in ``box``."""
        return [self.sources[k] for k in self._boxes.touching(box)]

    def near(self, box: Box) -> list[Source]:
        """Return the files whose points can lie in ``box`` with the rounding that is allowed to their headers."""
        return [self.sources[k] for k in self._limits.touching(box)]


def take_inventory(
    inputs: Sequence[str],
    ground: Sequence[str],
    *,
    crs: SpatialReference | None,
    vertical: str | None,
    needs_zone: bool,
    to_crs: SpatialReference | None = None,
    scan: Callable[[CloudHeader], CloudHeader] | None = None,
    stages: str = "",
    columns: str = "",
    exclude_overlap: bool = False,
) -> Inventory:
    """Read the headers of all files.

    Parameters
    ----------
    inputs, ground : sequences of str
        Files, folders or globs; those of ``ground`` hold ground points only. A file named in both is ground.
    crs : SpatialReference, optional
        Of files that state none; it must agree with those that state one, unless points are brought into ``to_crs``.
    vertical : str, optional
        Height datum of all files, which mostly state none.
    needs_zone : bool
        Whether sheets of a plane rectangular zone are to be made.
    to_crs : SpatialReference, optional
        That the points of all files are brought into.
    scan : callable, optional
        Finds the box of the points themselves, for files whose header box lies.
    stages : str
        Of PDAL, that all points pass; see :mod:`pointcloud.params.pdal_stages`.
    columns : str
        What the columns of texts are; see :mod:`pointcloud.doubt.columns`.
    exclude_overlap : bool
        Whether points marked as overlap are left out.

    Raises
    ------
    ParameterError
        If an input is missing.
    CrsError
        If the files do not share one usable CRS, or one cannot be brought into ``to_crs``.
    """
    refused: dict[Path, HyogoError] = {}
    ground_files = find_files(ground, refused) if ground else []
    known = {path.resolve() for path in ground_files}
    given = find_files(inputs, refused) if inputs else []
    files = [(path, False) for path in given if path.resolve() not in known]
    files += [(path, True) for path in ground_files]
    sources: list[Source] = []
    remarks: list[Remark] = []
    headers = _read_headers([path for path, _ in files], scan, stages, columns)
    for (path, all_ground), header in zip(files, headers, strict=True):
        if isinstance(header, FileError):
            refused[path] = header
        elif header.count:
            header = replace(header, exclude_overlap=exclude_overlap)
            sources.append(Source(header, all_ground or header.all_ground))
            remarks.extend(header.warnings)
        else:
            remarks.append(Remark.of("run.no_points", path=path.name))
            remarks.extend(header.warnings)
    if to_crs is not None:
        sources, common, more = _brought(sources, crs, vertical, to_crs)
    else:
        common, more = _agree(sources, crs, vertical)
    if needs_zone and sources and (common is None or common.zone is None):
        raise CrsError("run.no_zone", crs=common.label if common else "-")
    if needs_zone and sources:
        more += _beyond_sheets(sources)
    transforms = {source.header.transform for source in sources}
    bad = (BadFile(path, error, claimed_boxes(path, transforms)) for path, error in refused.items())
    return Inventory(tuple(sources), tuple(bad), common, tuple(remarks + more))


def _beyond_sheets(sources: Sequence[Source]) -> list[Remark]:
    """Return what to say of files outside of all sheets, of which nothing is made.

    Raises
    ------
    CrsError
        If all are.
    """
    beyond = [source for source in sources if not sheets.GRID.contains(source.box)]
    if not beyond:
        return []
    west, south, east, north = beyond[0].box.bounds
    values: dict[str, object] = {
        "count": len(beyond),
        "file": beyond[0].header.path.name,
        "x": f"{(west + east) / 2:.1f}",
        "y": f"{(south + north) / 2:.1f}",
    }
    if not any(sheets.GRID.touches(source.box) for source in sources):
        raise CrsError("run.no_sheets", **values)
    return [Remark.of("run.beyond_sheets", **values)]


def _read_headers(
    paths: Sequence[Path], scan: Callable[[CloudHeader], CloudHeader] | None, stages: str, columns: str
) -> list[CloudHeader | FileError]:
    """Return the header of each file that has points in a box, or what is wrong with it."""
    cache = HeaderCache(" ".join(("scanned" if scan else "stated", stages, columns)))

    def read(path: Path) -> CloudHeader | FileError:
        try:
            header = cache.find(path)
            if header is None:
                header = read_header(path, stages, columns)
                if header.count:
                    header = scan(header) if scan else header
                    _ = header.box
                new.append(header)
        except FileError as error:
            return error
        return header

    new: list[CloudHeader] = []
    with ThreadPoolExecutor(_READERS) as pool:
        headers = list(pool.map(read, paths))
    cache.keep(new)
    return headers


def _agree(
    sources: Sequence[Source], given: SpatialReference | None, vertical: str | None
) -> tuple[SpatialReference | None, list[Remark]]:
    """Return the one CRS of all files, and what to say about it."""
    if not sources:
        return None, []
    references: dict[str, SpatialReference] = {}
    remarks: list[Remark] = []
    for source in sources:
        reference, said = cloud_crs.reference(source.header, given)
        remarks.extend(said)
        crs_room.require_metres(reference, source.header.path.name)
        remarks.extend(doubts.require_sound(source.header, reference))
        references[source.key] = reference
    if given is not None:
        for key, reference in references.items():
            if not crs_room.same_place(reference, given):
                raise CrsError("run.crs_differs", file=key, stated=reference.label, given=given.label)
    common, notices = crs_room.common(references, vertical=vertical)
    remarks.extend(Remark.of(name, **values) for name, values in notices)
    return (replace(common, horizontal=given.horizontal) if given else common), remarks


def _brought(
    sources: Sequence[Source],
    given: SpatialReference | None,
    vertical: str | None,
    target: SpatialReference,
) -> tuple[list[Source], SpatialReference | None, list[Remark]]:
    """Return the files as they come into ``target``, what that is with their heights, and what to say."""
    if not sources:
        return [], None, []
    references: dict[str, SpatialReference] = {}
    remarks: list[Remark] = []
    brought: list[Source] = []
    moved: dict[str, list[str]] = {}
    high: list[str] = []
    for source in sources:
        header, reference, said = cloud_crs.brought(source.header, given, target)
        remarks.extend(said)
        remarks.extend(doubts.require_sound(source.header, reference))
        brought.append(replace(source, header=header))
        references[source.key] = replace(reference, horizontal=target.horizontal)
        if header.transform is not None:
            moved.setdefault(header.transform.label, []).append(header.path.name)
        if reference.ellipsoidal:
            high.append(header.path.name)
    for crs, names in sorted(moved.items()):
        where = {"crs": crs, "to": target.label}
        remarks.append(Remark.of("transform.brought", count=len(names), file=names[0], **where))
    common, notices = crs_room.common(references, vertical=vertical or target.vertical)
    remarks.extend(Remark.of(name, **values) for name, values in notices)
    if high and common.vertical is None:
        remarks.append(Remark.of("transform.ellipsoidal", count=len(high), file=high[0]))
    return brought, common, remarks
