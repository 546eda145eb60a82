"""Reading PDF pages back: what is drawn where, in millimetres."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pikepdf
from numpy.typing import NDArray

MM = 25.4 / 72


@dataclass
class Drawn:
    """What a layer draws: paths as points in millimetres from the lower left, texts, images as (l, b, w, h)."""

    paths: list[NDArray[np.float64]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    images: list[tuple[float, float, float, float]] = field(default_factory=list)


def layers_of(document: pikepdf.Pdf) -> dict[str, Drawn]:
    """Return what each layer of the first page draws, by its name, in the order drawn."""
    page = document.pages[0]
    found: dict[str, Drawn] = {}
    current = ""
    matrix = np.eye(3)
    for operands, operator in pikepdf.parse_content_stream(page):
        name = str(operator)
        if name == "BDC":
            current = str(page.Resources.Properties[operands[1]].Name)
            found[current] = Drawn()
        elif name == "q":
            matrix = np.eye(3)
        elif name == "cm":
            matrix = _matrix(operands)
        elif name == "Do":
            form = page.Resources.XObject[operands[0]]
            if form.Subtype == pikepdf.Name.Image:
                left, bottom = matrix[2, :2] * MM
                found[current].images.append((left, bottom, matrix[0, 0] * MM, matrix[1, 1] * MM))
            else:
                _read(form, found[current])
    return found


def _matrix(operands: object) -> NDArray[np.float64]:
    a, b, c, d, e, f = (float(value) for value in operands)  # type: ignore[attr-defined]
    return np.array([[a, b, 0], [c, d, 0], [e, f, 1.0]])


def _read(form: pikepdf.Object, drawn: Drawn) -> None:
    stack, matrix, path = [], np.eye(3), []
    fonts = form.Resources.get("/Font", {})
    font = ""
    for operands, operator in pikepdf.parse_content_stream(form):
        name = str(operator)
        if name == "q":
            stack.append(matrix)
        elif name == "Q":
            matrix = stack.pop()
        elif name == "cm":
            matrix = _matrix(operands) @ matrix
        elif name in ("m", "l"):
            x, y = (float(value) for value in operands)
            if name == "m" and path:
                drawn.paths.append(np.array(path) * MM)
                path = []
            path.append((np.array([x, y, 1.0]) @ matrix)[:2])
        elif name in ("S", "s", "f", "B", "b", "f*", "B*", "n"):
            if path and name != "n":
                drawn.paths.append(np.array(path) * MM)
            path = []
        elif name == "Tf":
            font = str(operands[0])
        elif name == "BT":
            drawn.texts.append("")
        elif name in ("Tj", "TJ"):  # a text of several fonts, or of letters far apart in one, comes in parts
            drawn.texts[-1] += _text(operands[0], fonts[font])
    return


def _text(shown: object, font: pikepdf.Object) -> str:
    """Return what a piece of text says, by the font's own table of letters."""
    pieces = shown if isinstance(shown, pikepdf.Array) else [shown]
    codes = b"".join(bytes(piece) for piece in pieces if isinstance(piece, pikepdf.String))
    table = _letters(font)
    return "".join(table[code] for code in zip(codes[::2], codes[1::2], strict=True))


def _letters(font: pikepdf.Object) -> dict[tuple[int, int], str]:
    table: dict[tuple[int, int], str] = {}
    text = font.ToUnicode.read_bytes().decode("ascii")
    for first, _, letters in re.findall(r"<(\w{4})> <(\w{4})>\s+\[(.*?)\]", text):
        for code, letter in enumerate(re.findall(r"<(\w+)>", letters), start=int(first, 16)):
            table[divmod(code, 256)] = bytes.fromhex(letter).decode("utf-16-be")
    return table


def fonts_of(document: pikepdf.Pdf) -> list[pikepdf.Object]:
    """Return the descriptors of all fonts of the first page's layers."""
    found = []
    for form in document.pages[0].Resources.XObject.values():
        for font in form.get("/Resources", {}).get("/Font", {}).values():
            below = font.get("/DescendantFonts")
            found.append((below[0] if below is not None else font).FontDescriptor)
    return found
