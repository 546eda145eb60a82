"""What is written in and around a picture: names on poles, north and scale, and the strip below."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pointcloud.messages import language, say
from pointcloud.print.paper.fonts import Fonts
from pointcloud.view.camera import Camera
from pointcloud.view.model import Colour, Entry, Words

REFERENCE = 1080
"""Pixels of the height of a picture that sizes are stated for; others are scaled."""

BOARD: Colour = (255, 255, 250)
"""Ground of a name."""
INK: Colour = (28, 32, 38)
GREY: Colour = (96, 100, 106)
_FINE = 2
_SIGN, _TITLE, _TEXT = 26, 30, 19


def board(text: str) -> NDArray[np.uint8]:
    """Return a name on its board, (rows, cols, 3) uint8: twice as fine as it stands in a picture 1080 pixels high.

    Raises
    ------
    ParameterError
        If no font of the machine has its letters.
    """
    font = _font(text, _SIGN * _FINE)
    left, _, right, _ = font.getbbox(text)
    ascent, descent = font.getmetrics()
    pad = _SIGN * _FINE // 3
    size = (math.ceil(right - left) + 2 * pad, ascent + descent + pad)
    picture = Image.new("RGB", size, BOARD)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, size[0] - 1, size[1] - 1), outline=INK, width=2)
    draw.text((pad - left, pad // 2), text, INK, font)
    return np.asarray(picture)


def framed(picture: NDArray[np.uint8], camera: Camera, words: Words) -> NDArray[np.uint8]:
    """Return a picture with north and scale in its corner, and what there is to say in a strip below.

    Parameters
    ----------
    picture : (rows, cols, 3) uint8
    camera : Camera
        What it was drawn with.
    words : Words
    """
    image = Image.fromarray(picture)
    unit = min(image.height, image.width) / REFERENCE
    _corner(image, camera, unit)
    below = strip(image.width, words, unit)
    canvas = Image.new("RGB", (image.width, image.height + below.height), "white")
    canvas.paste(image, (0, 0))
    canvas.paste(below, (0, image.height))
    return np.asarray(canvas)


def strip(width: int, words: Words, unit: float) -> Image.Image:
    """Return the strip below a picture; an even number of pixels high, as films need it."""
    margin = round(20 * unit)
    lines: list[tuple[str, int, Colour]] = []
    for text, size, colour in (
        (words.title, _TITLE, INK),
        (words.facts, _TEXT, GREY),
        (words.source, _TEXT, GREY),
    ):
        pixels = max(round(size * unit), 9)
        lines += [(line, pixels, colour) for line in _wrapped(text, pixels, width - 2 * margin)]
    rows = _rows(words.key, max(round(_TEXT * unit), 9), width - 2 * margin)
    step = 1.35
    height = sum(math.ceil(size * step) for _, size, _ in lines)
    height += math.ceil(max(round(_TEXT * unit), 9) * 1.5) * len(rows) + margin
    canvas = Image.new("RGB", (width, height + height % 2), "white")
    draw, top = ImageDraw.Draw(canvas), margin // 2
    for index, (text, size, colour) in enumerate(lines):
        draw.text((margin, top), text, colour, _font(text, size))
        top += math.ceil(size * step)
        if index == 0:
            top = _draw_key(draw, rows, max(round(_TEXT * unit), 9), margin, top)
    return canvas


def _rows(key: tuple[Entry, ...], size: int, room: int) -> list[list[tuple[int, Entry]]]:
    """Share out the entries of a key to rows: the place of each from the left, and the entry."""
    rows: list[list[tuple[int, Entry]]] = []
    left = room + 1
    for entry in key:
        length = size * 2 + math.ceil(_font(entry.text, size).getlength(entry.text)) + size
        if left + length > room:
            rows.append([])
            left = 0
        rows[-1].append((left, entry))
        left += length
    return rows


def _draw_key(
    draw: ImageDraw.ImageDraw, rows: list[list[tuple[int, Entry]]], size: int, margin: int, top: int
) -> int:
    for row in rows:
        for left, entry in row:
            x = margin + left
            draw.rectangle((x, top + size // 4, x + size, top + size * 5 // 4), entry.colour, INK)
            draw.text((x + size * 3 // 2, top + size // 8), entry.text, INK, _font(entry.text, size))
        top += math.ceil(size * 1.5)
    return top


def scale_length(metres_per_pixel: float, pixels: float) -> float:
    """Return the longest 1, 2 or 5 times a power of ten that is at most so many pixels long, in metres."""
    most = metres_per_pixel * pixels
    power = 10.0 ** math.floor(math.log10(most))
    return max(step * power for step in (1, 2, 5) if step * power <= most)


def _corner(image: Image.Image, camera: Camera, unit: float) -> None:
    """Draw north as it lies in the picture, and a scale for its middle, into the lower left corner."""
    pixel = camera.metres_per_pixel(image.height)
    length = scale_length(pixel, 200 * unit)
    text = say("view.scale", length=_metres(length))
    size = max(round(_TEXT * unit), 9)
    font = _font(text, size)
    wide = max(length / pixel, font.getlength(text)) + 108 * unit
    high = 96 * unit
    left, top = 16 * unit, image.height - high - 16 * unit
    panel = Image.new("RGBA", (math.ceil(wide), math.ceil(high)), (255, 255, 255, 205))
    image.paste(panel, (round(left), round(top)), panel)
    draw = ImageDraw.Draw(image)
    _compass(draw, camera, (left + 46 * unit, top + high / 2), 34 * unit)
    x, y = left + 96 * unit, top + 62 * unit
    draw.text((x, top + 16 * unit), text, INK, font)
    _bar(draw, x, y, length / pixel, unit)


def _bar(draw: ImageDraw.ImageDraw, x: float, y: float, length: float, unit: float) -> None:
    thick = 8 * unit
    for k in range(4):
        box = (x + length * k / 4, y, x + length * (k + 1) / 4, y + thick)
        draw.rectangle(box, INK if k % 2 == 0 else "white", INK, max(round(unit), 1))


def _compass(draw: ImageDraw.ImageDraw, camera: Camera, middle: tuple[float, float], radius: float) -> None:
    """Draw a circle lying on the ground, seen as the camera sees it, with an arrow to grid north."""
    _, up, _ = camera.axes()
    flat = max(abs(float(up[0] ** 2 + up[1] ** 2 - 1.0)) ** 0.5, 0.0)
    lean = max(math.sqrt(max(1.0 - flat**2, 0.0)), 0.3)
    draw.ellipse(
        (middle[0] - radius, middle[1] - radius * lean, middle[0] + radius, middle[1] + radius * lean),
        outline=GREY,
        width=max(round(radius / 18), 1),
    )
    turn = math.radians(-camera.heading)

    def at(angle: float, far: float) -> tuple[float, float]:
        return middle[0] + math.sin(angle) * far, middle[1] - math.cos(angle) * far * lean

    tip, back = at(turn, radius * 0.95), at(turn, -radius * 0.45)
    draw.polygon([tip, at(turn + 2.5, radius * 0.6), back], INK)
    draw.polygon([tip, at(turn - 2.5, radius * 0.6), back], "white", INK)
    font = _font("N", max(round(radius * 0.55), 9))
    x, y = at(turn, radius * 1.2)
    box = (x - radius * 0.24, y - radius * 0.3, x + radius * 0.24, y + radius * 0.3)
    draw.ellipse(box, "white")
    draw.text((x, y), "N", INK, font, "mm")


def _metres(length: float) -> str:
    return f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"


def _wrapped(text: str, size: int, room: int) -> list[str]:
    """Break a text into lines that fit, at blanks where there are some."""
    lines: list[str] = []
    font = _font(text, size) if text else None
    while text and font is not None:
        end = len(text)
        while end > 1 and font.getlength(text[:end]) > room:
            blank = text.rfind(" ", 1, end - 1)
            end = blank if blank > end // 2 else end - 1
        lines.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return lines


def _font(text: str, size: int) -> ImageFont.FreeTypeFont:
    return _opened(str(_fonts(language()).of(text)), size)


@cache
def _fonts(name: str) -> Fonts:
    return Fonts(name)


@cache
def _opened(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)
