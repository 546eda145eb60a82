"""What a process says of its memory."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

MIB = 2**20


def told(work: str) -> int:
    """Return the peak that a process of its own tells after some work."""
    program = [sys.executable, "-c", f"{work}\nfrom pointcloud.machine import memory; print(memory.peak())"]
    return int(subprocess.run(program, capture_output=True, check=True).stdout)


def test_the_peak_is_the_most_that_was_held() -> None:
    hold = "import numpy; held = numpy.ones(200 << 20, numpy.uint8); del held"
    assert 200 * MIB < told(hold) < 400 * MIB


def test_the_peak_is_of_this_process_alone() -> None:
    held = np.ones(400 * MIB, np.uint8)
    assert held[-1]
    assert 0 < told("pass") < 400 * MIB
