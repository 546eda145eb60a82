"""Which files an input names: a file, a folder, or a pattern."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pointcloud.errors import FileError, ParameterError

SUFFIXES = (".las", ".laz")
"""What is read, in upper or lower case; ``.copc.laz`` ends like any LAZ."""

PDAL_SUFFIXES = (
    *(".e57", ".ply", ".bpf", ".pcd", ".pts", ".ptx", ".txt", ".csv", ".xyz", ".asc"),
    *(".obj", ".rxp", ".qi", ".sbet", ".slpk", ".nitf", ".ntf", ".h5", ".bin"),
)
"""What is read through PDAL if a user names it, or a pattern that ends so: in a folder such files may be anything."""


def find_files(inputs: Sequence[str | Path]) -> list[Path]:
    """Return the point clouds that the inputs name, each once, sorted by where they lie.

    Parameters
    ----------
    inputs : sequence of str or Path
        Files, folders (searched with all folders in them) and patterns with ``*``, ``?``, ``[…]`` and ``**``,
        which the shells of Windows do not expand. What exists under a name with such signs is taken by that
        name.

    Raises
    ------
    ParameterError
        If an input does not exist, holds no point cloud, or is a file of another kind.
    FileError
        If an input cannot be searched.
    """
    found: dict[Path, Path] = {}
    for given in inputs:
        held = 0
        try:
            for path in _named(str(given)):
                found.setdefault(path.resolve(), path)
                held += 1
        except OSError as error:  # a name too long for the file system, a folder closed to us
            cause = error.strerror or type(error).__name__
            raise FileError("file.unreadable", path=error.filename or given, cause=cause) from error
        if not held:
            raise ParameterError("file.none_found", path=given, suffixes=", ".join(SUFFIXES))
    return [found[place] for place in sorted(found)]


def _named(given: str) -> Iterator[Path]:
    """Yield the point clouds of one input."""
    path = Path(given)
    if path.is_dir():
        yield from _in_folder(path)
    elif path.exists():
        if not _is_cloud(path, *PDAL_SUFFIXES):
            suffix = path.suffix or "-"
            raise ParameterError("file.suffix", path=given, suffix=suffix, suffixes=", ".join(SUFFIXES))
        yield path
    elif glob.has_magic(given):
        # Path.glob takes no pattern that begins at a drive or the root.
        yield from _matching(glob.iglob(given, recursive=True), path.suffix.lower())  # noqa: PTH207
    else:
        raise ParameterError("file.missing", path=given)


def _matching(names: Iterable[str], suffix: str) -> Iterator[Path]:
    """Yield the point clouds among what a pattern matches; folders are searched, other files passed over.

    What PDAL reads is taken if the pattern ends with its ``suffix``.
    """
    named = (suffix,) if suffix in PDAL_SUFFIXES else ()
    for path in map(Path, names):
        if path.is_dir():
            yield from _in_folder(path)
        elif _is_cloud(path, *named):
            yield path


def _in_folder(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise error

    for place, _, names in os.walk(folder, onerror=refuse):
        yield from (path for path in (Path(place, name) for name in names) if _is_cloud(path))


def _is_cloud(path: Path, *more: str) -> bool:
    return path.suffix.lower() in (*SUFFIXES, *more)
