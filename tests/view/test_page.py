"""The page for browsers, opened in one: drawn, turned, with its names, and silent on the network."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import scenes
from browser import Browser
from numpy.typing import NDArray
from PIL import Image

from pointcloud.view.camera import Aim
from pointcloud.view.output import Output, write
from pointcloud.view.request import Label

pytestmark = pytest.mark.usefixtures("opengl")

Picture = NDArray[np.int64]


def shot(browser: Browser) -> Picture:
    return np.asarray(Image.open(io.BytesIO(browser.shot())).convert("RGB")).astype(np.int64)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("頁")
    ortho = np.zeros((3, scenes.SIDE, scenes.SIDE), np.uint8)
    ortho[0] = 200
    cloud = scenes.las(folder / "cloud.las", 20_000, 1)
    dsm = scenes.hill().astype(np.float32)
    dsm[20:50, 20:50] += 12.0
    request = scenes.request(
        scenes.dem(folder, SYNTHETIC="YES", CREDIT="Survey of 2024"),
        aim=Aim(bearing=200.0, distance=220.0, height=130.0),
        drape=str(scenes.write(folder / "ortho.tif", ortho)),
        dsm=(scenes.write(folder / "DSM.tif", dsm),),
        contours=5.0,
        points=(cloud,),
        budget=500,
        labels=(Label("Keep", *scenes.MIDDLE),),
    )
    path = folder / "view.html"
    write(request, Output(path), lambda share: None)
    return path


def test_page_turns_and_asks_no_network(page: Path, chromium: str, tmp_path: Path) -> None:
    with Browser(chromium, tmp_path / "profile") as browser:
        browser.open(page, "window.view")
        before = shot(browser)
        sign = browser.value("view.signs[0]")
        assert sign["text"].startswith("Keep")
        x, y, depth = browser.value(f"view.project({sign['top']})")
        assert depth > 0
        cols, rows = sign["size"]
        high = browser.value("document.getElementById('view').clientHeight")
        rows, cols = rows * high / 1080, cols * high / 1080
        board = before[int(y - rows) + 2 : int(y) - 2, int(x - cols / 2) + 2 : int(x + cols / 2) - 2]
        assert (board.min(-1) > 220).mean() > 0.4
        assert (board.max(-1) < 120).sum() > 15  # letters
        picture = before[: int(high)]
        red = (picture[..., 0] > 90) & (picture[..., 1] < 40) & (picture[..., 2] < 40)
        assert red.mean() > 0.15  # the drape, lit and in shadow
        heading = browser.value("view.eye.heading")
        browser.drag((500, 300), (650, 300))
        assert browser.value("view.eye.heading") == pytest.approx(heading - 150 * 0.006)
        after = shot(browser)
        assert (np.abs(after[: int(high)] - picture).max(-1) > 30).mean() > 0.05
        x2, y2, _ = browser.value(f"view.project({sign['top']})")
        assert after[int(y2 - rows / 2), int(x2 - cols / 2) + 4].min() > 200  # the sign has come along
        text = browser.value("document.querySelector('footer').innerText")
        assert "SYNTHETIC" in text
        assert "Survey of 2024" in text
        assert "vertical exaggeration 1" in text
        assert browser.value("document.getElementById('still')") is None
        assert browser.value("getComputedStyle(document.getElementById('failed')).display") == "none"
        asked = [url for url in browser.requests if not url.startswith(("file:", "data:", "about:"))]
        assert asked == []
        assert [url for url in browser.requests if url.startswith("file:")] == [page.as_uri()]
        assert browser.errors == []


def test_page_names_no_address(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "http://" not in text
    assert "https://" not in text
    assert "default-src 'none'" in text


HOSTILE = "</script><script>window.hacked = 1</script><!-- @DATA@ @POLICY@"


def test_names_are_but_names(chromium: str, tmp_path: Path) -> None:
    request = scenes.request(
        scenes.dem(tmp_path, CREDIT=f"Survey <img src=x onerror='window.hacked = 2'> {HOSTILE}"),
        labels=(Label(HOSTILE, *scenes.MIDDLE), Label("@DATA@", *scenes.MIDDLE)),
        title=f"@DATA@ {HOSTILE}",
    )
    path = tmp_path / "view.html"
    write(request, Output(path), lambda share: None)
    with Browser(chromium, tmp_path / "profile") as browser:
        browser.open(path, "window.view && window.view.signs")
        assert browser.value("window.hacked") is None
        assert browser.errors == []
        assert browser.value("document.title") == f"@DATA@ {HOSTILE}"
        assert browser.value("view.signs[0].text").startswith(HOSTILE)
        assert browser.value("view.signs[1].text").startswith("@DATA@")
        assert f"onerror='window.hacked = 2'> {HOSTILE}" in browser.value("document.body.innerText")
        assert browser.value("document.scripts.length") == 2


def test_same_view_gives_the_same_page(page: Path, tmp_path: Path) -> None:
    folder = page.parent
    requests = [scenes.request(folder / "DEM.tif") for _ in range(2)]
    for number, request in enumerate(requests):
        write(request, Output(tmp_path / f"{number}.html"), lambda share: None)
    assert (tmp_path / "0.html").read_bytes() == (tmp_path / "1.html").read_bytes()
