"""Fonts with PostScript outlines in a PDF: what a reader that follows the standard draws is what was written."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import otf
import pages
import pikepdf
import pytest
from fontTools.cffLib import CFFFontSet
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont

from pointcloud.errors import ParameterError
from pointcloud.print.paper import save
from pointcloud.print.paper.fonts import Fonts
from pointcloud.print.paper.page import Page

TEXT = "竹田城 (V) 図"
LETTERS = dict(zip("竹田城(V)図", "Ag(Vfiy", strict=True)) | {" ": " "}
"""Letters, and the letters of DejaVu Sans that the font draws in their stead."""


def written(font: Path, text: str = TEXT) -> pikepdf.Pdf:
    page = Page(100, 40, Fonts("ja", font))
    page.layer("frame").text(10, 10, text, 5)
    return pikepdf.open(io.BytesIO(save.pdf(page)))


def fonts(document: pikepdf.Pdf) -> list[Any]:
    (form,) = document.pages[0].Resources.XObject.values()
    return list(form.Resources.Font.values())


def drawn(font: Any) -> dict[str, tuple[float, ...]]:
    """Return the box of each letter's outline in 1/1000 em: code, CID by the CMap, glyph by the charset."""
    table = CFFFontSet()
    table.decompile(io.BytesIO(font.DescendantFonts[0].FontDescriptor.FontFile3.read_bytes()), None)
    top = table.topDictIndex[0]
    assert top.FontMatrix == [0.001, 0, 0, 0.001, 0, 0]
    assert top.ROS == ("Adobe", "Identity", 0)
    cids = {
        int(code, 16): int(cid)
        for code, cid in re.findall(r"<(\w{4})> (\d+)", font.Encoding.read_bytes().decode())
    }
    boxes = {}
    for pair, letter in pages._letters(font).items():
        pen = BoundsPen(None)
        top.CharStrings[f"cid{cids[pair[0] * 256 + pair[1]]:05d}"].draw(pen)
        boxes[letter] = pen.bounds or ()
    return boxes


@pytest.mark.parametrize(("kind", "units"), [("CFF", 1000), ("CFF", 2048), ("CID", 1000)])
def test_every_letter_leads_to_its_outline(tmp_path: Path, kind: str, units: int) -> None:
    path = otf.write(tmp_path / "Small.otf", LETTERS, kind=kind, units=units)
    with written(path) as document:
        assert "".join(pages.layers_of(document)["frame"].texts) == TEXT
        found: dict[str, tuple[float, ...]] = {}
        for font in fonts(document):
            (below,) = font.DescendantFonts
            assert below.Subtype == pikepdf.Name.CIDFontType0
            assert below.FontDescriptor.FontFile3.Subtype == pikepdf.Name.CIDFontType0C
            assert "/CIDToGIDMap" not in below
            assert "/FontFile2" not in below.FontDescriptor
            assert str(font.BaseFont) == f"{below.BaseFont}-{str(font.Encoding.CMapName)[1:]}"
            found |= drawn(font)
    source = TTFont(otf.DEJAVU)
    glyphs, table, share = source.getGlyphSet(), source.getBestCmap(), 1000 / source["head"].unitsPerEm
    assert set(found) == set(LETTERS)
    for letter, as_ in LETTERS.items():
        pen = BoundsPen(glyphs)
        glyphs[table[ord(as_)]].draw(pen)
        assert found[letter] == pytest.approx([value * share for value in pen.bounds or ()], abs=1.0), letter


def test_widths_go_with_the_cids(tmp_path: Path) -> None:
    path = otf.write(tmp_path / "Small.otf", LETTERS, kind="CID")
    source = TTFont(path)
    with written(path, "田竹") as document:
        (font,) = fonts(document)
        first, widths = font.DescendantFonts[0].W
        wanted = [source["hmtx"][source.getBestCmap()[ord(letter)]][0] for letter in "田竹"]
        assert (int(first), [int(width) for width in widths]) == (1, wanted)


def test_many_letters_take_several_blocks(tmp_path: Path) -> None:
    text = "".join(chr(0x4E00 + k) for k in range(230))
    path = otf.write(tmp_path / "Small.otf", dict.fromkeys(text, "A"))
    with written(path, text) as document:
        assert "".join(pages.layers_of(document)["frame"].texts) == text
        for font in fonts(document):
            assert all(
                int(count) <= 100 for count in re.findall(rb"(\d+) begincidchar", font.Encoding.read_bytes())
            )
            assert set(drawn(font)) <= set(text)


def test_what_a_pdf_cannot_hold_is_outlines_with_a_meaning(tmp_path: Path) -> None:
    with written(otf.write(tmp_path / "Small.otf", LETTERS, kind="CFF2")) as document:
        assert {str(font.Subtype) for font in fonts(document)} == {"/Type3"}
        assert all("/ToUnicode" in font for font in fonts(document))


def test_same_bytes(tmp_path: Path) -> None:
    page = Page(100, 40, Fonts("ja", otf.write(tmp_path / "Small.otf", LETTERS)))
    page.layer("frame").text(10, 10, TEXT, 5)
    assert save.pdf(page) == save.pdf(page)


def test_type_1_fonts_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.pfb"
    path.write_bytes(b"\x80\x01\x10\x00\x00\x00%!PS-AdobeFont-1.0")
    with pytest.raises(ParameterError, match=r"old\.pfb.*TrueType or OpenType"):
        Fonts("en", path)
