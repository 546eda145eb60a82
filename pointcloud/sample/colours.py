"""Colours of points, as from an aerial photograph taken on the same flight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pointcloud.sample import valley
from pointcloud.sample.cloud import Points
from pointcloud.sample.place import SOUTH, WEST
from pointcloud.sample.returns import GROUND
from pointcloud.sample.terrain import terrain

_BY_CLASS = {
    1: (200, 60, 50),
    2: (150, 140, 104),
    3: (112, 138, 76),
    4: (78, 110, 62),
    5: (54, 88, 52),
    6: (92, 98, 110),
    7: (255, 255, 255),
    9: (40, 62, 78),
}
_PADDY = (124, 146, 82)
_ROAD = (104, 104, 108)


def paint(part: Points, seed: int) -> NDArray[np.uint8]:
    """Return red, green and blue of points, (points, 3): plain colours by what was hit."""
    palette = np.zeros((256, 3), np.uint8)
    palette[list(_BY_CLASS)] = list(_BY_CLASS.values())
    rgb = palette[part.classification]
    x, y = part.e - WEST, part.n - SOUTH
    ground = part.classification == GROUND
    rgb[ground & terrain(seed).paddies(x, y)] = _PADDY
    rgb[ground & (np.abs(y - valley.road_centre(x)) < valley.ROAD_HALF_WIDTH)] = _ROAD
    return rgb
