"""The standard streams of the process: open, whatever the caller closed, and never a reason to stop working.

A run of hours does not end because nobody reads what it says. What is lost is remembered: where the answer itself was
to be read on stdout, the exit code says so.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

_MODES = (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)


class _Patient(io.FileIO):
    """A file that takes everything; what it could not write is lost, and ``lost`` says so.

    A reader that has gone away wanted no more: that is no loss.
    """

    lost = False

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            return super().write(data) or 0
        except OSError as error:
            self.lost |= error.errno not in (
                errno.EPIPE,
                errno.EINVAL,
            )  # the second is Windows' word for the first
            return memoryview(data).nbytes


_output: _Patient | None = None


def mend() -> None:
    """Open what is closed, to nowhere, and let no failure to write come out.

    A file that was opened in the place of a closed stream would get what is printed.
    """
    global _output
    for number, mode in enumerate(_MODES):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, mode)  # takes the lowest number that is free
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    _output, out = _mended(1, sys.stdout)
    _, err = _mended(2, sys.stderr)
    sys.stdout, sys.stderr = out, err


def _mended(number: int, old: TextIO | None) -> tuple[_Patient | None, TextIO]:
    """Return a stream in the place of an old one: the same, but that it never fails."""
    if sys.platform == "win32" and old is not None and old.isatty():
        return None, old  # a console writes letters, not bytes, and is never full
    raw: Any = _Patient(number, "w", closefd=False)
    encoding = old.encoding if old else "utf-8"
    at_once = number == 2 or (old is not None and old.isatty())
    buffered = io.BufferedWriter(raw)
    return raw, io.TextIOWrapper(buffered, encoding, errors="backslashreplace", line_buffering=at_once)


def output_was_lost() -> bool:
    """Whether something that was written to stdout is lost, on a full disk for example."""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    return _output is not None and _output.lost
