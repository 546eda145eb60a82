"""Which way north is: grid north is up on the page, true north by the convergence, magnetic north by a declination."""

from __future__ import annotations

import math
import re
import unicodedata

from pointcloud.errors import ParameterError
from pointcloud.geo import projections

_LATLON = "EPSG:6668"
_STEP = 1e-3
"""Degrees of latitude, 111 m: the meridian is straight to 1e-6° over that."""

_DECLINATION = re.compile(
    r"(?P<first>[EW東西]?)偏?\s*(?P<degrees>\d{1,2}(?:\.\d+)?)\s*°?\s*(?:(?P<minutes>\d{1,2}(?:\.\d+)?)\s*['′分]?)?"
    r"\s*(?P<last>[EW東西]?)"
)


def convergence(e: float, n: float, horizontal: str) -> float:
    """Return the direction of true north at a place, in degrees clockwise from grid north.

    At Takeda Castle -0.286: true north lies west of grid north. Taken from the projection itself, along 111 m of the
    meridian; PROJ's meridian_convergence has the opposite sign.
    """
    to_degrees = projections.transformer(horizontal, _LATLON)
    to_plane = projections.transformer(_LATLON, horizontal)
    longitude, latitude = to_degrees(e, n)
    (e0, e1), (n0, n1) = to_plane([longitude, longitude], [latitude, latitude + _STEP])
    return math.degrees(math.atan2(e1 - e0, n1 - n0))


def latlon(e: float, n: float, horizontal: str) -> tuple[float, float]:
    """Return latitude and longitude of a place in degrees."""
    longitude, latitude = projections.transformer(horizontal, _LATLON)(e, n)
    return float(latitude), float(longitude)


def declination(text: str) -> float:
    """Return a magnetic declination in degrees, east positive: ``7.8W``, ``W7°48'``, ``西偏7°48′``.

    Raises
    ------
    ParameterError
        If it does not say east or west, or is none.
    """
    plain = unicodedata.normalize("NFKC", text).replace("度", "°").upper().strip()
    found = _DECLINATION.fullmatch(plain)
    sides = (found["first"] + found["last"]) if found else ""
    if not found or len(sides) != 1:
        raise ParameterError("map.declination", text=text)
    degrees = float(found["degrees"]) + float(found["minutes"] or 0) / 60
    if degrees > 90 or float(found["minutes"] or 0) >= 60:
        raise ParameterError("map.declination", text=text)
    return -degrees if sides in "W西" else degrees


def minutes(degrees: float) -> str:
    """Return an angle without its sign in degrees and whole minutes: ``0°17′``."""
    whole = round(abs(degrees) * 60)
    return f"{whole // 60}°{whole % 60:02d}′"


def seconds(degrees: float) -> str:
    """Return an angle without its sign in degrees, minutes and whole seconds: ``35°18′01″``."""
    whole = round(abs(degrees) * 3600)
    return f"{whole // 3600}°{whole // 60 % 60:02d}′{whole % 60:02d}″"
