"""Limits, and what raises them."""

from __future__ import annotations

import pytest

from pointcloud.machine.limits import LIMITS, limit, number, set_limit


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), (" 2e6 ", 2_000_000), ("2M", 2_000_000), ("1.5k", 1500), ("3G", 3 * 10**9), ("1t", 10**12)],
)
def test_numbers(text: str, value: int) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["", "0", "-1", "many", "1e999", "nan", "k", "1 2"])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        number(text)


def test_a_limit_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYOGO_PC_LIMIT_CELLS", "")  # undone at the end
    assert limit("cells") == LIMITS["cells"]
    set_limit("cells=2e12")
    assert limit("cells") == 2 * 10**12
    monkeypatch.setenv("HYOGO_PC_LIMIT_CELLS", "much")
    assert limit("cells") == LIMITS["cells"]


@pytest.mark.parametrize("text", ["cells", "cells=", "cells=-1", "points=3", "=3"])
def test_what_sets_no_limit(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        set_limit(text)
