"""What a run relies on fails it once: a line that says so, whole files only, and the same command finishes."""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runs import Delivery, leftovers, rasters, tiles, town

from hyogo_pc.main import main
from pointcloud.gridding import recipe
from pointcloud.io import put
from pointcloud.run.owner import Owner
from pointcloud.run.publish import Publisher

STEPS = ("write", "sync", "rename")
NUMBERS = {
    errno.ENOSPC: "the disk is full",
    errno.EIO: "reports a fault",
    errno.EACCES: "you may not write there",
}
SQUARE = "E0044100_S0078000"


class Faults:
    """Stands for a call to the system, counts it, and refuses it once."""

    def __init__(self, call: Callable[..., Any], refused: int = -1, number: int = 0) -> None:
        self.call, self.refused, self.number, self.calls = call, refused, number, 0

    def __call__(self, *arguments: Any) -> Any:
        self.calls += 1
        if self.calls - 1 == self.refused:
            raise OSError(self.number, os.strerror(self.number))
        return self.call(*arguments)


def everything(out: Path) -> dict[str, object]:
    """Return what is in an output folder, but for times, memory, and which process it was."""
    found: dict[str, object] = {}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        if path.is_dir() or name == "report.html":
            continue
        if path.suffix == ".json":
            values = json.loads(path.read_bytes())
            for key in ("made", "run"):
                values.pop(key, None)
            found[name] = values
        else:
            found[name] = path.read_bytes()
    return found


def gridding(folder: Path, out: Path, *options: str) -> list[str]:
    return ["grid", str(folder), "-o", str(out), "--jobs", "1", *options]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory, delivery: Delivery) -> Delivery:
    """Two sheets."""
    folder = tmp_path_factory.mktemp("tiny")
    bounds = (44_000.0, -78_000.0, 44_100.0, -77_950.0)
    files = tiles(folder / "in", town(np.random.default_rng(4), bounds, 0.5), 50.0)
    return Delivery(folder / "in", {str(key): path for key, path in files.items()}, delivery.options, {})


def fail_each_call_once(
    step: str,
    numbers: Callable[[int], tuple[int, ...]],
    command: Callable[[Path], list[str]],
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Run a command as often as it makes a call, and let another one fail each time.

    Parameters
    ----------
    step : str
        Name of the call.
    numbers : callable
        Of the call's place, with which errors it fails, one after the other.
    command : callable
        Of the output folder.
    folder : Path
        To work in.
    capsys : pytest.CaptureFixture
    """
    call = getattr(put.SYSTEM, step)
    with pytest.MonkeyPatch.context() as context:
        counted = Faults(call)
        context.setattr(put.SYSTEM, step, counted)
        assert main(command(folder / "clean")) == 0
    clean = everything(folder / "clean")
    assert counted.calls >= 7, "a raster, its record, the folder's twice, a mosaic, a picture, a report"
    for refused in range(counted.calls):
        for number in numbers(refused):
            case = f"{step} {refused} {errno.errorcode[number]}"
            out = folder / case
            capsys.readouterr()
            with pytest.MonkeyPatch.context() as context:
                context.setattr(put.SYSTEM, step, Faults(call, refused, number))
                code = main(command(out))
            printed = capsys.readouterr()
            lines = (printed.err + printed.out).splitlines()
            assert code == 1, case
            said = [line for line in lines if NUMBERS[number] in line]
            assert len(said) == 1, f"{case}: {lines}"
            assert said[0].startswith(("Error: ", "FAILED sheet ")), case
            assert "Traceback" not in printed.err, case
            assert leftovers(out) == [], case
            half = [
                name
                for name, content in everything(out).items()
                if isinstance(content, bytes)
                and content != clean[name]
                and not name.endswith((".vrt", ".png"))
            ]
            assert half == [], case
            assert main(command(out)) == 0, case
            assert everything(out) == clean, case
            shutil.rmtree(out)


@pytest.mark.parametrize("step", STEPS)
def test_each_call_to_the_system_fails_once(
    step: str, tiny: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sheet and one product; the errors take turns."""
    turns = list(itertools.islice(itertools.cycle(NUMBERS), STEPS.index(step), 100))
    file = tiny.files["(880, -1560)"]
    fail_each_call_once(
        step,
        lambda refused: (turns[refused],),
        lambda out: gridding(file, out, *tiny.options, "-p", "dsm"),
        tmp_path,
        capsys,
    )


@pytest.mark.soak
@pytest.mark.parametrize("step", STEPS)
def test_each_call_to_the_system_fails_once_with_each_error(
    step: str, tiny: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_each_call_once(
        step,
        lambda _: tuple(NUMBERS),
        lambda out: gridding(tiny.folder, out, *tiny.options),
        tmp_path,
        capsys,
    )


@pytest.mark.parametrize(("jobs", "when"), [(1, "publish"), (2, "publish"), (2, "reduced")])
def test_an_output_folder_that_goes_ends_the_run(
    jobs: int,
    when: str,
    delivery: Delivery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As when a drive is unplugged after the second sheet, or before what the second file was reduced to is opened.

    There is no word of success, and the same command makes all.
    """
    out = tmp_path / "out"
    kind = Publisher if when == "publish" else Owner
    step, calls = getattr(kind, when), 0

    def goes(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        result = step(*arguments) if when == "publish" else None
        if calls == 2:
            out.rename(tmp_path / "gone")
        return step(*arguments) if when == "reduced" else result

    command = ["grid", *map(str, delivery.arguments(out, jobs))]
    with monkeypatch.context() as context:
        context.setattr(kind, when, goes)
        code = main(command)
    printed = capsys.readouterr()
    assert code == 1
    assert "its folder has gone" in printed.err.splitlines()[-1]
    assert "Traceback" not in printed.err
    assert rasters(out) == {}
    assert leftovers(out) == []
    assert delivery.wrong(tmp_path / "gone") == []
    assert main(command) == 0
    assert delivery.wrong(out) == []
    assert delivery.missing(out) == set()


def before_it_is_read(monkeypatch: pytest.MonkeyPatch, name: str, happens: Callable[[Path], object]) -> None:
    """Let something happen to an input after its header was read, and before its points are."""
    reduce = recipe.reduce_file

    def reduced(header: Any, *arguments: Any, **options: Any) -> Any:
        if header.path.name == name:
            happens(header.path)
        return reduce(header, *arguments, **options)

    monkeypatch.setattr(recipe, "reduce_file", reduced)


def test_an_input_that_goes_is_named_and_costs_its_sheet(
    delivery: Delivery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(delivery.folder, tmp_path / "in")
    name, out = delivery.files[SQUARE].name, tmp_path / "out"
    command = gridding(tmp_path / "in", out, *delivery.options)
    with monkeypatch.context() as context:
        before_it_is_read(context, name, Path.unlink)
        assert main(command) == 1
    said = capsys.readouterr().out
    assert f"FAILED {name}: " in said
    assert "there is no such file" in said
    assert delivery.missing(out) == {SQUARE}
    assert leftovers(out) == []
    shutil.copy2(delivery.files[SQUARE], tmp_path / "in")
    assert main(command) == 0
    assert delivery.wrong(out) == []
    assert delivery.missing(out) == set()


def test_an_input_that_changes_is_named_and_costs_its_sheet(
    delivery: Delivery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is another file now: the next run makes what a clean run makes of it."""
    shutil.copytree(delivery.folder, tmp_path / "in")
    name, out = delivery.files[SQUARE].name, tmp_path / "out"
    command = gridding(tmp_path / "in", out, *delivery.options)
    other = tiles(
        tmp_path / "other", town(np.random.default_rng(77), (44_100, -78_000, 44_150, -77_950), 1.0), 50.0
    )
    with monkeypatch.context() as context:
        before_it_is_read(context, name, lambda path: shutil.copyfile(next(iter(other.values())), path))
        assert main(command) == 1
    said = capsys.readouterr().out
    assert f"FAILED {name}: " in said
    assert "changed" in said
    assert delivery.missing(out) == {SQUARE}
    assert leftovers(out) == []
    assert main(command) == 0
    assert main(gridding(tmp_path / "in", tmp_path / "clean", *delivery.options)) == 0
    assert everything(out) == everything(tmp_path / "clean")
