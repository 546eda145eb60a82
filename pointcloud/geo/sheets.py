"""Map sheets of the Japanese plane rectangular zones (国土基本図図郭), and plain square tiles.

Source: 作業規程の準則 付録7 §84–85 (operating standards for public surveys). Sheets are numbered from the
zone's north-west corner, E −160 000 m, N +300 000 m: eight columns of 40 km and twenty rows of 30 km, each
divided further. A sheet holds its west and north edges; the east and south edges belong to the next sheets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from pointcloud.errors import ParameterError
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, metres, quanta

LEVELS = ("50000", "5000", "2500", "1250", "1000", "500", "250")
"""Levels of sheets, from large to small; 1250 is the old one that the standards no longer name."""

SIZES = {
    "50000": (40_000, 30_000),
    "5000": (4_000, 3_000),
    "2500": (2_000, 1_500),
    "1250": (1_000, 750),
    "1000": (800, 600),
    "500": (400, 300),
    "250": (200, 150),
}
"""Width (east) and height (north) of a sheet in metres, by level."""

ZONES = range(1, 20)
"""Numbers of the plane rectangular zones, I–XIX."""

GRID = Box.from_metres(-160_000, -300_000, 160_000, 300_000)
"""All that the sheets of one zone cover."""

_ROWS = "ABCDEFGHIJKLMNOPQRST"  # I and O are used
_COLUMNS = _ROWS[:8]
_HEAD = re.compile(rf"(\d\d)([{_ROWS}])([{_COLUMNS}])(\w*)", re.ASCII)
_TAILS = {
    "50000": re.compile(r""),
    "5000": re.compile(r"\d\d", re.ASCII),
    "2500": re.compile(r"\d\d[1-4]", re.ASCII),
    "1000": re.compile(r"\d\d[0-4][A-E]", re.ASCII),
    "500": re.compile(r"\d\d\d\d", re.ASCII),
    "1250": re.compile(r"\d\d[1-4][1-4]", re.ASCII),
    "250": re.compile(rf"\d\d[{_ROWS}][{_ROWS}]", re.ASCII),
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A map sheet or a plain tile.

    Parameters
    ----------
    code : str
        Sheet code in upper case, or the tile's name.
    zone : int or None
        Plane rectangular zone, 1–19; ``None`` for a plain tile.
    level : str
        One of ``LEVELS``, or ``none`` for a plain tile.
    box : Box
        What the sheet covers, in quanta.
    """

    code: str
    zone: int | None
    level: str
    box: Box

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in metres."""
        return self.box.bounds


def size(level: str) -> tuple[int, int]:
    """Return the width and height in metres of the sheets of a level.

    Raises
    ------
    ParameterError
        If there is no such level.
    """
    if level not in SIZES:
        raise ParameterError("sheets.level", level=level, levels=", ".join(LEVELS))
    return SIZES[level]


def parse(code: str, *, near: Box | None = None) -> Sheet:
    """Return the sheet that a code names, in upper or lower case.

    Parameters
    ----------
    code : str
        For example ``05MF513``.
    near : Box, optional
        Where the data lie. It decides between the two readings of a code such as ``05MF5134`` (level 500, or
        the old 1250): the one that shares the larger part with it. Without it, or where it touches neither,
        such a code is read as level 500.

    Raises
    ------
    ParameterError
        If the code names no sheet; the message says which part is wrong.
    """
    readings = parse_all(code)
    if near is None:
        return readings[0]
    return max(readings, key=lambda sheet: overlap(sheet.box, near))


def parse_all(code: str) -> tuple[Sheet, ...]:
    """Return every reading of a code: one sheet, or a sheet of level 500 and one of the old level 1250.

    Raises
    ------
    ParameterError
        If the code names no sheet; the message says which part is wrong.
    """
    upper = unicodedata.normalize("NFKC", code).strip().upper()
    head = _HEAD.fullmatch(upper)
    if not head:
        _refuse_head(code, upper)
        raise ParameterError("sheets.form", code=code)
    zone, tail = int(head[1]), head[4]
    if zone not in ZONES:
        raise ParameterError("sheets.code_zone", code=code, zone=head[1])
    readings = tuple(
        Sheet(upper, zone, level, _box(level, head[2], head[3], tail))
        for level, pattern in _TAILS.items()
        if pattern.fullmatch(tail)
    )
    if not readings:
        raise ParameterError("sheets.tail", code=code, tail=tail)
    return readings


def sheet_at(e_quanta: int, n_quanta: int, zone: int, level: str) -> Sheet:
    """Return the sheet of a level that holds a point.

    Parameters
    ----------
    e_quanta, n_quanta : int
        Easting and northing in quanta.
    zone : int
        Plane rectangular zone, 1–19.
    level : str
        One of ``LEVELS``.

    Raises
    ------
    ParameterError
        If the point lies outside the sheets of its zone, or there is no such zone or level.
    """
    _check(zone, level)
    # Rows count from the north edge, which is inside; the south edge of the last row is not.
    if not (GRID.west <= e_quanta < GRID.east and GRID.south < n_quanta <= GRID.north):
        raise ParameterError("sheets.outside", e=f"{metres(e_quanta):.3f}", n=f"{metres(n_quanta):.3f}")
    width, height = SIZES[level]
    col = (e_quanta - GRID.west) // (width * QUANTA_PER_METRE)
    row = (GRID.north - n_quanta) // (height * QUANTA_PER_METRE)
    return _sheet(zone, level, row, col)


def codes_at(e: float, n: float, zone: int) -> dict[str, str]:
    """Return the code of the sheet that holds a point, in metres, for every level, the old 1250 included.

    Raises
    ------
    ParameterError
        If the point lies outside the sheets of its zone, or there is no such zone.
    """
    return {level: sheet_at(quanta(e), quanta(n), zone, level).code for level in LEVELS}


def sheets_touching(box: Box, zone: int, level: str) -> Iterator[Sheet]:
    """Yield the sheets of a level that share area with a box, north to south, then west to east.

    What lies outside ``GRID`` has no sheets and yields none.

    Raises
    ------
    ParameterError
        If there is no such zone or level.
    """
    _check(zone, level)
    inside = box.intersect(GRID)
    if inside.empty:
        return
    width, height = (side * QUANTA_PER_METRE for side in SIZES[level])
    cols = range((inside.west - GRID.west) // width, -((GRID.west - inside.east) // width))
    rows = range((GRID.north - inside.north) // height, -((inside.south - GRID.north) // height))
    for row in rows:
        for col in cols:
            yield _sheet(zone, level, row, col)


def find_code(filename: str) -> tuple[Sheet, ...]:
    """Return every reading of every sheet code in a file name, the longest codes first.

    A code counts only if no other Latin letter or digit touches it: ``DEM_05LF901_1g.txt`` and
    ``図郭05lf901.laz`` hold one, ``20205LF901.laz`` does not.
    """
    name = unicodedata.normalize("NFKC", re.split(r"[\\/]", filename)[-1])
    found: list[Sheet] = []
    for token in re.findall(r"[A-Za-z0-9]+", name):
        try:
            found.extend(parse_all(token))
        except ParameterError:
            continue
    return tuple(sorted(found, key=lambda sheet: -len(sheet.code)))


def squares(box: Box, size: float) -> Iterator[Sheet]:
    """Yield the plain square tiles that share area with a box, north to south, then west to east.

    Their edges are multiples of ``size``. A name states the south-west corner in metres, with E or W for the
    sign of the easting and N or S for that of the northing: ``E0044000_S0078000``.

    Parameters
    ----------
    box : Box
        What to cover.
    size : float
        Side of a tile: whole metres.

    Raises
    ------
    ParameterError
        If the side is not a positive whole number of metres.
    """
    if not (size >= 1 and float(size).is_integer()):
        raise ParameterError("sheets.tile_size", size=f"{size:g}")
    if box.empty:
        return
    side = int(size) * QUANTA_PER_METRE
    whole = box.snap(side)
    for south in range(whole.north - side, whole.south - side, -side):
        for west in range(whole.west, whole.east, side):
            e, n = west // QUANTA_PER_METRE, south // QUANTA_PER_METRE
            name = f"{'W' if e < 0 else 'E'}{abs(e):07d}_{'S' if n < 0 else 'N'}{abs(n):07d}"
            yield Sheet(name, None, "none", Box(west, south, west + side, south + side))


def _check(zone: int, level: str) -> None:
    size(level)
    if zone not in ZONES:
        raise ParameterError("sheets.zone", zone=zone)


def _refuse_head(code: str, upper: str) -> None:
    """Raise an error for a code whose zone and 50000 letters are in place but out of range."""
    head = re.match(r"\d\d([A-Z])([A-Z])", upper, re.ASCII)
    if head and head[1] not in _ROWS:
        raise ParameterError("sheets.row", code=code, letter=head[1])
    if head and head[2] not in _COLUMNS:
        raise ParameterError("sheets.column", code=code, letter=head[2])


def _sheet(zone: int, level: str, row: int, col: int) -> Sheet:
    """Return the sheet in a row and column of its level, counted over the whole zone from the north-west."""
    width, height = SIZES[level]
    west = GRID.west + col * width * QUANTA_PER_METRE
    north = GRID.north - row * height * QUANTA_PER_METRE
    box = Box(west, north - height * QUANTA_PER_METRE, west + width * QUANTA_PER_METRE, north)
    return Sheet(f"{zone:02d}{_tail(level, row, col)}", zone, level, box)


def _tail(level: str, row: int, col: int) -> str:
    """Return a code without its zone."""
    if level == "50000":
        return _ROWS[row] + _COLUMNS[col]
    if level == "1250":
        return _tail("2500", row // 2, col // 2) + _quarter(row, col)
    parent = "50000" if level == "5000" else "5000"
    parts = SIZES[parent][0] // SIZES[level][0]
    head = _tail(parent, row // parts, col // parts)
    row, col = row % parts, col % parts
    if level == "2500":
        return head + _quarter(row, col)
    if level == "1000":
        return f"{head}{row}{_ROWS[col]}"
    if level == "250":
        return head + _ROWS[row] + _ROWS[col]
    return f"{head}{row}{col}"


def _quarter(row: int, col: int) -> str:
    """Return the digit of a quarter: 1 north-west, 2 north-east, 3 south-west, 4 south-east."""
    return str(1 + row % 2 * 2 + col % 2)


def _box(level: str, row: str, column: str, tail: str) -> Box:
    """Return what a sheet covers from the letters and the tail of its code."""
    places = [(_ROWS.index(row), _COLUMNS.index(column), "50000")]
    if tail:
        places.append((int(tail[0]), int(tail[1]), "5000"))
    if level in ("2500", "1250"):
        places.append((*divmod(int(tail[2]) - 1, 2), "2500"))
    if level == "1250":
        places.append((*divmod(int(tail[3]) - 1, 2), "1250"))
    if level in ("1000", "500", "250"):
        places.append((_place(tail[2]), _place(tail[3]), level))
    west = metres(GRID.west) + sum(col * SIZES[part][0] for _, col, part in places)
    north = metres(GRID.north) - sum(row * SIZES[part][1] for row, _, part in places)
    width, height = SIZES[level]
    return Box.from_metres(west, north - height, west + width, north)


def _place(character: str) -> int:
    return int(character) if character.isdigit() else _ROWS.index(character)


def overlap(a: Box, b: Box) -> float:
    """Return the area that two boxes share over the area that they cover together."""
    shared = a.intersect(b)
    if shared.empty:
        return 0.0
    return shared.area / (a.area + b.area - shared.area)
