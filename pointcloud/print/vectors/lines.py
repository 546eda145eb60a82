"""Lines that the user gives: as text, or in a file."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import FileError, ParameterError
from pointcloud.geo import crs as crs_room
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.places import JAPAN
from pointcloud.print.vectors import files
from pointcloud.surface import section
from pointcloud.textfile import read_text

_TEXT = (".txt", ".csv")
_NAMES = ("name", "label", "名称", "名前")
_GLOBE = "EPSG:6668"
_LETTERS = 26


@dataclass(frozen=True, slots=True)
class Line:
    """A line and its name.

    Parameters
    ----------
    name : str
        What stands at its begin, and with a prime at its end: ``A``.
    vertices : (vertices, 2) float64
        Easting and northing in metres.
    """

    name: str
    vertices: NDArray[np.float64]

    @property
    def length(self) -> float:
        """Metres."""
        return float(section.starts(self.vertices)[-1])


def read_lines(texts: Sequence[str], crs: SpatialReference | None) -> list[Line]:
    """Return the lines that texts stand for.

    A text is ``E,N E,N …`` in metres or ``latitude,longitude …``, perhaps with a name before it (``B=…``); or a file:
    anything that GDAL reads with lines in it, or a ``.csv`` or ``.txt`` with a vertex a row and a blank row between
    lines. Lines without a name are called A, B, C and so on; a name that comes again gets a number (``B-2``).

    Parameters
    ----------
    texts : sequence of str
    crs : SpatialReference, optional
        Of the data; degrees are brought to it.

    Raises
    ------
    ParameterError
        If a text is none of these, or degrees are given and the CRS of the data is not known.
    FileError
        If a file cannot be read or holds no lines.
    """
    found: list[tuple[str, NDArray[np.float64]]] = []
    for text in texts:
        path = Path(text)
        name, sign, places = text.rpartition("=")
        if _is_file(path):
            found += _vertices(path) if path.suffix.lower() in _TEXT else _features(path, crs)
        elif path.suffix and re.search(r"[^\d.,\s;+-]", _plain(places)):
            raise ParameterError("file.missing", path=path)
        else:
            lines = _numbers([places], text)
            if not lines:
                raise ParameterError("line.pair", text="-", line=text[:80])
            found.append((name.strip() if sign else "", lines[0]))
    lines = [section.polyline(_metres(vertices, crs)) for _, vertices in found]
    return [
        Line(name, line) for name, line in zip(_told_apart([name for name, _ in found]), lines, strict=True)
    ]


def _told_apart(given: Sequence[str]) -> list[str]:
    """Return names, letters for those that are missing, and numbers behind those that come again."""
    taken = set(given)
    letters, seen, names = _unused(taken), set[str](), []
    for name in given:
        own = name or next(letters)
        if own in seen:
            own = next(other for k in count(2) if (other := f"{name}-{k}") not in taken)
        taken.add(own)
        seen.add(own)
        names.append(own)
    return names


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a text that is too long for a name
        return False


def _unused(taken: set[str]) -> Iterator[str]:
    """Yield A, B … Z, A2, B2 … that are not taken."""
    for turn in range(1, 1_000_000):
        for k in range(_LETTERS):
            name = chr(ord("A") + k) + (str(turn) if turn > 1 else "")
            if name not in taken:
                yield name


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("、", ",").replace("−", "-")


def _numbers(rows: Sequence[str], shown: str) -> list[NDArray[np.float64]]:
    """Return the lines in rows of vertices; a row without any ends a line."""
    lines: list[list[tuple[float, float]]] = [[]]
    for row in rows:
        pairs = re.split(r"[\s;]+", re.sub(r"\s*,\s*", ",", _plain(row).strip()))
        if pairs == [""]:
            lines.append([])
            continue
        if all(re.fullmatch(r"[^,]+", pair) for pair in pairs) and len(pairs) == 2:
            pairs = [",".join(pairs)]
        for pair in pairs:
            lines[-1].append(_pair(pair, shown))
    return [np.array(line) for line in lines if line]


def _pair(text: str, shown: str) -> tuple[float, float]:
    try:
        first, second = (float(part) for part in text.split(",")[:2])
    except ValueError:
        first = second = math.nan
    if not (math.isfinite(first) and math.isfinite(second)):
        raise ParameterError("line.pair", text=text[:60], line=shown[:80])
    return first, second


def _vertices(path: Path) -> list[tuple[str, NDArray[np.float64]]]:
    """Return the lines of a text file, whose first row may be a heading."""
    try:
        rows = read_text(path).splitlines()
    except (OSError, ValueError) as error:
        raise FileError("line.file", path=path, cause=error) from None
    if rows and not re.search(r"\d", rows[0]):
        rows = rows[1:]
    lines = _numbers(rows, str(path))
    if not lines:
        raise FileError("line.none", path=path)
    return [("", line) for line in lines]


def _metres(vertices: NDArray[np.float64], crs: SpatialReference | None) -> NDArray[np.float64]:
    """Return vertices in metres; latitudes and longitudes of Japan, in either order, are what they seem."""
    for places in (vertices, vertices[:, ::-1]):
        if all(
            ((low <= column) & (column <= high)).all()
            for column, (low, high) in zip(places.T, JAPAN, strict=True)
        ):
            return _from_degrees(places[:, 1], places[:, 0], _GLOBE, crs)
    return vertices


def _from_degrees(
    x: NDArray[np.float64], y: NDArray[np.float64], source: str, crs: SpatialReference | None
) -> NDArray[np.float64]:
    if crs is None:
        raise ParameterError("line.no_crs")
    return np.column_stack(crs_room.transformer(source, crs.horizontal)(x, y))


def _features(path: Path, crs: SpatialReference | None) -> list[tuple[str, NDArray[np.float64]]]:
    """Return the lines of a file of features, in metres of the data's CRS."""
    import shapely

    names, geometries, source = _read(path)
    found: list[tuple[str, NDArray[np.float64]]] = []
    for name, geometry in zip(names, geometries, strict=True):
        lines = [
            part
            for part in shapely.get_parts(geometry)
            if part.geom_type == "LineString" and not part.is_empty
        ]
        for part in lines:
            vertices = _placed(shapely.get_coordinates(part), source, crs)
            found.append((name if len(lines) == 1 else "", vertices))
    if not found:
        raise FileError("line.none", path=path)
    return found


def _placed(
    vertices: NDArray[np.float64], source: SpatialReference | None, crs: SpatialReference | None
) -> NDArray[np.float64]:
    """Return vertices in the CRS of the data; GeoJSON is said to be in degrees whatever its numbers are."""
    if source is None or (not source.is_projected and np.abs(vertices).max() > 360):
        return vertices
    if not source.is_projected:
        return _from_degrees(vertices[:, 0], vertices[:, 1], source.horizontal, crs)
    if crs is None or crs_room.same_place(source, crs):
        return vertices
    return np.column_stack(crs_room.transformer(source.horizontal, crs.horizontal)(*vertices.T))


def _read(path: Path) -> tuple[list[str], Any, SpatialReference | None]:
    """Return names and geometries of all features of a file's first layer, and its CRS."""
    layers = files.read(path)
    if not layers:
        return [], np.empty(0, object), None
    layer = layers[0]
    fields = {field.lower(): column for field, column in layer.fields.items()}
    texts = next((fields[name] for name in _NAMES if name in fields), [None] * len(layer.shapes))
    held = [k for k, shape in enumerate(layer.shapes) if shape is not None]
    names = ["" if texts[k] is None else str(texts[k]).strip() for k in held]
    return names, layer.shapes[held], crs_room.from_user(layer.crs) if layer.crs else None
