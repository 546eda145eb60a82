"""The command line as a process: its exit codes, what is done at its end, and what it does not import."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from runs import rasters
from squares import SQUARES, cloud

posix = pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")
CLOSED = ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]
FULL = [">/dev/full", "2>/dev/full", ">/dev/full 2>/dev/full"]


def python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("arguments", "code"), [("--version", 0), ("sheet nowhere", 2), ("nothing", 2)])
def test_exit_codes_are_those_of_the_command(arguments: str, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hyogo_pc", *arguments.split()], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert bool(done.stdout) == (code == 0)
    assert bool(done.stderr) == (code != 0)


@pytest.mark.parametrize("others", [0, 1])
def test_what_is_registered_for_the_end_is_done(others: int) -> None:
    done = python(
        "import atexit, sys, threading, time\n"
        "from hyogo_pc.process import end\n"
        "atexit.register(lambda: print('registered'))\n"
        f"for _ in range({others}):\n"
        "    threading.Thread(target=lambda: (time.sleep(0.3), print('thread'))).start()\n"
        "print('printed', end=' ')\n"
        "end(7)\n"
    )
    assert done.returncode == 7
    assert done.stdout.split() == ["printed", *["thread"] * others, "registered"]


def shell(streams: str, *arguments: str | Path) -> int:
    """Run the command in a shell that closes streams, or leads them where there is no room; return its exit code."""
    program = shlex.join([sys.executable, "-m", "hyogo_pc", *map(str, arguments)])
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.run(["sh", "-c", f"{program} {streams}"], check=False, timeout=300, **quiet).returncode


@pytest.fixture(scope="module")
def square(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("square")
    cloud(folder / "a.laz")
    cloud(folder / "b.laz", 44_050.0)
    return folder


@posix
@pytest.mark.parametrize("streams", [*CLOSED, *FULL, "2>&1 | true"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_work_goes_on_whatever_becomes_of_the_streams(
    streams: str, jobs: str, square: Path, tmp_path: Path
) -> None:
    """And nothing that is printed gets into a file that was opened in their place."""
    given = (*SQUARES, "-p", "dsm", "--jobs", jobs)
    assert shell(streams, "grid", square, "-o", tmp_path / "out", *given) == 0
    assert len(rasters(tmp_path / "out")) == 2
    assert shell("", "verify", tmp_path / "out") == 0


@posix
@pytest.mark.parametrize("streams", [*CLOSED, *FULL])
def test_the_exit_code_is_that_of_the_work(streams: str, tmp_path: Path) -> None:
    (tmp_path / "a.las").write_bytes(b"LASF")
    assert shell(streams, "info", tmp_path) == 1
    assert shell(streams, "grid", tmp_path, "-o", tmp_path / "out") == 1
    assert shell(streams, "grid", tmp_path) == 2


@posix
@pytest.mark.parametrize(
    ("streams", "code"),
    [(">/dev/full", 1), (">/dev/full 2>&-", 1), (">&-", 0), ("2>/dev/full", 0), ("| true", 0)],
)
@pytest.mark.parametrize("command", ["sheet 05MF513", "sites", "sites --json"])
def test_an_answer_that_is_lost_is_no_success(command: str, streams: str, code: int) -> None:
    """One that nobody wants to read is no loss."""
    told = shell(f"{streams}; exit $?" if "|" not in streams else streams, *command.split())
    assert told == code


@posix
def test_numbers_of_closed_streams_are_taken() -> None:
    program = (
        "import os; from hyogo_pc import streams; streams.mend(); file = os.open('/dev/null', os.O_RDONLY)\n"
        "print('nobody hears this'); raise SystemExit(0 if file > 2 else 1)"
    )
    for closed in CLOSED:
        done = subprocess.run(
            ["sh", "-c", f"{shlex.join([sys.executable, '-c', program])} {closed}"], check=False
        )
        assert done.returncode == 0
