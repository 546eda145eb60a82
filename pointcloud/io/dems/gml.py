"""The national DEM as it is downloaded: JPGIS GML of 基盤地図情報 (1A, 5A, 5B, 5C, 10A, 10B).

One file a mesh, in degrees of latitude and longitude. Cells run from the north-west corner eastwards, then southwards;
``gml:startPoint`` passes over leading cells, and trailing ones may be absent. XML comes from strangers: a document
type, and with it every entity, is refused.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import FileError
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import QUANTA_PER_DEGREE, Box, Grid
from pointcloud.io.dems.gridded import Gridded
from pointcloud.io.member import Member
from pointcloud.io.remark import Remark
from pointcloud.kernels.text.gml import parse_tuples

NODATA = -9999.0

KINDS = ("1A", "1B", "5A", "5B", "5C", "10A", "10B")
"""From the most to the least precise of each cell size."""

_SYSTEMS = {"jgd2000": "EPSG:4612", "jgd2011": "EPSG:6668", "jgd2024": "EPSG:6668"}
"""By what ``srsName`` says; EPSG renamed the geographic system of JGD2011 for JGD2024, with the same code."""

_WANTED = ("mesh", "type", "lowerCorner", "upperCorner", "low", "high", "startPoint", "tupleList")
_SECOND = QUANTA_PER_DEGREE // 3600
_TOLERANCE = _SECOND // 1000  # corners are written to 7 decimals of a degree: 0.2 ms of arc
_MOST_CELLS = 50_000_000
_ENCODINGS = {"shift_jis": "cp932", "shift-jis": "cp932", "windows-31j": "cp932", "cp932": "cp932"}


@dataclass
class _Found:
    """What a document says."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    system: str = ""
    order: str = "+x-y"
    at: str = ""
    coverages: int = 0


class _Unsafe(Exception):
    """A document type or an entity."""


def kind_of(name: str) -> str:
    """Return the kind that a file's name states: ``5A`` of ``FG-GML-5235-37-62-DEM5A-20161001.xml``, or nothing."""
    found = re.search(r"DEM(\d{1,2}[ABC])(?![A-Z0-9])", name, re.IGNORECASE)
    return found[1].upper() if found else ""


def read_gml(member: Member) -> Gridded:
    """Return the raster of a GML of 基盤地図情報, in degrees.

    Raises
    ------
    FileError
        If it is no such GML, has a document type, or says what cannot be.
    """
    data = member.read()
    found = _parsed(data, member.label)
    if "tupleList" not in found.texts:
        raise FileError("gml.no_dem", path=member.label)
    if found.coverages != 1:
        raise FileError("gml.coverages", path=member.label, count=found.coverages)
    if found.order.replace(" ", "") != "+x-y":
        raise FileError("gml.order", path=member.label, order=found.order[:20])
    grid = _grid(found, member.label)
    heights, missing = _heights(found, grid, member.label)
    system = next((code for name, code in _SYSTEMS.items() if name in found.system.lower()), None)
    if system is None:
        raise FileError("gml.system", path=member.label, system=found.system[:40])
    remarks = [Remark.of("gml.short", path=member.label, count=missing)] if missing else []
    tags = {"MESH": _text(found, "mesh"), "KIND": kind_of(member.name)}
    return Gridded(
        heights,
        grid,
        hashlib.sha256(data).hexdigest(),
        SpatialReference(system),
        {key: value for key, value in tags.items() if value},
        tuple(remarks),
    )


def _parsed(data: bytes, label: str) -> _Found:
    declared = re.match(rb"\s*(?:\xef\xbb\xbf)?<\?xml[^>]*encoding=[\"']([\w.\-]+)", data[:200])
    encoding = declared[1].decode("ascii").lower() if declared else "utf-8"
    if encoding in _ENCODINGS:
        try:
            data, encoding = data.decode(_ENCODINGS[encoding]).encode(), "utf-8"
        except UnicodeDecodeError as error:
            raise FileError("gml.broken", path=label, line="-", cause=error.reason) from error
    if encoding not in ("utf-8", "utf-16", "us-ascii"):
        raise FileError("gml.encoding", path=label, encoding=encoding)
    found = _Found()
    parser = expat.ParserCreate(encoding, namespace_separator="}")
    parser.buffer_text = True
    parser.buffer_size = 1 << 20
    _listen(parser, found)
    try:
        parser.Parse(data, True)
    except _Unsafe as error:
        raise FileError("gml.unsafe", path=label, line=parser.CurrentLineNumber) from error
    except expat.ExpatError as error:
        raise FileError(
            "gml.broken", path=label, line=error.lineno, cause=expat.ErrorString(error.code)
        ) from error
    return found


def _listen(parser: expat.XMLParserType, found: _Found) -> None:
    """Gather what is wanted, and refuse what is dangerous."""

    def start(name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition("}")[2]
        found.at = local if local in _WANTED else ""
        if found.at:
            found.texts.setdefault(found.at, []).append("")
        if local == "tupleList":
            found.coverages += 1
        if local == "Envelope":
            found.system = attributes.get("srsName", "")
        if local == "sequenceRule":
            found.order = attributes.get("order", "+x-y")

    def text(content: str) -> None:
        if found.at:
            found.texts[found.at].append(content)

    def end(_: str) -> None:
        found.at = ""

    def refuse(*_: object) -> NoReturn:
        raise _Unsafe

    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse


def _text(found: _Found, name: str) -> str:
    return "".join(found.texts.get(name, ())).strip()


def _pair(found: _Found, name: str, label: str) -> tuple[float, float]:
    text = _text(found, name)
    try:
        first, second = (float(part) for part in text.split())
    except ValueError:
        raise FileError("gml.value", path=label, name=name, text=text[:40]) from None
    if not (abs(first) < 1e6 and abs(second) < 1e6):
        raise FileError("gml.value", path=label, name=name, text=text[:40])
    return first, second


def _grid(found: _Found, label: str) -> Grid:
    south, west = _pair(found, "lowerCorner", label)
    north, east = _pair(found, "upperCorner", label)
    (left, top), (right, bottom) = _pair(found, "low", label), _pair(found, "high", label)
    cols, rows = int(right - left) + 1, int(bottom - top) + 1
    if not (min(cols, rows) > 0 and rows * cols <= _MOST_CELLS and west < east and south < north):
        raise FileError("gml.extent", path=label, cols=cols, rows=rows)
    width, height = (east - west) * QUANTA_PER_DEGREE, (north - south) * QUANTA_PER_DEGREE
    cell = round(width / cols)
    corner = round(west * QUANTA_PER_DEGREE / cell) * cell, round(north * QUANTA_PER_DEGREE / cell) * cell
    off = (
        *(abs(width - cols * cell), abs(height - rows * cell)),
        *(abs(west * QUANTA_PER_DEGREE - corner[0]), abs(north * QUANTA_PER_DEGREE - corner[1])),
    )
    if max(off) > _TOLERANCE:
        raise FileError("gml.extent", path=label, cols=cols, rows=rows)
    box = Box(corner[0], corner[1] - rows * cell, corner[0] + cols * cell, corner[1])
    _check_mesh(_text(found, "mesh"), box, label)
    return Grid(box, cell, per_unit=QUANTA_PER_DEGREE)


def mesh_corner(code: str) -> tuple[int, int] | None:
    """Return the south-west corner of a standard mesh of 4, 6 or 8 digits, in quanta of a degree: east, north.

    Source: JIS X 0410. First meshes are 1 degree by 40 minutes; eighths of them, and tenths of those, follow.
    """
    if not re.fullmatch(r"\d{4}(?:[0-7]{2}(?:\d{2})?)?", code, re.ASCII):
        return None
    north, east = int(code[:2]) * 2400 * _SECOND, (100 + int(code[2:4])) * QUANTA_PER_DEGREE
    if len(code) >= 6:
        north, east = north + int(code[4]) * 300 * _SECOND, east + int(code[5]) * 450 * _SECOND
    if len(code) == 8:
        north, east = north + int(code[6]) * 30 * _SECOND, east + int(code[7]) * 45 * _SECOND
    return east, north


def _check_mesh(code: str, box: Box, label: str) -> None:
    corner = mesh_corner(code)
    if corner and corner != (box.west, box.south):
        raise FileError(
            "gml.mesh",
            path=label,
            mesh=code,
            lon=f"{box.west / QUANTA_PER_DEGREE:.6f}",
            lat=f"{box.south / QUANTA_PER_DEGREE:.6f}",
        )


def _heights(found: _Found, grid: Grid, label: str) -> tuple[NDArray[np.float32], int]:
    """Return the heights, and how many cells the tuples leave out at the end."""
    col, row = _pair(found, "startPoint", label) if "startPoint" in found.texts else (0.0, 0.0)
    skipped = int(row) * grid.cols + int(col)
    cells = grid.rows * grid.cols
    text = "".join(found.texts["tupleList"]).encode() + b"\n"
    values = np.full(cells, NODATA)
    count, wrong = parse_tuples(np.frombuffer(text, np.uint8), values[max(skipped, 0) :])
    if wrong >= 0:
        raise FileError("gml.tuple", path=label, number=f"{wrong + 1:,}")
    if skipped < 0 or skipped + count > cells:
        raise FileError("gml.many", path=label, count=count, skipped=skipped, cells=cells)
    heights = values.astype(np.float32).reshape(grid.shape)
    heights[heights == np.float32(NODATA)] = np.nan
    return heights, cells - skipped - int(count)
