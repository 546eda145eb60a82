"""Every style's function says what it is in both languages, in which unit, by which equation and from where."""

from __future__ import annotations

import re

import pytest

from pointcloud import relief
from pointcloud.params.styles import STYLES

FUNCTIONS = {
    "sky-view": relief.sky_view_factor,
    "openness": relief.positive_openness,
} | {name: getattr(relief, name.replace("-", "_")) for name in STYLES if name not in ("sky-view", "openness")}


def test_every_style_has_a_function() -> None:
    assert set(FUNCTIONS) == set(STYLES)


@pytest.mark.parametrize("style", STYLES)
def test_docstring(style: str) -> None:
    text = FUNCTIONS[style].__doc__ or ""
    heading = text.splitlines()[0]
    assert re.search(r"\([^)]*[\u4e00-\u9fff]+[^)]*\)", heading), "its name in Japanese"
    assert re.search(r"degrees|metres|1/m|0 to 1|0 black to 1 white|without unit|\(m\)", text), "its unit"
    assert re.search(r"\(?(19|20)\d\d\)?|:func:", text), "its source"
    assert re.search(r"[√Σ]|\w+ ?[-+/] ?\w|max\(|atan2\(|90° \+", text), "its equation"
