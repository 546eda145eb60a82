"""The house is what its pages and its import contract say: rooms, their names, the length of files."""

from __future__ import annotations

from pathlib import Path

import pointcloud

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "pointcloud"
LONGEST = 400
LOOSE = 8


def rooms() -> set[str]:
    return {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def loose() -> set[str]:
    return {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}


def sources() -> list[Path]:
    """Python files of the checkout, not those of environments, builds and caches in it."""
    hidden = {"build", "dist", "demo_out", "bench_out"}
    return [
        path
        for folder in (ROOT, *(child for child in ROOT.iterdir() if child.is_dir()))
        if folder == ROOT or not (folder.name.startswith(".") or folder.name in hidden)
        for path in sorted(folder.glob("*.py") if folder == ROOT else folder.rglob("*.py"))
    ]


def test_no_room_hides_a_public_name() -> None:
    """``import pointcloud.mosaic`` would put the package in the place of the function ``pointcloud.mosaic``."""
    assert rooms() | loose() >= {"geo", "io", "run", "errors"}
    assert (rooms() | loose()) & set(pointcloud.__all__) == set()


def test_few_modules_lie_loose() -> None:
    assert len(loose()) <= LOOSE


def test_files_are_short() -> None:
    lines = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources()
    }
    assert {"make.py", "cli/hyogo_pc/main.py", "tests/test_rooms.py", "benchmarks/grid.py"} <= set(lines)
    assert {path: count for path, count in lines.items() if count > LONGEST} == {}
