"""What is known of one item of an output folder: its files, what made each, and why it failed if it did.

It is a JSON file; the folder as a whole is :mod:`pointcloud.run.record`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from pointcloud.errors import OutputError
from pointcloud.io import names
from pointcloud.plaintext import to_json

SCHEMA = 3
_KNOWN = (2, SCHEMA)
"""0.1.0 wrote the second, whose files all lie in the folder of their product under the name of their sheet."""

Bounds = tuple[float, float, float, float]
"""West, south, east, north in metres, or degrees."""

State = Literal["written", "empty", "sparse", "beyond"]
"""``written``: there is a file. ``empty``: no cell of it would hold anything. ``sparse``: too little to write it
unasked. ``beyond``: no input has anything there, though a header may claim so."""


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
        values = {"schema": SCHEMA, **asdict(self, dict_factory=_told)}
        return to_json(values, indent=1, sort_keys=True)

    @classmethod
    def read(cls, path: Path) -> ItemRecord:
        """Return the record in a file.

        Raises
        ------
        OutputError
            If it cannot be read.
        """
        values = read_json(path)
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


def lost_inputs(item: ItemRecord, present: Collection[str]) -> list[str]:
    """Return the files that something of an item was made from and that are not among ``present``."""
    held = {each.name for raster in item.rasters.values() for each in raster.inputs}
    return sorted(held - set(present))


def _told(items: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return fields but the one that few inputs have."""
    return {name: value for name, value in items if name != "moved_from" or value}


def read_json(path: Path) -> dict[str, Any]:
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
