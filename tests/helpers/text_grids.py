"""Texts of Hyogo's grids for tests: one of sheet 05LF901, and why it is refused."""

from __future__ import annotations

from pathlib import Path

from grid_files import run

OUT = Path("DEM_1g", "DEM_05LF901_1g.tif")
"""What it becomes."""


def wrote(folder: Path, text: str | bytes, name: str = "DEM_05LF901_1g.txt") -> Path:
    """Write a text, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def why(tmp_path: Path, text: str | bytes, name: str = "DEM_05LF901_1g.txt", **options: object) -> str:
    """Why a text is refused; nothing may be left of it."""
    report, _ = run(tmp_path / "out", wrote(tmp_path, text, name), **options)
    assert not report.written
    assert {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()} <= {"hyogo-pc.json"}
    assert len(report.failed) == 1
    (said,) = report.failed.values()
    assert "\n" not in said
    return said
