"""What a vector file holds: only drawings are handed to GDAL, which opens by any driver whatever it knows.

Some of those read other files, ask services, or run a chain of programs that the file names.
"""

from __future__ import annotations

import re
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote
from xml.parsers import expat

from pointcloud.errors import FileError
from pointcloud.machine.limits import limit

_HEAD = 1 << 17
_ELSEWHERE = re.compile(
    rb"<OGRVRTDataSource|<OGRWFS|<OGRCSW|<WFS_|<wfs:|<csw:|opengis\.net/(gml|wfs|wcs|wms)|<GDAL|<VRT|gdal_streamed_alg",
    re.IGNORECASE,
)
"""What GDAL takes for something else than a drawing, wherever it stands in the beginning of a file."""

_INDEX = re.compile(
    r"""CREATE\s+VIRTUAL\s+TABLE\s+("(?:[^"]|"")*"|\[[^]]*\]|`[^`]*`|\w+)\s+USING\s+(rtree|rtree_i32|fts[345])\b""",
    re.IGNORECASE,
)
_DXF = re.compile(rb"\s*(0|999)\s*\r?\n|AutoCAD Binary DXF")


def content(path: Path) -> Path | bytes:
    """Return what GDAL may open of a vector file: the file itself, or the KML in a KMZ.

    Raises
    ------
    FileError
        If it is no drawing by its name, or not the one of its name.
    """
    suffix = path.suffix.lower()
    if suffix not in KINDS:
        raise FileError("vector.kind", path=path, suffixes=" ".join(sorted(KINDS)))
    if suffix == ".gdb":
        if not any(path.glob("*.gdbtable")):
            raise FileError("vector.content", path=path, suffix=suffix)
        return path
    try:
        data = _doc(path) if suffix == ".kmz" else b""
        head = data[:_HEAD] or _head(path)
        sound = KINDS[suffix](head) and (suffix != ".gpkg" or _is_closed(path))
    except (OSError, sqlite3.Error) as error:
        raise FileError("file.unreadable", path=path, cause=error) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise FileError("vector.content", path=path, suffix=suffix) from error
    if not sound:
        raise FileError("vector.content", path=path, suffix=suffix)
    return data or path


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _begins(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(marks)


def _is_xml(root: str) -> Callable[[bytes], bool]:
    """Return whether the outermost element is this one, and nothing in the head leads elsewhere."""

    def judge(head: bytes) -> bool:
        names: list[str] = []
        parser = expat.ParserCreate(namespace_separator="}")

        def refuse(*_: object) -> None:
            raise ValueError

        parser.StartElementHandler = lambda name, _: names.append(name)
        parser.StartDoctypeDeclHandler = refuse
        try:
            parser.Parse(head, False)
        except expat.ExpatError as error:
            raise ValueError(str(error)) from error
        return names[:1] != [] and names[0].rpartition("}")[2] == root and _ELSEWHERE.search(head) is None

    return judge


def _is_dxf(head: bytes) -> bool:
    return _DXF.match(head) is not None and _ELSEWHERE.search(head) is None


def _is_closed(path: Path) -> bool:
    """Whether the tables of a database are its own: virtual ones may read any file."""
    log = path.with_name(f"{path.name}-wal")  # of a program that has it open, and holds what it changed
    how = "mode=ro" if log.is_file() and log.stat().st_size else "mode=ro&immutable=1"
    name = quote(str(path.absolute()).encode("utf-8", "surrogateescape"))
    connection = sqlite3.connect(f"file:{name}?{how}", uri=True)
    try:
        found = connection.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'table' AND coalesce(rootpage, 0) = 0"
        ).fetchall()
    finally:
        connection.close()
    return all(isinstance(sql, str) and _INDEX.match(sql) for (sql,) in found)


def _doc(path: Path) -> bytes:
    """Return the first KML in a KMZ."""
    with zipfile.ZipFile(path) as archive:
        name = next((name for name in archive.namelist() if name.lower().endswith(".kml")), None)
        if name is None:
            raise ValueError(path)
        with archive.open(name) as file:
            data = file.read(limit("text") + 1)
    if len(data) > limit("text"):
        raise FileError("vector.long", path=path, limit=limit("text"))
    return data


KINDS: dict[str, Callable[[bytes], bool]] = {
    ".gpkg": _begins(b"SQLite format 3\0"),
    ".shp": _begins(b"\0\0\x27\x0a"),
    ".kml": _is_xml("kml"),
    ".kmz": _is_xml("kml"),
    ".gpx": _is_xml("gpx"),
    ".dxf": _is_dxf,
    ".fgb": _begins(b"fgb\x03fgb"),
    ".gdb": lambda head: True,
}
"""Endings of what GDAL reads here, and how each begins; GeoJSON is read by :mod:`pointcloud.io.geojson`."""
