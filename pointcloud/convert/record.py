"""The record of what was converted, in the same file as that of ``grid``: the only place that knows its form."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pointcloud.errors import ParameterError
from pointcloud.io.vrt import Tile
from pointcloud.lattice import Box, Grid
from pointcloud.run.manifest import Manifest

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
        self.manifest = Manifest.load(out)
        self.saved = time.monotonic()

    def admit(self, folder: str, parameters: dict[str, Any]) -> None:
        """Make sure that a folder takes rasters with these parameters.

        Raises
        ------
        ParameterError
            If it holds others: rasters of ``grid``, or such in another system.
        """
        held = self.manifest.products.get(folder)
        if held and held["sheets"] and held["parameters"] != parameters:
            raise ParameterError("convert.other_contents", folder=self.manifest.out / folder)
        if not held or held["parameters"] != parameters:
            self.manifest.products[folder] = {
                "parameters": parameters,
                "sheets": {},
                "empty": [],
                "given_up": [],
            }

    def note(self, folder: str, code: str, file: str, grid: Grid, inputs: list[str]) -> None:
        """Take down that a raster is under its final name; written to the disk every few seconds, and by `save`."""
        box = grid.box
        self.manifest.products[folder]["sheets"][code] = {
            "bounds": [edge / grid.per_unit for edge in (box.west, box.south, box.east, box.north)],
            "inputs": sorted(inputs),
            "file": file,
            "lattice": {"cell": grid.cell, "origin": list(grid.origin), "per_unit": grid.per_unit},
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
        self.manifest.save()
        self.saved = time.monotonic()

    def tiles(self, folder: str) -> Iterator[Tile]:
        """Yield the rasters of a folder that are there, for a mosaic."""
        for entry in self.manifest.products[folder]["sheets"].values():
            if (self.manifest.out / folder / entry["file"]).exists():
                lattice = entry["lattice"]
                edges = [round(edge * lattice["per_unit"]) for edge in entry["bounds"]]
                grid = Grid(Box(*edges), lattice["cell"], tuple(lattice["origin"]), lattice["per_unit"])
                yield Tile(Path(folder, entry["file"]), grid)
