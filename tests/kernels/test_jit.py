"""The cache of compiled kernels: used where it is whole, thrown away where it is not, done without where it must be."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pointcloud.kernels import jit

MODULE = """
from pointcloud.kernels.jit import kernel

@kernel
def doubled(values, out):
    for i in range(values.size):
        out[i] = 2 * values[i]
"""
USE = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from own import doubled
out = np.empty(3)
doubled(np.arange(3.0), out)
assert out.tolist() == [0.0, 2.0, 4.0]
print(sum(doubled.stats.cache_hits.values()), sum(doubled.stats.cache_misses.values()))
"""


@pytest.fixture
def use(tmp_path: Path) -> Callable[[], str]:
    """Use a kernel in a process of its own; return how often it was in the cache, and how often not."""
    (tmp_path / "own.py").write_text(MODULE, encoding="utf-8")

    def used() -> str:
        plain = {key: value for key, value in os.environ.items() if not key.startswith("NUMBA_")}
        env = plain | {"HYOGO_PC_CACHE": str(tmp_path / "cache")}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", USE, tmp_path],
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        return done.stdout.strip()

    return used


def files(folder: Path, suffix: str) -> list[Path]:
    found = list((folder / "cache").rglob(f"*{suffix}"))
    assert found
    return found


def test_kernels_are_cached(use: Callable[[], str]) -> None:
    assert (use(), use()) == ("0 1", "1 0")


@pytest.mark.parametrize("suffix", [".nbc", ".nbi"])
@pytest.mark.parametrize("keep", [0.0, 0.02, 0.5, 0.99])
def test_a_cache_that_was_cut_is_made_anew(
    suffix: str, keep: float, use: Callable[[], str], tmp_path: Path
) -> None:
    use()
    for path in files(tmp_path, suffix):
        os.truncate(path, int(path.stat().st_size * keep))
    assert (use(), use()) == ("0 1", "1 0")


def test_a_changed_bit_is_seen(use: Callable[[], str], tmp_path: Path) -> None:
    """Machine code would run whatever it is."""
    use()
    (path,) = files(tmp_path, ".nbc")
    data = path.read_bytes()
    for at in (0, 5, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :])
        assert (use(), use()) == ("0 1", "1 0")


def test_files_that_are_none_of_a_cache(use: Callable[[], str], tmp_path: Path) -> None:
    use()
    for suffix in (".nbc", ".nbi"):
        for path in files(tmp_path, suffix):
            path.write_bytes(b"what is this?")
    assert (use(), use()) == ("0 1", "1 0")


def test_a_full_disk_is_done_without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fail(*_: object, **__: object) -> None:
        raise full

    monkeypatch.setenv("HYOGO_PC_CACHE", str(tmp_path))
    jit.cache_folder.cache_clear()
    try:

        @jit.kernel
        def tripled(values: np.ndarray, out: np.ndarray) -> None:
            for i in range(values.size):
                out[i] = 3 * values[i]

        monkeypatch.setattr(jit._Checked, "_open_for_write", fail)
        out = np.empty(2)
        tripled(np.arange(2.0), out)
        assert out.tolist() == [0.0, 3.0]
        assert not list(tmp_path.rglob("*.nbi"))
        monkeypatch.setattr(jit.tempfile, "TemporaryFile", fail)
        jit.cache_folder.cache_clear()
        assert jit.cache_folder() is None
    finally:
        jit.cache_folder.cache_clear()


def test_the_folder_is_named_by_every_kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those in sub-rooms too: Numba does not see that a kernel which another one inlines has changed."""
    home = tmp_path / "kernels"
    (home / "tin").mkdir(parents=True)
    inlined = home / "tin" / "predicates.py"
    inlined.write_text("a = 1", encoding="utf-8")
    monkeypatch.setenv("HYOGO_PC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(jit, "__file__", str(home / "jit.py"))
    names = []
    try:
        for text in ("a = 1", "a = 2"):
            inlined.write_text(text, encoding="utf-8")
            jit.cache_folder.cache_clear()
            names.append(jit.cache_folder())
    finally:
        jit.cache_folder.cache_clear()
    assert names[0] != names[1]


def test_a_kernel_that_changes_in_any_room_gets_a_new_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One kernel is compiled into others, of which Numba sees only that their own file is as it was."""
    monkeypatch.setenv("HYOGO_PC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(jit, "__file__", str(tmp_path / "jit.py"))
    room = tmp_path / "relief"
    room.mkdir()
    found = set()
    for text in ("a = 1", "a = 2"):
        (room / "inlined.py").write_text(text, encoding="utf-8")
        found.add(jit.cache_folder.__wrapped__())
    assert len(found) == 2
    assert None not in found
