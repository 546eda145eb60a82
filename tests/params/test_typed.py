"""Values of JSON against the types that they should have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from pointcloud.params.typed import Time, require


@dataclass
class Inner:
    number: int
    kinds: tuple[Literal["a", "b"], ...] = ()


@dataclass
class Outer:
    name: str
    share: float | None
    inner: Inner
    pair: tuple[float, float]
    texts: Mapping[str, str] = field(default_factory=dict)
    all: Any = None
    at: Time | None = None


GOOD = {"name": "x", "share": None, "inner": {"number": 1, "kinds": ["a", "b"]}, "pair": [1, 2.5]}


def test_what_fits() -> None:
    require(Outer, GOOD)
    require(
        Outer,
        {**GOOD, "share": 0.5, "texts": {"a": "b"}, "all": [1], "at": "2024-01-01T09:00:00+09:00", "more": 1},
    )


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("name", 7, "name: 7"),
        ("name", None, "name: None"),
        ("share", True, "share: True"),
        ("share", float("nan"), "share: nan"),
        ("share", 1e300, "share: 1e"),
        ("share", 10**400, "share: 1000"),
        ("inner", [], r"inner: \[\]"),
        ("inner", {}, r"inner\.number: \?"),
        ("inner", {"number": 1.5}, r"inner\.number: 1\.5"),
        ("inner", {"number": 2**63}, r"inner\.number: 9223"),
        ("inner", {"number": 1, "kinds": ["c"]}, r"inner\.kinds\[0\]: c"),
        ("inner", {"number": 1, "kinds": [[]]}, r"inner\.kinds\[0\]: "),
        ("pair", [1], r"pair: \[1\]"),
        ("pair", [1, 2, 3], "pair: "),
        ("pair", "ab", "pair: ab"),
        ("pair", [1, "b"], r"pair\[1\]: b"),
        ("texts", [], r"texts: \[\]"),
        ("texts", {"a": 1}, r"texts\.a: 1"),
        ("at", "2024-01-01T00:00:00", "at: 2024"),
        ("at", 7, "at: 7"),
    ],
)
def test_what_does_not(key: str, value: object, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        require(Outer, {**GOOD, key: value})
