"""How a text of points is written: its encoding, lines before the points, separators; and the plain text of it.

The kernel reads numbers with a point, parted by blanks, tabs or commas. What is written otherwise is brought to that
first: semicolons and decimal commas by a table of bytes (1 GB/s), names of points by a pattern; exponents and
full-width digits only where a line turns out to hold them.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pointcloud.doubt import columns as doubt
from pointcloud.doubt.columns import Columns
from pointcloud.doubt.verdict import Verdict
from pointcloud.errors import FileError
from pointcloud.io.textlines import Layout, shown

_ROWS = 2000
"""Lines that the columns are told by."""
_HEAD = 1 << 18
_MOST_DIGITS = 17
_MOST_LINES_BEFORE = 32
_COMMENT = ("#", "//", "%", "!")
_COMMA_NUMBER = re.compile(r"[+-]?\d+,\d+")
_EXPONENT = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)[eE][+-]?\d{1,2}(?![\d.])")
_NO_NUMBER = re.compile(rb"\b(nan|inf(inity)?|null|none)\b|\*{3}", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t]*,[ \t]*|[ \t]+")
_MINUS = str.maketrans({"\u2212": "-", "\u2010": "-", "\u2013": "-", "\u30fc": "-"})


@dataclass(frozen=True, slots=True)
class TextForm:
    """How a text is written.

    Parameters
    ----------
    columns : Columns
    skip : int
        Lines before the points.
    stated : int
        Points that a line before them says there are; -1 if none does.
    separator, decimal : str
        ``;`` is told from all others.
    words : tuple of int
        Columns that hold no numbers.
    """

    columns: Columns
    skip: int
    stated: int
    separator: str
    decimal: str
    words: tuple[int, ...]

    def layout(self) -> Layout:
        """Return where the coordinates stand in the plain text."""
        names = self.columns.names
        separator = "," if self.separator == ";" else self.separator
        e, n, z = (names.index(axis) for axis in "enz")
        return Layout(len(names), e, n, z, separator)

    @property
    def class_at(self) -> int | None:
        """The column of the class, if there is one."""
        return self.columns.names.index("class") if "class" in self.columns.names else None

    def plain(self, text: bytes) -> bytes:
        """Return whole lines as the kernel reads them."""
        if self.decimal == "," or self.separator == ";":
            table = bytes.maketrans(b",;", b".," if self.decimal == "," else b",,")
            text = text.translate(table)
        for column in self.words:
            field = rb"[^,\n]*" if self.separator in ",;" else rb"[^ \t\n]+"
            between = rb"," if self.separator in ",;" else rb"[ \t]+"
            before = rb"(?m)^(?=[^\r\n])([ \t]*(?:" + field + between + rb"){%d})" % column
            text = re.sub(before + field, rb"\g<1>0", text)
        return text

    def rescued(self, text: bytes) -> bytes:
        """Return plain lines that the kernel cannot read, exponents written out and full-width signs made narrow."""
        if not text.isascii():
            text = self.plain(narrow(text.decode(_encoding(text), "replace")).encode("ascii", "replace"))
        return _EXPONENT.sub(_written_out, text)


def _written_out(found: re.Match[bytes]) -> bytes:
    """Return a number with an exponent without it, with as many digits as the kernel takes."""
    number = Decimal(found[0].decode())
    whole = max(number.adjusted() + 1, 1)
    _, _, exponent = number.as_tuple()
    decimals = min(max(-int(exponent), 0), max(_MOST_DIGITS - whole, 0))
    return f"{number:.{decimals}f}".encode()


def decoded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a text of UTF-16 as UTF-8, without its mark; every other one as it is."""
    first = next(pieces, b"")
    encoding = _wide(first)
    if not encoding:
        yield first
        yield from pieces
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(first).lstrip("\ufeff").encode()
    for piece in pieces:
        yield decoder.decode(piece).encode()


def names_no_number(line: bytes) -> bool:
    """Return whether a line holds a word for a number that is none, such as NaN."""
    return _NO_NUMBER.search(line) is not None


def narrow(text: str) -> str:
    """Return a text with full-width digits, signs and blanks made narrow (Unicode Standard Annex 15, NFKC)."""
    return unicodedata.normalize("NFKC", text).translate(_MINUS)


def read_form(head: bytes, path: Path, stated: Columns | None) -> TextForm:
    """Return how a text of points is written, by its first lines.

    Raises
    ------
    FileError
        If they are no rows of numbers, or it cannot be told which column is which; the message quotes the line.
    """
    cut = head[:_HEAD] if len(head) <= _HEAD else head[: head.rfind(b"\n", 0, _HEAD) + 1 or _HEAD]
    lines = [narrow(line) for line in cut.decode(_encoding(cut), "replace").split("\n")]
    if not any(line.strip(" \t\r\x1a") for line in lines):
        raise FileError("pointtext.empty", path=path)
    opening = _opening(lines)
    if opening is None:
        first = next(line for line in cut.splitlines() if line.strip())
        raise FileError("pointtext.header", path=path, text=shown(first))
    words, separator, decimal = opening.words, opening.separator, opening.decimal
    for line in lines[: opening.line]:  # a row with something wrong in it is no header line
        each = [word for word in re.split(r"[\s,;]+", line) if word]
        numbers = sum(map(doubt.is_number, each))
        if not line.lstrip().startswith(_COMMENT) and (
            numbers > 1 or (numbers and len(each) == len(words) > 1)
        ):
            raise FileError("pointtext.header", path=path, text=line.strip()[:60])
    below = (_split(line, separator, decimal) for line in lines[opening.line : opening.line + _ROWS])
    rows = [row for row in below if len(row) == len(words)]
    columns = _columns(path, rows, opening.before[-1] if opening.before else (), stated)
    wordy = tuple(k for k in range(len(words)) if not doubt.holds_numbers([row[k] for row in rows]))
    if bad := [k for k in wordy if columns.names[k] in ("e", "n", "z", "class")]:
        wrong = next(row[bad[0]] for row in rows if not doubt.is_number(row[bad[0]]))
        raise FileError("pointtext.no_number", path=path, column=bad[0] + 1, text=wrong[:30])
    skip = opening.line if opening.before or opening.count >= 0 else 0
    return TextForm(columns, skip, opening.count, separator, decimal, wordy)


@dataclass(frozen=True, slots=True)
class _Opening:
    """What stands before the first row of points: its line, what lines before it say, and how it is parted."""

    line: int
    words: list[str]
    separator: str
    decimal: str
    before: list[list[str]]
    count: int


def _opening(lines: list[str]) -> _Opening | None:
    before: list[list[str]] = []
    count = -1
    for number, line in enumerate(lines[: _MOST_LINES_BEFORE + 1]):
        separator, decimal = _dialect(line)
        words = _split(line, separator, decimal)
        if not line.lstrip().startswith(_COMMENT) and sum(map(doubt.is_number, words)) >= 3:
            return _Opening(number, words, separator, decimal, before, count)
        if len(words) == 1 and words[0].isdecimal():
            count = int(words[0])
        elif words:
            before.append(_split(line.strip().lstrip("#/%! "), separator, decimal))
    return None


def _columns(path: Path, rows: list[list[str]], header: Sequence[str], stated: Columns | None) -> Columns:
    """Return the columns: as stated, which must be as many as there are, or as the rows and a header line have them."""
    if stated is not None:
        if len(stated.names) != len(rows[0]):
            values = {"stated": stated.label, "count": len(stated.names), "columns": len(rows[0])}
            raise FileError("pointtext.stated", path=path, text=" ".join(rows[0])[:60], **values)
        return stated
    found = doubt.decide(rows, header, path.name)
    if isinstance(found, Verdict):
        raise found.error(path)
    return found


def _dialect(line: str) -> tuple[str, str]:
    """Return what parts the columns of a line and what the decimals."""
    if ";" in line:
        return ";", "," if "." not in line and re.search(r"\d,\d", line) else "."
    words = line.split()
    if "." not in line and sum(_COMMA_NUMBER.fullmatch(word) is not None for word in words) >= 3:
        return "\t" if "\t" in line else " ", ","
    if "," in line:
        return ",", "."
    return ("\t" if "\t" in line else " "), "."


def _split(line: str, separator: str, decimal: str) -> list[str]:
    """Return the words of a line; a separator at an end parts nothing."""
    line = line.strip(" \t\r\x1a")
    if separator == ";":
        words = [word.strip() for word in line.strip(";").split(";")]
    elif separator == "," and decimal == ".":
        words = [word.strip() for word in line.strip(",").split(",")]
        if any(" " in word and all(map(doubt.is_number, word.split())) for word in words):
            words = _BLANKS.split(line.strip(", \t"))
    else:
        words = line.split()
    words = [word.replace(",", ".") for word in words] if decimal == "," else words
    return [] if words == [""] else words


def _encoding(text: bytes) -> str:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if error.start > len(text) - 4 else "cp932"
    return "utf-8"


def _wide(head: bytes) -> str:
    """Return which UTF-16 a text is in, by its mark or by its zero bytes; nothing if it is in none."""
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16-le" if head[:2] == codecs.BOM_UTF16_LE else "utf-16-be"
    begin = head[:200]
    if len(begin) >= 4 and 0 in begin:
        odd, even = begin[1::2].count(0), begin[::2].count(0)
        if odd > len(begin) // 4 and not even:
            return "utf-16-le"
        if even > len(begin) // 4 and not odd:
            return "utf-16-be"
    return ""
