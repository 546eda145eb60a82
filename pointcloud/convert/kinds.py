"""Of which kind a file is, and what its name says."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from pointcloud.convert.request import Kind
from pointcloud.errors import FileError, ParameterError
from pointcloud.geo import sheets
from pointcloud.geo.lattice import cell_quanta
from pointcloud.geo.sheets import Sheet
from pointcloud.io import names
from pointcloud.io.dems.geotiff import WORLD_FILES
from pointcloud.io.member import Member
from pointcloud.params.grid import Product

_HEAD = 4096
_SUFFIXES: dict[str, Kind] = {
    **{".tif": "geotiff", ".tiff": "geotiff", ".lem": "lem", ".xml": "gml", ".gml": "gml"},
    **{".txt": "text", ".csv": "text", ".xyz": "text", ".dat": "text", ".asc": "text"},
}
_PRODUCTS: dict[str, Product] = {"DEM": "dem", "DSM": "dsm", "CS": "cs", "ALT": "dem"}
_COMPANIONS = (*WORLD_FILES, ".prj")
_POINTS = re.compile(r"_(org|grd|ground|original)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NameFacts:
    """What a file's name says.

    Parameters
    ----------
    product : str or None
    sheets : tuple of Sheet
        Every reading of every sheet code.
    cell : int or None
        Side of a cell in quanta.
    """

    product: Product | None
    sheets: tuple[Sheet, ...]
    cell: int | None


def name_facts(stem: str) -> NameFacts:
    """Return what a name says: ``DEM_05LF901_1g``, ``alt_05mf8111``, in any letter case."""
    words = [word for word in re.split(r"[^0-9A-Za-z]+", unicodedata.normalize("NFKC", stem)) if word]
    product = next((_PRODUCTS[word.upper()] for word in words if word.upper() in _PRODUCTS), None)
    label = next((word for word in words if names.resolution_of(word)), None)
    resolution = names.resolution_of(label) if label else None
    found = list(sheets.find_code(stem))
    for word in words:  # the prefecture's 50 cm rasters bear 11 behind the sheet
        if word.endswith("11"):
            try:
                found += sheets.parse_all(word[:-2])
            except ParameterError:
                continue
    return NameFacts(product, tuple(found), cell_quanta(resolution) if resolution else None)


def is_companion(member: Member) -> bool:
    """Return whether a file says something of another and is read with that: a world file, the CSV of a LEM."""
    if member.suffix == ".csv":
        return member.sibling(".lem") is not None
    return member.suffix in _COMPANIONS


def with_companions(member: Member, kind: Kind) -> tuple[Member, ...]:
    """Return a file and those that say something of it, whose content decides the raster as well."""
    endings = {"lem": (".csv",), "geotiff": WORLD_FILES}.get(kind, ())
    beside = member.sibling(*endings) if endings else None
    return (member, beside) if beside else (member,)


def kind_of(member: Member, wanted: Kind | None, *, alone: bool) -> Kind | None:
    """Return of which kind a file is, or ``None`` if it is none of ours and may be passed over.

    Parameters
    ----------
    member : Member
    wanted : str, optional
        The kind that the user states; files with other endings are passed over.
    alone : bool
        Whether the user named this very file: then it must be one of ours.

    Raises
    ------
    FileError
        If it was named and is of no known kind, or holds points.
    """
    kind = _SUFFIXES.get(member.suffix)
    if is_companion(member) and not alone:
        return None
    if wanted and (alone or kind != wanted):
        return wanted if alone else None
    if kind is None:
        if alone:
            raise FileError("convert.kind", path=member.label, suffixes=", ".join(sorted(_SUFFIXES)))
        return None
    if kind == "text":
        return _text(member, alone=alone)
    if kind == "gml" and not alone and b"Dataset" not in member.head(_HEAD):
        return None
    return kind


def _text(member: Member, *, alone: bool) -> Kind | None:
    head = member.head(_HEAD)
    line = next((line for line in head.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()), b"")
    numeric = re.fullmatch(rb"[\s,+\-.0-9]+", line)
    facts = name_facts(member.stem)
    if not alone and line and not numeric and not (facts.sheets and facts.product):
        return None  # a readme
    if _POINTS.search(member.stem):
        raise FileError("convert.points", path=member.label)
    return "text"
