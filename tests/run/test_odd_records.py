"""Records of another office, or of nobody: refused in one line, whatever they hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from runs import Delivery, gridded

from hyogo_pc.main import main
from pointcloud.errors import OutputError
from pointcloud.run.record import Record

ODD = [None, True, 7, -1, 1.5, "x", "", [], {}, [1], {"a": 1}, 10**30, float("inf"), ["x"] * 4]


@pytest.fixture(scope="module")
def out(delivery: Delivery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "out"
    gridded(delivery.folder, "-o", folder, "--jobs", "1", *delivery.options)
    return folder


def places(values: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each value within others, the outer ones first; of lists and tables one each."""
    if way:
        yield way
    if isinstance(values, dict):
        for key, value in list(values.items())[:12]:
            yield from places(value, (*way, key))
    elif isinstance(values, list) and values:
        yield from places(values[0], (*way, 0))


def changed(values: Any, way: tuple[Any, ...], value: Any) -> Any:
    found = json.loads(json.dumps(values))
    inner = found
    for key in way[:-1]:
        inner = inner[key]
    inner[way[-1]] = value
    return found


def files(out: Path) -> list[Path]:
    return [out / "hyogo-pc.json", sorted((out / "record").glob("*.json"))[0]]


@pytest.mark.parametrize("which", [0, 1])
def test_any_value_of_any_kind(which: int, out: Path, tmp_path: Path) -> None:
    """What can be loaded can be used: told of, and gone on with."""
    path = files(out)[which]
    sound = path.read_text(encoding="utf-8")
    values = json.loads(sound)
    refused: list[str] = []
    try:
        for way in places(values):
            for odd in ODD:
                path.write_text(json.dumps(changed(values, way, odd)), encoding="utf-8")
                try:
                    record = Record.load(out)
                except OutputError as error:
                    refused.append(str(error))
                    continue
                for item in record.items.values():  # as pages and messages have them
                    "{:.1f} {:.1f} {:.1f} {:.1f} {:>9} {:s}".format(*item.bounds, item.code, item.failure)
    finally:
        path.write_text(sound, encoding="utf-8")
    assert len(refused) > 100
    assert all(path.name in text and "\n" not in text for text in refused)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 99_999,
        '{"schema": 3, "run": ' + "[" * 99_999,
        "7",
        "null",
        "[]",
        "{}",
        "\0",
        '{"schema": {}}',
    ],
)
def test_what_is_no_record(
    which: int, text: str, out: Path, capsys: pytest.CaptureFixture[str], delivery: Delivery
) -> None:
    path = files(out)[which]
    sound = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    try:
        capsys.readouterr()
        for command in (["status", str(out)], ["verify", str(out)]):
            assert main(command) == 1
            (line,) = capsys.readouterr().err.splitlines()
            assert path.name in line
            assert "should not have happened" not in line
    finally:
        path.write_text(sound, encoding="utf-8")


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("run",), {}),
        (("run", "started"), "2024-01-01T00:00:00"),
        (("run", "started"), "yesterday"),
        (("run", "failed"), {"a.las": 7}),
        (("run", "sheets"), 10**400),
        (("parameters", "DEM_1g"), []),
    ],
)
def test_status_of_an_odd_run(
    way: tuple[str, ...], value: object, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = files(out)[0]
    sound = path.read_text(encoding="utf-8")
    path.write_text(json.dumps(changed(json.loads(sound), way, value)), encoding="utf-8")
    try:
        assert main(["status", str(out)]) in (1, 2)
        assert "should not have happened" not in capsys.readouterr().err
    finally:
        path.write_text(sound, encoding="utf-8")
