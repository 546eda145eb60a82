"""``hyogo-pc sample``."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from click.testing import CliRunner

from hyogo_pc.sample import command
from pointcloud import messages, sample


@pytest.fixture(autouse=True)
def few_pulses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "write", functools.partial(sample.write, density=0.03))


def test_it_lists_what_it_wrote(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["-o", str(tmp_path)])
    assert result.exit_code == 0
    for path in tmp_path.rglob("*.*"):
        assert path.relative_to(tmp_path).as_posix() in result.stdout
    last = result.stdout.splitlines()[-1]
    assert last.startswith("8 files, 0.")
    assert last.endswith(f"of a made-up place (CC0) are in {tmp_path}")
    assert "flight line 3 of 3" in result.stderr


def test_it_speaks_japanese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_chosen", "ja")
    result = CliRunner().invoke(command, ["-o", str(tmp_path / "見本")])
    assert result.exit_code == 0
    assert "架空の地点" in result.stdout
    assert "飛行コース 3/3" in result.stderr


def test_a_negative_seed_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["-o", str(tmp_path), "--seed", "-1"])
    assert result.exit_code == 2
    assert not list(tmp_path.iterdir())
