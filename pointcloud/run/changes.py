"""What of a run is still to be made: what is missing, failed, or changed since it was recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from pointcloud.errors import HyogoError
from pointcloud.run.entries import Input, Raster
from pointcloud.run.items import InputFile, Item, Reason, Work
from pointcloud.run.record import Record


class Given(Protocol):
    """What a command says of its items."""

    def inputs(self, item: Item, folder: str) -> Sequence[InputFile]:
        """Return the files that could decide what an item's file in a folder holds."""

    def needs(self, item: Item, folders: Collection[str]) -> tuple[str, ...]:
        """Return the keys of the files to read before these files of an item are made."""


class Changes:
    """Compares items with the record of an output folder.

    Parameters
    ----------
    record : Record
        On whose parameters the run has begun.
    facts : mapping
        What the user states of the files.
    """

    def __init__(self, record: Record, facts: Mapping[str, str]) -> None:
        self.record, self.facts = record, dict(facts)
        self.hashes: dict[str, str | None] = {}

    def outstanding(self, items: Collection[Item], given: Given) -> dict[str, Work]:
        """Return what is to be made, by the keys of items, in their order."""
        found: dict[str, Work] = {}
        for item in items:
            due = dict(self._due(item, given))
            if due:
                folders = frozenset(due) & frozenset(item.outputs)
                found[item.key] = Work(item, folders, given.needs(item, folders), next(iter(due.values())))
        return found

    def _due(self, item: Item, given: Given) -> Iterator[tuple[str, Reason]]:
        """Yield the folders that lack a file of the item as it would be made now, and why."""
        if not item.outputs:
            yield "", "new"
        held = self.record.items.get(item.code)
        for folder in item.outputs:
            raster = held.rasters.get(folder) if held else None
            if held is None or raster is None:
                yield folder, "new"
                continue
            reason = self.reason(item, folder, raster, given)
            if held.failure:
                yield folder, "failed"
            elif reason:
                yield folder, reason

    def reason(self, item: Item, folder: str, raster: Raster, given: Given) -> Reason | None:
        """Return why a recorded file of an item would come out differently now; nothing if it would not."""
        if raster.parameters != self.record.parameters.get(folder):
            return "parameters"
        if raster.facts != self.facts:
            return "facts"
        if item.wanted and raster.state == "sparse":
            return "wanted"
        if raster.state == "written" and not _holds(self.record.out / item.outputs[folder], raster.size):
            return "gone"
        return None if self._same(raster.inputs, given.inputs(item, folder)) else "inputs"

    def _same(self, recorded: Collection[Input], near: Collection[InputFile]) -> bool:
        """Whether the files are those recorded: name, size and time alike, or else content.

        One that could not be used may have failed for a reason that has passed, and the raster lacks it.
        """
        if len(recorded) != len(near):
            return False
        one, other = sorted(recorded, key=_order), sorted(near, key=_order)
        for each, file in zip(one, other, strict=True):
            if each.sha256 is None:
                return False
            if (each.name, each.ground, each.size) != (file.name, file.ground, file.size):
                return False
            if each.moved_from != file.moved_from:
                return False
            if each.modified_ns != file.modified_ns and each.sha256 != self._hash(file):
                return False
        return True

    def _hash(self, file: InputFile) -> str | None:
        """Return the hash of a file as it is now; of one that cannot be read, one that is like no other."""
        if file.key not in self.hashes:
            try:
                self.hashes[file.key] = file.digest()
            except (HyogoError, OSError):  # reading it will say what the matter is
                self.hashes[file.key] = ""
        return self.hashes[file.key]


def _order(file: Input | InputFile) -> tuple[str, bool, int, int]:
    return file.name, file.ground, file.size, file.modified_ns


def _holds(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False
