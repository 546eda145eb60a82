"""The tool that compares two states of the project: what it must see, and what it must overlook."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import laspy
import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from PIL.PngImagePlugin import PngInfo

TOOL = Path(__file__).resolve().parents[2] / "benchmarks" / "compare"
MODULES = ("texts", "contents", "outputs", "commands", "sides", "main")


@dataclass(frozen=True)
class Tool:
    """The modules of the tool, which is no package."""

    texts: ModuleType
    contents: ModuleType
    outputs: ModuleType
    commands: ModuleType
    sides: ModuleType
    main: ModuleType


@pytest.fixture(scope="module")
def tool() -> Iterator[Tool]:
    sys.path.insert(0, str(TOOL))
    try:
        yield Tool(*map(importlib.import_module, MODULES))
    finally:
        sys.path.remove(str(TOOL))
        for name in MODULES:
            sys.modules.pop(name)


Write = Callable[[Path], object]


@pytest.fixture
def verdict(tool: Tool, tmp_path: Path) -> Callable[[str, Write, Write], tuple[str, str]]:
    """Write a file on either side, and return what differs and where first."""

    def compared(name: str, before: Write, now: Write) -> tuple[str, str]:
        for side, write in (("before", before), ("now", now)):
            (tmp_path / side).mkdir()
            write(tmp_path / side / name)
        (found,) = tool.outputs.compare_folders("x", tmp_path / "before", tmp_path / "now").verdicts
        assert found.name == name
        return found.what, found.first

    return compared


def tiff(value: float = 1.5, tag: str = "a", **profile: object) -> Write:
    z = np.full((40, 30), 1.5, np.float32)
    z[0, 0] = np.nan
    z[7, 3] = value

    def write(path: Path) -> None:
        shape = {"height": 40, "width": 30, "count": 1, "dtype": "float32"}
        with rasterio.open(path, "w", transform=Affine(1, 0, 5, 0, -1, 9), **shape, **profile) as file:
            file.write(z, 1)
            file.update_tags(CREDIT=tag)

    return write


def png(value: int = 0, title: str = "t") -> Write:
    def write(path: Path) -> None:
        pixels = np.zeros((5, 6, 3), np.uint8)
        pixels[4, 1] = value
        info = PngInfo()
        info.add_text("Title", title)
        Image.fromarray(pixels).save(path, pnginfo=info)

    return write


def las(z: float = 3.0, software: str = "s") -> Write:
    def write(path: Path) -> None:
        cloud = laspy.LasData(laspy.LasHeader(version="1.4", point_format=6))
        cloud.header.generating_software = software
        cloud.header.scales = [0.001] * 3
        cloud.x, cloud.y, cloud.z = np.array([[1.0, 2.0], [1.0, 2.0], [0.0, z]])
        cloud.write(path)

    return write


def text(content: str) -> Write:
    return lambda path: path.write_text(content, encoding="utf-8")


def values(**content: object) -> Write:
    return text(json.dumps(content))


@pytest.mark.parametrize(
    ("name", "before", "now", "what", "first"),
    [
        ("a.tif", tiff(), tiff(), "equal", ""),
        ("a.tif", tiff(), tiff(2.5), "pixels", "pixels: 1 of 1,200, first [0, 7, 3]: 1.5, now 2.5"),
        ("a.tif", tiff(), tiff(np.nan), "pixels", "first [0, 7, 3]: 1.5, now nan"),
        ("a.tif", tiff(), tiff(tag="b"), "tags", "tag  CREDIT: a, now b"),
        ("a.tif", tiff(), tiff(2.5, "b"), "pixels, tags", "CREDIT"),
        ("a.tif", tiff(), tiff(nodata=-9999.0), "tags", "profile nodata: None, now -9999.0"),
        ("a.tif", tiff(), tiff(photometric="MINISWHITE"), "tags", "colours"),
        ("a.png", png(), png(9), "pixels", "pixels: 3 of 90, first [4, 1, 0]: 0, now 9"),
        ("a.png", png(), png(title="u"), "tags", "info Title: 't', now 'u'"),
        ("a.las", las(), las(3.001), "points, tags", "box"),
        ("a.las", las(), las(software="t"), "tags", "software"),
        ("a.json", values(a=[1, {"b": 2}], seconds=3), values(seconds=4, a=[1, {"b": 2}]), "times", ""),
        ("a.json", values(a=[1, {"b": 2}]), values(a=[1, {"b": 2.5}]), "values", "a[1].b: 2, now 2.5"),
        ("a.json", values(a=1), values(a=1.0), "values", "a: 1, now 1.0"),
        ("a.json", values(a=1, b=2), values(a=1), "values", "b: 2, now missing"),
        ("a.json", values(a=[]), values(a={}), "values", "a: [], now {}"),
        ("a.html", text("a\nb 1.5 s"), text("a\nb 2 s"), "times", ""),
        ("a.html", text("a\nb 1.5 m"), text("a\nb 2 m"), "text", "text: [1] b 1.5 m, now b 2 m"),
        ("a.txt", text("a\n"), text("a\nb\n"), "text", "1 lines, now 2; the first more: b"),
        ("a.txt", text("a\n"), text("a\r\n"), "bytes", "2 bytes, now 3; first at 1"),
        ("a.bin", text("abc"), text("abd"), "bytes", "3 bytes, now 3; first at 2"),
        ("a.tif", tiff(), text("no raster"), "bytes", "not read"),
        (
            "a.log",
            text('{"time": 1, "key": "a"}\n{"key": "b"}'),
            text('{"key": "b"}\n{"key": "a"}'),
            "times",
            "",
        ),
        ("a.log", text('{"key": "a"}\n{"key": "b"}'), text('{"key": "b"}\n{"key": "c"}'), "events", '"a"'),
    ],
)
def test_what_differs(
    name: str,
    before: Write,
    now: Write,
    what: str,
    first: str,
    verdict: Callable[[str, Write, Write], tuple[str, str]],
) -> None:
    found, where = verdict(name, before, now)
    assert found == what
    assert first in where


def test_a_raster_of_other_bytes_and_the_same_content_is_told(
    verdict: Callable[[str, Write, Write], tuple[str, str]],
) -> None:
    def longer(path: Path) -> None:
        tiff()(path)
        path.write_bytes(path.read_bytes() + b"\0")

    assert verdict("a.tif", tiff(), longer)[0] == "bytes"


def test_pixels_of_overviews_count(verdict: Callable[[str, Write, Write], tuple[str, str]]) -> None:
    def with_overview(resampling: rasterio.enums.Resampling) -> Write:
        def write(path: Path) -> None:
            tiff(900.0)(path)
            with rasterio.open(path, "r+") as file:
                file.build_overviews([2], resampling)

        return write

    kinds = rasterio.enums.Resampling
    what, first = verdict("a.tif", with_overview(kinds.nearest), with_overview(kinds.average))
    assert "pixels" in what
    assert "1:2" in first or "tag" in first


ENDS = "2 sheets lack a neighbour, their terrain ends there: "


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        ("a done (1 of 2), about 0:00:01 left", "a done (1 of 2), about 0:00:09 left", True),
        ("a done (1 of 2)\nb done (2 of 2)", "b done (1 of 2)\na done (2 of 2)", True),
        ("1 of 2: a -> x\n2 of 2: b -> y", "1 of 2: b -> y\n2 of 2: a -> x", True),
        ("1 of 2: a -> x", "1 of 2: a -> y", False),
        ("this run: 3 of 3 sheets", "this run: 2 of 3 sheets", False),
        ("warning: first run of this version: compiling\nx", "x", True),
        ("3 図郭を 1.8 秒で作成しました", "3 図郭を 2 秒で作成しました", True),
        ("3 図郭を 1.8 秒で作成しました", "2 図郭を 1.8 秒で作成しました", False),
        ("peak: 12 MiB at 2026-01-02T03:04:05.678+00:00", "peak: 13 MiB at 2026-01-02 13:04:05Z", True),
        (ENDS + "a (N, E), b (S)", ENDS + "b (S), a (N, E)", True),
        (ENDS + "a (N, E), b (S)", ENDS + "b (S), a (N, W)", False),
        ("b\na", "a\nb", False),
        ('{"a": 1, "seconds": 2}', '{"seconds": 3, "a": 1}', True),
        ('{"a": 1}', '{"a": 2}', False),
    ],
)
def test_what_a_command_says(
    before: str, now: str, same: bool, verdict: Callable[[str, Write, Write], tuple[str, str]]
) -> None:
    what, _ = verdict("stdout.console", text(before), text(now))
    assert (what in ("times", "equal")) == same


def test_files_on_one_side_count(tool: Tool, tmp_path: Path) -> None:
    for side, names in (("before", ("a", "sub/.b")), ("now", ("a", "c"))):
        for name in names:
            (tmp_path / side / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / side / name).write_text("same")
    comparison = tool.outputs.compare_folders("x", tmp_path / "before", tmp_path / "now")
    assert comparison.row() == ("x", 3, 1, 0, 0, 2)
    assert not comparison.harmless
    assert {each.name: each.what for each in comparison.verdicts} == {
        "a": "equal",
        "c": "only now",
        "sub/.b": "only before",
    }


PROGRAM = """
import pathlib, sys
word, own = sys.argv[1:]
pathlib.Path(own, "made.txt").write_text(word)
print("written by", __file__, "in", pathlib.Path().resolve(), "in 0.5 s")
sys.exit(0 if word != "fail" else 3)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository of a program that writes a word, with one commit."""
    root = tmp_path / "project"
    (root / "pointcloud").mkdir(parents=True)
    (root / "pointcloud" / "__init__.py").touch()
    (root / "cli" / "hyogo_pc").mkdir(parents=True)
    (root / "cli" / "hyogo_pc" / "__init__.py").touch()
    (root / "cli" / "hyogo_pc" / "__main__.py").write_text(PROGRAM)
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "--quiet", "-m", "one")
    return root


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(root), *arguments], check=True, capture_output=True, encoding="utf-8"
    ).stdout


def compared(tool: Tool, root: Path, folder: Path, *commands: object, **options: object) -> bool:
    with tool.sides.checkout(root, "HEAD", folder / "base") as base:
        before = tool.sides.Side(base, folder / "before", {})
        now = tool.sides.Side(root, folder / "now", {})
        good: bool = tool.main.compare(before, now, commands, **options)
    assert not base.exists()
    assert len(git(root, "worktree", "list").splitlines()) == 1
    return good


def test_one_state_does_not_differ_from_itself(
    tool: Tool, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = tool.commands.Command
    commands = (command("one", "word {own}"), command("two", "word {own}", copy="one"))
    assert compared(tool, project, tmp_path, *commands)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[1:] == [["one", "4", "3", "1", "0", "0"], ["two", "4", "3", "1", "0", "0"]]


def test_a_changed_state_differs(
    tool: Tool, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = project / "cli" / "hyogo_pc" / "__main__.py"
    program.write_text(PROGRAM.replace("write_text(word)", "write_text(word + '!')"))
    assert not compared(tool, project, tmp_path, tool.commands.Command("one", "word {own}"))
    said = capsys.readouterr().out
    assert "made.txt: text · text: [0] word, now word!" in said
    assert "stdout" not in said


def test_two_failures_are_no_equality(
    tool: Tool, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not compared(tool, project, tmp_path, tool.commands.Command("one", "fail {own}"))
    assert "exit code 3 on both sides, not 0" in capsys.readouterr().out
    assert compared(tool, project, tmp_path / "more", tool.commands.Command("one", "fail {own}", 3))


def test_what_a_machine_lacks_is_left_out_and_named(
    tool: Tool, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = tool.commands.Command("one", "fail {own}", needs=("shared",))
    assert compared(tool, project, tmp_path, command, lacking=["shared"])
    assert "left out: one (no shared)" in capsys.readouterr().out


def test_commands_bring_those_they_read(tool: Tool) -> None:
    names = [command.name for command in tool.commands.chosen(["convert-back"])]
    assert names == ["sheets", "convert-to-text", "convert-back"]
    assert len(tool.commands.chosen([])) == len({command.name for command in tool.commands.COMMANDS})
    with pytest.raises(KeyError):
        tool.commands.chosen(["no-such"])


def test_every_verb_is_compared(tool: Tool) -> None:
    from hyogo_pc.main import COMMANDS

    lines = [command.line.removeprefix("--lang ja ") for command in tool.commands.COMMANDS]
    assert {line.split()[0] for line in lines} == set(COMMANDS)
