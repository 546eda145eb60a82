"""The styles of relief: their names, their values, and the fixed ranges and colours of their pictures.

A style is a layer of numbers with a picture of it, or a picture alone. Ranges never follow the data, so that
sheets match and sites can be compared. What each style is, with equation and source, stands at its function in
:mod:`pointcloud.relief`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal, TypeAlias, cast

from pointcloud.errors import ParameterError
from pointcloud.params import csmap
from pointcloud.params.csmap import CsParams, preset

Stops: TypeAlias = tuple[tuple[float, tuple[int, int, int]], ...]
"""Values and their colours, rising."""

WIDEST = 500.0
"""Metres: the longest radius. What lies further away is no relief of a site, and a window needs so much halo."""


Horizon: TypeAlias = Literal["linear", "nearest"]
HORIZONS: tuple[Horizon, ...] = ("linear", "nearest")
"""How the ground under a ray is known: linear between the cells that it passes between, or as the nearest cells."""


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ParameterError("params.range", name=name, value=value, least=least, most=most)


@dataclass(frozen=True, slots=True)
class Plain:
    """A style without values of its own."""


@dataclass(frozen=True, slots=True)
class Light:
    """A light: azimuth in degrees clockwise from north, altitude in degrees above the horizon."""

    azimuth: float = 315.0
    altitude: float = 45.0

    def __post_init__(self) -> None:
        _within("azimuth", self.azimuth, 0.0, 360.0)
        _within("altitude", self.altitude, 0.0, 90.0)


@dataclass(frozen=True, slots=True)
class Lights:
    """Four lights around the west and north, all at one altitude in degrees."""

    altitude: float = 30.0

    def __post_init__(self) -> None:
        _within("altitude", self.altitude, 1.0, 90.0)


@dataclass(frozen=True, slots=True)
class Smoothing:
    """A Gaussian: its standard deviation and half the side of its window, in metres; 0 for none."""

    sigma: float = 3.0
    truncation: float = 12.0

    def __post_init__(self) -> None:
        _within("sigma", self.sigma, 0.0, WIDEST)
        _within("truncation", self.truncation, 0.0, WIDEST)


@dataclass(frozen=True, slots=True)
class Sky:
    """How far a cell looks around, and in how many directions.

    Parameters
    ----------
    radius : float
        Metres.
    directions : int
        Evenly spaced, the first to the north.
    nearest : float
        Metres within which nothing hides the sky: noise of the ground does not count.
    sampling : str
        Of :data:`HORIZONS`.
    """

    radius: float = 10.0
    directions: int = 16
    nearest: float = 0.0
    sampling: Horizon = "linear"

    def __post_init__(self) -> None:
        if self.sampling not in HORIZONS:
            raise ParameterError(
                "params.choice", name="sampling", value=self.sampling, choices=", ".join(HORIZONS)
            )
        _within("radius", self.radius, 0.0, WIDEST)
        _within("directions", self.directions, 4, 64)
        _within("nearest", self.nearest, 0.0, self.radius)


@dataclass(frozen=True, slots=True)
class Trend:
    """The radius in metres of what counts as trend."""

    radius: float = 20.0

    def __post_init__(self) -> None:
        _within("radius", self.radius, 0.0, WIDEST / 2)


@dataclass(frozen=True, slots=True)
class Stand:
    """An observer: the height of the eyes, and the ring of ground looked at, in metres."""

    inner: float = 10.0
    outer: float = 20.0
    observer: float = 1.7
    directions: int = 16

    def __post_init__(self) -> None:
        _within("outer", self.outer, 0.0, WIDEST)
        _within("inner", self.inner, 0.0, self.outer)
        _within("observer", self.observer, 0.01, 100.0)
        _within("directions", self.directions, 4, 64)


@dataclass(frozen=True, slots=True)
class Tinted:
    """How strongly light and shade change the colours of heights, 0 to 1, and the altitude of the lights."""

    depth: float = 0.9
    altitude: float = 30.0

    def __post_init__(self) -> None:
        _within("depth", self.depth, 0.0, 1.0)
        _within("altitude", self.altitude, 1.0, 90.0)


@dataclass(frozen=True, slots=True)
class Vat:
    """The layers of VAT: the light, how far is looked, and the ranges that are stretched to black and white.

    Lengths are metres, slopes and openness degrees. Horizons are those of the nearest cells: the published ranges were
    chosen on such, and with linear ones steep slopes would be lighter than in other VATs.
    """

    azimuth: float = 315.0
    altitude: float = 35.0
    radius: float = 10.0
    nearest: float = 0.0
    directions: int = 16
    slope_high: float = 50.0
    openness_low: float = 68.0
    openness_high: float = 93.0
    sky_low: float = 0.7
    sampling: Horizon = "nearest"

    def __post_init__(self) -> None:
        Light(self.azimuth, self.altitude)
        Sky(self.radius, self.directions, self.nearest, self.sampling)
        _within("slope_high", self.slope_high, 1.0, 90.0)
        _within("openness_low", self.openness_low, 0.0, self.openness_high - 1.0)
        _within("sky_low", self.sky_low, 0.0, 0.99)

    @property
    def sky(self) -> Sky:
        """How a cell looks around."""
        return Sky(self.radius, self.directions, self.nearest, self.sampling)


FLAT_VAT = Vat(
    altitude=15.0,
    radius=20.0,
    nearest=8.0,
    slope_high=15.0,
    openness_low=85.0,
    openness_high=93.0,
    sky_low=0.9,
)
"""VAT for flat terrain: the settings of that name in the Relief Visualization Toolbox (rvt-py), whose
noise level of 3 is taken as the nearest 40 % of the radius."""


@dataclass(frozen=True, slots=True)
class CombinedVat:
    """VAT for general terrain over VAT for flat terrain; ``share`` is that of the first."""

    general: Vat = field(default_factory=Vat)
    flat: Vat = FLAT_VAT
    share: float = 0.5

    def __post_init__(self) -> None:
        _within("share", self.share, 0.0, 1.0)


StyleParams: TypeAlias = (
    CsParams | Plain | Light | Lights | Smoothing | Sky | Trend | Stand | Tinted | Vat | CombinedVat
)


@dataclass(frozen=True, slots=True)
class Style:
    """A way to show relief.

    Parameters
    ----------
    params : StyleParams
        Its values by default.
    unit : str, optional
        Of its numbers, as a GIS writes it; ``""`` for a ratio, ``None`` for a style that is only a picture.
    stops : tuple
        Colours of its numbers.
    """

    params: StyleParams
    unit: str | None = None
    stops: Stops = ()


def _grey(low: float, high: float) -> Stops:
    return ((low, (0, 0, 0)), (high, (255, 255, 255)))


def _dark(low: float, high: float) -> Stops:
    return ((low, (255, 255, 255)), (high, (0, 0, 0)))


def _signed(end: float) -> Stops:
    """Blue below, white, red above, as a CS relief map has valleys and ridges.

    Half of the colour is for the first eighth: banks of a field beside cliffs.
    """
    return (
        (-end, (10, 30, 105)),
        (-end / 8, (85, 130, 215)),
        (0.0, (255, 255, 255)),
        (end / 8, (235, 105, 80)),
        (end, (120, 10, 10)),
    )


_LEVEL = (255, 255, 255)
_COMPASS: Stops = (
    (-1.0, _LEVEL),
    (-0.5, _LEVEL),
    (0.0, (226, 62, 62)),
    (60.0, (232, 206, 60)),
    (120.0, (72, 178, 76)),
    (180.0, (62, 198, 206)),
    (240.0, (62, 92, 206)),
    (300.0, (190, 72, 196)),
    (360.0, (226, 62, 62)),
)
"""North red, east yellow to green, south cyan, west blue to purple; level ground white."""

HEIGHT_COLOURS: Stops = (
    (0, (94, 142, 118)),
    (20, (128, 172, 122)),
    (50, (168, 196, 130)),
    (100, (208, 214, 146)),
    (200, (234, 224, 166)),
    (300, (226, 202, 146)),
    (450, (208, 174, 124)),
    (700, (184, 146, 116)),
    (1000, (170, 140, 136)),
    (1500, (236, 234, 232)),
)
"""Heights in metres and their colours: valley floors green, hills yellow, mountains brown, summits white."""

STYLES: dict[str, Style] = {
    "cs": Style(preset("hyogo")),
    "slope": Style(Plain(), "degree", _dark(0.0, 60.0)),
    "aspect": Style(Plain(), "degree", _COMPASS),
    "hillshade": Style(Light(), "", _grey(0.0, 1.0)),
    "multi-hillshade": Style(Lights(), "", _grey(0.1, 0.9)),
    "curvature": Style(Smoothing(), "1/m", _signed(0.4)),
    "profile-curvature": Style(Smoothing(), "1/m", _signed(0.4)),
    "plan-curvature": Style(Smoothing(), "1/m", _signed(0.4)),
    "sky-view": Style(Sky(), "", ((0.2, (0, 0, 0)), (0.7, (110, 110, 110)), (1.0, _LEVEL))),
    "openness": Style(Sky(), "degree", _grey(60.0, 95.0)),
    "negative-openness": Style(Sky(), "degree", _dark(65.0, 110.0)),
    "local-relief": Style(Trend(), "m", _signed(8.0)),
    "local-dominance": Style(
        Stand(),
        "",
        ((0.0, (0, 0, 0)), (1.0, (128, 128, 128)), (2.5, (215, 215, 215)), (10.0, (255, 255, 255))),
    ),
    "shaded-heights": Style(Tinted(), None, HEIGHT_COLOURS),
    "vat": Style(Vat(), "", _grey(0.0, 1.0)),
    "combined-vat": Style(CombinedVat(), "", _grey(0.0, 1.0)),
}
"""Every style by its name."""


def changed(params: StyleParams, settings: Mapping[str, float | str]) -> StyleParams:
    """Return the values of a style with some replaced by name.

    Parameters
    ----------
    params : StyleParams
    settings : mapping of str to float or str
        By the name of a value, ``PART.NAME`` within a part (``flat.radius``, ``slope_grey.high``); a text is read.

    Raises
    ------
    ParameterError
        If there is no value of a name, or it is out of its range.
    """
    if isinstance(params, CsParams):
        return csmap.changed(params, settings)
    known = names(params)
    for key in settings:
        if key not in known:
            raise ParameterError("relief.unknown_setting", name=key, known=", ".join(known) or "-")
    own: dict[str, Any] = {}
    for key, value in settings.items():
        part, _, name = key.rpartition(".")
        if part:
            own[part] = changed(own.get(part, getattr(params, part)), {name: value})
        else:
            own[key] = _like(getattr(params, key), key, value)
    return cast("StyleParams", replace(params, **own))


def _like(old: object, name: str, value: float | str) -> float | str:
    """Return a value as a number, a whole one where there must be one; a word as it is."""
    if isinstance(old, str):
        return str(value)
    number = csmap.number(name, value)
    if not isinstance(old, int):
        return number
    if number != int(number):
        raise ParameterError("relief.not_whole", name=name, value=value)
    return int(number)


def names(params: StyleParams) -> list[str]:
    """Return the names of all values of a style that :func:`changed` takes."""
    if isinstance(params, CsParams):
        return csmap.names(params)
    known: list[str] = []
    for item in fields(cast("Any", params)):
        value = getattr(params, item.name)
        known += [f"{item.name}.{name}" for name in names(value)] if is_dataclass(value) else [item.name]  # type: ignore[arg-type]
    return known
