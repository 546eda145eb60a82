"""How a CS relief map (CS立体図) is drawn: its parameters, the presets, and their way to TOML and back.

A preset is a file ``presets/NAME.toml`` beside this module: lengths in metres, slopes in degrees, curvatures in
1/m, and where it is from. What a preset is made of stays the same under one ``version``.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pointcloud.errors import ParameterError
from pointcloud.plaintext import to_json

PRESETS = ("hyogo", "toda", "fme2020", "csmap-py")
"""Names of the presets; the first is the default."""

LAYERS = ("elevation", "slope", "curvature")
_FOLDER = Path(__file__).with_name("presets")
_PLAIN = ("sigma", "truncation", "gradient", "rounding", "name", "version", "source")
_OF_RAMPS = ("low", "high", "weight", "colours")
_UNITS = {"elevation": "m", "slope": "degrees", "curvature": "1/m, positive where convex"}


@dataclass(frozen=True, slots=True)
class Ramp:
    """Colours of one layer of a relief map: linear between stops, clamped outside.

    Parameters
    ----------
    low, high : float
        Values (in the layer's unit) of the first and last stop.
    colours : tuple of (r, g, b)
        Evenly spaced stops, 0–255.
    weight : float
        Share of the layer in the blend; the weights of all layers sum to 1.
    name : str
        By which the ramp's values can be changed; of its own within a map.
    """

    low: float
    high: float
    colours: tuple[tuple[int, int, int], ...]
    weight: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class CsParams:
    """A CS relief map (CS立体図): what is smoothed, and the colours of each layer.

    Lengths are metres, so that maps of all resolutions look alike; ranges are fixed, so that sheets match.
    The layers are weighted and summed; their order does not matter.

    Parameters
    ----------
    sigma : float
        Standard deviation in metres of the Gaussian that smooths the DEM for its curvature; 0 for none.
    truncation : float
        Half side in metres of the square window the Gaussian is cut to.
    elevation : tuple of Ramp
        Layers of the DEM's height in metres.
    slope : tuple of Ramp
        Layers of the slope of the DEM, not smoothed, in degrees.
    curvature : tuple of Ramp
        Layers of the general curvature -(z_xx + z_yy) of the smoothed DEM in 1/m, positive where convex.
    gradient : {"horn", "central"}
        Slope by Horn's eight neighbours, or by the four beside the cell.
    rounding : {"nearest", "down"}
        How the blended colour becomes 8 bits.
    name, version, source : str, int, str
        The preset this is, which state of it, and where its values are from.

    Raises
    ------
    ParameterError
        If a length is negative or not finite, a ramp has no range or colours, two ramps share a name, or the
        weights do not sum to 1.
    """

    sigma: float
    truncation: float
    elevation: tuple[Ramp, ...] = ()
    slope: tuple[Ramp, ...] = ()
    curvature: tuple[Ramp, ...] = ()
    gradient: Literal["horn", "central"] = "horn"
    rounding: Literal["nearest", "down"] = "nearest"
    name: str = ""
    version: int = 1
    source: str = ""

    def __post_init__(self) -> None:
        for name, length in (("sigma", self.sigma), ("truncation", self.truncation)):
            if not 0.0 <= length < math.inf:
                raise ParameterError("relief.length", name=name, value=length)
        for name, choices in (("gradient", ("horn", "central")), ("rounding", ("nearest", "down"))):
            if getattr(self, name) not in choices:
                value = getattr(self, name)
                raise ParameterError("params.choice", name=name, value=value, choices=", ".join(choices))
        names = [ramp.name for ramp in self.ramps if ramp.name]
        for name in names:
            if names.count(name) > 1:
                raise ParameterError("relief.same_name", name=name)
        for ramp in self.ramps:
            _check_ramp(ramp)
        total = sum(ramp.weight for ramp in self.ramps)
        if abs(total - 1.0) > 1e-6:
            raise ParameterError("relief.weights", total=f"{total:.6g}")

    @property
    def ramps(self) -> tuple[Ramp, ...]:
        """The ramps of all layers."""
        return self.elevation + self.slope + self.curvature


def _check_ramp(ramp: Ramp) -> None:
    if not -math.inf < ramp.low < ramp.high < math.inf:
        raise ParameterError("relief.range", low=ramp.low, high=ramp.high)
    if len(ramp.colours) < 2:
        raise ParameterError("relief.stops", number=len(ramp.colours), low=ramp.low, high=ramp.high)
    for colour in ramp.colours:
        if len(colour) != 3 or not all(0 <= channel <= 255 for channel in colour):
            raise ParameterError("relief.colour", colour=colour)
    if not 0.0 <= ramp.weight <= 1.0:
        raise ParameterError("relief.weight", weight=ramp.weight, low=ramp.low, high=ramp.high)


@cache
def preset(name: str) -> CsParams:
    """Return a preset by its name.

    Raises
    ------
    ParameterError
        If there is none of that name.
    """
    if name not in PRESETS:
        raise ParameterError("params.choice", name="preset", value=name, choices=", ".join(PRESETS))
    return from_table(tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8")))


def from_table(table: Mapping[str, Any]) -> CsParams:
    """Return the parameters that a TOML table holds.

    ``preset`` names what it starts from (``hyogo`` if it does not hold a whole map); all other keys are those of
    :class:`CsParams`. A layer given replaces all ramps of that layer.

    Raises
    ------
    ParameterError
        If a key is unknown, or a value cannot be used; the message names the key.
    """
    values = dict(table)
    base = values.pop("preset", None)
    known = [item.name for item in fields(CsParams)]
    for key, value in values.items():
        if key not in known:
            raise ParameterError("relief.unknown_setting", name=key, known=", ".join(("preset", *known)))
        values[key] = _ramps(key, value) if key in LAYERS else _plain(key, value)
    if base is None and {"sigma", "truncation", *LAYERS} <= set(values):
        return CsParams(**values)
    return replace(preset("hyogo" if base is None else base), **values)


def _ramps(layer: str, tables: Any) -> tuple[Ramp, ...]:
    """Return the ramps of a layer; the message of an error names the ramp and its key."""
    if not isinstance(tables, list | tuple):
        raise ParameterError("relief.not_usable", name=layer, value=tables)
    return tuple(_ramp(f"{layer}[{number}]", table) for number, table in enumerate(tables, start=1))


def _ramp(where: str, table: Any) -> Ramp:
    if not isinstance(table, Mapping):
        raise ParameterError("relief.not_usable", name=where, value=table)
    values: dict[str, Any] = {"name": str(table.get("name", ""))}
    known = [item.name for item in fields(Ramp)]
    for key in (*table, "low", "high", "weight", "colours"):
        if key not in known:
            raise ParameterError("relief.unknown_setting", name=f"{where}.{key}", known=", ".join(known))
        if key not in table:
            raise ParameterError("relief.no_value", name=f"{where}.{key}")
        if key != "name":
            read = _colours if key == "colours" else number
            values[key] = read(f"{where}.{key}", table[key])
    return Ramp(**values)


def _plain(key: str, value: Any) -> Any:
    """Return a value of a preset beside its ramps, of its own kind, from TOML or as a text."""
    if key in ("sigma", "truncation"):
        return number(key, value)
    if key == "version":
        if (whole := number(key, value)) != int(whole):
            raise ParameterError("relief.not_whole", name=key, value=value)
        return int(whole)
    return str(value)


def number(name: str, value: Any) -> float:
    """Return a value of a name as a number, which may be given as a text.

    Raises
    ------
    ParameterError
        If it is none, or not finite.
    """
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise ParameterError("relief.not_finite", name=name, value=value)
    return found


def _colours(name: str, value: Any) -> tuple[tuple[int, int, int], ...]:
    """Return colours: triples, or a text of ``#RRGGBB`` or ``r,g,b`` with blanks between them."""
    parts = re.split(r"[\s;]+|,(?=#)", value.strip()) if isinstance(value, str) else value
    try:
        return tuple(_colour(part) for part in parts)
    except (TypeError, ValueError):
        raise ParameterError("relief.not_colours", name=name, value=value) from None


def _colour(value: Any) -> tuple[int, int, int]:
    if isinstance(value, str) and (code := re.fullmatch(r"#([0-9A-Fa-f]{6})", value)):
        return tuple(bytes.fromhex(code[1]))  # type: ignore[return-value]
    red, green, blue = value.split(",") if isinstance(value, str) else value
    return int(red), int(green), int(blue)


def changed(params: CsParams, settings: Mapping[str, float | str]) -> CsParams:
    """Return the parameters with values replaced by name.

    Parameters
    ----------
    params : CsParams
    settings : mapping of str to float or str
        ``sigma`` or ``truncation`` in metres, ``gradient``, ``rounding``, ``name``, ``version``, ``source``; or
        ``RAMP.low``, ``RAMP.high`` in the layer's unit, ``RAMP.weight`` or ``RAMP.colours`` (``#RRGGBB`` or ``r,g,b``
        with blanks between them), where RAMP is the name of a ramp, or of a layer for all its ramps.

    Raises
    ------
    ParameterError
        If there is nothing of a name, or a value cannot be used.
    """
    layers = {layer: list(getattr(params, layer)) for layer in LAYERS}
    plain: dict[str, Any] = {}
    for key, value in settings.items():
        of, _, field = key.partition(".")
        hit = key in _PLAIN
        if hit:
            plain[key] = _plain(key, value)
        for layer, ramps in layers.items():
            for k, ramp in enumerate(ramps):
                if field in _OF_RAMPS and of in (ramp.name, layer):
                    read = _colours if field == "colours" else number
                    ramps[k] = replace(ramp, **{field: read(key, value)})
                    hit = True
        if not hit:
            raise ParameterError("relief.unknown_setting", name=key, known=", ".join(names(params)))
    plain |= {layer: tuple(ramps) for layer, ramps in layers.items()}
    return replace(params, **plain)


def names(params: CsParams) -> list[str]:
    """Return the names of all values that :func:`changed` takes."""
    ramps = [ramp.name for ramp in params.ramps] + [layer for layer in LAYERS if getattr(params, layer)]
    return [*_PLAIN, *(f"{name}.{key}" for name in dict.fromkeys(ramps) for key in _OF_RAMPS)]


def to_toml(params: CsParams) -> str:
    """Return the parameters as a TOML file that :func:`from_table` reads back."""
    lines = [f"{key} = {_value(getattr(params, key))}" for key in ("name", "version", "source")]
    lines += [
        "",
        f"sigma = {params.sigma!r}  # m, of the Gaussian that smooths the DEM for its curvature",
        f"truncation = {params.truncation!r}  # m, half the side of the Gaussian's window",
        f"gradient = {_value(params.gradient)}  # horn (eight neighbours) or central (four)",
        f"rounding = {_value(params.rounding)}  # of the blended colour: nearest or down",
    ]
    for layer in LAYERS:
        if not getattr(params, layer):
            lines += ["", f"{layer} = []"]
    # A key of the root may not follow a table, so empty layers come first.
    for layer in LAYERS:
        for ramp in getattr(params, layer):
            lines += ["", f"[[{layer}]]  # {_UNITS[layer]}"]
            lines += [f"{item.name} = {_value(getattr(ramp, item.name))}" for item in _ramp_fields()]
    return "\n".join([*lines, ""])


def _ramp_fields() -> list[Any]:
    order = ("name", "low", "high", "weight", "colours")
    return sorted(fields(Ramp), key=lambda item: order.index(item.name))


def _value(value: object) -> str:
    return to_json(value) if isinstance(value, str | tuple) else repr(value)
