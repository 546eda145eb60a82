"""The record of what was converted: the only place that knows where it lies and its form."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pointcloud.errors import OutputError, ParameterError
from pointcloud.io import put
from pointcloud.io.vrt import Tile
from pointcloud.lattice import Box, Grid

FILE_NAME = "hyogo-pc-convert.json"
SCHEMA = 1

_OF_GRID = "hyogo-pc.json"
_SECONDS = 2.0
"""Between writes: of thousands of sheets each would write thousands of entries."""


class Record:
    """What an output folder holds, and of what.

    Parameters
    ----------
    out : Path

    Raises
    ------
    OutputError
        If there is a record that cannot be read.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        held = _read(out / FILE_NAME)
        if held and held.get("schema") != SCHEMA:
            raise OutputError("convert.record", path=out / FILE_NAME, cause=f"schema {held.get('schema')}")
        self.folders: dict[str, dict[str, Any]] = held.get("folders", {})
        of_grid = _read(out / _OF_GRID)
        self.foreign = {name for key in ("products", "parameters") for name in of_grid.get(key) or ()}
        self.saved = time.monotonic()

    def admit(self, folder: str, parameters: dict[str, Any]) -> None:
        """Make sure that a folder takes rasters with these parameters.

        Raises
        ------
        ParameterError
            If it holds others: rasters of ``grid``, or such in another system.
        """
        held = self.folders.setdefault(folder, {"parameters": parameters, "rasters": {}})
        if folder in self.foreign or held["parameters"] != parameters:
            raise ParameterError("convert.other_contents", folder=self.out / folder)

    def note(self, folder: str, code: str, file: str, grid: Grid, inputs: list[str]) -> None:
        """Take down that a raster is under its final name; written to the disk every few seconds, and by `save`."""
        box = grid.box
        self.folders[folder]["rasters"][code] = {
            "file": file,
            "inputs": sorted(inputs),
            "edges": [box.west, box.south, box.east, box.north],
            "cell": grid.cell,
            "origin": list(grid.origin),
            "per_unit": grid.per_unit,
        }
        if time.monotonic() - self.saved > _SECONDS:
            self.save()

    def save(self) -> None:
        """Write the record.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        values = {"schema": SCHEMA, "folders": self.folders}
        text = json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False)
        put.put(self.out / FILE_NAME, text.encode())
        self.saved = time.monotonic()

    def tiles(self, folder: str) -> Iterator[Tile]:
        """Yield the rasters of a folder that are there, for a mosaic."""
        for entry in self.folders[folder]["rasters"].values():
            if (self.out / folder / entry["file"]).exists():
                east, north = entry["origin"]
                grid = Grid(Box(*entry["edges"]), entry["cell"], (east, north), entry["per_unit"])
                yield Tile(Path(folder, entry["file"]), grid)


def _read(path: Path) -> dict[str, Any]:
    """Return what a file holds, nothing if there is none."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise OutputError("convert.record", path=path, cause=error) from None
    if not isinstance(values, dict):
        raise OutputError("convert.record", path=path, cause=type(values).__name__)
    return values
