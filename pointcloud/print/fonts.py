"""Fonts: for every text one that has all its letters, or a message how to get one.

Matplotlib brings DejaVu Sans, which has no Japanese. Japanese is drawn with a gothic font of the machine; TrueType
outlines are preferred to PostScript ones, since a PDF holds only the letters used of them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from pointcloud import messages
from pointcloud.errors import ParameterError
from pointcloud.print.extra import need

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
)
"""File names of gothic fonts with Japanese, best first."""

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

    def of(self, text: str) -> Path:
        """Return the first font that has every letter of a text.

        Raises
        ------
        ParameterError
            If there is none; the message names the letters, and how to get a Japanese font.
        """
        wanted = {ord(letter) for letter in text if not letter.isspace()}
        for file in self.files:
            if wanted <= _letters(file):
                return file
        least = min((wanted - _letters(file) for file in self.files), key=len)
        letters = "".join(map(chr, sorted(least)[:_SHOWN]))
        raise ParameterError("print.no_font", letters=letters)

    def width(self, text: str) -> float:
        """Return how wide a text is, in em squares."""
        ft2font = need("matplotlib.ft2font")
        font = ft2font.FT2Font(str(self.of(text)))
        font.set_size(_MEASURED, 72)
        font.set_text(text, 0.0, flags=ft2font.LoadFlags.NO_HINTING)
        return float(font.get_width_height()[0]) / 64 / _MEASURED

    def properties(self, text: str, size: float) -> Any:
        """Return matplotlib's ``FontProperties`` for a text of a size in millimetres (the em square)."""
        manager = need("matplotlib.font_manager")
        return manager.FontProperties(fname=str(self.of(text)), size=size * 72 / 25.4)


@cache
def japanese() -> tuple[Path, ...]:
    """Return the gothic fonts of this machine that have Japanese, best first."""
    manager = need("matplotlib.font_manager")
    places = {Path(name).name.lower(): Path(name) for name in manager.findSystemFonts()}
    named = [places[name.lower()] for name in JAPANESE if name.lower() in places]
    return tuple(path for path in named if set(map(ord, "図のア")) <= _letters(path))


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
