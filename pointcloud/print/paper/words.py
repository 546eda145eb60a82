"""Texts of a drawing in its own language, which need not be the program's."""

from __future__ import annotations

from pointcloud.geo import projections
from pointcloud.geo.crs import SpatialReference
from pointcloud.messages import topic

_ROMAN = (
    *("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"),
    *("XI", "XII", "XIII", "XIV", "XV", "XVI", "XVII", "XVIII", "XIX"),
)
_HEIGHTS = {"EPSG:6694": "JGD2000", "EPSG:6695": "JGD2011", projections.JGD2024_HEIGHT: "JGD2024"}


def said(tongue: str, name: str, **values: object) -> str:
    """Return a message of the catalogue (``topic.name``) in a language."""
    of, _, key = name.partition(".")
    return topic(of)[key][tongue].format(**values)


def system_words(system: SpatialReference | None, tongue: str) -> str:
    """Return the name of a horizontal system: zone in Roman numerals, datum, code.

    The codes 6669 to 6687 serve JGD2011 and JGD2024 alike, so both are named.
    """
    if system is None:
        return said(tongue, "map.unstated")
    horizontal = SpatialReference(system.horizontal)
    if system.zone is None or system.epsg is None:
        return horizontal.name if system.epsg is None else f"{horizontal.name} ({system.horizontal})"
    datum = {projections.TOKYO: "Tokyo", projections.JGD2000: "JGD2000", projections.JGD2011: "JGD2011/2024"}
    named = datum[system.epsg - system.zone]
    return said(tongue, "map.zone", zone=_ROMAN[system.zone - 1], datum=named, code=system.horizontal)


def datum_words(system: SpatialReference | None, tongue: str) -> str:
    """Return what heights refer to."""
    height = system.vertical if system is not None else None
    if height is None:
        return said(tongue, "map.unstated")
    if height in _HEIGHTS:
        return said(tongue, "map.heights", datum=_HEIGHTS[height], code=height)
    return projections.load(height).name


def credit_words(credit: str, tongue: str) -> str:
    """Return a source as licences want it of what is made from it: 「…」を加工して作成, unless it says so itself."""
    if "加工" in credit or "processing" in credit.lower():
        return credit
    return said(tongue, "map.credit", credit=credit)
