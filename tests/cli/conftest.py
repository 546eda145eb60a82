"""What several of the command's tests grid."""

from __future__ import annotations

from pathlib import Path

import pytest
from squares import cloud


@pytest.fixture(scope="session")
def four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that fills four squares of 50 m."""
    return cloud(tmp_path_factory.mktemp("four") / "four.laz", side=100.0)
