"""One file to one raster under a private name: the step that any thread may take."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pointcloud import __version__
from pointcloud.convert.kinds import NameFacts, name_facts
from pointcloud.convert.place import Place, place
from pointcloud.convert.request import Kind, Request
from pointcloud.errors import FileError
from pointcloud.io import cog, names, put
from pointcloud.io.geotiff import read_geotiff
from pointcloud.io.gml import read_gml
from pointcloud.io.gridded import Gridded
from pointcloud.io.lem import read_lem
from pointcloud.io.member import Member
from pointcloud.io.remark import Remark
from pointcloud.io.textgrid import SENTINELS, read_text
from pointcloud.lattice import QUANTA_PER_METRE, Grid
from pointcloud.params import Product


@dataclass(frozen=True)
class Staged:
    """A raster that waits for its final name.

    Parameters
    ----------
    path : Path
        The private file.
    size : int
    folder, name, code : str
        Where it goes, and what the record calls it.
    grid : Grid
    parameters : dict
        What all rasters of the folder share.
    crs_wkt : str
    inputs : tuple of dict
        Name, size and SHA-256 of what it was made from.
    remarks : tuple of Remark
    """

    path: Path
    size: int
    folder: str
    name: str
    code: str
    grid: Grid
    parameters: dict[str, Any]
    crs_wkt: str
    inputs: tuple[dict[str, object], ...]
    remarks: tuple[Remark, ...]


def read(member: Member, kind: Kind, request: Request, facts: NameFacts) -> Gridded:
    """Return the raster of a file of a known kind.

    Raises
    ------
    FileError
        If it is not what the kind wants.
    """
    sentinels = (*SENTINELS, *request.nodata)
    if kind == "text":
        return _read_text(member, request, facts, sentinels)
    if kind == "geotiff":
        return read_geotiff(member, sentinels)
    return read_gml(member) if kind == "gml" else read_lem(member)


def _read_text(member: Member, request: Request, facts: NameFacts, sentinels: tuple[float, ...]) -> Gridded:
    sheet = max(facts.sheets, key=lambda one: one.level in ("2500", "5000"), default=None)
    return read_text(
        member,
        expected=sheet.box if sheet else None,
        cell=facts.cell,
        sentinels=sentinels,
        swap=request.swap,
    )


def convert_file(member: Member, kind: Kind, request: Request) -> Staged | tuple[Remark, ...]:
    """Read, place, encode and stage one file.

    Returns
    -------
    Staged or tuple of Remark
        The remarks alone if no cell holds anything.

    Raises
    ------
    HyogoError
        If the file cannot be used.
    """
    facts = name_facts(member.stem)
    gridded = read(member, kind, request, facts)
    given = None if kind == "gml" else request.crs
    here = place(gridded, facts, member.label, given, request.vertical)
    remarks = (*gridded.remarks, *here.remarks)
    empty = not gridded.array[..., 3].any() if gridded.is_picture else bool(np.isnan(gridded.array).all())
    if empty:
        return (*remarks, Remark.of("convert.void", path=member.label))
    product = _product(gridded, facts, request, member.label)
    folder, name, code = _names(product, gridded, here, member)
    source = {"name": member.label, "size": member.size, "sha256": gridded.sha256}
    return stage(
        gridded,
        request,
        (folder, name, code),
        here.crs.wkt,
        parameters(here, product),
        (source,),
        remarks,
        {"SHEET": here.sheet.code} if here.sheet else {},
    )


def parameters(here: Place, product: Product) -> dict[str, Any]:
    """Return what all rasters of one folder share."""
    return {"converted": 1, "product": product, "crs": here.crs.horizontal, "vertical": here.crs.vertical}


def stage(
    gridded: Gridded,
    request: Request,
    target: tuple[str, str, str],
    crs_wkt: str,
    shared: dict[str, Any],
    inputs: tuple[dict[str, object], ...],
    remarks: tuple[Remark, ...],
    tags: Mapping[str, str],
) -> Staged:
    """Encode a raster and write it under a private name in its folder.

    ``target`` is the folder's name, the file's, and what the record calls it.

    Raises
    ------
    OutputError
        If it cannot be encoded or written.
    """
    folder, name, code = target
    product: Product = shared["product"]
    described = {
        **gridded.tags,
        "TIFFTAG_SOFTWARE": f"hyogo-pc {__version__}",
        "PRODUCT": product.upper(),
        "INPUTS": json.dumps(inputs, ensure_ascii=False),
        **({"CREDIT": request.credit} if request.credit else {}),
        **tags,
    }
    data = cog.encode(gridded.array, gridded.grid, crs_wkt, tags=described, compress=request.compress)
    path = put.stage(request.out / folder, name, data)
    return Staged(path, len(data), folder, name, code, gridded.grid, shared, crs_wkt, inputs, remarks)


def _product(gridded: Gridded, facts: NameFacts, request: Request, label: str) -> Product:
    product: Product = facts.product or request.product or ("cs" if gridded.is_picture else "dem")
    if (product == "cs") != gridded.is_picture:
        if facts.product and not request.product:
            product = "cs" if gridded.is_picture else "dem"
        else:
            raise FileError("convert.product", path=label, product=product.upper())
    return product


def _names(product: Product, gridded: Gridded, here: Place, member: Member) -> tuple[str, str, str]:
    """Return the folder and the file of a raster, and what the record calls it."""
    kind = gridded.tags.get("KIND")
    if gridded.grid.per_unit != QUANTA_PER_METRE:
        label = kind or f"{round(gridded.grid.resolution * 3600, 4):g}s".replace(".", "p")
        code = gridded.tags.get("MESH") or _safe(member.stem)
    else:
        label = names.label(gridded.grid.resolution)
        code = here.sheet.code if here.sheet else _safe(member.stem)
    folder = names.labelled_folder(product, label)
    return folder, names.file_in(folder, code), code


def _safe(stem: str) -> str:
    """Return a name that every system takes for a file, Japanese included."""
    plain = unicodedata.normalize("NFC", stem)
    return re.sub(r'[\x00-\x1f<>:"/\\|?*\s]+', "_", plain).strip("._") or "raster"
