"""Boxes of zones that are known beforehand are those that PROJ finds."""

from __future__ import annotations

import pytest

from pointcloud.geo import areas


@pytest.mark.parametrize("zone", range(1, 20))
@pytest.mark.parametrize("base", [2442, 6668])
def test_known_boxes_are_those_of_proj(base: int, zone: int) -> None:
    known, found = areas.inside(f"EPSG:{base + zone}"), areas.found_inside(f"EPSG:{base + zone}")
    assert (known is None) == (found is None)
    if known and found:
        inwards = (known[0] - found[0], known[1] - found[1], found[2] - known[2], found[3] - known[3])
        assert all(0.0 <= edge < 1.0 for edge in inwards)
