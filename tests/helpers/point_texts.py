"""Texts of points by the rules of public surveys, and the same points as LAS."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from runs import Array, write_cloud

SHEET = "05LF9011"
CORNER = (40000.0, -57600.0)
"""South-west corner of sheet 05LF9011, in metres."""


def hillside(count: int = 12_000, seed: int = 0, side: float = 90.0) -> tuple[list[Array], list[Array]]:
    """Return E, N, Z to the centimetre of all points and of the ground, no two at one place."""
    rng = np.random.default_rng(seed)
    place = rng.permutation(round(side * 100) ** 2)[:count]
    e = np.round(CORNER[0] + place % round(side * 100) / 100, 2)
    n = np.round(CORNER[1] + place // round(side * 100) / 100, 2)
    ground = rng.random(count) < 0.5
    z = np.round(
        3 * np.sin(e / 9) + (n - CORNER[1]) / 20 + np.where(ground, 0.0, rng.uniform(0, 9, count)), 2
    )
    return [e, n, z], [e[ground], n[ground], z[ground]]


def text(columns: list[Array], end: str = "\r\n", pulse: bool = True) -> str:
    """Return ``id,x,y,z,pulse`` a line."""
    rows = zip(*columns, strict=True)
    tail = ",1" if pulse else ""
    return "".join(f"{i},{e:.2f},{n:.2f},{z:.2f}{tail}{end}" for i, (e, n, z) in enumerate(rows, 1))


def write_text(path: Path, columns: list[Array], **manner: object) -> Path:
    """Write a text of points."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text(columns, **manner).encode())  # type: ignore[arg-type]
    return path


def write_las(path: Path, columns: list[Array]) -> Path:
    """Write the same points as LAS, of class 1."""
    return write_cloud(path, *columns, 1, scale=0.01)


def packed(path: Path, files: dict[str, str | bytes]) -> Path:
    """Write a ZIP."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path
