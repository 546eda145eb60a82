"""What is in a file: its points by class, their density and extent, its sheets, and what looks wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pointcloud.doubt.verdict import Grade, Verdict
from pointcloud.errors import CrsError
from pointcloud.geo import crs, presumed_crs, sheets
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, metres
from pointcloud.io.cloudheader import CloudHeader, Marks, PointChunk, box_remarks
from pointcloud.io.clouds import doubts
from pointcloud.io.clouds.readers import iter_points
from pointcloud.io.remark import Remark

SHEET_LEVELS = ("5000", "2500")
"""Levels at which the sheets of a file are given: those of the prefecture's archives and files."""

_MOST_CELLS = 100_000_000  # of 1 m that are counted: 100 km², 100 MB; a lying header may ask for any number


@dataclass(frozen=True, slots=True)
class Content:
    """What the points say.

    Parameters
    ----------
    classes : dict of int to int
        Points of each class that occurs, in the order of the classes.
    withheld : int
        Points marked as not to be used.
    marks : Marks
        Points marked otherwise.
    lows, highs : (e, n, z)
        Extremes in quanta.
    cells : int or None
        Cells of 1 m that hold a point; ``None`` if the extent is too large to count them.
    """

    classes: dict[int, int]
    withheld: int
    marks: Marks
    lows: tuple[int, int, int]
    highs: tuple[int, int, int]
    cells: int | None


@dataclass(frozen=True, slots=True)
class Survey:
    """A file, in figures.

    Parameters
    ----------
    header : CloudHeader
    content : Content or None
        ``None`` if the points were not read, or there are none.
    crs : SpatialReference or None
        The header's, or what it must be by the file's name or the coordinates.
    sheets : dict of str to tuple of str
        Codes of the sheets that the points touch, by level; empty if the zone is not known.
    named : tuple of str
        Sheet codes in the file's name.
    remarks : tuple of Remark
        What looks wrong.
    verdicts : tuple of Verdict
        What speaks against what the file states.
    """

    header: CloudHeader
    content: Content | None
    crs: SpatialReference | None
    sheets: dict[str, tuple[str, ...]]
    named: tuple[str, ...]
    remarks: tuple[Remark, ...]
    verdicts: tuple[Verdict, ...] = ()

    @property
    def bounds(self) -> tuple[float, float, float, float, float, float] | None:
        """West, south, lowest, east, north, highest: of the points, or as the header has it if they were not
        read.

        ``None`` if there is neither.
        """
        if self.content is not None:
            low_e, low_n, low_z, high_e, high_n, high_z = map(
                metres, (*self.content.lows, *self.content.highs)
            )
            return low_e, low_n, low_z, high_e, high_n, high_z
        return (*self.header.mins, *self.header.maxs) if self.header.count and self.header.has_box else None

    @property
    def said(self) -> tuple[Remark, ...]:
        """All that there is to say: remarks, and verdicts in words."""
        return (*self.remarks, *Remark.of_verdicts(self.verdicts, self.header.path, Grade.NOTED))

    @property
    def refused(self) -> bool:
        """Whether no command would make anything of it."""
        return any(verdict.grade is Grade.REFUSED for verdict in self.verdicts)

    @property
    def density(self) -> float | None:
        """Points per square metre of the cells that hold any, or of the extent; ``None`` for degrees and no
        area."""
        reference = self.crs
        if self.bounds is None or (reference is not None and not reference.is_projected):
            return None
        west, south, _, east, north, _ = self.bounds
        cells = self.content.cells if self.content else None
        unit = reference.unit_factor if reference is not None else 1.0
        area = (cells if cells is not None else (east - west) * (north - south)) * unit**2
        return self.header.count / area if area > 0 else None

    @property
    def counted(self) -> bool:
        """Whether ``density`` is that of the cells that hold points, and not that of the extent."""
        return self.content is not None and self.content.cells is not None


def survey(header: CloudHeader, *, decode: bool = True, parallel: bool = True) -> Survey:
    """Look at a file.

    Parameters
    ----------
    header : CloudHeader
    decode : bool
        Whether to read the points; without that there are no classes, and the extent is the header's.
    parallel : bool
        Whether to decode on all cores.

    Raises
    ------
    FileError
        If the points cannot be read, or are not what the header says.
    """
    content = _content(header, parallel) if decode and header.count else None
    remarks = list(header.warnings)
    if content is not None:
        remarks.extend(box_remarks(header, content.lows, content.highs))
    box = _box(header, content)
    named = sheets.find_code(header.path.name)
    codes = tuple(dict.fromkeys(sheet.code for sheet in named))
    if box is None:
        return Survey(header, content, header.crs, {}, codes, tuple(remarks))
    reference, notes = _reference(header, box)
    remarks.extend(notes)
    verdicts = doubts.of_header(header, reference)
    touched: dict[str, tuple[str, ...]] = {}
    if reference is not None and reference.zone is not None:
        touched = {level: _touched(box, reference.zone, level) for level in SHEET_LEVELS}
    return Survey(header, content, reference, touched, codes, tuple(remarks), tuple(verdicts))


def _content(header: CloudHeader, parallel: bool) -> Content:
    """Read all points, and count."""
    classes = np.zeros(256, np.int64)
    withheld, marks = 0, Marks()
    cells = _Cells(header.limits)
    extremes: list[NDArray[np.int64]] = []
    for chunk in iter_points(header, parallel=parallel):
        classes += np.bincount(chunk.classification, minlength=256)
        withheld += int(np.count_nonzero(chunk.withheld))
        marks = marks.plus(chunk.marks)
        cells.add(chunk)
        extremes.append(np.array([chunk.lows, chunk.highs]))
    stacked = np.array(extremes)
    lows, highs = stacked[:, 0].min(axis=0).tolist(), stacked[:, 1].max(axis=0).tolist()
    counts = {code: int(classes[code]) for code in np.flatnonzero(classes).tolist()}
    return Content(counts, withheld, marks, tuple(lows), tuple(highs), cells.count)


class _Cells:
    """Which cells of 1 m hold a point."""

    def __init__(self, box: Box) -> None:
        whole = box.snap(QUANTA_PER_METRE)
        self.west, self.south = whole.west // QUANTA_PER_METRE, whole.south // QUANTA_PER_METRE
        self.cols = (whole.east - whole.west) // QUANTA_PER_METRE
        size = self.cols * ((whole.north - whole.south) // QUANTA_PER_METRE)
        self.held = np.zeros(size, np.bool_) if size <= _MOST_CELLS else None

    def add(self, chunk: PointChunk) -> None:
        if self.held is not None:
            rows = chunk.n // QUANTA_PER_METRE - self.south
            self.held[rows * self.cols + (chunk.e // QUANTA_PER_METRE - self.west)] = True

    @property
    def count(self) -> int | None:
        return int(np.count_nonzero(self.held)) if self.held is not None else None


def _box(header: CloudHeader, content: Content | None) -> Box | None:
    """Return where the points lie, as far as is known."""
    if content is not None:
        (west, south, _), (east, north, _) = content.lows, content.highs
        return Box(west, south - 1, east + 1, north)
    return header.box if header.count and header.has_box else None


def _reference(header: CloudHeader, box: Box) -> tuple[SpatialReference | None, tuple[Remark, ...]]:
    """Return the CRS of a file, stated or deduced, and what to say about it."""
    try:
        if header.crs is not None:
            crs.require_metres(header.crs, header.path.name)
            return header.crs, ()
        deduction = presumed_crs.deduce(header.path.name, box.bounds)
    except CrsError as error:
        return header.crs, (Remark.of(error.message, **error.values),)
    return deduction.crs, tuple(Remark.of(name, **values) for name, values in deduction.warnings)


def _touched(box: Box, zone: int, level: str) -> tuple[str, ...]:
    return tuple(sheet.code for sheet in sheets.sheets_touching(box, zone, level))
