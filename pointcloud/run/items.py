"""What a folder is filled with: items, the files that they need, and what is staged of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pointcloud.geo.sheets import Sheet
from pointcloud.io import names
from pointcloud.io.remark import Remark
from pointcloud.run.entries import Bounds, Input, State

Reason = Literal["new", "failed", "gone", "facts", "parameters", "inputs", "wanted"]
"""``gone``: somebody deleted or altered the file. ``facts``: the credit, say, is another. ``wanted``: it held too
little to be written, and is now asked for by name."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that can decide what an item holds.

    Parameters
    ----------
    key : str
        What tells it from every other file of a run.
    name : str
        What records call it.
    size, modified_ns : int
        Bytes, and the time of its last change.
    digest : callable
        Reads it and returns its SHA-256; raises :class:`pointcloud.errors.HyogoError` if it cannot be read.
    ground : bool
        All its points are taken as ground.
    points : int
    moved_from : str
        System that its points are brought from; empty if they stay where they are.
    """

    key: str
    name: str
    size: int
    modified_ns: int
    digest: Callable[[], str]
    ground: bool = False
    points: int = 0
    moved_from: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to make: a sheet, a DEM file, a delivered file.

    Parameters
    ----------
    key : str
        What tells it from every other item of a run.
    label : str
        What people are told of.
    code : str
        What the record calls it; empty if only its content tells.
    bounds : (west, south, east, north)
    outputs : mapping of str to str
        By the folder that the record knows it by (``DEM_1g``), the path of each file within the output folder; empty
        if only its content tells.
    wanted : bool
        To be written however little it holds.
    """

    key: str
    label: str
    code: str
    bounds: Bounds
    outputs: Mapping[str, str]
    wanted: bool = False


def sheet_item(sheet: Sheet, folders: Iterable[str], *, wanted: bool = False) -> Item:
    """Return a sheet as an item, with a raster in each folder."""
    code = sheet.code
    outputs = {folder: f"{folder}/{names.file_in(folder, code)}" for folder in folders}
    return Item(code, code, code, sheet.bounds, outputs, wanted)


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be made of one item.

    Parameters
    ----------
    item : Item
    folders : frozenset of str
        Those of its outputs that are to be made; empty if only its content tells.
    needs : tuple of str
        Keys of the files to read before.
    reason : Reason
        Of the first of them.
    """

    item: Item
    folders: frozenset[str]
    needs: tuple[str, ...]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Staged:
    """A finished file under a private name.

    Parameters
    ----------
    folder : str
        That the record knows it by.
    name : str
        Its path within the output folder.
    path : Path
        The private file.
    size : int
        Bytes.
    sha256 : str
    """

    folder: str
    name: str
    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the content of an item tells of it, where nothing did before it was read.

    Parameters
    ----------
    code : str
    bounds : (west, south, east, north)
    folder, name : str
        As of :class:`Staged`.
    parameters : mapping
        What all files of the folder share.
    inputs : tuple of Input
    grid : mapping
        Where the cells lie, if they do not fill the bounds; the values of a :class:`pointcloud.geo.lattice.Grid`.
    """

    code: str
    bounds: Bounds
    folder: str
    name: str
    parameters: Mapping[str, Any]
    inputs: tuple[Input, ...]
    grid: Mapping[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Made:
    """What a worker made of an item.

    Parameters
    ----------
    staged : list of Staged
    absent : dict of str to State
        Folders without a file, and why.
    weak : bool
        Whether what is absent says nothing against what stands there, made from other files.
    seconds : float
    peak : int
        Most memory that the process held, in bytes.
    readers : list of str
        Other programs that read the inputs.
    remarks : tuple of Remark
    told : Told, optional
        What nobody knew of the item before it was read.
    """

    staged: list[Staged] = field(default_factory=list)
    absent: dict[str, State] = field(default_factory=dict)
    weak: bool = False
    seconds: float = 0.0
    peak: int = 0
    readers: list[str] = field(default_factory=list)
    remarks: tuple[Remark, ...] = ()
    told: Told | None = None
