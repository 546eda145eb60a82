"""Verdicts become errors or stay."""

from __future__ import annotations

import pytest

from pointcloud.doubt.verdict import Grade, Verdict, require
from pointcloud.errors import CrsError, FileError


def test_refused_ones_are_raised_and_others_kept() -> None:
    warned = Verdict.of(Grade.WARNED, "file.box_large", axis="X", excess="2.00")
    assert require([warned], "a.las") == [warned]
    refused = Verdict.of(Grade.REFUSED, "file.missing")
    with pytest.raises(FileError) as caught:
        require([warned, refused], "a.las")
    assert caught.value.message == "file.missing"
    assert "a.las" in str(caught.value)
    with pytest.raises(CrsError):
        require([Verdict.of(Grade.REFUSED, "file.missing", system=True)], "a.las")
