"""How ground is told from what stands on it: the parameters, in metres, and presets of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from pointcloud.errors import ParameterError

Method = Literal["smrf", "pdal-smrf", "pdal-csf", "pdal-pmf"]
METHODS: tuple[Method, ...] = ("smrf", "pdal-smrf", "pdal-csf", "pdal-pmf")

Preset = Literal["general", "forest", "town", "site"]
PRESETS: tuple[Preset, ...] = ("general", "forest", "town", "site")

_RANGES = {
    "cell": (0.1, 10.0),
    "window": (1.0, 100.0),
    "step": (0.0, 10.0),
    "slope": (0.0, 5.0),
    "slope_share": (0.0, 5.0),
    "threshold": (0.0, 10.0),
    "scaling": (0.0, 10.0),
    "max_gap": (0.0, 400.0),
    "fill_gap": (0.0, 50.0),
    "noise_drop": (0.1, 1000.0),
}


@dataclass(frozen=True, slots=True)
class SmrfParams:
    """The simple morphological filter (SMRF) with holes filled from what is near.

    Lengths are metres, slopes rise over run.

    Parameters
    ----------
    cell : float
        Side of the cells that the lowest points are gathered in.
    window : float
        Largest radius of the discs that the surface is opened with: what is wider than twice this everywhere stays.
    step, slope, slope_share : float
        A cell is no ground if an opening with radius r lowers it by more than
        step + (slope + slope_share · slope of the land around) · r.
    threshold, scaling : float
        A point is ground if it lies within threshold + scaling · slope of the terrain through the cells that are left.
    max_gap : float
        Widest disc without ground cells that this terrain bridges.
    fill_gap : float
        Widest hole in the lowest points that is filled before the openings.
    noise_drop : float
        A point this far below the second lowest of the cells within three is noise.

    Raises
    ------
    ParameterError
        If a value is out of its range.
    """

    cell: float = 1.0
    window: float = 22.0
    step: float = 0.2
    slope: float = 0.07
    slope_share: float = 0.28
    threshold: float = 0.35
    scaling: float = 1.5
    max_gap: float = 100.0
    fill_gap: float = 20.0
    noise_drop: float = 5.0

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ParameterError("ground.range", name=name, value=value, least=least, most=most)
        if self.window < self.cell:
            raise ParameterError("ground.window", window=self.window, cell=self.cell)

    @property
    def widest(self) -> float:
        """Width in metres of the widest flat roof that is removed."""
        return 2.0 * self.window


GENERAL = SmrfParams()

PRESET: dict[Preset, SmrfParams] = {
    "general": GENERAL,
    "forest": replace(GENERAL, window=10.0, slope=0.15, slope_share=0.5),
    "town": replace(GENERAL, window=40.0, slope_share=0.15, max_gap=160.0),
    "site": replace(GENERAL, cell=0.5, window=7.0, step=0.3, slope=0.2, slope_share=0.8),
}
"""Land of all kinds; steep forest; towns with halls up to 80 m wide; castles and barrows: walls and mounds stay, for
which the terrain follows squares of 1 m, not 2."""
