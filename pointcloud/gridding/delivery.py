"""What a delivery's headers tell of it as a whole: files given twice, overlaps, holes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import shapely

from pointcloud.geo.boxindex import BoxIndex
from pointcloud.geo.lattice import Box
from pointcloud.geo.sheets import Sheet, overlap

_OVERLAP = 0.2
"""Shared over joint area from which on it is said that two files overlap; tiles with a margin share less."""

_WHOLE = 0.999


class Placed(Protocol):
    """A file of a delivery, as far as it is known before its content is."""

    @property
    def key(self) -> str:
        """What tells it from every other file."""

    @property
    def box(self) -> Box:
        """What it covers."""

    @property
    def kind(self) -> object:
        """Files of different kinds may cover the same."""

    @property
    def likeness(self) -> object:
        """Equal for files that seem to be of one content."""


@dataclass(frozen=True)
class Findings:
    """What was found.

    Parameters
    ----------
    duplicates : tuple of tuple of str
        Files of one content, as far as headers tell: as many bytes and points in the same box.
    overlaps : tuple of (str, str)
        Other pairs of files of one kind that share much of their box.
    holes : tuple of str
        Sheets without any file that are enclosed by sheets with files.
    gaps : tuple of str
        Sheets that files do not cover wholly, though all of their eight neighbours have files.
    """

    duplicates: tuple[tuple[str, ...], ...]
    overlaps: tuple[tuple[str, str], ...]
    holes: tuple[str, ...]
    gaps: tuple[str, ...]


def find(sources: Sequence[Placed], around: Iterable[Sheet], *, strips: bool) -> Findings:
    """Look at the headers of a delivery.

    Parameters
    ----------
    sources : sequence of Placed
    around : iterable of Sheet
        All sheets of the level in the bounding box of the delivery.
    strips : bool
        Whether the files are flight lines, which overlap by their nature.
    """
    boxes = BoxIndex(source.box for source in sources)
    twins = _twins(sources)
    sheets = list(around)
    touched = {sheet.code for sheet in sheets if boxes.touching(sheet.box)}
    return Findings(
        twins,
        () if strips else _overlaps(sources, boxes, {frozenset(twin) for twin in twins}),
        tuple(_enclosed(sheets, touched)),
        tuple(_gaps(sources, boxes, sheets, touched)),
    )


def _twins(sources: Sequence[Placed]) -> tuple[tuple[str, ...], ...]:
    alike: dict[object, list[str]] = {}
    for source in sources:
        alike.setdefault((source.kind, source.likeness), []).append(source.key)
    return tuple(tuple(names) for names in alike.values() if len(names) > 1)


def _overlaps(
    sources: Sequence[Placed], boxes: BoxIndex, twins: set[frozenset[str]]
) -> tuple[tuple[str, str], ...]:
    found = []
    for k, source in enumerate(sources):
        for j in boxes.touching(source.box):
            other = sources[j]
            names = (source.key, other.key)
            if j <= k or source.kind != other.kind or frozenset(names) in twins:
                continue
            if overlap(source.box, other.box) > _OVERLAP:
                found.append(names)
    return tuple(found)


def _neighbours(box: Box, *, corners: bool) -> Iterable[tuple[int, int]]:
    """Yield the north-west corners of the sheets beside one of the same size."""
    width, height = box.east - box.west, box.north - box.south
    for dx in (-width, 0, width):
        for dy in (-height, 0, height):
            if (dx or dy) and (corners or not (dx and dy)):
                yield box.west + dx, box.north + dy


def _enclosed(sheets: Sequence[Sheet], touched: set[str]) -> Iterable[str]:
    """Yield the sheets without files from which no way over such sheets leads out of the bounding box."""
    bare = {(sheet.box.west, sheet.box.north): sheet for sheet in sheets if sheet.code not in touched}
    known = {(sheet.box.west, sheet.box.north) for sheet in sheets}
    outside = [
        place
        for place, sheet in bare.items()
        if any(beside not in known for beside in _neighbours(sheet.box, corners=False))
    ]
    seen = set(outside)
    while outside:
        sheet = bare[outside.pop()]
        for beside in _neighbours(sheet.box, corners=False):
            if beside in bare and beside not in seen:
                seen.add(beside)
                outside.append(beside)
    return (sheet.code for place, sheet in bare.items() if place not in seen)


def _gaps(
    sources: Sequence[Placed], boxes: BoxIndex, sheets: Sequence[Sheet], touched: set[str]
) -> Iterable[str]:
    held = {(sheet.box.west, sheet.box.north) for sheet in sheets if sheet.code in touched}
    for sheet in sheets:
        inside = all(place in held for place in _neighbours(sheet.box, corners=True))
        if sheet.code in touched and inside:
            on = [shapely.box(*sources[k].box.bounds) for k in boxes.touching(sheet.box)]
            square = shapely.box(*sheet.bounds)
            if shapely.union_all(on).intersection(square).area < _WHOLE * square.area:
                yield sheet.code
