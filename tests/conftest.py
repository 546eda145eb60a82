"""Fixtures that every test may use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runs import Delivery, gridded, rasters, tiles, town

from pointcloud import messages
from pointcloud.errors import ParameterError
from pointcloud.io.las import ahead

NEEDED = ("no real tiles", "no PDAL", "no Japanese font", "no browser", "no OpenGL")
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
    from pointcloud.print.paper.fonts import japanese

    if not japanese():
        pytest.skip(NEEDED[2])
    return japanese()[0]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The command of a Chromium or Chrome. Skips where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    command = next(filter(None, map(shutil.which, names)), None)
    if command is None or os.name == "nt":
        pytest.skip(NEEDED[3])
    return command


@pytest.fixture(scope="session")
def opengl() -> None:
    """A machine that can draw, if only by software. Skips where it cannot."""
    from pointcloud.view import libraries

    try:
        window = libraries.pyvista().Plotter(off_screen=True).render_window
    except ParameterError:
        pytest.skip(NEEDED[4])
    if not window.SupportsOpenGL():
        pytest.skip(NEEDED[4])


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages in English, whatever the machine's locale; a test of the Japanese ones asks for them."""
    monkeypatch.delenv("HYOGO_PC_LANG", raising=False)
    monkeypatch.setattr(messages, "_chosen", "en")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With ``HYOGO_PC_NO_SKIPS`` what needs tiles, PDAL, a font, a browser or OpenGL must run: a skip fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    needed = [report for report in skipped if any(reason in str(report.longrepr) for reason in NEEDED)]
    if needed and os.environ.get("HYOGO_PC_NO_SKIPS"):
        reporter.write_line(
            f"{len(needed)} tests were skipped for want of real tiles, PDAL, a font, a browser or OpenGL",
            red=True,
        )
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def _decoded_ahead(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """LAZ of any size is decoded ahead, and nothing that was begun is left."""
    monkeypatch.setattr(ahead, "LEAST", 0)
    yield
    ahead.give_up()


DELIVERED = (44_000.0, -78_000.0, 44_200.0, -77_900.0)
DELIVERED_WITH = ("--sheet", "none", "--tile-size", "50", "--max-gap", "20", "--water-gap", "10")


@pytest.fixture(scope="session")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    """A small delivery, and what an undisturbed run makes of it; its files are not to be changed."""
    folder = tmp_path_factory.mktemp("delivery")
    parts = tiles(folder / "in", town(np.random.default_rng(3), DELIVERED, 1.0), 50.0)
    files = {f"E{col * 50:07d}_S{-row * 50:07d}": path for (col, row), path in parts.items()}
    assert len(files) == 8
    gridded(folder / "in", "-o", folder / "out", "--jobs", "1", *DELIVERED_WITH)
    good = {name: path.read_bytes() for name, path in rasters(folder / "out").items()}
    assert len(good) == 8 * 3
    return Delivery(folder / "in", files, DELIVERED_WITH, good)
