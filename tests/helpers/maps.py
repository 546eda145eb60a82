"""A site map to test: a hill with a pit in it, what its page draws, and the words on it."""

from __future__ import annotations

import datetime
import io
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pages
import pikepdf
import pytest

from pointcloud.api.raster import Raster
from pointcloud.geo.crs import SpatialReference
from pointcloud.geo.lattice import Box, Grid, cell_quanta
from pointcloud.print.map.design import Design, Ground, frame
from pointcloud.print.map.panel import draw as draw_panel
from pointcloud.print.map.panel import heights
from pointcloud.print.map.sitemap import SiteMap, site_map
from pointcloud.print.map.title_block import Facts
from pointcloud.print.paper import save
from pointcloud.print.paper.fonts import Fonts
from pointcloud.print.paper.page import Layer

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
