"""Each kind of view, rendered off-screen: what is where in the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scenes
from numpy.typing import NDArray

from pointcloud import relief
from pointcloud.errors import ParameterError
from pointcloud.view import screenshot
from pointcloud.view.build import build
from pointcloud.view.camera import Aim
from pointcloud.view.model import FLOOR, GROUND, SIDE, Model
from pointcloud.view.request import Label

pytestmark = pytest.mark.usefixtures("opengl")

SIZE = (480, 360)
OBLIQUE = Aim(bearing=200.0, distance=330.0, height=200.0)
RED, GREEN = (200, 20, 20), (20, 160, 40)

Picture = NDArray[np.uint8]


def shown(model: Model, size: tuple[int, int] = SIZE) -> Picture:
    return screenshot.picture(model, size, strip=False)


def at(picture: Picture, model: Model, e: float, n: float, z: float) -> NDArray[np.int64]:
    """The colour of the pixel where a point is."""
    size = picture.shape[1], picture.shape[0]
    x, y, _ = model.camera.project(np.array([(e, n, z)]), size)[0]
    return picture[int(y), int(x)].astype(np.int64)


def cell(row: int, col: int) -> tuple[float, float]:
    """The middle of a cell of the land."""
    return scenes.WEST + col + 0.5, scenes.NORTH - row - 0.5


def like(picture: Picture, colour: tuple[int, int, int], by: int = 12) -> NDArray[np.bool_]:
    return np.asarray((np.abs(picture.astype(int) - colour) <= by).all(-1))


def markers(size: int) -> Picture:
    """A picture (3, rows, cols): green, with red squares of 5 m around three cells that tell all turns apart."""
    times = size // scenes.SIDE
    bands = np.empty((size, size, 3), np.uint8)
    bands[:] = GREEN
    for row, col in MARKED:
        bands[(row - 2) * times : (row + 3) * times, (col - 2) * times : (col + 3) * times] = RED
    return np.moveaxis(bands, 2, 0)


MARKED = ((40, 30), (60, 150), (170, 110))


def test_terrain_fills_the_frame(tmp_path: Path) -> None:
    model = build(
        scenes.request(scenes.dem(tmp_path), aim=Aim(bearing=180, distance=1, height=300, field=20))
    )
    picture = shown(model)
    sky = picture[..., 2].astype(int) > picture[..., 0].astype(int) + 5
    assert not sky.any()
    assert np.unique(picture.reshape(-1, 3), axis=0).shape[0] > 50  # light and shade


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("aim", [scenes.FROM_ABOVE, OBLIQUE])
def test_drape_lies_where_it_belongs(tmp_path: Path, times: int, aim: Aim) -> None:
    drape = scenes.write(tmp_path / "オルソ.tif", markers(scenes.SIDE * times), cell=1 / times)
    options = {"aim": aim, "drape": str(drape), "sun": "none"}
    model = build(scenes.request(scenes.dem(tmp_path), **options))
    picture, heights = shown(model, (960, 720)), scenes.hill()
    for row, col in MARKED:
        assert at(picture, model, *cell(row, col), heights[row, col]) == pytest.approx(RED, abs=15)
        for away in (-5, 5):
            for other in ((row + away, col), (row, col + away)):
                found = at(picture, model, *cell(*other), heights[other])
                assert found == pytest.approx(GREEN, abs=15), (row, col, other)


def test_drape_lies_where_it_belongs_on_every_ring(tmp_path: Path) -> None:
    drape = scenes.write(tmp_path / "ortho.tif", markers(scenes.SIDE))
    request = scenes.request(scenes.dem(tmp_path), drape=str(drape), sun="none", radius=20.0)
    model = build(request, most=4000)
    assert len([item for item in model.surfaces if item.picture is not None]) >= 3
    picture, heights = shown(model, (960, 720)), scenes.hill()
    for row, col in MARKED:
        found = at(picture, model, *cell(row, col), heights[row, col])
        assert found[0] > found[1] + 30, (row, col, found)
        for other in ((row + 12, col), (row - 12, col), (row, col + 12), (row, col - 12)):
            red, green, _ = at(picture, model, *cell(*other), heights[other])
            assert green > red + 60, (row, col, other)


def test_style_is_that_of_the_relief_raster(tmp_path: Path) -> None:
    heights = scenes.hill().astype(np.float32)
    model = build(scenes.request(scenes.dem(tmp_path), drape="slope"))
    wanted = relief.picture("slope", heights, 1.0)[..., :3]
    (surface,) = [item for item in model.surfaces if item.picture is not None]
    unlit = build(scenes.request(scenes.dem(tmp_path), drape="slope", sun="none")).surfaces[0]
    assert unlit.picture is not None
    assert (unlit.picture == wanted).all()
    assert surface.picture is not None
    assert (surface.picture != wanted).any()  # sunlight is on it


def test_raster_of_numbers_from_pale_to_dark(tmp_path: Path) -> None:
    numbers = np.zeros((scenes.SIDE, scenes.SIDE), np.float32)
    numbers[:, 100:] = 4.0
    numbers[:40] = -9999.0
    drape = scenes.write(tmp_path / "visible.tif", numbers, nodata=-9999.0)
    model = build(scenes.request(scenes.dem(tmp_path), drape=str(drape), sun="none"))
    picture = model.surfaces[0].picture
    assert picture is not None
    assert picture[100, 50].tolist() == [255, 250, 205]
    assert picture[100, 150].tolist() == [95, 0, 50]
    assert picture[20, 150].tolist() == list(GROUND)
    assert [entry.text for entry in model.words.key] == ["0", "4"]


def test_hole_shows_its_floor(tmp_path: Path) -> None:
    heights = scenes.hill()
    heights[90:110, 40:70] = np.nan
    model = build(scenes.request(scenes.dem(tmp_path, heights)))
    picture = shown(model)
    assert at(picture, model, *cell(100, 55), 105.0) == pytest.approx(FLOOR, abs=3)
    assert "no height (water, gaps)" in [entry.text for entry in model.words.key]


def test_exaggeration_is_drawn_and_printed(tmp_path: Path) -> None:
    path = scenes.dem(tmp_path)
    plain, high = (build(scenes.request(path, aim=OBLIQUE, exaggeration=times)) for times in (1.0, 3.0))
    tops = [max(float(item.points[:, 2].max()) for item in model.surfaces) for model in (plain, high)]
    assert tops[1] == pytest.approx(3 * tops[0])
    assert "vertical exaggeration 3" in high.words.facts
    assert "vertical exaggeration 1" in plain.words.facts


def test_sign_is_where_it_must_be_and_readable(tmp_path: Path, japanese_font: Path) -> None:
    e, n = cell(60, 120)
    label = Label("天守台", e, n)
    model = build(scenes.request(scenes.dem(tmp_path), aim=OBLIQUE, labels=(label,)))
    (sign,) = model.signs
    assert sign.text == f"天守台  {scenes.hill()[60, 120]:.0f} m"
    size = (1920, 1080)
    picture = shown(model, size)
    x, y, _ = model.camera.project(np.array([sign.top]), size)[0]
    rows, cols = (side // 2 for side in sign.board.shape[:2])
    top, left = round(y - rows), round(x - cols / 2)
    seen = picture[top : top + rows, left : left + cols].astype(float).mean(-1)
    board = sign.board[: rows * 2, : cols * 2].reshape(rows, 2, cols, 2, 3).astype(float).mean((1, 3, 4))
    assert np.corrcoef(seen[3:-3, 3:-3].ravel(), board[3:-3, 3:-3].ravel())[0, 1] > 0.8
    foot = model.camera.project(np.array([sign.foot]), size)[0]
    middle = round((y + foot[1]) / 2)
    assert picture[middle, round(x) - 2 : round(x) + 3].mean(-1).min() < 140  # the pole


def test_sign_over_a_hole_is_left_out_and_it_is_said(tmp_path: Path) -> None:
    heights = scenes.hill()
    heights[90:110, 40:70] = np.nan
    model = build(scenes.request(scenes.dem(tmp_path, heights), labels=(Label("pond", *cell(100, 55)),)))
    assert model.signs == []
    assert any("No sign for pond" in note for note in model.notes)


def test_surface_stands_over_the_terrain(tmp_path: Path) -> None:
    dsm = scenes.hill().astype(np.float32)
    dsm[30:60, 30:60] += 15.0
    above = scenes.write(tmp_path / "DSM.tif", dsm)
    model = build(scenes.request(scenes.dem(tmp_path), dsm=(above,), dsm_opacity=1.0, sun="none"))
    picture = shown(model)
    red, green, blue = at(picture, model, *cell(45, 45), dsm[45, 45])
    assert green > red + 30 > blue
    assert at(picture, model, *cell(140, 140), dsm[140, 140]) == pytest.approx(GROUND, abs=3)
    clear = shown(build(scenes.request(scenes.dem(tmp_path), dsm=(above,), dsm_opacity=0.5, sun="none")))
    mixed = at(clear, model, *cell(45, 45), dsm[45, 45])
    assert mixed == pytest.approx((np.array([red, green, blue]) + GROUND) / 2, abs=12)


def test_surface_of_other_cells_is_refused(tmp_path: Path) -> None:
    above = scenes.write(tmp_path / "DSM.tif", np.zeros((50, 50), np.float32), cell=2.0)
    with pytest.raises(ParameterError, match="cells of 2 m"):
        build(scenes.request(scenes.dem(tmp_path), dsm=(above,)))


def test_contours_have_their_heights(tmp_path: Path) -> None:
    model = build(scenes.request(scenes.dem(tmp_path), contours=5.0, exaggeration=2.0, sun="none"))
    thin, thick = (np.unique(np.round(lines.points[:, 2] / 2.0, 2)) for lines in model.lines)
    assert set(thick) == {100.0, 125.0}
    assert set(thin) == {95.0, 105.0, 110.0, 115.0, 120.0, 130.0, 135.0, 140.0}
    picture = shown(model, (960, 720))
    on, off = model.lines[1].points[::50], []
    dark = [at(picture, model, *point).sum() < sum(GROUND) - 60 for point in on]
    assert np.mean(dark) > 0.7
    off = [at(picture, model, *cell(row, row), 2 * scenes.hill()[row, row]) for row in range(20, 180, 7)]
    assert np.median([colour.sum() for colour in off]) > sum(GROUND) - 30


def test_too_many_contours_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="lines of height"):
        build(scenes.request(scenes.dem(tmp_path), contours=0.05))


def test_section_takes_the_right_side_away(tmp_path: Path) -> None:
    west, east = (scenes.WEST, scenes.MIDDLE[1]), (scenes.WEST + 200, scenes.MIDDLE[1])
    options = {"section": (west, east), "sun": "none", "aim": Aim(bearing=180, distance=250, height=60)}
    model = build(scenes.request(scenes.dem(tmp_path), **options))
    ground = [item for item in model.surfaces if item.picture is not None]
    assert min(item.points[:, 1].min() for item in ground) == pytest.approx(scenes.MIDDLE[1], abs=1e-3)
    picture, heights = shown(model), scenes.hill()
    for col in (30, 100, 170):
        middle = heights[99:101, col].mean() - 1.5
        assert at(picture, model, cell(0, col)[0], scenes.MIDDLE[1], middle) == pytest.approx(SIDE, abs=3)


def test_points_are_drawn_in_their_colours(tmp_path: Path) -> None:
    import laspy

    header = laspy.LasHeader(point_format=6, version="1.4")
    header.scales, header.offsets = np.array([0.001] * 3), np.array([scenes.WEST, scenes.NORTH - 200, 0.0])
    data = laspy.LasData(header)
    rows, cols = np.indices((40, 40)) / 2.0
    data.x, data.y = (scenes.WEST + 30 + cols).ravel(), (scenes.NORTH - 30 - rows).ravel()
    data.z = np.full(rows.size, 150.0)
    data.classification = np.full(rows.size, 9, np.uint8)
    data.write(tmp_path / "cloud.laz")
    model = build(scenes.request(scenes.dem(tmp_path), points=(tmp_path / "cloud.laz",)))
    picture = shown(model, (960, 720))
    red, green, blue = at(picture, model, scenes.WEST + 40, scenes.NORTH - 40, 150.0)
    assert blue > green > red
    shaded, plain = (
        np.unique(item.reshape(-1, 3), axis=0)
        for item in (picture, shown(build(scenes.request(scenes.dem(tmp_path))), (960, 720)))
    )
    assert len(shaded) > len(plain)


def test_strip_says_what_must_be_said(tmp_path: Path) -> None:
    path = scenes.dem(tmp_path, SYNTHETIC="YES", CREDIT="Survey of 2024, CC BY 4.0")
    model = build(scenes.request(path))
    assert "SYNTHETIC" in model.words.title
    assert model.words.source == "Source: Survey of 2024, CC BY 4.0"
    picture = screenshot.picture(model, SIZE)
    assert picture.shape[1] == SIZE[0]
    strip = picture[SIZE[1] :]
    assert strip.shape[0] > 40
    assert (strip.mean(-1) < 100).sum() > 200  # letters
    corner = picture[SIZE[1] - 40 : SIZE[1] - 5, 5:140]
    assert (corner.mean(-1) > 200).mean() > 0.4  # the panel of north and scale
    assert (corner.mean(-1) < 90).sum() > 20


def test_large_picture_is_drawn_in_tiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drape = scenes.write(tmp_path / "ortho.tif", markers(scenes.SIDE))
    model = build(scenes.request(scenes.dem(tmp_path), drape=str(drape), sun="none"))
    whole = shown(model, (600, 600)).astype(int)
    monkeypatch.setattr(screenshot, "TWICE", 0)
    monkeypatch.setattr(screenshot, "BUFFER", 256)
    tiled = shown(model, (600, 600)).astype(int)
    assert (np.abs(tiled - whole).max(-1) > 40).mean() < 0.02


def test_depth_shading_goes_off_and_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screenshot, "LARGEST", 1000)
    cloud = scenes.las(tmp_path / "cloud.las", 1000, 1)
    model = build(scenes.request(scenes.dem(tmp_path), points=(cloud,)))
    shown(model)
    assert any("without depth shading" in note for note in model.notes)


def test_place_outside_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"outside the DEM, which covers W, S, E, N 21000, -165200"):
        build(scenes.request(scenes.dem(tmp_path), place="30000,-165100"))


def test_land_without_heights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no heights around"):
        build(scenes.request(scenes.dem(tmp_path, np.full((200, 200), np.nan))))


def test_unknown_drape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="neither a file nor a style"):
        build(scenes.request(scenes.dem(tmp_path), drape="slpoe"))
