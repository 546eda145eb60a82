"""What a viewshed (可視領域) depends on: eye, target, distance, and the air in between."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from pointcloud.errors import ParameterError

Shown = Literal["visible", "needed", "picture"]
SHOWN: tuple[Shown, ...] = ("visible", "needed", "picture")
"""What is made: from how many places a cell is seen; how high a target must be; a picture."""

VIEWSHED_ALGORITHM = 1
"""Raised by one whenever a viewshed would come out differently for the same DEM and parameters."""

EARTH = 6_370_000.0
"""Radius of the Earth in metres, as in the formulas of Japan's public surveys (作業規程の準則)."""

REFRACTION = 0.133
"""Coefficient of refraction of light in air, the same source (両差 = (1 - k) S² / 2R)."""

_RANGES = {
    "eye_height": (0.0, 10_000.0),
    "target_height": (0.0, 10_000.0),
    "radius": (1.0, 200_000.0),
    "refraction": (0.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class SightParams:
    """A viewshed. Lengths are metres.

    Parameters
    ----------
    eye_height, target_height : float
        Above the ground.
    radius : float
        What is further away is not looked at.
    refraction : float
        0 for straight rays; 1 bends them as the Earth is bent.
    curved : bool
        Whether the Earth is; a plane without refraction if not.

    Raises
    ------
    ParameterError
        If a value is out of its range.
    """

    eye_height: float = 1.6
    target_height: float = 0.0
    radius: float = 3000.0
    refraction: float = REFRACTION
    curved: bool = True

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and least <= value <= most):
                raise ParameterError("params.range", name=name, value=value, least=least, most=most)

    @property
    def bend(self) -> float:
        """By how much less, per metre, a point seems high: (1 - k) / 2R times its squared distance."""
        return (1.0 - self.refraction) / (2.0 * EARTH) if self.curved else 0.0
