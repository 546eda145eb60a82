"""Which files of a folder were classified there: those that may be replaced."""

from __future__ import annotations

import json
from pathlib import Path

from pointcloud.io import put

NAME = "hyogo-pc-classified.json"


def made(folder: Path) -> dict[str, list[int]]:
    """Return the sizes that each file made in a folder may have; none where nothing can be read of them."""
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return {str(name): [int(size) for size in sizes] for name, sizes in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def is_foreign(target: Path, files: dict[str, list[int]]) -> bool:
    """Return whether a file stands at ``target`` that is not one of those."""
    return target.exists() and target.stat().st_size not in files.get(target.name, [])


def note(folder: Path, name: str, size: int) -> None:
    """Write down that a file of this size is about to be published; until then the one before may stand there.

    Raises
    ------
    OutputError
        If that cannot be written.
    """
    target = folder / name
    standing = [target.stat().st_size] if target.exists() else []
    files = made(folder) | {name: [*standing, size]}
    put.put(folder / NAME, json.dumps(files, sort_keys=True, ensure_ascii=False).encode())
