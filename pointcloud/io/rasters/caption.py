"""The strip below a picture: title, scale bar, key to the colours, source.

Japanese is drawn only with a font that has it. Pillow's own font is tried first, without dashes and accents
that it lacks, so that a picture in English is the same on any machine.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise
from math import ceil, floor, log10

from PIL import Image, ImageDraw, ImageFont

from pointcloud import messages

HEIGHT = 195
"""Most that the strip takes, in pixels."""

_NARROWEST = 720
_MARGIN = 16
_INK, _PAPER, _GREY = (32, 32, 32), (255, 255, 255), (110, 110, 110)
_LARGE, _SMALL = 24, 15
_LINES = 2

# Of Windows, macOS and Linux. The last has no Japanese, but Greek and Cyrillic.
_FONTS = (
    "BIZ-UDGothicR.ttc",
    "YuGothM.ttc",
    "meiryo.ttc",
    "msgothic.ttc",
    "ヒラギノ角ゴシック W3.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKjp-Regular.otf",
    "NotoSansJP-Regular.otf",
    "NotoSansJP-Regular.ttf",
    "NotoSansJP-VF.ttf",
    "ipaexg.ttf",
    "ipag.ttf",
    "TakaoPGothic.ttf",
    "VL-Gothic-Regular.ttf",
    "DejaVuSans.ttf",
)

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Words:
    """What a picture says, in one language.

    Parameters
    ----------
    title, credit : str
        The headline, and source and licence (or nothing): whole, for the metadata of the file.
    headline, source : str
        The same as they can be drawn: a note in their place where no font of the machine has their letters.
    heights : str
        The heading of the key to the colours.
    classes : tuple of str
        The names in a key of classes.
    """

    title: str
    credit: str
    headline: str
    source: str
    heights: str
    classes: tuple[str, ...] = ()


def words(
    titles: Mapping[str, str],
    credit: str,
    *,
    synthetic: bool,
    classes: Sequence[str] = (),
    names: Sequence[str] = (),
) -> Words:
    """Return what to write: in the language in use, or in English if no font can draw that.

    Parameters
    ----------
    titles : mapping of language to str
        The headline in ``en`` and ``ja``.
    credit : str
        Source and licence, in any language, or empty.
    synthetic : bool
        Whether the place is made up: the headline then says so.
    classes : sequence of str
        Messages that name the classes of a key.
    names : sequence of str
        Names of classes as they are, in any language; one that no font can draw is hidden.
    """
    language = messages.language()
    own = "".join(_text(language, name) for name in ("output.preview_heights", *classes))
    if _drawn(titles[language] + own, _LARGE) is None:
        language = "en"
    hidden = _text(language, "output.preview_hidden")

    def headline(title: str) -> str:
        return _text(language, "output.preview_made_up", title=title) if synthetic else title

    def source(credit: str) -> str:
        return _text(language, "output.preview_source", credit=credit) if credit else ""

    title = titles[language]
    return Words(
        title=headline(title),
        credit=credit,
        headline=headline(title if _drawn(title, _LARGE) else hidden),
        source=source(credit if _drawn(credit, _SMALL) else hidden),
        heights=_text(language, "output.preview_heights"),
        classes=(
            *(_text(language, name) for name in classes),
            *(name if _drawn(name, _SMALL) else hidden for name in names),
        ),
    )


def _text(language: str, message: str, **values: str) -> str:
    topic, _, name = message.partition(".")
    return messages.topic(topic)[name][language].format(**values)


def framed(
    picture: Image.Image,
    words: Words,
    *,
    pixel: float,
    stops: Sequence[tuple[float, _Colour]] = (),
    colours: Sequence[_Colour] = (),
) -> Image.Image:
    """Return a picture with the strip below it.

    Parameters
    ----------
    picture : Image
        RGB.
    words : Words
        What to write.
    pixel : float
        Width of a pixel of the picture in metres.
    stops : sequence of (height, colour)
        The key to the colours; none is drawn without.
    colours : sequence of (r, g, b)
        Of the classes that ``words`` names: a key in lines of its own, below.
    """
    width = max(picture.width, _NARROWEST)
    canvas = Image.new("RGB", (width, picture.height + HEIGHT), _PAPER)
    canvas.paste(picture, ((width - picture.width) // 2, 0))
    draw = ImageDraw.Draw(canvas)
    room = width - 2 * _MARGIN
    draw.line([(0, picture.height), (width, picture.height)], _GREY)
    top = _lines(draw, words.headline, picture.height + 10, room, _LARGE, _INK)
    _scale_bar(draw, top + 4, pixel, room // 3)
    if stops:
        _key(draw, words.heights, top + 4, width - _MARGIN, stops)
    top += 48
    if colours:
        top = _classes(draw, words.classes, top, width - _MARGIN, colours)
    bottom = _lines(draw, words.source, top, room, _SMALL, _GREY)
    return canvas.crop((0, 0, width, bottom + 8))


def _lines(draw: ImageDraw.ImageDraw, text: str, top: int, room: int, size: int, colour: _Colour) -> int:
    """Write a text in as many lines as it needs, at most `_LINES`, and return where they end."""
    drawn = _drawn(text, size)
    if drawn is None:
        raise ValueError(f"no font can draw {text!r}")
    lines = [*islice(_wrapped(*drawn, room), _LINES + 1)]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], lines[_LINES - 1][:-3] + "..."]
    for line in lines:
        draw.text((_MARGIN, top), line, colour, drawn[1])
        top += size * 4 // 3
    return top


def _wrapped(text: str, font: _Font, room: int) -> Iterator[str]:
    """Break a text at the blank before the margin, or at the margin if that is far (Japanese has none)."""
    while text:
        lengths = range(1, min(len(text), room) + 1)  # in letters, of which none is narrower than a pixel
        end = max(1, bisect_right(lengths, room, key=lambda length: ceil(font.getlength(text[:length]))))
        if end < len(text) and (blank := text.rfind(" ", 0, end + 1)) > 0.7 * end:
            end = blank
        yield text[:end]
        text = text[end:].lstrip()


def _scale_bar(draw: ImageDraw.ImageDraw, top: int, pixel: float, longest: int) -> None:
    """Draw 1, 2 or 5 of a power of ten in metres, as long as there is room."""
    length = _round_length(longest * pixel)
    right = _MARGIN + round(length / pixel)
    middle = (_MARGIN + right) // 2
    draw.rectangle((_MARGIN, top, right, top + 8), _PAPER, _INK)
    draw.rectangle((_MARGIN, top, middle, top + 8), _INK)
    label = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    for x, text, anchor in ((_MARGIN, "0", "lt"), (right, label, "mt")):
        draw.text((x, top + 13), text, _INK, ImageFont.load_default(_SMALL), anchor)


def _round_length(most: float) -> float:
    power = 10.0 ** floor(log10(most))
    return next(step * power for step in (5, 2, 1) if step * power <= most)


def _key(
    draw: ImageDraw.ImageDraw, heading: str, top: int, right: int, stops: Sequence[tuple[float, _Colour]]
) -> None:
    """Draw the colours of the stops side by side, blending, each with its height; ``right`` is the edge."""
    step = 40
    left = right - step * (len(stops) - 1) - 14
    for index, ((_, low), (_, high)) in enumerate(pairwise(stops)):
        for x in range(step):
            blend = tuple(round(a + (b - a) * x / step) for a, b in zip(low, high, strict=True))
            draw.line([(left + index * step + x, top), (left + index * step + x, top + 8)], blend)
    for index, (height, _) in enumerate(stops):
        font = ImageFont.load_default(_SMALL - 2)
        draw.text((left + index * step, top + 13), f"{height:g}", _INK, font, "mt")
    if drawn := _drawn(heading, _SMALL):
        draw.text((left - 24, top - 4), drawn[0], _INK, drawn[1], "rt")


def _classes(
    draw: ImageDraw.ImageDraw, names: Sequence[str], top: int, right: int, colours: Sequence[_Colour]
) -> int:
    """Draw a square and a name for each class, in as many lines as they need; return where they end."""
    left = _MARGIN
    for name, colour in zip(names, colours, strict=True):
        drawn = _drawn(name, _SMALL)
        if drawn is None:
            raise ValueError(f"no font can draw {name!r}")
        text, font = drawn
        length = 20 + ceil(font.getlength(text)) + 22
        if left + length > right and left > _MARGIN:
            left, top = _MARGIN, top + 22
        draw.rectangle((left, top + 2, left + 13, top + 15), colour, _INK)
        draw.text((left + 20, top), text, _INK, font)
        left += length
    return top + 26


@cache
def _drawn(text: str, size: int) -> tuple[str, _Font] | None:
    """Return a text as it can be drawn, and the font that has its letters, or ``None``."""
    own = ImageFont.load_default(size)
    for candidate in (text, _plain(text)):
        if _has(own, candidate):
            return candidate, own
    return next(((text, font) for font in _fonts(size) if _has(font, text)), None)


def _plain(text: str) -> str:
    """Return a text without accents, its dashes short."""
    letters = unicodedata.normalize("NFKD", text.translate(dict.fromkeys(map(ord, "–—−"), "-")))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _fonts(size: int) -> Iterator[_Font]:
    for name in _FONTS:
        with suppress(OSError):
            yield ImageFont.truetype(name, size)


def _has(font: _Font, text: str) -> bool:
    """Whether a font draws no letter as it draws one that no font has."""
    missing = bytes(font.getmask("\U000f0000"))
    return all(letter.isspace() or bytes(font.getmask(letter)) != missing for letter in set(text))
