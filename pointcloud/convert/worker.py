"""One file to one raster under a private name: the step that any thread may take."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

import numpy as np

from pointcloud.convert.georeference import Place, place
from pointcloud.convert.kinds import NameFacts, name_facts, with_companions
from pointcloud.convert.orthometric import lowered
from pointcloud.convert.request import Kind, Request
from pointcloud.errors import FileError
from pointcloud.geo.lattice import QUANTA_PER_METRE, Grid
from pointcloud.geo.sheets import Sheet
from pointcloud.io import names, put
from pointcloud.io.dems.geotiff import read_geotiff
from pointcloud.io.dems.gml import read_gml
from pointcloud.io.dems.gridded import Gridded
from pointcloud.io.dems.lem import read_lem
from pointcloud.io.dems.textgrid import SENTINELS, read_text
from pointcloud.io.member import Member
from pointcloud.io.rasters import cog
from pointcloud.io.remark import Remark
from pointcloud.params.grid import GeoidFile, Product
from pointcloud.plaintext import to_json
from pointcloud.run.entries import Input
from pointcloud.run.items import InputFile, Made, Staged, Told
from pointcloud.version import __version__


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


def convert_file(member: Member, kind: Kind, request: Request) -> Made:
    """Read, place, encode and stage one file.

    Raises
    ------
    HyogoError
        If the file cannot be used.
    """
    facts = name_facts(member.stem)
    gridded = read(member, kind, request, facts)
    given = None if kind == "gml" else request.crs
    lowering = None if gridded.is_picture else request.geoid
    here = place(gridded, facts, member.label, given, None if lowering else request.vertical)
    if lowering:
        gridded, here = lowered(gridded, here, lowering, request.vertical, member.label)
    product = _product(gridded, facts, request, member.label)
    folder, code = _names(product, gridded, here, member)
    inputs = tuple(
        taken(each, gridded.sha256 if each is member else each.digest())
        for each in with_companions(member, kind)
    )
    return stage(
        gridded,
        request,
        (folder, code, here.sheet),
        here.crs.wkt,
        parameters(here, product, lowering),
        inputs,
        (*gridded.remarks, *here.remarks),
    )


def as_input(member: Member) -> InputFile:
    """Return a file as one that decides what a raster holds."""
    modified_ns = member.path.stat().st_mtime_ns
    return InputFile(member.place, member.label, member.size, modified_ns, member.digest)


def taken(member: Member, sha256: str) -> Input:
    """Return a file as the record names it."""
    modified_ns = member.path.stat().st_mtime_ns
    return Input(member.label, member.size, modified_ns, sha256, ground=False, points=0)


def parameters(here: Place, product: Product, geoid: GeoidFile | None = None) -> dict[str, Any]:
    """Return what all rasters of one folder share."""
    shared = {"converted": 1, "product": product, "crs": here.crs.horizontal, "vertical": here.crs.vertical}
    return {**shared, "geoid": geoid.facts} if geoid else shared


def stage(
    gridded: Gridded,
    request: Request,
    target: tuple[str, str, Sheet | None],
    crs_wkt: str,
    shared: dict[str, Any],
    inputs: tuple[Input, ...],
    remarks: tuple[Remark, ...],
    tags: Mapping[str, str] = MappingProxyType({}),
) -> Made:
    """Encode a raster and write it under a private name in its folder, unless no cell holds anything.

    ``target`` is the folder's name, what the record calls the raster, and the sheet that it is.

    Raises
    ------
    OutputError
        If it cannot be encoded or written.
    """
    folder, code, sheet = target
    bounds = sheet.bounds if sheet else _bounds(gridded.grid)
    file = names.file_in(folder, code)
    told = Told(code, bounds, folder, f"{folder}/{file}", shared, inputs, _values(gridded.grid))
    empty = not gridded.array[..., 3].any() if gridded.is_picture else bool(np.isnan(gridded.array).all())
    if empty:
        void = Remark.of("convert.void", path=", ".join(each.name for each in inputs[:1]))
        return Made(absent={folder: "empty"}, remarks=(*remarks, void), told=told)
    product: Product = shared["product"]
    named = [{"name": each.name, "size": each.size, "sha256": each.sha256} for each in inputs]
    described = {
        **gridded.tags,
        "TIFFTAG_SOFTWARE": f"hyogo-pc {__version__}",
        "PRODUCT": product.upper(),
        "INPUTS": to_json(named),
        **({"CREDIT": request.credit} if request.credit else {}),
        **({"GEOID": to_json(shared["geoid"])} if "geoid" in shared else {}),
        **({"SHEET": sheet.code} if sheet else {}),
        **tags,
    }
    data = cog.encode(gridded.array, gridded.grid, crs_wkt, tags=described, compress=request.compress)
    path = put.stage(request.out / folder, file, data)
    staged = Staged(folder, told.name, path, len(data), hashlib.sha256(data).hexdigest())
    return Made(staged=[staged], remarks=remarks, told=told)


def _values(grid: Grid) -> dict[str, Any]:
    values: dict[str, Any] = asdict(grid)
    return values | {"origin": list(grid.origin)}


def _bounds(grid: Grid) -> tuple[float, float, float, float]:
    box, unit = grid.box, grid.per_unit
    return box.west / unit, box.south / unit, box.east / unit, box.north / unit


def _product(gridded: Gridded, facts: NameFacts, request: Request, label: str) -> Product:
    product: Product = facts.product or request.product or ("cs" if gridded.is_picture else "dem")
    if (product == "cs") != gridded.is_picture:
        if facts.product and not request.product:
            product = "cs" if gridded.is_picture else "dem"
        else:
            raise FileError("convert.product", path=label, product=product.upper())
    return product


def _names(product: Product, gridded: Gridded, here: Place, member: Member) -> tuple[str, str]:
    """Return the folder of a raster, and what the record calls it."""
    kind = gridded.tags.get("KIND")
    if gridded.grid.per_unit != QUANTA_PER_METRE:
        label = kind or f"{round(gridded.grid.resolution * 3600, 4):g}s".replace(".", "p")
        code = gridded.tags.get("MESH") or _safe(member.stem)
    else:
        label = names.label(gridded.grid.resolution)
        code = here.sheet.code if here.sheet else _safe(member.stem)
    return names.labelled_folder(product, label), code


def _safe(stem: str) -> str:
    """Return a name that every system takes for a file, Japanese included."""
    plain = unicodedata.normalize("NFC", stem)
    return re.sub(r'[\x00-\x1f<>:"/\\|?*\s]+', "_", plain).strip("._") or "raster"
