"""GeoJSON, read without GDAL, which would follow what a file names: a CRS by link, or a program in the guise of JSON.

Source: RFC 7946; the member ``crs`` by the GeoJSON of 2008.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pointcloud.errors import ParameterError
from pointcloud.textfile import read_json

SUFFIXES = (".geojson", ".json")

_KINDS = (
    "Point",
    "LineString",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
)
_EPSG = re.compile(r"(?:.*EPSG[:/][\w.]*[:/]|EPSG:)(\d+)", re.IGNORECASE)
_DEGREES = "EPSG:4326"
"""Of RFC 7946: WGS 84, longitude first, as everywhere here."""

_CRS = re.compile(
    r"(urn:ogc:def:crs:|EPSG:|OGC:|https?://www\.opengis\.net/def/crs/)[\w:./-]{1,60}", re.IGNORECASE
)

_ODD = (ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError, RecursionError)
"""What comes of lists and numbers that are none of a geometry's."""


@dataclass(frozen=True)
class Features:
    """What a file holds.

    Parameters
    ----------
    geometries : tuple of dict or None
        As GeoJSON has them.
    properties : tuple of dict
        One for each geometry.
    crs : str, optional
        What the file says of its coordinates; longitude and latitude if it says nothing.
    """

    geometries: tuple[dict[str, Any] | None, ...]
    properties: tuple[dict[str, Any], ...]
    crs: str | None


def read(path: Path) -> Features:
    """Return the features of a file, or its geometry as one feature.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no GeoJSON, or names its CRS by a link (:class:`~pointcloud.errors.ParameterError`).
    """
    content = read_json(path)
    kind = content.get("type") if isinstance(content, dict) else None
    if kind == "FeatureCollection":
        features = content.get("features")
    elif kind == "Feature":
        features = [content]
    elif kind in _KINDS:
        features = [{"geometry": content}]
    else:
        raise ParameterError("geojson.kind", kind=kind or type(content).__name__)
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise ParameterError("geojson.features")
    geometries = tuple(_geometry(feature.get("geometry")) for feature in features)
    properties = tuple(_properties(feature.get("properties")) for feature in features)
    return Features(geometries, properties, _crs(content.get("crs")))


def shapes(features: Features) -> list[Any]:
    """Return the geometries as flat shapes of shapely, ``None`` for a feature without one.

    Raises
    ------
    ValueError
        If one makes no sense.
    """
    import shapely
    from shapely.geometry import shape

    try:
        with np.errstate(invalid="ignore"):
            found = [each and shapely.force_2d(shape(each)) for each in features.geometries]
    except (shapely.errors.ShapelyError, *_ODD) as error:
        raise ParameterError("geojson.shape", cause=error) from error
    require_finite(found)
    return found


def require_finite(found: Sequence[Any]) -> None:
    """Make sure that shapes lie somewhere.

    Raises
    ------
    ValueError
        If a coordinate is no number.
    """
    import shapely

    if not np.isfinite(shapely.get_coordinates([each for each in found if each is not None])).all():
        raise ParameterError("geojson.shape", cause="NaN")


def _geometry(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or value.get("type") not in _KINDS:
        raise ParameterError("geojson.geometry", value=str(value)[:60])
    return value


def _properties(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _crs(member: Any) -> str | None:
    """Return the code of the system that is named in any of the ways there are."""
    if member is None:
        return None
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str) or not _CRS.fullmatch(name):
        raise ParameterError("geojson.crs", crs=str(member)[:80])
    code = _EPSG.fullmatch(name)
    if code:
        return f"EPSG:{code[1]}"
    return _DEGREES if name.upper().endswith("CRS84") else name
