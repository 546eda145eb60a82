"""What came of gridding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pointcloud.geo.lattice import Box
from pointcloud.gridding.inventory import Inventory
from pointcloud.gridding.worker import SheetMade
from pointcloud.io.cloudheader import NO_MARKS, Marks
from pointcloud.io.spill.spill import SpillInfo
from pointcloud.messages import say
from pointcloud.params.grid import WATER_CLASS
from pointcloud.run.report import Report

_COUNTS = ("points", "used", "withheld", "excluded", "ground")


@dataclass
class GridReport(Report):
    """The figures and findings of gridding, besides those of every run.

    Parameters
    ----------
    candidates : bool
        Whether ground was looked for, so that points "taken as ground" are those it was looked for among.
    counts : dict of str to int
        Points read, used for the surface, withheld, of excluded classes, taken as ground.
    marks : Marks
        Points marked as synthetic, key points and overlap.
    made : dict of str to list of str
        By sheet: the folders that hold a new raster of it.
    empty : list of str
        Sheets on which nothing lies but water.
    no_terrain : list of str
        Sheets with a surface and no ground.
    sparse : dict of str to float
        Sheets not written because too few of their cells hold a return, and the share that does.
    neighbours : dict of str to tuple of str
        Sheets that lack a neighbour, and on which sides.
    ground_boxes, full_boxes : list of Box
        What files of nothing but ground cover, and what the others do.
    without_ground : dict of str to Box
        Files with returns and no ground point, and what they cover.
    with_ground : list of Box
        What the others cover.
    synthetic : bool
        Whether some file calls itself made-up.
    """

    candidates: bool = False
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTS, 0))
    marks: Marks = NO_MARKS
    made: dict[str, list[str]] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    no_terrain: list[str] = field(default_factory=list)
    sparse: dict[str, float] = field(default_factory=dict)
    neighbours: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ground_boxes: list[Box] = field(default_factory=list)
    full_boxes: list[Box] = field(default_factory=list)
    without_ground: dict[str, Box] = field(default_factory=dict)
    with_ground: list[Box] = field(default_factory=list)
    synthetic: bool = False

    @classmethod
    def of(cls, out: Path, inventory: Inventory) -> GridReport:
        """Return the report of a run that has just begun: bad files are known by then."""
        bad = {str(bad.path): str(bad.error) for bad in inventory.bad}
        return cls(out, bad_files=bad, synthetic=any(source.header.synthetic for source in inventory.sources))

    @property
    def figures(self) -> dict[str, str]:
        """What there is to say in figures, by name, in words."""
        return {
            say("page.made"): f"{len(self.made):,}",
            say("page.kept"): f"{self.kept:,}",
            say("page.points"): f"{self.counts['points']:,}",
            say("page.ground"): f"{self.counts['ground']:,}",
            say("page.memory"): f"{self.peak / 2**20:,.0f} MiB",
        }

    @property
    def ground_only(self) -> bool:
        """Whether somewhere only files of ground points lie, so that holes there say nothing about water."""
        return any(not any(full.contains(box) for full in self.full_boxes) for box in self.ground_boxes)

    @property
    def groundless(self) -> list[str]:
        """Files without ground points whose middle no file with ground points covers: terrain is lacking there."""
        found = []
        for name, box in self.without_ground.items():
            east, north = (box.west + box.east) // 2, (box.south + box.north) // 2
            middle = Box(east, north - 1, east + 1, north)
            if not any(other.contains(middle) for other in self.with_ground):
                found.append(name)
        return sorted(found)

    def take_file(self, info: SpillInfo, peak: int) -> None:
        """Count the points of a file."""
        for name in _COUNTS:
            self.counts[name] += getattr(info, name)
        self.marks = self.marks.plus(info.marks)
        (self.ground_boxes if info.ground_only else self.full_boxes).append(info.box)
        if info.ground:
            self.with_ground.append(info.box)
        elif set(info.classes) - {WATER_CLASS} and info.used:
            self.without_ground[info.name] = info.box
        self.peak = max(self.peak, peak)

    def take_sheet(self, code: str, made: SheetMade, neighbours: tuple[str, ...]) -> None:
        """Note what was made of a sheet."""
        states = set(made.absent.values())
        if "sparse" in states:
            self.sparse[code] = made.coverage
        elif made.staged:
            self.made[code] = [staged.folder for staged in made.staged]
            if any(folder.startswith("DEM_") for folder in made.absent):
                self.no_terrain.append(code)
            if neighbours:
                self.neighbours[code] = neighbours
        elif "empty" in states:
            self.empty.append(code)

    def put_in_order(self, codes: Iterable[str]) -> None:
        """List sheets in this order: workers end in any."""
        place = {code: number for number, code in enumerate(codes)}
        self.made = dict(sorted(self.made.items(), key=lambda item: place[item[0]]))
        self.sparse = dict(sorted(self.sparse.items(), key=lambda item: place[item[0]]))
        self.neighbours = dict(sorted(self.neighbours.items(), key=lambda item: place[item[0]]))
        self.empty.sort(key=place.__getitem__)
        self.no_terrain.sort(key=place.__getitem__)
