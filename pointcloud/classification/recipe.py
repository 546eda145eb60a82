"""What a classification adds to the engine: files of points, each with those within reach of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pointcloud.classification.made import is_listed
from pointcloud.classification.request import ClassifyRequest
from pointcloud.classification.worker import (
    FOLDER,
    Classification,
    ClassifyJob,
    Reduced,
    classify_file,
    output_name,
    reduce_file,
)
from pointcloud.gridding.inventory import Inventory
from pointcloud.io.remark import Remark
from pointcloud.run.changes import Changes
from pointcloud.run.items import InputFile, Item, Made, Work
from pointcloud.run.loop import Task
from pointcloud.run.publish import Publisher
from pointcloud.run.recipe import Recipe
from pointcloud.run.report import Report


@dataclass
class ClassifyReport(Report):
    """What came of it, besides what there is to say of every run: points of each class by file written."""

    classes: dict[Path, dict[int, int]] = field(default_factory=dict)


class ClassifyRecipe(Recipe):
    """Files from north to south; each is reduced when the first that lies near it is classified.

    Parameters
    ----------
    request : ClassifyRequest
    inventory : Inventory
    report : ClassifyReport
    """

    report: ClassifyReport
    uniform = False
    guarded = True

    def __init__(self, request: ClassifyRequest, inventory: Inventory, report: ClassifyReport) -> None:
        super().__init__(request.out, report)
        self.request, self.crs = request, inventory.crs
        ordered = sorted(inventory.sources, key=lambda source: (-source.box.north, source.box.west))
        self.sources = {source.key: source for source in ordered}
        self.numbers = {key: number for number, key in enumerate(self.sources)}
        self.near = {
            key: inventory.near(source.limits.grow(request.halo)) for key, source in self.sources.items()
        }
        self.reduced: dict[str, Reduced] = {}

    def parameters(self) -> Mapping[str, Mapping[str, object]]:
        """Return what the classes depend on besides the points."""
        return {FOLDER: self.request.parameters}

    def items(self, changes: Changes, publisher: Publisher) -> Sequence[Item]:
        """Return the files."""
        names = map(output_name, (source.header for source in self.sources.values()))
        publisher.known |= {name for name in names if is_listed(name, changes.record)}
        return [
            Item(
                key=key,
                label=source.header.path.name,
                code=output_name(source.header),
                bounds=source.box.bounds,
                outputs={FOLDER: output_name(source.header)},
            )
            for key, source in self.sources.items()
        ]

    def inputs(self, item: Item, folder: str) -> Sequence[InputFile]:
        """Return the files within reach of a file, itself among them."""
        return [source.file for source in self.near[item.key]]

    def needs(self, item: Item, folders: Collection[str]) -> tuple[str, ...]:
        """Return the files to reduce."""
        return tuple(source.key for source in self.near[item.key])

    def begin(self, works: Mapping[str, Work], scratch: Path, *, travels: bool) -> None:
        """Hear of the scratch folder."""
        self.scratch = scratch

    def read(self, file: str) -> Task:
        """Return the task that reduces a file."""
        scratch = self.scratch / f"{self.numbers[file]:06d}.spill"
        return Task("reduce", file, reduce_file, (self.sources[file].header, scratch))

    def took(self, file: str, result: Reduced) -> tuple[str, Sequence[Remark]]:
        """Take the spill of a file."""
        self.reduced[file] = result
        return result.sha256, ()

    def release(self, file: str) -> None:
        """Delete a spill, and what PDAL made for it."""
        result = self.reduced.pop(file, None)
        if result:
            result.spill.unlink(missing_ok=True)
            if result.header.path != self.sources[file].header.path:
                result.header.path.unlink(missing_ok=True)

    def culprit(self, work: Work, bad: Collection[str]) -> str | None:
        """Return a file's own name if it is bad; neighbours may be."""
        return work.item.label if work.item.key in bad else None

    def make(self, work: Work) -> Task:
        """Return the task that classifies a file."""
        key = work.item.key
        source, own = self.sources[key], self.reduced.get(key)
        job = ClassifyJob(
            self.request,
            own.header if own else source.header,
            source.limits,
            tuple(self.reduced[other].spill for other in work.needs if other in self.reduced),
            work.item.outputs[FOLDER],
            self.crs,
        )
        return Task("make", key, classify_file, (job,))

    def made(self, work: Work, made: Made, bad: Collection[str]) -> str:
        """Take note of the classes of a file."""
        assert isinstance(made, Classification)
        self.report.classes[self.out / work.item.outputs[FOLDER]] = made.counts
        return ""

    def finish(self, publisher: Publisher, tell: Callable[[Remark], None]) -> None:
        """Put the files in order: workers end in any."""
        found = self.report.classes
        names = (self.out / output_name(source.header) for source in self.sources.values())
        self.report.classes = {path: found[path] for path in names if path in found}

    def weight(self, kind: str, key: str, count: int) -> float:
        """Return the share of a file; reading it for its neighbours is not told of."""
        return 0.0 if kind in ("reduce", "bad") else 1.0 / count
