"""Which column of a text of points is what, by its values; a header line or the user may say it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pointcloud.doubt.verdict import Grade, Verdict
from pointcloud.errors import ParameterError
from pointcloud.geo import presumed_crs, sheets
from pointcloud.geo.lattice import Box

How = Literal["rules", "values", "header", "stated"]
"""``rules``: as the rules of public surveys have it, so that there is nothing to say."""

MEANINGS = ("e", "n", "z", "class", "id")
"""What a column can be; one that is none of them is passed over."""

_WORDS = {
    "e": ("e", "x", "east", "easting", "xcoord", "x座標", "東", "東距", "東座標", "経度", "lon", "longitude"),
    "n": (
        "n",
        "y",
        "north",
        "northing",
        "ycoord",
        "y座標",
        "北",
        "北距",
        "北座標",
        "緯度",
        "lat",
        "latitude",
    ),
    "z": ("z", "h", "height", "elev", "elevation", "alt", "altitude", "z座標", "標高", "高さ", "高度"),
    "class": ("class", "classification", "label", "c", "分類", "分類コード", "クラス", "点種"),
    "id": ("id", "no", "no.", "番号", "点番号", "point_id", "データid"),
}
_MEANING = {word: meaning for meaning, words in _WORDS.items() for word in words}

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf(inity)?)", re.IGNORECASE)
_MOST = 64
_LOWEST, _HIGHEST = -12_000.0, 9_000.0
"""Metres between which a whole number can be the height of a place."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns are.

    Parameters
    ----------
    names : tuple of str
        Of each column one of `MEANINGS`, or nothing.
    how : str
        What tells it.
    """

    names: tuple[str, ...]
    how: How

    @property
    def label(self) -> str:
        """The columns as `--columns` takes them: ``id x y z -``."""
        return " ".join({"e": "x", "n": "y"}.get(name, name) or "-" for name in self.names)

    @property
    def verdicts(self) -> list[Verdict]:
        """What there is to say of it: that they were not stated, and which those that were taken are."""
        if self.how not in ("values", "header"):
            return []
        return [Verdict.of(Grade.WARNED, f"doubt.columns_by_{self.how}", columns=self.label)]


def stated(text: str) -> Columns | None:
    """Return the columns as a user states them, or ``None`` for an empty text.

    Raises
    ------
    ParameterError
        If there is not one each of x, y and z, or a class twice.
    """
    words = re.split(r"[\s,]+", text.strip().lower()) if text.strip() else []
    if not words:
        return None
    names = tuple(_MEANING.get(word, "") for word in words)
    if any(names.count(name) != 1 for name in "enz") or names.count("class") > 1 or len(names) > _MOST:
        raise ParameterError("doubt.columns_stated", columns=text)
    return Columns(names, "stated")


def is_number(word: str) -> bool:
    """Return whether a word is a number, or stands for one that is none (``nan``)."""
    return _NUMBER.fullmatch(word) is not None


def holds_numbers(words: Sequence[str]) -> bool:
    """Return whether a column holds numbers, be one or the other damaged, and not names."""
    return 2 * sum(map(is_number, words)) >= len(words)


def decide(rows: Sequence[Sequence[str]], header: Sequence[str], name: str) -> Columns | Verdict:
    """Return what the columns of a text are, or why that cannot be told.

    A header line that names E, N and z decides. Else it is tried at which column they can begin: coordinates stand side
    by side, mostly with decimals; what stands before them is a number or a name of each point, whole numbers that
    rise or are all one. Where a sheet's code in the file's name says where the points must lie, the columns that put
    them there are taken, be it with northing first.

    Parameters
    ----------
    rows : sequence of rows
        The words of the first lines, all of one number.
    header : sequence of str
        The words of a line before them; empty without one.
    name : str
        Of the file.
    """
    count = len(rows[0])
    if not 3 <= count <= _MOST:
        return Verdict.of(Grade.REFUSED, "doubt.columns_count", columns=count)
    values = _values(rows)
    by_header = _named(header, count)
    if by_header is not None:
        e, n = (by_header.index(axis) for axis in "en")
        placed = _placed(values, [(e, n), (n, e)], name)
        if placed == (n, e):
            by_header = tuple({"e": "n", "n": "e"}.get(each, each) for each in by_header)
        sure = placed is not None and by_header == ("e", "n", "z")
        return Columns(by_header, "rules" if sure else "header")
    starts = list(_starts(rows, values))
    orders = [(at, at + 1) for at in range(count - 2)] + [(at + 1, at) for at in range(count - 2)]
    placed = _placed(values, orders, name)
    if placed is not None:
        return _columns(count, placed, rows)
    if len(starts) > 1:
        here = [at for at in starts if presumed_crs.HYOGO.contains(_spot(values, at, at + 1))]
        starts = here if len(here) == 1 else starts
    if len(starts) != 1:
        return Verdict.of(Grade.REFUSED, "doubt.columns_unknown", text=" ".join(rows[0])[:60])
    return _columns(count, (starts[0], starts[0] + 1), rows)


def _values(rows: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Return rows as numbers, NaN for what is none."""
    words = [[float(word) if is_number(word) else math.nan for word in row] for row in rows]
    return np.array(words, np.float64)


def _named(header: Sequence[str], count: int) -> tuple[str, ...] | None:
    names = tuple(
        _MEANING.get(re.sub(r"[\s\"'()\[\]m]+$|^[\"'\s]+", "", word.lower()), "") for word in header
    )
    fits = len(names) == count and all(names.count(name) == 1 for name in "enz")
    return names if fits and names.count("class") <= 1 else None


def _starts(rows: Sequence[Sequence[str]], values: NDArray[np.float64]) -> Iterator[int]:
    """Yield at which columns E, N and z can begin, by what stands in them."""
    columns = list(zip(*rows, strict=True))
    count = len(columns)
    numbers = [holds_numbers(words) for words in columns]
    decimals = [any("." in word or "e" in word.lower() for word in words) for words in columns]
    for at in range(count - 2):
        if all(numbers[at : at + 3]) and all(decimals[at : at + 3]):
            yield at
            return
    for at in range(count - 2):
        leading = all(not numbers[k] or _counts(values[:, k], decimal=decimals[k]) for k in range(at))
        heights = values[:, at + 2]
        wild = bool(((heights < _LOWEST) | (heights > _HIGHEST)).any())
        real = count == 3 or not any(decimals) or not wild
        whole = count in (4, 5) and not any(decimals) and _counts(values[:, 0], decimal=False)
        if all(numbers[at : at + 3]) and leading and real and not (whole and at != 1):
            yield at


def _counts(values: NDArray[np.float64], *, decimal: bool) -> bool:
    """Return whether a column can be the number of each point: whole, and rising, or all one."""
    if decimal or not np.isfinite(values).all():
        return False
    steps = np.diff(values)
    return bool((steps > 0).all() or (steps == 0).all())


def _placed(
    values: NDArray[np.float64], orders: Sequence[tuple[int, int]], name: str
) -> tuple[int, int] | None:
    """Return which columns as E and N put all points into a sheet that the name of the file states."""
    boxes = [sheet.box.grow(presumed_crs.OVERSHOOT) for sheet in sheets.find_code(name)]
    fitting = [
        (e, n)
        for e, n in orders
        if np.isfinite(values[:, [e, n]]).any(axis=0).all()
        and any(box.contains(_spot(values, e, n)) for box in boxes)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _spot(values: NDArray[np.float64], e: int, n: int) -> Box:
    """Return where the middle of the points is with these columns as E and N."""
    east, north = float(np.nanmedian(values[:, e])), float(np.nanmedian(values[:, n]))
    if not max(abs(east), abs(north)) < 1e9:
        east = north = 1e9
    return Box.from_metres(east, north, east, north)


def _columns(count: int, place: tuple[int, int], rows: Sequence[Sequence[str]]) -> Columns:
    """Return the columns with E and N there, z behind them and a number before them."""
    names = [""] * count
    names[place[0]], names[place[1]], names[max(place) + 1] = "e", "n", "z"
    first = min(place)
    if first == 1:
        names[0] = "id"
    usual = place[0] < place[1] and (count, first) in ((3, 0), (4, 1), (5, 1)) and is_number(rows[0][0])
    return Columns(tuple(names), "rules" if usual else "values")
