"""The style of a quality raster: every state has a colour and a name, in the language in use."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from pointcloud import messages
from pointcloud.io.rasters import caption, qml
from pointcloud.io.rasters.preview import _states
from pointcloud.params.grid import BRIDGED, INTERPOLATED, MEASURED, STATE_COLOURS, VOID, WATER

STATES = {MEASURED, INTERPOLATED, BRIDGED, WATER, VOID}


def entries() -> dict[int, tuple[str, str]]:
    root = ET.fromstring(qml.qgis_style().decode())
    renderer = root.find("pipe/rasterrenderer")
    assert renderer is not None
    assert (renderer.get("type"), renderer.get("band")) == ("paletted", "1")
    return {
        int(entry.get("value", "")): (entry.get("color", ""), entry.get("label", ""))
        for entry in renderer.iter("paletteEntry")
    }


def test_qgis_gets_a_colour_and_a_name_for_every_state(monkeypatch: pytest.MonkeyPatch) -> None:
    english = entries()
    assert set(english) == STATES == set(STATE_COLOURS) == set(qml.STATE_WORDS)
    for state, (colour, _) in english.items():
        assert colour == "#{:02x}{:02x}{:02x}".format(*STATE_COLOURS[state])
    monkeypatch.setattr(messages, "_chosen", "ja")
    japanese = entries()
    assert english[INTERPOLATED][1] == "interpolated"
    assert japanese[INTERPOLATED][1] == "内挿補間"
    assert not {name for _, name in english.values()} & {name for _, name in japanese.values()}


def test_colours_are_told_apart_by_lightness() -> None:
    light = sorted(np.dot(colour, (0.2126, 0.7152, 0.0722)) for colour in STATE_COLOURS.values())
    assert min(np.diff(light)) > 10


class _File:
    """A raster of one row with a cell beyond all sheets."""

    def read(self, *_: object, **__: object) -> np.ma.MaskedArray:
        values = np.array([[*sorted(STATES), -9999]], np.float32)
        return np.ma.masked_equal(values, -9999)


def test_pictures_have_the_colours_of_the_style() -> None:
    shown = _states(_File(), None, 1, 6, STATE_COLOURS)  # type: ignore[arg-type]
    assert [tuple(pixel) for pixel in shown[0].tolist()] == [
        *(STATE_COLOURS[state] for state in sorted(STATES)),
        (255, 255, 255),
    ]


@pytest.mark.parametrize("width", [300, 900, 1600])
def test_a_key_of_classes_shows_each_colour(width: int) -> None:
    names = [qml.STATE_WORDS[state] for state in STATE_COLOURS]
    words = caption.words({"en": "A", "ja": "A"}, "Source", synthetic=False, classes=names)
    picture = Image.new("RGB", (width, 40), (1, 2, 3))
    framed = caption.framed(picture, words, pixel=1.0, colours=[*STATE_COLOURS.values()])
    assert framed.height <= 40 + caption.HEIGHT
    below = np.asarray(framed)[40:].reshape(-1, 3)
    for colour in STATE_COLOURS.values():
        assert (below == colour).all(axis=1).sum() > 100
