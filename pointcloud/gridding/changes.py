"""What of a plan is still to be made: what is missing, failed, or changed since it was recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pointcloud import pipeline
from pointcloud.errors import FileError
from pointcloud.geo.sheets import Sheet
from pointcloud.gridding.inventory import Inventory, Source
from pointcloud.gridding.plan import Plan
from pointcloud.io import names
from pointcloud.io.clouds import readers
from pointcloud.params.grid import GridParams, Product
from pointcloud.run.record import Input, Raster, Record, folders

Reason = Literal["new", "failed", "gone", "facts", "parameters", "inputs", "wanted"]
"""``gone``: somebody deleted or altered the raster. ``facts``: the credit, say, is another. ``wanted``: it held too
little to be written, and is now asked for by name."""


@dataclass(frozen=True)
class Work:
    """What is to be made of one sheet.

    Parameters
    ----------
    sheet : Sheet
    params : GridParams
        Those of the run, with only the products of which something is to be made.
    folders : frozenset of str
        Rasters to write.
    needs : tuple of str
        Keys of the sources that lie within reach.
    reason : Reason
        Of the first of the rasters.
    """

    sheet: Sheet
    params: GridParams
    folders: frozenset[str]
    needs: tuple[str, ...]
    reason: Reason


class Changes:
    """Compares a plan with the record of an output folder.

    Parameters
    ----------
    record : Record
        On whose parameters the run has begun.
    inventory : Inventory
    params : GridParams
    facts : mapping
        What the user states of the rasters.
    """

    def __init__(
        self, record: Record, inventory: Inventory, params: GridParams, facts: Mapping[str, str]
    ) -> None:
        self.record, self.inventory, self.params, self.facts = record, inventory, params, dict(facts)
        self.halos = {product: pipeline.halo(params, product) for product in params.products}
        self.hashes: dict[str, str | None] = {}

    def outstanding(self, plan: Plan) -> dict[str, Work]:
        """Return what is to be made, by sheet, in the order of the plan."""
        found: dict[str, Work] = {}
        for code, sheet in plan.sheets.items():
            due = dict(self._due(sheet, wanted=code in plan.wanted))
            if not due:
                continue
            of = {folder: product for product, _, folder in folders(self.params)}
            products = {of[folder] for folder in due}
            params = replace(self.params, products=tuple(p for p in self.params.products if p in products))
            needs = plan.needs[code]
            if params.products != self.params.products:
                near = self.inventory.near(sheet.box.grow(pipeline.reach(params)))
                needs = tuple(source.key for source in near)
            found[code] = Work(sheet, params, frozenset(due), needs, next(iter(due.values())))
        return found

    def _due(self, sheet: Sheet, *, wanted: bool) -> Iterator[tuple[str, Reason]]:
        """Yield the folders that lack a raster of the sheet as it would be made now, and why."""
        held = self.record.sheets.get(sheet.code)
        near: dict[Product, list[Source]] = {}
        for product, resolution, folder in folders(self.params):
            raster = held.rasters.get(folder) if held else None
            if held is None or raster is None:
                yield folder, "new"
                continue
            if product not in near:
                near[product] = self.inventory.near(sheet.box.grow(self.halos[product]))
            path = self.record.out / folder / names.file_name(product, sheet.code, resolution)
            reason = self._reason(raster, self.record.parameters[folder], near[product], path, wanted=wanted)
            if held.failure:
                yield folder, "failed"
            elif reason:
                yield folder, reason

    def _reason(
        self,
        raster: Raster,
        parameters: Mapping[str, Any],
        near: Sequence[Source],
        path: Path,
        *,
        wanted: bool,
    ) -> Reason | None:
        if raster.parameters != parameters:
            return "parameters"
        if raster.facts != self.facts:
            return "facts"
        if wanted and raster.state == "sparse":
            return "wanted"
        if raster.state == "written" and not _holds(path, raster.size):
            return "gone"
        return None if self._same(raster.inputs, near) else "inputs"

    def _same(self, recorded: Collection[Input], near: Collection[Source]) -> bool:
        """Whether the files are those recorded: name, size and time alike, or else content.

        One that could not be used may have failed for a reason that has passed, and the raster lacks it.
        """
        if len(recorded) != len(near):
            return False
        one = sorted(recorded, key=lambda each: (each.name, each.ground, each.size, each.modified_ns))
        other = sorted(near, key=_order)
        for each, source in zip(one, other, strict=True):
            header = source.header
            if each.sha256 is None:
                return False
            if (each.name, each.ground, each.size) != (header.path.name, source.all_ground, header.size):
                return False
            if each.moved_from != header.moved_from:
                return False
            if each.modified_ns != header.modified_ns and each.sha256 != self._hash(source):
                return False
        return True

    def _hash(self, source: Source) -> str | None:
        """Return the hash of a file as it is now; of one that cannot be read, one that is like no other."""
        if source.key not in self.hashes:
            try:
                self.hashes[source.key] = readers.sha256(source.header)
            except FileError:
                self.hashes[source.key] = ""
        return self.hashes[source.key]


def _order(source: Source) -> tuple[str, bool, int, int]:
    header = source.header
    return header.path.name, source.all_ground, header.size, header.modified_ns


def _holds(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False
