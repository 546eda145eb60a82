"""Rasters get their final names, and their record: the one place of a run that does either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pointcloud import pipeline
from pointcloud.gridding.changes import Work
from pointcloud.gridding.inventory import Inventory
from pointcloud.gridding.request import Request
from pointcloud.gridding.worker import SheetMade
from pointcloud.io import names, put
from pointcloud.params.grid import Product
from pointcloud.run.record import Input, Raster, Record, SheetRecord, State, folders, now
from pointcloud.version import __version__


class Publisher:
    """Publishes and records what workers made; only the owner of a run has one.

    Parameters
    ----------
    request : Request
    inventory : Inventory
    record : Record
        On whose parameters the run has begun.
    """

    def __init__(self, request: Request, inventory: Inventory, record: Record) -> None:
        self.request, self.inventory, self.record = request, inventory, record

    def publish(self, work: Work, made: SheetMade, hashes: Mapping[str, str]) -> None:
        """Give a sheet's rasters their final names, then record them.

        Whoever is killed in between finds the old record beside new rasters, and makes the same once more.

        Parameters
        ----------
        work : Work
        made : SheetMade
        hashes : mapping of str to str
            SHA-256 by the key of each file that could be used.

        Raises
        ------
        OutputError
            If a raster or the record cannot be written.
        """
        entry = self._entry(work)
        states: dict[str, State] = dict.fromkeys(work.folders, _state(made))
        sizes: dict[str, tuple[int, str]] = {}
        for staged in made.staged:
            target = self._path(work, staged.product, staged.resolution)
            put.publish(staged.path, target, size=staged.size)
            states[staged.folder], sizes[staged.folder] = "written", (staged.size, staged.sha256)
        past: list[Path] = []
        for product, resolution, folder in folders(work.params):
            if folder not in work.folders:
                continue
            state, held = states[folder], entry.rasters.get(folder)
            if state != "written" and held and held.state == "written":
                if state == "sparse" or not made.coverage:
                    continue  # files with next to nothing here say nothing against what others were made into
                past.append(self._path(work, product, resolution))
            inputs = self._inputs(work, product, hashes)
            size, digest = sizes.get(folder, (0, ""))
            parameters = self.record.parameters[folder]
            entry.rasters[folder] = Raster(state, parameters, self.request.facts, inputs, size, digest)
        entry.failure = ""
        entry.made = {
            "finished": now(),
            "software": f"hyogo-pc {__version__}",
            "seconds": round(made.seconds, 3),
            "peak_mib": made.peak >> 20,
        }
        if made.readers:
            entry.made["readers"] = made.readers
        self.record.put(entry)
        for path in past:
            put.remove(path)

    def fail(self, work: Work, why: str) -> None:
        """Record that a sheet could not be made; rasters of it that were there before stay.

        Raises
        ------
        OutputError
            If the record cannot be written.
        """
        entry = self._entry(work)
        self.record.put(replace(entry, failure=why, made={**entry.made, "finished": now()}))

    def _path(self, work: Work, product: Product, resolution: float) -> Path:
        name = names.file_name(product, work.sheet.code, resolution)
        return self.request.out / names.folder(product, resolution) / name

    def _entry(self, work: Work) -> SheetRecord:
        """Return a copy of the record of a sheet, to be altered."""
        held = self.record.sheet(work.sheet.code, work.sheet.bounds)
        return replace(held, rasters=dict(held.rasters))

    def _inputs(self, work: Work, product: Product, hashes: Mapping[str, str]) -> tuple[Input, ...]:
        """Return the files that could decide a product's pixels on a sheet, by name."""
        near = self.inventory.near(work.sheet.box.grow(pipeline.halo(self.request.params, product)))
        inputs = (
            Input(
                source.header.path.name,
                source.header.size,
                source.header.modified_ns,
                hashes.get(source.key),
                source.all_ground,
                source.header.count,
                source.header.moved_from,
            )
            for source in near
        )
        return tuple(sorted(inputs, key=lambda each: (each.name, each.ground, each.size)))


def _state(made: SheetMade) -> State:
    """Return why rasters that were not written were not."""
    return "beyond" if made.beyond else "empty" if made.empty else "sparse"
