"""A folder for files in the making, on the volume of the results."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pointcloud.errors import OutputError
from pointcloud.run.lock import is_locked, locked

_NAME = ".hyogo-pc-relief-"


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """Make a folder for files in the making on the volume of the results; those of dead processes go."""
    try:
        for old in folder.glob(f"{_NAME}*"):
            if not is_locked(old):
                shutil.rmtree(old, ignore_errors=True)
        scratch = folder / f"{_NAME}{secrets.token_hex(4)}"
        scratch.mkdir(parents=True)
    except OSError as error:
        raise OutputError("run.out", path=folder, cause=error.strerror) from error
    try:
        with locked(scratch):
            yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
