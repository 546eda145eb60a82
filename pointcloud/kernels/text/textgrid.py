"""Text grids, one cell a line: bytes to cells, and cells to bytes.

A line holds numbers with a decimal point and no exponent, parted by blanks, tabs or commas. Coordinates become
whole quanta and are never compared as floats.

Lines are read in batches (`parse_lines`) and then put into cells (`place`): a call a line, with arrays as arguments,
costs three times as much as reading it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pointcloud.kernels.jit import Int, kernel

Bytes = npt.NDArray[np.uint8]
Longs = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

# How a kernel ended
DONE, NOT_A_NUMBER, COLUMNS, OUTSIDE, BETWEEN_CELLS, TWO_HEIGHTS = range(6)

# Slots of the notes that are taken meanwhile: see `fresh_notes`
LINES, ROWS, BLANKS, UNORDERED, REPEATED, SEPARATORS, SPACES, CRLF = range(8)
LAST_E, LAST_N, WEST, EAST, SOUTH, NORTH = range(8, 14)
LEAST_E, MOST_E, LEAST_N, MOST_N, LEAST_Z, MOST_Z, BLANK, BLANK_DECIMALS = range(14, 22)
_NOTES = 22

_FAR = 2**62
_MOST_DIGITS = 17
_COORDINATE_DIGITS = 18  # before the point and of the decimals that are kept: more would not fit 64 bits
_LF, _CR, _TAB, _BLANK, _COMMA, _PLUS, _MINUS, _POINT, _ZERO = 10, 13, 9, 32, 44, 43, 45, 46, 48
_TENS = np.array([10**power for power in range(19)], np.int64)


def fresh_notes() -> Longs:
    """Return the notes to begin a file with.

    ``LINES`` and ``ROWS`` (lines that are not empty) read; ``BLANKS``: cells with a sentinel; ``UNORDERED``: rows that
    neither lie east of the one before nor on a line of cells north of it; ``REPEATED`` cells; lines with other
    ``SEPARATORS`` than the layout's; idle ``SPACES`` and empty lines; lines that end with ``CRLF``; the last and the
    outermost coordinates; fewest and most decimals of E, N and z, the number of the sentinel and its
    decimals (-1: none, -2: they vary).
    """
    notes = np.zeros(_NOTES, np.int64)
    notes[[LAST_E, LAST_N, EAST, NORTH]] = -_FAR
    notes[[WEST, SOUTH, LEAST_E, LEAST_N, LEAST_Z]] = _FAR
    notes[[MOST_E, MOST_N, MOST_Z, BLANK, BLANK_DECIMALS]] = -1
    return notes


@kernel
def parse_lines(
    text: Bytes,
    start: Int,
    stop: Int,
    layout: Longs,
    notes: Longs,
    begins: Longs,
    e: Longs,
    n: Longs,
    z: Doubles,
    decimals: Bytes,
) -> tuple[Int, Int, Int]:
    """Read the numbers of as many lines as the arrays hold.

    Parameters
    ----------
    text : uint8 array
        ``text[stop - 1]`` is a line feed.
    start, stop : int
        Which part of it to read.
    layout : int64 array (6,)
        Number of columns; those of E, N and z; the separator; how many decimals of E and N are kept: 4 make quanta.
        What stands in other columns must be numbers too.
    notes : int64 array
        See `fresh_notes`.
    begins : int64 array (lines,)
        Filled with where each line begins.
    e, n : int64 arrays (lines,)
        Filled with whole numbers of the last decimal that is kept, rounded half away from zero beyond it.
    z : float64 array (lines,)
        Filled with metres: digits and powers of ten are exact, so the quotient is the nearest double.
    decimals : uint8 array (lines,)
        Filled with how many z has.

    Returns
    -------
    status : int
        ``DONE``, ``NOT_A_NUMBER`` or ``COLUMNS``.
    at : int
        Where reading ended: at a line's beginning, or within the one that is wrong.
    count : int
        How many lines were read.
    """
    columns, e_at, n_at, z_at, separator = layout[0], layout[1], layout[2], layout[3], layout[4]
    kept = layout[5]
    at, count, status = np.int64(start), np.int64(0), DONE
    least_e, most_e, least_n, most_n = notes[LEAST_E], notes[MOST_E], notes[LEAST_N], notes[MOST_N]
    while at < stop and count < e.shape[0] and status == DONE:
        begin, column, clean = at, np.int64(0), True
        while True:
            blanks, commas = at, 0
            sign = text[at]
            if column and sign == separator:  # the usual case: one sign, then a digit
                at += 1
                sign = text[at]
                commas += separator == _COMMA
            while sign in (_BLANK, _TAB) or (sign == _COMMA and commas == 0):
                commas += sign == _COMMA
                clean = False
                at += 1
                sign = text[at]
            if sign == _LF or (sign == _CR and text[at + 1] == _LF):
                if column == columns or column == 0:
                    notes[SPACES] += at > blanks or column == 0
                    notes[CRLF] += sign == _CR
                    at += 1 + (sign == _CR)
                else:
                    status = COLUMNS
                break
            if column == columns or (column and at == blanks):
                # An eighth sign such as the O in 12.5O ends a number: that is no further column.
                status = COLUMNS if at > blanks else NOT_A_NUMBER
                break
            negative = sign == _MINUS
            if negative or sign == _PLUS:
                at += 1
            value, first = np.int64(0), at
            digit = np.int64(text[at]) - _ZERO
            last = at + _MOST_DIGITS
            while 0 <= digit <= 9 and at <= last:
                value = value * 10 + digit
                at += 1
                digit = np.int64(text[at]) - _ZERO
            digits, places = at - first, np.int64(0)
            if text[at] == _POINT:
                at += 1
                first = at
                digit = np.int64(text[at]) - _ZERO
                last = first + _MOST_DIGITS - digits
                while 0 <= digit <= 9 and at <= last:
                    value = value * 10 + digit
                    at += 1
                    digit = np.int64(text[at]) - _ZERO
                places = at - first
            far = digits > _COORDINATE_DIGITS - kept and column in (e_at, n_at)
            if digits + places == 0 or digits + places > _MOST_DIGITS or far:
                status = NOT_A_NUMBER
                break
            if column == z_at:
                metres = value / _TENS[places]
                z[count] = -metres if negative else metres
                decimals[count] = places
            elif column in (e_at, n_at):
                if places <= kept:
                    value *= _TENS[kept - places]
                else:
                    divisor = _TENS[places - kept]
                    value = (value + divisor // 2) // divisor
                if negative:
                    value = -value
                if column == e_at:
                    e[count] = value
                    least_e, most_e = min(least_e, places), max(most_e, places)
                else:
                    n[count] = value
                    least_n, most_n = min(least_n, places), max(most_n, places)
            column += 1
        if status == DONE:
            notes[LINES] += 1
            if column:
                notes[SEPARATORS] += not clean
                begins[count] = begin
                count += 1
    notes[LEAST_E], notes[MOST_E], notes[LEAST_N], notes[MOST_N] = least_e, most_e, least_n, most_n
    notes[ROWS] += count
    return status, at, count


@kernel
def place(
    e: Longs,
    n: Longs,
    z: Doubles,
    decimals: Bytes,
    first: Int,
    count: Int,
    lattice: Longs,
    sentinels: Doubles,
    heights: npt.NDArray[np.float32],
    notes: Longs,
) -> tuple[Int, Int]:
    """Put rows into their cells.

    Parameters
    ----------
    e, n, z, decimals : arrays (rows,)
        As `parse_lines` fills them.
    first, count : int
        Which rows: from ``first`` on, up to ``count``.
    lattice : int64 array (3,)
        Side of a cell; E of the centres of column 0, N of those of row 0 (the northernmost), in quanta.
    sentinels : float64 array
        Heights that stand for none, exactly; all are at most -999.
    heights : float32 array (rows, cols)
        NaN where no height was read yet.
    notes : int64 array
        See `fresh_notes`.

    Returns
    -------
    status : int
        ``DONE``; ``OUTSIDE``: the row's cell is none of the array; ``BETWEEN_CELLS``; ``TWO_HEIGHTS`` for one cell.
    index : int
        The row that was not taken.
    """
    cell = lattice[0]
    rows, cols = heights.shape
    last_e, last_n = notes[LAST_E], notes[LAST_N]
    west, east, south, north = notes[WEST], notes[EAST], notes[SOUTH], notes[NORTH]
    least, most = notes[LEAST_Z], notes[MOST_Z]
    row, col = np.int64(-1), np.int64(-1)
    status, i = DONE, first
    while i < count:
        if n[i] == last_n and e[i] == last_e + cell and row >= 0:
            col += 1
        else:
            col, row = (e[i] - lattice[1]) // cell, (lattice[2] - n[i]) // cell
            if e[i] != lattice[1] + col * cell or n[i] != lattice[2] - row * cell:
                status = BETWEEN_CELLS
                break
        if row < 0 or row >= rows or col < 0 or col >= cols:
            status = OUTSIDE
            break
        kind = -1
        if z[i] <= -999.0:
            for k in range(sentinels.shape[0]):
                if z[i] == sentinels[k]:
                    kind = k
        held = heights[row, col]
        if held == held:
            if kind >= 0 or held != np.float32(z[i]):
                status = TWO_HEIGHTS
                break
            notes[REPEATED] += 1
        places = np.int64(decimals[i])
        if kind >= 0:
            notes[BLANKS] += 1
            if notes[BLANK] == -1:
                notes[BLANK], notes[BLANK_DECIMALS] = kind, places
            elif notes[BLANK] != kind or notes[BLANK_DECIMALS] != places:
                notes[BLANK] = -2
        else:
            heights[row, col] = z[i]
            least, most = min(least, places), max(most, places)
        if n[i] < last_n or (n[i] == last_n and e[i] <= last_e):
            notes[UNORDERED] += 1
        last_e, last_n = e[i], n[i]
        west, east, south, north = (
            min(west, last_e),
            max(east, last_e),
            min(south, last_n),
            max(north, last_n),
        )
        i += 1
    notes[LAST_E], notes[LAST_N] = last_e, last_n
    notes[WEST], notes[EAST], notes[SOUTH], notes[NORTH] = west, east, south, north
    notes[LEAST_Z], notes[MOST_Z] = least, most
    return status, i


@kernel
def put_digits(value: Int, decimals: Int, out: Bytes, at: Int) -> Int:
    """Write a whole number with ``decimals`` of its digits behind a point; return where it ends."""
    digits: Int = 1
    while digits < 19 and value >= _TENS[min(digits, 18)]:
        digits += 1
    digits = max(digits, decimals + 1)
    end = at + digits + (decimals > 0)
    place = end - 1
    for i in range(digits):
        if i == decimals and decimals > 0:
            out[place] = _POINT
            place -= 1
        out[place] = _ZERO + value % 10
        value //= 10
        place -= 1
    return end


@kernel
def put_height(z: float, least: Int, most: Int, out: Bytes, at: Int) -> Int:
    """Write a height with at most ``most`` decimals, without zeros at its end beyond ``least``; return its end."""
    if np.signbit(z):
        out[at] = _MINUS
        at += 1
    value = np.int64(np.rint(abs(z) * _TENS[most]))
    decimals = most
    while decimals > least and value % 10 == 0:
        value //= 10
        decimals -= 1
    return put_digits(value, decimals, out, at)


@kernel
def put_label(labels: Bytes, index: Int, out: Bytes, at: Int) -> Int:
    """Copy a text of a table, which ends with a zero byte; return where it ends."""
    for i in range(labels.shape[1]):
        if labels[index, i] == 0:
            break
        out[at] = labels[index, i]
        at += 1
    return at


@kernel
def format_row(
    heights: npt.NDArray[np.float32],
    row: Int,
    eastings: Bytes,
    northings: Bytes,
    blank: Bytes,
    style: Longs,
    out: Bytes,
) -> Int:
    """Write one line of cells from west to east, and return how many bytes that took.

    Parameters
    ----------
    heights : float32 array (rows, cols)
        NaN where there is none.
    row : int
    eastings, northings : uint8 arrays (cols, width), (rows, width)
        The coordinates as they are written, ended by a zero byte.
    blank : uint8 array (1, width)
        What is written where there is no height; if it is empty, the cell is left out.
    style : int64 array (4,)
        Separator; fewest and most decimals of a height; whether lines end with CR and LF.
    out : uint8 array
        Room for the row.
    """
    at: Int = 0
    for col in range(heights.shape[1]):
        z = heights[row, col]
        void = z != z
        if void and blank[0, 0] == 0:
            continue
        at = put_label(eastings, col, out, at)
        out[at] = style[0]
        at = put_label(northings, row, out, at + 1)
        out[at] = style[0]
        if void:
            at = put_label(blank, 0, out, at + 1)
        else:
            at = put_height(np.float64(z), style[1], style[2], out, at + 1)
        if style[3]:
            out[at] = _CR
            at += 1
        out[at] = _LF
        at += 1
    return at
