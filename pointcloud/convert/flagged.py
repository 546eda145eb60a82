"""Grid text after GSI's rules, ``id,E,N,z,flag``: the flag (内挿補間フラグ) says which heights are interpolated.

It follows the quality raster that lies beside the heights: 0 where the cell holds a ground point, −9999 where the
height is interpolated from those around.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader

from pointcloud.errors import FileError
from pointcloud.io import raster
from pointcloud.io.dems.gridded import Gridded
from pointcloud.io.member import Member
from pointcloud.params.grid import MEASURED

INTERPOLATED_FLAG, MEASURED_FLAG = -9999, 0

_DEM = re.compile("^dem_", re.IGNORECASE)


def quality_beside(member: Member) -> Path:
    """Return where the quality raster of a DEM lies: ``QUALITY_1g/QUALITY_05MF513_1g.tif`` beside ``DEM_1g``."""
    path = member.path
    return path.parent.parent / _DEM.sub("QUALITY_", path.parent.name) / _DEM.sub("QUALITY_", path.name)


def flags_of(gridded: Gridded, member: Member) -> NDArray[np.int64]:
    """Return the flag of every height, in the order of the text: south to north, west to east.

    Raises
    ------
    FileError
        If there is no quality raster beside the heights, or it is one of other cells, or was not made like them.
    """
    path = quality_beside(member)
    if member.inner or not _DEM.match(member.path.name) or not path.is_file():
        raise FileError("convert.no_quality", path=member.label, quality=path)
    with _opened(member.path) as heights, _opened(path) as quality:
        state, transform = quality.read(1), quality.transform
        other = _differing(heights.tags(), quality.tags())
    grid = gridded.grid
    west, _, _, north = grid.box.bounds
    if state.shape != grid.shape or (transform.c, transform.f, transform.a) != (west, north, grid.resolution):
        raise FileError("convert.other_quality", path=member.label, quality=path)
    if other:
        raise FileError("convert.unlike_quality", path=member.label, quality=path, other=", ".join(other))
    known = ~np.isnan(gridded.array[::-1])
    return np.where(state[::-1][known] == MEASURED, MEASURED_FLAG, INTERPOLATED_FLAG)


@contextmanager
def _opened(path: Path) -> Iterator[DatasetReader]:
    try:
        with raster.opened(path, raster.GEOTIFF, raster.ALONE) as file:
            yield file
    except raster.ERRORS as error:
        raise FileError("file.unreadable", path=path, cause=error) from error


def _differing(dem: Mapping[str, str], quality: Mapping[str, str]) -> list[str]:
    """Return what two rasters of ``grid`` say that they were made from, where that differs; of others, nothing."""
    for tags in (dem, quality):
        if not tags.get("TIFFTAG_SOFTWARE", "").startswith("hyogo-pc") or "PARAMETERS" not in tags:
            return []
    mine, its = json.loads(dem["PARAMETERS"]), json.loads(quality["PARAMETERS"])
    its["algorithm"] = its.get("dem_algorithm")
    mine["inputs"], its["inputs"] = dem.get("INPUTS"), quality.get("INPUTS")
    return sorted(key for key in mine if mine[key] != its.get(key))


def numbered(pieces: Iterator[bytes], flags: NDArray[np.int64]) -> Iterator[bytes]:
    """Yield lines ``E,N,z`` with a number before and the flag behind each; ``flags`` has one for every line."""
    number = 0
    for piece in pieces:
        lines = piece.decode("ascii").split("\n")
        ended = lines.pop() == ""
        assert ended, "text_of yields whole lines"
        here = flags[number : number + len(lines)].tolist()
        yield "".join(
            f"{k},{line},{flag}\n" for k, (line, flag) in enumerate(zip(lines, here, strict=True), number + 1)
        ).encode("ascii")
        number += len(lines)
