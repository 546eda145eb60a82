"""Site maps: true to scale on the page, every part there, what does not fit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from maps import DAY, GROUND, NORTH, WEST, drawn, made, terrain, usual, words
from PIL import Image

from pointcloud.api.raster import Raster
from pointcloud.errors import ParameterError
from pointcloud.print.map import draw
from pointcloud.print.map.design import Design, Ground, frame
from pointcloud.print.map.draw import TICK, resampled
from pointcloud.print.map.furniture import NEAT
from pointcloud.print.map.panel import heights
from pointcloud.print.map.sitemap import site_map
from pointcloud.print.vectors.overlay import Overlay


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


def test_same_map_same_bytes(tmp_path: Path) -> None:
    files = [made().write(tmp_path / f"{name}.pdf")[0].read_bytes() for name in "ab"]
    assert files[0] == files[1]
