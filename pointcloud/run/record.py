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
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, Literal

from pointcloud.errors import OutputError, ParameterError
from pointcloud.io import names, put

SCHEMA = 3
_KNOWN = (2, SCHEMA)
"""0.1.0 wrote the second, whose files all lie in the folder of their product under the name of their sheet."""

FILE_NAME = "hyogo-pc.json"
FOLDER = "record"

Bounds = tuple[float, float, float, float]
"""West, south, east, north in metres, or degrees."""

State = Literal["written", "empty", "sparse", "beyond"]
"""``written``: there is a file. ``empty``: no cell of it would hold anything. ``sparse``: too little to write it
unasked. ``beyond``: no input has anything there, though a header may claim so."""

_READERS = 16  # on a network drive opening a file is waiting


@dataclass(frozen=True, slots=True)
class Input:
    """A file that could decide what another holds.

    Parameters
    ----------
    name : str
    size : int
        Bytes.
    modified_ns : int
        Time of its last change.
    sha256 : str or None
        ``None`` if it could not be used.
    ground : bool
        All its points were taken as ground.
    points : int
    moved_from : str
        System that its points were brought from; empty if they stayed where they are.
    """

    name: str
    size: int
    modified_ns: int
    sha256: str | None
    ground: bool
    points: int
    moved_from: str = ""


@dataclass(frozen=True, slots=True)
class Raster:
    """What made one raster (or point cloud), or found that there is none to make.

    Parameters
    ----------
    state : State
    parameters : dict
        What its pixels depend on besides the inputs, the algorithm's number included.
    facts : dict
        What the user stated of it, such as the credit.
    inputs : tuple of Input
        By name.
    size : int
        Bytes of the file, 0 if there is none.
    sha256 : str
        Of the file; empty if there is none.
    grid : dict
        Where its cells lie, if it does not fill its item; the values of a :class:`pointcloud.geo.lattice.Grid`.
    name : str
        Its path within the output folder, if it is not that of a sheet in the folder of its product.
    """

    state: State
    parameters: Mapping[str, Any]
    facts: Mapping[str, str]
    inputs: tuple[Input, ...]
    size: int = 0
    sha256: str = ""
    grid: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""

    def path(self, folder: str, code: str) -> PurePosixPath:
        """Return where it lies within the output folder."""
        return PurePosixPath(self.name or f"{folder}/{names.file_in(folder, code)}")

    def called(self, path: str, folder: str, code: str) -> Raster:
        """Return it with its path within the output folder, which is kept only where nothing else tells it."""
        usual = "_" in folder and path == f"{folder}/{names.file_in(folder, code)}"
        return replace(self, name="" if usual else path)


@dataclass(slots=True)
class ItemRecord:
    """What is known of one item.

    Parameters
    ----------
    code : str
    bounds : (west, south, east, north)
        Metres.
    rasters : dict of str to Raster
        By folder (``DEM_1g``).
    failure : str
        Why it could not be made the last time; empty if it could.
    made : dict
        When it was made, or failed, the last time (``finished``, UTC), by which ``software``, in how many
        ``seconds``, the ``peak_mib`` of the process, and which other ``readers`` than its own there were.
    """

    code: str
    bounds: Bounds
    rasters: dict[str, Raster] = field(default_factory=dict)
    failure: str = ""
    made: dict[str, Any] = field(default_factory=dict)

    def json(self) -> str:
        """Return the record as it is written."""
        told = asdict(self, dict_factory=lambda items: {k: v for k, v in items if k != "moved_from" or v})
        values = {"schema": SCHEMA, **told}
        return json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False)

    @classmethod
    def read(cls, path: Path) -> ItemRecord:
        """Return the record in a file.

        Raises
        ------
        OutputError
            If it cannot be read.
        """
        values = _read(path)
        try:
            rasters = {
                folder: Raster(**{**raster, "inputs": tuple(Input(**each) for each in raster["inputs"])})
                for folder, raster in values["rasters"].items()
            }
            west, south, east, north = values["bounds"]
            bounds = (west, south, east, north)
            return cls(values["code"], bounds, rasters, values["failure"], values["made"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise OutputError("run.record", path=path, cause=error) from None


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
        values = _read(path)
        files = sorted((out / FOLDER).glob("*.json"))
        with ThreadPoolExecutor(_READERS) as pool:
            items = {item.code: item for item in pool.map(ItemRecord.read, files)}
        return cls(out, values["parameters"], items, values["run"])

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
        text = json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False)
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


def _read(path: Path) -> dict[str, Any]:
    """Return the values of a file of the record."""
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        schema = values["schema"]
    except OSError as error:
        raise OutputError("run.record", path=path, cause=error.strerror) from None
    except (ValueError, KeyError, TypeError) as error:
        raise OutputError("run.record", path=path, cause=error) from None
    if schema not in _KNOWN:
        raise OutputError("run.record_schema", path=path, found=schema, known=SCHEMA)
    return values


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


def lost_inputs(item: ItemRecord, present: Collection[str]) -> list[str]:
    """Return the files that something of an item was made from and that are not among ``present``."""
    held = {each.name for raster in item.rasters.values() for each in raster.inputs}
    return sorted(held - set(present))
