"""What one file leaves behind: cells on the lattice and ground points by bucket.

A spill is immutable. It lives in memory, or in one file that is written under a private name and renamed when it is
complete. Readers take only the blocks and buckets that touch their window.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from io import FileIO
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from pointcloud.geo.lattice import QUANTA_PER_METRE, Box, Grid
from pointcloud.io import put
from pointcloud.io.cloudheader import NO_MARKS, Marks

Array = npt.NDArray[Any]

BUCKET = 25 * QUANTA_PER_METRE
"""Side of a bucket of ground points in quanta: a halo of a few metres reads little more than it needs."""

WIDEST = 200_000 * QUANTA_PER_METRE
"""Largest extent of one file in quanta (200 km): relative coordinates then fit 32 bits."""


@dataclass(frozen=True)
class SpillInfo:
    """What is known of a file once it has been read.

    Parameters
    ----------
    name, size, sha256 : str, int, str
        The input's file name (no folder), bytes, and hash.
    box : Box
        What the points cover (half-open, so that each of them is inside), empty if there are none.
    classes : dict of int to int
        Points of each class.
    points, used, withheld, excluded, ground : int
        Points read, used for the surface, withheld, of an excluded class, taken as ground.
    ground_only : bool
        Whether every point used is ground: then holes say nothing about water.
    synthetic : bool
        Whether the file calls itself made-up.
    reader : str
        What read it if not this program itself, with its version.
    moved_from : str
        System that its points were brought from, ``EPSG:code`` or WKT; empty if they stayed where they are.
    marks : Marks
        Points marked as synthetic, key points and overlap.
    """

    name: str
    size: int
    sha256: str
    box: Box
    classes: dict[int, int]
    points: int
    used: int
    withheld: int
    excluded: int
    ground: int
    ground_only: bool
    synthetic: bool
    reader: str = ""
    moved_from: str = ""
    marks: Marks = NO_MARKS

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SpillInfo:
        """Return the value that :meth:`to_json` came from."""
        known = dict(values)
        known["box"] = Box(**known["box"])
        known["marks"] = Marks(*known.get("marks", ()))
        known["classes"] = {int(k): v for k, v in known["classes"].items()}
        return cls(**known)


@dataclass(frozen=True)
class Run:
    """Ground points sorted by bucket: those that were in memory at one time."""

    west: int
    south: int
    cols: int
    starts: Array
    points: str


@dataclass(frozen=True)
class Layer:
    """Sparse square blocks of cells, each ``size`` cells wide: ``places`` (blocks, 2) holds their row and column."""

    cell: int
    size: int
    places: Array
    blocks: str


class Store:
    """Arrays by name, read in slices: in memory, or in the file at ``path``.

    The file is opened at the first read and stays open: a sheet takes some 400 reads, and opening costs as much as
    reading even on a disk of this machine. Several threads may read.
    """

    def __init__(self, arrays: Mapping[str, Array], path: Path | None = None) -> None:
        self._arrays = dict(arrays)
        self._path = path
        self._places: dict[str, tuple[int, np.dtype[Any], tuple[int, ...]]] = {}
        self._file: FileIO | None = None
        self._reading = Lock()

    def place(self, name: str, offset: int, dtype: str, shape: tuple[int, ...]) -> None:
        """Say where in the file an array stands."""
        self._places[name] = (offset, np.dtype(dtype), shape)

    def read(self, name: str, start: int, stop: int) -> Array:
        """Return the items ``start`` to ``stop`` of the first axis.

        Plain reads, not a memory map: mapped pages would count as this process's memory.
        """
        if name in self._arrays:
            return self._arrays[name][start:stop]
        offset, dtype, shape = self._places[name]
        out = np.empty((max(stop - start, 0), *shape[1:]), dtype)
        view = out.data.cast("B") if out.size else memoryview(b"")
        done = 0
        with self._reading:
            if self._file is None:
                assert self._path is not None
                self._file = self._path.open("rb", buffering=0)
            self._file.seek(offset + start * dtype.itemsize * int(np.prod(shape[1:], dtype=np.int64)))
            while done < len(view):
                got = self._file.readinto(view[done:])
                if not got:
                    raise OSError(f"{self._path} ends early")
                done += got
        return out

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()


def blocks_on(layer: Layer, grid: Grid, store: Store) -> Iterator[tuple[tuple[slice, slice], Array]]:
    """Yield what blocks of a layer hold of ``grid``, and where on it that lies."""
    assert grid.cell == layer.cell
    top, left = -grid.box.north // grid.cell, grid.box.west // grid.cell
    size = layer.size
    for slot, (block_row, block_col) in enumerate(layer.places.tolist()):
        r, c = block_row * size - top, block_col * size - left
        r0, r1, c0, c1 = max(r, 0), min(r + size, grid.rows), max(c, 0), min(c + size, grid.cols)
        if r0 < r1 and c0 < c1:
            block = store.read(layer.blocks, slot, slot + 1)[0]
            yield (slice(r0, r1), slice(c0, c1)), block[r0 - r : r1 - r, c0 - c : c1 - c]


@dataclass(frozen=True)
class Spill:
    """The reduction of one file; see the module.

    ``returns`` is there if the returns of each cell were to be counted, and the file was not given as ground alone.
    """

    info: SpillInfo
    highest: Layer
    dry: Layer
    east: int
    north: int
    runs: tuple[Run, ...]
    store: Store = field(repr=False)
    path: Path | None = None
    returns: Layer | None = None

    @property
    def layers(self) -> dict[str, Layer]:
        """The layers of cells that there are, by name."""
        layers = {"highest": self.highest, "dry": self.dry}
        return layers | ({"returns": self.returns} if self.returns else {})

    def raise_highest(self, grid: Grid, out: Array) -> None:
        """Raise ``out`` (int32, on ``grid``) to the highest returns."""
        for here, block in blocks_on(self.highest, grid, self.store):
            np.maximum(out[here], block, out=out[here])

    def mark_dry(self, grid: Grid, out: Array) -> None:
        """Set ``out`` (uint8, on ``grid``) where there is a return other than water."""
        for here, block in blocks_on(self.dry, grid, self.store):
            out[here] |= block

    def add_returns(self, grid: Grid, out: Array) -> None:
        """Add the number of returns to ``out`` (int32, on ``grid``)."""
        if self.returns:
            for here, block in blocks_on(self.returns, grid, self.store):
                out[here] += block

    def count_ground(self, box: Box) -> int:
        """Return the number of ground points in the buckets that touch ``box``."""
        return sum(stop - start for _, start, stop in self._ranges(box))

    def ground(self, box: Box) -> Iterator[tuple[Array, int, int]]:
        """Yield ground points (n, 3) of the buckets that touch ``box``, and the E, N they are relative to."""
        for run, start, stop in self._ranges(box):
            yield self.store.read(run.points, start, stop), self.east, self.north

    def _ranges(self, box: Box) -> Iterator[tuple[Run, int, int]]:
        for run in self.runs:
            rows = (len(run.starts) - 1) // run.cols
            first_col = max((box.west - self.east - run.west) // BUCKET, 0)
            last_col = min((box.east - self.east - run.west) // BUCKET, run.cols - 1)
            first_row = max((box.south - self.north - run.south) // BUCKET, 0)
            last_row = min((box.north - self.north - run.south) // BUCKET, rows - 1)
            if first_col > last_col:
                continue
            for row in range(first_row, last_row + 1):
                start = int(run.starts[row * run.cols + first_col])
                stop = int(run.starts[row * run.cols + last_col + 1])
                if start < stop:
                    yield run, start, stop


class SpillFile:
    """A spill on disk, being written: arrays first, as they come, then an index and where that begins."""

    MAGIC = b"hyogospill1\n"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.private = path.with_name(f".{path.name}.{os.getpid()}.part")
        self.index: dict[str, tuple[int, str, tuple[int, ...]]] = {}
        with self._guarded():
            self.file: BinaryIO = self.private.open("wb", buffering=0)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Say in words what the operating system refuses: an :class:`OutputError`, not the input's fault."""
        try:
            yield
        except OSError as error:
            raise put.refusal(self.path, error) from error

    def add(self, name: str, array: Array) -> None:
        """Append an array.

        Raises
        ------
        OutputError
            If the disk is full, faulty or refuses; :meth:`finish` likewise.
        """
        with self._guarded():
            self.index[name] = (self.file.tell(), array.dtype.str, array.shape)
            self._write(np.ascontiguousarray(array).data.cast("B") if array.size else b"")

    def _write(self, data: memoryview | bytes) -> None:
        while data:  # a disk that is nearly full takes a part, and refuses only the next
            data = data[self.file.write(data) :]

    def finish(self, meta: dict[str, Any]) -> None:
        """Write the index, and give the file its name."""
        with self._guarded():
            at = self.file.tell()
            self._write(json.dumps({"meta": meta, "arrays": self.index}).encode())
            self._write(at.to_bytes(8, "little") + self.MAGIC)
            self.file.close()
            self.private.replace(self.path)

    def abandon(self) -> None:
        """Leave nothing behind."""
        with suppress(OSError):
            self.file.close()
            self.private.unlink(missing_ok=True)


def write_index(spill: Spill, file: SpillFile) -> None:
    """Complete the file that holds the arrays of ``spill``."""
    for name, layer in spill.layers.items():
        file.add(f"{name}.places", layer.places)
    for k, run in enumerate(spill.runs):
        file.add(f"starts.{k}", run.starts)
    file.finish(
        {
            "info": spill.info.to_json(),
            "east": spill.east,
            "north": spill.north,
            "layers": {name: [layer.cell, layer.size] for name, layer in spill.layers.items()},
            "runs": [[run.west, run.south, run.cols, run.points] for run in spill.runs],
        }
    )


def open_file(path: Path) -> tuple[Store, dict[str, Any], dict[str, int]]:
    """Open what a :class:`SpillFile` has written: its arrays, what it says of them, and the length of each.

    Raises
    ------
    OSError
        If it is not complete.
    """
    with path.open("rb") as file:
        tail = 8 + len(SpillFile.MAGIC)
        end = file.seek(0, os.SEEK_END) - tail
        if end < 0:
            raise OSError(f"{path} is not a spill")
        file.seek(end)
        footer = file.read(tail)
        if footer[8:] != SpillFile.MAGIC:
            raise OSError(f"{path} is not a spill")
        at = int.from_bytes(footer[:8], "little")
        file.seek(at)
        index = json.loads(file.read(end - at))
    store = Store({}, path)
    for name, (offset, dtype, shape) in index["arrays"].items():
        store.place(name, offset, dtype, tuple(shape))
    return store, index["meta"], {name: shape[0] for name, (_, _, shape) in index["arrays"].items()}


def load(path: Path) -> Spill:
    """Open the spill at ``path``.

    Raises
    ------
    OSError
        If it is not a complete spill.
    """
    store, meta, lengths = open_file(path)

    def whole(name: str) -> Array:
        return store.read(name, 0, lengths[name])

    layers = {n: Layer(c, s, whole(f"{n}.places"), n) for n, (c, s) in meta["layers"].items()}
    runs = tuple(
        Run(w, s, cols, whole(f"starts.{k}"), pts) for k, (w, s, cols, pts) in enumerate(meta["runs"])
    )
    return Spill(
        SpillInfo.from_json(meta["info"]),
        layers["highest"],
        layers["dry"],
        meta["east"],
        meta["north"],
        runs,
        store,
        path,
        layers.get("returns"),
    )
