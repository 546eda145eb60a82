"""The record of an output folder: what made each file in it.

``hyogo-pc.json`` holds the parameters that all rasters of a product share; ``record/CODE.json`` what made the rasters
of one item, a sheet mostly. A file an item, so that recording one costs the same among three thousand as among three,
and a copy of the folder, or a part of it, is still whole.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any, Literal

from pointcloud.errors import OutputError, ParameterError
from pointcloud.io import put
from pointcloud.plaintext import to_json
from pointcloud.run import recorded
from pointcloud.run.entries import Bounds, ItemRecord
from pointcloud.run.recorded import SCHEMA

FILE_NAME = "hyogo-pc.json"
FOLDER = "record"

_READERS = 16  # on a network drive opening a file is waiting


@dataclass
class Record:
    """The record of an output folder.

    Parameters
    ----------
    out : Path
    parameters : dict
        By folder (``DEM_1g``), what all its rasters share.
    items : dict of str to ItemRecord
        By code.
    run : dict
        The last run: ``host`` and ``process``, ``started`` and ``ended`` (UTC; the latter empty while it is at work, or
        if it was killed), how many items (``sheets``) it had to make, how it ``ended_as``. ``failed`` are files that
        could
        not be used, and why, where a run notes them.
    """

    out: Path
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    items: dict[str, ItemRecord] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, out: Path) -> Record:
        """Return the record in ``out``, an empty one if there is none.

        Raises
        ------
        OutputError
            If it cannot be read.
        """
        path = out / FILE_NAME
        if not path.exists():
            return cls(out)
        values = recorded.read(path, recorded.Folder, "run", recorded.Run)
        files = sorted((out / FOLDER).glob("*.json"))
        with ThreadPoolExecutor(_READERS) as pool:
            held = list(pool.map(ItemRecord.read, files))
        for path, item in zip(files, held, strict=True):
            _require_within(path, item)
        return cls(out, values["parameters"], {item.code: item for item in held}, values["run"])

    def begin(self, parameters: Mapping[str, Mapping[str, object]], *, redo: bool) -> None:
        """Take on the parameters of a run.

        Parameters
        ----------
        parameters : mapping
            By folder, what all of its files depend on besides their inputs, in what JSON can hold.
        redo : bool
            Give up files that were made with other parameters; :meth:`settle` deletes them.

        Raises
        ------
        ParameterError
            If a folder holds files made with other parameters, and ``redo`` is not set.
        """
        wanted = {folder: as_json(values) for folder, values in parameters.items()}
        for folder, values in wanted.items():
            differences = "" if redo else self.differences(folder, values)
            if differences:
                raise ParameterError(
                    "run.other_parameters", folder=self.out / folder, differences=differences
                )
        self.parameters |= wanted

    def differences(self, folder: str, wanted: Mapping[str, object]) -> str:
        """Return how these parameters differ from those of the rasters in a folder; empty if nothing does."""
        held = self.parameters.get(folder, wanted)
        return _differences(held, wanted) if held != wanted and self._has_rasters(folder) else ""

    def start(self, count: int) -> None:
        """Note that a run begins to make so many items.

        Raises
        ------
        OutputError
            If the record cannot be written.
        """
        self.run = {
            "host": platform.node(),
            "process": os.getpid(),
            "started": now(),
            "ended": "",
            "ended_as": "",
            "sheets": count,
        }
        self.save()

    def end(self, ended_as: Literal["done", "stopped", "failed"]) -> None:
        """Note that the run has come to its end, or was brought to one.

        Raises
        ------
        OutputError
            If the record cannot be written.
        """
        self.run |= {"ended": now(), "ended_as": ended_as}
        self.save()

    def save(self) -> None:
        """Write what all rasters of a folder share, and how the run goes.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        values = {"schema": SCHEMA, "parameters": self.parameters, "run": self.run}
        text = to_json(values, indent=1, sort_keys=True)
        put.put(self.out / FILE_NAME, text.encode())

    @property
    def at_work(self) -> bool:
        """Whether a run of this process has begun and not ended."""
        return bool(self.run) and not self.run["ended"] and self.run["process"] == os.getpid()

    def path(self, folder: str, code: str) -> Path:
        """Return where a file that the record knows lies."""
        return self.out / self.items[code].rasters[folder].path(folder, code)

    def _has_rasters(self, folder: str) -> bool:
        held = (item.rasters.get(folder) for item in self.items.values())
        return any(raster is not None and raster.state == "written" for raster in held)

    def item(self, code: str, bounds: Bounds) -> ItemRecord:
        """Return a copy of the record of an item to alter, a new one if there is none."""
        held = self.items.get(code) or ItemRecord(code, bounds)
        return replace(held, rasters=dict(held.rasters), made=dict(held.made))

    def put(self, item: ItemRecord) -> None:
        """Write the record of an item.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        put.put(self.out / FOLDER / f"{item.code}.json", item.json().encode())
        self.items[item.code] = item

    @property
    def holds_files(self) -> bool:
        """Whether a file of any item is there, and not only the news that there is nothing to make of it."""
        rasters = (raster for item in self.items.values() for raster in item.rasters.values())
        return any(raster.state == "written" for raster in rasters)

    def written(self, folder: str) -> dict[str, ItemRecord]:
        """Return the items with a raster in a folder that was made with its parameters."""
        wanted = self.parameters.get(folder)
        return {
            code: item
            for code, item in sorted(self.items.items())
            if (raster := item.rasters.get(folder))
            and raster.state == "written"
            and raster.parameters == wanted
        }

    def settle(self, folders: Collection[str], *, uniform: bool = True) -> None:
        """Delete the files of these folders that were given up, now that the new ones are there.

        Those that are gone are forgotten. Where the files of a folder need not be ``uniform``, none is given up.

        Raises
        ------
        OutputError
            If one cannot be deleted, or the record not be written.
        """
        for code, item in list(self.items.items()):
            kept = dict(item.rasters)
            for folder in folders:
                raster = kept.get(folder)
                if raster is None:
                    continue
                path = self.path(folder, code)
                if uniform and raster.parameters != self.parameters[folder]:
                    put.remove(path)
                    del kept[folder]
                elif raster.state == "written" and not path.exists():
                    del kept[folder]
            if kept.keys() == item.rasters.keys():
                continue
            item.rasters = kept
            if kept or item.failure:
                self.put(item)
            else:
                put.remove(self.out / FOLDER / f"{code}.json")
                del self.items[code]


def _require_within(path: Path, item: ItemRecord) -> None:
    """Refuse a record that names what lies elsewhere: it may come from another office, and be anything.

    Raises
    ------
    OutputError
        If a name in it leads out of the output folder.
    """
    named = [item.code, *item.rasters, *(raster.name for raster in item.rasters.values())]
    for name in named:
        there = PureWindowsPath(name)  # which knows the signs of all systems
        if there.drive or there.root or ".." in there.parts or "\0" in name:
            raise OutputError("run.record", path=path, cause=repr(name))
    if len(PureWindowsPath(item.code).parts) != 1:
        raise OutputError("run.record", path=path, cause=repr(item.code))


def is_of_record(path: PurePath) -> bool:
    """Return whether a file is one of a record, by its name and place: no input of anything."""
    return path.name == FILE_NAME or (path.parent.name == FOLDER and path.suffix == ".json")


def as_json(values: Mapping[str, object]) -> dict[str, Any]:
    """Return values as they come back from JSON, for comparing."""
    found: dict[str, Any] = json.loads(json.dumps(values))
    return found


def now() -> str:
    """Return the time as records write it: UTC, milliseconds, ISO 8601.

    Whole seconds would count the last sheets of one run among those of the next.
    """
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _differences(held: Mapping[str, object], wanted: Mapping[str, object]) -> str:
    """Return which values differ, held and wanted."""
    one, other = dict(_flat(held)), dict(_flat(wanted))
    keys = sorted(set(one) | set(other))
    return "; ".join(
        f"{key}: {one.get(key)} / {other.get(key)}" for key in keys if one.get(key) != other.get(key)
    )


def _flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the values of nested tables by dotted keys."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
