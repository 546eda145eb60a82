"""Files of points, of whatever kind: the one place that knows which reader is whose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pointcloud.errors import FileError
from pointcloud.io.archive import container
from pointcloud.io.cloudheader import CloudHeader, PointChunk
from pointcloud.io.clouds import pdal, text
from pointcloud.io.clouds.files import SUFFIXES
from pointcloud.io.clouds.pdal import PdalHeader
from pointcloud.io.clouds.text import TextHeader
from pointcloud.io.las import reader
from pointcloud.io.las.header import LasHeader


def read_header(path: str | Path, stages: str = "", columns: str = "") -> CloudHeader:
    """Return what a file says of itself; a text, which says nothing, is read for it.

    Parameters
    ----------
    path : str or Path
    stages : str
        Of PDAL, that the points pass; see :mod:`pointcloud.params.pdal_stages`. With any, PDAL reads every file.
    columns : str
        What the columns of a text are; see :func:`pointcloud.io.clouds.text.read_header`.

    Raises
    ------
    FileError
        If the file cannot be opened, or is damaged; if PDAL is needed and missing.
    """
    path = Path(path)
    if not stages and text.is_point_text(path):
        return text.read_header(path, columns)
    if stages and container(path) != path:
        raise FileError("pointtext.stages", path=path)
    if stages or path.suffix.lower() not in SUFFIXES:
        return pdal.read_header(path, stages)
    return reader.read_header(path)


def reader_of(header: CloudHeader) -> str:
    """Return what reads the file if it is not this program itself, with its version; empty otherwise."""
    return pdal.version() if isinstance(header, PdalHeader) else ""


def iter_points(
    header: CloudHeader, *, chunk: int = 1_000_000, parallel: bool = True, check_box: bool = True
) -> Iterator[PointChunk]:
    """Yield the points of a file; see :func:`pointcloud.io.las.reader.iter_points`.

    Raises
    ------
    FileError
        If the file is damaged, or not what its header says.
    """
    if isinstance(header, TextHeader):
        return text.iter_points(header, chunk=chunk)
    if isinstance(header, PdalHeader):
        return pdal.iter_points(header, chunk=chunk, parallel=parallel, check_box=check_box)
    assert isinstance(header, LasHeader)
    return reader.iter_points(header, chunk=chunk, parallel=parallel, check_box=check_box)


def sha256(header: CloudHeader) -> str:
    """Return the SHA-256 of a file's bytes in lower-case hexadecimal; of one in a ZIP those of itself.

    Raises
    ------
    FileError
        If the file cannot be read, or changes while it is read.
    """
    return header.sha256 if isinstance(header, TextHeader) else reader.file_sha256(header.path)
