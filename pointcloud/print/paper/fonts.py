"""Fonts: for every text one that has all its letters, or a message how to get one.

Matplotlib brings DejaVu Sans, which has no Japanese. Japanese is drawn with a gothic font of the machine, or, where
those known by name lack a letter, with any other that has it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pointcloud import messages
from pointcloud.errors import ParameterError
from pointcloud.print.paper.libraries import need

JAPANESE = (
    "BIZ-UDGothicR.ttc",  # Windows 10 and later
    "YuGothM.ttc",
    "meiryo.ttc",
    "msgothic.ttc",
    "ipaexg.ttf",  # Debian: fonts-ipaexfont
    "ipag.ttf",
    "TakaoPGothic.ttf",
    "VL-Gothic-Regular.ttf",
    "BIZUDGothic-Regular.ttf",
    "NotoSansJP-Regular.ttf",
    "NotoSansJP-VF.ttf",
    "NotoSansJP[wght].ttf",
    "AppleGothic.ttf",
    "Osaka.ttf",
    "ヒラギノ角ゴシック W3.ttc",  # macOS
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKjp-Regular.otf",
    "NotoSansJP-Regular.otf",
    "SourceHanSansJP-Regular.otf",
    "ipamjm.ttf",  # mincho, with the rare letters of names
    "HanaMinA.ttf",
    "HanaMinB.ttf",
)
"""File names of fonts with Japanese, best first."""

_SPECIAL = (
    "bold",
    "italic",
    "oblique",
    "black",
    "heavy",
    "light",
    "thin",
    "mono",
    "condensed",
    "mincho",
    "serif",
)
"""Words in names of font files that are taken after others: drawings are written in an upright gothic."""

_IGNORABLE = frozenset(
    code
    for first, last in (
        *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
        *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F)),
        *((0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A)),
        (0xE0000, 0xE0FFF),
    )
    for code in range(first, last + 1)
)
"""Letters that are not seen where a font lacks them, such as variation selectors (Unicode: Default_Ignorable)."""

_UNSEEN = ("C", "Z", "M")
"""General categories of letters that are no help in a message unless by number."""

_SIGNATURES = (b"\0\1\0\0", b"true", b"OTTO", b"ttcf")
"""How files of TrueType and OpenType fonts and of collections of them begin."""

_SHOWN = 10
_MEASURED = 100.0
"""Points: the size at which widths are measured."""


class Fonts:
    """The fonts of one drawing.

    Parameters
    ----------
    language : {'en', 'ja'}, optional
        That of most texts: a Japanese drawing has one font throughout. The language in use without.
    file : Path, optional
        A font of the user's, tried first.

    Raises
    ------
    ParameterError
        If the file is no font, or matplotlib is not installed.
    """

    def __init__(self, language: str | None = None, file: Path | None = None) -> None:
        self.language = language or messages.language()
        latin = Path(need("matplotlib").get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
        found = japanese()
        self.files = [*found, latin] if self.language == "ja" else [latin, *found]
        if file is not None:
            if not _letters(file):
                raise ParameterError("print.no_font_file", path=file)
            self.files.insert(0, file)

    def choose(self, text: str) -> tuple[Path, str]:
        """Return the first font that has every letter of a text, and the text as it draws it.

        Blanks that the font lacks become plain ones, and what is not seen anyway is left out: a variation selector
        where the font has the letter but not its variant.

        Raises
        ------
        ParameterError
            If there is none; the message names the letters, and how to get a Japanese font.
        """
        wanted = {ord(letter) for letter in text if not letter.isspace()} - _IGNORABLE
        file = next((file for file in self._all() if wanted <= _letters(file)), None)
        if file is None:
            raise _missing(wanted, [*self._all()])
        held = _letters(file)
        drawn = (" " if letter.isspace() and ord(letter) not in held else letter for letter in text)
        return file, "".join(letter for letter in drawn if ord(letter) in held or letter == " ")

    def of(self, text: str) -> Path:
        """Return the font of :meth:`choose` alone."""
        return self.choose(text)[0]

    def _all(self) -> Iterator[Path]:
        """Yield the fonts that are known, then all others of the machine."""
        yield from self.files
        yield from (path for path in _others() if path not in self.files)

    def width(self, text: str) -> float:
        """Return how wide a text is, in em squares."""
        font, shown = self._ready(text)
        font.set_text(shown, 0.0, flags=need("matplotlib.ft2font").LoadFlags.NO_HINTING)
        return float(font.get_width_height()[0]) / 64 / _MEASURED

    def widths(self, text: str) -> list[float]:
        """Return how wide each letter of a text is, in the font of the whole, in em squares."""
        font, shown = self._ready(text)
        flags = need("matplotlib.ft2font").LoadFlags.NO_HINTING
        known = {
            letter: float(font.load_char(ord(letter), flags=flags).linearHoriAdvance) / 65536 / _MEASURED
            for letter in set(shown)
        }
        return [known.get(letter, known.get(" ", 0.0) if letter.isspace() else 0.0) for letter in text]

    def _ready(self, text: str) -> tuple[Any, str]:
        file, shown = self.choose(text)
        font = need("matplotlib.font_manager").get_font(str(file))
        font.set_size(_MEASURED, 72)
        return font, shown


def _missing(wanted: set[int], files: Sequence[Path]) -> ParameterError:
    """Say which letters no font has; or, where each is in some font, which the best one lacks."""
    nowhere = wanted.difference(*map(_letters, files))
    best = min(files, key=lambda file: len(wanted - _letters(file)))
    codes = sorted(nowhere or wanted - _letters(best))[:_SHOWN]
    letters = " ".join(
        f"U+{code:04X}" if unicodedata.category(chr(code))[0] in _UNSEEN else chr(code) for code in codes
    )
    if nowhere:
        return ParameterError("print.no_font", letters=letters)
    return ParameterError("print.no_one_font", letters=letters, font=best.name)


@cache
def japanese() -> tuple[Path, ...]:
    """Return the fonts of :data:`JAPANESE` that this machine has, best first."""
    places = {path.name.lower(): path for path in _installed()}
    named = [places[name.lower()] for name in JAPANESE if name.lower() in places]
    return tuple(path for path in named if set(map(ord, "図のア")) <= _letters(path))


def _others() -> list[Path]:
    """Return all fonts of this machine, plain ones first."""
    return sorted(
        _installed(), key=lambda path: (any(word in path.name.lower() for word in _SPECIAL), path.name)
    )


@cache
def _installed() -> tuple[Path, ...]:
    return tuple(map(Path, need("matplotlib.font_manager").findSystemFonts()))


@cache
def _letters(path: Path) -> frozenset[int]:
    """Return the code points that a font file has letters for; none if it is no TrueType or OpenType font."""
    try:
        with path.open("rb") as file:
            if file.read(4) not in _SIGNATURES:
                return frozenset()
        return frozenset(need("matplotlib.ft2font").FT2Font(str(path)).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()
