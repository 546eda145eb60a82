"""What a process says of its memory."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from pointcloud import memory

MIB = 2**20


def test_the_peak_is_the_most_that_was_held() -> None:
    held = np.ones(200 * MIB, np.uint8)
    assert held[-1]
    del held
    assert 200 * MIB < memory.peak() < 2**40


def test_the_peak_is_of_this_process_alone() -> None:
    held = np.ones(400 * MIB, np.uint8)
    assert held[-1]
    program = [sys.executable, "-c", "from pointcloud import memory; print(memory.peak())"]
    told = int(subprocess.run(program, capture_output=True, check=True).stdout)
    assert 0 < told < 400 * MIB
