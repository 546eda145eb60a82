"""Small OpenType fonts with PostScript outlines, made of letters of matplotlib's DejaVu Sans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

from pointcloud.print.paper import cff

DEJAVU = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")


def write(path: Path, letters: dict[str, str], *, units: int = 1000, kind: str = "CFF") -> Path:
    """Write a font that draws each of ``letters`` as another one of DejaVu Sans.

    ``kind`` is ``CFF`` (its glyphs have names), ``CID`` (they have numbers, which are not their places) or ``CFF2``.
    """
    source = TTFont(DEJAVU)
    drawn, table = source.getGlyphSet(), source.getBestCmap()
    share = units / source["head"].unitsPerEm
    glyphs = {".notdef": ".notdef"} | {
        f"u{ord(letter):04X}": table[ord(as_)] for letter, as_ in letters.items()
    }
    strings: dict[str, Any] = {}
    for name, of in glyphs.items():
        width = round(drawn[of].width * share)
        pen = T2CharStringPen(None if kind == "CFF2" else width, drawn, CFF2=kind == "CFF2")
        drawn[of].draw(TransformPen(pen, (share, 0, 0, share, 0, 0)))
        strings[name] = pen.getCharString()
    maker = FontBuilder(units, isTTF=False)
    maker.setupGlyphOrder(list(glyphs))
    maker.setupCharacterMap({ord(letter): f"u{ord(letter):04X}" for letter in letters})
    maker.setupHorizontalMetrics({name: (round(drawn[of].width * share), 0) for name, of in glyphs.items()})
    maker.setupHorizontalHeader(ascent=round(0.8 * units), descent=-round(0.2 * units))
    maker.setupNameTable({"familyName": path.stem, "styleName": "Regular", "psName": f"{path.stem}-Regular"})
    maker.setupOS2()
    maker.setupPost()
    if kind == "CFF2":
        maker.setupCFF2(strings)
    else:
        matrix = {} if units == 1000 else {"FontMatrix": [1 / units, 0, 0, 1 / units, 0, 0]}
        maker.setupCFF(f"{path.stem}-Regular", matrix, strings, {})
    maker.save(path)
    if kind == "CID":
        _number(path)
    return path


def _number(path: Path) -> None:
    """Make a font of named glyphs one of numbered ones; the numbers fall from glyph to glyph."""
    font = TTFont(path)
    top = font["CFF "].cff.topDictIndex[0]
    count = len(top.charset)
    top.CharStrings  # noqa: B018  it is read while the old names hold
    cff._name_keyed_to_cid(top)
    top.ROS = ("Adobe", "Japan1", 6)
    top.charset = [".notdef", *(f"cid{9000 - 7 * k:05d}" for k in range(1, count))]
    top.CharStrings.charStrings = {name: place for place, name in enumerate(top.charset)}
    top.CIDCount = 9001
    font.save(path)
