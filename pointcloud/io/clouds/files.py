"""Which files of points an input names: a file, a folder, a pattern, or a ZIP of them."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from pointcloud.errors import FileError, HyogoError, ParameterError
from pointcloud.io.archive import open_inputs
from pointcloud.io.clouds.text import NAMED, is_point_text
from pointcloud.io.names import is_litter

SUFFIXES = (".las", ".laz")
"""What is read, in upper or lower case; ``.copc.laz`` ends like any LAZ."""

PDAL_SUFFIXES = (
    *(".e57", ".ply", ".bpf", ".pcd", ".pts", ".ptx"),
    *(".obj", ".rxp", ".qi", ".sbet", ".slpk", ".nitf", ".ntf", ".h5", ".bin"),
)
"""What is read through PDAL if a user names it, or a pattern that ends so: in a folder such files may be anything."""


_READ = (*SUFFIXES, "*_org.txt", "*_grd.txt", ".zip")
"""For messages."""


def find_files(inputs: Sequence[str | Path], refused: dict[Path, HyogoError] | None = None) -> list[Path]:
    """Return the point clouds that the inputs name, each once, sorted by where they lie.

    LAS and LAZ are taken from ZIPs too. Texts of points are taken from folders and ZIPs if their name says what
    they are (``*_org.txt``, ``*_grd.txt``), and whatever their name if an input is just that file. The path of a file
    in a ZIP goes on into the ZIP.

    Parameters
    ----------
    inputs : sequence of str or Path
        Files, folders (searched with all folders in them) and patterns with ``*``, ``?``, ``[…]`` and ``**``,
        which the shells of Windows do not expand. What exists under a name with such signs is taken by that
        name.
    refused : dict of Path to HyogoError, optional
        Filled with ZIPs, and texts in them, that cannot be used, and why. Without it the first is raised.

    Raises
    ------
    ParameterError
        If an input does not exist, holds no point cloud, or is a file of another kind.
    FileError
        If an input cannot be searched.
    """
    found: dict[Path, Path] = {}
    bad: dict[Path, HyogoError] = {}
    for given in inputs:
        held = 0
        try:
            for path in _unpacked(_named(str(given)), bad):
                found.setdefault(path.resolve(), path)
                held += 1
        except OSError as error:  # a name too long for the file system, a folder closed to us
            cause = error.strerror or type(error).__name__
            raise FileError("file.unreadable", path=error.filename or given, cause=cause) from error
        if not held and not bad:
            raise ParameterError("file.none_found", path=given, suffixes=", ".join(_READ))
    if refused is not None:
        refused.update(bad)
    elif bad:
        raise next(iter(bad.values()))
    return [found[place] for place in sorted(found)]


def _named(given: str) -> Iterator[Path]:
    """Yield the point clouds of one input."""
    path = Path(given)
    if path.is_dir():
        yield from _in_folder(path)
    elif path.exists():
        if not (_is_cloud(path, *PDAL_SUFFIXES) or is_point_text(path)):
            suffix = path.suffix or "-"
            raise ParameterError("file.suffix", path=given, suffix=suffix, suffixes=", ".join(_READ))
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
    if is_litter(path.name):
        return False
    return path.suffix.lower() in (*SUFFIXES, ".zip", *more) or NAMED.search(path.name) is not None


def _is_zipped_cloud(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) or NAMED.search(name) is not None


def _unpacked(paths: Iterable[Path], bad: dict[Path, HyogoError]) -> Iterator[Path]:
    """Yield paths, and those into ZIPs instead of the ZIPs; what is wrong with one goes to ``bad``."""
    for path in paths:
        if path.suffix.lower() != ".zip":
            yield path
            continue
        with open_inputs([path]) as found:
            yield from (member.route for member in found.members if _is_zipped_cloud(member.name))
            for place, error in found.refused.items():
                name = PurePosixPath(place.replace("\\", "/")).name
                if _is_zipped_cloud(name) or name.lower().endswith(".zip"):
                    bad[Path(place)] = error
