"""Vector files: GeoJSON, and drawings that GDAL reads; texts of Shapefiles that do not say how they are encoded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pointcloud.errors import FileError, ParameterError
from pointcloud.io import geojson
from pointcloud.io.gdal_errors import cause
from pointcloud.io.plainname import PlainName
from pointcloud.machine import offline
from pointcloud.plaintext import marked
from pointcloud.print.paper.libraries import need
from pointcloud.print.vectors import kinds

_OPEN = (0x00, 0x57, 0x13, 0x7B)
"""Language drivers of dBASE files: none, that of the machine that wrote it, and the two of Japanese (Shift_JIS)."""

_TRIED = ("utf-8", "cp932")
_MOST = 20_000
"""Rows that are looked at: enough to meet a letter that is no ASCII."""


@dataclass(frozen=True)
class Layer:
    """A layer of a vector file.

    Parameters
    ----------
    name : str
    crs : str, optional
        ``EPSG:code`` or WKT.
    shapes : array of shapely geometries
        Flat; ``None`` for a feature without one.
    fields : mapping of str to sequence
        A value for each feature, ``None`` where it has none.
    """

    name: str
    crs: str | None
    shapes: Any
    fields: Mapping[str, Sequence[Any]]


def read(path: Path) -> list[Layer]:
    """Return the layers of a file that can hold shapes.

    Raises
    ------
    ParameterError
        If there is no such file.
    FileError
        If it is no drawing, or cannot be read.
    """
    if not path.exists():
        raise ParameterError("file.missing", path=path)
    if path.suffix.lower() in geojson.SUFFIXES:
        return [_of_geojson(path)]
    readable = PlainName(path, as_url=True)
    content = kinds.content(path)
    held = readable.text if isinstance(content, Path) else content
    pyogrio = need("pyogrio")
    raw = need("pyogrio.raw")
    import shapely

    errors = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError)
    try:
        with _offline(pyogrio):
            found = []
            listed = pyogrio.list_layers(held)
            named = {k: str(name) for k, (name, kind) in enumerate(listed) if kind is not None}
            for k, name in named.items():
                meta, _, shapes, columns = raw.read(held, layer=k, encoding=encoding(path), force_2d=True)
                fields = dict(zip(map(str, meta["fields"]), columns, strict=True))
                shown = marked(path.stem if len(named) == 1 else name)
                found.append(Layer(shown, meta["crs"], shapely.from_wkb(shapes, on_invalid="ignore"), fields))
    except (*errors, OSError, ValueError, RuntimeError) as error:
        raise FileError("vector.unreadable", path=path, cause=cause(error)) from error
    return found


def _of_geojson(path: Path) -> Layer:
    try:
        features = geojson.read(path)
        shapes = np.empty(len(features.geometries), object)
        shapes[:] = geojson.shapes(features)
    except OSError as error:
        raise FileError("file.unreadable", path=path, cause=error.strerror or error) from error
    except ValueError as error:
        raise FileError("vector.unreadable", path=path, cause=error) from error
    names = dict.fromkeys(name for each in features.properties for name in each)
    fields = {name: [each.get(name) for each in features.properties] for name in names}
    return Layer(marked(path.stem), features.crs or "EPSG:4326", shapes, fields)


@contextmanager
def _offline(pyogrio: Any) -> Iterator[None]:
    """Close the network for pyogrio's GDAL, and leave its settings as they were."""
    before = {name: pyogrio.get_gdal_config_option(name) for name in offline.GDAL}
    pyogrio.set_gdal_config_options(offline.GDAL)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def encoding(path: Path) -> str | None:
    """Return how the texts of a Shapefile are encoded, ``None`` where it is for GDAL to know.

    A ``.cpg`` file says it, or the language driver of the ``.dbf`` file does. Where there is no ``.cpg`` and the
    language driver is none, that of some machine, or Japanese, all texts are taken as UTF-8 if they are that without
    a flaw (hardly any other text is), else as cp932 if they are that, as Japanese programs write them.
    """
    beside = {file.suffix.lower(): file for file in path.parent.glob("*") if file.stem == path.stem}
    if path.suffix.lower() != ".shp" or ".cpg" in beside or ".dbf" not in beside:
        return None
    with beside[".dbf"].open("rb") as file:
        head = file.read(32)
        if len(head) < 32 or head[29] not in _OPEN:
            return None
        start, length = (int.from_bytes(head[at : at + 2], "little") for at in (8, 10))
        data = head + file.read(start + _MOST * length - 32)
    texts = list(_texts(data, start, length))
    return next((name for name in _TRIED if all(_is_in(name, text) for text in texts)), None)


def _texts(data: bytes, start: int, length: int) -> Iterator[bytes]:
    """Yield the names of the fields of a dBASE file, and the texts in its rows."""
    spans, left = [], 1  # a row begins with the mark of deleted ones
    for at in range(32, start - 32, 32):
        field = data[at : at + 32]
        if len(field) < 32 or field[0] == 0x0D:
            break
        yield field[:11].partition(b"\0")[0]
        if field[11:12] == b"C":
            spans.append((left, left + field[16]))
        left += field[16]
    for row in range(start, len(data) - length + 1, max(length, 1)):
        yield from (data[row + first : row + last].rstrip(b" \0") for first, last in spans)


def _is_in(name: str, text: bytes) -> bool:
    try:
        text.decode(name)
    except UnicodeDecodeError:
        return False
    return True
