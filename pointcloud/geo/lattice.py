"""The one lattice: quanta, cells and windows.

Every coordinate is brought to whole *quanta* of 0.1 mm before anything else looks at it, and from there on is an
integer. Cells lie on the zone's whole metres and are half-open: a point on a west or north edge is inside, one on
an east or south edge belongs to the next cell. So columns count from the west (``floor(E / cell)``) and rows from
the north (``floor(-N / cell)``).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from affine import Affine

QUANTA_PER_METRE = 10_000
"""Quanta in a metre: one quantum is 0.1 mm, which holds the usual LAS scales (1, 0.1, 0.01 … 0.0001) exactly."""

QUANTA_PER_DEGREE = 36_000_000
"""Quanta in a degree of a geographic raster: 0.1 ms of arc, which holds meshes and their cells exactly."""


def quanta(metres: float) -> int:
    """Return a length or coordinate in whole quanta, rounded half to even."""
    return round(metres * QUANTA_PER_METRE)


def metres(quanta: int) -> float:
    """Return a number of quanta in metres."""
    return quanta / QUANTA_PER_METRE


@dataclass(frozen=True, slots=True)
class Box:
    """A half-open rectangle in quanta: west and north edges inside, east and south edges outside."""

    west: int
    south: int
    east: int
    north: int

    @classmethod
    def from_metres(cls, west: float, south: float, east: float, north: float) -> Box:
        """Return the box with these edges in metres."""
        return cls(quanta(west), quanta(south), quanta(east), quanta(north))

    @property
    def empty(self) -> bool:
        """Whether no point can lie in the box."""
        return self.east <= self.west or self.north <= self.south

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in metres."""
        return metres(self.west), metres(self.south), metres(self.east), metres(self.north)

    @property
    def area(self) -> float:
        """Square metres; 0 if it is empty."""
        return 0.0 if self.empty else metres(self.east - self.west) * metres(self.north - self.south)

    def grow(self, by: int) -> Box:
        """Return the box with every edge moved outwards by ``by`` quanta."""
        return Box(self.west - by, self.south - by, self.east + by, self.north + by)

    def shift(self, east: int, north: int) -> Box:
        """Return the box moved by so many quanta."""
        return Box(self.west + east, self.south + north, self.east + east, self.north + north)

    def intersect(self, other: Box) -> Box:
        """Return what both boxes hold; it may be empty."""
        return Box(
            max(self.west, other.west),
            max(self.south, other.south),
            min(self.east, other.east),
            min(self.north, other.north),
        )

    def touches(self, other: Box) -> bool:
        """Whether the boxes share any area."""
        return not self.intersect(other).empty

    def contains(self, other: Box) -> bool:
        """Whether ``other`` lies wholly inside."""
        return (
            self.west <= other.west
            and self.south <= other.south
            and other.east <= self.east
            and other.north <= self.north
        )

    def snap(self, cell: int) -> Box:
        """Return the smallest box of whole cells that holds this one."""
        return Box(
            self.west // cell * cell,
            self.south // cell * cell,
            -(-self.east // cell) * cell,
            -(-self.north // cell) * cell,
        )


@dataclass(frozen=True, slots=True)
class Grid:
    """A window of the lattice: a box of whole cells.

    Arrays on it have the shape ``(rows, cols)``, row 0 in the north, column 0 in the west.

    Parameters
    ----------
    box : Box
        Its edges must be multiples of ``cell``.
    cell : int
        Side of a cell in quanta.
    origin : (int, int)
        A corner of cells, east and north in quanta. Rasters of others may have whole metres as cell centres.
    per_unit : int
        Quanta in a unit of the coordinates: metres, or degrees in a geographic raster.

    Raises
    ------
    ValueError
        If an edge lies between cells.
    """

    box: Box
    cell: int
    origin: tuple[int, int] = (0, 0)
    per_unit: int = QUANTA_PER_METRE

    def __post_init__(self) -> None:
        (east, north), box = self.origin, self.box
        edges = (box.west - east, box.east - east, box.south - north, box.north - north)
        if any(edge % self.cell for edge in edges):
            raise ValueError(f"{self.box} does not lie on the lattice of {self.cell} quanta")

    @property
    def rows(self) -> int:
        """Number of rows."""
        return (self.box.north - self.box.south) // self.cell

    @property
    def cols(self) -> int:
        """Number of columns."""
        return (self.box.east - self.box.west) // self.cell

    @property
    def shape(self) -> tuple[int, int]:
        """``(rows, cols)``."""
        return self.rows, self.cols

    @property
    def resolution(self) -> float:
        """Side of a cell in metres, or degrees."""
        return self.cell / self.per_unit

    @property
    def transform(self) -> Affine:
        """Affine transform from (column, row) to (E, N) in metres, or to longitude and latitude in degrees."""
        west, north = self.box.west / self.per_unit, self.box.north / self.per_unit
        return Affine(self.resolution, 0.0, west, 0.0, -self.resolution, north)

    def slices(self, part: Box) -> tuple[slice, slice]:
        """Return the slices that cut ``part``, a box of whole cells inside this grid, out of an array on it."""
        top, left = (self.box.north - part.north) // self.cell, (part.west - self.box.west) // self.cell
        rows, cols = (part.north - part.south) // self.cell, (part.east - part.west) // self.cell
        return slice(top, top + rows), slice(left, left + cols)


def cell_quanta(resolution: float) -> int:
    """Return the side of a cell in quanta for a resolution in metres.

    Raises
    ------
    ValueError
        If the resolution is not positive, or not a whole even number of quanta (cell centres must be exact).
    """
    exact = Fraction(str(resolution)) * QUANTA_PER_METRE
    if exact <= 0 or exact.denominator != 1 or exact.numerator % 2:
        raise ValueError(f"a cell of {resolution} m is not a positive multiple of 0.2 mm")
    return exact.numerator
