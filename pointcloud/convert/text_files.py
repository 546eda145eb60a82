"""Rasters back to the prefecture's text, value for value; byte for byte if that is where they came from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pointcloud.convert.flagged import flags_of, numbered, quality_beside
from pointcloud.convert.request import Request
from pointcloud.convert.worker import taken
from pointcloud.errors import FileError
from pointcloud.geo.lattice import QUANTA_PER_METRE, Box
from pointcloud.io import put
from pointcloud.io.dems.geotiff import read_geotiff
from pointcloud.io.dems.gridded import Gridded
from pointcloud.io.dems.textgrid import SENTINELS
from pointcloud.io.member import Member
from pointcloud.io.rasters.textout import plain_style, text_of
from pointcloud.io.remark import Remark
from pointcloud.io.textstyle import TAG, TextStyle
from pointcloud.run.items import Made, Staged, Told

_FORBIDDEN = set('<>:"/\\|?*')


FOLDER = "TEXT"
"""What the record knows texts by; they lie in the output folder itself."""


@dataclass(kw_only=True)
class TextMade(Made):
    """A text, and whether it is, byte for byte, the one that the raster was made from."""

    identical: bool = False


def write_text(member: Member, request: Request) -> TextMade:
    """Stage the text of a raster of heights.

    Raises
    ------
    FileError
        If the raster holds no heights in metres.
    """
    gridded = read_geotiff(member, (*SENTINELS, *request.nodata))
    if gridded.is_picture or gridded.grid.per_unit != QUANTA_PER_METRE:
        raise FileError("convert.not_heights", path=member.label)
    flags = flags_of(gridded, member) if request.flagged else None
    style = _style(gridded, member)
    if flags is not None:
        plain = plain_style(f"{member.stem}.txt", gridded.array)
        style = replace(plain, separator=",", eastings=(2, 4), northings=(2, 4))
    sha, size = hashlib.sha256(), 0

    def pieces() -> Iterator[bytes]:
        nonlocal size
        lines = text_of(gridded.array, gridded.grid, style, member.label)
        for piece in lines if flags is None else numbered(lines, flags):
            sha.update(piece)
            size += len(piece)
            yield piece

    path = put.stage(request.out, style.name, pieces())
    identical = sha.hexdigest() == style.sha256
    differs = bool(style.sha256) and not identical
    beside = [quality_beside(member)] if request.flagged else []
    inputs = (member, *map(Member, beside))
    told = Told(
        style.name,
        gridded.grid.box.bounds,
        FOLDER,
        style.name,
        {"flagged": request.flagged},
        tuple(taken(each, gridded.sha256 if each is member else each.digest()) for each in inputs),
    )
    return TextMade(
        staged=[Staged(FOLDER, style.name, path, size, sha.hexdigest())],
        remarks=(Remark.of("convert.not_identical", path=member.label, name=style.name),) if differs else (),
        told=told,
        identical=identical,
    )


def _style(gridded: Gridded, member: Member) -> TextStyle:
    """Return how the raster's own text was written, or else the prefecture's manner."""
    kept = gridded.tags.get(TAG)
    if not kept:
        return plain_style(f"{member.stem}.txt", gridded.array)
    style = TextStyle.from_json(kept, member.label)
    name = style.name
    if not name or set(name) & _FORBIDDEN or name.startswith(".") or min(map(ord, name)) < 32:
        style = replace(style, name=f"{member.stem}.txt")
    if style.bounds and _holds_more(gridded, style.bounds):
        style = replace(style, bounds=None)  # somebody has added heights beyond what the text covered
    return style


def _holds_more(gridded: Gridded, bounds: tuple[float, float, float, float]) -> bool:
    """Return whether there are heights beyond the first and last easting and northing."""
    grid, half = gridded.grid, gridded.grid.cell // 2
    first_e, last_e, first_n, last_n = (round(edge * QUANTA_PER_METRE) for edge in bounds)
    covered = Box(first_e - half, first_n - half, last_e + half, last_n + half)
    known = ~np.isnan(gridded.array)
    if not grid.box.contains(covered):
        return True
    return int(known.sum()) > int(known[grid.slices(covered)].sum())
