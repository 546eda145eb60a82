"""What `hyogo-pc status` says of a run, and `hyogo-pc verify` of its rasters."""

from __future__ import annotations

import errno
import json
import os
import platform
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from runs import Delivery, begin, plugin, rasters

from hyogo_pc.main import main
from pointcloud.gridding import recipe
from pointcloud.io import put

SQUARE = "E0044100_S0078000"
DEM = f"DEM_1g/DEM_{SQUARE}_1g.tif"

SLOW = """
import time
import pointcloud.io.put as put

stage = put.stage


def staged(folder, name, data):
    time.sleep(0.3)
    return stage(folder, name, data)


put.stage = staged
"""


def call(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """Run a command in this process; return its exit code and what it said."""
    capsys.readouterr()
    code = main([*map(str, arguments)])
    return code, "".join(capsys.readouterr())


def grid(delivery: Delivery, out: Path) -> int:
    return main(["grid", *map(str, delivery.arguments(out, 1))])


@pytest.fixture(scope="module")
def made(delivery: Delivery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of an undisturbed run, to be copied."""
    out = tmp_path_factory.mktemp("made") / "out"
    assert grid(delivery, out) == 0
    return out


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(made, tmp_path / "out"))


def stops(monkeypatch: pytest.MonkeyPatch, after: int, error: BaseException) -> None:
    """Let something be raised in place of a sheet."""
    make, calls = recipe.make_sheet, 0

    def raises(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            raise error
        return make(*arguments, **options)

    monkeypatch.setattr(recipe, "make_sheet", raises)


# --- status


@pytest.mark.parametrize("command", ["status", "verify"])
def test_a_folder_where_nothing_was_made(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = call(capsys, command, tmp_path)
    assert code == 2
    assert "nothing was made here yet" in said


def test_a_run_that_is_finished(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = call(capsys, "status", out)
    assert code == 0
    lines = said.splitlines()
    assert lines[0].startswith("finished ")
    assert f"on {platform.node()})" in lines[0]
    assert lines[1] == "this run: 8 of 8 sheets"
    assert lines[2].startswith("pace: ")
    assert "sheets with rasters: 8" in lines
    assert [line.strip() for line in lines[-3:]] == [f"{p}_1g: 8 rasters" for p in ("CS", "DEM", "DSM")]


def test_a_run_that_had_nothing_to_do(
    delivery: Delivery, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert grid(delivery, out) == 0
    _, said = call(capsys, "status", out)
    assert "this run: 0 of 0 sheets" in said
    assert "pace" not in said
    assert "sheets with rasters: 8" in said


def test_failures_are_listed_with_their_reasons_and_count_as_done(
    delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stops(monkeypatch, 6, MemoryError("no room"))
    assert grid(delivery, tmp_path / "out") == 1
    code, said = call(capsys, "status", tmp_path / "out")
    assert code == 1
    assert said.startswith("finished ")
    assert "this run: 8 of 8 sheets" in said
    assert "sheets with rasters: 6" in said
    assert said.count("FAILED sheet ") == said.count("MemoryError: no room") == 2


def test_status_as_json(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = call(capsys, "status", out, "--json")
    assert code == 0
    values = json.loads(said)
    assert values["run"]["ended_as"] == "done"
    assert values["rasters"] == {"CS_1g": 8, "DEM_1g": 8, "DSM_1g": 8}
    assert values["states"] == {"written": 8}
    assert (values["done"], values["running"], values["left"], values["failures"]) == (8, False, None, {})


def test_a_run_that_the_user_stopped(
    delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stops(monkeypatch, 2, KeyboardInterrupt())
    assert grid(delivery, tmp_path / "out") == 130
    code, said = call(capsys, "status", tmp_path / "out")
    assert code == 0
    assert said.startswith("stopped by the user ")
    assert "this run: 2 of 8 sheets" in said
    assert "time left" not in said


def test_a_run_that_an_error_ended(
    delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write, calls = put.SYSTEM.write, 0

    def full(*arguments: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 10:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(*arguments)

    monkeypatch.setattr(put.SYSTEM, "write", full)
    assert grid(delivery, tmp_path / "out") == 1
    assert call(capsys, "status", tmp_path / "out")[1].startswith("ended by an error ")


@pytest.mark.skipif(sys.platform == "win32", reason="no signals here")
def test_a_run_at_work_and_killed(
    delivery: Delivery, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    process = begin(*delivery.arguments(out), **plugin(tmp_path / "plugin", SLOW))
    try:
        end = time.monotonic() + 60
        while len(list(out.glob("record/*.json"))) < 2:
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.02)
        code, during = call(capsys, "status", out)
        refused, second = call(capsys, "grid", *delivery.arguments(out))
        os.killpg(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()
    assert code == 0
    assert during.startswith(f"running on {platform.node()} (process {process.pid}) since ")
    assert "time left: about 0:0" in during
    assert refused == 1
    assert "another run is at work in this folder" in second
    assert f"({platform.node()}, process {process.pid}, 2" in second, "it says who, and since when"

    assert call(capsys, "status", out)[1].startswith("killed, or the computer went down ")
    assert grid(delivery, out) == 0, "nobody holds the folder any more"
    assert call(capsys, "status", out)[1].startswith("finished ")
    assert delivery.wrong(out) == []


def test_a_damaged_record_is_named(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = out / "record" / f"{SQUARE}.json"
    path.write_bytes(path.read_bytes()[:100])
    for command in ("status", "verify"):
        code, said = call(capsys, command, out)
        assert code == 1
        assert str(path) in said
        assert "delete the file" in said
        assert "Traceback" not in said


def test_what_the_message_on_a_damaged_record_advises_helps(
    delivery: Delivery, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (out / "hyogo-pc.json").write_text("{")
    assert call(capsys, "verify", out)[0] == 1
    (out / "hyogo-pc.json").unlink()
    assert grid(delivery, out) == 0
    assert call(capsys, "verify", out)[0] == 0
    assert delivery.wrong(out) == []


# --- verify


def test_all_is_as_recorded(delivery: Delivery, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = call(capsys, "verify", out, "--deep", delivery.folder)
    assert code == 0
    assert said.splitlines() == ["24 rasters compared", "8 inputs compared", "all as recorded"]


def test_a_missing_raster(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (out / DEM).unlink()
    code, said = call(capsys, "verify", out)
    assert code == 1
    assert said.splitlines()[:2] == [f"MISSING {DEM}", "24 rasters compared"]


def test_a_raster_with_one_bit_flipped(
    delivery: Delivery, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its size tells nothing; what the verdict advises mends it."""
    data = bytearray((out / DEM).read_bytes())
    data[len(data) // 2] ^= 1
    (out / DEM).write_bytes(data)
    code, said = call(capsys, "verify", out)
    assert code == 1
    assert said.splitlines()[0].startswith(f"ALTERED {DEM}: ")
    assert "MISSING" not in said
    assert "delete what was altered" in said
    (out / DEM).unlink()
    assert grid(delivery, out) == 0
    assert call(capsys, "verify", out)[0] == 0
    assert delivery.wrong(out) == []


def test_a_raster_that_the_record_does_not_know(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(out / DEM, out / "DEM_1g" / "コピー.tif")
    code, said = call(capsys, "verify", out)
    assert code == 1
    assert said.splitlines()[0].startswith("UNKNOWN DEM_1g/コピー.tif")


def test_an_altered_and_a_missing_input(
    delivery: Delivery, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wherever the inputs lie now; they are asked about only on demand."""
    folder = Path(shutil.copytree(delivery.folder, tmp_path / "elsewhere"))
    first, second, *_ = sorted(path.name for path in folder.iterdir())
    data = bytearray((folder / first).read_bytes())
    data[-50] ^= 1
    (folder / first).write_bytes(data)
    (folder / second).unlink()
    code, said = call(capsys, "verify", out, "--deep", folder)
    assert code == 1
    assert f"ALTERED input {first}: " in said
    assert f"MISSING input {second}" in said
    assert len(said.splitlines()) == 2 + 3
    assert call(capsys, "verify", out)[0] == 0


def test_verify_alters_nothing(delivery: Delivery, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert call(capsys, "verify", out, "--deep", delivery.folder)[0] == 0
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
    assert len(rasters(out)) == 24
