"""The coordinate reference system that the records of a LAS file state.

Two kinds of record can state one: WKT, and GeoTIFF keys. Files with both exist, and they do not always agree.
A record that cannot be used is worth a remark, never an error: points are points without it, and the user can
state the CRS.

Sources: ASPRS, LAS Specification 1.4 – R15, section 2.6; OGC 19-008r4, GeoTIFF Standard 1.1, annex B.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from pathlib import Path

from pointcloud.errors import CrsError
from pointcloud.geo import crs
from pointcloud.geo.crs import SpatialReference
from pointcloud.io.remark import Remark

WKT = ("LASF_Projection", 2112)
GEO_KEYS = ("LASF_Projection", 34735)
GEO_TEXT = ("LASF_Projection", 34737)
WKT_2 = ("LASF_Projection", 4224)
"""Where some programs write WKT 2, which the specification has no place for."""
MATH_TRANSFORM = ("LASF_Projection", 2111)
RECORDS = frozenset({WKT, WKT_2, GEO_KEYS, GEO_TEXT, MATH_TRANSFORM})

_NUMBERS = (WKT[1], WKT_2[1], GEO_KEYS[1])
_BEGINS = re.compile(r"\s*(PROJ|GEOG|GEOD|COMPD|COMPOUND|BOUND|VERT|ENG|LOCAL)\w*\s*[\[(]", re.IGNORECASE)

LONGEST = 1 << 20
"""Bytes of a record that is still believed to be WKT; real ones have a few thousand."""

_MODEL, _GEOGRAPHIC, _PROJECTED = 1024, 2048, 3072
_LINEAR_UNIT, _VERTICAL, _VERTICAL_UNIT = 3076, 4096, 4099
_IS_GEOGRAPHIC = 2  # model type
_UNDEFINED, _USER_DEFINED = 0, 32767
_UNITS = {9001: 1.0, 9002: 0.3048, 9003: 1200 / 3937}  # metre, international foot, US survey foot

_ELSEWHERE = "file.crs_elsewhere"


def can_state(key: tuple[str, int]) -> bool:
    """Return whether a record of this owner and number can state a system: the usual ones, or those of other owners."""
    return key in RECORDS or key[1] in _NUMBERS


class _Unusable(Exception):
    """Carries the remark that says why a record cannot be used."""

    def __init__(self, remark: Remark) -> None:
        super().__init__(remark.message)
        self.remark = remark


def read_crs(
    path: Path, records: Mapping[tuple[str, int], bytes], *, prefer_wkt: bool
) -> tuple[SpatialReference | None, tuple[Remark, ...]]:
    """Return the CRS that the records state, and what is wrong with them.

    Parameters
    ----------
    path : Path
        Names the file in remarks.
    records : mapping
        Data of records by owner and number.
    prefer_wkt : bool
        The WKT bit of the header: which kind holds if both are there and can be used.
    """
    found: list[SpatialReference] = []
    remarks: list[Remark] = []
    nameless: list[Remark] = []
    readers = (_from_wkt, _from_keys) if prefer_wkt else (_from_keys, _from_wkt)
    for reader in readers:
        try:
            reference = reader(path, records, remarks)
        except _Unusable as error:
            (nameless if error.remark.message == "file.crs_user_defined" else remarks).append(error.remark)
            continue
        if reference is not None:
            found.append(reference)
    if len(found) == 2 and not crs.same_place(*found):
        values = {"used": found[0].label, "other": found[1].label}
        remarks.append(Remark.of("file.crs_disagree", path=path, **values))
    if len(found) == 2 and readers[0] is _from_keys:  # the WKT is not what is used
        remarks = [remark for remark in remarks if remark.message != _ELSEWHERE]
    if not found:
        remarks.extend(nameless)  # beside a usable WKT, keys without a code are nothing amiss
        if not remarks:
            others = sorted(key for key in records if can_state(key) and key not in (WKT, GEO_KEYS, GEO_TEXT))
            remarks += [
                Remark.of("file.crs_record", path=path, owner=owner or "-", number=n) for owner, n in others
            ]
    return (found[0] if found else None), tuple(remarks)


def _from_wkt(
    path: Path, records: Mapping[tuple[str, int], bytes], remarks: list[Remark]
) -> SpatialReference | None:
    place, raw = _wkt(records)
    text = raw.split(b"\0", 1)[0].strip()
    if not text:
        return None
    if place[0] != WKT[0]:
        remarks.append(Remark.of(_ELSEWHERE, path=path, owner=place[0] or "-", number=place[1]))
    if len(raw) > LONGEST:
        raise _Unusable(Remark.of("file.crs_long", path=path, limit=LONGEST))
    try:
        return crs.from_wkt(text.decode("utf-8"), file=path.name)
    except UnicodeDecodeError as error:
        raise _Unusable(Remark.of("file.crs_not_utf8", path=path)) from error
    except CrsError as error:
        raise _Unusable(Remark.of("file.crs_unusable", path=path, cause=error)) from error


def _wkt(records: Mapping[tuple[str, int], bytes]) -> tuple[tuple[str, int], bytes]:
    """Return the first WKT, and whose record it is: as the specification has it, or else wherever there is one."""
    for place in (WKT, WKT_2):
        if records.get(place, b"").strip(b"\0 "):
            return place, records[place]
    for place, raw in sorted(records.items()):
        if place[1] in _NUMBERS and _BEGINS.match(raw[:100].decode("ascii", "replace")):
            return place, raw
    return WKT, b""


def _from_keys(
    path: Path, records: Mapping[tuple[str, int], bytes], remarks: list[Remark]
) -> SpatialReference | None:
    if GEO_KEYS not in records:
        return None
    keys = _keys(path, records[GEO_KEYS])
    code = _code(keys)
    if code is None:
        citation = _citation(records)
        raise _Unusable(Remark.of("file.crs_user_defined", path=path, citation=citation))
    try:
        reference = crs.from_epsg(code)
    except CrsError as error:
        raise _Unusable(Remark.of("file.crs_unusable", path=path, cause=error)) from error
    unit = _UNITS.get(keys.get(_LINEAR_UNIT, _UNDEFINED))
    if unit and reference.is_projected and abs(unit - reference.unit_factor) > 1e-9:
        raise _Unusable(Remark.of("file.crs_unit", path=path, crs=reference.label, unit=f"{unit:.6f}"))
    return _with_height(path, code, reference, keys, remarks)


def _with_height(
    path: Path, code: int, reference: SpatialReference, keys: Mapping[int, int], remarks: list[Remark]
) -> SpatialReference:
    """Return the system with the height datum of the keys, if that can be used."""
    height = keys.get(_VERTICAL, _UNDEFINED)
    if height not in (_UNDEFINED, _USER_DEFINED):
        try:
            return crs.from_epsg(code, height)
        except CrsError:
            remarks.append(Remark.of("file.crs_height", path=path, code=height))
    unit = _UNITS.get(keys.get(_VERTICAL_UNIT, _UNDEFINED), 1.0)
    if unit != 1.0:
        remarks.append(Remark.of("file.crs_height_unit", path=path, unit=f"{unit:.6f}"))
    return reference


def _keys(path: Path, raw: bytes) -> dict[int, int]:
    """Return the keys that hold their value themselves, by number. Keys that are zero fill unused room."""
    shorts = struct.unpack(f"<{len(raw) // 2}H", raw[: len(raw) // 2 * 2])
    count = shorts[3] if len(shorts) >= 4 else 0
    if len(shorts) < 4 + 4 * count or count == 0 or shorts[0] != 1:
        raise _Unusable(Remark.of("file.crs_keys", path=path, count=count, bytes=len(raw)))
    entries = [shorts[at : at + 4] for at in range(4, 4 + 4 * count, 4)]
    return {key: value for key, place, _, value in entries if key and place == 0}


def _code(keys: Mapping[int, int]) -> int | None:
    """Return the EPSG code of the horizontal system, if the keys state one."""
    key = _GEOGRAPHIC if keys.get(_MODEL) == _IS_GEOGRAPHIC else _PROJECTED
    if key == _PROJECTED and _PROJECTED not in keys and _MODEL not in keys:
        key = _GEOGRAPHIC
    code = keys.get(key, _UNDEFINED)
    return None if code in (_UNDEFINED, _USER_DEFINED) else code


def _citation(records: Mapping[tuple[str, int], bytes]) -> str:
    """Return what the file calls its system, for the message."""
    text = records.get(GEO_TEXT, b"").split(b"\0", 1)[0].decode("utf-8", "replace")
    return next((part.strip() for part in text.split("|") if part.strip()), "-")
