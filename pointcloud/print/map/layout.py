"""How a map is laid out on paper, and at which scale a piece of land fits. Without NumPy, for the command line."""

from __future__ import annotations

from dataclasses import dataclass

from pointcloud.print.paper import sizes

PAPERS = ("A4", "A3", "A2")
"""Sizes of paper that maps are laid out for."""

ORIENTATIONS = ("auto", *sizes.ORIENTATIONS)

SCALES = (
    *(100, 200, 250, 500, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 7500),
    *(10_000, 15_000, 20_000, 25_000, 50_000, 100_000, 200_000, 500_000),
)
"""Denominators of the scales that are proposed; any other may be asked for."""

_GROWTH = {"A4": 1.0, "A3": 1.15, "A2": 1.35}
"""How much larger texts are on larger paper, which is read from further away."""

MARGIN = 8.0
"""Millimetres that printers leave white."""

_TWO_COLUMNS = 240.0
_TICKS = 4.0
_GAP = 2.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of paper, and how a map is laid out on it; lengths in millimetres.

    Parameters
    ----------
    paper : str
        A name of :data:`PAPERS`.
    portrait : bool
    panel : float
        Height of the panel below the map, on A4.
    """

    paper: str
    portrait: bool
    panel: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        return sizes.size(self.paper, "portrait" if self.portrait else "landscape")

    @property
    def growth(self) -> float:
        """How much larger texts and panel are than on A4."""
        return _GROWTH[self.paper]

    @property
    def wide(self) -> bool:
        """Whether the panel has room for a legend of two columns."""
        return (self.size[0] - 2 * MARGIN) / self.growth >= _TWO_COLUMNS

    @property
    def panel_edges(self) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of the panel."""
        return MARGIN, MARGIN, self.size[0] - 2 * MARGIN, self.panel * self.growth

    @property
    def map_edges(self) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of the map."""
        width, height = self.size
        ticks = _TICKS * self.growth
        bottom = MARGIN + self.panel * self.growth + _GAP + ticks
        return MARGIN + ticks, bottom, width - 2 * (MARGIN + ticks), height - MARGIN - ticks - bottom

    def holds(self, width: float, height: float, scale: float) -> bool:
        """Whether so many metres fit on the map."""
        _, _, wide, high = self.map_edges
        return width * 1000 / scale <= wide + 1e-6 and height * 1000 / scale <= high + 1e-6


def fitting_scale(width: float, height: float, sheet: Sheet) -> int | None:
    """Return the largest scale (smallest denominator) of :data:`SCALES` at which so many metres fit."""
    return next((scale for scale in SCALES if sheet.holds(width, height, scale)), None)


def better(width: float, height: float, landscape: Sheet, portrait: Sheet) -> Sheet:
    """Return the sheet on which so many metres can be drawn larger; the first where both are alike."""
    ratios = []
    for sheet in (landscape, portrait):
        _, _, wide, high = sheet.map_edges
        ratios.append(min(wide / width, high / height))
    return portrait if ratios[1] > ratios[0] else landscape
