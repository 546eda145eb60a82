"""What the files of a record must hold: a record may come from another office, and be anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pointcloud.errors import OutputError
from pointcloud.geo.lattice import Box, Grid
from pointcloud.params.typed import Time, require
from pointcloud.textfile import parsed

SCHEMA = 3
_KNOWN = (2, SCHEMA)
"""0.1.0 wrote the second, whose files all lie in the folder of their product under the name of their sheet."""


@dataclass(frozen=True)
class Made:
    """When and by what an item was made."""

    finished: Time
    software: str = ""
    seconds: float = 0.0
    peak_mib: float = 0.0


@dataclass(frozen=True)
class Run:
    """The last run in a folder."""

    host: str
    process: int
    started: Time
    ended: Time | Literal[""]
    ended_as: Literal["", "done", "stopped", "failed"]
    sheets: int
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Folder:
    """The file of a folder."""

    parameters: Mapping[str, Mapping[str, Any]]
    run: Mapping[str, Any]


def grid_of(values: Mapping[str, Any]) -> Grid:
    """Return the grid of a file.

    Raises
    ------
    ValueError
        If it is none.
    """
    require(Grid, values, "grid")
    box, origin = (
        Box(**{edge: values["box"][edge] for edge in ("west", "south", "east", "north")}),
        values["origin"],
    )
    if values["cell"] < 1 or box.empty:
        raise ValueError(f"grid: {values}")
    return Grid(box, values["cell"], (origin[0], origin[1]), values["per_unit"])


def read(path: Path, kind: type, part: str, part_kind: type) -> dict[str, Any]:
    """Return the values of a file of a record, which are of a kind; those of one part too, unless it is empty.

    Raises
    ------
    OutputError
        If it cannot be read, is of another version, or holds something else.
    """
    try:
        values: dict[str, Any] = parsed(json.loads, path.read_text(encoding="utf-8"))
        schema = values["schema"]
        if schema not in _KNOWN:
            raise OutputError("run.record_schema", path=path, found=schema, known=SCHEMA)
        require(kind, values)
        if values[part]:
            require(part_kind, values[part], part)
    except OSError as error:
        raise OutputError("run.record", path=path, cause=error.strerror) from None
    except (ValueError, KeyError, TypeError) as error:
        raise OutputError("run.record", path=path, cause=error) from None
    return values
