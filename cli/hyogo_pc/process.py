"""The command line as a process of its own: it starts light and ends at once.

Measured with ``hyogo-pc relief`` of 4.2 M cells, on a busy machine without SciPy, medians of nine runs in turn: 1.78
CPU seconds with none of this, 1.53 with the quick end, 1.43 with fewer collections too. None of it touches those who
import the library or call :func:`hyogo_pc.main.main`.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn

from hyogo_pc import streams
from pointcloud.machine.offline import close_network

_ALLOCATIONS = 200_000
"""Objects made between two searches for garbage: imports make many, and none of it is garbage."""


def entry() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    # Linear algebra is a few small systems here; its threads, one a core in every worker, wait busily at the start.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    streams.mend()
    close_network()
    from hyogo_pc.main import main

    if getattr(sys, "frozen", False):  # one executable file: its workers begin here too
        import multiprocessing

        multiprocessing.freeze_support()
    gc.set_threshold(_ALLOCATIONS, 50, 50)
    end(main())


def end(code: int) -> NoReturn:
    """End the process: at once if nothing else runs in it, without freeing each object of the compiler first.

    What was registered to be done at the end is done; streams are flushed.
    """
    if threading.active_count() > 1:
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
