"""The only code that writes, flushes and renames a final file.

A file is *staged* under a private name in the folder it is meant for, so on the same volume, and flushed to
the disk; then it is *published*: checked and renamed in one step. Whatever happens, a kill or a power cut
included, a final name holds the whole of a file or the whole of the one before. Workers stage; only the owner
of a run publishes, so a late ghost of an earlier run cannot reach a final name.

What the operating system is asked for goes through `System`, so that tests can let each step fail.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from pointcloud.errors import OutputError

_PREFIX, _SUFFIX = ".hyogo-pc-", ".part"
_CHUNK = 1 << 24
_WINDOWS_PATH_LIMIT = 260


def _numbers(*names: str) -> set[int]:
    """Return the error numbers of these names; no system has them all."""
    return {getattr(errno, name) for name in names if hasattr(errno, name)}


_UNSUPPORTED = _numbers("EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS")

_CAUSES = (
    (_numbers("ENOSPC", "EDQUOT"), "output.disk_full"),
    (_numbers("EROFS"), "output.read_only"),
    (_numbers("EACCES", "EPERM"), "output.denied"),
    (_numbers("EIO"), "output.disk_fault"),
    (_numbers("ENAMETOOLONG"), "output.name_too_long"),
    (_numbers("ENOTDIR", "EEXIST"), "output.not_a_folder"),
    (_numbers("ENOENT"), "output.folder_gone"),
)

_T = TypeVar("_T")
_run = secrets.token_hex(4)
_counter = itertools.count()


def _sync_folder(folder: Path) -> None:
    """Make a rename outlast a power cut; Windows has no call for it."""
    if SYSTEM.windows:
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_folder(folder: Path) -> None:
    missing = [*itertools.takewhile(lambda path: not path.is_dir(), (folder, *folder.parents))]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        _if_supported(SYSTEM.sync_folder, path.parent)


@dataclass(slots=True)
class System:
    """The calls to the operating system; `SYSTEM` holds those in use.

    Windows refuses a rename while another program has the target open (elsewhere that is no obstacle);
    ``retries`` are the waits in seconds before it is tried again there.
    """

    windows: bool = os.name == "nt"
    retries: tuple[float, ...] = (0.1, 0.2, 0.4, 0.8, 1.6)
    make_folder: Callable[[Path], None] = _make_folder
    open: Callable[[Path], int] = lambda path: os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
    )
    write: Callable[[int, memoryview], int] = os.write
    sync: Callable[[int], None] = os.fsync
    close: Callable[[int], None] = os.close
    size: Callable[[Path], int] = lambda path: path.stat().st_size
    rename: Callable[[Path, Path], None] = os.replace
    sync_folder: Callable[[Path], None] = _sync_folder
    remove: Callable[[Path], None] = os.unlink
    sleep: Callable[[float], None] = time.sleep


SYSTEM = System()


def stage(folder: Path, name: str, data: bytes | memoryview | Iterable[bytes]) -> Path:
    """Write ``data`` under a private name and flush it to the disk.

    Parameters
    ----------
    folder : Path
        Where the file will be published; made if it is missing.
    name : str
        The final name: what an error calls the file.
    data : bytes, memoryview or iterable of bytes
        The whole of the file, or its pieces in order.

    Returns
    -------
    Path
        The private file in ``folder``, for `publish` or `discard`.

    Raises
    ------
    OutputError
        If the disk is full, faulty, read-only or refuses; no private file is left.
    """
    private = _private(folder)
    try:
        SYSTEM.make_folder(folder)
        _write(private, [data] if isinstance(data, bytes | memoryview) else data)
    except BaseException as error:
        discard(private)
        if isinstance(error, OSError):
            raise refusal(folder / name, error) from error
        raise
    return private


def stage_by(folder: Path, name: str, write: Callable[[BinaryIO], None]) -> tuple[Path, int]:
    """Let ``write`` fill a private file, for what is too large to be made in memory first.

    Parameters
    ----------
    folder, name
        As for `stage`.
    write : callable
        Takes the open file, which can be sought; what it raises other than `OSError` passes unchanged.

    Returns
    -------
    (Path, int)
        The private file, for `publish` or `discard`, and its bytes.

    Raises
    ------
    OutputError
        As `stage` does.
    """
    private = _private(folder)
    try:
        SYSTEM.make_folder(folder)
        with os.fdopen(SYSTEM.open(private), "wb") as file:
            write(file)
            file.flush()
            _if_supported(SYSTEM.sync, file.fileno())
        return private, SYSTEM.size(private)
    except BaseException as error:
        discard(private)
        if isinstance(error, OSError):
            raise refusal(folder / name, error) from error
        raise


def adopt(folder: Path, name: str, made: Path) -> Path:
    """Stage a file that another library has written on the same volume, such as GDAL one too large for memory.

    Parameters
    ----------
    folder, name
        As for `stage`.
    made : Path
        The whole of the file, closed; it is moved.

    Returns
    -------
    Path
        The private file in ``folder``, for `publish` or `discard`.

    Raises
    ------
    OutputError
        As `stage` does; ``made`` is then removed.
    """
    private = _private(folder)
    try:
        SYSTEM.make_folder(folder)
        handle = os.open(made, os.O_RDWR | getattr(os, "O_BINARY", 0))
        try:
            _if_supported(SYSTEM.sync, handle)
        finally:
            SYSTEM.close(handle)
        SYSTEM.rename(made, private)
    except BaseException as error:
        discard(private)
        discard(made)
        if isinstance(error, OSError):
            raise refusal(folder / name, error) from error
        raise
    return private


def publish(staged: Path, target: Path, *, size: int, sha256: str | None = None) -> None:
    """Give a staged file its final name, in place of a file that may have it.

    Parameters
    ----------
    staged : Path
        What `stage` returned, in this process or in another.
    target : Path
        The final name, in the same folder.
    size : int
        Bytes that were staged.
    sha256 : str, optional
        Their hexadecimal digest; given, the file is read and compared.

    Raises
    ------
    OutputError
        If the staged file is gone or not what was staged, or the rename is refused (by Windows as long as
        another program has the target open): the staged file is removed and the target untouched. Also if
        the folder cannot be flushed after the rename: the target is whole, but may not outlast a power cut.
    """
    try:
        found = SYSTEM.size(staged)
        if found != size or (sha256 is not None and digest(staged) != sha256):
            raise OutputError("output.altered", path=target, expected=size, found=found)
        _rename(staged, target)
    except BaseException as error:
        discard(staged)
        if isinstance(error, PermissionError) and SYSTEM.windows:
            raise OutputError("output.in_use", path=target) from error
        if isinstance(error, OSError):
            raise refusal(target, error) from error
        raise
    try:
        _if_supported(SYSTEM.sync_folder, target.parent)
    except OSError as error:
        raise refusal(target, error) from error


def put(target: Path, data: bytes | memoryview) -> None:
    """Write a whole file under its final name, or leave what was there: `stage`, then `publish`.

    Raises
    ------
    OutputError
        As `stage` and `publish` do.
    """
    staged = stage(target.parent, target.name, data)
    publish(staged, target, size=memoryview(data).nbytes)


def discard(staged: Path) -> None:
    """Remove a staged file if it can be removed; `sweep` finds what is left."""
    with suppress(OSError):
        SYSTEM.remove(staged)


def remove(target: Path) -> None:
    """Delete a file under its final name; it may be gone already.

    Raises
    ------
    OutputError
        If it cannot be deleted (on Windows as long as another program has it open).
    """
    try:
        SYSTEM.remove(target)
    except FileNotFoundError:
        return
    except PermissionError as error:
        if SYSTEM.windows:
            raise OutputError("output.in_use", path=target) from error
        raise refusal(target, error) from error
    except OSError as error:
        raise refusal(target, error) from error


def sweep(folder: Path, *, own: bool = False) -> int:
    """Remove the private files that dead processes left in a folder, and return how many.

    Only for the owner of a run, while it holds the lock of the output and no worker lives: the files of a live
    process cannot be told from those of a dead one. What this process itself has staged is kept unless ``own``.
    """
    mine = f"{_PREFIX}{os.getpid():x}-{_run}-"
    removed = 0
    for path in sorted(folder.glob(f"{_PREFIX}*{_SUFFIX}")):
        if own or not path.name.startswith(mine):
            with suppress(OSError):
                SYSTEM.remove(path)
                removed += 1
    return removed


def digest(path: Path) -> str:
    """Return the hexadecimal SHA-256 digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _private(folder: Path) -> Path:
    return folder / f"{_PREFIX}{os.getpid():x}-{_run}-{next(_counter):x}{_SUFFIX}"


def _write(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    handle = SYSTEM.open(path)
    try:
        for piece in pieces:
            data = memoryview(piece).cast("B")
            while data:  # a disk that is nearly full takes a part, and refuses only the next
                data = data[SYSTEM.write(handle, data[:_CHUNK]) :]
        _if_supported(SYSTEM.sync, handle)
    except BaseException:
        with suppress(OSError):
            SYSTEM.close(handle)
        raise
    SYSTEM.close(handle)  # a network volume may say only now that it is full


def _rename(staged: Path, target: Path) -> None:
    for wait in SYSTEM.retries if SYSTEM.windows else ():
        try:
            return SYSTEM.rename(staged, target)
        except PermissionError:
            SYSTEM.sleep(wait)
    return SYSTEM.rename(staged, target)


def _if_supported(call: Callable[[_T], None], argument: _T) -> None:
    try:
        call(argument)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


_HOPELESS = {"output.disk_full", "output.read_only", "output.disk_fault", "output.folder_gone"}


def hopeless(error: BaseException | None) -> bool:
    """Return whether what refused one file will refuse every other: the disk is full, say."""
    return isinstance(error, OutputError) and error.message in _HOPELESS


def refusal(target: Path, error: OSError) -> OutputError:
    """Say in words what the operating system refused, and what to do."""
    message = next((message for numbers, message in _CAUSES if error.errno in numbers), "output.other")
    longest = max(len(str(path)) for path in (target, error.filename or ""))
    if SYSTEM.windows and message == "output.folder_gone" and longest >= _WINDOWS_PATH_LIMIT:
        message = "output.name_too_long"
    return OutputError(message, path=target, length=longest, cause=error.strerror or str(error))
