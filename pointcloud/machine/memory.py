"""The memory of this process: the most it has held, and what it holds no longer."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from pathlib import Path


def peak() -> int:
    """Return the peak resident memory of this process in bytes, 0 where the system does not say."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    if sys.platform == "linux":
        with suppress(OSError, IndexError):
            # getrusage would give the peak of the process that started this one, where that is higher.
            return 1024 * int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def release() -> None:
    """Give freed memory back to the system, where its allocator keeps it (glibc).

    Decoding a file of 12 M points leaves some 50 MiB in the arenas of its threads.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # other C libraries do not have it
            ctypes.CDLL(None).malloc_trim(0)
