"""Words on site maps: both languages, legends, presets, sheets, titles however long."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pages
import pikepdf
import pytest
from maps import CREDIT, DAY, LONG, NORTH, WEST, made, panel_texts, terrain, usual, words

from pointcloud import messages
from pointcloud.errors import ParameterError
from pointcloud.geo import sheets
from pointcloud.geo.crs import SpatialReference
from pointcloud.params.csmap import CsParams, Ramp, preset
from pointcloud.params.styles import STYLES
from pointcloud.print.map import legend
from pointcloud.print.map.design import Design, Frame, Ground
from pointcloud.print.map.layout import MARGIN
from pointcloud.print.map.north import convergence, declination, minutes, seconds
from pointcloud.print.map.sitemap import site_map
from pointcloud.print.paper import save
from pointcloud.print.paper.words import credit_words


def test_fonts_are_embedded_and_text_is_text(japanese_font: Path) -> None:
    site = made(
        language="ja", title="竹田城跡 髙﨑", author="教育委員会", credit="兵庫県(CC BY 4.0)", magnetic=-7.8
    )
    with pikepdf.open(io.BytesIO(save.pdf(site.page))) as document:
        assert all("/FontFile2" in found for found in pages.fonts_of(document))
    text = words(site)
    for part in (
        *(
            "竹田城跡 髙﨑",
            "教育委員会",
            "2026年4月1日",
            "縮尺 1:1,000(A4)",
            "平面直角座標系 第V系",
            "EPSG:6673",
        ),
        *(
            "「兵庫県(CC BY 4.0)」を加工して作成",
            "上が方眼北",
            "真北は西へ 0°17′",
            "磁北(MN)は真北の西 7°48′",
        ),
        *(
            "赤: 尾根",
            "青: 谷",
            "暗い: 急斜面",
            "等高線(1 m ごと)",
            "計曲線(5 m ごと)",
            "凹地",
            "05MF",
            "05MF51",
            "平滑化",
        ),
    ):
        assert part in text, part


def test_english_page() -> None:
    text = words(made(credit="Hyogo Prefecture, CC BY 4.0", author="Museum", magnetic=1.25))
    for part in (
        *("Hill", "Museum", "2026-04-01", "1:1,000", "Plane rectangular zone V, JGD2011/2024 (EPSG:6673)"),
        *("made by processing Hyogo Prefecture, CC BY 4.0", "up is grid north", "true north: 0°17′ west"),
        *(
            "MN: 1°15′ E of true N",
            "red: ridges",
            "index contour, every 5 m",
            "depression",
            "E 45050",
            "N −77450",
        ),
    ):
        assert part in text, part
    assert "made-up" not in text


def test_no_letter_is_missing(japanese_font: Path) -> None:
    """The codes of all texts lead to letters: glyph 0 is that of a missing one, and has no letter."""
    text = words(made(language="ja", title="髙﨑の城 ①②㎡〜"))
    assert "\x00" not in text
    assert "髙﨑の城 ①②㎡〜" in text


def test_made_up_places_are_called_so() -> None:
    assert "made-up place" in words(made(synthetic=True))


@pytest.mark.parametrize("style", STYLES)
def test_every_style_has_its_legend_in_words(style: str) -> None:
    design = Design(style=style, language="en", interval=0.0)
    ground = Ground(terrain(60).array, WEST, NORTH, 1.0)
    heading, *keys = legend.entries(design, ground, depressions=False)
    assert heading.words.startswith(messages.topic("map")[f"style_{style.replace('-', '_')}"]["en"])
    assert len(keys) == legend.most_lines(design) - 1
    assert all(re.match(r"(red|blue|white|black|light|dark|facing|about)\b", key.words) for key in keys)
    assert len({key.patch for key in keys}) == len(keys)


@pytest.mark.parametrize(
    ("name", "level"),
    [("hyogo", "white"), ("toda", "white"), ("fme2020", "light"), ("csmap-py", "light")],
)
def test_words_of_a_preset_are_those_of_its_colours(name: str, level: str) -> None:
    design = Design(params=preset(name), language="en")
    ground = Ground(terrain(60).array, WEST, NORTH, 1.0)
    heading, *keys = legend.entries(design, ground, depressions=False)
    assert heading.words == f"CS relief map ({name} v1)"
    first = [key.words.split(":")[0] for key in keys if key.patch]
    assert first == ["red", "blue", "dark", level]


def test_colours_that_are_no_red_are_not_called_so() -> None:
    grey = Ramp(-0.1, 0.1, ((0, 0, 0), (255, 255, 255)), 1.0, "grey")
    params = CsParams(3.0, 12.0, curvature=(grey,))
    ground = Ground(terrain(60).array, WEST, NORTH, 1.0)
    _, *keys = legend.entries(Design(params=params, language="en"), ground, depressions=False)
    assert [key.words for key in keys if key.patch] == [
        *("ridges, terrace edges (convex)", "valleys, ditches (concave)", "dark: steep", "level ground")
    ]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (preset("hyogo"), "hyogo v1"),
        (preset("toda"), "toda v1, Toda's layers and weights in colours of our own"),
        (replace(preset("fme2020"), sigma=2.0), "fme2020 v1, values changed"),
        (replace(preset("fme2020"), name=""), "values of one's own"),
    ],
)
def test_preset_is_named(params: CsParams, said: str) -> None:
    assert legend.style_words(Design(params=params, language="en")) == f"CS relief map ({said})"


def test_preset_is_named_on_the_sheet() -> None:
    assert words(usual()[0]).count("CS relief map (hyogo v1)") == 2


def test_all_sheets_of_a_map_are_named(japanese_font: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the corner of four sheets all are; on a small scale the first ones; within one, that is drawn anyway."""
    corner = sheets.parse("05MF51").bounds[:2]
    for scale, at, said in (
        (2000, corner, "05MF50、05MF51、05MF60、05MF61(5,000)"),
        (50_000, corner, "ほか"),
        (500, (corner[0] + 2000, corner[1] + 1500), None),
    ):
        texts = panel_texts(Design(scale, "A3", language="ja"), monkeypatch, at)
        joined = "".join(text for _, text, _ in texts)
        assert ("図郭" in joined) == (said is not None)
        assert said is None or said in joined


@pytest.mark.parametrize("paper", ["A4", "A2"])
@pytest.mark.parametrize("orientation", ["portrait", "landscape"])
@pytest.mark.parametrize(("title", "credit"), [(3, 4), (1, 1), (5, 1), (1, 6)])
def test_long_texts_stay_on_the_page(
    japanese_font: Path,
    paper: str,
    orientation: Any,
    title: int,
    credit: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The panel grows, then its letters shrink; the last line, too, lies within the margin."""
    design = Design(2000, paper, orientation, title=LONG * title, credit=CREDIT * credit, language="ja")
    texts = panel_texts(design, monkeypatch)
    joined = "".join(text for _, text, _ in texts).replace(" ", "")
    assert (LONG * title).replace(" ", "") in joined
    assert f"「{CREDIT * credit}」を加工して作成".replace(" ", "") in joined.replace("出典", "")
    assert min(y for y, _, _ in texts) >= MARGIN
    assert min(size for _, _, size in texts) >= 1.6


def test_texts_that_never_fit_are_refused(japanese_font: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    design = Design(2000, title=LONG, credit="出典、" * 1000, language="ja")
    with pytest.raises(ParameterError, match=r"do not fit on A4.* 1\.6 mm: shorten --credit \(3000 letters"):
        panel_texts(design, monkeypatch)


def test_without_crs_nothing_is_invented() -> None:
    site = site_map(terrain(crs=None), scale=1000, date=DAY, dpi=100)
    text = words(site)
    assert "not stated" in text
    assert "true north" not in text
    assert "05MF" not in text


def test_norths() -> None:
    assert convergence(45078.249, -77513.047, "EPSG:6673") == pytest.approx(-0.286, abs=5e-4)
    assert convergence(32976.431, -128694.435, "EPSG:6673") == pytest.approx(-0.206, abs=5e-4)
    assert minutes(-0.286) == "0°17′"
    assert seconds(35.3003) == "35°18′01″"
    for text in ("7.8W", "w7.8", "西偏7°48′", "7°48'W", "西7度48分"):
        assert declination(text) == pytest.approx(-7.8)
    assert declination("東偏1.5") == 1.5
    for text in ("7.8", "-7.8", "7°75′W", "E7W", "north"):
        with pytest.raises(ParameterError, match="declination"):
            declination(text)


def test_credits() -> None:
    assert credit_words("兵庫県、CC BY 4.0", "ja") == "「兵庫県、CC BY 4.0」を加工して作成"
    assert credit_words("国土地理院の地図を加工して作成", "ja") == "国土地理院の地図を加工して作成"


def test_heights_of_the_datum_are_named(japanese_font: Path) -> None:
    site = made()
    system = SpatialReference("EPSG:6673", "EPSG:6695")
    assert isinstance(site.frame, Frame)
    from pointcloud.print.paper.words import datum_words, system_words

    assert "JGD2011" in datum_words(system, "ja")
    assert "T.P." in datum_words(system, "ja")
    assert (
        system_words(SpatialReference("EPSG:2447"), "en") == "Plane rectangular zone V, JGD2000 (EPSG:2447)"
    )
