"""The record of an output folder: what made each raster in it.

``hyogo-pc.json`` holds the parameters that all rasters of a product share; ``record/CODE.json`` what made the rasters
of one sheet. A file a sheet, so that recording one costs the same among three thousand as among three, and a copy of
the folder, or a part of it, is still whole.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pointcloud.errors import OutputError, ParameterError
from pointcloud.io import names, put
from pointcloud.params.grid import GridParams, Product

SCHEMA = 2
FILE_NAME = "hyogo-pc.json"
FOLDER = "record"

State = Literal["written", "empty", "sparse", "beyond"]
"""``written``: there is a raster. ``empty``: no cell of it would hold anything. ``sparse``: too little to write it
unasked. ``beyond``: no file has points on the sheet, though a header may claim so."""

_READERS = 16  # on a network drive opening a file is waiting


@dataclass(frozen=True, slots=True)
class Input:
    """A file that could decide pixels of a raster.

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
    """What made one raster, or found that there is none to make.

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
        Where its cells lie, if it does not fill its sheet; the values of a :class:`pointcloud.geo.lattice.Grid`.
    """

    state: State
    parameters: Mapping[str, Any]
    facts: Mapping[str, str]
    inputs: tuple[Input, ...]
    size: int = 0
    sha256: str = ""
    grid: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class SheetRecord:
    """What is known of one sheet.

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
    bounds: tuple[float, float, float, float]
    rasters: dict[str, Raster] = field(default_factory=dict)
    failure: str = ""
    made: dict[str, Any] = field(default_factory=dict)

    def json(self) -> str:
        """Return the record as it is written."""
        values = {"schema": SCHEMA, **asdict(self)}
        return json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False)

    @classmethod
    def read(cls, path: Path) -> SheetRecord:
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
    sheets : dict of str to SheetRecord
        By code.
    run : dict
        The last run: ``host`` and ``process``, ``started`` and ``ended`` (UTC; the latter empty while it is at work, or
        if it was killed), how many ``sheets`` it had to make, and how it ``ended_as``. ``failed`` are files that could
        not be used, and why, where a run makes its sheets of one file each.
    """

    out: Path
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    sheets: dict[str, SheetRecord] = field(default_factory=dict)
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
            sheets = {sheet.code: sheet for sheet in pool.map(SheetRecord.read, files)}
        return cls(out, values["parameters"], sheets, values["run"])

    def begin(self, params: GridParams, common: Mapping[str, object], *, redo: bool) -> None:
        """Take on the parameters of a run.

        Parameters
        ----------
        params : GridParams
        common : mapping
            What else the rasters of one folder must share, such as the CRS.
        redo : bool
            Give up rasters that were made with other parameters; :meth:`settle` deletes them.

        Raises
        ------
        ParameterError
            If the folder holds rasters made with other parameters, and ``redo`` is not set.
        OutputError
            If the record cannot be written.
        """
        wanted = {
            folder: json.loads(json.dumps({**params.of(product), **common}))
            for product, _, folder in folders(params)
        }
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

    def start(self, sheets: int) -> None:
        """Note that a run begins to make so many sheets.

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
            "sheets": sheets,
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

    def _has_rasters(self, folder: str) -> bool:
        held = (sheet.rasters.get(folder) for sheet in self.sheets.values())
        return any(raster is not None and raster.state == "written" for raster in held)

    def sheet(self, code: str, bounds: tuple[float, float, float, float]) -> SheetRecord:
        """Return the record of a sheet, a new one if there is none."""
        return self.sheets.get(code) or SheetRecord(code, bounds)

    def put(self, sheet: SheetRecord) -> None:
        """Write the record of a sheet.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        put.put(self.out / FOLDER / f"{sheet.code}.json", sheet.json().encode())
        self.sheets[sheet.code] = sheet

    def written(self, folder: str) -> dict[str, SheetRecord]:
        """Return the sheets with a raster in a folder that was made with its parameters."""
        wanted = self.parameters.get(folder)
        return {
            code: sheet
            for code, sheet in sorted(self.sheets.items())
            if (raster := sheet.rasters.get(folder))
            and raster.state == "written"
            and raster.parameters == wanted
        }

    def settle(self, folders: Collection[str]) -> None:
        """Delete the rasters of these folders that were given up, now that the new ones are there.

        Those that are gone are forgotten.

        Raises
        ------
        OutputError
            If one cannot be deleted, or the record not be written.
        """
        for code, sheet in list(self.sheets.items()):
            kept = dict(sheet.rasters)
            for folder in folders:
                path = self.out / folder / names.file_in(folder, code)
                raster = kept.get(folder)
                if raster is None:
                    continue
                if raster.parameters != self.parameters[folder]:
                    put.remove(path)
                    del kept[folder]
                elif raster.state == "written" and not path.exists():
                    del kept[folder]
            if kept.keys() == sheet.rasters.keys():
                continue
            sheet.rasters = kept
            if kept or sheet.failure:
                self.put(sheet)
            else:
                put.remove(self.out / FOLDER / f"{code}.json")
                del self.sheets[code]


def now() -> str:
    """Return the time as records write it: UTC, milliseconds, ISO 8601.

    Whole seconds would count the last sheets of one run among those of the next.
    """
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def folders(params: GridParams) -> Iterator[tuple[Product, float, str]]:
    """Yield each product and resolution of a run, and the folder of its rasters."""
    for product in params.products:
        for resolution in params.resolutions:
            yield product, resolution, names.folder(product, resolution)


def _read(path: Path) -> dict[str, Any]:
    """Return the values of a file of the record."""
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        schema = values["schema"]
    except OSError as error:
        raise OutputError("run.record", path=path, cause=error.strerror) from None
    except (ValueError, KeyError, TypeError) as error:
        raise OutputError("run.record", path=path, cause=error) from None
    if schema != SCHEMA:
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


def lost_inputs(sheet: SheetRecord, present: Collection[str]) -> list[str]:
    """Return the files that a raster of a sheet was made from and that are not among ``present``."""
    held = {each.name for raster in sheet.rasters.values() for each in raster.inputs}
    return sorted(held - set(present))
