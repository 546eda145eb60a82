"""LAZ decoded by a process of its own while this one starts, into memory that both see.

Nothing can be decoded here until NumPy and Numba are there, nor beside anything but kernels, for the decoder holds
Python's lock (lazrs 0.8). On two cores a command takes 6 to 9 % less time with it (3 M and 12 M points). A process that
is started only then costs time (12 M points reduced in 3.4 s instead of 2.8 s), so only what was begun is decoded
ahead. :mod:`pointcloud.io.las.decode_ahead` is what the process runs.

It says, pickled, which file it has opened, and then each time how many bytes of records stand in the next of some slots
in the shared memory; at the end ``None``, or what was raised. It hears of each slot that may be written to again.
"""

from __future__ import annotations

import atexit
import mmap
import os
import pickle
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pointcloud.errors import FileError

if TYPE_CHECKING:
    from pointcloud.io.las.decode import Records
    from pointcloud.io.las.header import LasHeader

CHUNK = 400_000
"""Points at a time: few enough for the cache, and eight LAZ chunks to decode side by side."""

SLOT = 16 * 2**20
"""Bytes of a slot: enough for a chunk of points of 41 bytes."""

SLOTS = 10
"""Slots: on two cores about as much is decoded until the first is taken. One takes memory from when it is used."""

TAKEN = b"\n"
"""What the process hears of a slot."""

LEAST = 10_000_000
"""Bytes of a file from which on it is begun: some 3 M points."""

_begun: dict[Path, _Decoder] = {}


def begin(path: Path) -> None:
    """Start to decode a file that :func:`decode` will soon be called for; do nothing where that can't be."""
    with suppress(OSError):
        if path.is_file() and path.stat().st_size >= LEAST:
            _begun[path] = _Decoder(path)


def give_up() -> None:
    """End what was begun and not asked for."""
    while _begun:
        _begun.popitem()[1].end()


def decode(header: LasHeader) -> Iterator[Records] | None:
    """Return the records of a file as :func:`pointcloud.io.las.records.read` does, at most `CHUNK` at a time.

    What is raised there comes as a :class:`~pointcloud.errors.FileError`; that the process is lost, as `LostError`.

    Returns
    -------
    iterator or None
        ``None`` if the file was not begun.
    """
    decoder = _begun.pop(header.path, None)
    return decoder.records(header) if decoder else None


class LostError(Exception):
    """The process that decodes is gone: killed, or short of memory."""


class _Decoder:
    """The process that decodes one file: out of the reach of Ctrl-C, which is for this process to hear."""

    def __init__(self, path: Path) -> None:
        if not Path(sys.executable).name.lower().startswith("python"):
            raise OSError("another program with Python in it, such as QGIS, would start itself")
        program = [sys.executable, "-P", "-m", "pointcloud.io.las.decode_ahead", str(path)]
        self.memory, self.process = _start(program)
        atexit.register(self.end)

    def records(self, header: LasHeader) -> Iterator[Records]:
        """Yield the records, and end the process."""
        import numpy as np

        slots = np.frombuffer(self.memory, np.uint8).reshape(SLOTS, SLOT)
        number = 0
        try:
            size, modified_ns = self._hear(header)
            if (size, modified_ns) != (header.size, header.modified_ns):
                raise FileError("file.changed", path=header.path, before=header.size, now=size)
            while (held := self._hear(header)) is not None:
                yield slots[number % SLOTS, :held].reshape(-1, header.record_length)
                number += 1
                self._tell()
        finally:
            self.end()

    def _hear(self, header: LasHeader) -> Any:
        assert self.process.stdout is not None
        try:
            said = pickle.load(self.process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise LostError(header.path) from error
        if isinstance(said, FileError):
            raise said
        return said

    def _tell(self) -> None:
        assert self.process.stdin is not None
        with suppress(OSError):  # it may be done, and not need the slot
            os.write(self.process.stdin.fileno(), TAKEN)

    def end(self) -> None:
        """End the process, if it has not ended."""
        atexit.unregister(self.end)
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()


def _start(program: list[str]) -> tuple[mmap.mmap, subprocess.Popen[bytes]]:
    """Start a process and memory for both; its last argument tells it where that is, see :func:`attach`."""
    if sys.platform == "win32":
        name = f"hyogo-pc-{secrets.token_hex(8)}"
        memory = mmap.mmap(-1, SLOTS * SLOT, tagname=name)
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        return memory, _popen([*program, name], creationflags=flags)
    with _nameless() as file:
        file.truncate(SLOTS * SLOT)
        memory = mmap.mmap(file.fileno(), SLOTS * SLOT)
        return memory, _popen([*program, str(file.fileno())], process_group=0, pass_fds=(file.fileno(),))


def _nameless() -> IO[bytes]:
    """Return a file without a name: in memory, whatever room a file system has, where the system knows that."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("hyogo-pc"), "w+b")
    return tempfile.TemporaryFile()


def _popen(program: list[str], **more: Any) -> subprocess.Popen[bytes]:
    places = os.pathsep.join(path or "." for path in sys.path)  # where this process found the package
    process: subprocess.Popen[bytes] = subprocess.Popen(
        program,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a panic of the decoder is told there too; to us comes its error
        env={**os.environ, "PYTHONPATH": places},
        **more,
    )
    return process


def attach(name: str) -> mmap.mmap:
    """Return the memory, in the process that was given its name."""
    if sys.platform == "win32":
        return mmap.mmap(-1, SLOTS * SLOT, tagname=name)
    return mmap.mmap(int(name), SLOTS * SLOT)
