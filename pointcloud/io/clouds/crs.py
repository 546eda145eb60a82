"""Which CRS the points of a file are in, and the way from there into another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pointcloud.geo import crs, presumed_crs, transform
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.transform import PointTransform
from pointcloud.io.cloudheader import CloudHeader
from pointcloud.io.remark import Remark


def reference(
    header: CloudHeader, given: SpatialReference | None
) -> tuple[SpatialReference, tuple[Remark, ...]]:
    """Return the CRS of a file and what to say of it: as stated, or else as given, or else deduced.

    Raises
    ------
    CrsError
        If none follows.
    """
    if header.crs is not None:
        return header.crs, ()
    name, bounds = header.path.name, header.box.bounds
    found = given
    remarks: tuple[Remark, ...] = ()
    if found is None:
        deduction = presumed_crs.deduce(name, bounds)
        found = deduction.crs
        remarks = tuple(Remark.of(message, **values) for message, values in deduction.warnings)
    return found, remarks


def brought(
    header: CloudHeader, given: SpatialReference | None, target: SpatialReference
) -> tuple[CloudHeader, SpatialReference, tuple[Remark, ...]]:
    """Return the header of a file whose points are brought into another CRS, the one they come from, and what to say.

    Parameters
    ----------
    header : CloudHeader
    given : SpatialReference, optional
        Of files that state none; it may also say which realisation of WGS 84 a file means.
    target : SpatialReference

    Raises
    ------
    CrsError
        As :func:`reference` does, or if points of that CRS, or at that place, cannot be brought into ``target``.
    """
    found, remarks = reference(header, given)
    name = header.path.name
    if given is not None and transform.restates(given, found):
        words = {"file": name, "stated": found.label, "given": given.label}
        remarks = (*remarks, Remark.of("transform.read_as", **words))
        found = replace(found, horizontal=given.horizontal)
    return header.moved(PointTransform.between(found, target, name)), found, remarks


def in_one(
    headers: Sequence[CloudHeader], given: SpatialReference | None, target: SpatialReference | None
) -> tuple[list[CloudHeader], str | None, list[Remark]]:
    """Return the headers of files that are read into one CRS, what that is in the plane, and what to say.

    Without a ``target`` it is that of the files, or nothing if none states one and none is ``given``.

    Raises
    ------
    CrsError
        As :func:`brought` does; without a target if a file is not in metres, or two files differ in place.
    """
    if target is not None:
        found = [brought(header, given, target) for header in headers]
        said = [remark for *_, remarks in found for remark in remarks]
        return [header for header, *_ in found], target.horizontal, said
    references = {str(header.path): header.crs or given for header in headers}
    stated = {name: reference for name, reference in references.items() if reference is not None}
    for name, reference in stated.items():
        crs.require_metres(reference, name)
    return list(headers), crs.common(stated)[0].horizontal if stated else None, []
