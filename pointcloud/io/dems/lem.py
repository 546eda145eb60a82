"""LEM: five figures a height in decimetres, north to south, and a CSV in Shift-JIS that says where.

To its makers X is northing, as to every surveyor: 区画左下X座標 is the south edge. Corners are in centimetres.
"""

from __future__ import annotations

import csv
import hashlib
import unicodedata

import numpy as np

from pointcloud.errors import FileError
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, Grid, metres
from pointcloud.geo.projections import JGD2011
from pointcloud.geo.sheets import ZONES
from pointcloud.io.dems.gridded import Gridded
from pointcloud.io.member import Member

_PREFIX, _WIDTH = 10, 5
_VOID = (-9999, -1111)  # water, and beyond the surveyed area
_CENTIMETRE = QUANTA_PER_METRE // 100
_FARTHEST = 1e12  # centimetres, or cells
_MOST_CELLS = 100_000_000
_KEYS = {
    "cols": "東西方向の点数",
    "rows": "南北方向の点数",
    "dx": "東西方向のデータ間隔",
    "dy": "南北方向のデータ間隔",
    "south": "区画左下X座標",
    "west": "区画左下Y座標",
    "north": "区画右上X座標",
    "east": "区画右上Y座標",
}
_ZONE_KEYS = ("平面直角座標系番号", "座標系番号")


def read_lem(member: Member) -> Gridded:
    """Return the raster of a LEM.

    Raises
    ------
    FileError
        If its CSV is missing or lacks something, or the two do not agree.
    """
    header = member.sibling(".csv")
    if header is None:
        raise FileError("lem.no_header", path=member.label, name=f"{member.stem}.csv")
    values = _entries(header)
    grid = _grid(values, header.label)
    data = member.read()
    heights = np.full(grid.shape, np.nan, np.float32)
    lines = [line for line in data.replace(b"\x1a", b"").splitlines() if line.strip()]
    if len(lines) != grid.rows:
        raise FileError("lem.rows", path=member.label, found=len(lines), expected=grid.rows)
    for row, line in enumerate(lines):
        body = line[_PREFIX:].rstrip(b"\r\n")
        if len(body.rstrip()) > grid.cols * _WIDTH or len(body) < grid.cols * _WIDTH:
            raise FileError(
                "lem.cols", path=member.label, line=row + 1, expected=grid.cols, found=len(body) // _WIDTH
            )
        fields = np.frombuffer(body[: grid.cols * _WIDTH], f"S{_WIDTH}")
        try:
            decimetres = fields.astype(np.int64)
        except ValueError:
            raise FileError("lem.number", path=member.label, line=row + 1) from None
        void = np.isin(decimetres, _VOID)
        heights[row] = np.where(void, np.nan, decimetres / 10.0)
    zone = next((values[key] for key in _ZONE_KEYS if key in values), "")
    crs = None
    if zone:
        if not zone.isdecimal() or int(zone) not in ZONES:
            raise FileError("lem.entry", path=header.label, name=_ZONE_KEYS[0], text=zone)
        crs = SpatialReference(f"EPSG:{JGD2011 + int(zone)}")
    return Gridded(heights, grid, hashlib.sha256(data).hexdigest(), crs)


def _entries(header: Member) -> dict[str, str]:
    """Return what a CSV says, by name; letters of full width are the same as those of half width."""
    data = header.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp932", errors="replace")
    try:
        rows = list(csv.reader(text.splitlines()))
    except csv.Error as error:  # a field of megabytes
        raise FileError("lem.broken", path=header.label, cause=error) from error
    return {_plain(row[0]): _plain(row[1]) for row in rows if len(row) >= 2}


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _grid(values: dict[str, str], label: str) -> Grid:
    numbers: dict[str, float] = {}
    for key, name in _KEYS.items():
        try:
            numbers[key] = float(values[name])
            if not abs(numbers[key]) < _FARTHEST:
                raise ValueError(name)
        except (KeyError, ValueError):
            raise FileError("lem.entry", path=label, name=name, text=values.get(name, "")) from None
    box = Box(*(round(numbers[side] * _CENTIMETRE) for side in ("west", "south", "east", "north")))
    cols, rows = int(numbers["cols"]), int(numbers["rows"])
    cell = round(numbers["dx"] * QUANTA_PER_METRE)
    sound = numbers["dx"] == numbers["dy"] and min(cell, cols, rows) > 0 and rows * cols <= _MOST_CELLS
    width, height = box.east - box.west, box.north - box.south
    if not sound or (width, height) != (cols * cell, rows * cell):
        sides = {"width": f"{metres(width):g}", "height": f"{metres(height):g}"}
        raise FileError("lem.extent", path=label, cols=cols, rows=rows, cell=numbers["dx"], **sides)
    return Grid(box, cell, (box.west % cell, box.north % cell))
