"""What PROJ knows of a coordinate reference system: its parameters, and the code they amount to.

Systems are told apart by EPSG codes and parameters, never by name: EPSG v12.055 renamed 6669–6687 from
JGD2011 to JGD2024 with the same codes and numbers, and different software writes one system under many names.

Systems are handed about as text, ``EPSG:code`` or WKT, and pyproj is imported on first use only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from pointcloud.errors import CrsError

if TYPE_CHECKING:
    import pyproj
    from pyproj._crs import Datum

TOKYO, JGD2000, JGD2011 = 30160, 2442, 6668
"""EPSG codes of the plane rectangular zones, less the zone's number; 6669–6687 serve JGD2024 too."""

ORIGINS = {
    **{1: (33, 129.5), 2: (33, 131), 3: (36, 132 + 1 / 6), 4: (33, 133.5), 5: (36, 134 + 1 / 3)},
    **{6: (36, 136), 7: (36, 137 + 1 / 6), 8: (36, 138.5), 9: (36, 139 + 5 / 6), 10: (40, 140 + 5 / 6)},
    **{11: (44, 140.25), 12: (44, 142.25), 13: (44, 144.25), 14: (26, 142), 15: (26, 127.5)},
    **{16: (26, 124), 17: (26, 131), 18: (20, 136), 19: (26, 154)},
}
"""Latitude and longitude of the origin of each plane rectangular zone (平成14年国土交通省告示第9号)."""

JGD2024_HEIGHT = "EPSG:11317"

_JGD2024_DATUM = 1450
_JGD2024_HEIGHT_WKT = (
    'VERTCRS["JGD2024 (vertical) height",VDATUM["Japanese Geodetic Datum 2024 (vertical)",ID["EPSG",1450]],'
    'CS[vertical,1],AXIS["gravity-related height (H)",up,LENGTHUNIT["metre",1,ID["EPSG",9001]]]]'
)
"""PROJ before 9.8 does not know the code. GDAL on such a PROJ writes it to a GeoTIFF and then reads no height
datum back; the name and the datum's code survive both ways (measured with GDAL 3.10)."""

_MOVED_2011 = range(6, 11)
"""Zones VI–X, where many places got new coordinates in JGD2011, by up to metres, after the earthquake of that
year. In the other zones, Hyogo's among them, JGD2000 and JGD2011 have the same numbers."""

_DATUMS = {6301: TOKYO, 6612: JGD2000, 1128: JGD2011}  # EPSG code of the datum → base of the zones' codes
_REALISATIONS = (
    ("Tokyo", 6301, r"Tokyo"),
    ("JGD2000", 6612, r"JGD.?2000|Japanese.Geodetic.Datum.2000"),
    ("JGD2011", 1128, r"JGD.?20(11|24)|Japanese.Geodetic.Datum.20(11|24)"),
    ("WGS 84", 6326, r"WGS.?(19)?84|World.Geodetic.System.1984"),
)
"""What is told apart: name, EPSG code of the datum, and how it is called where no code is stated."""
_GEOGRAPHIC = {4301: 6301, 4612: 6612, 6668: 1128}  # EPSG code of the geographic system → of its datum
_COMPOUND_HEIGHTS = {
    **{10161 + zone: (JGD2011 + zone, "EPSG:6695") for zone in range(1, 14)},
    **{11318 + zone: (JGD2011 + zone, JGD2024_HEIGHT) for zone in range(1, 14)},
}
_TRANSVERSE_MERCATOR = "9807"  # EPSG code of the method
_GRS80 = 6378137.0, 298.257222101
_ANGLE, _LENGTH, _RATIO = 1e-7, 1e-3, 1e-9  # degrees (1 cm), metres, scale: what rounding in WKT may change


class Parameters(NamedTuple):
    """All that decides what the coordinates of a system mean, but for the datum's place on the Earth."""

    method: str
    values: dict[str, tuple[float, float]]
    """By parameter: value in degrees, metres or as a ratio, and the difference that is still rounding."""
    axes: frozenset[str]
    unit: float
    semi_major: float
    inverse_flattening: float
    meridian: float

    def same(self, other: Parameters) -> bool:
        """Whether both give the same numbers to a place on their datums."""
        return (
            self.method == other.method
            and self.axes == other.axes
            and self.values.keys() == other.values.keys()
            and all(abs(value - other.values[key][0]) <= near for key, (value, near) in self.values.items())
            and math.isclose(self.unit, other.unit, rel_tol=1e-9)
            and abs(self.semi_major - other.semi_major) <= _LENGTH
            and abs(self.inverse_flattening - other.inverse_flattening) <= 1e-5
            and abs(self.meridian - other.meridian) <= _ANGLE
        )


@cache
def load(text: str) -> pyproj.CRS:
    """Return the pyproj object of a system.

    Raises
    ------
    pyproj.exceptions.CRSError
        If PROJ cannot read the text or does not know the code.
    """
    import pyproj

    return pyproj.CRS.from_user_input(_JGD2024_HEIGHT_WKT if text == JGD2024_HEIGHT else text)


@cache
def wkt(horizontal: str, vertical: str | None) -> str:
    """Return the WKT2 of a horizontal system, compounded with a height datum if there is one."""
    if vertical is None:
        return load(horizontal).to_wkt()
    from pyproj.crs import CompoundCRS

    parts = [load(horizontal), load(vertical)]
    return CompoundCRS(name=" + ".join(part.name for part in parts), components=parts).to_wkt()


@cache
def zone(horizontal: str) -> int | None:
    """Return the plane rectangular zone of a system on Tokyo Datum, JGD2000 or JGD2011/2024, if it is one."""
    if horizontal.startswith("EPSG:"):
        code = int(horizontal[5:])
        return next((code - base for base in _DATUMS.values() if code - base in ORIGINS), None)
    return _zone(load(horizontal))


def same_place(a: str, b: str) -> bool:
    """Whether equal coordinates in two horizontal systems are the same place.

    Where a system does not say its datum by a code, equal parameters (the ellipsoid among them) are enough.
    """
    if a == b:
        return True
    if not _parameters(load(a)).same(_parameters(load(b))):
        return False
    datums = {_datum(load(a)), _datum(load(b))}
    if datums == {6612, 1128}:
        return zone(a) is not None and zone(a) not in _MOVED_2011
    return len(datums) == 1 or None in datums


@cache
def realisation(text: str) -> str | None:
    """Return the datum of a system as far as it matters here, ``None`` for any other.

    It is ``Tokyo``, ``JGD2000``, ``JGD2011`` (in the plane JGD2024 is the same) or ``WGS 84``.
    """
    crs = load(text)
    code, name = _datum(crs), crs.datum.name if crs.datum is not None else ""
    for known, number, words in _REALISATIONS:
        if code == number or (code is None and re.search(words, name, re.IGNORECASE)):
            return known
    return None


def alike(a: str, b: str) -> bool:
    """Whether two horizontal systems have the same parameters, whatever their datums."""
    return _parameters(load(a)).same(_parameters(load(b)))


def moved_in_2011(text: str) -> bool:
    """Whether a system is a plane rectangular zone in which JGD2000 and JGD2011 are different places."""
    return zone(text) in _MOVED_2011


@cache
def in_degrees(text: str) -> bool:
    """Whether coordinates are degrees of longitude from Greenwich, and of latitude."""
    crs = load(text)
    parameters = _parameters(crs)
    degrees = abs(parameters.unit - math.radians(1.0)) < 1e-12 and not parameters.meridian
    return bool(crs.is_geographic) and degrees


class TransverseMercator(NamedTuple):
    """A transverse Mercator projection of GRS 80 or WGS 84 in metres.

    ``meridian`` in degrees; ``east`` and ``equator`` are E and N of the place where it meets the equator.
    """

    meridian: float
    scale: float
    east: float
    equator: float
    semi_major: float
    inverse_flattening: float


@cache
def transverse_mercator(text: str) -> TransverseMercator | None:
    """Return the projection of a system, ``None`` if it is another one, or on an older ellipsoid."""
    from pyproj import Transformer

    crs = load(text)
    parameters = _parameters(crs)
    metric = (
        abs(parameters.unit - 1) < 1e-9 and parameters.axes == {"east", "north"} and not parameters.meridian
    )
    if (
        parameters.method != _TRANSVERSE_MERCATOR
        or not (is_modern(text) and metric)
        or crs.geodetic_crs is None
    ):
        return None
    meridian, scale = parameters.values["8802"][0], parameters.values["8805"][0]
    forward = Transformer.from_crs(crs.geodetic_crs.to_2d(), crs, always_xy=True)
    east, equator = forward.transform(meridian, 0.0)
    return TransverseMercator(
        meridian, scale, east, equator, parameters.semi_major, parameters.inverse_flattening
    )


def is_modern(text: str) -> bool:
    """Whether a system is on GRS 80 or WGS 84, which differ by 0.1 mm, and not on an older ellipsoid."""
    found = _parameters(load(text))
    return abs(found.semi_major - _GRS80[0]) < 1e-3 and abs(found.inverse_flattening - _GRS80[1]) < 1e-4


class CodeConflict(Exception):
    """A WKT that states a code and has other parameters than that."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@cache
def split(text: str) -> tuple[str | None, str | None]:
    """Return the horizontal system and the height datum of a code or WKT, each as a code where one fits.

    Ellipsoidal heights of a three-dimensional system are not a height datum: it comes back in two dimensions.

    Raises
    ------
    pyproj.exceptions.CRSError
        If PROJ cannot read the text or does not know the code.
    CodeConflict
        If the text states a code and has other parameters than that.
    """
    if text.startswith("EPSG:") and int(text[5:]) in _COMPOUND_HEIGHTS:
        code, height = _COMPOUND_HEIGHTS[int(text[5:])]
        return f"EPSG:{code}", height
    crs = load(text)
    if crs.is_compound:
        stated = _stated(crs)
        if stated in _COMPOUND_HEIGHTS:
            return f"EPSG:{_COMPOUND_HEIGHTS[stated][0]}", _COMPOUND_HEIGHTS[stated][1]
        horizontal, vertical = crs.sub_crs_list[:2]
        return _identify(_plain(horizontal)), _identify_height(_plain(vertical))
    crs = _plain(crs)
    if crs.is_vertical:
        return None, _identify_height(crs)
    return _identify(crs), None


def is_3d(text: str) -> bool:
    """Whether a code or WKT is of a system whose third axis is the height above the ellipsoid."""
    crs = load(text)
    crs = crs.source_crs if crs.is_bound and crs.source_crs is not None else crs
    return len(crs.axis_info) == 3 and not crs.is_compound and not crs.is_geocentric


def transformer(source: str, target: str) -> Callable[..., tuple[Any, ...]]:
    """Return the function that moves x and y (numbers or arrays) from one horizontal system to another.

    Longitude or easting come first, whatever the systems say of their axes.

    Raises
    ------
    CrsError
        If PROJ cannot read a text or does not know a code.
    """
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    try:
        between = Transformer.from_crs(load(source), load(target), always_xy=True)
    except ProjError as error:
        raise CrsError("crs.unreadable", cause=next(iter(str(error).splitlines()), "")) from error
    return cast("Callable[..., tuple[Any, ...]]", between.transform)


def to_latlon(e: float, n: float, zone: int) -> tuple[float, float]:
    """Return latitude and longitude (JGD2011, degrees) of a point in a plane rectangular zone, in metres."""
    longitude, latitude = _between(zone, to_plane=False)(e, n)
    return latitude, longitude


def from_latlon(latitude: float, longitude: float, zone: int) -> tuple[float, float]:
    """Return easting and northing (metres) in a plane rectangular zone of a place in JGD2011 degrees."""
    e, n = _between(zone, to_plane=True)(longitude, latitude)
    return e, n


@cache
def _between(zone: int, *, to_plane: bool) -> Callable[..., tuple[Any, ...]]:
    systems = f"EPSG:{JGD2011}", f"EPSG:{JGD2011 + zone}"
    return transformer(*systems) if to_plane else transformer(*systems[::-1])


def _plain(crs: pyproj.CRS) -> pyproj.CRS:
    """Return a system without a transformation bound to it, and without an ellipsoidal third axis."""
    if crs.is_bound and crs.source_crs is not None:
        crs = crs.source_crs
    return crs.to_2d() if len(crs.axis_info) == 3 and not crs.is_geocentric else crs


def _identify(crs: pyproj.CRS) -> str:
    parameters, stated = _parameters(crs), _stated(crs)
    if stated is not None and _known(stated):
        if not parameters.same(_parameters(load(f"EPSG:{stated}"))):
            raise CodeConflict(f"EPSG:{stated}")
        return f"EPSG:{stated}"
    place, datum = _zone(crs), _datum(crs)
    if place is not None and datum in _DATUMS:
        return f"EPSG:{_DATUMS[datum] + place}"
    code = crs.to_epsg()
    if code is not None and parameters.same(_parameters(load(f"EPSG:{code}"))):
        return f"EPSG:{code}"
    return crs.to_wkt()


def _identify_height(crs: pyproj.CRS) -> str:
    code = _stated(crs)
    if f"EPSG:{code}" == JGD2024_HEIGHT or _stated(crs.datum) == _JGD2024_DATUM:
        return JGD2024_HEIGHT
    if code is None or not _known(code):
        code = crs.to_epsg()
    return crs.to_wkt() if code is None else f"EPSG:{code}"


def _known(code: int) -> bool:
    from pyproj.exceptions import CRSError

    try:
        load(f"EPSG:{code}")
    except CRSError:
        return False
    return True


def _stated(part: pyproj.CRS | Datum | None) -> int | None:
    """Return the EPSG code that stands in the definition itself."""
    stated = part.to_json_dict().get("id", {}) if part is not None else {}
    code = str(stated.get("code", ""))
    return int(code) if stated.get("authority") == "EPSG" and code.isdecimal() else None


def _datum(crs: pyproj.CRS) -> int | None:
    """Return the EPSG code of the datum, if the system states it, or that of its geographic system."""
    return _stated(crs.datum) or _GEOGRAPHIC.get(_stated(crs.geodetic_crs) or 0)


def _parameters(crs: pyproj.CRS) -> Parameters:
    operation, ellipsoid = crs.coordinate_operation, crs.ellipsoid
    values = {}
    for item in operation.params if operation is not None else ():
        value, near = float(item.value) * item.unit_conversion_factor, _RATIO
        if item.unit_category == "angular":
            value, near = math.degrees(value), _ANGLE
        elif item.unit_category == "linear":
            near = _LENGTH
        values[str(item.code or item.name)] = (value, near)
    method = crs.type_name if operation is None else operation.method_code or operation.method_name
    return Parameters(
        method=str(method),
        values=values,
        axes=frozenset(axis.direction for axis in crs.axis_info),
        unit=crs.axis_info[0].unit_conversion_factor if crs.axis_info else 1.0,
        semi_major=ellipsoid.semi_major_metre if ellipsoid is not None else 0.0,
        inverse_flattening=ellipsoid.inverse_flattening if ellipsoid is not None else 0.0,
        meridian=_meridian(crs),
    )


def _meridian(crs: pyproj.CRS) -> float:
    meridian = crs.prime_meridian
    if meridian is None:
        return 0.0
    return math.degrees(meridian.longitude * float(meridian.unit_conversion_factor))


def _zone(crs: pyproj.CRS) -> int | None:
    """Return the plane rectangular zone whose parameters a system has."""
    parameters = _parameters(crs)
    for base in (JGD2011, TOKYO):
        like = _parameters(load(f"EPSG:{base + 5}"))
        for number, (latitude, longitude) in ORIGINS.items():
            origin = {"8801": (latitude, _ANGLE), "8802": (longitude, _ANGLE)}
            if parameters.same(like._replace(values=like.values | origin)):
                return number
    return None
