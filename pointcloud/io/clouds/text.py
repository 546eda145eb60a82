"""Points as text, one a line, as survey deliveries hold them: ``id,x,y,z,pulse``, loose or inside ZIPs.

オリジナルデータ (``*_org.txt``) and グラウンドデータ (``*_grd.txt``) of the rules of public surveys. There is no
header, no CRS and no class; x is easting. What a header would say is found by reading the file once, which finds
damage too, before anything is made.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import FileError
from pointcloud.geo.lattice import QUANTA_PER_METRE, metres
from pointcloud.geo.transform import PointTransform
from pointcloud.io import moving
from pointcloud.io.archive import container, open_path
from pointcloud.io.cloudheader import CloudHeader, PointChunk, Quanta, Triple
from pointcloud.io.member import LONGEST_LINE, Member, read_ahead
from pointcloud.io.spill.spill import WIDEST
from pointcloud.io.textlines import Layout, shown, split_line
from pointcloud.kernels.text import textgrid as kernel

SUFFIXES = (".txt", ".csv", ".xyz")
"""What a text of points may end in, if it is named; folders and ZIPs are searched for `NAMED`."""

NAMED = re.compile(r"_(org|original|grd|ground)\.(txt|csv|xyz)$", re.IGNORECASE)
"""Names of texts of points by the rules of public surveys."""

_GROUND = re.compile(r"_(grd|ground)$", re.IGNORECASE)
_GRID = re.compile(r"_\d+g$", re.IGNORECASE)
_UNCLASSIFIED = 1
_STEP = 1 / QUANTA_PER_METRE
_BATCH = 1_000_000
_FEWEST, _MOST = 3, 5
_DEGREES, _METRES = 11, 8  # decimals of coordinates that are moved, and fit 53 bits
_WORDS = {kernel.NOT_A_NUMBER: "pointtext.letters", kernel.COLUMNS: "pointtext.columns"}


Columns = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextHeader(CloudHeader):
    """What a text of points holds, found by reading it.

    Parameters
    ----------
    path : Path
        It may go on into a ZIP; ``size`` is then that of the text, ``modified_ns`` that of the ZIP.
    stored : int
        Bytes of the file on the disk: of the text, or of its ZIP.
    layout : Layout
    sha256 : str
        Of the text.
    """

    stored: int
    layout: Layout
    sha256: str

    @property
    def stamp(self) -> tuple[int, int]:
        """Size and time of the file on the disk, by which a change is noticed."""
        return self.stored, self.modified_ns

    @property
    def all_ground(self) -> bool:
        """Whether its name says that all its points are ground."""
        return _GROUND.search(self.path.stem) is not None


def is_point_text(path: Path) -> bool:
    """Return whether a path is read as a text of points, by its ending."""
    return path.suffix.lower() in SUFFIXES


def read_header(path: Path) -> TextHeader:
    """Read a text of points and return what it holds.

    Raises
    ------
    FileError
        If it cannot be opened, is no text of points, or holds anything but numbers; the message names the line.
    """
    if _GRID.search(path.stem):
        raise FileError("pointtext.grid", path=path)
    sha = hashlib.sha256()
    count, lows, highs = 0, [2**62] * 3, [-(2**62)] * 3
    with _opened(path) as (member, stamp), member.open() as file, closing(read_ahead(file, sha)) as pieces:
        rows = _Rows(path, pieces)
        for columns in rows:
            count += columns[0].size
            lows = [min(pair) for pair in zip(lows, _each(np.min, columns), strict=True)]
            highs = [max(pair) for pair in zip(highs, _each(np.max, columns), strict=True)]
        if max(highs[0] - lows[0], highs[1] - lows[1]) > WIDEST:
            width, height = (metres(highs[axis] - lows[axis]) / 1000 for axis in (0, 1))
            raise FileError("reduce.extent", path=path, width=width, height=height)
        return TextHeader(
            path=path,
            size=rows.size,
            modified_ns=stamp[1],
            count=count,
            scales=(_STEP, _STEP, _STEP),
            mins=_metres(lows),
            maxs=_metres(highs),
            system="",
            crs=None,
            stored=stamp[0],
            layout=rows.layout,
            sha256=sha.hexdigest(),
        )


def iter_points(header: TextHeader, *, chunk: int = _BATCH) -> Iterator[PointChunk]:
    """Yield all points of a text, of class 1, ``chunk`` at a time.

    E and N have four exact decimals, further ones round half away from zero; heights round half to even. Of points that
    are moved as many decimals count as say where they are to a nanometre, or a micrometre in degrees.

    Raises
    ------
    FileError
        If the file is no longer the one that the header was read from.
    """
    if chunk < 1:
        raise ValueError(f"chunk must be positive, not {chunk}")
    seen = 0
    layout = header.layout
    if header.transform is not None:
        layout = replace(layout, decimals=_DEGREES if header.transform.origin is None else _METRES)
    with (
        _opened(header.path, header) as (member, _),
        member.open() as file,
        closing(read_ahead(file, hashlib.sha256())) as pieces,
    ):
        for columns in _Rows(header.path, pieces, chunk, layout):
            if header.transform is not None:
                columns = _moved(columns, header.transform, layout.decimals, header.path)
            count = columns[0].size
            seen += count
            classes, withheld = np.full(count, _UNCLASSIFIED, np.uint8), np.zeros(count, np.bool_)
            yield PointChunk(*columns, classes, withheld, _each(np.min, columns), _each(np.max, columns))
    if seen != header.count:
        raise FileError("file.points_missing", path=header.path, read=seen, count=header.count)


@contextmanager
def _opened(path: Path, header: TextHeader | None = None) -> Iterator[tuple[Member, tuple[int, int]]]:
    """Open a path; yield the file, and size and time on the disk, which must not change meanwhile."""
    before = header.stamp if header else _stamp(path)
    if header and _stamp(path) != before:
        raise FileError("file.changed", path=path, before=before[0], now=_stamp(path)[0])
    with open_path(path) as member:
        yield member, before
    if _stamp(path) != before:
        raise FileError("file.changed", path=path, before=before[0], now=_stamp(path)[0])


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = container(path).stat()
    except FileNotFoundError as error:
        raise FileError("file.missing", path=path) from error
    except OSError as error:
        raise FileError("file.unreadable", path=path, cause=error.strerror or error) from error
    return status.st_size, status.st_mtime_ns


class _Rows:
    """The points in pieces of a text: arrays of E, N (int64) and height (int32) in quanta, new ones each time."""

    def __init__(
        self, path: Path, pieces: Iterator[bytes], chunk: int = _BATCH, layout: Layout | None = None
    ) -> None:
        self.path, self.pieces, self.chunk = path, pieces, chunk
        self.notes = kernel.fresh_notes()
        self.size = 0
        self.texts = self._whole_lines()
        first = next(self.texts, b"")
        self.layout = layout or read_layout(first, str(path))
        self.first = first

    def _whole_lines(self) -> Iterator[bytes]:
        """Yield the text in parts that end with a line feed; a mark of UTF-8 and a DOS end-of-file are passed over."""
        rest = b""
        for piece in self.pieces:
            begins = not self.size
            self.size += len(piece)
            piece = piece.removeprefix(b"\xef\xbb\xbf") if begins else piece
            end = piece.rfind(b"\n") + 1
            if end:
                yield rest + piece[:end]
            rest = piece[end:] if end else rest + piece
            if len(rest) > LONGEST_LINE:
                self._refuse(kernel.NOT_A_NUMBER, rest, 0)
        rest = rest.rstrip(b"\x1a")
        if rest:
            yield rest + b"\n"

    def __iter__(self) -> Iterator[Columns]:
        columns, held = self._room(), 0
        layout = self.layout.array()
        for text in self._all_texts():
            data, at = np.frombuffer(text, np.uint8), 0
            while at < data.size:
                begins, e, n, z, decimals = (column[held:] for column in columns)
                status, end, count = kernel.parse_lines(
                    data, at, data.size, layout, self.notes, begins, e, n, z, decimals
                )
                at, held = int(end), held + int(count)
                if status != kernel.DONE:
                    self._refuse(int(status), text, text.rfind(b"\n", 0, at) + 1)
                if held == self.chunk:
                    yield self._points(columns, held)
                    columns, held = self._room(), 0
        if held:
            yield self._points(columns, held)

    def _all_texts(self) -> Iterator[bytes]:
        yield self.first
        yield from self.texts

    def _room(self) -> tuple[NDArray[Any], ...]:
        kinds = (np.int64, np.int64, np.int64, np.float64, np.uint8)
        return tuple(np.empty(self.chunk, kind) for kind in kinds)

    def _points(self, columns: tuple[NDArray[Any], ...], count: int) -> Columns:
        _, e, n, z, _ = columns
        heights = np.rint(z[:count] * QUANTA_PER_METRE)
        low, high = heights.min(), heights.max()
        if low < -(2**31) or high >= 2**31:
            low, high = (f"{value / QUANTA_PER_METRE:.0f}" for value in (low, high))
            raise FileError("file.height", path=self.path, low=low, high=high)
        return e[:count], n[:count], heights.astype(np.int32)

    def _refuse(self, status: int, text: bytes, start: int) -> None:
        end = text.find(b"\n", start)
        line = int(self.notes[kernel.LINES]) + 1
        values: dict[str, object] = {"path": self.path, "line": f"{line:,}"}
        if status == kernel.COLUMNS:
            values["columns"] = self.layout.columns
        raise FileError(_WORDS[status], text=shown(text[start : end if end >= 0 else None]), **values)


def read_layout(head: bytes, label: str) -> Layout:
    """Return the layout of a text of points from its first line: x y z, or an id before them, a pulse behind them.

    Raises
    ------
    FileError
        If the first line is no row of 3 to 5 numbers.
    """
    line, columns = split_line(head[: 1 << 16])
    if not line:
        raise FileError("pointtext.empty", path=label)
    if not columns:
        raise FileError("pointtext.header", path=label, text=shown(line))
    if not _FEWEST <= columns <= _MOST:
        raise FileError("pointtext.layout", path=label, columns=columns, text=shown(line))
    return Layout.of(line, columns)


def _moved(columns: Columns, transform: PointTransform, decimals: int, path: Path) -> Columns:
    """Return points in quanta, whose E and N were whole numbers of the last of so many decimals."""
    unit = 10.0 ** (decimals if transform.origin is None else decimals - 4)
    e, n = moving.moved(transform, columns[0] / unit, columns[1] / unit, path)
    return e, n, columns[2]


def _each(find: Callable[[Any], Any], columns: Columns) -> Quanta:
    e, n, z = columns
    return int(find(e)), int(find(n)), int(find(z))


def _metres(values: list[int]) -> Triple:
    e, n, z = map(metres, values)
    return e, n, z
