"""One run at a time in an output folder."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from pointcloud.errors import OutputError

_NAME = ".hyogo-pc.lock"
_FAR = 2**30


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold the lock of an output folder, which is made if it is missing.

    The operating system frees it however this process ends, so there are no stale locks. Volumes that know no locks
    (some network drives) go without.

    Raises
    ------
    OutputError
        If another process holds it, or the folder cannot be made or written.
    """
    path = out / _NAME
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = _open(path)
    except BlockingIOError:
        raise OutputError("run.busy", path=out, holder=_holder(path)) from None
    except OSError as error:
        raise OutputError("run.out", path=out, cause=error.strerror) from error
    try:
        _sign(handle)
        yield
    finally:
        if sys.platform == "win32":  # an open file cannot be removed there
            os.close(handle)
        with suppress(OSError):
            path.unlink()
        if sys.platform != "win32":
            os.close(handle)


def is_locked(out: Path) -> bool:
    """Whether a run holds the lock of an output folder now."""
    try:
        with (out / _NAME).open("rb+") as file:
            _lock(file.fileno())
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _sign(handle: int) -> None:
    """Write who holds the lock, for whoever is refused."""
    with suppress(OSError):
        os.lseek(handle, 0, os.SEEK_SET)
        os.ftruncate(handle, 0)
        since = datetime.now().astimezone().isoformat(sep=" ", timespec="minutes")
        os.write(handle, f"{platform.node()}, process {os.getpid()}, {since}".encode())


def _holder(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8") or "-"
    except (OSError, ValueError):
        return "-"


def _open(path: Path) -> int:
    """Return an open file that this process alone has locked and that is the one at ``path``."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(handle)
        except OSError:
            os.close(handle)
            raise
        with suppress(FileNotFoundError):  # removed by the one who held it, between our opening and locking
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        os.close(handle)


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, _FAR, os.SEEK_SET)  # what is locked there cannot be read, and the beginning is to be
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(*error.args) from error
    else:
        import errno
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL):
                raise
