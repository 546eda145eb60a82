"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pointcloud import messages


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real tiles; its README says what is there. Skips where it is missing."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("HYOGO_PC_SHARED", default)) / "data"
    if not folder.is_dir():
        pytest.skip(f"no real tiles at {folder}")
    return folder


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages in English, whatever the machine's locale; a test of the Japanese ones asks for them."""
    monkeypatch.delenv("HYOGO_PC_LANG", raising=False)
    monkeypatch.setattr(messages, "_chosen", "en")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where nothing may be skipped (``HYOGO_PC_NO_SKIPS``), a skip is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("HYOGO_PC_NO_SKIPS"):
        reporter.write_line(f"{len(skipped)} tests were skipped, and none may be here", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
