"""Places by name: the list that comes with the program, and the user's own.

The list is ``sites.toml`` beside this module, which says how it is written. The user's file is written alike; a site
of the same key there replaces ours.
"""

from __future__ import annotations

import math
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs

from pointcloud.errors import ParameterError
from pointcloud.messages import language
from pointcloud.textfile import read_toml

USERS_FILE = "HYOGO_PC_SITES"
"""Environment variable with the path of the user's own list."""

COMPASS = {
    name: 45.0 * number
    for number, name in enumerate(
        ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
    )
}
"""Degrees clockwise from grid north of the eight directions."""

_OURS = Path(__file__).with_name("sites.toml")
_HYOGO_ZONE = 5
_REQUIRED, _OPTIONAL = ("en", "ja", "radius", "source"), ("zone", "also", "views")
_DEGREES, _METRES = ("latitude", "longitude"), ("easting", "northing")
_RANGES = {
    "latitude": (20.0, 46.0),
    "longitude": (122.0, 154.0),
    "easting": (-160_000.0, 160_000.0),
    "northing": (-300_000.0, 300_000.0),
    "radius": (1.0, 100_000.0),
    "zone": (1, 19),
}


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """A good place to look at a site from.

    Parameters
    ----------
    en, ja : str
        Its name.
    height : float
        Metres of the eye above the site, or above the ground where the eye is if that is stated by ``at``.
    at : (float, float), optional
        Easting and northing of an eye on the ground, in metres of the site's zone.
    towards : (float, float), optional
        Easting and northing that an eye on the ground looks to; the site where ``None``.
    bearing : float
        Degrees clockwise from grid north, from the site to an eye in the air.
    distance : float
        Metres along the ground from the site to an eye in the air.
    """

    en: str
    ja: str
    height: float
    at: tuple[float, float] | None = None
    towards: tuple[float, float] | None = None
    bearing: float = 0.0
    distance: float = 0.0

    @property
    def name(self) -> str:
        """Its name in the language in use."""
        return self.ja if language() == "ja" else self.en

    def eye(self, e: float, n: float) -> tuple[float, float]:
        """Return easting and northing of the eye, for a site at ``e`` and ``n``."""
        if self.at is not None:
            return self.at
        turn = math.radians(self.bearing)
        return e + self.distance * math.sin(turn), n + self.distance * math.cos(turn)


@dataclass(frozen=True, slots=True)
class Site:
    """A named place.

    Parameters
    ----------
    key : str
        What its table is called in the list, and what a user may type.
    en, ja : str
        Its names, the English one in romaji.
    radius : float
        Metres around it that a map or view shows.
    source : str
        Where its coordinates are from.
    zone : int
        Plane rectangular zone.
    position : (float, float)
        Latitude and longitude (JGD2011), or easting and northing in metres of the zone.
    in_degrees : bool
        Which of the two.
    also : tuple of str
        Other names.
    views : tuple of Viewpoint
        Good viewpoints, the best first.
    """

    key: str
    en: str
    ja: str
    radius: float
    source: str
    position: tuple[float, float]
    in_degrees: bool
    zone: int = _HYOGO_ZONE
    also: tuple[str, ...] = ()
    views: tuple[Viewpoint, ...] = ()

    @property
    def name(self) -> str:
        """Its name in the language in use."""
        return self.ja if language() == "ja" else self.en

    @property
    def names(self) -> tuple[str, ...]:
        """All that it may be called."""
        return (self.key, self.en, self.ja, *self.also)


def all_sites() -> dict[str, Site]:
    """Return every site by its key, ours first, then the user's.

    Raises
    ------
    ParameterError
        If the user's file cannot be read, or a site in it is incomplete or cannot be.
    """
    stated = bool(os.environ.get(USERS_FILE))
    path = users_file()
    users = read_sites(path) if stated or path.is_file() else {}
    return {**_ours(), **users}


def users_file() -> Path:
    """Return the path of the user's own list, which need not exist: ``HYOGO_PC_SITES``, or a place of the system's."""
    folder = platformdirs.user_config_dir("hyogo-pc", appauthor=False)
    return Path(os.environ.get(USERS_FILE) or Path(folder, "sites.toml"))


def find(name: str) -> Site | None:
    """Return the site of a name, whatever its case, width, spaces and hyphens; the user's before ours.

    Raises
    ------
    ParameterError
        If the user's file cannot be used.
    """
    wanted = _plain(name)
    found = [site for site in all_sites().values() if wanted in map(_plain, site.names)]
    return found[-1] if found and wanted else None


def read_sites(path: Path) -> dict[str, Site]:
    """Return the sites in a file, by key.

    Raises
    ------
    ParameterError
        If it cannot be read, or a site in it is incomplete or cannot be.
    """
    try:
        tables = read_toml(path)
    except (OSError, ValueError) as error:
        raise ParameterError("sites.file", path=path, cause=error) from None
    return {key: _site(path, key, table) for key, table in tables.items()}


def bearing(text: str) -> float:
    """Return the degrees clockwise from grid north of a compass direction (``south-west``) or a number.

    Raises
    ------
    ParameterError
        If it is neither.
    """
    if text in COMPASS:
        return COMPASS[text]
    try:
        degrees = float(text)
    except ValueError:
        degrees = math.nan
    if not math.isfinite(degrees):
        raise ParameterError("sites.direction", text=text, known=", ".join(COMPASS))
    return degrees % 360.0


@cache
def _ours() -> Mapping[str, Site]:
    return read_sites(_OURS)


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character not in " -_\t\n")


def _site(path: Path, key: str, table: Any) -> Site:
    """Return the site of a table of the list, made sure to be usable."""
    where = {"path": path, "key": key}
    if not isinstance(table, dict):
        raise ParameterError("sites.lacks", **where, name=", ".join(_REQUIRED))
    pair = _METRES if set(_METRES) & set(table) else _DEGREES
    known = (*_REQUIRED, *pair, *_OPTIONAL)
    for name in table:
        if name not in known:
            raise ParameterError("sites.unknown_entry", **where, name=name, known=", ".join(known))
    lacking = [name for name in (*_REQUIRED, *pair) if not table.get(name)]
    if lacking:
        raise ParameterError("sites.lacks", **where, name=", ".join(lacking))
    for name, (least, most) in _RANGES.items():
        value = table.get(name, least)
        if not isinstance(value, int | float) or not least <= value <= most:
            raise ParameterError("sites.value", **where, name=name, value=value)
    try:
        also = tuple(map(str, table.get("also", ())))
        views = tuple(_view(view) for view in table.get("views", ()))
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise ParameterError("sites.value", **where, name="views", value=error) from None
    site = Site(
        key,
        str(table["en"]),
        str(table["ja"]),
        float(table["radius"]),
        str(table["source"]),
        _pair(table[name] for name in pair),
        pair == _DEGREES,
        int(table.get("zone", _HYOGO_ZONE)),
        also,
        views,
    )
    for name in site.names:
        if "," in name or name[:1].isdigit():  # a place in numbers, or a sheet code
            raise ParameterError("sites.name", **where, name=name)
    return site


def _view(table: dict[str, Any]) -> Viewpoint:
    """Return a viewpoint of the list.

    Raises
    ------
    KeyError, TypeError, ValueError
        If it is incomplete or a value cannot be.
    """
    view = dict(table)
    names = str(view.pop("en")), str(view.pop("ja"))
    height = float(view.pop("height"))
    if "at" in view:
        at, towards = _pair(view.pop("at")), view.pop("towards", None)
        made = Viewpoint(*names, height, at, _pair(towards) if towards is not None else None)
    else:
        direction, distance = bearing(str(view.pop("from"))), float(view.pop("distance"))
        made = Viewpoint(*names, height, bearing=direction, distance=distance)
    if view:
        raise KeyError(*view)
    return made


def _pair(values: Any) -> tuple[float, float]:
    e, n = values
    return float(e), float(n)
