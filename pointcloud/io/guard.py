"""The one boundary through which input files are opened: read-only, and every failure one kind of error."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from pointcloud.errors import FileError, HyogoError


class Status(NamedTuple):
    """What tells of a change of a file: its bytes, and when it was changed last."""

    st_size: int
    st_mtime_ns: int


@contextmanager
def open_input(path: Path) -> Iterator[tuple[io.BufferedReader, Status]]:
    """Open a file for reading; yield it and its status as it was opened.

    A path may go on into a ZIP: the size is then that of the file in it, the time that of the ZIP.

    Whatever is raised inside the block comes out as a :class:`FileError` that names the file and the cause.
    That includes what decoders throw: a Rust panic is no :class:`Exception`. Errors of this package pass
    unchanged, and so do interrupts.

    Raises
    ------
    FileError
        If the file cannot be opened or read, or has changed by the end of the block.
    """
    if any(parent.suffix.lower() == ".zip" for parent in path.parents) and not path.exists():
        from pointcloud.io.zipped import open_zipped  # which knows ZIPs, and opens them by this module

        with open_zipped(path) as zipped, _guarded(path, zipped) as status:
            yield zipped, status
        return
    if path.is_dir():
        raise FileError("file.folder", path=path)
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise FileError("file.missing", path=path) from error
    except OSError as error:
        raise FileError("file.unreadable", path=path, cause=_cause(error)) from error
    with file, _guarded(path, file) as status:
        yield file, status


@contextmanager
def _guarded(path: Path, file: io.BufferedReader) -> Iterator[Status]:
    """Do for a block what `open_input` promises."""
    before = _status(file)
    try:
        yield before
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except HyogoError as error:
        check_unchanged(path, file, *before, error)
        raise
    except OSError as error:
        raise FileError("file.unreadable", path=path, cause=_cause(error)) from error
    except BaseException as error:
        check_unchanged(path, file, *before, error)
        raise FileError("file.decoder", path=path, cause=_cause(error)) from error
    check_unchanged(path, file, *before)


def _status(file: io.BufferedReader) -> Status:
    """Return size and time of an open file; of one in a ZIP its size and the ZIP's time."""
    found = os.fstat(file.fileno())
    return Status(getattr(file.raw, "size", found.st_size), found.st_mtime_ns)


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
