"""Coordinate reference systems: what a file or a user states, and whether two mean one place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

from pointcloud.errors import CrsError
from pointcloud.geo import projections, sheets
from pointcloud.geo.projections import from_latlon as from_latlon
from pointcloud.geo.projections import to_latlon as to_latlon
from pointcloud.geo.projections import transformer as transformer

Notice = tuple[str, dict[str, object]]
"""A warning: name of a catalogue message, and its values."""

_HEIGHTS = {"JGD2000": "EPSG:6694", "JGD2011": "EPSG:6695", "JGD2024": projections.JGD2024_HEIGHT}
_ROMAN = (
    *("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"),
    *("XI", "XII", "XIII", "XIV", "XV", "XVI", "XVII", "XVIII", "XIX"),
)


@dataclass(frozen=True, slots=True)
class SpatialReference:
    """What coordinates and heights refer to.

    Parameters
    ----------
    horizontal : str
        ``EPSG:code``, or WKT where no code fits.
    vertical : str, optional
        ``EPSG:code`` or WKT of the height datum; ``None`` where it is not stated.
    ellipsoidal : bool
        Whether it was a three-dimensional system, whose heights are above the ellipsoid.
    """

    horizontal: str
    vertical: str | None = None
    ellipsoidal: bool = field(default=False, compare=False)

    @property
    def epsg(self) -> int | None:
        """EPSG code of the horizontal system, if it has one."""
        return int(self.horizontal[5:]) if self.horizontal.startswith("EPSG:") else None

    @property
    def zone(self) -> int | None:
        """Plane rectangular zone, 1–19, on Tokyo Datum, JGD2000 or JGD2011/2024; else ``None``."""
        return projections.zone(self.horizontal)

    @property
    def name(self) -> str:
        """Names of both systems, for people only."""
        parts = [part for part in (self.horizontal, self.vertical) if part]
        return " + ".join(projections.load(part).name for part in parts)

    @property
    def label(self) -> str:
        """``EPSG:code`` of both systems, or the name of one that has no code."""
        parts = [part for part in (self.horizontal, self.vertical) if part]
        return " + ".join(_label(part) for part in parts)

    @property
    def wkt(self) -> str:
        """WKT2, compound if there is a height datum."""
        return projections.wkt(self.horizontal, self.vertical)

    @property
    def is_projected(self) -> bool:
        """Whether coordinates are lengths on a map plane, not degrees."""
        return self.zone is not None or projections.load(self.horizontal).is_projected

    @property
    def unit_factor(self) -> float:
        """Metres in a unit of the coordinates; radians in one of a geographic system."""
        return float(projections.load(self.horizontal).axis_info[0].unit_conversion_factor)


def from_epsg(horizontal: int, vertical: int | None = None) -> SpatialReference:
    """Return the system of an EPSG code, which may be a compound one, and of the code of a height datum.

    Raises
    ------
    CrsError
        If PROJ does not know a code, or it is of the wrong kind.
    """
    found, height = _split(f"EPSG:{horizontal}")
    if found is None:
        raise CrsError("crs.only_height", crs=f"EPSG:{horizontal}")
    if vertical is not None:
        height = _height(f"EPSG:{vertical}")
    return SpatialReference(found, height, height is None and projections.is_3d(f"EPSG:{horizontal}"))


def of_zone(zone: int) -> SpatialReference:
    """Return the system of a plane rectangular zone, 1–19, on JGD2011/2024."""
    return SpatialReference(f"EPSG:{projections.JGD2011 + zone}")


def from_wkt(text: str, *, file: str = "WKT") -> SpatialReference:
    """Return the system of a WKT (1 or 2), compound or not, with codes where they fit.

    Parameters
    ----------
    text : str
        The WKT; zeros at its end are ignored.
    file : str, optional
        Where it was found, for the message of an error.

    Raises
    ------
    CrsError
        If the text is no WKT, states a code with other parameters than that, or holds a height datum only.
    """
    plain = text.strip("\0 \t\r\n")
    try:
        horizontal, vertical = projections.split(plain)
    except projections.CodeConflict as error:
        raise CrsError("crs.code_conflict", file=file, crs=error.code) from error
    except _proj_errors() as error:
        raise CrsError("crs.wkt", file=file, cause=_first_line(error)) from error
    if horizontal is None:
        raise CrsError("crs.wkt_only_height", file=file)
    return SpatialReference(horizontal, vertical, vertical is None and projections.is_3d(plain))


def from_user(text: str) -> SpatialReference:
    """Return the system that a user names.

    Parameters
    ----------
    text : str
        ``EPSG:6673``, ``6673``, ``6673+6695``, ``EPSG:10166``, a plane rectangular zone of JGD2011/2024 such
        as ``V``, ``5`` or ``5系``, or WKT.

    Raises
    ------
    CrsError
        If the text names no horizontal system.
    """
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    zone = re.fullmatch(r"(?:ZONE|第)?\s*(\d{1,2}|[IVX]+)\s*系?", plain, re.ASCII)
    if zone:
        return _of_numeral(text, zone[1])
    if "[" in text:
        return from_wkt(text, file="--crs")
    codes = re.fullmatch(r"(?:EPSG:)?(\d{4,6})(?:\s*\+\s*(?:EPSG:)?(\d{4,6}))?", plain, re.ASCII)
    if not codes:
        raise CrsError("crs.user", text=text)
    return from_epsg(int(codes[1]), int(codes[2]) if codes[2] else None)


def vertical_from_user(text: str) -> str:
    """Return the height datum that a user names: a code such as ``6695``, or ``JGD2011`` and the like.

    The names are ``JGD2000``, ``JGD2011`` and ``JGD2024``. T.P. is refused: it is the zero of all three, and
    their heights differ.

    Raises
    ------
    CrsError
        If the text names no height datum.
    """
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    if plain in _HEIGHTS:
        return _HEIGHTS[plain]
    code = re.fullmatch(r"(?:EPSG:)?(\d{4,6})", plain, re.ASCII)
    if not code:
        raise CrsError("crs.vertical", text=text)
    return _height(f"EPSG:{code[1]}")


def same_place(a: SpatialReference, b: SpatialReference) -> bool:
    """Whether equal coordinates in two systems are the same place, whatever their heights refer to.

    JGD2000 and JGD2011/2024 are the same in zones I–V and XI–XIX; in VI–X many places moved in 2011.
    """
    return projections.same_place(a.horizontal, b.horizontal)


def require_metres(ref: SpatialReference, file: str) -> None:
    """Make sure that coordinates, and heights if their datum is stated, are lengths in metres.

    Raises
    ------
    CrsError
        If they are degrees, feet or another unit.
    """
    system = projections.load(ref.horizontal)
    if system.is_geographic:
        raise CrsError("crs.geographic", file=file, crs=_label(ref.horizontal))
    if not system.is_projected:
        raise CrsError("crs.not_projected", file=file, crs=_label(ref.horizontal))
    for part in (ref.horizontal, ref.vertical):
        unit = projections.load(part).axis_info[0] if part else None
        if part and unit and abs(unit.unit_conversion_factor - 1) > 1e-9:
            raise CrsError("crs.unit", file=file, crs=_label(part), unit=unit.unit_name)


def common(
    refs: Mapping[str, SpatialReference], *, vertical: str | None = None
) -> tuple[SpatialReference, tuple[Notice, ...]]:
    """Return the one system of a run, and warnings.

    The result does not depend on the order of the files. Of codes that mean the same place the highest is
    kept (6673 of 2447 and 6673), and any code rather than WKT.

    Parameters
    ----------
    refs : mapping of str to SpatialReference
        The system of each file; at least one.
    vertical : str, optional
        Height datum that the user states for all files.

    Raises
    ------
    CrsError
        If two files differ in place or in height datum; the message names them.
    """
    first: dict[SpatialReference, str] = {}
    for file in sorted(refs):
        first.setdefault(refs[file], file)
    kept = max(first, key=lambda ref: (ref.epsg or 0, ref.horizontal))
    notices: list[Notice] = []
    for ref, file in first.items():
        if not same_place(ref, kept):
            _refuse_pair("crs.differ", (first[kept], _label(kept.horizontal)), (file, _label(ref.horizontal)))
    codes = sorted({_label(ref.horizontal) for ref in first})
    if len(codes) > 1:
        notices.append(("crs.mixed", {"codes": ", ".join(codes), "kept": _label(kept.horizontal)}))
    height, notice = _common_height(first, vertical)
    return replace(kept, vertical=height), (*notices, *notice)


def _of_numeral(text: str, numeral: str) -> SpatialReference:
    """Return the system of a zone written in Arabic or Roman numerals."""
    zone = int(numeral) if numeral.isdecimal() else (_ROMAN.index(numeral) + 1 if numeral in _ROMAN else 0)
    if zone not in sheets.ZONES:
        raise CrsError("crs.user", text=text)
    return of_zone(zone)


def _split(code: str) -> tuple[str | None, str | None]:
    try:
        return projections.split(code)
    except _proj_errors() as error:
        raise CrsError("crs.unknown_code", crs=code) from error


def _height(code: str) -> str:
    """Return the code of a height datum, made sure to be one."""
    if code == projections.JGD2024_HEIGHT:
        return code
    horizontal, vertical = _split(code)
    if horizontal is not None or vertical is None:
        raise CrsError("crs.not_height", crs=code)
    return vertical


def _proj_errors() -> type[Exception]:
    from pyproj.exceptions import ProjError

    return ProjError


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")


def _label(part: str) -> str:
    return part if part.startswith("EPSG:") else projections.load(part).name


def _common_height(
    first: Mapping[SpatialReference, str], stated: str | None
) -> tuple[str | None, Sequence[Notice]]:
    """Return the height datum of a run from one file of each system, and warnings."""
    heights: dict[str | None, str] = {}
    for ref, file in first.items():
        heights.setdefault(ref.vertical, file)
    known = [(height, file) for height, file in heights.items() if height is not None]
    if stated is not None:
        known = [(stated, "--vertical"), *((height, file) for height, file in known if height != stated)]
    for height, file in known[1:]:
        _refuse_pair("crs.heights_differ", (known[0][1], _label(known[0][0])), (file, _label(height)))
    if stated is not None or not known or None not in heights:
        return (known[0][0] if known else None), ()
    values: dict[str, object] = {"file": known[0][1], "height": _label(known[0][0]), "other": heights[None]}
    return None, [("crs.height_missing", values)]


def _refuse_pair(message: str, *pair: tuple[str, str]) -> NoReturn:
    (a, a_crs), (b, b_crs) = sorted(pair)
    raise CrsError(message, a=a, a_crs=a_crs, b=b, b_crs=b_crs)
