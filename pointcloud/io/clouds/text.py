"""Points as text, one a line, as survey deliveries hold them: ``id,x,y,z,pulse``, loose or inside ZIPs.

オリジナルデータ (``*_org.txt``) and グラウンドデータ (``*_grd.txt``) of the rules of public surveys, and what other
programs write. Mostly there is no header, no CRS and no class; x is easting. What a header would say is found by
reading the file once, which finds damage too, before anything is made.
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

from pointcloud.doubt.columns import Columns as Meanings
from pointcloud.doubt.columns import stated as stated_columns
from pointcloud.errors import FileError
from pointcloud.geo.lattice import QUANTA_PER_METRE, metres
from pointcloud.geo.transform import PointTransform
from pointcloud.io import moving
from pointcloud.io.archive import container, open_path
from pointcloud.io.cloudheader import CloudHeader, PointChunk, Quanta, Triple
from pointcloud.io.clouds.textform import TextForm, decoded, names_no_number, read_form
from pointcloud.io.member import LONGEST_LINE, Member, read_ahead
from pointcloud.io.remark import Remark
from pointcloud.io.spill.spill import WIDEST
from pointcloud.io.textlines import Layout, shown
from pointcloud.kernels.text import textgrid as kernel

SUFFIXES = (".txt", ".csv", ".xyz")
"""What a text of points may end in, if it is named; folders and ZIPs are searched for `NAMED`."""

NAMED = re.compile(r"_(org|original|grd|ground)\.(txt|csv|xyz)$", re.IGNORECASE)
"""Names of texts of points by the rules of public surveys."""

_GROUND = re.compile(r"_(grd|ground)$", re.IGNORECASE)
_GRID = re.compile(r"_\d+g$", re.IGNORECASE)
_UNCLASSIFIED = 1
_HIGHEST_CLASS = 255
_STEP = 1 / QUANTA_PER_METRE
_BATCH = 1_000_000
_DEGREES, _METRES = 11, 8  # decimals of coordinates that are moved, and fit 53 bits
_WORDS = {kernel.NOT_A_NUMBER: "pointtext.letters", kernel.COLUMNS: "pointtext.columns"}


Columns = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]
Classes = NDArray[np.uint8]


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
    form : TextForm
        How it is written, and what its columns are.
    sha256 : str
        Of the text.
    """

    stored: int
    layout: Layout
    form: TextForm
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


def read_header(path: Path, columns: str = "") -> TextHeader:
    """Read a text of points and return what it holds.

    Parameters
    ----------
    path : Path
    columns : str
        What its columns are, ``x y z class``; empty to tell it by their values (:mod:`pointcloud.doubt.columns`).

    Raises
    ------
    FileError
        If it cannot be opened, is no text of points, or holds anything but numbers; the message names the line.
    ParameterError
        If ``columns`` cannot be.
    """
    meanings = stated_columns(columns)
    if _GRID.search(path.stem):
        raise FileError("pointtext.grid", path=path)
    sha = hashlib.sha256()
    count, lows, highs = 0, [2**62] * 3, [-(2**62)] * 3
    with _opened(path) as (member, stamp), member.open() as file, closing(read_ahead(file, sha)) as pieces:
        rows = _Rows(path, pieces, stated=meanings)
        for points, _ in rows:
            count += points[0].size
            lows = [min(pair) for pair in zip(lows, _each(np.min, points), strict=True)]
            highs = [max(pair) for pair in zip(highs, _each(np.max, points), strict=True)]
        if rows.form.stated not in (-1, count):
            raise FileError("file.points_missing", path=path, read=count, count=rows.form.stated)
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
            form=rows.form,
            sha256=sha.hexdigest(),
            warnings=tuple(
                Remark.of(verdict.message, path=path, **verdict.values)
                for verdict in rows.form.columns.verdicts
            ),
        )


def iter_points(header: TextHeader, *, chunk: int = _BATCH) -> Iterator[PointChunk]:
    """Yield all points of a text, ``chunk`` at a time, of class 1 if no column states another.

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
    decimals = header.layout.decimals
    if header.transform is not None:
        decimals = _DEGREES if header.transform.origin is None else _METRES
    with (
        _opened(header.path, header) as (member, _),
        member.open() as file,
        closing(read_ahead(file, hashlib.sha256())) as pieces,
    ):
        for columns, classes in _Rows(header.path, pieces, chunk, header.form, decimals=decimals):
            if header.transform is not None:
                columns = _moved(columns, header.transform, decimals, header.path)
            count = columns[0].size
            seen += count
            withheld = np.zeros(count, np.bool_)
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
    """The points in pieces of a text: E, N (int64) and height (int32) in quanta, and classes, new each time."""

    def __init__(
        self,
        path: Path,
        pieces: Iterator[bytes],
        chunk: int = _BATCH,
        form: TextForm | None = None,
        stated: Meanings | None = None,
        decimals: int | None = None,
    ) -> None:
        self.path, self.chunk = path, chunk
        self.notes, self.class_notes = kernel.fresh_notes(), kernel.fresh_notes()
        self.size = 0
        self.pieces = decoded(self._counted(pieces))
        self.texts = self._whole_lines()
        first = next(self.texts, b"")
        self.form = form or read_form(first, path, stated)
        self.layout = self.form.layout()
        if decimals is not None:
            self.layout = replace(self.layout, decimals=decimals)
        self.first = first.split(b"\n", self.form.skip)[-1]
        self.notes[kernel.LINES] = self.form.skip

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.size += len(piece)
            yield piece

    def _whole_lines(self) -> Iterator[bytes]:
        """Yield the text in parts that end with a line feed; a mark of UTF-8 and a DOS end-of-file are passed over."""
        rest, begins = b"", True
        for piece in self.pieces:
            piece = piece.removeprefix(b"\xef\xbb\xbf") if begins else piece
            begins = False
            end = piece.rfind(b"\n") + 1
            if end:
                yield rest + piece[:end]
            rest = piece[end:] if end else rest + piece
            if len(rest) > LONGEST_LINE:
                self._refuse(kernel.NOT_A_NUMBER, rest, 0)
        rest = rest.rstrip(b"\x1a")
        if rest:
            yield rest + b"\n"

    def __iter__(self) -> Iterator[tuple[Columns, Classes]]:
        columns, held = self._room(), 0
        layout = self.layout.array()
        for raw in self._all_texts():
            text, rescued = self.form.plain(raw), False
            data, at = np.frombuffer(text, np.uint8), 0
            while at < data.size:
                begins, e, n, z, decimals = (column[held:] for column in columns[:5])
                status, end, count = kernel.parse_lines(
                    data, at, data.size, layout, self.notes, begins, e, n, z, decimals
                )
                self._classes(data, at, columns[5][held : held + int(count)])
                at, held = int(end), held + int(count)
                if status != kernel.DONE:
                    start = text.rfind(b"\n", 0, at) + 1
                    better = text[start:] if rescued else self.form.rescued(text[start:])
                    if better == text[start:]:
                        self._refuse(int(status), text, start)
                    text, rescued = better, True
                    data, at = np.frombuffer(text, np.uint8), 0
                if held == self.chunk:
                    yield self._points(columns, held)
                    columns, held = self._room(), 0
        if held:
            yield self._points(columns, held)

    def _classes(self, data: NDArray[np.uint8], start: int, out: NDArray[np.float64]) -> None:
        """Read the classes of as many rows as ``out`` has room for: the column of the class in the place of z."""
        if self.form.class_at is None or not out.size:
            return
        layout = replace(self.layout, z=self.form.class_at).array()
        begins, e, n = (np.empty(out.size, np.int64) for _ in range(3))
        decimals = np.empty(out.size, np.uint8)
        kernel.parse_lines(data, start, data.size, layout, self.class_notes, begins, e, n, out, decimals)
        wrong = (out < 0) | (out > _HIGHEST_CLASS) | (out != np.floor(out))
        if wrong.any():
            values = {"value": f"{out[wrong][0]:g}", "column": self.form.class_at + 1}
            raise FileError("pointtext.class", path=self.path, **values)

    def _all_texts(self) -> Iterator[bytes]:
        yield self.first
        yield from self.texts

    def _room(self) -> tuple[NDArray[Any], ...]:
        kinds = (np.int64, np.int64, np.int64, np.float64, np.uint8, np.float64)
        return tuple(np.empty(self.chunk, kind) for kind in kinds)

    def _points(self, columns: tuple[NDArray[Any], ...], count: int) -> tuple[Columns, Classes]:
        _, e, n, z, _, classes = columns
        heights = np.rint(z[:count] * QUANTA_PER_METRE)
        low, high = heights.min(), heights.max()
        if low < -(2**31) or high >= 2**31:
            low, high = (f"{value / QUANTA_PER_METRE:.0f}" for value in (low, high))
            raise FileError("file.height", path=self.path, low=low, high=high)
        found = np.full(count, _UNCLASSIFIED, np.uint8)
        if self.form.class_at is not None:
            found = classes[:count].astype(np.uint8)
        return (e[:count], n[:count], heights.astype(np.int32)), found

    def _refuse(self, status: int, text: bytes, start: int) -> None:
        end = text.find(b"\n", start)
        line = int(self.notes[kernel.LINES]) + 1
        values: dict[str, object] = {"path": self.path, "line": f"{line:,}"}
        if status == kernel.COLUMNS:
            values["columns"] = self.layout.columns
        wrong = text[start : end if end >= 0 else None]
        message = "pointtext.nan" if names_no_number(wrong) else _WORDS[status]
        raise FileError(message, text=shown(wrong), **values)


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
