"""The command line as a process: its exit codes, what is done at its end, and what it does not import."""

from __future__ import annotations

import subprocess
import sys

import pytest


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
