"""Which files of a folder were classified there: those that may be replaced."""

from __future__ import annotations

import json
from pathlib import Path

from pointcloud.io import put

NAME = "hyogo-pc-classified.json"


def made(folder: Path) -> dict[str, int]:
    """Return name and size of the files that were made in a folder; none where nothing can be read of them."""
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return {str(name): int(size) for name, size in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def is_foreign(target: Path, files: dict[str, int]) -> bool:
    """Return whether a file stands at ``target`` that is not one of those."""
    return target.exists() and files.get(target.name) != target.stat().st_size


def note(folder: Path, name: str, size: int) -> None:
    """Write down that a file of this size is about to be published.

    Raises
    ------
    OutputError
        If that cannot be written.
    """
    files = made(folder) | {name: size}
    put.put(folder / NAME, json.dumps(files, indent=1, sort_keys=True, ensure_ascii=False).encode())
