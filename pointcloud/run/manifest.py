"""What an output folder holds: one set of parameters a product, and the sheets made with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pointcloud.errors import OutputError, ParameterError
from pointcloud.io import names, put
from pointcloud.params import GridParams

SCHEMA = 1
FILE_NAME = "hyogo-pc.json"


@dataclass
class Manifest:
    """The record of an output folder.

    Parameters
    ----------
    out : Path
    products : dict
        By folder (``DEM_1g``): ``parameters``; ``sheets``: by code, the bounds of each raster in metres; ``empty``:
        the codes of sheets that hold nothing but water.
    """

    out: Path
    products: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(cls, out: Path) -> Manifest:
        """Return the record in ``out``, an empty one if there is none.

        Raises
        ------
        OutputError
            If it cannot be read.
        """
        path = out / FILE_NAME
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return cls(out)
        except OSError as error:
            raise OutputError("run.manifest", path=path, cause=error.strerror) from None
        try:
            values = json.loads(text)
            if values["schema"] != SCHEMA:
                raise OutputError("run.manifest_schema", path=path, found=values["schema"], known=SCHEMA)
            return cls(out, dict(values["products"]))
        except (ValueError, KeyError, TypeError) as error:
            raise OutputError("run.manifest", path=path, cause=error) from None

    def begin(self, params: GridParams, common: Mapping[str, object], *, redo: bool) -> list[Path]:
        """Take on the parameters of a run.

        Parameters
        ----------
        params : GridParams
        common : mapping
            What else the rasters of one folder must share, such as the CRS.
        redo : bool
            Give up rasters that were made with other parameters.

        Returns
        -------
        list of Path
            The rasters given up: to be deleted when the new ones are there.

        Raises
        ------
        ParameterError
            If the folder holds rasters made with other parameters, and ``redo`` is not set.
        """
        given_up: list[Path] = []
        for product in params.products:
            for resolution in params.resolutions:
                folder = names.folder(product, resolution)
                wanted = json.loads(json.dumps({**params.of(product), **common}))
                held = self.products.get(folder)
                if held and held["parameters"] != wanted and held["sheets"]:
                    if not redo:
                        raise ParameterError(
                            "run.other_parameters",
                            folder=self.out / folder,
                            differences=_differences(held["parameters"], wanted),
                        )
                    given_up.extend(
                        self.out / folder / names.file_name(product, code, resolution)
                        for code in held["sheets"]
                    )
                    held = None
                self.products[folder] = {
                    "parameters": wanted,
                    "sheets": held["sheets"] if held else {},
                    "empty": held["empty"] if held else [],
                }
        return given_up

    def add(self, folder: str, code: str, bounds: tuple[float, float, float, float]) -> None:
        """Note that a raster is under its final name."""
        self.products[folder]["sheets"][code] = list(bounds)
        self.products[folder]["empty"] = [other for other in self.products[folder]["empty"] if other != code]

    def add_empty(self, folder: str, code: str) -> bool:
        """Note that a sheet was made and holds nothing; return whether there was a raster of it before."""
        self.products[folder]["empty"] = sorted({*self.products[folder]["empty"], code})
        return self.products[folder]["sheets"].pop(code, None) is not None

    def save(self) -> None:
        """Write the record."""
        values = {"schema": SCHEMA, "products": self.products}
        text = json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False)
        put.put(self.out / FILE_NAME, text.encode())


def _differences(held: Mapping[str, object], wanted: Mapping[str, object]) -> str:
    keys = sorted(set(held) | set(wanted))
    parts = [
        f"{key}: {held.get(key)} / {wanted.get(key)}" for key in keys if held.get(key) != wanted.get(key)
    ]
    return "; ".join(parts)
