"""Files of all kinds that an input names: in folders, by patterns, and inside ZIPs.

Nothing is extracted, so a name inside a ZIP never becomes a path on the disk. What such a name says is judged all the
same: one that leads out of the folder, a password, a size or ratio that no data have, are refused one by one. What a
ZIP as a whole claims is judged first: files that share their bytes, or unpack to more than a limit, make it none.
"""

from __future__ import annotations

import glob
import io
import math
import os
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

from pointcloud.errors import FileError, HyogoError, ParameterError
from pointcloud.io.member import MOST_AT_ONCE, Member
from pointcloud.io.names import is_litter
from pointcloud.machine.limits import limit

_DEEPEST = 2
"""ZIPs within ZIPs: downloads of 基盤地図情報 are packed twice."""

_SMALL = 64 << 20
"""Bytes below which a ratio does no harm."""
_NESTED = 2 << 30
"""Bytes of all ZIPs within ZIPs, which are held in memory."""
_DIRECTORY = 300
"""Bytes of the directory for each file, on average at most: as much as a long path in Japanese takes."""
_LOCAL = 30
"""Bytes of the header before each file, without its name."""


@dataclass
class Found:
    """What inputs name.

    Parameters
    ----------
    members : list of Member
        In the order of the inputs, sorted by name within each.
    refused : dict of str to HyogoError
        Archives and files in them that cannot be used, by their path and name in a ZIP, and why.
    nested : int
        Bytes of the ZIPs within ZIPs.
    """

    members: list[Member] = field(default_factory=list)
    refused: dict[str, HyogoError] = field(default_factory=dict)
    nested: int = 0


@contextmanager
def open_inputs(inputs: Sequence[str | Path], *, keep_going: bool = False) -> Iterator[Found]:
    """List all files that inputs name, with ZIPs opened for the time of the block.

    Parameters
    ----------
    inputs : sequence of str or Path
        Files, folders (searched with all folders in them) and patterns; each file counts once.
    keep_going : bool
        Whether an input that cannot be used is refused as files in archives are, as long as there is another.

    Raises
    ------
    ParameterError
        If an input does not exist, or holds no file at all.
    FileError
        If a folder cannot be searched.
    """
    with ExitStack() as stack:
        found = Found()
        seen: set[Path] = set()
        for given in inputs:
            try:
                _take_all(given, seen, found, stack)
            except (ParameterError, FileError) as error:
                if not keep_going or len(inputs) == 1:
                    raise
                found.refused[str(given)] = error
        yield found


def _take_all(given: str | Path, seen: set[Path], found: Found, stack: ExitStack) -> None:
    """Take the files of one input."""
    before = len(seen)
    for path in _paths(str(given)):
        if path.resolve() not in seen:
            seen.add(path.resolve())
            _take(path, found, stack)
    if len(seen) == before and not any(True for _ in _paths(str(given))):
        raise ParameterError("archive.nothing", path=given)


@contextmanager
def open_path(path: Path) -> Iterator[Member]:
    """Open what a path leads to: a file, or one inside a ZIP that the path goes on into.

    Raises
    ------
    FileError
        If there is no such file, or the ZIP cannot be used.
    """
    outer = container(path)
    if outer == path:
        yield Member(path)
        return
    wanted = path.relative_to(outer).as_posix()
    with ExitStack() as stack:
        found = Found()
        _list(outer, "", _open(outer, outer.name, stack), found, stack, 1, wanted)
        for error in found.refused.values():
            raise error
        for member in found.members:
            yield member
            return
    raise FileError("file.missing", path=path)


def container(path: Path) -> Path:
    """Return the file on the disk that holds what a path leads to: itself, or the ZIP that it goes on into."""
    if path.suffix.lower() != ".zip":
        for outer in path.parents:
            if outer.suffix.lower() == ".zip" and outer.is_file():
                return outer
    return path


def _paths(given: str) -> Iterator[Path]:
    path = Path(given)
    try:
        if path.is_dir():
            yield from _in_folder(path)
        elif path.exists():
            yield path
        elif glob.has_magic(given):
            # Path.glob takes no pattern that begins at a drive or the root.
            for name in sorted(glob.iglob(given, recursive=True)):  # noqa: PTH207
                yield from _in_folder(Path(name)) if Path(name).is_dir() else [Path(name)]
        else:
            raise ParameterError("file.missing", path=given)
    except OSError as error:
        cause = error.strerror or type(error).__name__
        raise FileError("file.unreadable", path=error.filename or given, cause=cause) from error


def _in_folder(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise error

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        yield from (Path(place, name) for name in sorted(names) if not is_litter(name))


def _take(path: Path, found: Found, stack: ExitStack) -> None:
    if path.suffix.lower() != ".zip":
        found.members.append(Member(path, size=path.stat().st_size))
        return
    try:
        archive = _open(path, path.name, stack)
    except FileError as error:
        found.refused[str(path)] = error
        return
    _list(path, "", archive, found, stack, 1)


def _open(source: Path | io.BytesIO, label: str, stack: ExitStack) -> zipfile.ZipFile:
    try:
        _judge_directory(source, label)
        return stack.enter_context(zipfile.ZipFile(source))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise FileError("archive.broken", path=label, cause=" ".join(str(error).split())) from error
    except OSError as error:
        raise FileError("file.unreadable", path=label, cause=error.strerror or error) from error


def _judge_directory(source: Path | io.BytesIO, label: str) -> None:
    """Refuse a ZIP whose directory is longer than that of as many files as may be: all of it is read at once.

    Raises
    ------
    FileError
    OSError, zipfile.BadZipFile
        If it cannot be read.
    """
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
        end: Any = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    size = int(end[zipfile._ECD_SIZE]) if end else 0  # type: ignore[attr-defined]
    if size > _DIRECTORY * limit("members"):
        raise FileError("archive.many", path=label, count=size // _DIRECTORY, limit=limit("members"))


def _list(
    path: Path,
    outer: str,
    archive: zipfile.ZipFile,
    found: Found,
    stack: ExitStack,
    depth: int,
    wanted: str | None = None,
) -> None:
    """Take the members of one ZIP, and those of the ZIPs in it; or only the one of the inner name ``wanted``."""
    beside: dict[str, Member] = {}
    infos = [info for info in archive.infolist() if not info.filename.endswith("/")]
    label = f"{path.name}/{outer}".rstrip("/")
    try:
        _judge_all(label, infos)
    except FileError as error:
        found.refused[f"{path}/{outer}".rstrip("/")] = error
        return
    named = sorted(((decoded_name(info), info) for info in infos), key=lambda pair: pair[0])
    counts = Counter(PurePosixPath(inner).as_posix() for inner, _ in named)
    for inner, info in named:
        member = Member(path, outer + inner, info.file_size, archive, info, beside)
        if is_litter(PurePosixPath(inner).name) or inner.startswith("__MACOSX/"):
            continue  # macOS packs such a file beside each other one
        if wanted is not None and not _leads_to(member.inner, wanted):
            continue
        try:
            if counts[PurePosixPath(inner).as_posix()] > 1:
                raise FileError("archive.twice", path=member.label)
            _judge(member, inner, info)
            if member.suffix == ".zip":
                _open_inside(member, found, stack, depth, wanted)
                continue
        except HyogoError as error:
            found.refused[member.place] = error
            continue
        beside[member.inner.lower()] = member
        found.members.append(member)


def _leads_to(inner: str, wanted: str) -> bool:
    plain = PurePosixPath(inner).as_posix()
    return plain == wanted or wanted.startswith(f"{plain}/")


def _open_inside(member: Member, found: Found, stack: ExitStack, depth: int, wanted: str | None) -> None:
    if depth >= _DEEPEST:
        raise FileError("archive.deep", path=member.label)
    found.nested += member.size
    if found.nested > _NESTED:
        raise FileError("archive.large", path=member.label, size=found.nested, limit=_NESTED)
    archive = _open(io.BytesIO(member.read()), member.label, stack)
    _list(member.path, f"{member.inner}/", archive, found, stack, depth + 1, wanted)


def _judge_all(label: str, infos: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse a ZIP whose files are more, larger or packed tighter together than any data, or lie over each other.

    Raises
    ------
    FileError
    """
    if len(infos) > limit("members"):
        raise FileError("archive.many", path=label, count=len(infos), limit=limit("members"))
    packed, unpacked = sum(info.compress_size for info in infos), sum(info.file_size for info in infos)
    if unpacked > limit("unpacked"):
        raise FileError("archive.total", path=label, unpacked=unpacked, limit=limit("unpacked"))
    _judge_ratio(label, packed, unpacked)
    ordered = sorted(infos, key=lambda info: info.header_offset)
    for one, other in pairwise(ordered):
        if other.header_offset < one.header_offset + _LOCAL + one.compress_size:
            raise FileError("archive.overlap", path=label)


def _judge_ratio(label: str, packed: int, unpacked: int) -> None:
    ratio = unpacked / max(packed, 1)
    if unpacked > _SMALL and ratio > limit("ratio"):
        values = {"packed": packed, "unpacked": unpacked, "limit": limit("ratio"), "ratio": math.ceil(ratio)}
        raise FileError("archive.bomb", path=label, **values)


def _judge(member: Member, inner: str, info: zipfile.ZipInfo) -> None:
    """Refuse a member that no honest packer makes, or that cannot be unpacked.

    Raises
    ------
    FileError
    """
    parts = PurePosixPath(inner).parts
    if not PurePosixPath(inner).name:
        raise FileError("archive.unnamed", path=member.label)
    if ".." in parts or inner.startswith("/") or ":" in inner:
        raise FileError("archive.traversal", path=member.label)
    if info.flag_bits & 1:
        raise FileError("archive.password", path=member.label)
    _judge_ratio(member.label, info.compress_size, info.file_size)
    if member.suffix == ".zip" and info.file_size > MOST_AT_ONCE:
        raise FileError("archive.large", path=member.label, size=info.file_size, limit=MOST_AT_ONCE)


def decoded_name(info: zipfile.ZipInfo) -> str:
    """Return a member's name, with slashes.

    Windows packs Japanese names in Shift-JIS and says nothing of it, and some packers UTF-8 without its flag; Python
    takes both for the code page of the first IBM PC. UTF-8 is tried first: Shift-JIS is hardly ever valid UTF-8.
    """
    name = info.orig_filename.partition("\0")[0]
    if not info.flag_bits & 0x800:
        raw = name.encode("cp437", errors="ignore")
        for encoding in ("utf-8", "cp932"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return name.replace("\\", "/")
