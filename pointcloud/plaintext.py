"""Text of others (names of files, members, sites, records) where it can do no harm: on a terminal, in a page, in JSON.

Control characters, ends of lines, marks that turn the direction of writing, and bytes of a file's name that are no
UTF-8 (which Python keeps as surrogates) are shown by their numbers: ``\\x1b``, ``\\n``, ``\\u202e``, ``\\x83``.
"""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

_BEYOND = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
"""What acts or is no letter, without the first 32, which JSON itself escapes."""

_MARKED = re.compile(f"[\x00-\x1f{_BEYOND}]")
_IN_JSON = re.compile(f"[{_BEYOND}]")
_NO_UNICODE = re.compile("[\ud800-\udfff]")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_LAST_BYTE = 0xDCFF


def marked(text: object) -> str:
    """Return a text in one line, with marks for what would act on a terminal or break a document."""
    return _MARKED.sub(_mark, str(text))


def in_utf8(text: str) -> str:
    """Return a text that UTF-8 can hold, with marks for the bytes of a name that are none."""
    return _NO_UNICODE.sub(_mark, text)


def _mark(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= _LAST_BYTE:  # a byte that is no UTF-8
        code -= 0xDC00
    return _SHORT.get(found[0]) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def to_html(text: object) -> str:
    """Return a text for a page, in an element or in an attribute between quotes."""
    return escape(marked(text))


def to_json(values: Any, **options: Any) -> str:
    """Return values as JSON, with escapes for what would act on a terminal or is no Unicode.

    ``json.loads`` gives the same values again. Options are those of :func:`json.dumps`.
    """
    return _IN_JSON.sub(_number, json.dumps(values, ensure_ascii=False, **options))


def to_json_in_html(values: Any) -> str:
    """Return values as JSON that ends no element of a page it stands in."""
    text = to_json(values, separators=(",", ":"), allow_nan=False)
    return re.sub("[<>&]", _number, text)


def to_csv(field: str) -> str:
    """Return a text as a field of a CSV in which no spreadsheet sees a formula: an apostrophe stands before one.

    Spreadsheets in Japanese take full-width signs for the same.
    """
    plain = marked(field)
    if plain.startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")):
        plain = f"'{plain}"
    return f'"{plain.replace(chr(34), chr(34) * 2)}"' if set(plain) & set(',;"') else plain


def _number(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
