"""``hyogo-pc map``: from DEM files to files for paper."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pages
import pikepdf
import pytest
import rasterio
from affine import Affine

from hyogo_pc.main import main
from pointcloud.print.design import Design
from pointcloud.print.mapfiles import MapRequest, make_map

WEST, NORTH = 45_000.0, -77_400.0


def dem(path: Path, west: float = WEST, cell: float = 1.0, count: int = 200, **tags: str) -> Path:
    y, x = np.mgrid[0:count, 0:count] * cell
    z = (150 + 0.1 * (x + west - WEST) + 5 * np.sin(y / 9)).astype(np.float32)
    profile = {"driver": "GTiff", "dtype": "float32", "count": 1, "nodata": -9999.0, "crs": "EPSG:6673"}
    transform = Affine(cell, 0, west, 0, -cell, NORTH)
    with rasterio.open(path, "w", width=count, height=count, transform=transform, **profile) as file:
        file.write(z, 1)
        file.update_tags(**tags)
    return path


def text_of(path: Path) -> str:
    with pikepdf.open(path) as document:
        return "\n".join(pages.layers_of(document)["frame"].texts)


def test_all_files_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = dem(tmp_path / "DEM.tif", CREDIT="Hyogo, CC BY 4.0")
    outs = [tmp_path / name for name in ("図.pdf", "図.png", "図.svg")]
    lines = [tmp_path / name for name in ("c.gpkg", "c.dxf")]
    arguments = [part for out in outs for part in ("-o", str(out))]
    arguments += [part for path in lines for part in ("--contours", str(path))]
    assert main(["map", str(source), "--at", "45100,-77500", "--dpi", "100", *arguments]) == 0
    said = capsys.readouterr()
    assert said.out.split() == [str(path) for path in (*outs[:2], tmp_path / "図.pgw", outs[2], *lines)]
    assert said.err.startswith("1:1,000, A4")
    assert "made by processing Hyogo, CC BY 4.0" in text_of(outs[0])


def test_neighbours_are_read_and_files_beyond_are_not(tmp_path: Path) -> None:
    for number in range(3):
        dem(tmp_path / f"DEM_{number}.tif", WEST + 200 * number, CREDIT=f"source {number}")
    made = make_map(MapRequest((str(tmp_path),), Design(scale=1000, dpi=100), "45200,-77500"))
    assert made.design.credit == "source 0, source 1"
    pixels = made.page.layers[0].pictures[0].pixels
    middle = pixels[pixels.shape[0] // 2].astype(int)
    assert np.abs(np.diff(middle, axis=0)).max() < 40  # no seam, no gap at E 45200


def test_synthetic_and_credit_of_a_mosaic_come_from_its_sources(tmp_path: Path) -> None:
    source = dem(tmp_path / "DEM_a.tif", SYNTHETIC="YES", CREDIT="nobody")
    mosaic = tmp_path / "DEM.vrt"
    mosaic.write_text(
        f"""<VRTDataset rasterXSize="200" rasterYSize="200"><SRS>EPSG:6673</SRS>
        <GeoTransform>{WEST}, 1, 0, {NORTH}, 0, -1</GeoTransform><VRTRasterBand dataType="Float32" band="1">
        <SimpleSource><SourceFilename relativeToVRT="1">{source.name}</SourceFilename><SourceBand>1</SourceBand>
        </SimpleSource></VRTRasterBand></VRTDataset>"""
    )
    out = tmp_path / "map.pdf"
    assert main(["map", str(mosaic), "-o", str(out), "--dpi", "100"]) == 0
    assert "made-up place" in text_of(out)
    assert "nobody" in text_of(out)


def test_fine_cells_are_averaged_where_paper_cannot_show_them(tmp_path: Path) -> None:
    source = dem(tmp_path / "DEM.tif", count=400, cell=0.5)
    made = make_map(MapRequest((str(source),), Design(scale=10_000, dpi=100, title="x"), "45100,-77500"))
    assert "from a DEM of 0.5 m cells, averaged to 2.5 m" in " ".join(texts(made.page))


def texts(page: object) -> list[str]:
    from pointcloud.print import save

    with pikepdf.open(io.BytesIO(save.pdf(page))) as document:  # type: ignore[arg-type]
        return pages.layers_of(document)["frame"].texts


def test_named_sites_and_sheets_give_title_and_place(tmp_path: Path) -> None:
    source = dem(tmp_path / "DEM.tif")
    made = make_map(MapRequest((str(source),), Design(scale=2500, paper="A3", dpi=100), "takeda"))
    west, south, east, north = made.frame.bounds
    assert ((west + east) / 2, (south + north) / 2) == pytest.approx((45078.249, -77513.047), abs=2e-3)
    assert made.design.title == "Takeda Castle"
    sheet = make_map(MapRequest((str(source),), Design(dpi=100), "05MF5182"))
    assert sheet.design.title == "05MF5182"
    assert sheet.frame.scale == 2500


def test_site_that_does_not_fit_is_drawn_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = dem(tmp_path / "DEM.tif")
    common = ["map", str(source), "--scale", "500", "--dpi", "100", "--credit", "x"]
    assert main([*common, "--at", "takeda", "-o", str(tmp_path / "a.pdf")]) == 0
    assert "does not fit: at 1:500 A4 shows" in capsys.readouterr().err
    box = "45000,-77600,45200,-77400"
    assert main([*common, "--at", box, "-o", str(tmp_path / "b.pdf")]) == 2
    error = capsys.readouterr().err
    assert "It would fit at 1:1,500" in error
    assert not (tmp_path / "b.pdf").exists()
    assert main(["--lang", "ja", *common, "--at", box, "-o", str(tmp_path / "b.pdf")]) == 2
    assert "1:1,500 なら収まります" in capsys.readouterr().err


def test_says_that_the_source_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = dem(tmp_path / "DEM.tif")
    assert main(["map", str(source), "-o", str(tmp_path / "a.pdf"), "--dpi", "100"]) == 0
    assert "--credit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "map.jpg"], ".pdf, .png, .svg"),
        (["--contours", "lines.shp"], ".gpkg, .dxf"),
        ([], "-o"),
        (["-o", "m.pdf", "--magnetic", "7.8"], "declination"),
        (["-o", "m.pdf", "--at", "nowhere"], "nowhere"),
        (["-o", "m.pdf", "--overlay", "none.gpkg"], "none.gpkg"),
        (["-o", "m.pdf", "--at", "0,0"], "no height"),
    ],
)
def test_wrong_requests_are_one_line(
    tmp_path: Path,
    options: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = dem(tmp_path / "DEM.tif")
    monkeypatch.chdir(tmp_path)
    assert main(["map", str(source), *options]) in (1, 2)
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert list(tmp_path.glob("m*.pdf")) == []


def test_coordinates_of_another_countrys_grid(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "dem_archaeology" / "TM1_564_146.tif"
    out = tmp_path / "a.pdf"
    assert (
        main(
            ["map", str(source), "--at", "564500,146500", "-o", str(out), "--dpi", "100", "--credit", "ARSO"]
        )
        == 0
    )
    text = text_of(out)
    assert "EPSG:3794" in text
    assert "true north: 0°37′ west" in text
