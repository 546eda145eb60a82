"""Where compiled kernels are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from pointcloud.kernels import jit


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
