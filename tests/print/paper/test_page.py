"""Pages: layers, positions, fonts, and the three kinds of files."""

from __future__ import annotations

import builtins
import importlib
import io
import sys
from pathlib import Path

import numpy as np
import otf
import pages
import pikepdf
import pytest
from PIL import Image

from pointcloud.errors import ParameterError
from pointcloud.print.paper import fonts, libraries, save
from pointcloud.print.paper.fonts import Fonts
from pointcloud.print.paper.page import Page, Rect


def page(language: str = "en") -> Page:
    made = Page(297, 210, Fonts(language))
    relief = made.layer("relief")
    relief.picture(
        np.full((40, 80, 3), (200, 30, 30), np.uint8), Rect(20, 100, 80, 40), Rect(30, 110, 60, 20)
    )
    frame = made.layer("frame")
    frame.lines([[(10, 20), (110, 70)]], 0.5, "black")
    frame.text(50, 50, "Section A", 4)
    return made


def opened(made: Page) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(save.pdf(made, title="試験")))


def test_pdf_has_a_named_layer_each_and_millimetres_are_true() -> None:
    with opened(page()) as document:
        assert [str(group.Name) for group in document.Root.OCProperties.OCGs] == ["relief", "frame"]
        assert [float(value) * pages.MM for value in document.pages[0].mediabox] == pytest.approx(
            [0, 0, 297, 210], abs=1e-4
        )
        drawn = pages.layers_of(document)
        assert str(document.docinfo["/Title"]) == "試験"
    assert drawn["relief"].images[0] == pytest.approx((20, 100, 80, 40), abs=1e-4)
    assert drawn["frame"].paths[0] == pytest.approx(np.array([(10, 20), (110, 70)]), abs=1e-3)
    assert "".join(drawn["frame"].texts) == "Section A"


def test_same_page_same_bytes() -> None:
    assert save.pdf(page()) == save.pdf(page())
    assert save.svg(page()) == save.svg(page())


def test_japanese_is_text_in_an_embedded_font(japanese_font: Path) -> None:
    made = page("ja")
    made.layer("more").text(10, 10, "竹田城跡 凹地 A–A′", 5)
    with opened(made) as document:
        descriptors = pages.fonts_of(document)
        assert descriptors
        assert all("/FontFile2" in found for found in descriptors)
        drawn = pages.layers_of(document)["more"]
    assert "".join(drawn.texts) == "竹田城跡 凹地 A–A′"


def test_areas_have_holes() -> None:
    made = Page(100, 100, Fonts("en"))
    ring, hole = ([(low, low), (high, low), (high, high), (low, high)] for low, high in ((20, 80), (40, 60)))
    made.layer("area").areas([[ring, hole]], fill="black")
    with Image.open(io.BytesIO(save.png(made, 254))) as picture:
        pixels = np.asarray(picture.convert("L"))
    assert pixels.shape == (1000, 1000)
    assert pixels[500, 500] == 255
    assert pixels[300, 300] == 0
    assert pixels[100, 500] == 255


def test_png_pixels_are_where_they_should_be() -> None:
    with Image.open(io.BytesIO(save.png(page(), 254))) as picture:  # ten pixels a millimetre
        assert picture.size == (2970, 2100)
        pixels = np.asarray(picture).astype(int)
    red = (pixels == (200, 30, 30)).all(axis=2)
    rows, cols = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    assert (rows[0], rows[-1] + 1, cols[0], cols[-1] + 1) == (800, 1000, 300, 900)
    dark = pixels.sum(axis=2) < 150
    assert dark[2100 - 450, 600]  # the line's middle
    assert not dark[2100 - 480, 600]


def test_later_instructions_lie_on_top() -> None:
    made = Page(20, 20, Fonts("en"))
    layer = made.layer("all")
    layer.lines([[(0, 10), (20, 10)]], 4, "red")
    layer.rect(Rect(5, 5, 10, 10), fill="blue")
    with Image.open(io.BytesIO(save.png(made, 254))) as picture:
        assert picture.getpixel((100, 100)) == (0, 0, 255)


def test_letters_that_no_font_has_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among many fonts of a machine some may have signs as odd as U+0007."""
    installed(monkeypatch)
    with pytest.raises(ParameterError, match=r"letters U\+0007 U\+F1234:"):
        Fonts("en").of("x\U000f1234\x07")


def installed(monkeypatch: pytest.MonkeyPatch, *paths: Path) -> None:
    """Let the machine have these fonts alone."""
    monkeypatch.setattr(fonts, "_installed", lambda: paths)
    monkeypatch.setattr(fonts, "japanese", lambda: ())


def test_all_fonts_of_the_machine_are_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of unknown names too, plain ones first; a font without the letters is none."""
    rare = [
        otf.write(tmp_path / name, dict.fromkeys(letters, "A"))
        for name, letters in (("A-Bold.otf", "𠮷城"), ("Other.otf", "城"), ("Rare.otf", "𠮷城"))
    ]
    installed(monkeypatch, *rare)
    assert Fonts("ja").of("𠮷城") == rare[2]
    with pytest.raises(ParameterError, match=r"no one font .*: Rare\.otf lacks é"):
        Fonts("ja").of("𠮷城é")


def test_what_is_not_seen_needs_no_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variation selectors and other blanks than the font's own are not drawn as missing letters."""
    path = otf.write(tmp_path / "Small.otf", dict.fromkeys("葛城 ", "A"))
    installed(monkeypatch, path)
    assert Fonts("ja").choose("葛\U000e0100城\u3000\ufe0e\u200b城") == (path, "葛城 城")
    made = Page(50, 50, Fonts("ja"))
    made.layer("more").text(10, 10, "葛\U000e0100城", 5)
    with opened(made) as document:
        assert pages.layers_of(document)["more"].texts == ["葛城"]


def test_letters_are_as_wide_as_the_text(japanese_font: Path) -> None:
    made = Fonts("ja")
    for text in ("竹田城跡(2026)", "葛\U000e0100城 x"):
        widths = made.widths(text)
        assert len(widths) == len(text)
        assert sum(widths) == pytest.approx(made.width(text), abs=0.15)


def test_without_a_japanese_font_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    with pytest.raises(ParameterError, match="fonts-ipaexfont"):
        Fonts("ja").of("竹田城跡")


def test_font_of_the_user(tmp_path: Path) -> None:
    wrong = tmp_path / "letters.ttf"
    wrong.write_text("no font")
    with pytest.raises(ParameterError, match=r"letters\.ttf"):
        Fonts("en", wrong)
    own = Fonts("en").files[0]
    assert Fonts("ja", own).of("Latin") == own


def test_missing_library_is_one_line_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: object, **more: object) -> object:
        if name.startswith("pikepdf"):
            raise ImportError(name)
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(
        libraries, "import_module", lambda name: refuse(name) and importlib.import_module(name)
    )
    monkeypatch.setitem(sys.modules, "pikepdf", None)
    with pytest.raises(ParameterError, match=r'pikepdf.*pip install "hyogo-pc\[print\]"'):
        save.pdf(page())


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"\.pdf, \.png, \.svg"):
        save.write(page(), tmp_path / "map.jpg")
