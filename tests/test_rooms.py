"""The house is what its pages and its import contract say: rooms, their names, the length of files."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

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


DOCS = ROOT / "docs"
PAGES = [DOCS / "architecture.md", DOCS / "architecture.ja.md"]


@pytest.fixture(scope="module")
def scripts() -> Iterator[tuple[ModuleType, ModuleType]]:
    """The scripts that know the rooms and draw them."""
    sys.path.insert(0, str(DOCS))
    try:
        yield importlib.import_module("rooms"), importlib.import_module("drawing")
    finally:
        sys.path.remove(str(DOCS))
        for name in ("rooms", "drawing"):
            sys.modules.pop(name)


Scripts = tuple[ModuleType, ModuleType]


def test_the_drawing_is_of_this_house() -> None:
    script = [sys.executable, DOCS / "architecture.py", "--check"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_every_room_has_its_floor(scripts: Scripts) -> None:
    held = {room for floor in scripts[0].floors() for room in floor}
    assert held == rooms() | loose() - {"version"} | {"hyogo_pc"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_list_the_rooms(page: Path, scripts: Scripts) -> None:
    section = page.read_text(encoding="utf-8").partition("begin rooms")[2].partition("end rooms")[0]
    listed = re.findall(r"^\| `(\w+)` \| \S", section, re.MULTILINE)
    assert listed == list(scripts[0].described())
    assert set(listed) == rooms() | loose() | {"hyogo_pc"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_files_that_are_there(page: Path) -> None:
    named = re.findall(r"`([\w./]+/[\w.]*)`", page.read_text(encoding="utf-8"))
    assert len(named) > 40
    folders = (ROOT, PACKAGE)
    missing = [
        name
        for name in named
        if not any((folder / f"{name}{end}").exists() for folder in folders for end in ("", ".py"))
    ]
    assert missing == ["cli/hyogo_pc/NAME.py"]


def test_arrows_that_follow_from_others_are_left_out(scripts: Scripts) -> None:
    rooms, _ = scripts
    floors = (("top",), ("left", "right"), ("low",), ("ground",))
    arrows = {("top", "left"), ("left", "right"), ("right", "left"), ("left", "low"), ("low", "ground")}
    house = rooms.House(floors, frozenset(arrows | {("top", "low"), ("left", "ground"), ("right", "ground")}))
    assert rooms.needed(house) == arrows | {("right", "ground")}


def test_arrows_pass_between_rooms(scripts: Scripts) -> None:
    """Long arrows keep off the rooms of the floors between, whose order and gaps hold."""
    rooms, drawing = scripts
    floors = (("a", "b"), ("c", "d", "e"), ("f",), ("g", "h"))
    arrows = [("a", "h"), ("b", "g"), ("a", "e"), ("b", "c"), ("c", "f"), ("d", "g"), ("e", "h"), ("f", "g")]
    rows, paths = drawing.laid(floors, arrows)
    before = drawing.crossings(rows)
    drawing.order(rows)
    drawing.place(rows)
    assert drawing.crossings(rows) < before
    assert {spot.name for row in rows for spot in row if spot.name} == set("abcdefgh")
    for row in rows:
        for left, right in pairwise(row):
            gap = drawing.GAP if left.name or right.name else drawing.NARROW
            assert right.x - left.x >= (left.width + right.width) / 2 + gap - 0.2
    assert [(path[0].name, path[-1].name, len(path)) for path in paths[:2]] == [("a", "h", 4), ("b", "g", 4)]
    text = drawing.svg(rooms.House(floors, frozenset(arrows)))
    assert text == drawing.svg(rooms.House(floors, frozenset(reversed(arrows))))
    assert text.count("<rect") == 1 + 8
