"""LAZ files of made-up points: the same bytes for the same points, and a header that says what they are."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date

import laspy
import numpy as np
from laspy.vlrs.known import WktCoordinateSystemVlr
from numpy.typing import NDArray

SYSTEM_IDENTIFIER = "SYNTHETIC"
GENERATING_SOFTWARE = "hyogo-pc sample"
_CREATED = date(2020, 4, 1)

WKT = (
    'PROJCS["JGD2011 / Japan Plane Rectangular CS V",GEOGCS["JGD2011",DATUM["Japanese_Geodetic_Datum_2011",'
    'SPHEROID["GRS 1980",6378137,298.257222101,AUTHORITY["EPSG","7019"]],AUTHORITY["EPSG","1128"]],'
    'PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],'
    'AUTHORITY["EPSG","6668"]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",36],'
    'PARAMETER["central_meridian",134.333333333333],PARAMETER["scale_factor",0.9999],PARAMETER["false_easting",0],'
    'PARAMETER["false_northing",0],UNIT["metre",1,AUTHORITY["EPSG","9001"]],AXIS["Northing",NORTH],'
    'AXIS["Easting",EAST],AUTHORITY["EPSG","6673"]]'
)
"""EPSG:6673 in WKT 1, the dialect that LAS 1.4 asks for, as GDAL 3 writes it. Kept here as text, because what
PROJ writes changes with its database. Without the axes PROJ does not recognise the code."""


def header(
    version: str, point_format: int, scale: float, offset: tuple[float, float], crs: bool
) -> laspy.LasHeader:
    """Return the header of a made-up file; ``offset`` is that of E and N, heights count from 0."""
    made = laspy.LasHeader(version=version, point_format=point_format)
    made.system_identifier, made.generating_software = SYSTEM_IDENTIFIER, GENERATING_SOFTWARE
    made.creation_date = _CREATED
    made.scales, made.offsets = np.full(3, scale), np.array([*offset, 0.0])
    made.global_encoding.gps_time_type = laspy.header.GpsTimeType.STANDARD
    if crs:
        made.vlrs.append(WktCoordinateSystemVlr(WKT))
        made.global_encoding.wkt = True
    return made


def encode(
    head: laspy.LasHeader, steps: NDArray[np.int64], fields: Mapping[str, NDArray[np.generic]]
) -> bytes:
    """Return a LAZ file.

    Parameters
    ----------
    head : LasHeader
        As made by :func:`header`.
    steps : array of int64, (points, 3)
        E, N and height in steps of the header's scale from its offset.
    fields : mapping
        Other dimensions by laspy's names.
    """
    with io.BytesIO() as file:
        with laspy.open(file, "w", header=head, laz_backend=laspy.LazBackend.Lazrs, closefd=False) as writer:
            writer.write_points(record(head, steps, fields))
        return file.getvalue()


def record(
    head: laspy.LasHeader, steps: NDArray[np.int64], fields: Mapping[str, NDArray[np.generic]]
) -> laspy.ScaleAwarePointRecord:
    """Return the points of a file or of a part of it, in laspy's form."""
    made = laspy.ScaleAwarePointRecord.zeros(len(steps), header=head)
    for name, column in zip("XYZ", steps.T, strict=True):
        made[name] = column
    for name, values in fields.items():
        made[name] = values
    return made
