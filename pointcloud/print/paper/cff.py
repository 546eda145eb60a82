"""Fonts with PostScript outlines (CFF) in a PDF, as the standard wants them.

Matplotlib writes every font as TrueType outlines (``CIDFontType2`` with ``FontFile2``), also one whose file holds CFF.
Poppler draws that with a warning; MuPDF, Ghostscript and Adobe's programs draw wrong letters or none. Here such a font
becomes a ``CIDFontType0`` with its bare CFF table as ``FontFile3`` (ISO 32000-1, 9.7.4 and 9.9). ``CIDToGIDMap`` is not
allowed with it: the table's own charset leads from CIDs to glyphs. So the glyphs used are numbered from 1, which is
their place and their CID (0 is that of a missing one, but a code of matplotlib's), and a CMap leads from codes to CIDs.
What pages show stays as it is, and so does the way back from codes to letters.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from typing import Any

from pointcloud.print.paper.libraries import need

_UNITS = 1000
"""Of an em square, where a CFF table has no FontMatrix: readers differ about the places for one if it is CID-keyed."""


_CMAP = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo 3 dict dup begin
/Registry (Adobe) def
/Ordering (Identity) def
/Supplement 0 def
end def
/CMapName /{name} def
/CMapType 1 def
/WMode 0 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{rows}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""
_BLOCK = 100
"""Rows that a CMap may hold between begin and end (Adobe Technical Note 5014)."""


class NoPostScriptFontError(Exception):
    """A font whose outlines a PDF cannot hold as they are: CFF2, of variable fonts."""


def mend(document: Any) -> None:
    """Rewrite all fonts of a document by matplotlib (a ``pikepdf.Pdf``) that hold CFF; TrueType fonts stay.

    Raises
    ------
    NoPostScriptFontError
        If one cannot be brought into a PDF.
    """
    pike = need("pikepdf")
    for font in [item for item in document.objects if isinstance(item, pike.Dictionary)]:
        if font.get("/Subtype") != pike.Name.Type0:
            continue
        below = font.DescendantFonts[0]
        file = below.FontDescriptor.get("/FontFile2")
        data = b"" if file is None else file.read_bytes()
        if data[:4] != b"OTTO":
            continue
        glyphs, widths = _glyphs(below), _widths(below)
        table = document.make_stream(_keyed(data, list(glyphs.values())))
        table.Subtype = pike.Name.CIDFontType0C
        below.FontDescriptor.FontFile3 = table
        below.Subtype = pike.Name.CIDFontType0
        below.W = pike.Array([1, pike.Array([widths[code] for code in glyphs])])
        font.Encoding = _cmap(document, list(glyphs))
        font.BaseFont = pike.Name(f"{below.BaseFont}-{str(font.Encoding.CMapName)[1:]}")
        del below.FontDescriptor["/FontFile2"], below["/CIDToGIDMap"]


def _glyphs(font: Any) -> dict[int, int]:
    """Return the glyph of each code that a font is used with, by its CIDToGIDMap."""
    pairs = font.CIDToGIDMap.read_bytes()
    glyphs = {code: int.from_bytes(pairs[2 * code : 2 * code + 2], "big") for code in range(len(pairs) // 2)}
    return {code: glyph for code, glyph in glyphs.items() if glyph}


def _widths(font: Any) -> dict[int, int]:
    """Return the width of each code."""
    runs = zip(font.W[::2], font.W[1::2], strict=True)
    return {int(first) + k: int(width) for first, run in runs for k, width in enumerate(run)}


def _cmap(document: Any, codes: Sequence[int]) -> Any:
    """Return the CMap that leads from codes to CIDs: 1, 2 and so on."""
    pike = need("pikepdf")
    rows = [f"<{code:04X}> {cid}" for cid, code in enumerate(codes, start=1)]
    blocks = [rows[k : k + _BLOCK] for k in range(0, len(rows), _BLOCK)]
    text = "\n".join("\n".join([f"{len(block)} begincidchar", *block, "endcidchar"]) for block in blocks)
    name = f"H-{zlib.crc32(text.encode()):08X}"
    cmap = document.make_stream(_CMAP.format(name=name, rows=text).encode("ascii"))
    cmap.Type, cmap.CMapName = pike.Name.CMap, pike.Name(f"/{name}")
    cmap.CIDSystemInfo = pike.Dictionary(
        Registry=pike.String("Adobe"), Ordering=pike.String("Identity"), Supplement=0
    )
    return cmap


def _keyed(data: bytes, glyphs: Sequence[int]) -> bytes:
    """Return the CFF table of an OpenType file, CID-keyed: the glyphs asked for have the CIDs 1, 2 and so on."""
    font = need("fontTools.ttLib").TTFont(io.BytesIO(data))
    if "CFF " not in font:
        raise NoPostScriptFontError
    cff = font["CFF "].cff
    top = cff.topDictIndex[0]
    if not hasattr(top, "ROS"):
        if font["head"].unitsPerEm != _UNITS:
            _redraw(top, font)
        _name_keyed_to_cid(top)
    top.ROS = ("Adobe", "Identity", 0)
    _choose(top, [0, *glyphs])
    out = io.BytesIO()
    cff.compile(out, font)
    return out.getvalue()


def _redraw(top: Any, font: Any) -> None:
    """Draw the glyphs of a name-keyed table anew, in 1000 units an em square; its hints, of the old units, are lost."""
    share = _UNITS / font["head"].unitsPerEm
    pens, lib = need("fontTools.pens.t2CharStringPen"), need("fontTools.cffLib")
    matrix = need("fontTools.pens.transformPen").TransformPen
    private = lib.PrivateDict()
    index = top.CharStrings.charStringsIndex
    for place, name in enumerate(top.charset):
        pen = pens.T2CharStringPen(font["hmtx"][name][0] * share, None, roundTolerance=0.0)
        top.CharStrings[name].draw(matrix(pen, (share, 0, 0, share, 0, 0)))
        index[place] = pen.getCharString(private)
    top.Private = private
    top.FontMatrix = lib.TopDict.defaults["FontMatrix"]


def _name_keyed_to_cid(top: Any) -> None:
    """Give a name-keyed table what a CID-keyed one has: an array of fonts, here one, and the choice of one a glyph."""
    lib = need("fontTools.cffLib")
    inner = lib.FontDict()
    inner.Private = top.Private
    top.FDArray = lib.FDArrayIndex()
    top.FDArray.append(inner)
    top.FDSelect = lib.FDSelect()
    top.FDSelect.gidArray = [0] * len(top.charset)
    for name in ("Private", "Encoding"):
        top.rawDict.pop(name, None)
        top.__dict__.pop(name, None)


def _choose(top: Any, glyphs: Sequence[int]) -> None:
    """Keep the outlines of these glyphs, in this order, each under its place as CID; one may come twice."""
    strings = top.CharStrings
    index = strings.charStringsIndex
    index.items = [index[glyph] for glyph in glyphs]
    top.FDSelect.gidArray = [top.FDSelect.gidArray[glyph] for glyph in glyphs]
    top.FDSelect.format = None
    top.charset = [".notdef", *(f"cid{cid:05d}" for cid in range(1, len(glyphs)))]
    strings.charStrings = {name: place for place, name in enumerate(top.charset)}
    top.numGlyphs = top.CIDCount = len(glyphs)
