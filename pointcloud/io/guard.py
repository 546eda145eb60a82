"""The one boundary through which input files are opened: read-only, and what is wrong with them one kind of error.

What goes wrong while a file is open need not be the file's fault: a kernel that cannot be compiled, a parameter that
cannot be, a disk that is full. So only reading (:func:`open_input`) and decoding (:func:`decoding`, :func:`decoded`)
accuse the file; all else goes through as it is.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pointcloud.errors import FileError, HyogoError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

T = TypeVar("T")

_NOT_OURS = (HyogoError, OSError, MemoryError, KeyboardInterrupt, SystemExit, GeneratorExit)
"""What goes through a decoder and is none of its own."""


class _Raw(io.FileIO):
    """A file whose reads fail with a :class:`FileError` that names it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self.path = path

    def readinto(self, buffer: Buffer) -> int | None:
        try:
            return super().readinto(buffer)
        except OSError as error:
            raise FileError("file.unreadable", path=self.path, cause=_cause(error)) from error

    def readall(self) -> bytes:
        try:
            return super().readall()
        except OSError as error:
            raise FileError("file.unreadable", path=self.path, cause=_cause(error)) from error


class Status(NamedTuple):
    """What tells of a change of a file: its bytes, and when it was changed last."""

    st_size: int
    st_mtime_ns: int


@contextmanager
def open_input(path: Path) -> Iterator[tuple[io.BufferedReader, Status]]:
    """Open a file for reading; yield it and its status as it was opened.

    A path may go on into a ZIP: the size is then that of the file in it, the time that of the ZIP. What is raised
    inside the block goes through, unless the file has changed meanwhile.

    Raises
    ------
    FileError
        If the file cannot be opened or read, or has changed by the end of the block.
    """
    if any(parent.suffix.lower() == ".zip" for parent in path.parents) and not path.exists():
        from pointcloud.io.zipped import open_zipped  # which knows ZIPs, and opens them by this module

        with open_zipped(path) as zipped, _unchanged(path, zipped) as status:
            yield zipped, status
        return
    if path.is_dir():
        raise FileError("file.folder", path=path)
    try:
        raw: Any = _Raw(path)
    except FileNotFoundError as error:
        raise FileError("file.missing", path=path) from error
    except OSError as error:
        raise FileError("file.unreadable", path=path, cause=_cause(error)) from error
    with io.BufferedReader(raw) as file, _unchanged(path, file) as status:
        yield file, status


@contextmanager
def _unchanged(path: Path, file: io.BufferedReader) -> Iterator[Status]:
    """Make sure that a file is the same at the end of a block."""
    before = _status(file)
    try:
        yield before
    except Exception as error:
        check_unchanged(path, file, *before, error)
        raise
    check_unchanged(path, file, *before)


def _status(file: io.BufferedReader) -> Status:
    """Return size and time of an open file; of one in a ZIP its size and the ZIP's time."""
    found = os.fstat(file.fileno())
    return Status(getattr(file.raw, "size", found.st_size), found.st_mtime_ns)


@contextmanager
def decoding(path: Path) -> Iterator[None]:
    """Let what a decoder raises come out as damage of a file: a Rust panic is no :class:`Exception`.

    Raises
    ------
    FileError
        If anything is raised in the block but an error of this package, of the system, or for want of memory.
    """
    try:
        yield
    except _NOT_OURS:
        raise
    except BaseException as error:
        raise FileError("file.decoder", path=path, cause=_cause(error)) from error


def decoded(path: Path, pieces: Iterable[T]) -> Iterator[T]:
    """Yield what a decoder yields; only what the decoder raises is damage, not what is made of its pieces.

    Raises
    ------
    FileError
        As `decoding` does.
    """
    with decoding(path):
        yield from pieces


def check_unchanged(
    path: Path, file: io.BufferedReader, size: int, modified_ns: int, cause: BaseException | None = None
) -> None:
    """Compare an open file with the size and time it had before.

    Raises
    ------
    FileError
        If they differ; ``cause`` is what the change brought about.
    """
    now = _status(file)
    if now != (size, modified_ns):
        raise FileError("file.changed", path=path, before=size, now=now.st_size) from cause


def _cause(error: BaseException) -> str:
    """Return an exception in one line."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{type(error).__name__}: {' '.join(text.split())}" if text else type(error).__name__
