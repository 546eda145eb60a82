"""The one boundary through which input files are opened: read-only, and every failure one kind of error."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pointcloud.errors import FileError, HyogoError


@contextmanager
def open_input(path: Path) -> Iterator[tuple[io.BufferedReader, os.stat_result]]:
    """Open a file for reading; yield it and its status as it was opened.

    Whatever is raised inside the block comes out as a :class:`FileError` that names the file and the cause.
    That includes what decoders throw: a Rust panic is no :class:`Exception`. Errors of this package pass
    unchanged, and so do interrupts.

    Raises
    ------
    FileError
        If the file cannot be opened or read, or has changed by the end of the block.
    """
    if path.is_dir():
        raise FileError("file.folder", path=path)
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise FileError("file.missing", path=path) from error
    except OSError as error:
        raise FileError("file.unreadable", path=path, cause=_cause(error)) from error
    with file:
        before = os.fstat(file.fileno())
        try:
            yield file, before
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except HyogoError as error:
            check_unchanged(path, file, before.st_size, before.st_mtime_ns, error)
            raise
        except OSError as error:
            raise FileError("file.unreadable", path=path, cause=_cause(error)) from error
        except BaseException as error:
            check_unchanged(path, file, before.st_size, before.st_mtime_ns, error)
            raise FileError("file.decoder", path=path, cause=_cause(error)) from error
        check_unchanged(path, file, before.st_size, before.st_mtime_ns)


def check_unchanged(
    path: Path, file: io.BufferedReader, size: int, modified_ns: int, cause: BaseException | None = None
) -> None:
    """Compare an open file with the size and time it had before.

    Raises
    ------
    FileError
        If they differ; ``cause`` is what the change brought about.
    """
    now = os.fstat(file.fileno())
    if (now.st_size, now.st_mtime_ns) != (size, modified_ns):
        raise FileError("file.changed", path=path, before=size, now=now.st_size) from cause


def _cause(error: BaseException) -> str:
    """Return an exception in one line."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{type(error).__name__}: {' '.join(text.split())}" if text else type(error).__name__
