"""Points that PDAL reads, or that pass through its stages, in canonical quanta.

PDAL is imported when it is needed. What its versions differ in is asked of it, not of its version: binding 3.1 on
PDAL 2.2 and those of today do the same here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import CrsError, FileError
from pointcloud.geo import crs
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import QUANTA_PER_METRE, metres
from pointcloud.io import moving
from pointcloud.io.cloudheader import (
    FARTHEST,
    CloudHeader,
    PointChunk,
    Quanta,
    Triple,
    box_remarks,
    point_limits,
    require_inside,
    require_inside_unmoved,
)
from pointcloud.io.clouds.files import SUFFIXES
from pointcloud.io.guard import check_unchanged, decoded, open_input
from pointcloud.io.las.header import LasHeader
from pointcloud.io.las.header import read_header as read_las_header
from pointcloud.io.plainname import PlainName
from pointcloud.io.remark import Remark
from pointcloud.params import pdal_stages

__all__ = ["PdalHeader", "box_remarks", "iter_points", "read_header", "version"]


_STEP = 1 / QUANTA_PER_METRE
_CHUNK = 500_000  # PDAL hands over all dimensions, some 60 bytes a point
_WITHHELD_BIT = 0x04  # of ClassFlags (point formats from 6 on)
_ONE_AT_A_TIME = Lock()
"""Headers are read by many threads; files that must be read whole for theirs are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PdalHeader(CloudHeader):
    """What is known of a file that PDAL reads.

    Parameters
    ----------
    stages : str
        That the points pass; see :mod:`pointcloud.params.pdal_stages`.
    early : bool
        Whether it is LAS of point formats 0–5, where flags share a byte with the class.
    counted : bool
        Whether count and box are those of the points that come out; else they are those of the file's header, and
        stages may leave fewer.
    """

    stages: str
    early: bool
    counted: bool


@cache
def _binding() -> Any:
    import pdal

    return pdal


def _pdal(path: Path) -> Any:
    """Return the binding.

    Raises
    ------
    FileError
        If it is missing or cannot be loaded.
    """
    try:
        return _binding()
    except ModuleNotFoundError as error:
        raise FileError("pdal.missing", path=path) from error
    except Exception as error:  # a binding whose library is another one, or none
        raise FileError("pdal.broken", path=path, cause=_line(error)) from error


def version() -> str:
    """Return which PDAL is in use, and which binding; empty if there is none."""
    try:
        pdal = _binding()
    except Exception:
        return ""
    return f"PDAL {pdal.info.version}, binding {pdal.__version__}"


def read_header(path: Path, stages: str = "") -> PdalHeader:
    """Return what is known of a file before it is gridded.

    The header of a LAS file is taken for the points that come out if no stage moves them. All else is read whole: no
    other header is to be relied on for all kinds of file.

    Raises
    ------
    FileError
        If PDAL is missing, or cannot read the file.
    """
    _pdal(path)
    if path.suffix.lower() in SUFFIXES:
        las = read_las_header(path)
        early = las.point_format < 6
        if pdal_stages.leave_in_place(pdal_stages.split(stages)[1]):
            common = {name: getattr(las, name) for name in CloudHeader.__dataclass_fields__}
            return PdalHeader(**common, stages=stages, early=early, counted=False)
    else:
        early = False
    with _ONE_AT_A_TIME, open_input(path) as (_, status):
        scan = _Scan()
        for array in decoded(path, _arrays(path, stages, scan.note, early=early)):
            scan.add(_convert(path, array))
        reference, remarks = _crs(path, scan.wkt)
        return PdalHeader(
            path=path,
            size=status.st_size,
            modified_ns=status.st_mtime_ns,
            count=scan.count,
            scales=(_STEP, _STEP, _STEP),
            mins=scan.corner(0),
            maxs=scan.corner(1),
            system="",
            crs=reference,
            warnings=remarks,
            stages=stages,
            early=early,
            counted=True,
        )


def iter_points(
    header: PdalHeader, *, chunk: int = _CHUNK, parallel: bool = True, check_box: bool = True
) -> Iterator[PointChunk]:
    """Yield the points that come out of the stages; the same as :func:`pointcloud.io.las.reader.iter_points` else.

    Points are streamed if all stages can be; otherwise PDAL holds all of the file at one time.

    Raises
    ------
    FileError
        If PDAL is missing or fails, if a point lies outside the header's box, or if other points come out than when
        the file was looked at.
    """
    limits = point_limits(header) if check_box and header.count else None
    count = 0
    with open_input(header.path) as (file, _):
        check_unchanged(header.path, file, header.size, header.modified_ns)
        size = min(chunk, _CHUNK)
        pieces = _arrays(header.path, header.stages, None, early=header.early, chunk=size)
        for array in decoded(header.path, pieces):
            points = _converted(header, array, limits)
            count += points.count
            yield points
    if header.counted and count != header.count:
        raise FileError("pdal.differs", path=header.path, before=header.count, now=count)


def to_las(header: PdalHeader, path: Path) -> LasHeader:
    """Write the points that come out of the stages as a LAS 1.4 file, with all their dimensions, where they lie.

    Coordinates are in quanta, degrees that are to be moved in steps of 1e-9.

    Raises
    ------
    FileError
        If PDAL is missing or fails.
    """
    with open_input(header.path) as (file, _), _told(header.path):
        check_unchanged(header.path, file, header.size, header.modified_ns)
        pdal, source, target = _pdal(header.path), PlainName(header.path), PlainName(path)
        step = 1e-9 if header.transform is not None and header.transform.origin is None else _STEP
        writer = {
            "type": "writers.las",
            "filename": target.text,
            "minor_version": 4,
            "dataformat_id": 7,
            "extra_dims": "all",
            **{f"scale_{axis}": step for axis in "xy"},
            "scale_z": _STEP,
            **{f"offset_{axis}": "auto" for axis in "xyz"},
        }
        steps = [*_steps(pdal, source, header.stages, early=header.early), writer]
        pdal.Pipeline(json.dumps(steps)).execute()
    return replace(read_las_header(path), transform=header.transform)


class _Scan:
    """Count, extremes and CRS of points that go by."""

    def __init__(self) -> None:
        self.count, self.wkt = 0, ""
        self.extremes: NDArray[np.int64] = np.empty((0, 2, 3), np.int64)

    def add(self, points: PointChunk) -> None:
        self.count += points.count
        both = np.concatenate((self.extremes, np.array([[points.lows, points.highs]])))
        self.extremes = np.stack((both[:, 0].min(axis=0), both[:, 1].max(axis=0)))[None]

    def note(self, metadata: dict[str, Any]) -> None:
        srs = metadata.get("filters.info", {}).get("srs", {})
        self.wkt = srs.get("compoundwkt") or srs.get("wkt") or ""

    def corner(self, which: int) -> Triple:
        if not self.count:
            return (0.0, 0.0, 0.0)
        x, y, z = (metres(int(value)) for value in self.extremes[0, which])
        return x, y, z


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Put what PDAL throws into one line."""
    try:
        yield
    except RuntimeError as error:
        raise FileError("pdal.failed", path=path, cause=_line(error)) from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _crs(path: Path, wkt: str) -> tuple[SpatialReference | None, tuple[Remark, ...]]:
    """Return the CRS that the points come out in, if it can be used."""
    if not wkt:
        return None, ()
    try:
        return crs.from_wkt(wkt, file=path.name), ()
    except CrsError as error:
        return None, (Remark.of("file.crs_unusable", path=path, cause=error),)


def _arrays(
    path: Path, stages: str, note: Any, *, early: bool, chunk: int = _CHUNK
) -> Iterator[NDArray[Any]]:
    """Yield the points as PDAL has them; ``note`` is handed what it says of them at the end."""
    pdal, source = _pdal(path), PlainName(path)
    steps = _steps(pdal, source, stages, early=early)
    steps += [{"type": "filters.info"}] if note else []
    with _told(path):
        pipeline = pdal.Pipeline(json.dumps(steps))
        if getattr(pipeline, "streamable", False) and hasattr(pipeline, "iterator"):
            held = pipeline.iterator(chunk_size=chunk)
            arrays: Iterator[Any] = iter(held)
        else:
            pipeline.execute()
            held = pipeline
            arrays = (
                array[first : first + chunk]
                for array in pipeline.arrays
                for first in range(0, len(array), chunk)
            )
        yield from (array for array in arrays if len(array))
    if note:
        told = held.metadata  # an object, or its JSON in some versions
        note((json.loads(told) if isinstance(told, str) else told)["metadata"])


def _steps(pdal: Any, source: PlainName, stages: str, *, early: bool) -> list[pdal_stages.Stage]:
    """Return reader and filters.

    The cloth filter of PDAL 2.2.0 doubles its points until the memory is full (PDAL issue 3248).
    """
    reader, filters = pdal_stages.split(stages)
    if pdal.info.version.startswith("2.2.") and any(each["type"] == "filters.csf" for each in filters):
        raise FileError("pdal.csf", path=source.path, version=pdal.info.version)
    flagged = early and not any(each["name"] == "Withheld" for each in pdal.dimensions)
    return [{**reader, "filename": source.text}, *(_without_flags() if flagged else ()), *filters]


def _without_flags() -> Iterator[pdal_stages.Stage]:
    """Yield the stages that make classes of the class bytes of point formats 0–5.

    PDAL before 2.6 leaves the flags in them. What is withheld is dropped, as nothing uses it.
    """
    yield {"type": "filters.range", "limits": "Classification[0:127]"}
    for bit in (64, 32):
        yield {
            "type": "filters.assign",
            "value": f"Classification = Classification - {bit} WHERE Classification >= {bit}",
        }


def _converted(header: PdalHeader, array: NDArray[Any], limits: tuple[Quanta, Quanta] | None) -> PointChunk:
    """Return an array as points, which must lie within ``limits``; they are moved before they are rounded."""
    if header.transform is None:
        points = _convert(header.path, array)
        if limits is not None:
            require_inside(header, points, *limits)
        return points
    x, y, z = _quanta(header.path, array)
    if header.transform.origin is None:
        x, y = (np.asarray(array[name], np.float64) for name in ("X", "Y"))
    heights = np.rint(z).astype(np.int32)
    if limits is not None:
        lows, highs = ((find(x), find(y), int(find(heights))) for find in (np.min, np.max))
        require_inside_unmoved(header, (x, y, heights), (lows, highs))
    e, n = moving.moved(header.transform, x, y, header.path)
    return _chunk(e, n, heights, array)


def _convert(path: Path, array: NDArray[Any]) -> PointChunk:
    """Return an array of PDAL's as points in quanta.

    ``coordinate * 10000`` is rounded half to even, in float64, as for LAS.
    """
    e, n, z = (np.rint(column).astype(np.int64) for column in _quanta(path, array))
    return _chunk(e, n, z.astype(np.int32), array)


def _quanta(path: Path, array: NDArray[Any]) -> list[NDArray[np.float64]]:
    """Return X, Y, Z in quanta, not yet rounded."""
    names = array.dtype.names or ()
    if not {"X", "Y", "Z"} <= set(names):
        raise FileError("pdal.no_place", path=path, names=", ".join(names) or "-")
    columns = [np.asarray(array[name], np.float64) * QUANTA_PER_METRE for name in ("X", "Y", "Z")]
    most = (FARTHEST * QUANTA_PER_METRE,) * 2 + (2.0**31 - 1,)
    for name, column, limit in zip(("X", "Y", "Z"), columns, most, strict=True):
        wild = ~(np.abs(column) < limit)  # NaN too
        if wild.any():
            value = column[wild.argmax()] / QUANTA_PER_METRE
            raise FileError("pdal.wild", path=path, axis=name, value=value, count=int(wild.sum()))
    return columns


def _chunk(
    e: NDArray[np.int64], n: NDArray[np.int64], z: NDArray[np.int32], array: NDArray[Any]
) -> PointChunk:
    """Return points with the classes and marks that PDAL has of them."""
    names = array.dtype.names or ()
    classes = np.zeros(len(array), np.uint8)
    if "Classification" in names:
        classes = np.clip(np.rint(array["Classification"]), 0, 255).astype(np.uint8)
    withheld = np.zeros(len(array), np.bool_)
    if "Withheld" in names:
        withheld = np.asarray(array["Withheld"]) != 0
    elif "ClassFlags" in names:
        withheld = (np.asarray(array["ClassFlags"]).astype(np.uint8) & _WITHHELD_BIT) != 0
    lows = int(e.min()), int(n.min()), int(z.min())
    highs = int(e.max()), int(n.max()), int(z.max())
    return PointChunk(e, n, z, classes, withheld, lows, highs)
