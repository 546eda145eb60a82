"""Text grids, one cell a line: Hyogo's DEM and DSM (``E N z``) and those after GSI's rules (``id,E,N,z,flag``).

Neither has a header, a CRS or a mark for nodata. Rows may come in any order; Hyogo's run from south to north.
Coordinates are those of cell centres; where they are whole multiples of the cell (nodes), cells lie half a cell off
ours, and stay there. Memory is that of the raster and a few megabytes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pointcloud.errors import FileError
from pointcloud.geo.lattice import Box, Grid, metres
from pointcloud.io.dems.gridded import Gridded
from pointcloud.io.member import LONGEST_LINE, Member, read_ahead
from pointcloud.io.remark import Remark
from pointcloud.io.textlines import Layout, shown, split_line
from pointcloud.io.textstyle import TextStyle
from pointcloud.kernels.text import textgrid as kernel
from pointcloud.machine.limits import limit

SENTINELS = (-9999.0, -9999.9, -9999.99, -9999.999, -99999.0, -999999.0, -32768.0, -32767.0)
"""Heights that stand for none, exactly: land in Amagasaki lies below 0."""

_ROOM = 4096  # most cells that a raster grows by beyond what is needed
_BATCH = 1 << 13  # rows: what they take stays in the second cache
_FINEST = 1_000  # quanta: 10 cm
_SPARSE = 10  # cells for each row of the text: from there on it is asked whether some lie far from all others
_GAP = 1_000  # cells
_MOST_CELLS = 400_000_000
_BEYOND = 1_000_000  # quanta that data may lie outside the sheet of their name
_LOWEST, _HIGHEST = -100.0, 4_000.0  # of Japan's land, and some more
_WORDS = {
    kernel.NOT_A_NUMBER: "textgrid.letters",
    kernel.COLUMNS: "textgrid.columns",
    kernel.BETWEEN_CELLS: "textgrid.between",
    kernel.TWO_HEIGHTS: "textgrid.twice",
}


def read_layout(head: bytes, label: str, *, swap: bool = False) -> Layout:
    """Return the layout of a text grid from its first line.

    Parameters
    ----------
    head : bytes
        The beginning of the file.
    label : str
        What messages call it.
    swap : bool
        The northing comes before the easting.

    Raises
    ------
    FileError
        If the first line is no row of numbers, or has neither 3 nor 5 columns.
    """
    line, columns = split_line(head)
    if not line:
        raise FileError("textgrid.empty", path=label)
    if not columns:
        raise FileError("textgrid.header", path=label, text=shown(line))
    if columns not in (3, 5):
        raise FileError("textgrid.layout", path=label, columns=columns, text=shown(line))
    return Layout.of(line, columns, swap=swap)


def read_text(
    member: Member,
    *,
    expected: Box | None = None,
    cell: int | None = None,
    sentinels: Sequence[float] = SENTINELS,
    swap: bool = False,
) -> Gridded:
    """Return the raster of a text grid.

    Parameters
    ----------
    member : Member
    expected : Box, optional
        The sheet that its name states. The raster covers it whole if the data lie there, cell for cell.
    cell : int, optional
        Side of a cell in quanta that its name states; it decides where the data are too few to tell.
    sentinels : sequence of float
        Heights that stand for none, exactly.
    swap : bool
        The northing comes before the easting.

    Raises
    ------
    FileError
        If a line is not what the format wants, coordinates are no grid, or one cell has two heights.
    """
    sha = hashlib.sha256()
    # Closed at once, not by the garbage collector: the thread must have ended before the file is closed.
    with member.open() as file, closing(read_ahead(file, sha)) as pieces:
        first = next(pieces, b"")
        first = first.removeprefix(b"\xef\xbb\xbf")
        layout = read_layout(first[:4096], member.label, swap=swap)
        parser = _Parser(member.label, layout, expected, cell, np.array(sentinels, np.float64))
        parser.take(first)
        for piece in pieces:
            parser.take(piece)
        parser.finish()
    return parser.result(member.name, sha.hexdigest())


@dataclass
class _Parser:
    """Takes a text in pieces and puts its rows into a raster that grows where they need it."""

    label: str
    layout: Layout
    expected: Box | None
    named_cell: int | None
    sentinels: NDArray[np.float64]
    cell: int = 0
    west: int = 0  # E of the centres of column 0
    north: int = 0  # N of the centres of row 0
    heights: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))
    rest: bytes = b""
    ended: bool = True  # the last line, by a line feed

    def __post_init__(self) -> None:
        self.notes = kernel.fresh_notes()
        self.begins, self.e, self.n = (np.empty(_BATCH, np.int64) for _ in range(3))
        self.z, self.decimals = np.empty(_BATCH, np.float64), np.empty(_BATCH, np.uint8)
        self.numbers = self.layout.array()

    def take(self, piece: bytes) -> None:
        """Read a piece, up to its last whole line."""
        end = piece.rfind(b"\n") + 1
        if not end:
            self.rest += piece
            if len(self.rest) > LONGEST_LINE:
                self._refuse(kernel.NOT_A_NUMBER, self.rest, 0, int(self.notes[kernel.LINES]) + 1)
            return
        text = self.rest + piece[:end]
        self.rest = piece[end:]
        self._parse(text)

    def finish(self) -> None:
        """Read what stands after the last line feed; a DOS end-of-file mark is passed over."""
        self.rest = self.rest.rstrip(b"\x1a")
        if self.rest:
            self.ended = False
            self._parse(self.rest + b"\n")
        if not self.notes[kernel.ROWS]:
            raise FileError("textgrid.empty", path=self.label)

    def _parse(self, text: bytes) -> None:
        data = np.frombuffer(text, np.uint8)
        at = 0
        while at < data.size:
            begin, lines = at, int(self.notes[kernel.LINES])
            status, end, count = kernel.parse_lines(
                data,
                at,
                data.size,
                self.numbers,
                self.notes,
                self.begins,
                self.e,
                self.n,
                self.z,
                self.decimals,
            )
            at = int(end)
            if count and not self.cell:
                self._begin(int(count))
            self._place(text, begin, lines, int(count))
            if status != kernel.DONE:
                start = text.rfind(b"\n", 0, at) + 1
                self._refuse(int(status), text, start, int(self.notes[kernel.LINES]) + 1)

    def _place(self, text: bytes, begin: int, lines: int, count: int) -> None:
        index = 0
        while index < count:
            lattice = np.array([self.cell, self.west, self.north], np.int64)
            status, stopped = kernel.place(
                self.e,
                self.n,
                self.z,
                self.decimals,
                index,
                count,
                lattice,
                self.sentinels,
                self.heights,
                self.notes,
            )
            index = int(stopped)
            if status == kernel.DONE:
                return
            start = int(self.begins[index])
            line = lines + text.count(b"\n", begin, start) + 1
            if status == kernel.OUTSIDE:
                self._grow(int(self.e[index]), int(self.n[index]), line)
            else:
                self._refuse(int(status), text, start, line)

    def _refuse(self, status: int, text: bytes, start: int, line: int) -> None:
        end = text.find(b"\n", start)
        values: dict[str, object] = {"path": self.label, "line": f"{line:,}"}
        values["text"] = shown(text[start : end if end >= 0 else None])
        if status == kernel.BETWEEN_CELLS:
            values |= {"cell": f"{metres(self.cell):g}"}
        if status == kernel.COLUMNS:
            values |= {"columns": self.layout.columns}
        raise FileError(_WORDS[status], **values)

    def _begin(self, count: int) -> None:
        """Find the cell in the first rows, and make room for the sheet, or for the first cell."""
        e, n = np.unique(self.e[:count]), np.unique(self.n[:count])
        self.cell = _decided(np.concatenate((np.diff(e), np.diff(n))), self.named_cell, count)
        if not self.cell:
            raise FileError("textgrid.one_row", path=self.label)
        if self.cell < _FINEST:
            raise FileError("textgrid.no_grid", path=self.label, step=f"{metres(self.cell):g}")
        first_e, first_n = int(self.e[0]), int(self.n[0])
        box = self.expected
        if box is None or not _inside(box, first_e, first_e, first_n, first_n):
            box = Box(first_e, first_n, first_e, first_n)
        self.west = box.west + (first_e - box.west) % self.cell
        self.north = box.north - (box.north - first_n) % self.cell
        cols = (box.east - self.west) // self.cell + 1
        rows = (self.north - box.south) // self.cell + 1
        self.heights = np.full((rows, cols), np.nan, np.float32)

    def _grow(self, e: int, n: int, line: int) -> None:
        """Make room for a cell outside, and for as many again beyond it as the raster has."""
        rows, cols = self.heights.shape
        col, row = (e - self.west) // self.cell, (self.north - n) // self.cell
        left, right = _widened(col, cols)
        top, bottom = _widened(row, rows)
        self._check_size(bottom - top, right - left, line)
        grown = np.full((bottom - top, right - left), np.nan, np.float32)
        grown[-top : rows - top, -left : cols - left] = self.heights
        self.heights = grown
        self.west += left * self.cell
        self.north -= top * self.cell

    def _check_size(self, rows: int, cols: int, line: int) -> None:
        if rows * cols > _MOST_CELLS:
            width, height = (metres(side * self.cell) / 1000 for side in (cols, rows))
            raise FileError(
                "textgrid.spread",
                path=self.label,
                line=f"{line:,}",
                width=f"{width:.1f}",
                height=f"{height:.1f}",
            )

    def result(self, name: str, sha256: str) -> Gridded:
        """Return the raster, cut to the sheet or to the data."""
        notes = self.notes
        west, east, south, north = (
            int(notes[slot]) for slot in (kernel.WEST, kernel.EAST, kernel.SOUTH, kernel.NORTH)
        )
        half = self.cell // 2
        held = Box(west - half, south - half, east + half, north + half)
        box, expected = held, self.expected
        centred = not (held.west % self.cell or held.north % self.cell)
        if expected and centred and expected.touches(held) and _inside(expected, west, east, south, north):
            box = Box(
                min(box.west, expected.west),
                min(box.south, expected.south),
                max(box.east, expected.east),
                max(box.north, expected.north),
            )
        grid = Grid(box, self.cell, (box.west % self.cell, box.north % self.cell))
        array = self._cut(grid)
        if int(notes[kernel.ROWS]) * _SPARSE < array.size:
            self._check_strays(array, grid)
        style = TextStyle.of(notes, name, self.layout.separator, self.sentinels, sha256, ended=self.ended)
        plain = self.layout.columns == 3 and self.layout.e == 0
        tags = {"TEXT_FORMAT": style.to_json()} if plain else {}
        if not centred:
            tags["REGISTRATION"] = "node" if not (west % self.cell or north % self.cell) else "other"
        return Gridded(array, grid, sha256, None, tags, tuple(self._remarks(array, centred, west, north)))

    def _check_strays(self, array: NDArray[np.float32], grid: Grid) -> None:
        """Refuse heights far from all others: a wrong digit makes a raster of a hundred kilometres of nothing."""
        known = ~np.isnan(array)
        for axis in (0, 1):
            places = np.flatnonzero(known.any(axis=1 - axis))
            steps = np.diff(places)
            if not steps.size or steps.max() <= max(_GAP, limit("gap") * places.size):
                continue
            after = int(steps.argmax()) + 1
            alone = places[:after] if 2 * after <= places.size else places[after:]
            row, col = np.argwhere(known.take(alone, axis))[0].tolist()
            row, col = (int(alone[row]), col) if axis == 0 else (row, int(alone[col]))
            west, _, _, north = grid.box.bounds
            values = {
                "count": int(known.take(alone, axis).sum()),
                "apart": f"{steps.max() * metres(self.cell) / 1000:.1f}",
                "e": f"{west + (col + 0.5) * metres(self.cell):.3f}",
                "n": f"{north - (row + 0.5) * metres(self.cell):.3f}",
                "limit": limit("gap"),
                "gap": math.ceil(steps.max() / places.size),
            }
            raise FileError("textgrid.stray", path=self.label, **values)

    def _cut(self, grid: Grid) -> NDArray[np.float32]:
        rows, cols = self.heights.shape
        half = self.cell // 2
        left = (grid.box.west + half - self.west) // self.cell
        top = (self.north - grid.box.north + half) // self.cell
        if left >= 0 and top >= 0 and left + grid.cols <= cols and top + grid.rows <= rows:
            part = self.heights[top : top + grid.rows, left : left + grid.cols]
            return part if part.shape == self.heights.shape else part.copy()
        out = np.full(grid.shape, np.nan, np.float32)
        rows, cols = min(rows, grid.rows + top), min(cols, grid.cols + left)
        inner = self.heights[max(top, 0) : rows, max(left, 0) : cols]
        out[max(-top, 0) :, max(-left, 0) :][: inner.shape[0], : inner.shape[1]] = inner
        return out

    def _remarks(self, array: NDArray[np.float32], centred: bool, west: int, north: int) -> Iterator[Remark]:
        path = self.label
        cell = f"{metres(self.cell):g}"
        if self.named_cell and self.cell != self.named_cell:
            yield Remark.of("textgrid.other_cell", path=path, named=f"{metres(self.named_cell):g}", cell=cell)
        if not centred:
            e, n = f"{metres(west):.3f}", f"{metres(north):.3f}"
            yield Remark.of("textgrid.nodes", path=path, e=e, n=n, cell=cell)
        if self.notes[kernel.REPEATED]:
            yield Remark.of("textgrid.repeated", path=path, count=int(self.notes[kernel.REPEATED]))
        yield from height_remarks(path, array)


def height_remarks(path: str, array: NDArray[np.float32]) -> Iterator[Remark]:
    """Yield what looks wrong with heights: lower or higher than any land of Japan."""
    low, high = np.fmin.reduce(array, axis=None), np.fmax.reduce(array, axis=None)
    if low < _LOWEST or high > _HIGHEST:
        yield Remark.of("textgrid.range", path=path, low=f"{low:.2f}", high=f"{high:.2f}")


def _decided(steps: NDArray[np.int64], named: int | None, count: int) -> int:
    """Return the side of a cell (0: nothing tells), from the steps between neighbouring coordinates.

    It is what the name says, unless the steps are no multiples of that, or all larger in many rows; else the commonest
    step, if nearly all are multiples of it (one row between the cells must not make a finer grid); else what divides
    all steps.
    """
    common = math.gcd(*steps.tolist())
    few = count < _BATCH // 2
    if named and (few or common <= named) and np.count_nonzero(steps % named == 0) * 2 >= steps.size:
        return named
    if not steps.size:
        return 0
    values, counts = np.unique(steps, return_counts=True)
    usual = int(values[counts.argmax()])
    return usual if np.count_nonzero(steps % usual == 0) >= 0.9 * steps.size else common


def _inside(sheet: Box, west: int, east: int, south: int, north: int) -> bool:
    near = sheet.grow(_BEYOND)
    return near.west <= west <= east <= near.east and near.south <= south <= north <= near.north


def _widened(index: int, count: int) -> tuple[int, int]:
    """Return the first and last + 1 of a range that holds ``index``, with room to go on in that direction."""
    if 0 <= index < count:
        return 0, count
    room = min(count, _ROOM)
    return (index - room, count) if index < 0 else (0, index + room + 1)
