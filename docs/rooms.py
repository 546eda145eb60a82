"""The rooms of the program, their order and their arrows, from the import contract and the imports themselves."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
CONTRACT = "Arrows point one way"
TOP = "pointcloud"

Arrow = tuple[str, str]
"""The room that imports, and the one that it imports from."""


@dataclass(frozen=True)
class House:
    """What is drawn.

    Parameters
    ----------
    floors : tuple of tuple of str
        Rooms of each layer of the contract, the highest layer first.
    arrows : frozenset of Arrow
    """

    floors: tuple[tuple[str, ...], ...]
    arrows: frozenset[Arrow]

    @property
    def floor_of(self) -> dict[str, int]:
        """The floor of each room, 0 at the top."""
        return {room: number for number, floor in enumerate(self.floors) for room in floor}


def floors(root: Path = ROOT) -> tuple[tuple[str, ...], ...]:
    """Return the rooms of each layer of the import contract, the highest first, without the package's name."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (each for each in settings["tool"]["importlinter"]["contracts"] if each["name"] == CONTRACT)
    return tuple(
        tuple(name.strip().removeprefix(f"{TOP}.") for name in re.split("[|:]", layer))
        for layer in contract["layers"]
    )


def arrows(rooms: Collection[str]) -> frozenset[Arrow]:
    """Return which of these rooms imports from which."""
    graph = grimp.build_graph(TOP, "hyogo_pc", cache_dir=None)
    found = {
        (_room(module), _room(imported))
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
    }
    return frozenset((a, b) for a, b in found if a != b and a in rooms and b in rooms)


def house(root: Path = ROOT) -> House:
    """Return the house as it is."""
    levels = floors(root)
    return House(levels, arrows({room for floor in levels for room in floor}))


def needed(house: House) -> frozenset[Arrow]:
    """Return the arrows that do not follow from others: a way down by another room says the same.

    Arrows between rooms of one floor are kept. A drawing of all is black: of 135 arrows 36 are needed.
    """
    floor = house.floor_of
    down: dict[str, set[str]] = {room: set() for room in floor}
    for a, b in house.arrows:
        if floor[a] < floor[b]:
            down[a].add(b)
    below: dict[str, set[str]] = {}
    for room in sorted(floor, key=lambda room: -floor[room]):
        below[room] = down[room].union(*(below[other] for other in down[room]))
    return frozenset(
        (a, b) for a, b in house.arrows if not any(b in below[other] for other in down[a] if other != b)
    )


def described(root: Path = ROOT) -> Mapping[str, str]:
    """Return the first line of each room's docstring, by room, from the top floor to the bottom, then the rest."""
    homes = {path.parent.name: path for path in (root / TOP).glob("*/__init__.py")}
    homes |= {path.stem: path for path in (root / TOP).glob("*.py") if path.stem != "__init__"}
    homes["hyogo_pc"] = root / "cli" / "hyogo_pc" / "__init__.py"
    known = [room for floor in floors(root) for room in floor]
    order = [*known, *sorted(set(homes) - set(known))]
    return {room: _first_line(homes[room]) for room in order}


def _first_line(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n\n")[0].replace("\n", " ")


def _room(module: str) -> str:
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] if package == TOP else package
