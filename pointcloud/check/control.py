"""Control points of surveyors, and how far the data lie from them."""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pointcloud.errors import ParameterError
from pointcloud.io.guard import open_input

NEAR = 2.0
"""Metres: ground points so near to a control point are compared with it."""

POINTS = "points"
"""The source of residuals at point clouds; others are a product and its resolution."""

_FEWEST = 4  # points that a plane is laid through
_LARGEST = 64 << 20  # bytes
_NAMES = {
    "name": ("name", "id", "no", "point", "点名", "点番", "点番号", "番号", "測点", "測点名", "名称"),
    "e": ("e", "easting", "east", "y座標", "東", "東西", "東距"),
    "n": ("n", "northing", "north", "x座標", "北", "南北", "北距"),
    "h": ("h", "z", "height", "elevation", "elev", "標高", "高さ", "標高値"),
}
"""Words over columns. To a surveyor X is northing: so are X座標 and Y座標 read; a bare x and y are east and north."""

_PLAIN = {"x": "e", "y": "n"}


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """A point whose height was surveyed; E, N, H in metres."""

    name: str
    e: float
    n: float
    h: float


@dataclass(frozen=True, slots=True)
class Residual:
    """A control point and the height that data have there.

    Parameters
    ----------
    point : ControlPoint
    source : str
        What it is compared with: ``points``, or product and resolution of rasters.
    z : float or None
        ``None`` if the data do not tell.
    count : int
        Points that the height was taken from; 4 cells of a raster.
    """

    point: ControlPoint
    source: str
    z: float | None
    count: int

    @property
    def difference(self) -> float | None:
        """Data less survey, in metres."""
        return None if self.z is None else self.z - self.point.h


@dataclass(frozen=True, slots=True)
class Statistics:
    """Differences in figures, in metres: standard deviation about the mean (n − 1), root mean square, largest size."""

    count: int
    mean: float
    deviation: float
    rmse: float
    most: float

    @classmethod
    def of(cls, differences: Iterable[float]) -> Statistics | None:
        """Return the figures, ``None`` of nothing."""
        values = np.array(list(differences), np.float64)
        if not len(values):
            return None
        deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        rmse = math.sqrt(float(np.mean(values**2)))
        return cls(len(values), float(values.mean()), deviation, rmse, float(np.abs(values).max()))


def read_control(path: Path) -> list[ControlPoint]:
    """Read a CSV of control points: name, E, N, H, parted by commas, semicolons or tabs, in UTF-8 or Shift-JIS.

    A first row of words says what the columns are, in any order; other columns are passed over.

    Raises
    ------
    ParameterError
        If it is no such file.
    FileError
        If it cannot be read.
    """
    with open_input(path) as (file, _):
        raw = file.read(_LARGEST + 1)
    text = _decoded(raw, path)
    first = next((line for line in text.splitlines() if line.strip() and line[0] != "#"), "")
    separator = "\t" if "\t" in first else ";" if ";" in first else ","
    try:
        held = list(csv.reader(text.splitlines(), delimiter=separator))
    except csv.Error:  # a field of megabytes
        raise ParameterError("check.control_text", path=path) from None
    rows = [
        (number, [unicodedata.normalize("NFKC", field).strip() for field in row])
        for number, row in enumerate(held, 1)
    ]
    rows = [(number, row) for number, row in rows if any(row) and not row[0].startswith("#")]
    if not rows:
        raise ParameterError("check.control_empty", path=path)
    columns = _columns(rows[0][1], path)
    body = rows[1:] if columns else rows
    if not body:
        raise ParameterError("check.control_empty", path=path)
    return [_point(row, columns or _by_place(row), number, path) for number, row in body]


def _decoded(raw: bytes, path: Path) -> str:
    if len(raw) <= _LARGEST and b"\0" not in raw:
        for encoding in ("utf-8-sig", "cp932"):
            try:
                return raw.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise ParameterError("check.control_text", path=path)


def _columns(row: Sequence[str], path: Path) -> dict[str, int] | None:
    """Return which column is which if a row is one of words; ``None`` if it is one of figures."""
    if any(_number(field) is not None for field in row[-2:]):
        return None
    found: dict[str, int] = {}
    for place, field in enumerate(row):
        word = re.sub(r"[\s(（\[].*", "", field).lower()
        key = next((key for key, words in _NAMES.items() if word in words), _PLAIN.get(word))
        if key:
            found.setdefault(key, place)
    if not {"e", "n", "h"} <= found.keys():
        raise ParameterError("check.control_header", path=path, header=", ".join(row)[:60])
    return found


def _by_place(row: Sequence[str]) -> dict[str, int]:
    if len(row) == 3:
        return {"e": 0, "n": 1, "h": 2}
    return {"name": 0, "e": 1, "n": 2, "h": 3}


def _point(row: Sequence[str], columns: dict[str, int], number: int, path: Path) -> ControlPoint:
    values = [_number(row[columns[key]]) if columns[key] < len(row) else None for key in ("e", "n", "h")]
    e, n, h = values
    if e is None or n is None or h is None:
        raise ParameterError("check.control_row", path=path, line=number, text=",".join(row)[:60])
    place = columns.get("name")
    name = row[place] if place is not None and place < len(row) else ""
    return ControlPoint(name or str(number), e, n, h)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def swapped(points: Sequence[ControlPoint]) -> list[ControlPoint]:
    """Return the points with E and N exchanged."""
    return [ControlPoint(point.name, point.n, point.e, point.h) for point in points]


def plane_height(near: npt.NDArray[np.float64]) -> float | None:
    """Return the height at the origin of the least-squares plane through points.

    Parameters
    ----------
    near : float array (m, 3)
        E and N relative to the origin, and height, in metres.

    Returns
    -------
    float or None
        ``None`` of fewer than four points, or points on a line.
    """
    if len(near) < _FEWEST:
        return None
    low = near[:, 2].min()
    matrix = np.column_stack((np.ones(len(near)), near[:, :2]))
    solution, _, rank, _ = np.linalg.lstsq(matrix, near[:, 2] - low, rcond=1e-6)
    return float(solution[0] + low) if rank == 3 else None


def bilinear(heights: npt.NDArray[np.floating], col: float, row: float) -> float | None:
    """Return the height between four cell centres.

    Parameters
    ----------
    heights : float array (rows, cols)
        NaN where there is none.
    col, row : float
        In cells, counted from the centre of the first.

    Returns
    -------
    float or None
        ``None`` if one of the four is beyond the raster or has no height.
    """
    c, r = math.floor(col), math.floor(row)
    c, r = (c - (col == heights.shape[1] - 1)), (r - (row == heights.shape[0] - 1))
    if not (0 <= r < heights.shape[0] - 1 and 0 <= c < heights.shape[1] - 1):
        return None
    (a, b), (d, e) = heights[r : r + 2, c : c + 2].astype(np.float64).tolist()
    x, y = col - c, row - r
    z = (a * (1 - x) + b * x) * (1 - y) + (d * (1 - x) + e * x) * y
    return z if math.isfinite(z) else None
