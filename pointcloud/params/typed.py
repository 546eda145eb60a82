"""Values that came as JSON, held against the types that they should have, before anything is made of them."""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

Time = NewType("Time", str)
"""A moment by ISO 8601, with its offset from UTC."""

_LARGEST = 2**63


def require(kind: Any, value: object, name: str = "") -> None:
    """Make sure that a value is of a kind, and all values in it.

    Parameters
    ----------
    kind : type
        Of text, truth, numbers (finite, and of 64 bits), `Time`, literals, alternatives, mappings from text, tuples
        (lists in JSON), and dataclasses (tables with these keys, and perhaps others), as annotations have them.
    value : object
    name : str
        What messages call it.

    Raises
    ------
    ValueError
        If it is none; the message names which value.
    """
    origin = get_origin(kind)
    if kind is Any:
        return
    if kind is Time:
        fits = isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    elif origin is Literal:
        fits = value in get_args(kind)
    elif origin in (Union, types.UnionType):
        fits = any(_fits(each, value) for each in get_args(kind))
    elif dataclasses.is_dataclass(kind):
        fits = isinstance(value, Mapping)
        if isinstance(value, Mapping):
            _require_fields(kind, value, name)
    elif origin is not None and issubclass(origin, Mapping):
        fits = isinstance(value, Mapping)
        for key, each in value.items() if isinstance(value, Mapping) else ():
            require(get_args(kind)[1], each, f"{name}.{key}")
    elif origin is tuple:
        fits = isinstance(value, list | tuple) and _require_parts(get_args(kind), value, name)
    else:
        fits = _is_plain(kind, value)
    if not fits:
        raise ValueError(f"{name or 'value'}: {str(value)[:60]}")


def _fits(kind: Any, value: object) -> bool:
    try:
        require(kind, value)
    except ValueError:
        return False
    return True


def _require_fields(kind: Any, value: Mapping[str, object], name: str) -> None:
    hints = get_type_hints(kind)
    for each in dataclasses.fields(kind):
        if each.name in value:
            require(hints[each.name], value[each.name], f"{name}.{each.name}".lstrip("."))
        elif each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING:
            raise ValueError(f"{name}.{each.name}: ?".lstrip("."))


def _require_parts(kinds: tuple[Any, ...], value: list[object] | tuple[object, ...], name: str) -> bool:
    if kinds[-1] is ...:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        return False
    for number, (kind, each) in enumerate(zip(kinds, value, strict=True)):
        require(kind, each, f"{name}[{number}]")
    return True


def _is_plain(kind: Any, value: object) -> bool:
    if kind is types.NoneType:
        return value is None
    if kind is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and -_LARGEST < value < _LARGEST and math.isfinite(value)  # type: ignore[operator,arg-type]
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and -_LARGEST < value < _LARGEST
    return isinstance(value, kind)
