"""Where this user's computer keeps what can be made again: compiled kernels, headers read before."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_root() -> Path:
    """Return the folder, which may not exist: ``HYOGO_PC_CACHE``, or the operating system's for this user."""
    return Path(os.environ.get("HYOGO_PC_CACHE") or platformdirs.user_cache_dir("hyogo-pc", appauthor=False))
