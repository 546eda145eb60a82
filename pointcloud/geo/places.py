"""A place as users write it: a site's name, a sheet code, E,N, latitude,longitude, or a box W,S,E,N."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass

from pointcloud.errors import ParameterError
from pointcloud.geo import projections, sheets, sites
from pointcloud.geo.lattice import Box, quanta
from pointcloud.geo.sheets import Sheet
from pointcloud.geo.sites import Site

HYOGO_ZONE = 5
"""The zone of places that do not state theirs."""

JAPAN = ((20.0, 46.0), (122.0, 154.0))
"""Latitudes and longitudes that no one means as metres."""

_CODE = re.compile(r"\d\d[A-Za-z]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A point of the plane, and what is known of it.

    Parameters
    ----------
    text : str
        What the user wrote; the key of a site, the code of a sheet.
    zone : int
        Plane rectangular zone, 1–19.
    e, n : float
        Easting and northing in metres; the middle of a sheet or box.
    radius : float or None
        Metres around it that matter, as its site states; ``None`` for a bare point, a sheet or a box.
    box : Box or None
        The sheet or box that was named; ``None`` for a point.
    sheets : tuple of Sheet
        Every reading of a sheet code.
    site : Site or None
        The site that was named.
    """

    text: str
    zone: int
    e: float
    n: float
    radius: float | None = None
    box: Box | None = None
    sheets: tuple[Sheet, ...] = ()
    site: Site | None = None

    @property
    def en(self) -> str:
        """Its name in English: that of its site, its sheet code, or what the user wrote."""
        return self.site.en if self.site else self.text

    @property
    def ja(self) -> str:
        """Its name in Japanese."""
        return self.site.ja if self.site else self.text

    @property
    def name(self) -> str:
        """Its name in the language in use."""
        return self.site.name if self.site else self.text

    @property
    def crs(self) -> str:
        """Its plane rectangular zone, JGD2011, as ``EPSG:code``."""
        return f"EPSG:{projections.JGD2011 + self.zone}"

    @property
    def latlon(self) -> tuple[float, float]:
        """Latitude and longitude, JGD2011, in degrees."""
        return projections.to_latlon(self.e, self.n, self.zone)

    def extent(self, radius: float) -> Box:
        """Return the sheet or box that was named, else the square of its own radius, or of ``radius`` metres."""
        if self.box is not None:
            return self.box
        by = self.radius or radius
        return Box.from_metres(self.e - by, self.n - by, self.e + by, self.n + by)

    def xy(self, horizontal: str) -> tuple[float, float]:
        """Return its coordinates in a horizontal system (``EPSG:code`` or WKT): to the bit in its own.

        Raises
        ------
        CrsError
            If PROJ does not know the system.
        """
        if projections.same_place(self.crs, horizontal):
            return self.e, self.n
        x, y = projections.transformer(self.crs, horizontal)(self.e, self.n)
        return float(x), float(y)


def parse(text: str, *, zone: int = HYOGO_ZONE) -> Place:
    """Return the place that a text stands for.

    Parameters
    ----------
    text : str
        ``takeda`` or ``竹田城跡``, ``05MF513``, ``45078,-77513``, ``35.3003,134.8290`` (in Japan the two orders cannot
        be mistaken), or ``W,S,E,N`` in metres.
    zone : int, optional
        Plane rectangular zone of coordinates; sites and sheet codes state their own.

    Raises
    ------
    ParameterError
        If it is none of these, lies outside the sheets of its zone, or the user's list of sites cannot be used.
    """
    stripped = text.strip()
    found = numbers(text)
    if len(found) == 2:
        return _point(stripped, (found[0], found[1]), zone)
    if len(found) == 4:
        return _box(stripped, Box.from_metres(*found), zone)
    if found:
        raise ParameterError("places.numbers", text=stripped)
    site = sites.find(stripped)
    if site is not None:
        return at_site(site)
    if not _CODE.match(unicodedata.normalize("NFKC", stripped)):
        raise ParameterError("places.unknown", text=stripped, known=", ".join(sites.all_sites()))
    readings = sheets.parse_all(stripped)
    west, south, east, north = readings[0].bounds
    e, n = (west + east) / 2, (south + north) / 2
    return Place(readings[0].code, readings[0].zone or zone, e, n, None, readings[0].box, readings)


def at_site(site: Site) -> Place:
    """Return the place of a site."""
    e, n = _on_plane(*site.position, site.zone) if site.in_degrees else site.position
    return Place(site.key, site.zone, e, n, site.radius, site=site)


def numbers(text: str) -> list[float]:
    """Return the numbers that commas separate in a text; none if there is no comma.

    Raises
    ------
    ParameterError
        If something between commas is no finite number.
    """
    parts = unicodedata.normalize("NFKC", text).replace("、", ",").split(",")
    if len(parts) == 1:
        return []
    try:
        found = [float(part) for part in parts]
    except ValueError:
        found = [math.nan]
    if not all(map(math.isfinite, found)):
        raise ParameterError("places.numbers", text=text.strip())
    return found


def _point(text: str, pair: tuple[float, float], zone: int) -> Place:
    """Return the place of E,N in metres, or of latitude and longitude."""
    for latitude, longitude in (pair, pair[::-1]):
        degrees = zip((latitude, longitude), JAPAN, strict=True)
        if all(low <= value <= high for value, (low, high) in degrees):
            return Place(text, zone, *_on_plane(latitude, longitude, zone))
    sheets.sheet_at(quanta(pair[0]), quanta(pair[1]), zone, sheets.LEVELS[0])  # refuses what has no sheet
    return Place(text, zone, *pair)


def _on_plane(latitude: float, longitude: float, zone: int) -> tuple[float, float]:
    e, n = projections.from_latlon(latitude, longitude, zone)
    west, south, east, north = sheets.GRID.bounds
    if not (west <= e < east and south < n <= north):
        raise ParameterError("places.other_zone", lat=latitude, lon=longitude, zone=zone)
    return e, n


def _box(text: str, box: Box, zone: int) -> Place:
    if box.empty or not box.touches(sheets.GRID):
        raise ParameterError("places.box", text=text)
    west, south, east, north = box.bounds
    return Place(text, zone, (west + east) / 2, (south + north) / 2, None, box)
