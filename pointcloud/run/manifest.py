"""What an output folder holds: one set of parameters a product, and the sheets made with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pointcloud.errors import OutputError, ParameterError
from pointcloud.io import names, put
from pointcloud.params import GridParams, Product

SCHEMA = 1
FILE_NAME = "hyogo-pc.json"


@dataclass
class Manifest:
    """The record of an output folder.

    Parameters
    ----------
    out : Path
    products : dict
        By folder (``DEM_1g``): ``parameters``; ``sheets``: by code, the ``bounds`` of each raster in
        metres and the ``inputs`` that lie on it; ``empty``:
        the codes of sheets that hold nothing but water; ``given_up``: those whose raster is to be deleted when the
        run ends.
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
        """
        for product, _, folder in _folders(params):
            wanted = json.loads(json.dumps({**params.of(product), **common}))
            held = self.products.get(folder, {})
            sheets, given_up = dict(held.get("sheets", {})), list(held.get("given_up", []))
            if held and held["parameters"] != wanted:
                if sheets and not redo:
                    raise ParameterError(
                        "run.other_parameters",
                        folder=self.out / folder,
                        differences=_differences(held["parameters"], wanted),
                    )
                given_up, sheets, held = sorted({*given_up, *sheets}), {}, {}
            self.products[folder] = {
                "parameters": wanted,
                "sheets": sheets,
                "empty": held.get("empty", []),
                "given_up": given_up,
            }

    def settle(self, params: GridParams) -> None:
        """Delete the rasters that were given up, once the new ones are there, and forget those that somebody deleted.

        Raises
        ------
        OutputError
            If one cannot be deleted.
        """
        for product, resolution, folder in _folders(params):
            for code in self.products[folder]["given_up"]:
                put.remove(self.out / folder / names.file_name(product, code, resolution))
            held = self.products[folder]
            held["given_up"] = []
            held["sheets"] = {
                code: sheet
                for code, sheet in held["sheets"].items()
                if (self.out / folder / names.file_name(product, code, resolution)).exists()
            }

    def add(
        self, folder: str, code: str, bounds: tuple[float, float, float, float], inputs: Sequence[str]
    ) -> None:
        """Note that a raster is under its final name, and the files that lie on its sheet."""
        self.products[folder]["sheets"][code] = {"bounds": list(bounds), "inputs": sorted(inputs)}
        for past in ("empty", "given_up"):
            self.products[folder][past] = [other for other in self.products[folder][past] if other != code]

    def lost_inputs(self, code: str, inputs: Sequence[str]) -> list[str]:
        """Return the files that a raster of a sheet was made from and that are not among ``inputs`` now."""
        held = (product["sheets"].get(code, {}) for product in self.products.values())
        return sorted({name for sheet in held for name in sheet.get("inputs", [])} - set(inputs))

    def holds(self, folder: str, code: str) -> bool:
        """Whether there is a raster of a sheet, made with the parameters of this run."""
        return code in self.products[folder]["sheets"]

    def add_empty(self, folder: str, code: str) -> None:
        """Note that a sheet was made and holds nothing; a raster of it that was there before is given up."""
        held = self.products[folder]
        held["empty"] = sorted({*held["empty"], code})
        if held["sheets"].pop(code, None) is not None:
            held["given_up"] = sorted({*held["given_up"], code})

    def save(self) -> None:
        """Write the record."""
        values = {"schema": SCHEMA, "products": self.products}
        text = json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False)
        put.put(self.out / FILE_NAME, text.encode())


def _folders(params: GridParams) -> Iterator[tuple[Product, float, str]]:
    """Yield each product and resolution of a run, and the folder of its rasters."""
    for product in params.products:
        for resolution in params.resolutions:
            yield product, resolution, names.folder(product, resolution)


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
