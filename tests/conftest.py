"""Fixtures that every test may use."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from pointcloud import messages

NEEDED = ("no real tiles", "no PDAL", "no Japanese font")
"""Reasons to skip a test that are none where the project's own CI runs."""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real tiles; its README says what is there. Skips where it is missing."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("HYOGO_PC_SHARED", default)) / "data"
    if not folder.is_dir():
        pytest.skip(f"{NEEDED[0]} at {folder}")
    return folder


@pytest.fixture(scope="session")
def pdal() -> str:
    """The command ``pdal``, from HYOGO_PC_PDAL or the path. Skips where there is none."""
    command = os.environ.get("HYOGO_PC_PDAL") or shutil.which("pdal")
    if not command:
        pytest.skip(NEEDED[1])
    return command


@pytest.fixture(scope="session")
def pdal_module() -> Any:
    """PDAL's binding, whatever its version. Skips where there is none."""
    try:
        import pdal
    except ImportError:
        pytest.skip(NEEDED[1])
    return pdal


@pytest.fixture(scope="session")
def japanese_font() -> Path:
    """A font with Japanese. Skips where there is none."""
    from pointcloud.print.fonts import japanese

    if not japanese():
        pytest.skip(NEEDED[2])
    return japanese()[0]


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages in English, whatever the machine's locale; a test of the Japanese ones asks for them."""
    monkeypatch.delenv("HYOGO_PC_LANG", raising=False)
    monkeypatch.setattr(messages, "_chosen", "en")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With ``HYOGO_PC_NO_SKIPS`` what needs real tiles, PDAL or a font must run: such a skip is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    needed = [report for report in skipped if any(reason in str(report.longrepr) for reason in NEEDED)]
    if needed and os.environ.get("HYOGO_PC_NO_SKIPS"):
        reporter.write_line(
            f"{len(needed)} tests were skipped for want of real tiles, PDAL or a font", red=True
        )
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
