"""Where the points of a file that cannot be used would have been, as far as it can be told."""

from __future__ import annotations

import struct
from collections.abc import Collection
from pathlib import Path

from pointcloud.geo import sheets
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import Box
from pointcloud.geo.projections import JGD2000, JGD2011, realisation
from pointcloud.geo.transform import PointTransform
from pointcloud.io import moving

_BOX = struct.Struct("<6d")
_BOX_AT = 179
_WIDEST = 10_000.0
"""Metres: a header that claims more lies, or is of a file whose sheets are too many to be given up for it."""
_WIDEST_IN_DEGREES = 0.1


def claimed_boxes(path: Path, transforms: Collection[PointTransform | None] = (None,)) -> tuple[Box, ...]:
    """Return the box in a damaged file's header, or else those of the sheet codes in its name; none if neither.

    The box of a header is believed if it is one, and at most 10 km wide.

    Parameters
    ----------
    path : Path
    transforms : collection of PointTransform or None
        How the points of the sound files come into the system of the run: this one may be as any of them.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_BOX_AT + _BOX.size)
    except OSError:
        head = b""
    transforms = transforms or (None,)
    if head[:4] == b"LASF" and len(head) == _BOX_AT + _BOX.size:
        east, west, north, south, _, _ = _BOX.unpack_from(head, _BOX_AT)
        found = _as_any(transforms, west, south, east, north)
        if found:
            return found
    target = next((each.target for each in transforms if each is not None), None)
    boxes = (_in_system(sheet, target) for sheet in sheets.find_code(path.name))
    return tuple(box for box in boxes if box is not None)


def _as_any(
    transforms: Collection[PointTransform | None], west: float, south: float, east: float, north: float
) -> tuple[Box, ...]:
    """Return a header's box as it would be in each of the systems in which it can be one; degrees are nothing else."""
    if not _near(west, south, east, north):
        return ()
    width, height = east - west, north - south
    ways = [each for each in transforms if each is not None]
    if 0 < width <= _WIDEST_IN_DEGREES and 0 < height <= _WIDEST_IN_DEGREES:
        found = [moving.box(way, west, south, east, north) for way in ways if way.origin is None]
        if any(found):
            return tuple(box for box in found if box is not None)
    if not (0 < width <= _WIDEST and 0 < height <= _WIDEST):
        return ()
    boxes = [moving.box(way, west, south, east, north) for way in ways if way.origin is not None]
    here = () if None not in transforms else (Box.from_metres(west, south, east, north),)
    return (*here, *(box for box in boxes if box is not None))


def _in_system(sheet: sheets.Sheet, target: str | None) -> Box | None:
    """Return what a sheet covers in the system that other files are brought into, its own if there is none."""
    if target is None:
        return sheet.box
    base = JGD2000 if realisation(target) == "JGD2000" else JGD2011
    zone = SpatialReference(f"EPSG:{base + (sheet.zone or 0)}")
    way = PointTransform.between(zone, SpatialReference(target), sheet.code)
    return sheet.box if way is None else moving.box(way, *sheet.bounds)


def _near(*values: float) -> bool:
    return all(abs(value) < 1e8 for value in values)
