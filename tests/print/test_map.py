"""Site maps: true to scale on the page, every part there, both languages, what does not fit."""

from __future__ import annotations

import datetime
import io
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pages
import pikepdf
import pytest
import shapely
from PIL import Image

from pointcloud import messages, sheets
from pointcloud.crs import SpatialReference
from pointcloud.cs_params import CsParams, Ramp, preset
from pointcloud.errors import ParameterError
from pointcloud.lattice import Box, Grid, cell_quanta
from pointcloud.print import draw, legend, save
from pointcloud.print.design import Design, Frame, Ground, frame
from pointcloud.print.draw import TICK, resampled
from pointcloud.print.fonts import Fonts
from pointcloud.print.furniture import NEAT
from pointcloud.print.layout import MARGIN
from pointcloud.print.north import convergence, declination, minutes, seconds
from pointcloud.print.overlay import Overlay
from pointcloud.print.page import Layer
from pointcloud.print.panel import draw as draw_panel
from pointcloud.print.panel import heights
from pointcloud.print.sitemap import SiteMap, site_map
from pointcloud.print.titles import Facts
from pointcloud.print.words import credit_words
from pointcloud.raster import Raster
from pointcloud.styles import STYLES

WEST, NORTH = 45_000.0, -77_400.0
GROUND = Ground(np.empty((0, 0), np.float32), WEST, NORTH, 1.0)
DAY = datetime.date(2026, 4, 1)


def terrain(size: float = 200.0, cell: float = 1.0, crs: str | None = "EPSG:6673") -> Raster:
    """A hill with a pit in it."""
    box = Box.from_metres(WEST, NORTH - size, WEST + size, NORTH)
    grid = Grid(box, cell_quanta(cell))
    y, x = np.mgrid[0 : grid.rows, 0 : grid.cols] * cell
    hill = 40 * np.exp(-((x - size / 2) ** 2 + (y - size / 2) ** 2) / size**1.6)
    pit = 6 * np.exp(-((x - size / 4) ** 2 + (y - size / 4) ** 2) / 60)
    return Raster((100 + hill - pit).astype(np.float32), grid, crs, "dem")


def made(**values: Any) -> SiteMap:
    usual: dict[str, Any] = {"scale": 1000, "title": "Hill", "date": DAY, "dpi": 150, "language": "en"}
    return site_map(terrain(), centre=(WEST + 100, NORTH - 100), **(usual | values))


@cache
def usual() -> tuple[SiteMap, dict[str, pages.Drawn]]:
    """The usual map, and what its page draws."""
    site = made()
    return site, drawn(site)


def drawn(site: SiteMap) -> dict[str, pages.Drawn]:
    with pikepdf.open(io.BytesIO(save.pdf(site.page))) as document:
        return pages.layers_of(document)


def words(site: SiteMap) -> str:
    return "\n".join(drawn(site)["frame"].texts)


def test_layers() -> None:
    assert list(usual()[1]) == ["relief", "contours", "overlay", "frame"]


@pytest.mark.parametrize(("paper", "scale"), [("A4", 500.0), ("A4", 1000.0), ("A3", 1250.0), ("A2", 2000.0)])
def test_true_to_scale_on_the_page(paper: str, scale: float) -> None:
    """Corners of a known rectangle, drawn as an overlay, are measured on the page."""
    west, south, east, north = WEST + 60, NORTH - 140, WEST + 140, NORTH - 80
    shape = Overlay("box", (shapely.box(west, south, east, north),))
    layers = drawn(made(paper=paper, scale=scale, overlays=(shape,), interval=0.0))
    ring = layers["overlay"].paths[-1]
    wide, high = np.ptp(ring, axis=0)
    assert wide == pytest.approx(80_000 / scale, abs=0.01)  # 0.2 mm are asked for
    assert high == pytest.approx(60_000 / scale, abs=0.01)


def test_relief_and_vectors_lie_at_the_same_place() -> None:
    """Where the page's picture says a corner of the map is, the neat line is; and ticks stand at round metres."""
    site, layers = usual()
    west, south, east, _ = site.frame.bounds
    left, bottom, width, height = layers["relief"].images[0]
    window = site.frame.window
    metres = site.frame.scale / 1000
    ground = site.frame.on_page(np.array([(WEST, NORTH - 200), (WEST + 200, NORTH)]))  # narrower than the map
    assert left <= ground[0, 0] < left + 5
    assert left + width - 5 < ground[1, 0] <= left + width
    assert bottom - 1e-6 <= window.bottom < bottom + 25.4 / 150
    assert bottom + height >= window.top - 1e-6
    assert (east - west) / metres == pytest.approx(window.width, abs=1e-9)
    verticals = [path for path in layers["frame"].paths if len(path) == 2 and np.ptp(path[:, 0]) < 1e-6]
    at_bottom = sorted(
        {round(float(p[0, 0]), 3) for p in verticals if abs(p[:, 1].min() - window.bottom) < 1e-3}
    )
    es = [west + (x - window.left) * metres for x in at_bottom if window.left < x < window.right]
    assert len(es) >= 4
    assert all(abs(e / 50 - round(e / 50)) < 1e-3 for e in es)
    assert south < NORTH - 100


def test_contours_on_the_page_are_those_of_the_file() -> None:
    site = made(interval=5.0)
    on_page = drawn(site)["contours"].paths
    (ring,) = [line for line in site.contours if line.level == 130 and line.closed]
    west, east = ring.points[:, 0].min(), ring.points[:, 0].max()
    x0, x1 = site.frame.on_page(np.array([(west, NORTH - 100), (east, NORTH - 100)]))[:, 0]
    assert any(abs(path[:, 0].min() - x0) < 0.05 and abs(path[:, 0].max() - x1) < 0.05 for path in on_page)


def test_resampling_keeps_places_of_cells() -> None:
    """A picture whose colour is its easting: on the page it is the easting of each pixel."""
    site = made()
    picture = np.zeros((200, 200, 4), np.uint8)
    picture[..., 0] = np.arange(200)
    picture[..., 3] = 255
    ground = Ground(np.zeros((200, 200), np.float32), WEST, NORTH, 1.0)
    pixels, place = resampled(lambda rows: picture[rows], ground, site.frame, 150, site.page.height)
    side = 25.4 / 150
    x = place.left + (np.arange(pixels.shape[1]) + 0.5) * side
    e = site.frame.bounds[0] + (x - site.frame.window.left) * site.frame.pixel - WEST
    inside = (e > 3) & (e < 197)
    row = pixels[len(pixels) // 2, inside, 0].astype(float)
    assert row == pytest.approx(e[inside] - 0.5, abs=0.6)
    assert (pixels[:, e < -1] == 255).all()  # nothing there: white


def test_averaged_where_pixels_are_wider_than_cells() -> None:
    fine = Raster(terrain(cell=0.5).array, terrain(cell=0.5).grid, "EPSG:6673", "dem")
    site = site_map(fine, scale=5000, dpi=100, date=DAY)
    picture = site.page.layers[0].pictures[0]
    assert picture.pixels.shape[1] < 1200


def test_png_and_its_world_file(tmp_path: Path) -> None:
    site = made(dpi=254)
    files = site.write(tmp_path / "丘.png")
    assert [file.name for file in files] == ["丘.png", "丘.pgw"]
    with Image.open(files[0]) as picture:
        assert picture.size == (2970, 2100)
        assert picture.info["dpi"] == pytest.approx((254, 254), abs=0.01)
        pixels = np.asarray(picture.convert("L")).astype(int)
    a, d, b, e, c, f = map(float, files[1].read_text().split())
    assert (d, b) == (0, 0)
    assert (a, e) == pytest.approx((0.1, -0.1))
    west, south, east, north = site.frame.bounds
    row = round((NORTH - 100 - f) / e)
    dark = np.flatnonzero(pixels[row] < 90)
    edges = c + dark[[0, -1]] * a  # the outermost dark pixels of a row through the map are the neat line
    assert edges == pytest.approx([west, east], abs=(NEAT / 2 + 0.11))
    col = round((WEST + 120 - c) / a)  # clear of the numbers at the edge
    column = np.flatnonzero(pixels[: round((south - f) / e) + 3, col] < 90)
    assert f + column[0] * e == pytest.approx(north, abs=NEAT / 2 + 0.11)


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


def test_without_contours() -> None:
    site = made(interval=0.0)
    assert not site.contours
    assert "contour" not in words(site).lower().replace("contours", "contour").split("relief")[0]
    assert drawn(site)["contours"].paths == []


def test_warns_of_intervals_that_the_data_cannot_bear() -> None:
    (warning,) = made(interval=0.25).warnings
    assert "0.25 m" in warning
    assert made(interval=0.5).warnings == []


def test_depressions_have_ticks_to_the_inside() -> None:
    site = made(interval=1.0)
    pits = [line for line in site.contours if line.depression]
    assert pits
    area = shapely.union_all([shapely.Polygon(line.points) for line in pits])
    two = [path for path in drawn(site)["contours"].paths if len(path) == 2]
    ticks = [path for path in two if abs(np.hypot(*(path[1] - path[0])) - TICK) < 1e-3]
    metres = site.frame.scale / 1000
    corner = (
        np.array(site.frame.bounds[:2])
        - np.array([site.frame.window.left, site.frame.window.bottom]) * metres
    )
    inside = [shapely.Point(*(path[1] * metres + corner)) for path in ticks]
    assert len(inside) >= 4 * len(pits)
    assert all(area.buffer(0.05).contains(point) for point in inside)


def test_overlay_is_named_and_labelled() -> None:
    shapes = (
        shapely.box(WEST + 50, NORTH - 150, WEST + 150, NORTH - 50),
        shapely.Point(WEST + 20, NORTH - 100),
    )
    site = made(overlays=(Overlay("Designated area", shapes, ("Bailey", "P1")),))
    layers = drawn(site)
    assert "Designated area" in "\n".join(layers["frame"].texts)
    assert {"Bailey", "P1"} <= set(layers["overlay"].texts)


def test_labels_without_room_are_warned_of() -> None:
    """Of labels of the same place some find none; those beyond the map are no loss."""
    inside = [shapely.Point(WEST + 100, NORTH - 100)] * 20
    names = [f"Trench {number}" for number in range(20)] + ["far"]
    site = made(overlays=(Overlay("trenches", (*inside, shapely.Point(0, 0)), tuple(names)),))
    (warning,) = site.warnings
    written = set(drawn(site)["overlay"].texts)
    missing = [name for name in names[:-1] if name not in written]
    assert f"{len(missing)} labels find no room" in warning
    assert f"{', '.join(missing[:5])} …;" in warning
    assert "far" not in warning


def test_overlay_elsewhere_is_warned_of() -> None:
    site = made(
        overlays=(
            Overlay("far", (shapely.Point(0, 0),)),
            Overlay("near", (shapely.Point(WEST + 99, NORTH - 99),), (), False),
        )
    )
    assert [("far" in text, "near" in text) for text in site.warnings] == [(True, False), (False, True)]


def test_box_that_does_not_fit_says_what_would() -> None:
    bounds = (WEST, NORTH - 100, WEST + 200, NORTH)
    with pytest.raises(ParameterError, match=r"200 × 100 m does not fit: at 1:500 A4 shows") as caught:
        site_map(terrain(), bounds=bounds, scale=500, paper="A4", orientation="landscape")
    text = str(caught.value)
    fitting = re.search(r"fit at 1:([\d,]+)", text)
    assert fitting
    assert site_map(terrain(), bounds=bounds, scale=float(fitting[1].replace(",", "")), interval=0.0, dpi=100)
    assert "A2 landscape" in text


def test_takeda_does_not_fit_a4_at_1000_but_a2_does() -> None:
    design = Design(scale=1000, paper="A4")
    panel = heights(design, (), GROUND)
    assert "455" in frame(design, (0, 0), (91, 455), panel).missing
    assert frame(Design(scale=1000, paper="A2"), (0, 0), (91, 455), panel).missing == ""


LONG = "令和七年度市道城山線道路改良工事に伴う城山城跡(第三次)および山麓居館推定地発掘調査事業 "
CREDIT = "兵庫県「全国Q地図」航空レーザ測量データ(2012~2023年度)、クリエイティブ・コモンズ 表示 4.0 国際、"


def panel_texts(
    design: Design, monkeypatch: pytest.MonkeyPatch, at: tuple[float, float] = (WEST, NORTH)
) -> list[tuple[float, str, float]]:
    """Draw the panel of a design alone, and return height on the page, text and size of each of its texts."""
    texts: list[tuple[float, str, float]] = []
    monkeypatch.setattr(
        Layer, "text", lambda _, x, y, text, size, *rest, **more: texts.append((y, text, size))
    )
    ground = replace(
        GROUND, heights=terrain(4).array, crs=SpatialReference("EPSG:6673", "EPSG:6695"), synthetic=True
    )
    placed = frame(design, at, None, heights(design, (), ground))
    layer = Layer("frame", Fonts("ja"))
    draw_panel(layer, Facts(replace(design, interval=1.0), placed, ground, (), depressions=True))
    return texts


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


def test_scale_and_orientation_are_found() -> None:
    tall = frame(Design(), (0, 0), (100, 250), heights(Design(), (), GROUND))
    assert tall.sheet.portrait
    assert tall.scale == 1500
    flat = frame(Design(), (0, 0), (250, 100), heights(Design(), (), GROUND))
    assert not flat.sheet.portrait
    assert flat.scale == 1000
    west, south, east, north = flat.bounds
    assert (west + east, south + north) == pytest.approx((0, 0), abs=1e-9)
    assert east - west >= 250


def test_scales_that_show_no_land_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"1:1,000,000 the DEM, 200 m long, is 0\.2 mm.*; 1:1,500 shows"):
        made(scale=1_000_000.0)
    with pytest.raises(ParameterError, match=r"1:10 a cell of 1 m is 100 mm on paper; take 1:100"):
        made(scale=10.0)


@pytest.mark.parametrize("name", ["interval", "smooth", "shortest"])
def test_lengths_below_zero_are_refused(name: str) -> None:
    with pytest.raises(ParameterError, match=f"{name} is -1: give a length in metres, 0 or more"):
        Design(**{name: -1})  # type: ignore[arg-type]


def test_relief_is_the_same_in_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = made(interval=0.0).page.layers[0].pictures[0].pixels
    monkeypatch.setattr(draw, "_BAND", 100)
    parts = made(interval=0.0).page.layers[0].pictures[0].pixels
    assert np.abs(whole.astype(int) - parts).max() <= 1


def test_empty_map_is_refused() -> None:
    with pytest.raises(ParameterError, match="no height"):
        site_map(terrain(), centre=(0.0, 0.0), scale=1000)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"paper": "B4"}, "paper"),
        ({"style": "red"}, "style"),
        ({"dpi": 3}, "dpi"),
        ({"scale": 1}, "scale"),
        ({"orientation": "up"}, "orientation"),
    ],
)
def test_designs_that_cannot_be(values: dict[str, Any], name: str) -> None:
    with pytest.raises(ParameterError, match=name):
        Design(**values)


def test_without_crs_nothing_is_invented() -> None:
    site = site_map(terrain(crs=None), scale=1000, date=DAY, dpi=100)
    text = words(site)
    assert "not stated" in text
    assert "true north" not in text
    assert "05MF" not in text


def test_same_map_same_bytes(tmp_path: Path) -> None:
    files = [made().write(tmp_path / f"{name}.pdf")[0].read_bytes() for name in "ab"]
    assert files[0] == files[1]


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
    from pointcloud.print.words import datum_words, system_words

    assert "JGD2011" in datum_words(system, "ja")
    assert "T.P." in datum_words(system, "ja")
    assert (
        system_words(SpatialReference("EPSG:2447"), "en") == "Plane rectangular zone V, JGD2000 (EPSG:2447)"
    )
