"""Pictures for people without a GIS: what is shown, where, and what is said below."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path, PurePath

import numpy as np
import pytest
from PIL import Image

from pointcloud import messages
from pointcloud.errors import OutputError
from pointcloud.geo.lattice import Box, Grid, cell_quanta
from pointcloud.io.rasters import caption, cog, preview, vrt

TITLE = {"en": "DEM 1 m – Sample Castle", "ja": "DEM 1 m – サンプル城"}
WHITE = (255, 255, 255)


@pytest.fixture(autouse=True)
def no_fonts_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(caption, "_FONTS", ())
    caption._drawn.cache_clear()
    yield
    caption._drawn.cache_clear()


def grid(rows: int, cols: int, west: float = 44000, north: float = -75000) -> Grid:
    return Grid(Box.from_metres(west, north - rows, west + cols, north), cell_quanta(1))


def heights_file(folder: Path, array: np.ndarray, where: Grid | None = None, name: str = "x.tif") -> Path:
    data = cog.encode_heights(array.astype(np.float32), where or grid(*array.shape), None, tags={})
    (folder / name).write_bytes(data)
    return folder / name


def picture_file(folder: Path, array: np.ndarray) -> Path:
    (folder / "cs.tif").write_bytes(cog.encode_rgba(array, grid(*array.shape[:2]), None, tags={}))
    return folder / "cs.tif"


def drawn(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.format == "PNG"
    assert image.mode == "RGB"
    assert max(image.size) <= preview.LONGEST
    return image


def pixels(data: bytes, rows: int, cols: int) -> np.ndarray:
    """The map of a picture that is at least as wide as its caption needs."""
    return np.asarray(drawn(data))[:rows, :cols]


def test_flat_ground_has_the_colour_of_its_height_and_nodata_is_white(tmp_path: Path) -> None:
    array = np.full((800, 1000), 200.0)
    array[:, 500:] = 75.0
    array[:200, :100] = np.nan
    shown = pixels(preview.preview(heights_file(tmp_path, array), "heights", title=TITLE), 800, 1000)
    assert (shown[:200, :100] == WHITE).all()
    assert (shown[200:, :490] == (234, 224, 166)).all()
    assert (shown[:, 510:] == (188, 205, 138)).all()  # half way from 50 m to 100 m
    # The same heights have the same colours in any company.
    array[400:, :300] = 1500.0
    again = pixels(preview.preview(heights_file(tmp_path, array), "heights", title=TITLE), 800, 1000)
    assert np.array_equal(again[:390], shown[:390])


@pytest.mark.parametrize(("east", "south", "lit"), [(1, 1, 1), (-1, -1, -1), (1, -1, 0)])
def test_slopes_to_the_north_west_are_lit_the_others_shaded(
    tmp_path: Path, east: int, south: int, lit: int
) -> None:
    rise = np.add.outer(np.arange(800.0) * south, np.arange(800.0) * east) * 0.3 + 5000
    shown = pixels(preview.preview(heights_file(tmp_path, rise), "heights", title=TITLE), 800, 800)
    assert (shown == shown[0, 0]).all()  # one slope, one shade, up to the edges
    flat = np.array([236, 234, 232])
    assert (np.sign(shown[0, 0].astype(int) - flat) == lit).all()


def test_no_rim_beside_nodata(tmp_path: Path) -> None:
    rise = np.tile(np.arange(800.0) * 0.3 + 5000, (800, 1))
    rise[300:500, 200:250] = np.nan
    rise[600, 601:603] = np.nan
    shown = pixels(preview.preview(heights_file(tmp_path, rise), "heights", title=TITLE), 800, 800)
    land = ~np.isnan(rise)
    assert (shown[land] == shown[0, 0]).all()
    assert (shown[~land] == WHITE).all()


def test_a_mosaic_larger_than_the_picture(tmp_path: Path) -> None:
    tiles = []
    for index, (west, north, height) in enumerate([(44000, -75000, 20.0), (46000, -76500, 450.0)]):
        where = grid(1500, 2000, west, north)
        path = heights_file(tmp_path, np.full(where.shape, height), where, f"{index}.tif")
        tiles.append(vrt.Tile(PurePath(path.name), where))
    (tmp_path / "出力.vrt").write_bytes(vrt.mosaic(tiles, None, "heights"))
    data = preview.preview(tmp_path / "出力.vrt", "heights", title=TITLE)
    shown = pixels(data, 1200, 1600)
    assert drawn(data).width == 1600
    assert (shown[5:595, 5:795] == (128, 172, 122)).all()
    assert (shown[605:1195, 805:1595] == (208, 174, 124)).all()
    assert (shown[5:595, 805:1595] == WHITE).all()
    listed = preview.preview([tmp_path / "0.tif", tmp_path / "1.tif"], "heights", title=TITLE)
    assert listed == data


def test_pictures_lie_on_white(tmp_path: Path) -> None:
    array = np.zeros((800, 800, 4), np.uint8)
    array[:400] = 200, 100, 40, 255
    array[400:, :400] = 200, 100, 40, 51
    shown = pixels(preview.preview(picture_file(tmp_path, array), "rgba", title=TITLE), 800, 800)
    assert (shown[:400] == (200, 100, 40)).all()
    assert (shown[400:, :400] == (244, 224, 212)).all()
    assert (shown[400:, 400:] == WHITE).all()


def test_transparent_black_leaves_no_dark_rim(tmp_path: Path) -> None:
    array = np.zeros((2500, 3000, 4), np.uint8)
    rows, cols = np.ogrid[:2500, :3000]
    array[(rows - 1250) ** 2 + (cols - 1500) ** 2 < 1000**2] = 200, 100, 40, 255
    shown = pixels(preview.preview(picture_file(tmp_path, array), "rgba", title=TITLE), 1333, 1600)
    assert (shown >= (200, 100, 40)).all()
    assert (shown[600, 800] == (200, 100, 40)).all()


def test_a_small_raster_is_enlarged(tmp_path: Path) -> None:
    array = np.full((2, 3), 200.0)
    array[0, 0] = np.nan
    shown = np.asarray(drawn(preview.preview(heights_file(tmp_path, array), "heights", title=TITLE)))
    assert shown.shape[1] == 720
    assert (shown[:233, 10:243] == WHITE).all()
    assert (shown[233:466, 10:709] == (234, 224, 166)).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (2400, 30)])
def test_rasters_of_any_shape(tmp_path: Path, shape: tuple[int, int]) -> None:
    image = drawn(preview.preview(heights_file(tmp_path, np.full(shape, 20.0)), "heights", title=TITLE))
    colours = {colour for _, colour in image.getcolors(1 << 20)}
    assert (128, 172, 122) in colours


def test_a_made_up_place_is_called_so(tmp_path: Path) -> None:
    path = heights_file(tmp_path, np.full((50, 50), 20.0))
    real = drawn(preview.preview(path, "heights", title=TITLE))
    made_up = drawn(preview.preview(path, "heights", title=TITLE, synthetic=True))
    assert real.info["Title"] == "DEM 1 m – Sample Castle"
    assert made_up.info["Title"] == "DEM 1 m – Sample Castle (made-up)"
    assert made_up.tobytes() != real.tobytes()


def test_the_same_bytes_again(tmp_path: Path) -> None:
    path = heights_file(tmp_path, np.full((50, 50), 20.0))
    assert preview.preview(path, "heights", title=TITLE) == preview.preview(path, "heights", title=TITLE)


class TestLanguage:
    """Japanese where it can be drawn; English, and a note in place of what cannot."""

    def test_without_a_japanese_font(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(messages, "_chosen", "ja")
        words = caption.words(TITLE, "兵庫県", synthetic=True)
        assert words.headline == "DEM 1 m – Sample Castle (made-up)"
        assert words.heights == "Height (m)"
        assert "properties" in words.source
        assert words.credit == "兵庫県"

    def test_with_a_japanese_font(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(messages, "_chosen", "ja")
        monkeypatch.setattr(caption, "_has", lambda font, text: True)
        words = caption.words(TITLE, "兵庫県", synthetic=True)
        assert words.headline == words.title == "DEM 1 m – サンプル城(架空)"
        assert words.source == "出典:兵庫県"

    def test_a_title_that_cannot_be_drawn_is_in_the_metadata(self, tmp_path: Path) -> None:
        path = heights_file(tmp_path, np.full((50, 50), 20.0))
        data = preview.preview(path, "heights", title="架空の城", credit="兵庫県", synthetic=True)
        assert drawn(data).info["Title"] == "架空の城 (made-up)"
        assert drawn(data).info["Source"] == "兵庫県"
        assert caption.words({"en": "架空の城"}, "", synthetic=True).headline.endswith("(made-up)")

    def test_dashes_and_accents_that_the_font_lacks_are_drawn_plain(self) -> None:
        text, _ = caption._drawn("Hyōgo – 1 m", 20) or ("", None)
        assert text == "Hyogo - 1 m"
        assert caption._drawn("城", 20) is None


@pytest.mark.parametrize(
    ("most", "length"), [(250, 200), (199, 100), (500, 500), (0.7, 0.5), (99_999, 50_000)]
)
def test_scale_bars_have_round_lengths(most: float, length: float) -> None:
    assert caption._round_length(most) == length


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    words = caption.words(TITLE, "", synthetic=False)
    strip = np.asarray(caption.framed(Image.new("RGB", (1000, 10), WHITE), words, pixel=2.0))
    dark = (strip[10:] == caption._INK).all(axis=2)
    outline = dark[dark.sum(axis=1).argmax()].nonzero()[0]
    assert (outline[0], outline[-1]) == (16, 16 + 500 / 2)  # 500 m is the longest that fits a third


def test_a_long_credit_is_wrapped_and_cut(tmp_path: Path) -> None:
    path = heights_file(tmp_path, np.full((50, 50), 20.0))
    short = drawn(preview.preview(path, "heights", title=TITLE, credit="a"))
    image = drawn(preview.preview(path, "heights", title=TITLE, credit="word " * 400))
    assert short.height < image.height < short.height + 40
    assert image.info["Source"] == "word " * 400


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "broken.tif").write_bytes(b"II*\0")
    with pytest.raises(OutputError, match=r"broken\.tif"):
        preview.preview(tmp_path / "broken.tif", "heights", title=TITLE)
    with pytest.raises(OutputError, match=r"missing\.vrt"):
        preview.preview(tmp_path / "missing.vrt", "heights", title=TITLE)


def test_a_mosaic_under_another_name_is_not_followed(tmp_path: Path) -> None:
    where = grid(2, 2)
    heights_file(tmp_path, np.zeros((2, 2)))
    (tmp_path / "disguised.tif").write_bytes(
        vrt.mosaic([vrt.Tile(PurePath("x.tif"), where)], None, "heights")
    )
    with pytest.raises(OutputError, match=r"disguised\.tif"):
        preview.preview(tmp_path / "disguised.tif", "heights", title=TITLE)
