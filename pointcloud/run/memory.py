"""The most memory that this process has held."""

from __future__ import annotations

import sys


def peak() -> int:
    """Return the peak resident memory of this process in bytes, 0 where the system does not say."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
