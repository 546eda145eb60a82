"""What a command costs, as a whole process (where the system has ``wait4``, as Linux and macOS do)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

STARTER = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
wall = time.perf_counter() - start
kibibytes = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
print(json.dumps([wall, used.ru_utime + used.ru_stime, kibibytes / 1024]))
sys.exit(status and 1)
"""
"""On Linux a command's peak is at least that of the process that started it: here a small one."""


@dataclass
class Cost:
    """Wall and CPU seconds, and MiB of the largest process."""

    wall: float
    cpu: float
    peak: float


def measure(command: list[str], env: dict[str, str] | None = None) -> Cost:
    """Run a command to its end, with ``env`` beside our own environment."""
    starter = [sys.executable, "-I", "-S", "-c", STARTER]
    done = subprocess.run(
        [*starter, *command], env={**os.environ, **(env or {})}, capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr.decode(errors='replace')}")
    return Cost(*json.loads(done.stdout))
