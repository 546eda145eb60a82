"""Click's own words in the language in use, and Japanese lines that fit the terminal.

Click takes its words from gettext, which this program does not use. It wraps lines at spaces and counts
characters, while Japanese has no spaces and its characters are two columns wide.
"""

from __future__ import annotations

import gettext
import sys
import unicodedata
from functools import cache
from typing import Any

import click
from click import formatting
from click.formatting import wrap_text as _click_wrap

from pointcloud.messages import language, topic

_NO_START = frozenset("、。,.・:;!?)]」』】〉》〕}ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ%%°…")
_NO_END = frozenset("([「『【〈《〔{")
_NAMED_TYPES: tuple[tuple[type[click.ParamType[Any]], str], ...] = (
    (click.types.IntParamType, "integer"),
    (click.IntRange, "integer range"),
    (click.types.FloatParamType, "float"),
    (click.FloatRange, "float range"),
    (click.types.StringParamType, "text"),
)


def install() -> None:
    """Make Click speak the language in use from here on."""
    for name, module in tuple(sys.modules.items()):
        if name.startswith("click."):
            for own, ours in ((gettext.gettext, _words), (gettext.ngettext, _counted_words)):
                for key in [key for key, value in vars(module).items() if value is own]:
                    setattr(module, key, ours)
    for kind, english in _NAMED_TYPES:
        kind.name = _words(english)
    vars(formatting).update(wrap_text=wrap, term_len=columns)


@cache
def _japanese() -> dict[str, str]:
    return {texts["en"]: texts["ja"] for texts in topic("click").values()}


def _words(english: str) -> str:
    return _japanese().get(english, english) if language() == "ja" else english


def _counted_words(one: str, many: str, count: int) -> str:
    return _words(one if count == 1 else many)


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(2 if _wide(sign) else 1 for sign in click.unstyle(text))


def _wide(sign: str) -> bool:
    return unicodedata.east_asian_width(sign) in "WF"


def wrap(
    text: str,
    width: int = 78,
    initial_indent: str = "",
    subsequent_indent: str = "",
    preserve_paragraphs: bool = False,
) -> str:
    """Return a text broken into lines, as Click's function of the same arguments does, Japanese included.

    A line may break beside any wide character, but none begins with closing marks such as 。 or ends with
    opening ones such as 「 (行頭・行末禁則).
    """
    paragraphs = text.split("\n\n") if preserve_paragraphs else [text]
    return "\n\n".join(
        _fill(part, width, initial_indent, subsequent_indent)
        if any(map(_wide, part)) and not part.startswith("\b")
        else _click_wrap(part, width, initial_indent, subsequent_indent, preserve_paragraphs)
        for part in paragraphs
    )


def _fill(text: str, width: int, initial: str, subsequent: str) -> str:
    lines, line, room = [], initial, width - columns(initial)
    for piece in _pieces(" ".join(text.split())):
        size = columns(piece.rstrip())
        if size > room and line.strip():
            lines.append(line.rstrip())
            line, room = subsequent, width - columns(subsequent)
            piece = piece.lstrip()
        line += piece
        room -= columns(piece)
    return "\n".join([*lines, line.rstrip()])


def _pieces(text: str) -> list[str]:
    """Return a text cut wherever a line may end."""
    pieces: list[str] = []
    for sign in text:
        last = pieces[-1][-1] if pieces else ""
        may_break = last == " " or (sign != " " and (_wide(sign) or (last != "" and _wide(last))))
        if not last or (may_break and sign not in _NO_START and last not in _NO_END):
            pieces.append(sign)
        else:
            pieces[-1] += sign
    return pieces
